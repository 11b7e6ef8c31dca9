#!/usr/bin/perl

# Questions of several segments at once, counted from rows of answers: the
# same as counters where those know it, the same as a recount of the list, at
# most 10,000 rows a snapshot, stopped when the client leaves.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Fault;
use Test::More;

my $t = CXM->new(start => 0, conf => {log_level => 'info'});
my $fault = CXM::Fault->new($t)->start;
my $server = $t->key('server');
srand 20261126;

sub any { $_[int rand @_] }

sub metric {
    my ($metric, @pairs) = @_;
    my @query;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @query, "$name=$value";
    }
    my $reply = $t->get("/admin/metrics/$metric?" . join('&', @query),
                        key => 1);
    is $reply->{status}, 200, "$metric " . join '&', @query
        or diag $reply->{body};
    return $reply->{json};
}

sub put_survey {
    my ($slug, %more) = @_;
    my $reply = $t->put("/admin/surveys/$slug", {
        title => $slug, status => 'live', segment_by => ['plan'],
        questions => [map {{text => {en => 'How?'}, %$_}}
            {id => 'nps', type => 'nps'}, {id => 'sat', type => 'csat'},
            {id => 'ease', type => 'ces'}, {id => 'why', type => 'text'}],
        csi => {questions => ['nps', 'sat']}, %more}, key => 1);
    like $reply->{status}, qr/^20[01]$/, "survey $slug"
        or diag $reply->{body};
}

sub answer {
    my ($survey, $answer) = @_;
    my $reply = $t->post("/s/$survey/responses", $answer, key => $server);
    return if $reply->{status} == 201;
    return fail("answer: $reply->{status} $reply->{body}");
}

# -- a survey with a bit of everything ----------------------------------------

my @channels = ('web', 'app', 'email', undef);
my @plans = ('free', 'pro', undef);
my @agents = ('ann', 'bob', 'carl', undef);

sub random_answer {
    my %answers = (nps => int rand 11);
    $answers{sat} = 1 + int rand 5 if rand > .2;
    $answers{ease} = 1 + int rand 7 if rand > .4;
    $answers{why} = 'so' if rand > .9;
    my ($channel, $plan, $agent) = (any(@channels), any(@plans), any(@agents));
    my %attributes;
    $attributes{plan} = $plan if defined $plan;
    $attributes{size} = any('s', 'm') if $_[0] && rand > .3;
    return {
        answers => \%answers,
        complete => rand > .1 ? Mojo::JSON->true : Mojo::JSON->false,
        client_time => sprintf('2026-03-%02dT%02d:%02d:00Z', 1 + int rand 9,
                               int rand 24, int rand 60),
        attributes => \%attributes,
        defined $channel ? (channel => $channel) : (),
        defined $agent ? (agent => $agent) : (),
    };
}

put_survey('mix');
answer('mix', random_answer(0)) for 1 .. 250;
put_survey('mix', segment_by => ['plan', 'size']);
answer('mix', random_answer(1)) for 1 .. 150;

# Nobody has a product: to ask for that too is to ask for the same, of rows.
my @same = (where => 'product:');
my @span = (survey => 'mix', from => '2026-03-02T06:15:00Z',
            to => '2026-03-08T20:30:00Z');

subtest 'every single filter is what its counter says' => sub {
    for my $where (qw(channel:web channel:app channel:email channel: plan:free
        plan:pro plan: size:s size:m size: agent:ann agent: country:))
    {
        for my $bucket (qw(none hour day week)) {
            my @query = (@span, bucket => $bucket, where => $where);
            is_deeply metric('nps', @query, @same), metric('nps', @query);
        }
        for my $metric (qw(csat ces csi)) {
            my @query = (survey => 'mix', bucket => 'day', where => $where);
            is_deeply metric($metric, @query, @same),
                metric($metric, @query);
        }
    }
};

subtest 'every split is what its counters say' => sub {
    for my $by (qw(channel plan size agent country)) {
        for my $metric (qw(nps csi)) {
            my @query = (@span, bucket => 'day', by => $by);
            is_deeply metric($metric, @query, @same)->{segments},
                metric($metric, @query)->{segments};
        }
    }
};

# -- a recount from the list --------------------------------------------------

sub all_answers {
    my ($survey) = @_;
    my ($cursor, @items);
    do {
        my $reply = $t->get("/admin/responses?survey=$survey&limit=500"
            . ($cursor ? "&cursor=$cursor" : ''), key => 1);
        push @items, @{$reply->{json}{items}};
        $cursor = $reply->{json}{next};
    } while ($cursor);
    return @items;
}

subtest 'several filters are what a recount says' => sub {
    my @all = all_answers('mix');
    is @all, 400;

    my %value = (
        channel => sub { $_[0]{channel} },
        agent => sub { $_[0]{agent} },
        plan => sub { $_[0]{attributes}{plan} },
    );
    my $scale = sub {
        my @counts = (0) x 11;
        $counts[$_->{answers}{nps}]++ for @_;
        return \@counts;
    };

    for (1 .. 30) {
        my (%want, @where);
        for my $segment (keys %value) {
            next if rand > .6;
            my @values = $segment eq 'plan' ? @plans
                : $segment eq 'agent' ? @agents : @channels;
            $want{$segment} = [map { any(@values) } 1 .. 1 + rand 2];
            push @where, map { (where => "$segment:" . ($_ // '')) }
                @{$want{$segment}};
        }
        my @left = grep {
            my $item = $_;
            !grep {
                my $is = $value{$_}->($item) // '';
                !grep { ($_ // '') eq $is } @{$want{$_}}
            } keys %want;
        } @all;
        my $json = metric('nps', survey => 'mix', @where);
        is $json->{n}, @left;
        is_deeply $json->{scale}, $scale->(@left)
            unless $want{agent} && @left < 5;

        $json = metric('nps', survey => 'mix', @where, by => 'plan');
        my %by = map { ($_->{value} // '') => $_->{n} } @{$json->{segments}};
        for my $plan (map { $_ // '' } @plans) {
            is $by{$plan} // 0, grep({
                ($_->{attributes}{plan} // '') eq $plan } @left), "by $plan";
        }
    }
};

subtest 'an agent needs five answers, also with other filters' => sub {
    put_survey('few');
    answer('few', {answers => {nps => 10}, agent => 'ann', channel => 'web'})
        for 1 .. 4;
    answer('few', {answers => {nps => 0}, agent => 'ann', channel => 'app'})
        for 1 .. 3;
    my @few = (survey => 'few', where => 'agent:ann');

    is metric('nps', @few)->{n}, 7;
    ok !metric('nps', @few)->{withheld}, 'seven are enough';
    my $json = metric('nps', @few, where => 'channel:web');
    is $json->{n}, 4;
    is $json->{value}, undef;
    is $json->{withheld}, 1, 'four are not';
    $json = metric('nps', survey => 'few', by => 'agent',
                   where => 'channel:web');
    is $json->{segments}[0]{withheld}, 1, 'nor are they in a split';
    is_deeply [map { $_->{score} } @{metric('nps', @few, by => 'channel')
        ->{segments}}], [undef, undef], 'by anything';
    is_deeply [map { $_->{score} } @{metric('nps', survey => 'few',
        where => 'plan:', by => 'channel')->{segments}}], [100, -100],
        'without an agent four are told';
};

# -- more values than are kept ------------------------------------------------

subtest 'the 1,001st value is (other)' => sub {
    put_survey('many', segment_by => ['shop']);
    for my $i (1 .. 1100) {
        answer('many', {answers => {nps => $i % 11},
                        channel => $i % 2 ? 'web' : 'app',
                        attributes => {shop => "shop $i"}});
    }
    answer('many', {answers => {nps => 10}, attributes => {shop => 'shop 7'}});

    my $json = metric('nps', survey => 'many', by => 'shop');
    is $json->{n}, 1101;
    my %n = map { $_->{value} => $_->{n} } @{$json->{segments}};
    is keys %n, 1001;
    is $n{'(other)'}, 100;
    is $json->{segments}[0]{value}, '(other)', 'the largest first';
    is $n{'shop 7'}, 2, 'a value that has its number keeps it';
    is $n{'shop 1001'}, undef;

    my @other = (survey => 'many', where => 'shop:(other)');
    is metric('nps', @other)->{n}, 100;
    is_deeply metric('nps', @other, @same), metric('nps', @other),
        'by counters and by rows';
    is metric('nps', @other, where => 'channel:web')->{n}, 50;
    is metric('nps', survey => 'many', where => 'shop:shop 1050')->{n}, 0,
        'it has no count of its own';

    my ($item) = grep { $_->{attributes}{shop} eq 'shop 1050' }
        all_answers('many');
    ok $item, 'the answer itself keeps its value';
    is metric('nps', survey => 'many', by => 'shop', where => 'channel:web')
        ->{segments}[0]{n}, 50;
};

# -- touchpoints --------------------------------------------------------------

my %agents = (desktop => 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
              mobile => 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile',
              bot => 'Googlebot/2.1');
my @types = ('page_view', 'purchase', 'search');
my @places = ('cart', 'home', undef);
my @events;

sub send_events {
    for my $agent (sort keys %agents) {
        my @batch = map {
            my $place = any(@places);
            {type => any(@types), $place ? (touchpoint => $place) : (),
             client_time => sprintf('2026-03-%02dT%02d:%02d:00Z',
                                    1 + int rand 9, int rand 24, int rand 60)}
        } 1 .. 80;
        # what a server sends is no bot's, whatever its agent is
        my $reply = $t->post('/b', {events => \@batch},
            key => $agent eq 'bot' ? undef : $server,
            headers => {'User-Agent' => $agents{$agent}});
        is $reply->{json}{accepted}, 80, "events by $agent"
            or diag $reply->{body};
        push @events, map {{%$_, agent => $agent}} @batch;
    }
}

subtest 'touchpoints by several segments' => sub {
    send_events();
    answer('few', {answers => {nps => 1}}) for 1 .. 3;     # not in the way
    send_events();

    my @span = (from => '2026-03-02T06:15:00Z', to => '2026-03-08T20:30:00Z');
    my @none = (where => 'country:');
    for my $where (qw(type:search touchpoint:cart touchpoint: device:mobile
        device:))
    {
        for my $bucket (qw(none day hour)) {
            my @query = (@span, bucket => $bucket, where => $where);
            is_deeply metric('touchpoints', @query, @none),
                metric('touchpoints', @query);
        }
    }
    is_deeply metric('touchpoints', @span, by => 'type', @none)->{segments},
        metric('touchpoints', @span, by => 'type')->{segments};

    for my $type (@types) {
        for my $place (@places) {
            my $json = metric('touchpoints', where => "type:$type",
                              where => 'touchpoint:' . ($place // ''));
            my @left = grep { $_->{type} eq $type && ($_->{touchpoint} // '')
                              eq ($place // '') } @events;
            is $json->{n}, @left, 'as many as were sent';
            is $json->{bots}, grep { $_->{agent} eq 'bot' } @left;
        }
    }
    my $json = metric('touchpoints', where => 'type:purchase',
                      by => 'touchpoint', where => 'device:desktop');
    my %n = map { ($_->{value} // '') => $_->{n} } @{$json->{segments}};
    is_deeply \%n, {map { my $place = $_ // ''; $place => scalar grep {
        $_->{type} eq 'purchase' && $_->{agent} eq 'desktop'
        && ($_->{touchpoint} // '') eq $place } @events } @places};
};

# -- many rows ----------------------------------------------------------------

my $body = $t->write_file('answer.json', '{"answers": {"nps": 9, "sat": 4},'
    . '"channel": "web", "attributes": {"plan": "pro"}}');

sub flood {
    my ($n) = @_;
    my ($rc, $out, $err) = CXM::run('h2load', '--h1', '-t1', '-c64',
        "-n$n", '-d', $body, '-H', 'content-type: application/json',
        $t->url('/s/flood/responses'));
    like $out, qr/\b$n succeeded/, "$n answers" or diag $out . $err;
}

subtest 'more rows than a snapshot may see' => sub {
    put_survey('flood');
    flood(25_000);
    my @query = (survey => 'flood', where => 'channel:web');
    is_deeply metric('csi', @query, @same), metric('csi', @query);
    is metric('nps', @query, where => 'plan:pro')->{n}, 25_000;
    is metric('nps', @query, where => 'plan:free')->{n}, 0;
};

subtest 'a client that leaves ends it' => sub {
    $fault->set('snapshot hold');
    my $client = $t->connect;
    syswrite $client, 'GET /admin/metrics/nps?survey=flood&where=channel:web'
        . '&where=product: HTTP/1.1' . "\r\nHost: x\r\n"
        . 'Authorization: Bearer ' . $t->admin_key . "\r\n\r\n";
    ok CXM::until_true(30, sub { $fault->taken }), 'it reads';

    close $client;
    ok CXM::until_true(30, sub { $t->error_log =~ /client prematurely closed/ }),
        'the client has left';
    $fault->clear;
    ok CXM::until_true(30, sub { $t->error_log =~ /a long read was stopped/ }),
        'it is stopped';
    is metric('nps', survey => 'flood', where => 'channel:web',
              where => 'plan:pro')->{n}, 25_000, 'others are answered';
};

$t->sound;

done_testing;
