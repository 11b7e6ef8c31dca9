#!/usr/bin/perl

# kill -9 while an address is changed: account and customer have the old one
# or the new one, both the same, and the link is used or still good.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use POSIX qw(_exit);
use Test::More;
use Time::HiRes qw(sleep);

my $t = CXM->new;
$t->expect_alerts(qr/exited on signal 9/);

my $password = 'wooden turtle parade';
my $ann = CXM::Browser->new($t, email => 'ann@example.org',
                            password => $password)->join;
my $id = $ann->get('/me/')->{json}{customer};
my %outcome = (old => 0, new => 0);

sub mailbox { CXM::Browser->new($t, email => $_[0], password => $password) }

# Until the workers are there again.
sub patient {
    my ($call) = @_;
    my $reply;
    CXM::until_true(20, sub {
        $reply = eval { $call->() } or return 0;
        return $reply->{status} && $reply->{status} != 503;
    }, 0.05);
    return $reply;
}

my $now = 'ann@example.org';

for my $round (1 .. 10) {
    my $next = "ann$round\@example.org";
    my $asked = patient(sub {
        my $who = mailbox($now);
        $who->login;
        $who->post('/me/profile/email',
                   {email => $next, password => $password});
    });
    is $asked->{status}, 202, "round $round: asked" or diag $asked->{body};
    my $token = mailbox($next)->token('email-change');

    my $pid = fork // die "fork: $!";
    if (!$pid) {
        eval { mailbox($next)->post('/me/profile/email/verify',
                                    {token => $token}) };
        _exit(0);
    }
    sleep rand 0.03;
    kill 'KILL', $t->workers;
    waitpid $pid, 0;
    $t->wait_store;

    # LMDB's lock file tells readers of a commit after its meta page is on
    # disk; of one that was killed in between the next writer tells them
    patient(sub { $t->post('/admin/customers', {name => 'Any'}, key => 1) });
    my $record = patient(sub { $t->get("/admin/customers/$id", key => 1) });
    my ($identifier) = map { $_->{value} }
        grep { $_->{type} eq 'email' } @{$record->{json}{identifiers}};
    my $used = $identifier eq $next;
    $outcome{$used ? 'new' : 'old'}++;
    ok $used || $identifier eq $now, 'one of both';

    my $login = patient(sub { mailbox($identifier)->login });
    is $login->{status}, 200, 'which the account has, too'
        or diag $login->{body};
    my $again = patient(sub { mailbox($next)->post(
        '/me/profile/email/verify', {token => $token}) });
    is $again->{status}, $used ? 422 : 200, $used ? 'the link is used'
        : 'the link is good' or diag $again->{body};
    $now = $next;
}

diag "of ten changes $outcome{new} were done, $outcome{old} were not";
$t->sound;

done_testing;
