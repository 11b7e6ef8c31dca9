#!/usr/bin/perl

# kill -9 under load, again and again: one worker, all workers at once, the
# master with all workers.  What was acknowledged is there once, whatever was
# not clear has been retried with the same id, and the store verifies.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use Test::More;

my $rounds = $CXM::SLOW > 1 ? 9 : 45;
my $between = 12;       # acknowledged writes after each round

srand(my $seed = $ENV{CXM_SEED} || time);
note "CXM_SEED=$seed";

my $t = CXM->new;
$t->expect_alerts(qr/exited on signal 9/);
my $clients = CXM::Clients->new(t => $t, n => 4)->start;
ok $clients->progress($between), 'clients write';

my (%killed, $stuck);
for my $round (1 .. $rounds) {
    my $how = (qw(worker workers master))[$round % 3];
    # any phase of a batch may be hit
    select undef, undef, undef, rand 0.02;

    my @workers = $t->workers;
    my @victims = $how eq 'worker' ? $workers[rand @workers] : @workers;
    if ($how eq 'master') {
        kill 'KILL', $t->pid, @victims;
        $t->stop;
        $t->start;
        $clients->publish;
    } else {
        kill 'KILL', @victims;
        CXM::until_true(20, sub { !grep { CXM::alive($_) } @victims });
    }
    $killed{$how}++;
    next if $clients->progress($between);
    $stuck = "round $round ($how): no progress";
    last;
}

is $stuck, undef, 'after each kill service goes on';
cmp_ok $killed{$_}, '>=', int($rounds / 3), "kills of $_: $killed{$_}"
    for qw(worker workers master);

my $record = $clients->stop;
note scalar(keys %{$record->{answers}}), ' answers, ',
    scalar(keys %{$record->{events}}), ' events, ',
    "$record->{tries} requests";
$clients->check($record);

my ($rc, $out, $err) = $t->cxmctl('verify');
is $rc, 0, 'verify: sound' or diag "$out$err";
ok !-e $t->store_dir . '/latch', 'a kill is no I/O error: not latched';

my ($head) = $out =~ /head (\S+)/;
$t->stop->start;
$clients->publish;
$clients->check_scores($record, 'after a restart, ');
($rc, $out, $err) = $t->cxmctl('verify', '--head', $head // 'none');
is $rc, 0, 'the head before is still in the journal' or diag "$out$err";

done_testing;
