#!/usr/bin/perl

# Passwords are hashed under permits: how many at a time, who waits, what
# becomes of permits when clients leave and workers die.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use CXM::Login;
use Test::More;
use Time::HiRes qw(sleep time);

my $t = CXM->new(conf => {
    http => 'cxm_hash_memory 19m;',
    locations => 'location = /metrics { cxm_metrics; }'});
my $n = 0;

sub ask { map { CXM::Login::ask($t, n => ++$n) } 1 .. $_[0] }

sub metric {
    my ($name) = @_;
    my ($value) = $t->get('/metrics')->{body} =~ /^cxm_$name\{[^}]*\} (\S+)$/m;
    return $value;
}

sub hashed { metric('hash_duration_seconds_count') }

sub idle {
    return CXM::until_true(20, sub {
        metric('hashes_running') == 0 && metric('hashes_queued') == 0;
    });
}

sub answered {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($reply) = CXM::Login::replies(ask(1));
    is $reply->[0], 401, $name or diag $reply->[1];
}

sub memory {
    my ($pid, $what) = @_;
    my ($kib) = CXM::slurp("/proc/$pid/status") =~ /^$what:\s+(\d+) kB/m;
    return $kib;
}

subtest 'one after the other' => sub {
    is metric('hash_permits'), 1, 'there is one permit';
    my @before = map { memory($_, 'VmHWM') } $t->workers;
    my $hashed = hashed();
    my $count = CXM::Login::count(CXM::Login::replies(ask(12)));
    is $count->{401} + ($count->{503} // 0), 12, 'all are answered';
    ok $count->{401} > 0 or diag explain $count;
    is hashed() - $hashed, $count->{401}, 'with as many hashes';
    SKIP: {
        skip 'memory of sanitizers is another', 1 if $ENV{CXM_SANITIZERS};
        my $grown = 0;
        my @now = map { memory($_, 'VmHWM') } $t->workers;
        $grown += $now[$_] - $before[$_] for 0 .. $#now;
        cmp_ok $grown, '<', 2 * 19 * 1024 + 16 * 1024,
            'each worker grew by one hash at most';
    }
};

subtest 'who waits for two seconds is refused' => sub {
    my $refused = metric('hashes_refused_total');
    my $start = time;
    my @replies = CXM::Login::replies(ask(400));
    my $count = CXM::Login::count(@replies);
    is_deeply [sort keys %$count], [401, 503], 'some are' or diag explain $count;
    my ($late) = grep { $_->[0] == 503 } @replies;
    like $late->[1], qr/^Retry-After: \d+\r$/mi;
    like $late->[1], qr/"code":"overloaded"/;
    is metric('hashes_refused_total') - $refused, $count->{503};
    ok idle(), 'none is left';
    answered('and the next is served');
};

subtest 'clients that leave' => sub {
    my $hashed = hashed();
    my @sockets = ask(60);
    ok CXM::until_true(5, sub { hashed() > $hashed }), 'it has begun';
    close $_ for @sockets;
    ok idle(), 'none is left';
    cmp_ok hashed() - $hashed, '<', 60, 'who waited left the queue';
    answered('and the permit is free');
};

subtest 'workers that are killed' => sub {
    $t->expect_alerts(qr/exited on signal 9/);
    for my $which ([0], [1], [0, 1]) {
        my @sockets = ask(60);
        my $hashed = hashed();
        CXM::until_true(5, sub { hashed() > $hashed });
        my %gone = map { $_ => 1 } ($t->workers)[@$which];
        $t->signal(KILL => $_) for keys %gone;
        CXM::Login::replies(@sockets);
        CXM::until_true(10, sub {
            my @now = $t->workers;
            return @now == 2 && !grep { $gone{$_} } @now;
        });
        $t->wait_store;
        ok idle(), 'none is left';
        answered("of @$which: the permit is free");
    }
};

subtest 'reload and quit' => sub {
    my @sockets = ask(8);
    CXM::until_true(5, sub { metric('hashes_queued') > 0 });
    $t->reload;
    my $count = CXM::Login::count(CXM::Login::replies(@sockets));
    is $count->{401} + ($count->{503} // 0), 8, 'a reload drains'
        or diag explain $count;
    answered('new workers have permits');

    $t->{conf}{http} = 'cxm_hash_memory 38m;';
    $t->reload;
    is metric('hash_permits'), `nproc` > 1 ? 2 : 1, 'another number of them';
    answered('and they are free');

    @sockets = ask(8);
    CXM::until_true(5, sub { metric('hashes_running') > 0 });
    $t->stop('QUIT');
    $count = CXM::Login::count(CXM::Login::replies(@sockets));
    is $count->{401} + ($count->{503} // 0), 8, 'a graceful end drains'
        or diag explain $count;

    $t->start;
    @sockets = ask(30);
    CXM::until_true(5, sub { metric('hashes_running') > 0 });
    $t->stop('TERM');
    $count = CXM::Login::count(CXM::Login::replies(@sockets));
    is_deeply [grep { !/^(?:0|401|503)$/ } keys %$count], [], 'so does TERM'
        or diag explain $count;
};

$t->sound;
$t->no_alerts;

done_testing;
