#!/usr/bin/perl

# Thousands of requests in one moment take turns: what is no turn's is served
# between them, clients may leave meanwhile, and all are served in the end.
# The worker stands still until all have come, and its own log says in what
# order it served them, so no verdict hangs on time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Login;
use Test::More;

use constant CLIENTS => 500;

my $t = CXM->new(start => 0, conf => {workers => 1, connections => 4096});
my $log = $t->dir . '/order.log';
$t->{conf}{http} = qq{cxm_hash_memory 19m; log_format order "\$uri \$status";};
$t->{conf}{server} = "access_log $log order; lingering_close off;";
$t->{conf}{locations} = 'location = /metrics { cxm_metrics; }';
$t->start;
my ($worker) = $t->workers;

sub metric {
    my ($name) = @_;
    my ($value) = $t->get('/metrics')->{body} =~ /^cxm_$name\{[^}]*\} (\S+)$/m;
    return $value;
}

# Connections that the worker has accepted.
sub connected {
    my @sockets = map { $t->connect or die "connect: $!" } 1 .. $_[0];
    $t->raw("GET /test-is-up HTTP/1.0\r\n\r\n");
    return @sockets;
}

sub message {
    my ($method, $path, $body) = @_;
    return "$method $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}

# How many of so many requests were served before one that ended like that.
sub served_before {
    my ($last, $from, $n) = @_;
    my @served;
    CXM::until_true(10, sub {
        @served = split /\n/, substr CXM::slurp($log), $from;
        return @served == $n;
    }) or die scalar(@served) . " of $n are logged";
    my ($before) = grep { $served[$_] eq $last } 0 .. $#served;
    return $before // $n;
}

# Sends messages to a worker that stands still, in this order.
sub at_once {
    my (@messages) = @_;
    my @sockets = connected(scalar @messages);
    $t->signal(STOP => $worker);
    for my $i (0 .. $#sockets) {
        syswrite($sockets[$i], $messages[$i]) == length $messages[$i]
            or die "write: $!";
    }
    return @sockets;
}

my $n = 0;

sub sign_ins { map { CXM::Login::message($t, n => ++$n) } 1 .. $_[0] }

subtest 'what takes no turns is not held up' => sub {
    my $waited = metric('requests_waited_total');
    my @sockets = at_once(sign_ins(CLIENTS), message(POST => '/b', '{"type":""}'),
                          message(GET => '/test-is-up', ''));
    my $seen = length CXM::slurp($log);
    $t->signal(CONT => $worker);
    my @replies = CXM::Login::replies(@sockets);
    my @others = splice @replies, -2;
    is_deeply [map { $_->[0] } @others], [422, 204];
    my $count = CXM::Login::count(@replies);
    is $count->{401} + $count->{503}, CLIENTS, 'all are answered'
        or diag explain $count;
    cmp_ok served_before($_, $seen, CLIENTS + 2), '<', CLIENTS / 2,
        "$_ is served before most who came earlier"
        for '/b 422', '/test-is-up 204';
    cmp_ok metric('requests_waited_total') - $waited, '>', CLIENTS / 2,
        'they waited';
};

subtest 'any of them' => sub {
    my @get = (message(GET => '/s/none', '')) x CLIENTS;
    my @sockets = at_once(@get, message(GET => '/test-is-up', ''));
    my $seen = length CXM::slurp($log);
    $t->signal(CONT => $worker);
    my $count = CXM::Login::count(CXM::Login::replies(@sockets));
    is_deeply $count, {404 => CLIENTS, 204 => 1};
    cmp_ok served_before('/test-is-up 204', $seen, CLIENTS + 1), '<',
        CLIENTS / 2, 'others come between';
};

subtest 'clients that leave' => sub {
    my @messages = sign_ins(CLIENTS);
    for my $stop (1, 0) {
        my @sockets = $stop ? at_once(@messages) : connected(CLIENTS);
        $t->signal(CONT => $worker);
        syswrite $sockets[$_], $messages[$_] for 0 .. ($stop ? -1 : $#sockets);
        close $_ for @sockets;
        ok CXM::until_true(20, sub {
            metric('hashes_running') == 0 && metric('hashes_queued') == 0;
        }), 'none is left';
    }
    my ($reply) = CXM::Login::replies(CXM::Login::ask($t, n => ++$n));
    is $reply->[0], 401, 'the next is served';
};

subtest 'a worker that quits serves who waits' => sub {
    my @sockets = at_once((message(GET => '/s/none', '')) x CLIENTS);
    $t->signal('QUIT');
    $t->signal(CONT => $worker);
    is_deeply CXM::Login::count(CXM::Login::replies(@sockets)),
        {404 => CLIENTS};
    $t->reap;
};

$t->sound;
$t->no_alerts;

done_testing;
