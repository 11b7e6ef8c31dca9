#!/usr/bin/perl

# cxmctl staff: who may sign in, made and changed by who has the store.

use strict;
use warnings;

use Fcntl qw(O_NOCTTY O_RDWR);
use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json);
use POSIX ();
use Test::More;

my $t = CXM->new(start => 0);
my $password = 'a horse that signs in';

sub staff {
    my (@args) = @_;
    my @input = ref $args[0] ? shift @args : ();
    return $t->cxmctl(@input, 'staff', @args);
}

sub members {
    my ($rc, $out) = staff('list');
    is $rc, 0, 'members are listed';
    return map { $_->{slug} => $_ } map { decode_json($_) } split /\n/, $out;
}

my ($rc, $out, $err) = staff(\"$password\n", 'add', 'ann', '--role', 'admin',
                             '--email', 'ann@a.example', '--name', 'Ann A.');
is $rc, 0, 'a member is made' or diag $err;
is $err, '', 'nothing is said against it';
unlike $out, qr/argon2|horse/, 'the password is not shown';

($rc, $out, $err) = staff(\"$password\n", 'add', 'bob', '--role', 'rep',
                          '--totp-optional');
is $rc, 0, 'and another';

my %member = members();
is_deeply [sort keys %member], ['ann', 'bob'], 'both are there';
is $member{ann}{role}, 'admin', 'with a role';
is $member{ann}{email}, 'ann@a.example', 'an address';
is $member{ann}{name}, 'Ann A.', 'a name';
ok $member{bob}{totp_optional}, 'and what was said of the second factor';
ok !grep({ exists $_->{password} || exists $_->{secret} } values %member),
    'but nothing that one signs in with';

# -- what is refused ----------------------------------------------------------

for my $wrong (
    ['a name that is taken', 1, qr/slug_taken/, \"$password\n",
     qw(add ann --role rep)],
    ['an address that is taken', 1, qr/value_taken/, \"$password\n",
     qw(add eve --role rep --email ANN@a.example)],
    ['a name that is none', 1, qr{/slug}, \"$password\n",
     qw(add Eve --role rep)],
    ['a role that is none', 2, qr/no such role/, \"$password\n",
     qw(add eve --role queen)],
    ['no role', 2, qr/--role/, \"$password\n", qw(add eve)],
    ['a breached password', 1, qr/common/, \"password1\n",
     qw(add eve --role rep)],
    ['a short password', 1, qr/at least 8/, \"short\n",
     qw(add eve --role rep)],
    ['a password like the name', 1, qr{/password}, \"evangeline1\n",
     qw(add evangeline --role rep)],
    ['no password', 1, qr/no password/, qw(add eve --role rep)],
    ['a password that is too long', 1, qr/too long/,
     \('x' x 1030 . "\n"), qw(add eve --role rep)],
    ['bytes that are no text', 1, qr/UTF-8/, \"\xff\xfe\xfd horse\n",
     qw(add eve --role rep)],
    ['a role for nobody', 1, qr/no such member/, qw(role eve rep)],
    ['another role that is none', 2, qr/no such role/, qw(role bob queen)],
    ['a password for nobody', 1, qr/no such member/, \"$password\n",
     qw(password eve)],
    ['a password like the address', 1, qr{/password}, \"ann\@a.example\n",
     qw(password ann)],
    ['to disable nobody', 1, qr/no such member/, qw(disable eve)],
) {
    my ($what, $code, $says, @args) = @$wrong;
    ($rc, $out, $err) = staff(@args);
    is $rc, $code, "refused: $what";
    like $err, $says, 'and why';
}
is_deeply [sort keys %{{members()}}], ['ann', 'bob'], 'nobody was made';

# -- changes ------------------------------------------------------------------

($rc, $out, $err) = staff('role', 'bob', 'analyst');
is $rc, 0, 'another role';
($rc, $out, $err) = staff('disable', 'ann@a.example');
is $rc, 0, 'the last admin is disabled, by its address';
like $err, qr/no admin can sign in now/, 'which is said';

%member = members();
is $member{bob}{role}, 'analyst', 'the role is another';
ok $member{ann}{disabled}, 'the admin is disabled';

($rc, $out, $err) = staff('enable', 'ann');
is $rc, 0, 'and enabled';
is $err, '', 'so that nothing is to be said any more';
ok !{members()}->{ann}{disabled}, 'it is';

($rc, $out, $err) = staff(\"another horse that signs\n", 'password', 'bob');
is $rc, 0, 'another password';
($rc, $out, $err) = staff('reset-totp', 'bob');
is $rc, 0, 'the second factor of who has none is reset';

# -- a terminal ---------------------------------------------------------------

# What the program says there when `answers` are typed at its prompts.
sub on_terminal {
    my ($args, @answers) = @_;
    sysopen my $pty, '/dev/ptmx', O_RDWR | O_NOCTTY or die "ptmx: $!";
    my ($unlock, $number) = (pack('i', 0), pack('i', 0));
    ioctl $pty, 0x40045431, $unlock or die "TIOCSPTLCK: $!";
    ioctl $pty, 0x80045430, $number or die "TIOCGPTN: $!";
    my $name = '/dev/pts/' . unpack 'i', $number;

    my $pid = fork // die "fork: $!";
    if (!$pid) {
        sysopen my $tty, $name, O_RDWR | O_NOCTTY or POSIX::_exit(126);
        POSIX::dup2(fileno $tty, $_) for 0 .. 2;
        { no warnings; exec CXM::cxmctl_path(), '-d', $t->store_dir, 'staff',
              @$args; }
        POSIX::_exit(127);
    }

    my ($said, $part) = ('', '');
    while (sysread $pty, $part, 4096) {
        $said .= $part;
        while ($said =~ /: \z/ && @answers) {
            syswrite $pty, shift(@answers) . "\n";
            $said .= '> ';
        }
    }
    waitpid $pid, 0;
    return ($? >> 8, $said);
}

($rc, my $said) = on_terminal(['password', 'bob'], ($password) x 2);
is $rc, 0, 'a password is typed twice' or diag $said;
like $said, qr/Password: .*Again: /s, 'it is asked for';
unlike $said, qr/horse/, 'and not shown';

($rc, $said) = on_terminal(['password', 'bob'], $password, 'another horse');
is $rc, 1, 'two that are not the same are refused';
like $said, qr/not the same/, 'and why';

$t->sound;

done_testing;
