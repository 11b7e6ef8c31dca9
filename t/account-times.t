#!/usr/bin/perl

# What ends by itself: links in mails, sessions, and for how long who has
# signed in is given all that is kept.  The clock of nginx is set ahead.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use CXM::Fault;
use CXM::Totp qw(code_at);
use Test::More;

my ($minute, $hour, $day) = (60, 3600, 86400);
my $t = CXM->new(start => 0);
my $fault = CXM::Fault->new($t);
$fault->start;

sub browser {
    my ($who, %more) = @_;
    return CXM::Browser->new($t, email => "$who\@example.org", %more);
}

# So far ahead of the machine's is the clock; it never goes back.
my $ahead = 0;
sub later { $fault->set('clock +' . ($ahead += $_[0])) }

sub status { $_[0]->{status} . ' ' . ($_[0]->{json}{code} // '') }

subtest 'a link to confirm' => sub {
    my ($ann, $bob) = map { browser($_) } qw(ann bob);
    $_->register for $ann, $bob;
    my @tokens = map { $_->token('verify') } $ann, $bob;
    later($day - $minute);
    is $ann->verify($tokens[0])->{status}, 200, 'is good for a day';
    later(2 * $minute);
    is $bob->verify($tokens[1])->{status}, 422, 'and no longer';
};

subtest 'a link to reset' => sub {
    my @who = map { browser($_)->join } qw(cat cid);
    $_->post('/me/password/forgot', {email => $_->{email}}) for @who;
    my $reset = sub { $_[0]->post('/me/password/reset', {
        token => $_[0]->token('reset'), password => 'other words altogether'})
        ->{status} };
    later(9 * $minute);
    is $reset->($who[0]), 200, 'is good for nine minutes';
    later(2 * $minute);
    is $reset->($who[1]), 422, 'and not for eleven';
};

subtest 'a link to the old address' => sub {
    my $dan = browser('dan')->join;
    my $move = sub {
        my ($to) = @_;
        $dan->post('/me/profile/email', {email => $to,
                                         password => $dan->{password}});
        my $new = browser($to =~ s/\@.*//r);
        is $dan->post('/me/profile/email/verify', {token =>
            $new->token('email-change')})->{status}, 200, "now $to";
    };
    $move->('dan2@example.org');
    my $token = browser('dan')->token('email-changed-old');
    later(7 * $day + $minute);
    is $dan->post('/me/profile/email/revert', {token => $token,
        password => 'green lantern market'})->{status}, 422,
        'is worth nothing after a week';
};

subtest 'sessions' => sub {
    my $eve = browser('eve')->join;
    for my $week (1 .. 6) {
        later(13 * $day);
        is $eve->get('/me/')->{status}, 200, 'go on while they are used';
    }
    later(13 * $day);
    is $eve->get('/me/')->{status}, 401, 'for ninety days';
    $eve->login;
    later(14 * $day + $minute);
    is $eve->get('/me/')->{status}, 401, 'and end when they are not';
};

subtest 'a half session' => sub {
    my $fay = browser('fay')->join;
    my $secret = $fay->post('/me/totp', {password => $fay->{password}})
        ->{json}{secret};
    my $code = code_at(CXM::Totp::decode($secret),
                       int((time + $ahead) / 30));
    my @codes = @{$fay->post('/me/totp/confirm', {totp => $code})
        ->{json}{recovery_codes}};
    my $other = browser('fay');
    is $other->login->{json}{status}, 'second_factor';
    later(5 * $minute + 1);
    is status($other->post('/me/login', {recovery_code => $codes[0]})),
        '401 first_step', 'ends after five minutes';
};

subtest 'all that is kept' => sub {
    my $gil = browser('gil')->join;
    later(9 * $minute);
    is $gil->get('/me/data')->{status}, 200, 'nine minutes after a sign-in';
    later(2 * $minute);
    is status($gil->get('/me/data')), '403 sign_in_again', 'not after eleven';
    $gil->login;
    is $gil->get('/me/data')->{status}, 200, 'until another one';
};

my ($rc, $out) = $t->cxmctl('verify');
is $rc, 0, 'tables follow from the journal' or diag $out;
$t->no_alerts;

done_testing;
