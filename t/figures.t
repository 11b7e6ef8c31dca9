#!/usr/bin/perl

# Figures beside the scores: two ranges compared, response rates, the overview;
# known answers and every wrong argument.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Test::More;

my $t = CXM->new;
my $server = $t->key('server');

sub put_survey {
    my ($slug, %more) = @_;
    my $reply = $t->put("/admin/surveys/$slug", {
        title => $slug, status => 'live', segment_by => ['plan'],
        questions => [map {{text => {en => 'How?'}, %$_}}
            {id => 'nps', type => 'nps'}, {id => 'sat', type => 'csat'},
            {id => 'ease', type => 'ces'}],
        csi => {questions => ['nps', 'sat']}, %more}, key => 1);
    is $reply->{status}, 201, "survey $slug" or diag $reply->{body};
}

# answer(survey, day of March 2026, times, {question => score}, {more})
sub answer {
    my ($survey, $day, $times, $answers, $more) = @_;
    for (1 .. $times) {
        my $reply = $t->post("/s/$survey/responses",
            {answers => $answers, %{$more || {}},
             client_time => sprintf '2026-03-%02dT12:00:00Z', $day},
            key => $server);
        next if $reply->{status} == 201;
        return fail("answer: $reply->{status} $reply->{body}");
    }
}

sub day { sprintf '2026-03-%02dT00:00:00Z', $_[0] }

sub query {
    my (@pairs) = @_;
    my @query;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @query, "$name=$value";
    }
    return join '&', @query;
}

sub admin {
    my ($path, @pairs) = @_;
    my $reply = $t->get("/admin/$path?" . query(@pairs), key => 1);
    is $reply->{status}, 200, "$path " . query(@pairs) or diag $reply->{body};
    return $reply->{json};
}

# Whether the path answers 422 with these "pointer code".
sub refused {
    my ($path, $pairs, @expect) = @_;
    my $reply = $t->get("/admin/$path?" . query(@$pairs), key => 1);
    is $reply->{status}, 422, "@expect" or diag $reply->{body};
    is_deeply [map { "$_->{pointer} $_->{code}" }
               @{$reply->{json}{errors}}], \@expect;
}

sub near {
    my ($got, $expect, $name) = @_;
    ok defined $got && abs($got - $expect) < 0.00501, $name
        or diag 'got ' . ($got // 'null') . ", not $expect";
}

# -- comparing ----------------------------------------------------------------

my @ranges = (a_from => day(1), a_to => day(2), b_from => day(2),
              b_to => day(3));

# Promoters, passives, detractors of a day.
sub nps_day {
    my ($survey, $day, $p, $n, $d, $more) = @_;
    answer($survey, $day, $p, {nps => 10}, $more);
    answer($survey, $day, $n, {nps => 8}, $more);
    answer($survey, $day, $d, {nps => 3}, $more);
}

subtest 'two NPS' => sub {
    put_survey('nps');
    nps_day('nps', 1, 50, 25, 25, {channel => 'web'});
    nps_day('nps', 2, 60, 20, 20, {channel => 'app'});

    my $json = admin('metrics/compare', metric => 'nps', survey => 'nps',
                     @ranges);
    is $json->{metric}, 'nps';
    is $json->{survey}, 'nps';
    is $json->{question}, 'nps';
    is $json->{tz}, 'UTC';
    is $json->{a}{from}, '2026-03-01T00:00:00.000Z';
    is $json->{a}{to}, '2026-03-02T00:00:00.000Z';
    is $json->{a}{n}, 100;
    is $json->{a}{promoters}, 50;
    is $json->{a}{value}, 25;
    near $json->{a}{margin}, 15.97, 'margin of a';
    is $json->{b}{value}, 40;
    is $json->{difference}, -15, 'a - b';
    near $json->{z}, -1.30, 'z';
    near $json->{p}, 0.194, 'p';
    ok defined $json->{significant} && !$json->{significant},
        'not significant';

    is_deeply {%{$json->{a}}, from => 0, to => 0},
        {%{admin('metrics/nps', survey => 'nps', from => day(1),
                 to => day(2))}{qw(n promoters passives detractors value
            display margin center low high margin_normal scale)},
         from => 0, to => 0}, 'both figures in full';

    is_deeply $json->{segments}, [], 'no segments unless asked for';
    $json = admin('metrics/compare', metric => 'nps', survey => 'nps',
                  @ranges, by => 'channel');
    is_deeply [map { [$_->{value}, $_->{a}{n}, $_->{b}{n}, $_->{difference},
                      $_->{significant}] } @{$json->{segments}}],
        [['web', 100, 0, undef, undef], ['app', 0, 100, undef, undef]],
        'segments of either side';
    is $json->{segments}[0]{a}{value}, 25;

    $json = admin('metrics/compare', metric => 'nps', survey => 'nps',
                  @ranges, where => 'channel:web');
    is $json->{b}{n}, 0;
    is $json->{b}{value}, undef;
    ok exists $json->{$_} && !defined $json->{$_}, "$_ is null"
        for qw(difference z p significant);

    # the same two ranges from rows
    my @same = (where => 'product:');
    is_deeply admin('metrics/compare', metric => 'nps', survey => 'nps',
                    @ranges, where => 'country:', @same),
        admin('metrics/compare', metric => 'nps', survey => 'nps', @ranges),
        'rows give the same';

    nps_day('nps', 4, 80, 10, 10);
    $json = admin('metrics/compare', metric => 'nps', survey => 'nps',
        a_from => day(4), a_to => day(5), b_from => day(1), b_to => day(2));
    is $json->{difference}, 45;
    ok $json->{significant}, 'significant';
    ok $json->{p} < 0.001;
};

subtest 'CSAT, CES and CSI' => sub {
    put_survey('sat');
    answer('sat', 1, 30, {sat => 5, nps => 10, ease => 7});
    answer('sat', 1, 10, {sat => 2, nps => 6, ease => 5});
    answer('sat', 2, 20, {sat => 5, nps => 10, ease => 6});
    answer('sat', 2, 20, {sat => 1, nps => 2, ease => 2});

    my $json = admin('metrics/compare', metric => 'csat', survey => 'sat',
                     @ranges);
    is $json->{variant}, 'top2';
    is $json->{difference}, 25;
    near $json->{z}, 25 / sqrt(100 ** 2 * (.75 * .25 + .5 * .5) / 40), 'z';
    ok $json->{significant};

    $json = admin('metrics/compare', metric => 'csat', survey => 'sat',
                  variant => 'mean', @ranges);
    is $json->{variant}, 'mean';
    is $json->{a}{value}, 4.25;
    is $json->{b}{value}, 3;

    $json = admin('metrics/compare', metric => 'ces', survey => 'sat',
                  @ranges);
    is $json->{a}{value}, 6.5;
    is $json->{difference}, 2.5;

    $json = admin('metrics/compare', metric => 'csi', survey => 'sat',
                  @ranges);
    is $json->{question}, undef;
    is $json->{a}{n}, 40;
    near $json->{a}{value}, (90 + 81.25) / 2, 'csi';
    is scalar @{$json->{a}{questions}}, 2;
    ok $json->{significant};

    answer('sat', 3, 1, {sat => 5});
    $json = admin('metrics/compare', metric => 'csat', survey => 'sat',
        variant => 'mean', a_from => day(3), a_to => day(4),
        b_from => day(1), b_to => day(2));
    is $json->{difference}, .75;
    is $json->{z}, undef, 'one answer has no error';
    is $json->{significant}, undef;
};

subtest 'an agent needs five answers on either side' => sub {
    put_survey('agents');
    nps_day('agents', 1, 9, 0, 0, {agent => 'ann'});
    nps_day('agents', 2, 4, 0, 0, {agent => 'ann'});
    nps_day('agents', 2, 4, 0, 4, {agent => 'bob'});

    my $json = admin('metrics/compare', metric => 'nps', survey => 'agents',
                     @ranges, where => 'agent:ann');
    is $json->{a}{value}, 100;
    is $json->{b}{n}, 4;
    ok $json->{b}{withheld};
    is $json->{difference}, undef;

    $json = admin('metrics/compare', metric => 'nps', survey => 'agents',
                  @ranges, by => 'agent');
    is_deeply [map { [$_->{value}, $_->{difference}] } @{$json->{segments}}],
        [['ann', undef], ['bob', undef]];
    is $json->{segments}[1]{b}{value}, 0;
};

subtest 'what cannot be compared' => sub {
    my $path = 'metrics/compare';
    my @nps = (metric => 'nps', survey => 'nps');

    refused($path, [], '?metric required', '?survey required',
            '?a_from required', '?a_to required', '?b_from required',
            '?b_to required');
    refused($path, [metric => 'touchpoints', survey => 'nps', @ranges],
            '?metric not_allowed');
    refused($path, [metric => 'nps', @ranges], '?survey required');
    refused($path, [@nps, a_from => day(1), a_to => day(3), b_from => day(2),
                    b_to => day(4)], '?b_from overlap');
    refused($path, [@nps, a_from => day(1), a_to => day(2), b_from => day(1),
                    b_to => day(2)], '?b_from overlap');
    refused($path, [@nps, a_from => day(2), a_to => day(1), b_from => day(3),
                    b_to => day(4)], '?a_to out_of_range');
    refused($path, [@nps, @ranges[0 .. 5], b_to => '2026-03-03T00:01:00Z'],
            '?b_to not_on_quarter_hour');
    refused($path, [@nps, @ranges[0 .. 5], b_to => 'soon'], '?b_to invalid');
    refused($path, [@nps, @ranges, tz => 'Mars/Olympus'], '?tz no_such_time_zone');
    refused($path, [@nps, @ranges, bucket => 'day'], '?bucket unknown_parameter');
    refused($path, [@nps, @ranges, by => 'shoe'], '?by no_such_segment');
    refused($path, [@nps, @ranges, variant => 'top2'],
            '?variant not_allowed');
    refused($path, [metric => 'ces', survey => 'nps', question => 'sat',
                    @ranges], '?question wrong_type');
    refused($path, [metric => 'csi', survey => 'nps', question => 'sat',
                    variant => 'mean', @ranges],
            '?question not_allowed', '?variant not_allowed');
    is $t->get("/admin/$path?" . query(metric => 'nps', survey => 'none',
                                       @ranges), key => 1)->{status}, 404;
    is $t->get("/admin/$path")->{status}, 401;
    is $t->get("/admin/$path", key => $server)->{status}, 403;

    my $json = admin($path, @nps, a_from => day(1), a_to => day(1),
                     b_from => day(1), b_to => day(2));
    is $json->{a}{n}, 0, 'an empty range shares nothing';
};

# -- response rates -----------------------------------------------------------

sub ask {
    my ($survey, $json) = @_;
    my $reply = $t->post("/s/$survey/exposures", $json, key => $server);
    is $reply->{status}, 200, 'an exposure' or diag $reply->{body};
    return $reply->{json}{token};
}

sub reply_to {
    my ($survey, $token, $complete) = @_;
    my $reply = $t->post("/s/$survey/responses", {answers => {nps => 9},
        complete => $complete ? Mojo::JSON->true : Mojo::JSON->false,
        $token ? (exposure => $token) : ()});
    is $reply->{status}, 201, 'an answer' or diag $reply->{body};
}

subtest 'response rates' => sub {
    put_survey('ask');
    my $json = admin('metrics/response_rate', survey => 'ask');
    is $json->{$_}, 0, "$_: none yet"
        for qw(exposures shown started partial complete n);
    is $json->{value}, undef;
    is $json->{rates}{completion}{value}, undef;

    my @web = map { ask('ask', {channel => 'web'}) } 1 .. 10;
    my @app = map { ask('ask', {channel => 'app'}) } 1 .. 6;
    reply_to('ask', $web[$_], $_ < 4) for 0 .. 5;
    reply_to('ask', $app[0], 1);
    reply_to('ask', undef, $_) for 0, 1, 1;

    my $survey = $t->get('/admin/surveys/ask', key => 1)->{json};
    delete @$survey{qw(id slug version created_at updated_at)};
    $t->put('/admin/surveys/ask', {%$survey, status => 'closed'}, key => 1);
    ask('ask', {channel => 'web'}) for 1 .. 4;

    $json = admin('metrics/response_rate', survey => 'ask');
    is $json->{metric}, 'response_rate';
    is_deeply [@{$json}{qw(exposures shown started partial complete n)}],
        [20, 16, 7, 2, 5, 16];
    is_deeply $json->{refused}, {suppressed => 0, quota => 0,
                                 sampled_out => 0, closed => 4};
    is_deeply $json->{answers}, {n => 10, partial => 3, complete => 7},
        'also those that nobody asked for';
    is $json->{value}, 43.75, 'started among shown';
    my $rates = $json->{rates};
    is_deeply {map { $_ => [@{$rates->{$_}}{qw(of n value)}] } keys %$rates},
        {asked => ['exposures', 20, 80], response => ['shown', 16, 43.75],
         complete => ['shown', 16, 31.25],
         completion => ['started', 7, 71.428571]};

    # Wilson's interval of 7 among 16
    my ($p, $n, $z2) = (7 / 16, 16, 1.96 ** 2);
    near $rates->{response}{center},
        100 * ($p + $z2 / (2 * $n)) / (1 + $z2 / $n), 'center';
    near $rates->{response}{margin}, 196 * sqrt($p * (1 - $p) / $n
        + $z2 / (4 * $n * $n)) / (1 + $z2 / $n), 'margin';

    $json = admin('metrics/response_rate', survey => 'ask', by => 'channel',
                  bucket => 'day');
    is_deeply [map { [@{$_}{qw(value exposures shown started score)}] }
               grep { defined $_->{value} } @{$json->{segments}}],
        [['web', 14, 10, 6, 60], ['app', 6, 6, 1, 16.666667]];
    is $json->{segments}[0]{refused}{closed}, 4;
    is $json->{segments}[-1]{value}, undef;
    is $json->{segments}[-1]{answers}{n}, 3, 'nobody knows their channel';
    is $json->{buckets}[0]{shown} + ($json->{buckets}[1]{shown} // 0), 16;
    is $json->{segments}[0]{buckets}[-1]{value}, 60;
    is admin('metrics/response_rate', survey => 'ask',
             where => 'channel:app')->{value}, 16.666667;

    put_survey('unasked');
    answer('unasked', 1, 2, {nps => 1});
    $json = admin('metrics/response_rate', survey => 'unasked');
    is $json->{exposures}, 0;
    is $json->{answers}{n}, 2, 'a survey that asks nobody has answers';

    my $path = 'metrics/response_rate';
    refused($path, [], '?survey required');
    refused($path, [survey => 'ask', by => 'plan'], '?by no_such_segment');
    refused($path, [survey => 'ask', by => 'product'],
            '?by no_such_segment');
    refused($path, [survey => 'ask', where => 'channel:web',
                    where => 'device:mobile'], '?where not_supported');
    refused($path, [survey => 'ask', question => 'nps'],
            '?question unknown_parameter');
    is $t->get("/admin/$path?survey=none", key => 1)->{status}, 404;
    is $t->get("/admin/$path?survey=ask", key => $server)->{status}, 403;
};

# -- the overview -------------------------------------------------------------

subtest 'an overview of nothing' => sub {
    my $empty = CXM->new;
    my $reply = $empty->get('/admin/overview', key => 1);
    is $reply->{status}, 200;
    is_deeply [map { exists $reply->{json}{$_} ? $reply->{json}{$_} : 'none' }
        qw(csi nps csat ces response_rate)], [(undef) x 5];
    $empty->stop;
};

subtest 'the overview' => sub {
    put_survey('over');
    nps_day('over', 1, 50, 25, 25);
    nps_day('over', 2, 50, 25, 25);
    nps_day('over', 3, 60, 20, 20);
    nps_day('over', 4, 60, 20, 20);
    answer('over', 4, 10, {sat => 5});
    my @range = (survey => 'over', from => day(3), to => day(5));

    my $json = admin('overview', @range);
    is $json->{from}, '2026-03-03T00:00:00.000Z';
    is $json->{to}, '2026-03-05T00:00:00.000Z';
    is $json->{tz}, 'UTC';
    is $json->{bucket}, 'hour', 'of two days';
    is scalar @{$json->{nps}{trend}}, 48;

    $json = admin('overview', @range, bucket => 'day');
    my $nps = $json->{nps};
    is_deeply [@{$nps}{qw(metric survey question n promoters value)}],
        ['nps', 'over', 'nps', 200, 120, 40];
    my $direct = admin('metrics/nps', survey => 'over', from => day(3),
                       to => day(5));
    is $nps->{$_}, $direct->{$_}, $_ for qw(margin low high center display);
    is_deeply [@{$nps->{change}}{qw(from to n value difference)}],
        ['2026-03-01T00:00:00.000Z', '2026-03-03T00:00:00.000Z', 200, 25, 15];
    my $compared = admin('metrics/compare', metric => 'nps', survey => 'over',
        a_from => day(3), a_to => day(5), b_from => day(1), b_to => day(3));
    is $nps->{change}{$_}, $compared->{$_}, "$_ as compared"
        for qw(difference z p significant);
    is_deeply [map { [@{$_}{qw(start n value)}] } @{$nps->{trend}}],
        [['2026-03-03T00:00:00.000Z', 100, 40],
         ['2026-03-04T00:00:00.000Z', 100, 40]];
    is $json->{csat}{n}, 10;
    is $json->{csat}{variant}, 'top2';
    is $json->{csat}{change}{n}, 0;
    is $json->{csat}{change}{difference}, undef;
    is $json->{csat}{change}{significant}, undef;
    is $json->{csat}{trend}[0]{value}, undef, 'an empty day';
    is $json->{ces}{n}, 0;
    is $json->{ces}{value}, undef;
    is $json->{csi}{n}, 0, 'nobody answered all items';
    is $json->{response_rate}{shown}, 0;
    is $json->{response_rate}{answers}{n}, 210;
    is $json->{response_rate}{value}, undef;

    # the survey that a figure is of
    $json = admin('overview', from => day(1), to => day(5));
    is $json->{nps}{survey}, 'over', 'the live one with the most answers';
    my $survey = $t->get('/admin/surveys/over', key => 1)->{json};
    delete @$survey{qw(id slug version created_at updated_at)};
    $t->put('/admin/surveys/over', {%$survey, status => 'paused'}, key => 1);
    is admin('overview', from => day(1), to => day(5))->{nps}{survey}, 'nps',
        'of those that run';
    is admin('overview', @range)->{nps}{value}, 40, 'unless it is named';
    $t->put('/admin/surveys/over', $survey, key => 1);

    # today and 29 days before
    answer('over', 1, 1, {nps => 0, sat => 1});
    $t->post('/s/over/responses', {answers => {nps => 10}});
    $json = admin('overview', survey => 'over', tz => 'Europe/Berlin');
    is $json->{tz}, 'Europe/Berlin';
    is $json->{bucket}, 'day';
    is $json->{nps}{n}, 1, 'by default the last 30 days';
    is scalar @{$json->{nps}{trend}}, 30;
    is $json->{nps}{trend}[-1]{n}, 1, 'and today is the last of them';

    for my $try ([1, 'hour'], [92, 'day'], [93, 'week'], [731, 'week'],
                 [732, 'month'], [3660, 'month'], [3661, 'year'])
    {
        my ($days, $bucket) = @$try;
        my @time = gmtime(1_600_041_600 + 86400 * $days);
        my $to = sprintf '%d-%02d-%02dT00:00:00Z', $time[5] + 1900,
            $time[4] + 1, $time[3];
        is admin('overview', survey => 'over', to => $to,
            from => '2020-09-14T00:00:00Z')->{bucket}, $bucket,
            "$days days by $bucket";
    }

    # benchmarks, where the table has one
    $t->put('/admin/benchmarks/peers', {source => 'E',
        source_date => '2026-01-01', rows => [
            {industry => 'Retail', metric => 'nps', value => 30},
            {industry => 'Retail', metric => 'csi', value => 70}]}, key => 1);
    $json = admin('overview', @range, benchmark => 'peers');
    is $json->{nps}{benchmark}{difference}, 10;
    is $json->{csi}{benchmark}{value}, 70;
    ok !exists $json->{csat}{benchmark}, 'none there';

    refused('overview', [from => day(2), to => day(2)], '?to out_of_range');
    refused('overview', [from => '2999-01-01T00:00:00Z'],
            '?from out_of_range');
    refused('overview', [from => '2026-01-01T00:00:01Z'],
            '?from not_on_quarter_hour');
    refused('overview', [bucket => 'minute'], '?bucket not_allowed');
    refused('overview', [by => 'channel'], '?by unknown_parameter');
    refused('overview', [survey => 'over', benchmark => 'none'],
            '?benchmark not_found');
    is $t->get('/admin/overview?survey=none', key => 1)->{status}, 404;
    is $t->get('/admin/overview')->{status}, 401;
    is $t->get('/admin/overview', key => $server)->{status}, 403;
};

subtest 'a scale too short for the default' => sub {
    my $reply = $t->put('/admin/surveys/short', {
        title => 'short', status => 'live', questions => [
            {id => 'sat', type => 'csat', text => {en => 'Good?'},
             scale => {min => 0, max => 1}}]}, key => 1);
    is $reply->{status}, 201 or diag $reply->{body};
    answer('short', 1, 3, {sat => 1});
    my $json = admin('overview', survey => 'short', from => day(1),
                     to => day(2));
    is $json->{csat}{variant}, 'mean';
    is $json->{csat}{value}, 1;
    is $json->{nps}, undef;
    is $json->{response_rate}{answers}{n}, 3;
};

$t->sound;

done_testing;
