#!/usr/bin/perl

# More writes than the disk takes: the server says 503 with Retry-After at
# once, before it slows others; who was not refused gets an answer, and what
# waits is bounded.  The disk stands still until the test lets it go, so no
# verdict hangs on time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use CXM::Fault;
use IO::Select;
use Test::More;

my $n = 240;            # requests, each with as much as is allowed
my $events = 400;       # in each

my $t = CXM->new(start => 0, conf => {workers => 1});
$t->expect_alerts(qr/queue of writes is full/);
my $fault = CXM::Fault->new($t)->start;
is $t->put('/admin/surveys/o', CXM::Clients::definition('O'), key => 1)
    ->{status}, 201, 'a survey';
my ($worker) = $t->workers;

sub resident {
    my ($kb) = CXM::slurp("/proc/$worker/status") =~ /^VmRSS:\s+(\d+) kB/m;
    return $kb / 1024;
}

sub batch {
    my @ids = map { CXM::Clients::uuid() } 1 .. $events;
    return {events => [map { {type => 'overload', id => $_, url =>
        '/a/path/that/is/long/enough/for/sixty/kib/of/body/x'} } @ids]};
}

sub n_touchpoints {
    $t->get('/admin/metrics/touchpoints', key => 1)->{json}{n};
}

# Sends all at once and reads whatever comes; undef where nothing came yet.
my @clients;

sub send_all {
    my (@bodies) = @_;
    for my $body (@bodies) {
        my $socket = $t->connect or die "connect: $!";
        $socket->blocking(0);
        push @clients, {socket => $socket, in => '', body => $body, out =>
            CXM::Clients::message(POST => '/b', $body)};
    }
}

# Moves bytes until $enough says so or the (generous) time is over.
sub pump {
    my ($enough) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my %by = map { fileno $_->{socket} => $_ }
        grep { !$_->{reply} } @clients;
    CXM::until_true(60, sub {
        my $read = IO::Select->new(map { $_->{socket} } values %by);
        my $write = IO::Select->new(map { $_->{socket} }
                                    grep { length $_->{out} } values %by);
        my ($r, $w) = IO::Select->select($read, $write, undef, 0.05);
        for my $socket (@{$w || []}) {
            my $client = $by{fileno $socket};
            my $sent = syswrite $socket, $client->{out};
            substr($client->{out}, 0, $sent) = '' if $sent;
            $client->{out} = '' if !defined $sent && !$!{EAGAIN};
        }
        for my $socket (@{$r || []}) {
            my $no = fileno $socket;
            my $client = $by{$no};
            next if sysread $socket, $client->{in}, 65536,
                length $client->{in};
            next if $!{EAGAIN} && !length $client->{in};
            $client->{reply} = CXM::Clients::parse($client->{in})
                || {status => 0, headers => {}};
            close $socket;
            delete $by{$no};
        }
        return $enough->() || !%by;
    }, 0.001);
}

sub replies { my ($status) = @_;
    return grep { $_->{reply} && $_->{reply}{status} == $status } @clients }

my $calm = resident();
$fault->set('sync hold');
send_all(map { batch() } 1 .. $n);
pump(sub { !grep { length $_->{out} } @clients });
is scalar(grep { length $_->{out} } @clients), 0, 'all is sent';

# Refusals come while the disk still stands.
my $quiet = 0;
my $seen = 0;
pump(sub {
    my $now = replies(503);
    $quiet = $now == $seen ? $quiet + 1 : 0;
    $seen = $now;
    return $now && $quiet > 20;
});
ok -e $t->dir . '/fault', 'the disk still stands';
is scalar(replies(200)), 0, 'nothing is acknowledged yet';
my @refused = replies(503);
cmp_ok scalar @refused, '>', 0, scalar(@refused) . ' are refused at once';
is scalar(grep { $_->{reply}{json}{code} ne 'overloaded' } @refused), 0,
    'with code overloaded';
is scalar(grep { !$_->{reply}{headers}{'retry-after'} } @refused), 0,
    'and Retry-After';
my $waiting = grep { !$_->{reply} } @clients;
cmp_ok $waiting, '>', 0, "$waiting wait";
is $waiting + @refused, $n, 'each is refused or waits';
cmp_ok scalar($fault->taken), '==', 1, 'one commit stands';

# Others are served meanwhile: these return only because they do not wait.
is $t->get('/test-is-up')->{status}, 204, 'return 204 goes on';
is $t->get('/admin/surveys', key => 1)->{status}, 200, 'reads go on';
is n_touchpoints(), 0, 'also of scores, without what is not stored';
is $t->get('/s/o', headers => {Accept => 'text/html'})->{status}, 200,
    'and the page';
is $t->post('/b', batch())->{status}, 503, 'one more is refused too';
my $loaded = resident();
my $growth = $loaded - $calm;
cmp_ok $growth, '<', 400 * ($CXM::SLOW > 1 ? 4 : 1),
    sprintf 'memory is bounded: %.0f MiB and %.0f more', $calm, $growth;
ok -e $t->dir . '/fault', 'all this before the disk went on';

$fault->clear;
pump(sub { 0 });
my @stored = replies(200);
is scalar @stored, $waiting, 'who waited is answered';
is scalar(grep { $_->{reply}{json}{accepted} != $events } @stored), 0,
    'all of it accepted';
is n_touchpoints(), $waiting * $events, 'and counted';

# The refused come again, as Retry-After says, and are taken.
my @again = map { $_->{body} } @refused;
@clients = ();
while (@again) {
    my $reply = $t->post('/b', $again[0]);
    next if $reply->{status} == 503;
    is $reply->{status}, 200, 'a retry' if $reply->{status} != 200;
    shift @again;
}
is n_touchpoints(), $n * $events, 'nothing was counted of the refusals';

# Memory does not grow from round to round.
my $before = resident();
for my $round (1 .. 3) {
    @clients = ();
    $fault->set('sync hold');
    send_all(map { batch() } 1 .. 80);
    pump(sub { !grep { length $_->{out} } @clients });
    $fault->clear;
    pump(sub { 0 });
}
cmp_ok resident(), '<', $before + 100 * ($CXM::SLOW > 1 ? 4 : 1),
    'memory is given back or used again';

is +($t->workers)[0], $worker, 'the worker is the same';
$t->sound;

done_testing;
