#!/usr/bin/perl

# The outbox: what waits, as staff and as the operator see it; cancelling and
# erasing; figures; that nothing is lost by kills and retention.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use CXM::Browser;
use Mojo::JSON qw(decode_json false true);
use POSIX ();
use Test::More;

my $t = CXM->new(conf => {workers => 2,
    admin => 'cxm_public_url https://shop.example;',
    me => 'cxm_public_url https://shop.example;',
    locations => 'location = /metrics { cxm_metrics; }'});
my $url = '/admin/outbox';
my $none = '00000000-0000-4000-8000-000000000000';

# A message of samples, the one way to queue what no customer asked for.
sub queued {
    my ($template, %more) = @_;
    my $r = $t->post("/admin/templates/$template/test",
        {recipient => 'bea@example.org', %more}, key => 1);
    is $r->{status}, 202, "$template is queued" or diag $r->{body};
    return $r->{json};
}

sub ids { [map { $_->{id} } @{$_[0]{json}{items}}] }

sub figure { decode_json(($t->cxmctl('stat'))[1])->{$_[0]} }
sub head { figure('head') }

sub metric {
    my ($name) = @_;
    my ($value) = $t->get('/metrics')->{body}
        =~ /^cxm_outbox_$name\{[^}]*\} (\S+)$/m;
    return $value;
}

is_deeply [metric('queued'), metric('oldest_seconds')], [0, 0],
    'nothing waits';

my $reset = queued('reset', language => 'de');
my $taken = queued('taken');

subtest 'as staff see it' => sub {
    my $rep = $t->key('rep');
    my $analyst = $t->key('analyst');

    is_deeply ids($t->get($url, key => $rep)), [$taken->{id}, $reset->{id}],
        'newest first';
    is_deeply ids($t->get("$url?template=reset", key => $rep)),
        [$reset->{id}], 'of a template';
    is_deeply ids($t->get("$url?status=sent", key => $rep)), [];
    is_deeply ids($t->get("$url?status=queued&template=taken",
                          key => $rep)), [$taken->{id}];

    my $r = $t->get("$url/$reset->{id}", key => $rep);
    is $r->{headers}{etag}, '"1"';
    is_deeply [@{$r->{json}}{qw(status template channel language recipient
        base attempts)}], ['queued', 'reset', 'email', 'de',
        'bea@example.org', 'https://shop.example', 0];
    is_deeply $r->{json}{fields}, {name => 'Ann Example', link => '/account'};
    my $mail = $r->{json}{rendered};
    is_deeply [@$mail{qw(to language subject html)}], ['bea@example.org',
        'de', 'Ein neues Passwort für shop.example', undef], 'how it reads';
    like $mail->{text}, qr{\nhttps://shop.example/account\n};
    is_deeply [grep { /token|key/ } keys %{$r->{json}}], [],
        'what is ours is not shown';

    $r = $t->get("$url/$reset->{id}", key => $analyst);
    is_deeply [@{$r->{json}}{qw(status recipient fields rendered)}],
        ['queued', undef, undef, undef], 'without what is personal';
    is_deeply [map { $_->{recipient} } @{$t->get($url, key => $analyst)
        ->{json}{items}}], [undef, undef];
    problem($t->get($url, key => $t->key('viewer')), 403, 'forbidden');
    problem($t->get("$url/$none", key => $rep), 404, 'not_found');
    problem($t->get("$url/x", key => $rep), 404, 'not_found');

    # reading personal fields leaves an entry, the others leave none
    my $before = head();
    $t->get("$url/$reset->{id}", key => $analyst);
    is head(), $before, 'nothing personal was read';
    $t->get("$url/$reset->{id}", key => $rep);
    is head(), $before + 1, 'audited';
};

subtest 'a site\'s text is used from then on' => sub {
    $t->put('/admin/templates/taken', {texts => {en => {subject => 'Hm.',
        text => 'You have one.', html => '<p>{{recipient}}</p>'}}}, key => 1);
    my $mail = $t->get("$url/$taken->{id}", key => 1)->{json}{rendered};
    is_deeply [@$mail{qw(subject text html)}],
        ['Hm.', 'You have one.', '<p>bea@example.org</p>'];
};

subtest 'cancelled' => sub {
    is metric('queued'), 2, 'two wait';
    cmp_ok metric('oldest_seconds'), '>', 0;
    my $cancel = "$url/$taken->{id}/cancel";
    problem($t->post($cancel, key => $t->key('analyst')), 403, 'forbidden');
    problem($t->post($cancel, key => 1, headers => {'If-Match' => '"2"'}),
            412, 'precondition_failed');
    my $r = $t->post($cancel, key => 1);
    is_deeply [$r->{status}, @{$r->{json}}{qw(status reason version)}],
        [200, 'cancelled', 'by_staff', 2];
    ok $r->{json}{ended_at};
    problem($t->post($cancel, key => 1), 409, 'not_queued');
    problem($t->post("$url/$none/cancel", key => 1), 404, 'not_found');
    is metric('queued'), 1;
    is_deeply ids($t->get("$url?status=cancelled", key => 1)),
        [$taken->{id}];
};

subtest 'refused' => sub {
    my $test = '/admin/templates/reset/test';
    problem($t->post($test, {}, key => 1), 422, 'invalid', '/recipient');
    problem($t->post($test, {recipient => "a\@b\nBcc: c\@d"}, key => 1), 422,
            'invalid', '/recipient');
    problem($t->post($test, {recipient => 'a@b', fields => {link => 'x'}},
                     key => 1), 422, 'invalid', '/fields/link');
    problem($t->post($test, {recipient => 'a@b'}, key => $t->key('rep')),
            403, 'forbidden');
    problem($t->post('/admin/templates/none/test', {recipient => 'a@b'},
                     key => 1), 404, 'not_found');
    is metric('queued'), 1, 'nothing was queued';
    my %once = (key => 1, headers => {'Idempotency-Key' => 'one'});
    my @made = map { $t->post($test, {recipient => 'a@b.example'}, %once)
        ->{json}{id} } 1 .. 3;
    is_deeply [@made[1, 2]], [@made[0, 0]], 'a repeat queues nothing';
    is metric('queued'), 2;
};

# What cxmctl prints, beside the server; with its exit code.
sub outbox {
    my ($rc, $out, $err) = $t->cxmctl('outbox', @_);
    return ($rc, $out, $err);
}

sub outbox_json { map { decode_json($_) } split /\n/, (outbox(@_))[1] }

subtest 'as the operator sees it' => sub {
    my @all = outbox_json('list', '--json');
    is_deeply [map { $_->{id} } @all], ids($t->get($url, key => 1)),
        'the same list';
    is_deeply [map { $_->{id} } outbox_json('list', '--json', '--template',
        'reset', '--status', 'queued')], ids($t->get(
        "$url?template=reset&status=queued", key => 1)), 'what is chosen';
    my ($one) = grep { $_->{id} eq $reset->{id} } @all;
    is_deeply $one, $t->get("$url/$reset->{id}", key => 1)->{json},
        'the same message';

    my ($rc, $out) = outbox('list');
    is $rc, 0;
    my @line = grep { /^$taken->{id} / } split /\n/, $out;
    like $line[0], qr/^\S+ \S+Z cancelled taken +bea\@example\.org$/,
        'a line each';
    ($rc, $out) = outbox('show', $taken->{id});
    is_deeply [$rc, $out], [0, "To: bea\@example.org\nSubject: Hm.\n\n"
        . 'You have one.'], 'one as text';
    is_deeply [outbox_json('show', $reset->{id}, '--json')], [$one],
        'one as JSON';
    is((outbox_json('show', '--json'))[0]{id}, $all[0]{id}, 'the newest');

    ($rc, undef, my $err) = outbox('show', $none);
    is $rc, 1, 'none';
    like $err, qr/There is no such message/;
    is +(outbox(@$_))[0], 2, "usage: @$_"
        for ['show', 'x'], ['show', $none, $none], ['list', 'x'],
            ['list', '--status'];
    my $before = head();
    outbox('list');
    outbox('show');
    is head(), $before + 2, 'reading is audited';
};

subtest 'erased' => sub {
    my $message = queued('password-changed', recipient => 'cid@example.org');
    my $slot = figure('persons') - 1;
    my $r = $t->post('/admin/privacy/erasures', {slot => $slot}, key => 1);
    is $r->{json}{kept}{message}, 1, 'the person had one message';
    ok CXM::until_true(10, sub {
        $r = $t->get("$url/$message->{id}", key => 1)->{json};
        $r->{status} eq 'cancelled';
    }), 'it is not sent';
    is_deeply [@$r{qw(reason template recipient fields rendered erased)}],
        ['person_erased', 'password-changed', undef, undef, undef, true],
        'and tells of nobody';
    my ($rc, $out) = outbox('show', $message->{id});
    is_deeply [$rc, $out], [0, "(erased)\n"];
    like +(outbox('list'))[1], qr/^$message->{id} .* \(erased\)$/m;
    my ($in) = grep { $_->{id} eq $message->{id} }
        outbox_json('list', '--json');
    is_deeply [@$in{qw(erased recipient)}], [true, undef];
    unlike +(outbox('list', '--json'))[1], qr/cid\@/, 'the address is gone';
    $t->sound('after an erasure');
};

# What accounts queue, with secrets that only the operator sees.
subtest 'of a customer' => sub {
    my $ann = CXM::Browser->new($t, email => 'ann@example.org')->join;
    $ann->post('/me/password/forgot', {email => 'ann@example.org'});
    my ($mail) = $ann->mails('reset');
    my $link = 'https://shop.example/me/reset#token=';
    like $mail->{rendered}{text}, qr/\n\Q$link\E\w{77}\n/,
        'the link, for the operator';
    my $text = sub { $t->get("$url/$mail->{id}", key => 1)
        ->{json}{rendered}{text} };
    like $text->(), qr/\n\Q$link\E\.\.\.\n/, 'staff do not get it';
    unlike $t->get($url, key => 1)->{body}, qr/token/, 'nor by the list';

    is $ann->post('/me/password/reset', {token => $ann->token('reset'),
        password => 'another long password'})->{status}, 200;
    ($mail) = $ann->mails('reset');
    like $mail->{rendered}{text}, qr/\n\Q$link\E\.\.\.\n/,
        'a token that was used is none';

    my ($customer) = @{$t->get('/admin/customers?email=ann@example.org',
                               key => 1)->{json}{items}};
    my $timeline = sub { [map { $_->{data} } @{$t->get("/admin/customers/"
        . "$customer->{id}/timeline?kinds=message", key => $_[0])
        ->{json}{items}}] };
    is_deeply [map { $_->{template} } @{$timeline->(1)}],
        [qw(password-changed reset verify)], 'in the timeline';
    is $timeline->(1)[0]{recipient}, 'ann@example.org';
    is $timeline->($t->key('analyst'))[0]{recipient}, undef;

    $t->post('/admin/privacy/erasures', {email => 'ann@example.org'},
             key => 1);
    ok CXM::until_true(10, sub {
        !grep { ($_->{status} eq 'queued' && $_->{erased})
                || ($_->{recipient} // '') eq 'ann@example.org' }
            outbox_json('list', '--json');
    }), 'an erasure takes them all';
    is_deeply $timeline->(1), [], 'they are nobody\'s';
    $t->sound('after an erased customer');
};

subtest 'killed' => sub {
    $t->expect_alerts(qr/exited on signal 9/);
    my $before = metric('queued');
    my %told;
    for my $n (1 .. 8) {
        my %once = (key => 1, headers => {'Idempotency-Key' => "kill-$n"},
                    json => {recipient => "d$n\@example.org"});
        my $try = sub { $t->post('/admin/templates/taken/test', %once) };
        my $pid = fork // die;
        if (!$pid) {
            select undef, undef, undef, rand 0.01;
            kill 'KILL', $t->workers;
            POSIX::_exit(0);
        }
        my $first = $try->();
        waitpid $pid, 0;
        $told{$first->{json}{id}} = 1 if $first->{status} == 202;
        my $again;
        CXM::until_true(20, sub {
            $again = $try->();
            return $again->{status} == 202;
        }) or diag $again->{body};
        is $again->{json}{id}, $first->{json}{id}, 'what was told is there'
            if $first->{status} == 202;
        $told{$again->{json}{id}} = 1;
    }
    $t->wait_store;
    is scalar keys %told, 8, 'each once';
    is metric('queued'), $before + 8, 'and no other';
    my %there = map { $_->{id} => 1 } outbox_json('list', '--json');
    is_deeply [grep { !$there{$_} } keys %told], [];
    $t->sound('after kills');
};

subtest 'retention' => sub {
    $t->{conf}{http} = 'cxm_retention journal=1s;';
    $t->reload;
    my $mail = $t->get("$url/$reset->{id}", key => 1)->{json};
    my $head = head();
    ok CXM::until_true(60, sub {
        $t->post('/admin/templates/taken/test', {recipient => 'e@f.example'},
                 key => 1);
        return figure('archived') >= $head;
    }, 0.5), 'entries leave the journal';
    is_deeply $t->get("$url/$reset->{id}", key => 1)->{json}, $mail,
        'messages stay as they are';
    is $t->post("$url/$reset->{id}/cancel", key => 1)->{status}, 200,
        'and can be cancelled';
    $t->sound('behind a checkpoint');
};

done_testing;
