#!/usr/bin/perl

# Scores from answers that came over HTTP: the known answers of the contract,
# ranges, buckets, segments, and every wrong argument.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Test::More;

my $t = CXM->new;
my $server = $t->key('server');

sub put_survey {
    my ($slug, @questions) = @_;
    my %more = ref $questions[-1] eq 'HASH' && !$questions[-1]{type}
        ? %{pop @questions} : ();
    my $reply = $t->put("/admin/surveys/$slug", {
        title => $slug, status => 'live', segment_by => ['plan'],
        questions => [map {{text => {en => 'How?'}, %$_}} @questions],
        %more}, key => 1);
    is $reply->{status}, 201, "survey $slug" or diag $reply->{body};
}

# answer(survey, {question => score}, times, {more})
sub answer {
    my ($survey, $answers, $times, $more) = @_;
    for (1 .. $times // 1) {
        my $reply = $t->post("/s/$survey/responses",
            {answers => $answers, complete => Mojo::JSON->true,
             %{$more || {}}}, key => $server);
        next if $reply->{status} == 201;
        return fail("answer: $reply->{status} $reply->{body}");
    }
    return;
}

sub ask {
    my ($metric, %arg) = @_;
    my $query = join '&', map {
        my $name = $_;
        map { "$name=$_" } ref $arg{$name} ? @{$arg{$name}} : $arg{$name}
    } sort keys %arg;
    return $t->get("/admin/metrics/$metric?$query", key => 1);
}

sub score {
    my $reply = ask(@_);
    is $reply->{status}, 200, "$_[0] is answered" or diag $reply->{body};
    return $reply->{json};
}

sub near {
    my ($got, $expect, $name) = @_;
    ok defined $got && abs($got - $expect) < 0.00501, $name
        or diag 'got ' . ($got // 'null') . ", not $expect";
}

sub segments {
    my ($json) = @_;
    return [map { [$_->{value}, $_->{n}] } @{$json->{segments}}];
}

my $nps = {id => 'nps', type => 'nps'};

subtest 'NPS' => sub {
    put_survey('nps', $nps, {id => 'nps2', type => 'nps'},
               {id => 'csat', type => 'csat'});

    my $empty = score('nps', survey => 'nps');
    is $empty->{n}, 0;
    ok exists $empty->{$_} && !defined $empty->{$_}, "$_ is null"
        for qw(value display margin center low high margin_normal from to);

    answer('nps', {nps => 10}, 30);
    answer('nps', {nps => 9}, 20);
    answer('nps', {nps => 7}, 25);
    answer('nps', {nps => 6}, 20);
    answer('nps', {nps => 0}, 5);

    my $json = score('nps', survey => 'nps');
    is $json->{metric}, 'nps';
    is $json->{survey}, 'nps';
    is $json->{question}, 'nps', 'the first of the type';
    is $json->{tz}, 'UTC';
    is $json->{n}, 100;
    is $json->{promoters}, 50;
    is $json->{passives}, 25;
    is $json->{detractors}, 25;
    is $json->{value}, 25;
    is $json->{display}, 25;
    near $json->{margin_normal}, 16.25, 'margin_normal';
    near $json->{center}, 24.27, 'center';
    near $json->{margin}, 15.97, 'margin';
    near $json->{low}, 8.30, 'low';
    near $json->{high}, 40.24, 'high';
    is_deeply $json->{scale}, [5, 0, 0, 0, 0, 0, 20, 25, 0, 20, 30];

    is score('nps', survey => 'nps', question => 'nps2')->{n}, 0;
    answer('nps', {nps2 => 10}, 5);
    $json = score('nps', survey => 'nps', question => 'nps2');
    is $json->{value}, 100;
    near $json->{center}, 62.50, 'center of 5/0/0';
    near $json->{margin}, 45.01, 'margin of 5/0/0';
    is $json->{high}, 100, 'clamped';
};

subtest 'CSAT and CES' => sub {
    put_survey('sat', {id => 'csat', type => 'csat'},
               {id => 'ces', type => 'ces'},
               {id => 'ces5', type => 'ces', scale => {min => 1, max => 5}});
    answer('sat', {csat => $_}) for 5, 4, 4, 3, 1;
    answer('sat', {ces => $_}) for 1 .. 7;

    my $json = score('csat', survey => 'sat');
    is $json->{variant}, 'top2';
    is $json->{value}, 60;
    is_deeply $json->{scale}, [1, 0, 1, 2, 1];
    near $json->{margin}, 32.58, "Wilson's margin";
    near score('csat', survey => 'sat', variant => 'mean')->{value}, 3.4,
        'mean';
    is score('csat', survey => 'sat', variant => 'net')->{value}, 40;

    $json = score('ces', survey => 'sat');
    is $json->{variant}, 'mean';
    is $json->{value}, 4;
    near $json->{margin}, 1.6, 'margin of a mean';
    near score('ces', survey => 'sat', variant => 'agree')->{value}, 42.86,
        'agree';
    near score('ces', survey => 'sat', variant => 'net')->{value}, -14.29,
        'net';

    my $reply = ask('ces', survey => 'sat', question => 'ces5',
                    variant => 'net');
    is $reply->{status}, 422;
    is $reply->{json}{errors}[0]{pointer}, '?variant';
};

subtest 'CSI' => sub {
    my @questions = map {{id => $_, type => 'scale',
                          scale => {min => 1, max => 10}}}
        qw(overall expected ideal);
    put_survey('csi', @questions, {csi => {questions =>
        [qw(overall expected ideal)]}});
    put_survey('csi-weighed', @questions, {csi => {questions =>
        [qw(overall expected ideal)], weights => [.3885, .3190, .2925]}});

    for my $survey ('csi', 'csi-weighed') {
        answer($survey, {overall => 8, expected => 7, ideal => 9}, 2);
        answer($survey, {overall => 1, expected => 1});
    }

    my $json = score('csi', survey => 'csi');
    is $json->{n}, 2, 'answers that lack an item are left out';
    near $json->{value}, 77.78, 'unweighted';
    is_deeply [map { $_->{id} } @{$json->{questions}}],
        [qw(overall expected ideal)];
    is_deeply [map { $_->{mean} } @{$json->{questions}}], [8, 7, 9];

    $json = score('csi', survey => 'csi-weighed');
    near $json->{value}, 77.48, 'weighted';
    is $json->{questions}[0]{weight}, .3885;
    is ask('csi', survey => 'nps')->{status}, 422;
};

subtest 'time' => sub {
    put_survey('time', $nps);
    answer('time', {nps => 10}, 1, {client_time => '2024-02-28T23:59:59Z'});
    answer('time', {nps => 10}, 2, {client_time => '2024-02-29T00:00:00Z'});
    answer('time', {nps => 0}, 3, {client_time => '2024-03-02T10:20:00Z',
                                   channel => 'web'});

    my $json = score('nps', survey => 'time', bucket => 'day');
    is $json->{from}, '2024-02-28T00:00:00.000Z';
    is $json->{to}, '2024-03-03T00:00:00.000Z';
    is_deeply [map { [substr($_->{start}, 0, 10), $_->{n}, $_->{value}] }
               @{$json->{buckets}}],
        [['2024-02-28', 1, 100], ['2024-02-29', 2, 100],
         ['2024-03-01', 0, undef], ['2024-03-02', 3, -100]];

    for my $try (['hour', 83, 1], ['week', 1, 6], ['month', 2, 3],
                 ['quarter', 1, 6], ['year', 1, 6])
    {
        my ($bucket, $length, $first) = @$try;
        my $list = score('nps', survey => 'time', bucket => $bucket,
            from => '2024-02-28T23:00:00Z', to => '2024-03-03T10:00:00Z')
            ->{buckets};
        is scalar @$list, $length, "$bucket: number";
        is $list->[0]{n}, $first, "$bucket: the first";
    }

    is score('nps', survey => 'time', from => '2024-02-29T00:00:00Z')->{n}, 5;
    is score('nps', survey => 'time', to => '2024-02-29T00:00:00Z')->{n}, 1;
    is score('nps', survey => 'time', from => '2024-03-02T10:15:00Z',
             to => '2024-03-02T10:30:00Z')->{n}, 3;
    is score('nps', survey => 'time', from => '2024-03-02T10:30:00Z')->{n}, 0;
    is score('nps', survey => 'time', from => '2024-03-02T11:15:00%2B01:00')
        ->{from}, '2024-03-02T10:15:00.000Z', 'an offset';
};

subtest 'segments' => sub {
    put_survey('seg', $nps);
    answer('seg', {nps => 10}, 1, {channel => 'web'});
    answer('seg', {nps => 0}, 2, {channel => 'email',
                                  attributes => {plan => 'pro'}});
    answer('seg', {nps => 0}, 3);

    my $json = score('nps', survey => 'seg', by => 'plan');
    is_deeply segments($json), [['pro', 2], [undef, 4]], 'null comes last';
    is $json->{segments}[0]{score}, -100;
    is_deeply $json->{segments}[1]{scale},
        [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

    $json = score('nps', survey => 'seg', by => 'plan', bucket => 'year');
    is_deeply [map { [map { $_->{n} } @{$_->{buckets}}] }
               @{$json->{segments}}], [[2], [4]], 'buckets of segments';
    is $json->{segments}[0]{buckets}[0]{value}, -100;

    is score('nps', survey => 'seg', where => 'plan:pro')->{n}, 2;
    is score('nps', survey => 'seg', where => ['channel:web', 'channel:email',
                                               'channel:web'])->{n}, 3,
        'any of several values, each once';
    is score('nps', survey => 'seg', where => 'plan:')->{n}, 4;
    my $none = score('nps', survey => 'seg', where => 'plan:gold');
    is $none->{n}, 0;
    is $none->{value}, undef;

    answer('seg', {nps => 10}, 4, {agent => 'ann'});
    answer('seg', {nps => 10}, 5, {agent => 'bob'});
    $json = score('nps', survey => 'seg', by => 'agent');
    is_deeply [map { [$_->{value}, $_->{score}] } @{$json->{segments}}[0, 1]],
        [['bob', 100], ['ann', undef]], 'an agent needs five answers';
};

subtest 'wrong arguments' => sub {
    my @tries = (
        ['nps', {}, '?survey', 'required'],
        ['nps', {survey => 'csi'}, '?question', 'no_such_question'],
        ['nps', {survey => 'nps', question => 'x'}, '?question',
         'no_such_question'],
        ['nps', {survey => 'nps', question => 'csat'}, '?question',
         'wrong_type'],
        ['nps', {survey => 'nps', variant => 'top2'}, '?variant',
         'not_allowed'],
        ['nps', {survey => 'nps', bucket => 'minute'}, '?bucket',
         'not_allowed'],
        ['nps', {survey => 'nps', tz => 'Europe/Nowhere'}, '?tz',
         'no_such_time_zone'],
        ['nps', {survey => 'nps', from => 'yesterday'}, '?from', 'invalid'],
        ['nps', {survey => 'nps', from => '2024-01-01T00:01:00Z'}, '?from',
         'not_on_quarter_hour'],
        ['nps', {survey => 'nps', to => '2024-01-01T00:00:00.001Z'}, '?to',
         'not_on_quarter_hour'],
        ['nps', {survey => 'nps', from => '2024-01-02T00:00:00Z',
                 to => '2024-01-01T00:00:00Z'}, '?to', 'out_of_range'],
        ['nps', {survey => 'nps', from => '2000-01-01T00:00:00Z',
                 to => '2024-01-01T00:00:00Z', bucket => 'hour'}, '?bucket',
         'too_many'],
        ['nps', {survey => 'time', by => 'channel', bucket => 'hour',
                 from => '2024-01-01T00:00:00Z',
                 to => '2024-12-31T00:00:00Z'}, '?by', 'too_many'],
        ['nps', {survey => 'nps', where => 'plan'}, '?where', 'invalid'],
        ['nps', {survey => 'nps', by => 'shoe'}, '?by', 'no_such_segment'],
        ['touchpoints', {by => 'plan'}, '?by', 'no_such_segment'],
    );
    for my $try (@tries) {
        my ($metric, $arg, $pointer, $code) = @$try;
        my $reply = ask($metric, %$arg);
        is $reply->{status}, 422, "$pointer $code" or diag $reply->{body};
        is_deeply [@{$reply->{json}{errors}[0]}{qw(pointer code)}],
            [$pointer, $code];
    }
    is ask('nps', survey => 'unknown')->{status}, 404;
    is ask('nps', survey => 'nps', tz => 'Etc/UTC')->{status}, 200;
    is_deeply [sort map { $_->{pointer} } @{ask('nps', from => 'x', bucket => 'y')
        ->{json}{errors}}], ['?bucket', '?from', '?survey'],
        'all that is wrong';
};

subtest 'who may ask' => sub {
    for my $metric (qw(nps csat ces csi touchpoints)) {
        is $t->get("/admin/metrics/$metric?survey=nps")->{status}, 401;
        is $t->get("/admin/metrics/$metric", key => $server)->{status}, 403;
    }
    is $t->get('/admin/metrics/touchpoints', key => $t->key('analyst'))
        ->{status}, 200;
};

done_testing;
