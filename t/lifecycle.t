#!/usr/bin/perl

# Reload, QUIT, TERM, binary upgrade and killed workers with requests in
# flight: every reply that can be given is given, and what was acknowledged
# is there once.  The disk stands still while the signal comes, so requests
# are in flight for certain: some in a commit, the others queued behind it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use CXM::Fault;
use Test::More;
use Time::HiRes qw(sleep);

my $n = 40;

my $t = CXM->new(start => 0, conf => {main => 'env CXM_FAULT;', h2 => 1,
                                       daemon => 'on'});   # as USR2 wants
my $fault = CXM::Fault->new($t)->start;
is $t->put('/admin/surveys/l', CXM::Clients::definition('L'), key => 1)
    ->{status}, 201, 'a survey';

my %sent;               # id => status of the reply

# Answers that are all on their way when it returns.
sub in_flight {
    my $seen = () = $fault->taken;
    $fault->set('sync hold');
    my @clients;
    for my $round (1, 2) {
        for (1 .. $n / 2) {
            my $socket = $t->connect or die "connect: $!";
            my $id = CXM::Clients::uuid();
            print $socket CXM::Clients::message(POST => '/s/l/responses',
                {id => $id, answers => {nps => 9}, complete => \1});
            push @clients, {socket => $socket, id => $id};
        }
        # the first half is taken into a commit, the second waits for it
        CXM::until_true(10, sub { scalar($fault->taken) > $seen })
            or die 'no commit';
        sleep 0.2 * $CXM::SLOW;
    }
    return @clients;
}

sub statuses {
    my %count;
    for my $client (@_) {
        my $reply = CXM::Clients::parse(CXM::read_all($client->{socket}, 20));
        my $status = $reply ? $reply->{status} : 0;
        close $client->{socket};
        $sent{$client->{id}} = $status;
        $count{$status}++;
    }
    return \%count;
}

sub recorded {
    return $t->get('/admin/metrics/nps?survey=l', key => 1)->{json}{n};
}

sub ended {
    my ($pid, $seconds) = @_;
    return CXM::until_true($seconds || 20, sub { !CXM::alive($pid) });
}

# -- reload -------------------------------------------------------------------

my @clients = in_flight();
my @old = $t->workers;
$t->reload;
is scalar(grep { CXM::alive($_) } @old), 2, 'reload: old workers wait';
is $t->get('/s/l')->{status}, 200, 'new ones serve';
$fault->clear;
is_deeply statuses(@clients), {201 => $n}, 'all are answered';
ok CXM::until_true(10, sub { !grep { CXM::alive($_) } @old }),
    'then the old workers end';
is recorded(), keys %sent, 'each once';

# -- a graceful end -----------------------------------------------------------

@clients = in_flight();
my $master = $t->pid;
$t->signal('QUIT');
sleep 0.3;
ok CXM::alive($master), 'QUIT: it waits';
$fault->clear;
is_deeply statuses(@clients), {201 => $n}, 'all are answered';
ok ended($master), 'then it ends';
$t->stop;
$fault->start;
is recorded(), keys %sent, 'each once';

# -- a fast end ---------------------------------------------------------------

@clients = in_flight();
my $h2 = $t->write_file('h2.json', '{"type": "page_view"}');
pipe my $h2_out, my $h2_in or die "pipe: $!";
my $h2_pid = fork // die "fork: $!";
if (!$h2_pid) {
    my $reply = $t->h2('/b', '--data-binary', "\@$h2", '-H',
                       'Content-Type: application/json');
    syswrite $h2_in, $reply->{status};
    POSIX::_exit(0);
}
close $h2_in;
sleep 0.3 * $CXM::SLOW;
$master = $t->pid;
$t->signal('TERM');
sleep 0.2;
$fault->clear;
is scalar(<$h2_out>), 204, 'TERM: answered over HTTP/2';
waitpid $h2_pid, 0;     # first: its end interrupts reads
is_deeply statuses(@clients), {201 => $n},
    'all are answered, queued ones too';
ok ended($master), 'then it ends';
$t->stop;
$fault->start;
is recorded(), keys %sent, 'each once';

# -- an end that does not wait for clients ------------------------------------

$t->{conf}{main} .= ' worker_shutdown_timeout 200ms;';
$t->reload;
my $before = recorded();
@clients = in_flight();
$master = $t->pid;
$t->signal('QUIT');
is_deeply statuses(@clients), {0 => $n},
    'worker_shutdown_timeout: connections are closed';
ok CXM::alive($master), 'but the commit is waited for';
$fault->clear;
ok ended($master), 'then it ends';
$t->stop;
$t->{conf}{main} = 'env CXM_FAULT;';
$fault->start;
is recorded(), $before + $n, 'what was queued is written, too';
$sent{$_->{id}} = 201 for @clients;

# -- a new binary -------------------------------------------------------------

@clients = in_flight();
$master = $t->pid;
$t->signal('USR2');
my $new;
ok CXM::until_true(20, sub {
    $new = $t->pid_file;
    return $new && $new != $master && $t->workers(master => $new);
}), 'USR2: a second master' or diag $t->error_log;
$t->signal('QUIT', $master);
sleep 0.3;
$fault->clear;
is_deeply statuses(@clients), {201 => $n}, 'all are answered by the old one';
ok ended($master), 'then it ends';
$t->{pid} = $new;
$t->wait_store;
@clients = in_flight();
$fault->clear;
is_deeply statuses(@clients), {201 => $n}, 'the new one goes on';
is recorded(), keys %sent, 'each once';
$t->stop;
$fault->start;

# -- killed workers -----------------------------------------------------------

$t->expect_alerts(qr/exited on signal 9/);
@clients = in_flight();
kill 'KILL', $t->workers;
is_deeply statuses(@clients), {0 => $n}, 'killed workers: no reply';
$fault->clear;
$t->wait_store;
my %retried;
for my $client (@clients) {
    $retried{$t->post('/s/l/responses', {id => $client->{id},
        answers => {nps => 9}, complete => \1})->{status}}++;
}
is_deeply [grep { !/^20[01]$/ } keys %retried], [],
    'a retry with the same id is taken' or diag explain \%retried;
is recorded(), keys %sent, 'each once';

$t->sound;

done_testing;
