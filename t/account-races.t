#!/usr/bin/perl

# What customers and staff do at the same time: requests that have all begun
# before one of them is written, as they wait for a disk that stands, and then
# are written in one transaction, in their order.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use CXM::Clients;
use CXM::Fault;
use Mojo::JSON qw(encode_json);
use Test::More;
use Time::HiRes qw(sleep);

my $t = CXM->new(start => 0, conf => {workers => 1});
my $fault = CXM::Fault->new($t);
$fault->start;

sub browser { CXM::Browser->of($t, @_) }

# A request that a browser would send; or staff, by the admin key.
sub of {
    my ($who, $method, $path, $body) = @_;
    my %headers = ref $who ? %{$who->headers}
                           : (Authorization => "Bearer $t->{admin_key}");
    $body = defined $body ? encode_json($body) : '';
    $headers{'Content-Type'} = 'application/json' if length $body;
    return join "\r\n", "$method $path HTTP/1.1", 'Host: localhost',
        'Connection: close', 'Content-Length: ' . length($body),
        (map { "$_: $headers{$_}" } sort keys %headers), '', $body;
}

# Replies in the order of the requests, which all wait before any is written.
# Each is given the time to come there: passwords take some to hash.
sub together {
    my (@requests) = @_;
    my $taken = $fault->taken;
    $fault->set('sync hold');
    my @sockets = map {
        my $socket = $t->connect or die "connect: $!";
        syswrite $socket, $_;
        sleep 0.3 * $CXM::SLOW;
        $socket;
    } of(undef, POST => '/admin/customers', {name => 'First'}), @requests;
    is $fault->taken, $taken + 1, 'one commit stands';
    $fault->clear;
    my @replies = map { CXM::Clients::parse(CXM::read_all($_)) } @sockets;
    shift @replies;
    return @replies;
}

sub customer { $_[0]->get('/me/')->{json}{customer} }

sub record { $t->get("/admin/customers/$_[0]", key => 1)->{json} }

sub statuses {
    my ($replies, $want, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply [map { $_->{status} } @$replies], $want, $name
        or diag explain [map { $_->{json} } @$replies];
}

subtest 'two with one token' => sub {
    my @ann = map { browser('ann') } 1 .. 2;
    $ann[0]->register;
    my $token = $ann[0]->token('verify');
    my @replies = together(map {
        of($_, POST => '/me/verify', {token => $token}) } @ann);
    statuses \@replies, [200, 422], 'one is in';
};

subtest 'two registrations of one address' => sub {
    my @bob = map { browser('bob', password => "the $_ bob of two") } 1 .. 2;
    my @tokens = map { $_->register; $_->token('verify') } @bob;
    my @replies = together(map {
        of($bob[$_], POST => '/me/verify', {token => $tokens[$_]}) } 0, 1);
    statuses \@replies, [200, 409], 'the first proof counts';
    is $bob[0]->login->{status}, 200;
    is $bob[1]->login->{status}, 401, 'and so does its password';
};

subtest 'a merge, and changes of who is merged' => sub {
    my ($cat, $dan) = map { browser($_)->join } qw(cat dan);
    my ($into, $from) = map { customer($_) } $cat, $dan;
    $t->put('/admin/topics', {topics => [{slug => 'news',
        title => {en => 'News'}}]}, key => 1);
    my @replies = together(
        of(undef, POST => "/admin/customers/$into/merge", {from => $from,
           from_version => 1, into_version => 1}),
        of($dan, PATCH => '/me/profile', {company => 'Mills'}),
        of($dan, PUT => '/me/preferences',
           {choices => {email => {news => Mojo::JSON->true}}}));
    statuses \@replies, [201, 200, 200], 'all are done';
    is record($into)->{company}, 'Mills', 'at the one that there is';
    is $dan->get('/me/profile')->{json}{company}, 'Mills';
    is $dan->get('/me/preferences')->{json}{topics}[0]{channels}{email}{on},
        Mojo::JSON->true;
};

subtest 'a reset, and who signs in meanwhile' => sub {
    my $eve = browser('eve')->join;
    $eve->post('/me/password/forgot', {email => $eve->{email}});
    my $other = browser('eve');
    my @replies = together(
        of(browser('eve'), POST => '/me/password/reset', {
            token => $eve->token('reset'), password => 'other words here'}),
        of($other, POST => '/me/login', {email => $other->{email},
            password => $other->{password}}),
        of($eve, PATCH => '/me/profile', {company => 'Mills'}));
    statuses \@replies, [200, 401, 401],
        'the password of before opens nothing, nor does a session';
    is record(do { $eve->login(password => 'other words here');
                   customer($eve) })->{company}, undef;
};

subtest 'an end of a session, and what it still does' => sub {
    my $fay = browser('fay')->join;
    my $id = customer($fay);
    my @replies = together(
        of(undef, DELETE => "/admin/customers/$id/account/sessions"),
        of($fay, POST => '/me/profile/email', {email => 'f@example.org',
            password => $fay->{password}}),
        of($fay, POST => '/me/totp', {password => $fay->{password}}));
    statuses \@replies, [204, 401, 401], 'is nothing any more';
};

subtest 'an erasure, and what comes behind it' => sub {
    my $gil = browser('gil')->join;
    my $id = customer($gil);
    $gil->post('/me/password/forgot', {email => $gil->{email}});
    my @replies = together(
        of(undef, POST => '/admin/privacy/erasures', {customer_id => $id}),
        of($gil, PATCH => '/me/profile', {company => 'Mills'}),
        of(browser('gil'), POST => '/me/login', {email => $gil->{email},
            password => $gil->{password}}),
        of(browser('gil'), POST => '/me/password/reset', {
            token => $gil->token('reset'), password => 'other words here'}),
        of(undef, POST => "/admin/customers/$id/notes", {text => 'x'}));
    statuses \@replies, [201, 401, 401, 422, 409], 'finds nobody';
    is record($id)->{company}, undef;
};

subtest 'two addresses that want to be one' => sub {
    my ($hal, $ida) = map { browser($_)->join } qw(hal ida);
    my $new = browser('new');
    my @tokens = map {
        $_->post('/me/profile/email', {email => 'new@example.org',
                                       password => $_->{password}});
        $new->token('email-change')
    } $hal, $ida;
    my @replies = together(map {
        of($_->[0], POST => '/me/profile/email/verify',
           {token => $_->[1]}) } [$hal, $tokens[0]], [$ida, $tokens[1]]);
    statuses \@replies, [200, 409], 'are one of them';
    is $ida->get('/me/')->{json}{email}, 'ida@example.org';
};

$t->sound;
$t->no_alerts;

done_testing;
