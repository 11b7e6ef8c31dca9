#!/usr/bin/perl

# Erasure of a person: what becomes unreadable, what stays counted, and that
# no crash on the way leaves it half done.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use CXM::Fault;
use Digest::SHA ();
use File::Path qw(remove_tree);
use Mojo::JSON qw(decode_json);
use Test::More;

my $t = CXM->new;
my $server = $t->key('server');
my $privacy = $t->key('privacy');
my $forge = CXM::Fault::program('forge');
my $url = '/admin/privacy/erasures';

$t->put('/admin/surveys/shop', {
    title => 'Shop', status => 'live', segment_by => ['plan'],
    questions => [
        {id => 'nps', type => 'nps', text => {en => 'Recommend?'}},
        {id => 'why', type => 'text', text => {en => 'Why?'}},
        {id => 'mail', type => 'contact', text => {en => 'Mail?'}},
    ]}, key => 1);

sub answer {
    my ($nps, $why, $who, @key) = @_;
    my $reply = $t->post('/s/shop/responses', {
        answers => {nps => $nps, why => $why}, respondent => $who,
        attributes => {plan => 'pro', note => "note of $why"}}, @key);
    die "answer: $reply->{status} $reply->{body}" if $reply->{status} != 201;
    return $reply->{json}{id};
}

sub show { $t->get("/admin/responses/$_[0]", key => $_[1] || 1)->{json} }

sub listed {
    my ($who) = @_;
    return scalar @{$t->get("/admin/responses?$who", key => 1)
                      ->{json}{items}};
}

my $mail = 'canary.bird@example.org';
my $said = 'the canary sang xyzzy';
my $id = answer(3, $said, {email => $mail}, key => $server);
my $second = answer(9, "$said twice", {email => uc $mail}, key => $server);
my $claimed = answer(0, "$said, it is said", {email => $mail});
my $other = answer(8, 'another person', {email => 'other@example.org'},
                   key => $server);
answer(7, 'a visitor', {visitor => 'v-1'}, key => $server);

my $nps = $t->get('/admin/metrics/nps?survey=shop&by=plan', key => 1)->{json};
is $nps->{n}, 5, 'five answers';
is listed("email=$mail"), 2, 'two of them by the person';
is show($id)->{answers}{why}, $said, 'they can be read';

# -- who may, and what is refused ---------------------------------------------

subtest 'requests' => sub {
    is $t->post($url, {email => $mail})->{status}, 401, 'without a key';
    for my $role (qw(analyst rep manager server viewer)) {
        is $t->post($url, {email => $mail}, key => $t->key($role))->{status},
            403, "not for the role $role";
    }
    my %bad = (
        '{}'                        => [422, ''],
        '{"email":"a@b.c","slot":1}' => [422, ''],
        '{"email":"none"}'          => [422, '/email'],
        '{"slot":0}'                => [422, '/slot'],
        '{"slot":"1"}'              => [422, '/slot'],
        '{"name":"x"}'              => [422, '/name'],
        '[]'                        => [422, ''],
        '{'                         => [400, undef],
    );
    for my $body (sort keys %bad) {
        my $reply = $t->post($url, body => $body, key => $privacy,
            headers => {'Content-Type' => 'application/json'});
        is $reply->{status}, $bad{$body}[0], "$body: refused";
        is $reply->{json}{errors}[0]{pointer}, $bad{$body}[1],
            "$body: and where";
    }
    for my $body ({email => 'nobody@example.org'}, {slot => 4000},
                  {slot => 1e12}, {customer_id => $mail}) {
        is $t->post($url, $body, key => $privacy)->{status}, 404,
            'nobody of that name or number';
    }
    is $t->get("$url/x", key => 1)->{status}, 404, 'no such erasure';
    is_deeply $t->get($url, key => 1)->{json},
        {items => [], next => undef}, 'nothing was begun';
    is show($id)->{answers}{why}, $said, 'nobody lost anything';
};

# -- a person goes ------------------------------------------------------------

my $reply = $t->post($url, {email => $mail}, key => $privacy,
                     headers => {'Idempotency-Key' => 'once'});
is $reply->{status}, 201, 'a person is erased';
my $receipt = $reply->{json};
is $receipt->{state}, 'erased', 'done';
is $receipt->{by}, 'email', 'by what it was named';
is scalar @{$receipt->{slots}}, 2, 'the known one and the claimed one';
is_deeply $receipt->{kept}, {response => 2}, 'what stays';
is scalar @{$receipt->{entries}}, 2, 'two entries';
like $receipt->{$_}, qr/^20\d\d-.*Z$/, $_ for qw(created_at updated_at);
like $reply->{headers}{location}, qr{/admin/privacy/erasures/$receipt->{id}$},
    'its address';
unlike $reply->{body}, qr/canary/, 'the receipt does not tell the name';

is_deeply $t->get("$url/$receipt->{id}", key => $privacy)->{json}, $receipt,
    'the receipt can be read again';
is_deeply $t->get($url, key => $privacy)->{json}{items}, [$receipt],
    'and is listed';
my $again = $t->post($url, {email => $mail}, key => $privacy,
                     headers => {'Idempotency-Key' => 'once'});
is $again->{status}, 201, 'the same key: the first reply';
is_deeply $again->{json}, $receipt, 'again';
is $t->post($url, {email => $mail}, key => $privacy)->{status}, 404,
    'nobody has the name any more';
for my $slot (@{$receipt->{slots}}) {
    my $by_slot = $t->post($url, {slot => $slot}, key => $privacy);
    is $by_slot->{status}, 200, 'a number that is gone: not again';
    is_deeply $by_slot->{json}, $receipt, 'but which erasure it was';
}

for my $gone ($id, $second, $claimed) {
    my $answer = show($gone);
    ok $answer->{erased}, 'the answer says so';
    is $answer->{answers}{why}, undef, 'the text is null';
    ok exists $answer->{answers}{why}, 'but was there';
    is $answer->{respondent}, undef, 'nobody\'s';
    ok !exists $answer->{claimed}, 'not even by its own word';
    is $answer->{attributes}{plan}, 'pro', 'the segment stays';
    ok !exists $answer->{attributes}{note}, 'other attributes do not';
    ok show($gone, $t->key('analyst'))->{erased}, 'analysts see it too';
}
is show($id)->{answers}{nps}, 3, 'the score stays';
is_deeply $t->get('/admin/metrics/nps?survey=shop&by=plan', key => 1)->{json},
    $nps, 'every figure stays';
is listed("email=$mail"), 0, 'nothing leads from the name to the answers';
is show($other)->{answers}{why}, 'another person', 'others are whole';
is listed('email=other@example.org'), 1, 'and found';
$t->sound('after an erasure');

my $anew = answer(10, 'born again', {email => $mail}, key => $server);
is show($anew)->{answers}{why}, 'born again', 'the name may begin anew';
is listed("email=$mail"), 1, 'with that answer alone';
is $t->post($url, {email => $mail}, key => 1)->{status}, 201,
    'and be erased again';
is $t->post($url, {visitor => 'v-1'}, key => 1)->{json}{kept}{response}, 1,
    'a visitor';
is scalar @{$t->get("$url?limit=2", key => 1)->{json}{items}}, 2, 'pages';
$t->sound('after three');

# -- nothing that could be read with the master key is left -------------------

# The keyed hash of the name, from a store of the same keys where it is known.
sub names_of {
    my ($dump) = @_;
    return map { substr $_, 4, 32 }
        $dump =~ /^index (05\w{34}) /mg;
}

subtest 'no hash is left' => sub {
    my $keyed = {'Idempotency-Key' => 'answer-1'};
    my $u = CXM->new;
    $u->put('/admin/surveys/shop', {title => 'S', status => 'live',
        questions => [{id => 'nps', type => 'nps', text => {en => '?'}},
                      {id => 'why', type => 'text', text => {en => '?'}}]},
        key => 1);
    my $first = {answers => {nps => 1, why => 'canary'},
                 respondent => {email => $mail}};
    my $by = $u->key('server');
    is $u->post('/s/shop/responses', $first, key => $by, headers => $keyed)
        ->{status}, 201, 'an answer with a key';
    is $u->post('/s/shop/responses', $first, key => $by, headers => $keyed)
        ->{headers}{'idempotent-replayed'}, 'true', 'and again';
    my ($print) = (CXM::run($forge, $u->store_dir, 'text'))[1]
        =~ /"fingerprint":"(\w{32})"/;
    ok $print, 'a hash of what was sent is kept';
    $u->post('/s/shop/responses', {answers => {nps => 1},
        respondent => {email => $mail}});
    $u->get("/admin/responses?email=$mail", key => 1);
    my $before = (CXM::run($forge, $u->store_dir, 'dump'))[1];
    my @hashes = names_of($before);
    is scalar @hashes, 2, 'two names';

    is $u->post($url, {email => $mail}, key => 1,
                headers => {'Idempotency-Key' => 'k'})->{status}, 201, 'gone';
    my ($rc, $after) = CXM::run($forge, $u->store_dir, 'dump');
    is $rc, 0, 'the rows of the store';
    unlike $after, qr/$_/, "the hash is in no row" for @hashes;
    my $text = (CXM::run($forge, $u->store_dir, 'text'))[1];
    like $text, qr/"by":"email"/, 'what journal and documents say, opened';
    unlike $text, qr/$_/, 'no hash of the name' for @hashes;
    unlike $text, qr/canary/, 'no name';
    unlike $text, qr/$print/, 'and not of what was said';
    is $u->post('/s/shop/responses', $first, key => $by, headers => $keyed)
        ->{json}{code}, 'already_done', 'the key is used all the same';
    $u->sound('hashes');
};

# -- what is still to be done about somebody who is gone ----------------------

subtest 'a partial answer' => sub {
    my $u = CXM->new;
    $u->put('/admin/surveys/shop', {title => 'S', status => 'live',
        partial_timeout_hours => 1,
        questions => [{id => 'nps', type => 'nps', text => {en => '?'}},
                      {id => 'why', type => 'text', text => {en => '?'}}]},
        key => 1);
    my $half = $u->post('/s/shop/responses', {answers =>
        {nps => 1, why => 'canary'}, complete => \0,
        respondent => {email => $mail}}, key => $u->key('server'))->{json};
    is $half->{status}, 'partial', 'begun';
    is $u->post($url, {email => $mail}, key => 1)->{status}, 201, 'erased';
    my $more = $u->patch("/s/shop/responses/$half->{id}", {token =>
        $half->{token}, answers => {why => 'more'}, complete => \1});
    is $more->{status}, 409, 'nothing more is taken of that person';
    is $more->{json}{code}, 'person_erased', 'and why';

    my ($rc, $out, $err) = CXM::run($forge, $u->store_dir, 'due', 120);
    is $out, "due 1\n", 'it ends by its timeout' or diag $err;
    my $answer = $u->get("/admin/responses/$half->{id}", key => 1)->{json};
    is $answer->{status}, 'complete', 'final';
    ok $answer->{erased}, 'nobody\'s';
    is $answer->{answers}{nps}, 1, 'counted';
    is scalar @{$u->get("/admin/responses?email=$mail", key => 1)
                  ->{json}{items}}, 0, 'and not found by name';
    $u->sound('a partial answer');
};

# -- a disk that fails in between ---------------------------------------------

subtest 'begun, but not done: 202' => sub {
    my $u = CXM->new(start => 0);
    my $fault = CXM::Fault->new($u)->of('keys')->start;
    $u->put('/admin/surveys/shop', {title => 'S', status => 'live',
        questions => [{id => 'nps', type => 'nps', text => {en => '?'}}]},
        key => 1);
    my $answer = {answers => {nps => 1}, respondent => {email => $mail}};
    is $u->post('/s/shop/responses', $answer, key => $u->key('server'))
        ->{status}, 201, 'an answer';

    $fault->set('sync eio once');
    my $reply = $u->post($url, {email => $mail}, key => 1);
    is scalar($fault->taken), 1, 'the sync of the keys failed';
    is $reply->{status}, 202, 'an erasure that has begun';
    is $reply->{json}{state}, 'begun', 'says so';
    is $reply->{json}{kept}, undef, 'and no more';
    is $u->post($url, {slot => 1}, key => 1)->{status}, 503, 'latched';
    is +($u->cxmctl('verify'))[0], 0, 'verify takes the latch away';
    CXM::until_true(20, sub {
        $u->post('/s/shop/responses', $answer)->{status} == 201 });

    my $slot = $reply->{json}{slots}[0];
    my $done = $u->post($url, {slot => $slot}, key => 1);
    is $done->{status}, 200, 'asked again';
    is $done->{json}{id}, $reply->{json}{id}, 'the same erasure';
    is $done->{json}{state}, 'erased', 'is done';
    $u->sound('latched in between');
    $u->expect_alerts(qr/erasing a person key|read-only/);
};

# -- every point at which it may end ------------------------------------------

my $ctl = CXM::cxmctl_path();

sub copy_of {
    my ($to) = @_;
    remove_tree($to);
    my ($rc, $out, $err) = CXM::run('cp', '-a', $t->store_dir, $to);
    die "cp: $err" if $rc;
    return $to;
}

$t->stop;

# strace counts the calls of each name apart.
sub kills {
    my ($name, $copy) = @_;
    my %seen;
    for my $n (1 .. 20) {
        copy_of($copy);
        my ($rc) = CXM::run('strace', '-f', '-qq', '-o', '/dev/null', '-e',
            "inject=$name:signal=KILL:when=$n",
            $ctl, '-d', $copy, 'erase', '--email', 'other@example.org');
        return \%seen if $rc == 0;
        my $at = "$name $n";
        is $rc, 137, "killed at $at";

        my ($due_rc, $due) = CXM::run($forge, $copy, 'due', 1);
        is $due_rc, 0, "$at: due does its part";
        my ($v, $out, $err) = CXM::run($ctl, '-d', $copy, 'verify');
        is $v, 0, "$at: verify" or diag "$out$err";

        my ($rc2, $found) = CXM::run($ctl, '-d', $copy, 'erase', '--email',
                                     'other@example.org');
        if ($rc2 == 0) {
            $seen{$due =~ /due 0/ ? 'whole' : 'odd'}++;
            is decode_json($found)->{state}, 'erased',
                "$at: it had not begun, and can be done";
        } else {
            $seen{$due =~ /due 1/ ? 'due' : 'done'}++;
        }
        my ($text_rc, $text) = CXM::run($forge, $copy, 'text');
        unlike $text, qr/another person/, "$at: unreadable in the end";
        my @states = $text =~ /"state":"(\w+)"/g;
        is "@states[-2, -1]", 'begun erased', "$at: and there is a receipt";
    }
    die "$name never ends";
}

subtest 'kill -9 at every write and sync' => sub {
    my %all;
    for my $name (qw(pwrite64 writev fdatasync)) {
        my $seen = kills($name, $t->dir . '/copy');
        $all{$_} += $seen->{$_} for keys %$seen;
    }
    note join ', ', map { "$_: $all{$_}" } sort keys %all;
    cmp_ok $all{whole}, '>=', 4, 'times it had not begun';
    cmp_ok $all{due}, '>=', 5, 'times due finished it';
    ok !$all{odd}, 'and it is one of the two';
} if !$ENV{CXM_SANITIZERS};

done_testing;
