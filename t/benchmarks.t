#!/usr/bin/perl

# Benchmarks: tables of published scores put as JSON, CSV and NDJSON, checked,
# listed, deleted, and held against scores.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(encode_json);
use Test::More;

my $t = CXM->new;
my $server = $t->key('server');
my $analyst = $t->key('analyst');
my $viewer = $t->key('viewer');

my %row = (industry => 'Retail', metric => 'nps', value => 45, n => 1200,
           source => 'Example Institute', source_date => '2026-03-01');

sub put {
    my ($slug, $document, %more) = @_;
    return $t->put("/admin/benchmarks/$slug", $document, key => $analyst,
                   %more);
}

sub put_text {
    my ($slug, $type, $text) = @_;
    return $t->request('PUT', "/admin/benchmarks/$slug", body => $text,
                       headers => {'Content-Type' => $type}, key => $analyst);
}

sub issues {
    my ($reply) = @_;
    return [map { "$_->{pointer} $_->{code}" } @{$reply->{json}{errors}}];
}

sub near {
    my ($got, $expect, $name) = @_;
    ok defined $got && abs($got - $expect) < 0.00501, $name
        or diag 'got ' . ($got // 'null') . ", not $expect";
}

# -- tables -------------------------------------------------------------------

subtest 'put, read, list, delete' => sub {
    my $reply = put('retail', {title => 'Retail 2026', rows => [\%row]});
    is $reply->{status}, 201 or diag $reply->{body};
    is $reply->{json}{slug}, 'retail';
    is $reply->{json}{version}, 1;
    my $etag = $reply->{headers}{etag};
    ok $etag, 'an ETag';

    $reply = $t->get('/admin/benchmarks/retail', key => $viewer);
    is $reply->{status}, 200;
    is $reply->{json}{rows}[0]{source}, 'Example Institute';
    is $reply->{json}{rows}[0]{value}, 45;

    is put('retail', {rows => [\%row]}, headers => {'If-Match' => '"7"'})
        ->{status}, 412;
    $reply = put('retail', {rows => [\%row, {%row, industry => 'Banking',
        value => 30.5}]}, headers => {'If-Match' => $etag});
    is $reply->{status}, 200;
    is $reply->{json}{version}, 2;

    is put('other', {rows => [\%row]})->{status}, 201;
    $reply = $t->get('/admin/benchmarks?limit=1', key => $viewer);
    is_deeply [map { [@{$_}{qw(slug row_count rows)}] }
               @{$reply->{json}{items}}], [['retail', 2, undef]],
        'listed without rows';
    ok $reply->{json}{next};

    is $t->delete('/admin/benchmarks/other', key => $analyst)->{status}, 204;
    is $t->get('/admin/benchmarks/other', key => $viewer)->{status}, 404;
    is $t->delete('/admin/benchmarks/other', key => $analyst)->{status}, 404;
};

subtest 'who may' => sub {
    my $document = {rows => [\%row]};
    is $t->put('/admin/benchmarks/x', $document)->{status}, 401;
    for my $key ($viewer, $server, $t->key('product')) {
        is $t->put('/admin/benchmarks/x', $document, key => $key)->{status},
            403;
        is $t->delete('/admin/benchmarks/retail', key => $key)->{status}, 403;
    }
    is $t->get('/admin/benchmarks/retail', key => $server)->{status}, 403;
    is $t->put('/admin/benchmarks/x', $document, key => 1)->{status}, 201,
        'an admin';
};

subtest 'rows of CSV' => sub {
    my $reply = put_text('csv', 'text/csv; charset=utf-8',
        "\xef\xbb\xbfid,industry,metric,variant,value,n,source,source_date,"
        . "scale.min,scale.max,region\r\n"
        . "a,\"Air, \"\"budget\"\"\",nps,,-5.5,300,\"Ex\nample\",2025-06-30,,,\r\n"
        . "\r\n"
        . "b,Air,csat,mean,3.9,,Example,2025-12-31,1,5,EU\r\n"
        . "c,Air,csi,,71,,Example,2025-12-01,,,");
    is $reply->{status}, 422, 'a line break in a source'
        or diag $reply->{body};
    is_deeply issues($reply), ['/rows/0/source invalid'];

    $reply = put_text('csv', 'text/csv',
        "id,industry,metric,variant,value,n,source,source_date,scale.min,"
        . "scale.max,region\n"
        . "a,\"Air, \"\"budget\"\"\",nps,,-5.5,300,Example,2025-06-30,,,\n\n"
        . "b,Air,csat,mean,3.9,,Example,2025-12-31,1,5,EU\n"
        . "c,Air,csi,,71,,Example,2025-12-01,,,");
    is $reply->{status}, 201 or diag $reply->{body};
    is_deeply $reply->{json}{rows}, [
        {id => 'a', industry => 'Air, "budget"', metric => 'nps',
         value => -5.5, n => 300, source => 'Example', source_date => '2025-06-30'},
        {id => 'b', industry => 'Air', metric => 'csat', variant => 'mean',
         value => 3.9, source => 'Example', source_date => '2025-12-31',
         scale => {min => 1, max => 5}, region => 'EU'},
        {id => 'c', industry => 'Air', metric => 'csi', value => 71,
         source => 'Example', source_date => '2025-12-01'}];

    my $head = "industry,metric,value,source,source_date\n";
    my @tries = (
        ["${head}Air,nps,high,E,2025-01-01\n", 422, '/rows/0/value wrong_type'],
        ["${head}Air,nps,4\n", 422, '/rows/0 invalid'],
        ["${head}Air,nps,4,E,2025-06-30,more\n", 422, '/rows/0 invalid'],
        ["industry,shoe\nAir,1\n", 422, '/rows/0/shoe unknown_field',
         '/rows/0/metric required', '/rows/0/value required'],
        ["industry,industry\nAir,1\n", 422, ' duplicate'],
        [$head, 422, '/rows too_short'],
        ["${head}\"Air,nps,4,E,2025-01-01\n", 400],
        ["${head}Ai\"r,nps,4,E,2025-01-01\n", 400],
        ["${head}\xff,nps,4,E,2025-01-01\n", 400],
        ['', 400],
    );
    for my $try (@tries) {
        my ($text, $status, @expect) = @$try;
        my $answer = put_text('bad', 'text/csv', $text);
        is $answer->{status}, $status, $text =~ s/\n/|/gr
            or diag $answer->{body};
        is_deeply issues($answer), \@expect if @expect;
    }
    is $t->get('/admin/benchmarks/bad', key => $viewer)->{status}, 404,
        'nothing is kept of what is refused';
};

subtest 'rows of NDJSON' => sub {
    my $text = join "\n", map { encode_json($_) } \%row,
        {%row, industry => 'Banking'};
    my $reply = put_text('lines', 'application/x-ndjson', "$text\n\n");
    is $reply->{status}, 201 or diag $reply->{body};
    is @{$reply->{json}{rows}}, 2;

    $reply = put_text('lines', 'application/x-ndjson', "$text\n{\"a\":");
    is $reply->{status}, 400;
    is $reply->{json}{code}, 'not_json';
    like $reply->{json}{detail}, qr/Row 2/;
    is_deeply issues(put_text('lines', 'application/x-ndjson', "[]\n")),
        ['/rows/0 wrong_type'];
    is put_text('lines', 'text/plain', $text)->{status}, 415;
    is $t->request('PUT', '/admin/surveys/x', body => $text, key => 1,
        headers => {'Content-Type' => 'text/csv'})->{status}, 415,
        'elsewhere no rows are taken';
    is $t->get('/admin/benchmarks/lines', key => $viewer)->{json}{version},
        1, 'the table is as it was';
};

subtest 'what no row may be' => sub {
    my @tries = (
        [{metric => 'fame'}, '/rows/0/metric not_allowed'],
        [{variant => 'top2'}, '/rows/0/variant not_allowed'],
        [{metric => 'csi', variant => 'net'}, '/rows/0/variant not_allowed'],
        [{value => 101}, '/rows/0/value out_of_range'],
        [{metric => 'csat', value => -1}, '/rows/0/value out_of_range'],
        [{metric => 'csat', variant => 'mean', value => 4},
         '/rows/0/scale required'],
        [{metric => 'csat', variant => 'mean', value => 6,
          scale => {min => 1, max => 5}}, '/rows/0/value out_of_range'],
        [{scale => {min => 5, max => 5}}, '/rows/0/scale/max out_of_range'],
        [{n => 0}, '/rows/0/n out_of_range'],
        [{source_date => '2026-03'}, '/rows/0/source_date invalid'],
        [{source_date => '2026-02-29'}, '/rows/0/source_date invalid'],
        [{source_date => '03/2026'}, '/rows/0/source_date invalid'],
        [{shoe => 1}, '/rows/0/shoe unknown_field'],
    );
    for my $try (@tries) {
        my ($change, @expect) = @$try;
        my $reply = put('bad', {rows => [{%row, %$change}]});
        is $reply->{status}, 422, "@expect" or diag $reply->{body};
        is_deeply issues($reply), \@expect;
    }

    my %bare = %row;
    delete @bare{qw(source source_date)};
    is_deeply issues(put('bad', {rows => [\%bare]})),
        ['/rows/0/source required', '/rows/0/source_date required'];
    is put('said', {source => 'Us', source_date => '2026-01-01', rows => [\%bare]})
        ->{status}, 201, 'the table may say it for all';
    is_deeply issues(put('bad', {source_date => 'today', rows => [\%row]})),
        ['/source_date invalid'];
    is_deeply issues(put('bad', {rows => [\%row, {%row, region => 'EU'}]})),
        ['/rows/1/id duplicate'];
    is put('two', {rows => [{%row, id => 'world'},
                            {%row, id => 'eu', region => 'EU'}]})->{status},
        201, 'ids tell them apart';
    is_deeply issues(put('bad', {rows => []})), ['/rows too_short'];
    is_deeply issues(put('bad', {rows => [map {{%row, industry => "i $_"}}
        1 .. 1001]})), ['/rows too_long'];
    is put('Bad', {rows => [\%row]})->{status}, 422, 'a slug';
};

# -- scores against them ------------------------------------------------------

sub score {
    my ($metric, %arg) = @_;
    my $reply = $t->get("/admin/metrics/$metric?" . join('&', map {
        "$_=$arg{$_}" } sort keys %arg), key => $viewer);
    return $reply;
}

subtest 'a score and what others have' => sub {
    $t->put('/admin/surveys/own', {
        title => 'own', status => 'live',
        questions => [map {{text => {en => 'How?'}, %$_}}
            {id => 'nps', type => 'nps'}, {id => 'sat', type => 'csat'},
            {id => 'sat7', type => 'csat', scale => {min => 1, max => 7}}],
        csi => {questions => ['sat']}}, key => 1);
    for my $answer ((map {{nps => 10, sat => 5}} 1 .. 50),
                    (map {{nps => 8, sat => 4}} 1 .. 25),
                    (map {{nps => 3, sat => 1}} 1 .. 25))
    {
        $t->post('/s/own/responses', {answers => $answer}, key => $server);
    }

    my $reply = put('all', {rows => [
        {%row, id => 'rough', value => 40, n => 100},
        {(map { $_ => $row{$_} } grep { $_ ne 'n' } keys %row),
         id => 'exact', value => 8.75},
        {%row, metric => 'csat', value => 70},
        {%row, metric => 'csat', variant => 'mean', value => 4.25,
         scale => {min => 1, max => 5}},
        {%row, metric => 'csi', value => 60}]});
    is $reply->{status}, 201 or diag $reply->{body};

    my $json = score('nps', survey => 'own')->{json};
    ok !exists $json->{benchmark}, 'none unless asked for';

    $json = score('nps', survey => 'own', benchmark => 'all:exact')->{json};
    is $json->{value}, 25;
    my $b = $json->{benchmark};
    is_deeply [@{$b}{qw(table row value n source date difference)}],
        ['all', 'exact', 8.75, undef, 'Example Institute', '2026-03-01', 16.25];
    near $b->{z}, 1.96, 'as good as its margin';
    near $b->{p}, .05, 'p';

    # 100 answers at 40: a variance of at most (100 - 40) (40 + 100) / 100
    $b = score('nps', survey => 'own', benchmark => 'all:rough')
        ->{json}{benchmark};
    is $b->{difference}, -15;
    is $b->{n}, 100;
    near $b->{z}, -15 / sqrt((16.25 / 1.96) ** 2 + 84), 'z';
    ok !$b->{significant};

    $b = score('csat', survey => 'own', benchmark => 'all')->{json}{benchmark};
    is $b->{row}, 'Retail', 'named by its industry';
    is $b->{difference}, 5;
    near $b->{z}, 5 / sqrt(75 * 25 / 100 + 70 * 30 / 1200), 'of shares';
    is score('csat', survey => 'own', variant => 'mean',
             benchmark => 'all:Retail')->{json}{benchmark}{value}, 4.25;
    is score('csi', survey => 'own', benchmark => 'all')
        ->{json}{benchmark}{value}, 60;

    $json = score('nps', survey => 'own', benchmark => 'all:exact',
                  where => 'channel:none')->{json};
    is $json->{benchmark}{value}, 8.75;
    is $json->{benchmark}{difference}, undef, 'nothing to compare';
    is $json->{benchmark}{significant}, undef;

    for my $try (['nps', {}, 'all', 'ambiguous'],
                 ['nps', {}, 'all:none', 'no_such_row'],
                 ['nps', {}, 'nothing', 'not_found'],
                 ['nps', {}, '', 'not_found'],
                 ['csi', {}, 'retail', 'no_such_row'],
                 ['csat', {question => 'sat7', variant => 'mean'}, 'all',
                  'other_scale'])
    {
        my ($metric, $arg, $benchmark, $code) = @$try;
        my $answer = score($metric, survey => 'own', benchmark => $benchmark,
                           %$arg);
        is $answer->{status}, 422, "$metric $benchmark: $code"
            or diag $answer->{body};
        is_deeply issues($answer), ["?benchmark $code"];
    }
};

$t->sound;

done_testing;
