#!/usr/bin/perl

# Reader slots of killed processes: they would keep LMDB from using pages
# again, and in the end from reading at all.  Workers clear them within 10 s.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Fault;
use IO::Handle;
use Mojo::JSON qw(decode_json);
use Test::More;

my $t = CXM->new;

sub store_stat {
    my ($rc, $out, $err) = $t->cxmctl('stat');
    die "stat: $out$err" if $rc != 0;
    return decode_json($out);
}

# Processes that each hold some read transactions, and one older than the
# last write in doing so.
my $reader = CXM::Fault::program('reader');
my $slots = 5;

sub reader {
    pipe my $out, my $in or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>&', $in or POSIX::_exit(126);
        { no warnings; exec $reader, $t->store_dir, $slots; }
        POSIX::_exit(127);
    }
    close $in;
    my $line = <$out> // '';
    return ($pid, $line);
}

my $before = store_stat()->{readers};
my ($pid, $line) = reader();
is $line, "reading\n", 'a process reads';
is $t->put('/admin/surveys/one', {title => 'One', status => 'live',
    questions => [{id => 'nps', type => 'nps', text => {en => '?'}}]},
    key => 1)->{status}, 201, 'and somebody writes';

my $held = store_stat();
cmp_ok $held->{readers}, '>=', $before + $slots, 'stat counts its slots';
cmp_ok $held->{reader_lag}, '>=', 1, 'and says that it is behind';

kill 'KILL', $pid;
waitpid $pid, 0;

# nothing but time: no request is needed
my $now;
CXM::until_true(10, sub {
    $now = store_stat();
    return $now->{readers} < $before + $slots && $now->{reader_lag} == 0;
}, 0.2);
cmp_ok $now->{readers}, '<', $before + $slots, 'cleared within 10 s';
is $now->{reader_lag}, 0, 'nothing is held back';

# One that lives is left alone.
($pid, $line) = reader();
is $line, "reading\n", 'another one reads';
CXM::until_true(6, sub { 0 }, 0.5);
cmp_ok store_stat()->{readers}, '>=', $before + $slots,
    'a living reader keeps its slots';
kill 'KILL', $pid;
waitpid $pid, 0;

# Killed workers, many times: slots do not add up.
for my $round (1 .. 8) {
    $t->kill_workers;
    $t->get('/admin/responses?survey=one', key => 1) for 1 .. 4;
}
CXM::until_true(10, sub { store_stat()->{readers} <= $before + 4 }, 0.2);
cmp_ok store_stat()->{readers}, '<=', $before + 4,
    'slots of killed workers do not add up';
$t->sound;

done_testing;
