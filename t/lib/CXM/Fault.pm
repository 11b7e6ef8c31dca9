package CXM::Fault;

# Disks that fail: t/fault/faultio.c under the nginx of one test, and the C
# helpers of t/fault that reach into a store.
#
#     my $fault = CXM::Fault->new($t);      # $t was made with start => 0
#     $fault->start;
#     $fault->set('sync eio once');
#     ...
#     is $fault->taken, 1;
#
# Programs are built into build/fault when they are older than their source.

use strict;
use warnings;

use CXM;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use Time::HiRes ();

my @flags = qw(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow
               -Wstrict-prototypes -Wvla -Werror -O1 -g);
my @libs = map { "-l$_" } qw(lmdb jansson sodium maxminddb utf8proc oath z m
                       pthread);

sub new {
    my ($class, $t) = @_;
    return bless {t => $t, control => $t->dir . '/fault'}, $class;
}

# Starts the test's nginx with the library in it.
sub start {
    my ($self) = @_;
    # AddressSanitizer wants to be the first library
    local $ENV{LD_PRELOAD} = join ' ', sanitizer_library(), library();
    local $ENV{CXM_FAULT} = $self->{control};
    $self->{t}->start;
    return $self;
}

# Another file of the store than its data.
sub of {
    my ($self, $name) = @_;
    $self->{name} = $name;
    return $self;
}

# From now on these lines of faultio.c are in force.
sub set {
    my ($self, @lines) = @_;
    my $file = $self->{t}->store_dir . '/' . ($self->{name} || 'data');
    $self->{t}->write_file('fault.new', join '', map { "$_\n" }
        "file $file", @lines);
    rename "$self->{control}.new", $self->{control}
        or die "$self->{control}: $!";
    return $self;
}

sub clear {
    my ($self) = @_;
    unlink $self->{control};
    return $self;
}

# Faults given so far, as lines "pid what fault".
sub taken {
    my ($self) = @_;
    my @lines = split /\n/, CXM::slurp("$self->{control}.log");
    return @lines;
}

# Under an nginx without it the library would report what nginx never frees.
sub sanitizer_library {
    return unless CXM::slurp(CXM::module_path()) =~ /__asan_init/;
    chomp(my $path = `gcc -print-file-name=libasan.so`);
    return $path;
}

sub library {
    return made('faultio', '.so', sub {
        my ($source, $to) = @_;
        return ('gcc', @flags, qw(-fPIC -shared -o), $to, $source, '-ldl');
    });
}

# Path of a program t/fault/NAME.c over libcxm.
sub program {
    my ($name) = @_;
    return made($name, '', sub {
        my ($source, $to) = @_;
        my @san = $ENV{CXM_SANITIZERS}
            ? ('-fsanitize=address,undefined', '-fno-omit-frame-pointer') : ();
        return ('gcc', @flags, @san, "-I$CXM::TOP/core",
                (map { "-I$_" } glob "$CXM::TOP/core/*/"), '-o', $to, $source,
                CXM::build_path() . '/libcxm.a', @libs);
    });
}

# Test files run at the same time: each builds under a name of its own.
sub made {
    my ($name, $end, $command) = @_;
    my $folder = CXM::build_path() . '/fault';
    my $source = "$CXM::TOP/t/fault/$name.c";
    my $to = "$folder/$name$end";
    my @needs = ($source, $end ? () : CXM::build_path() . '/libcxm.a');
    my $made = (stat $to)[9] // 0;
    return $to if $made && !grep { (stat $_)[9] >= $made } @needs;

    make_path($folder);
    my ($rc, $out, $err) = CXM::run($command->($source, "$to.$$"));
    die "$name does not build:\n$out$err" if $rc;
    rename "$to.$$", $to or die "$to: $!";
    return $to;
}

1;
