#!/usr/bin/perl

# kill -9 of workers while people register and set new passwords: what was
# acknowledged is so, a retry of what was not is safe, the store verifies.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use POSIX ();
use Test::More;

my $people = $CXM::SLOW > 1 ? 5 : 12;       # of each client
my $clients = 3;

srand(my $seed = $ENV{CXM_SEED} || time);
note "CXM_SEED=$seed";

my $t = CXM->new;
$t->expect_alerts(qr/exited on signal 9/);

sub old { "wooden turtle of $_[0]" }
sub new { "another parade of $_[0]" }

sub browser {
    my ($who, %more) = @_;
    return CXM::Browser->new($t, email => "$who\@example.org",
                             password => old($who), %more);
}

# Until there is an answer: 0 is a connection that broke, 503 a worker that
# does not have the store yet or does not know what became of a commit.
sub insist {
    my ($call) = @_;
    my $tries = 0;
    while (1) {
        my $reply = $call->();
        return ($reply, $tries) if $reply->{status} && $reply->{status} != 503;
        die "no answer: $reply->{status}" if ++$tries > 200;
        select undef, undef, undef, 0.05;
    }
}

# One that was done without an answer is refused when it is tried again.
sub done {
    my ($reply, $tries) = @_;
    return 1 if $reply->{status} == 200;
    return $tries > 0 && $reply->{status} == 422
        && $reply->{json}{errors}[0]{code} eq 'invalid_token';
}

# 1, 0: retries have used up what may be tried in an hour; or dies.
sub person {
    my ($who) = @_;
    my $one = browser($who);
    my ($reply, $tries) = insist(sub { $one->register });
    return 0 if $tries && $reply->{status} == 429;
    die "register $reply->{status}\n" if $reply->{status} != 202;
    my $token = $one->token('verify') or die "no mail to verify\n";
    done(insist(sub { $one->verify($token) })) or die "verify\n";

    ($reply, $tries) = insist(sub { $one->post('/me/password/forgot',
                                               {email => $one->{email}}) });
    die "forgot $reply->{status}\n" if $reply->{status} != 202;
    $token = $one->token('reset');
    return 0 if $tries && !$token;
    die "no mail to reset\n" unless $token;
    done(insist(sub { $one->post('/me/password/reset',
        {token => $token, password => new($who)}) })) or die "reset\n";
    return 1;
}

# Does all of a client's; who was done is in a file, the result the failures.
sub client {
    my ($client) = @_;
    my ($wrong, @done) = (0);
    for my $who (map { "p$client-$_" } 1 .. $people) {
        my $good = eval { person($who) };
        if ($@) {
            print STDERR "# $who: $@";
            $wrong++;
        }
        push @done, $who if $good;
    }
    $t->write_file("done-$client", join ' ', @done);
    return $wrong;
}

my @pids;
for my $client (1 .. $clients) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        delete $t->{ua};
        srand($seed + $client);
        POSIX::_exit(client($client));
    }
    push @pids, $pid;
}

my ($kills, $wrong, %left) = (0, 0, map { $_ => 1 } @pids);
while (%left) {
    for my $pid (keys %left) {
        next if waitpid($pid, POSIX::WNOHANG()) != $pid;
        $wrong += $? >> 8 || $?;
        delete $left{$pid};
    }
    select undef, undef, undef, 0.3 + rand 0.5;
    my @workers = $t->workers or next;
    $kills += kill 'KILL', $workers[rand @workers];
}
is $wrong, 0, 'nobody was left half way';
cmp_ok $kills, '>=', 3, "$kills kills";
$t->wait_store;

my @done = map { split ' ', CXM::slurp($t->dir . "/done-$_") } 1 .. $clients;
cmp_ok scalar(@done), '>', $people, scalar(@done) . ' people';

my @lost;
for my $who (@done) {
    push @lost, "$who: the new password"
        if browser($who, password => new($who))->login->{status} != 200;
    push @lost, "$who: the old one still works"
        if browser($who)->login->{status} != 401;
}
is_deeply \@lost, [], 'all are as they were told';

$t->sound;

done_testing;
