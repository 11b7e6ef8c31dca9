#!/usr/bin/perl

# Topics of a site, what customers choose among them, and what follows.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use Mojo::JSON qw(false true);
use Test::More;

my $t = CXM->new;
my $rep = $t->key('rep');
my $url = '/admin/customers';
my $nobody = '00000000-0000-4000-8000-000000000000';

sub customer { $t->post($url, {@_}, key => 1)->{json}{id} }

sub choose {
    my ($id, $choices, %rest) = @_;
    return $t->patch("$url/$id/preferences", {choices => $choices},
                     key => $rep, %rest);
}

# "email.offers" => "on by chosen" of all that an answer shows.
sub stands {
    my ($json) = @_;
    my %all;
    for my $topic (@{$json->{topics}}) {
        for my $channel (keys %{$topic->{channels}}) {
            my $state = $topic->{channels}{$channel};
            $all{"$channel.$topic->{topic}"} =
                ($state->{on} ? 'on' : 'off') . " by $state->{reason}";
        }
    }
    return \%all;
}

my @topics = (
    {slug => 'account', title => {en => 'Account', de => 'Konto'},
     critical => true, channels => ['email', 'sms']},
    {slug => 'orders', title => {en => 'Orders', de => 'Bestellungen'},
     description => {de => 'Was unterwegs ist'}, default => true,
     channels => ['email', 'sms']},
    {slug => 'offers', title => {en => 'Offers'}, channels => ['email'],
     purpose => 'newsletter'});

# -- topics -------------------------------------------------------------------

subtest 'topics' => sub {
    is_deeply $t->get('/admin/topics', key => 1)->{json},
        {topics => [], version => 0}, 'none at first';

    my $r = $t->put('/admin/topics', {topics => \@topics}, key => 1);
    is $r->{status}, 201, 'made';
    is_deeply $r->{json}{topics}, \@topics, 'as they were given';
    is $t->put('/admin/topics', {topics => \@topics}, key => 1,
               headers => {'If-Match' => '"1"'})->{status}, 200, 'replaced';
    problem($t->put('/admin/topics', {topics => []}, key => 1,
                    headers => {'If-Match' => '"7"'}), 412,
            'precondition_failed');
    is $t->get('/admin/topics', key => $rep)->{headers}{etag}, '"1"',
        'a version';

    problem($t->put('/admin/topics', {topics => \@topics}, key => $rep), 403,
            'forbidden');
    my @bad = (
        [{slug => 'a', title => {}}, '/topics/0/title'],
        [{slug => 'a', title => {'no tag' => 'x'}}, '/topics/0/title/no tag'],
        [{slug => 'a', title => {'e_n' => 'x'}}, '/topics/0/title/e_n'],
        [{slug => 'A', title => {en => 'x'}}, '/topics/0/slug'],
        [{slug => 'a', title => {en => 'x'}, channels => ['fax']},
         '/topics/0/channels/0'],
        [{slug => 'a', title => {en => 'x'}, channels => []},
         '/topics/0/channels'],
        [{slug => 'a', title => {en => 'x'}, critical => true,
          default => false}, '/topics/0/critical'],
        [{slug => 'a', title => {en => 'x'}, critical => true,
          purpose => 'p'}, '/topics/0/critical'],
        [{slug => 'a', title => {en => 'x'}, colour => 'red'},
         '/topics/0/colour']);
    problem($t->put('/admin/topics', {topics => [$_->[0]]}, key => 1), 422,
            'invalid', $_->[1]) for @bad;
    problem($t->put('/admin/topics', {topics => [@topics[0, 0]]}, key => 1),
            422, 'invalid', '/topics/1/slug');
    is_deeply $t->get('/admin/topics', key => 1)->{json}{topics}, \@topics,
        'nothing of that was kept';
};

# -- choices ------------------------------------------------------------------

subtest 'choices' => sub {
    my $id = customer(name => 'Ann', language => 'de');
    my $r = $t->get("$url/$id/preferences", key => $rep);
    is_deeply [@{$r->{json}}{qw(customer version choices)}], [$id, 0, {}],
        'nothing is chosen';
    is_deeply stands($r->{json}), {
        'email.account' => 'on by critical', 'sms.account' => 'on by critical',
        'email.orders' => 'on by default', 'sms.orders' => 'on by default',
        'email.offers' => 'off by default'}, 'how it stands then';
    is_deeply [map { @$_{qw(title description purpose)} }
               @{$r->{json}{topics}}],
        ['Konto', undef, undef, 'Bestellungen', 'Was unterwegs ist', 'orders',
         'Offers', undef, 'newsletter'], 'in the language of the customer';

    $r = choose($id, {email => {offers => true}, sms => {orders => false}});
    is_deeply [$r->{status}, $r->{json}{version}, $r->{headers}{etag}],
        [200, 1, '"1"'], 'chosen';
    is_deeply stands($r->{json}), {
        'email.account' => 'on by critical', 'sms.account' => 'on by critical',
        'email.orders' => 'on by default', 'sms.orders' => 'off by chosen',
        'email.offers' => 'on by chosen'}, 'what follows';
    $r = choose($id, {email => {offers => undef}}, headers =>
                {'If-Match' => '"1"'});
    is_deeply [$r->{json}{choices}, stands($r->{json})->{'email.offers'}],
        [{email => {}, sms => {orders => false}}, 'off by default'],
        'null goes back to the default';
    problem(choose($id, {}, headers => {'If-Match' => '"1"'}), 412,
            'precondition_failed');

    my $all = $t->get("$url/$id/preferences", key => $rep)->{json};
    is $t->patch("$url/$id/preferences", $all, key => $rep)->{json}{version},
        2, 'what was answered can be sent again, and changes nothing';

    problem(choose($id, {email => {account => false}}), 422, 'invalid',
            '/choices/email/account');
    is choose($id, {email => {account => true}})->{status}, 200,
        'what is critical may be wanted';
    problem(choose($id, {email => {none => true}}), 422, 'invalid',
            '/choices/email/none');
    problem(choose($id, {sms => {offers => true}}), 422, 'invalid',
            '/choices/sms/offers');
    problem(choose($id, {fax => {orders => true}}), 422, 'invalid',
            '/choices/fax');
    problem(choose($id, {sms => {orders => 1}}), 422, 'invalid',
            '/choices/sms/orders');
    problem(choose($id, undef), 422, 'invalid', '/choices');
    problem($t->patch("$url/$id/preferences", [], key => $rep), 422,
            'invalid', '');
    problem($t->patch("$url/$id/preferences", {tags => ['x']}, key => $rep),
            422, 'invalid', '/tags');
    problem(choose($nobody, {}), 404, 'not_found');
    problem($t->get("$url/$id/preferences", key => $t->key('analyst')), 403,
            'forbidden');
};

subtest 'topics that go' => sub {
    my $id = customer(name => 'Bob');
    choose($id, {email => {offers => true, orders => false}});
    $t->put('/admin/topics', {topics => [$topics[0]]}, key => 1);
    my $r = choose($id, {email => {orders => undef}});
    is_deeply $r->{json}{choices}, {email => {offers => true}},
        'a choice among what is gone is kept, and can be taken back';
    problem(choose($id, {email => {orders => false}}), 422, 'invalid',
            '/choices/email/orders');
    $t->put('/admin/topics', {topics => \@topics}, key => 1);
    is stands($t->get("$url/$id/preferences", key => $rep)->{json})
        ->{'email.offers'}, 'on by chosen', 'and counts when that is back';
};

subtest 'consents win' => sub {
    my $id = customer(name => 'Cid');
    my $say = sub {
        $t->post("$url/$id/consents", {purpose => $_[0], granted => $_[1]},
                 key => $rep);
    };
    my $now = sub {
        stands($t->get("$url/$id/preferences", key => $rep)->{json});
    };
    choose($id, {email => {offers => true}});
    $say->('newsletter', false);
    is $now->()->{'email.offers'}, 'off by withdrawn',
        'a consent that was taken back wins';
    is choose($id, {email => {offers => true}})->{status}, 200;
    is $now->()->{'email.offers'}, 'off by withdrawn', 'over a new choice';
    $say->('newsletter', true);
    is $now->()->{'email.offers'}, 'on by chosen', 'until it is given';
    $say->('orders', false);
    is $now->()->{'email.orders'}, 'off by withdrawn',
        'a topic names a purpose by itself';
    $say->('account', false);
    is $now->()->{'email.account'}, 'on by critical', 'but what is critical';
};

subtest 'two records of one person' => sub {
    my ($ann, $anna) = map { customer(name => $_) } qw(Ann Anna);
    choose($anna, {email => {orders => false, offers => true},
                   sms => {orders => false}});
    choose($ann, {sms => {orders => true}});
    is $t->post("$url/$ann/merge", {from => $anna,
            into_version => 1, from_version => 1}, key => 1)
        ->{status}, 201 or return;
    my $r = $t->get("$url/$ann/preferences", key => $rep);
    is_deeply stands($r->{json}), {
        'email.account' => 'on by critical', 'sms.account' => 'on by critical',
        'email.orders' => 'off by chosen', 'sms.orders' => 'on by chosen',
        'email.offers' => 'on by chosen'},
        'what one of them has said holds where the other has said nothing';
    is_deeply $r->{json}{choices}, {sms => {orders => true}},
        'and each keeps its own';

    choose($ann, {email => {offers => false}});
    my @events = @{$t->get("$url/$ann/timeline?kinds=preference",
                           key => $rep)->{json}{items}};
    is_deeply [map { [$_->{data}{version},
                      map { $_->{field} } @{$_->{data}{changes}}] } @events],
        [[2, '/choices/email'], [1, '/customer', '/choices/sms'],
         [1, '/customer', '/choices/email', '/choices/sms']],
        'the timeline tells of both';
    is_deeply $events[0]{data}{changes}[0],
        {field => '/choices/email', from => undef, to => {offers => false}};
};

# -- erasure, and the journal -------------------------------------------------

subtest 'erasure' => sub {
    my $id = customer(name => 'Eve', identifiers => [
        {type => 'email', value => 'eve@example.org'}]);
    choose($id, {email => {offers => true}});
    is $t->post('/admin/privacy/erasures', {email => 'eve@example.org'},
                key => 1)->{status}, 201;
    my $r = $t->get("$url/$id/preferences", key => $rep);
    is_deeply [$r->{status}, $r->{json}{choices}{email}, $r->{json}{erased}],
        [200, undef, true], 'the choices are gone';
    is stands($r->{json})->{'email.offers'}, 'off by default';
    problem(choose($id, {email => {offers => true}}), 409, 'person_erased');
};

$t->sound;

done_testing;
