#!/usr/bin/perl

# cxm_metrics: what the reference parser reads, and that each figure moves
# when what it counts happens.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use CXM::Fault;
use IPC::Open2 qw(open2);
use Mojo::JSON qw(decode_json);
use Test::More;

# The interpreter that Debian's packages are for, whatever else is installed.
my $python = '/usr/bin/python3';

my $t = CXM->new(start => 0, conf => {workers => 2, server => ''});
$t->{conf}{locations} = <<'END';
        location = /metrics { cxm_metrics; }
        location = /closed { cxm_metrics; deny all; }
        location /page { cxm_touchpoint page; return 204; }
END
my $fault = CXM::Fault->new($t)->start;

sub metrics {
    my $reply = $t->get('/metrics');
    is $reply->{status}, 200 or diag $reply->{body};
    my $pid = open2(my $out, my $in, $python, "$FindBin::Bin/lib/metrics.py");
    print $in $reply->{body};
    close $in;
    local $/;
    my $text = <$out>;
    waitpid $pid, 0;
    is $?, 0, 'the reference parser takes it';
    return decode_json($text);
}

# A sample's value, 0 when it is not there yet.
sub value { return metrics()->{samples}{$_[0]} // 0 }

# What was added to samples while the code ran.
sub moved {
    my ($code, @names) = @_;
    my $before = metrics()->{samples};
    $code->();
    my $after = metrics()->{samples};
    return map { ($after->{$_} // 0) - ($before->{$_} // 0) } @names;
}

subtest 'the form' => sub {
    my $reply = $t->get('/metrics');
    is $reply->{type}, 'text/plain; version=0.0.4; charset=utf-8';
    like $reply->{headers}{'cache-control'}, qr/no-store/;
    my $m = metrics();
    my %type = (
        cxm_request_duration_seconds => 'histogram',
        cxm_commit_duration_seconds => 'histogram',
        cxm_batch_operations => 'histogram', cxm_operations => 'counter',
        cxm_rejects => 'counter', cxm_touchpoints_lost => 'counter',
        map { ("cxm_$_" => 'gauge') } qw(up workers workers_open streams
            queue_operations queue_bytes scans_running exports_running
            map_size_bytes map_used_bytes map_free_bytes disk_free_bytes
            readers reader_lag_transactions due_rows once_rows latched
            outbox_queued outbox_oldest_seconds));
    is $m->{types}{$_}, $type{$_}, $_ for sort keys %type;
    is $m->{samples}{cxm_up}, 1;
    is $m->{samples}{cxm_workers}, 2;
    ok CXM::until_true(10, sub { value('cxm_workers_open') == 2 }),
        'both workers have it open';
    is $m->{samples}{cxm_latched}, 0;
    is $t->get('/closed')->{status}, 403, 'allow and deny rule here, too';
    is $t->get('/metrics?x=1')->{status}, 422;
    is $t->post('/metrics', {})->{status}, 405;
    is $t->head('/metrics')->{status}, 200;
};

subtest 'requests, writes, rejects' => sub {
    my @n = moved(sub {
        is $t->post('/b', {type => 'x'})->{status}, 204 for 1 .. 7;
        is $t->post('/b', {type => ''})->{status}, 422 for 1 .. 3;
        is $t->get('/admin/surveys')->{status}, 401;
        is $t->post('/b', body => 'x' x 2_000_000)->{status}, 413;
    }, 'cxm_request_duration_seconds_count{endpoint=beacon,status=2xx}',
       'cxm_request_duration_seconds_count{endpoint=beacon,status=4xx}',
       'cxm_request_duration_seconds_count{endpoint=admin,status=4xx}',
       'cxm_operations_total{result=committed}',
       'cxm_rejects_total{reason=invalid}',
       'cxm_rejects_total{reason=unauthorized}',
       'cxm_rejects_total{reason=http_413}',
       'cxm_batch_operations_sum', 'cxm_commit_duration_seconds_count');
    my ($batched, $commits) = splice @n, 7, 2;
    is_deeply \@n, [7, 4, 1, 7, 3, 1, 1];
    cmp_ok $batched, '>=', 7, 'operations of batches';
    cmp_ok $commits, '>=', 1, 'commits';
    my ($head) = moved(sub { $t->post('/b', {type => 'y'}) },
                       'cxm_journal_head');
    cmp_ok $head, '>=', 1, 'the head of the journal';
};

subtest 'histograms are whole' => sub {
    my %s = %{metrics()->{samples}};
    for my $name ('cxm_commit_duration_seconds', 'cxm_batch_operations') {
        my @le = sort { $a->[0] <=> $b->[0] } map {
            /^${name}_bucket\{le=(.*)\}$/
                ? [$1 eq '+Inf' ? 9**9**9 : $1, $s{$_}] : () } keys %s;
        is scalar @le, 15, $name;
        is_deeply [map { $_->[1] } @le],
            [sort { $a <=> $b } map { $_->[1] } @le], 'counts only rise';
        is $le[-1][1], $s{"${name}_count"}, 'the last is all';
    }
};

subtest 'writes that wait' => sub {
    $fault->set('sync hold');
    my @clients = map {
        my $socket = $t->connect;
        syswrite $socket, CXM::Clients::message(POST => '/b', {type => 'q'});
        CXM::until_true(5, sub { scalar $fault->taken });
        $socket;
    } 1 .. 12;
    my %s;
    ok CXM::until_true(10, sub {
        %s = %{metrics()->{samples}};
        return $s{cxm_queue_operations} >= 2;
    }), 'are counted';
    cmp_ok $s{cxm_queue_bytes}, '>', 0, 'and what they hold';
    $fault->clear;
    like CXM::read_all($_), qr{^HTTP/1\.1 204}, 'until they are done'
        for @clients;
    ok CXM::until_true(10, sub { value('cxm_queue_operations') == 0 });
};

subtest 'the map, and who keeps it from being used again' => sub {
    my ($used) = moved(sub {
        $t->post('/b', {events => [map {{type => 'fill', title => 'x' x 90}}
                                   1 .. 300]}) for 1 .. 20;
    }, 'cxm_map_used_bytes');
    cmp_ok $used, '>', 4096, 'pages in use';
    my $pid = open my $reader, '-|', CXM::Fault::program('reader'),
        $t->store_dir, 3 or die $!;
    is scalar <$reader>, "reading\n", 'a process reads';
    my ($lag) = moved(sub {
        $t->post('/b', {type => 'x'}) for 1 .. 5;
    }, 'cxm_reader_lag_transactions');
    cmp_ok value('cxm_readers'), '>=', 3, 'its slots';
    cmp_ok $lag, '>=', 5, 'and how far it is behind';
    kill 'KILL', $pid;
    close $reader;
};

# A commit is seen by readers a moment before it is counted.
subtest 'touchpoints of the server' => sub {
    my $name = 'cxm_touchpoints_recorded_total';
    my $before = value($name);
    $t->get('/page') for 1 .. 20;
    CXM::until_true(10, sub { value($name) - $before >= 20 });
    is value($name) - $before, 20;
    is $t->get('/admin/metrics/touchpoints?where=type:page', key => 1)
        ->{json}{n}, 20;
};

subtest 'streams' => sub {
    my $socket = $t->connect;
    syswrite $socket, "GET /admin/stream HTTP/1.1\r\nHost: l\r\n"
        . 'Authorization: Bearer ' . $t->admin_key . "\r\n\r\n";
    ok CXM::until_true(10, sub { value('cxm_streams') == 1 }), 'one listens';
    close $socket;
    ok CXM::until_true(10, sub { value('cxm_streams') == 0 }), 'none does';
};

subtest 'the latch, and what is lost' => sub {
    open my $latch, '>', $t->store_dir . '/latch' or die $!;
    close $latch;
    my ($rejects, $lost) = moved(sub {
        is $t->post('/b', {type => 'x'})->{status}, 503;
        $t->get('/page') for 1 .. 5;
        CXM::until_true(10, sub {
            value('cxm_touchpoints_lost_total') >= 5 });
    }, 'cxm_rejects_total{reason=latched}', 'cxm_touchpoints_lost_total');
    is $rejects, 1;
    is $lost, 5;
    is value('cxm_latched'), 1;
    is +($t->cxmctl('verify'))[0], 0;
    is value('cxm_latched'), 0;
};

subtest 'a store that cannot be opened' => sub {
    my $data = $t->store_dir . '/data';
    my $whole = CXM::slurp($data);
    $t->stop;
    $t->write_file('store/data', 'x' x 20_000);
    $t->{wait} = 0;
    $t->expect_alerts(qr/MDB_INVALID: File is not/);
    $t->start;
    $t->get('/page') for 1 .. 3;
    my $s = metrics()->{samples};
    is_deeply {map { $_ => $s->{"cxm_$_"} } qw(up workers workers_open
        touchpoints_lost_total journal_head)}, {up => 0, workers => 2,
        workers_open => 0, touchpoints_lost_total => 3,
        journal_head => undef}, 'is told';
    is $t->get('/metrics', key => 1)->{status}, 200, 'whoever asks';
    is $t->get('/admin/surveys', key => 1)->{status}, 503, 'as all else';

    $t->write_file('store/data', $whole);
    $t->wait_store;
    ok CXM::until_true(30, sub { value('cxm_workers_open') == 2 }),
        'until it can, in all workers';
    is value('cxm_up'), 1, 'and it is up';
    $t->{wait} = 1;
};

subtest 'counts outlive reloads and workers' => sub {
    my $name = 'cxm_operations_total{result=committed}';
    my $before = value($name);
    $t->reload;
    cmp_ok value($name), '>=', $before, 'a reload';
    ok CXM::until_true(10, sub { value('cxm_workers') == 2 }),
        'old workers are gone';
    $t->kill_workers;
    cmp_ok value($name), '>=', $before, 'killed workers';
    ok CXM::until_true(10, sub { value('cxm_workers') == 2 }),
        'their places are free again';
};

$t->no_alerts;

done_testing;
