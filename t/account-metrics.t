#!/usr/bin/perl

# GET /admin/metrics/accounts: funnels with times, sign-ins and why they fail,
# profile changes, and what there is now.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use Mojo::JSON qw(false true);
use POSIX qw(strftime);
use Test::More;

my $t = CXM->new(conf => {
    locations => 'location = /metrics { cxm_metrics; }'});
my $url = '/admin/metrics/accounts';

sub browser { CXM::Browser->of($t, @_) }

sub metrics {
    my (%query) = @_;
    my $query = join '&', map { "$_=$query{$_}" } sort keys %query;
    my $r = $t->get("$url?$query", key => 1);
    is $r->{status}, 200 or diag $r->{body};
    return $r->{json};
}

# Those that are not 0.
sub some {
    my ($counts) = @_;
    return {map { $counts->{$_} ? ($_ => $counts->{$_}) : () } keys %$counts};
}

subtest 'nothing yet' => sub {
    my $m = metrics();
    is_deeply [@$m{qw(metric n from)}, $m->{registrations}{started},
               $m->{registrations}{rate}{value},
               $m->{registrations}{seconds}{p50}],
        ['accounts', 0, undef, 0, undef, undef], 'nothing is null';
    is_deeply [@{$m->{now}}{qw(accounts sessions customers)}], [0, 0, 0];
    is $m->{now}{addresses}{value}, undef;
};

my $ann = browser('ann')->join;
my $bob = browser('bob')->join;
browser('cid')->register;                       # never comes back
browser('ann')->register;                       # is taken

subtest 'funnels' => sub {
    my $m = metrics();
    my $r = $m->{registrations};
    is_deeply [@$r{qw(started verified)}], [3, 2], 'registrations';
    is $r->{rate}{value}, 66.666667;
    is $r->{rate}{display}, 67;
    cmp_ok $r->{seconds}{$_}, '<', 60, "$_ is some seconds" for qw(p50 p90);
    is $m->{events}{taken}, 1;

    browser($_)->post('/me/password/forgot', {email => "$_\@example.org"})
        for qw(bob nobody);
    $m = metrics();
    is_deeply [@{$m->{resets}}{qw(asked done)}], [1, 0], 'resets';
    is $m->{events}{reset_unknown}, 1, 'and those for nobody, apart';
    is $bob->post('/me/password/reset', {token => $bob->token('reset'),
        password => 'another wooden parade'})->{status}, 200;
    $m = metrics();
    is_deeply [@{$m->{resets}}{qw(asked done)}, $m->{resets}{rate}{value}],
        [1, 1, 100];
    cmp_ok $m->{resets}{seconds}{p50}, '<', 60;
};

subtest 'sign-ins' => sub {
    is $bob->login(password => 'another wooden parade')->{status}, 200;
    $bob->post('/me/logout');
    $ann->login(password => 'wrong') for 1 .. 2;
    browser('nobody')->login;
    my $m = metrics();
    is_deeply some($m->{failures}),
        {wrong_password => 2, unknown_address => 1}, 'failures by reason';
    is_deeply [@{$m->{events}}{qw(signed_in sign_in_failed)}], [1, 3];
};

subtest 'profiles' => sub {
    $ann->patch('/me/profile', {company => 'Mills'}) for 1 .. 2;
    is metrics()->{events}{profile_changed}, 1,
        'what changes nothing is no change';
};

subtest 'now' => sub {
    $t->post('/admin/customers', {name => "No $_"}, key => 1) for 1 .. 2;
    my $now = metrics()->{now};
    is_deeply [@$now{qw(accounts sessions customers)}], [2, 1, 4];
    is $now->{addresses}{value}, 50, 'half have a proved address';
    $ann->delete('/me/sessions');
    $ann->post('/me/logout');
    is metrics()->{now}{sessions}, 0, 'sessions end';
    is $t->post('/admin/privacy/erasures', {email => 'bob@example.org'},
                key => 1)->{status}, 201;
    is metrics()->{now}{accounts}, 1, 'and so do accounts that are erased';
    is metrics()->{now}{customers}, 3, 'their customers are no more';
};

subtest 'customers that were merged' => sub {
    my ($into, $from) = map {
        $t->post('/admin/customers', {name => $_}, key => 1)->{json}{id}
    } qw(Into From);
    is metrics()->{now}{customers}, 5;
    my %pair = (from => $from, from_version => 1, into_version => 1);
    my $merge = $t->post("/admin/customers/$into/merge", {%pair},
                         key => 1)->{json}{id};
    is metrics()->{now}{customers}, 4, 'are one';
    is $t->post("/admin/customers/$into/merges/$merge/undo",
                key => 1)->{status}, 200;
    is metrics()->{now}{customers}, 5, 'until that is undone';
    $pair{$_} = 3 for qw(from_version into_version);
    $t->post("/admin/customers/$into/merge", {%pair}, key => 1);
    is $t->post('/admin/privacy/erasures', {customer_id => $from},
                key => 1)->{status}, 201;
    is metrics()->{now}{customers}, 3, 'and erased as one';
};

subtest 'prometheus' => sub {
    my $text = $t->get('/metrics')->{body};
    for (['customers', '', 3], ['accounts', '', 1], ['account_sessions', '', 0],
         ['account_events_total', 'event="registered"', 3],
         ['account_events_total', 'event="signed_in"', 1],
         ['sign_in_failures_total', 'reason="wrong_password"', 2]) {
        my ($name, $label, $value) = @$_;
        like $text, qr/^cxm_$name\{[^}]*$label\} $value$/m, "$name $label";
    }
};

subtest 'ranges and buckets' => sub {
    my $today = strftime('%Y-%m-%dT00:00:00Z', gmtime);
    my $m = metrics(bucket => 'day');
    my %sum;
    for my $bucket (@{$m->{buckets}}) {
        $sum{$_} += $bucket->{events}{$_} for keys %{$bucket->{events}};
    }
    is_deeply \%sum, $m->{events}, 'buckets add up';
    is metrics(from => '2001-01-01T00:00:00Z', to => '2001-02-01T00:00:00Z')
        ->{n}, 0, 'a range without any';
    cmp_ok metrics(from => $today)->{n}, '<=', $m->{n};
    is metrics(tz => 'Europe/Berlin')->{tz}, 'Europe/Berlin';
    my $r = $t->get("$url?by=country", key => 1);
    is $r->{status}, 422, 'there are no segments';
    is $t->get("$url?from=2001-01-01T00:01:00Z", key => 1)->{status}, 422;
    is $t->get($url, key => $t->key('server'))->{status}, 403;
    is $t->get($url)->{status}, 401;
    is $t->get($url, key => $t->key('viewer'))->{status}, 200;
};

$t->sound;

done_testing;
