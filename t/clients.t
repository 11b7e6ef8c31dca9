#!/usr/bin/perl

# Clients that go at every phase of a request, that send everything at once,
# that speak HTTP/2: what was sent whole is done, nobody else notices.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use CXM::Fault;
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Time::HiRes qw(sleep);

my $n = 30;

my $t = CXM->new(start => 0, conf => {h2 => 1, workers => 1});
my $fault = CXM::Fault->new($t)->start;
is $t->put('/admin/surveys/c', CXM::Clients::definition('C'), key => 1)
    ->{status}, 201, 'a survey';
my ($worker) = $t->workers;

my $events = 0;         # whole events that were sent

sub event {
    return CXM::Clients::message(POST => '/b',
        {type => 'page_view', id => CXM::Clients::uuid()});
}
my $scan = CXM::Clients::message(GET =>
    '/admin/metrics/nps?survey=c&by=channel', undef,
    'Authorization: Bearer ' . $t->admin_key);

sub stored {
    return $t->get('/admin/metrics/touchpoints', key => 1)->{json}{n};
}

sub clients {
    my ($text, $number) = @_;
    return map {
        my $socket = $t->connect or die "connect: $!";
        print $socket ref $text ? $text->() : $text;
        $socket;
    } 1 .. $number // $n;
}

# How a client goes: with a reset, or closing.
my %go = (
    reset  => sub { setsockopt $_[0], SOL_SOCKET, SO_LINGER,
                    pack('ii', 1, 0); close $_[0] },
    close  => sub { close $_[0] },
);

sub hold {
    my $seen = () = $fault->taken;
    $fault->set('sync hold');
    my ($first) = clients(\&event, 1);
    $events++;
    CXM::until_true(10, sub { scalar($fault->taken) > $seen })
        or die 'no commit';
    return $first;
}

# -- gone ---------------------------------------------------------------------

for my $how (sort keys %go) {
    my $go = $go{$how};

    $go->($_) for clients("POST /b HTTP/1.1\r\nHo");
    $go->($_) for clients("POST /b HTTP/1.1\r\nHost: x\r\n"
                          . "Content-Length: 50\r\n\r\n");
    $go->($_) for clients("POST /b HTTP/1.1\r\nHost: x\r\n"
                          . "Content-Length: 50\r\n\r\n{\"type\": ");
    $go->($_) for clients("POST /b HTTP/1.1\r\nHost: x\r\n"
                          . "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"ty");
    sleep 0.1;
    is stored(), $events, "$how in the middle: nothing is stored";

    my $first = hold();
    my @queued = clients(\&event);
    $events += $n;
    my @scans = clients($scan);
    sleep 0.2 * $CXM::SLOW;
    $go->($_) for @queued, @scans, $first;
    sleep 0.2 * $CXM::SLOW;
    $fault->clear;
    ok CXM::until_true(10, sub { stored() == $events }),
        "$how while a commit runs: all is stored, in it and behind it"
        or diag stored(), " of $events";

    $go->($_) for clients($scan), clients($scan);
    is $t->get('/admin/surveys', key => 1)->{status}, 200,
        "$how while a score is read";
}

# A client that ends its side has gone for nginx; its event has come.
$_->shutdown(1), $events++ for my @half = clients(\&event);
ok CXM::until_true(10, sub { stored() == $events }), 'half closed: stored';

# -- a body in pieces ---------------------------------------------------------

my ($slow) = clients('', 1);
for my $byte (split //, event()) {
    syswrite $slow, $byte;
    sleep 0.0005;
}
$events++;
like CXM::read_all($slow), qr{^HTTP/1\.1 204 }, 'byte by byte';

# -- many on one connection ---------------------------------------------------

sub keep { return map { s/Connection: close\r\n//r } @_ }
my $last = CXM::Clients::message(GET => '/s/c', undef,
                                 'Accept: application/json');
my $all = join '', keep(event(), $scan, event(), event(),
    CXM::Clients::message(POST => '/b', 'no json'),
    CXM::Clients::message(HEAD => '/s/c'),
    CXM::Clients::message(FOO => '/b'),
    CXM::Clients::message(GET => '/s/none'), event()), $last;
$events += 4;
my $replies = $t->raw($all);
is_deeply [$replies =~ m{HTTP/1\.1 (\d+)}g],
    [qw(204 200 204 204 400 200 405 404 204 200)],
    'pipelined: a reply to each, in order' or diag $replies;

# A body that nobody reads must not be taken for the next request.
my $smuggled = "GET /b HTTP/1.1\r\nHost: x\r\n\r\n";
for my $method (qw(GET HEAD OPTIONS FOO)) {
    my $two = "$method /s/c HTTP/1.1\r\nHost: x\r\nContent-Length: "
        . length($smuggled) . "\r\n\r\n$smuggled"
        . "GET /test-is-up HTTP/1.0\r\n\r\n";
    is scalar(() = $t->raw($two, timeout => 2) =~ m{HTTP/1\.1 }g), 2,
        "$method with a body: two replies";
}

# -- HTTP/2 -------------------------------------------------------------------

my $body = $t->write_file('event.json', '{"type": "page_view"}');
my $b = 'http://127.0.0.1:' . $t->h2_port . '/b';
my @h2 = ('h2load', '-c', 4, '-m', 32, '-d', $body, '-H',
          'content-type: application/json');
my ($rc, $out) = CXM::run(@h2, '-n', 2000, $b);
like $out, qr/status codes: 2000 2xx/, 'HTTP/2: 2,000 events' or diag $out;
$events += 2000;
is stored(), $events, 'all stored';

my $first = hold();
my $pid = fork // die "fork: $!";
if (!$pid) {
    open STDOUT, '>', '/dev/null';
    exec @h2, '-n', 128, $b;
}
sleep 0.5 * $CXM::SLOW;
kill 'KILL', $pid;
waitpid $pid, 0;
sleep 0.2;
$fault->clear;
$events += 128;
ok CXM::until_true(10, sub { stored() == $events }),
    'streams whose connection goes are stored' or diag stored();
like CXM::read_all($first), qr{^HTTP/1\.1 204 }, 'another client is answered';

# -- reads in the pool --------------------------------------------------------

my %status;
$status{(/^HTTP\/1\.1 (\d+)/)[0] // 0}++ for map { CXM::read_all($_) }
    clients($scan, 200);
is_deeply [sort keys %status], [200], '200 scores at once'
    or diag explain \%status;

is +($t->workers)[0], $worker, 'the worker is the same';
$t->sound;

done_testing;
