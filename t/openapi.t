#!/usr/bin/perl

# The OpenAPI document: valid by a kept validator, true of what is answered.
# Every reply below is checked against the schema that the document has for
# it; t/access-matrix.t does the same with every route.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::OpenApi;
use Mojo::JSON qw(decode_json false true);
use Test::More;

my $t = CXM->new(conf => {locations => <<'END'});
    location /elsewhere/ { cxm_admin; }
    location = /metrics { cxm_metrics; }
END
my $api = CXM::OpenApi->new($t);
my $server = $t->key('server');

# call(expected status, method, path, arguments of CXM::OpenApi's call)
sub call {
    my ($status, $method, $path, %arg) = @_;
    my $reply = $api->call($api->operation($method, $path), key => 1, %arg);
    is $reply->{status}, $status, "$method $path" or diag $reply->{body};
    return $reply;
}

subtest 'the document' => sub {
    my $reply = $t->get('/admin/openapi.json', key => $t->key('analyst'));
    is $reply->{status}, 200;
    my $document = $reply->{json};
    like $document->{openapi}, qr/^3\.1\./;
    is $document->{servers}[0]{url}, $t->url;

    my %path = map { $_ => 1 } keys %{$document->{paths}};
    ok $path{$_}, $_ for '/admin/surveys/{slug}', '/s/{survey}/responses',
        '/b', '/admin/metrics/nps', '/admin/openapi.json';
    my %id;
    $id{$_->{id}}++ for $api->operations;
    is_deeply [grep { $id{$_} > 1 } sort keys %id], [], 'ids are of one each';

    is $t->get('/admin/openapi.json')->{status}, 401;
    is $t->get('/admin/openapi.json', key => $server)->{status}, 403;
    my $elsewhere = $t->get('/elsewhere/openapi.json', key => 1)->{json};
    ok $elsewhere->{paths}{'/elsewhere/surveys'}, 'the prefix that is asked';
};

subtest 'the same from cxmctl' => sub {
    my ($rc, $out, $err) = CXM::run(CXM::cxmctl_path(), 'openapi');
    is $rc, 0, 'without a store' or diag $err;
    my $document = decode_json($out);
    is $document->{servers}[0]{url}, '/';
    is_deeply $document->{$_}, $api->document->{$_}, $_
        for qw(openapi info components);
    my $paths = $api->document->{paths};
    is_deeply $document->{paths}{$_}, $paths->{$_}, $_ for sort keys %$paths;
    ($rc) = CXM::run(CXM::cxmctl_path(), 'openapi', 'x');
    is $rc, 2;
};

subtest 'what an operation says' => sub {
    my $put = $api->operation('PUT', '/admin/surveys/{slug}')->{operation};
    is_deeply $put->{security}, [{bearer => ['survey_write']}, {staff => []}];
    is_deeply $put->{'x-scopes'}, ['survey_write'];
    is_deeply $put->{'x-roles'}, ['admin', 'product'];
    is_deeply $put->{tags}, ['surveys'];
    is $put->{operationId}, 'put_admin_surveys_by_slug';
    ok $put->{responses}{$_}, "PUT answers $_"
        for qw(200 201 400 401 403 404 409 412 413 415 422 429 503 default);
    my @names = map { $_->{name} }
        map { $api->resolve($_) } @{$put->{parameters}};
    is_deeply \@names, ['slug', 'If-Match', 'If-None-Match'];
    is_deeply $put->{requestBody}{content}{'application/json'}{schema},
        {'$ref' => '#/components/schemas/SurveyInput'};

    my $survey = $api->document->{components}{schemas}{Survey};
    ok $survey->{properties}{created_at}{readOnly};
    is $survey->{properties}{title}{maxLength}, 200;
    is_deeply $survey->{properties}{status}{enum},
        [qw(draft live paused closed)];

    my $list = $api->operation('GET', '/admin/responses')->{operation};
    ok $list->{'x-personal'};
    my %parameter = map { $_->{name} => $_ } @{$list->{parameters}};
    is $parameter{limit}{schema}{maximum}, 500;
    is $parameter{where}{schema}{type}, 'array', 'may be repeated';
    is_deeply [sort keys %{$list->{responses}{200}{content}
        {'application/json'}{schema}{properties}}], ['items', 'next'];

    my $pixel = $api->operation('GET', '/b')->{operation};
    is_deeply [keys %{$pixel->{responses}{200}{content}}], ['image/gif'];
    ok !defined $pixel->{'x-scopes'};
    is_deeply $pixel->{security}, [{}, {bearer => []}];
};

subtest 'every method of every address' => sub {
    my %methods;
    push @{$methods{$_->{path}}}, $_->{method} for $api->operations;
    for my $path (sort keys %methods) {
        my %expect = map { $_ => 1 } 'OPTIONS', @{$methods{$path}};
        $expect{HEAD} = 1 if $expect{GET};
        my $reply = $t->options($path =~ s/\{\w+\}/x/gr);
        is $reply->{status}, 204, "OPTIONS $path";
        is_deeply [sort split /, /, $reply->{headers}{allow}],
            [sort keys %expect], 'allows what the document names';
        my ($other) = grep { !$expect{$_} } qw(PATCH PUT DELETE POST);
        is $t->request($other, $path =~ s/\{\w+\}/x/gr)->{status}, 405,
            $other;
    }
};

# -- replies ------------------------------------------------------------------

subtest 'surveys' => sub {
    my %survey = (title => 'All', status => 'live', segment_by => ['plan'],
        suppress => {same_survey_days => 1}, csi => {questions => ['one']},
        questions => [
            {id => 'nps', type => 'nps', text => {en => 'How likely?'}},
            {id => 'one', type => 'scale', scale => {min => 1, max => 10},
             text => {en => 'How good?'}, low => {en => 'Bad'},
             show_if => {question => "nps", op => "gte", value => 0}},
            {id => 'csat', type => 'csat', text => {en => 'Happy?'}},
            {id => 'ces', type => 'ces', text => {en => 'Easy?'}},
            {id => 'pick', type => 'choice', text => {en => 'Which?'},
             choices => [{id => 'a', text => {en => 'A'}}]},
            {id => 'why', type => 'text', text => {en => 'Why?'}},
            {id => 'who', type => 'contact', text => {en => 'Who?'}}]);
    my @one = ('/admin/surveys/{slug}', params => {slug => 'all'});
    my $etag = call(201, 'PUT', @one, json => \%survey)->{headers}{etag};
    call(200, 'PUT', @one, json => {%survey, title => 'All of it'});
    call(412, 'PUT', @one, json => \%survey, headers => {'If-Match' => $etag});
    call(422, 'PUT', @one, json => {%survey, shoe => 1});
    is call(200, 'PUT', @one, json => {%survey, version => 7})
        ->{json}{version}, 3, 'what is read-only may be sent back';
    call(400, 'PUT', @one, body => '{',
         headers => {'Content-Type' => 'application/json'});
    call(415, 'PUT', @one, body => 'x',
         headers => {'Content-Type' => 'text/xml'});
    call(401, 'PUT', @one, json => \%survey, key => undef);
    call(403, 'PUT', @one, json => \%survey, key => $server);
    call(200, 'GET', @one);
    call(200, 'GET', @one, query => [version => 1]);
    call(404, 'GET', '/admin/surveys/{slug}', params => {slug => 'no'});
    call(200, 'GET', '/admin/surveys');
    call(200, 'GET', '/admin/surveys', query => [limit => 1]);
    call(200, 'GET', '/admin/surveys/{slug}/versions',
         params => {slug => 'all'});
    call(200, 'GET', '/s/{survey}', params => {survey => 'all'});
    call(200, 'GET', '/s/{survey}', params => {survey => 'all'},
         headers => {Accept => 'text/html'});
    call(404, 'DELETE', '/admin/surveys/{slug}', params => {slug => 'no'});
};

my $id;
subtest 'answers' => sub {
    my %in = (params => {survey => 'all'});
    my %full = (respondent => {email => 'ann@example.org'}, channel => 'web',
        touchpoint => 'purchase', interaction_id => 'i-1', agent => 'bob',
        product => 'box', attributes => {plan => 'pro', size => 3},
        language => 'en', answers => {nps => 9, one => 7, csat => 4, ces => 5,
            pick => 'a', why => 'Quick.', who => {name => 'Ann'}});
    my $reply = call(201, 'POST', '/s/{survey}/responses', %in,
                     json => \%full, key => $server);
    $id = $reply->{json}{id};
    call(201, 'POST', '/s/{survey}/responses', %in, key => undef,
         json => {answers => {nps => 0}, respondent => {email => 'x@y.z'}});
    call(422, 'POST', '/s/{survey}/responses', %in, key => undef,
         json => {answers => {nps => 11, no => 1}});
    call(404, 'POST', '/s/{survey}/responses', params => {survey => 'no'},
         json => {answers => {}}, key => undef);
    call(303, 'POST', '/s/{survey}/responses', %in, key => undef,
         form => {'answers.nps' => 7}, headers => {Accept => 'text/html'});

    my $part = call(201, 'POST', '/s/{survey}/responses', %in, key => undef,
        json => {answers => {nps => 3}, complete => false})->{json};
    call(200, 'PATCH', '/s/{survey}/responses/{id}', key => undef,
         params => {survey => 'all', id => $part->{id}},
         json => {token => $part->{token}, answers => {nps => 4}});

    for my $key ($t->admin_key, $t->key('analyst')) {
        call(200, 'GET', '/admin/responses', key => $key);
        call(200, 'GET', '/admin/responses/{id}', params => {id => $id},
             key => $key);
    }
    call(404, 'GET', '/admin/responses/{id}', params => {id => 'x'});
    call(200, 'GET', "/admin/export/responses.$_") for qw(csv ndjson);
};

subtest 'exposures and links' => sub {
    my %in = (params => {survey => 'all'}, key => undef);
    my $visitor = {respondent => {visitor => 'v-1'}};
    ok call(200, 'POST', '/s/{survey}/exposures', %in, json => $visitor)
        ->{json}{ask};
    ok !call(200, 'POST', '/s/{survey}/exposures', %in, json => $visitor)
        ->{json}{ask}, 'not again';

    my $link = call(201, 'POST', '/admin/surveys/{slug}/links',
        params => {slug => 'all'},
        json => {respondent => {email => 'eve@example.org'}})->{json}{url};
    my %at = (params => {survey => 'all', link => $link =~ s{.*/l/}{}r},
              key => undef);
    call(200, 'GET', '/s/{survey}/l/{link}', %at);
    call(201, 'POST', '/s/{survey}/l/{link}', %at,
         json => {answers => {nps => 8}});
};

subtest 'touchpoints' => sub {
    call(204, 'POST', '/b', json => {type => 'view', props => {a => 1}},
         key => undef);
    call(200, 'POST', '/b', json => [{type => 'view'}, {type => '?'}],
         key => undef);
    call(422, 'POST', '/b', json => {}, key => undef);
    call(200, 'GET', '/b', query => [type => 'view'], key => undef);
};

subtest 'scores' => sub {
    my @all = (survey => 'all', bucket => 'month', by => 'channel',
               tz => 'Europe/Berlin');
    call(200, 'GET', "/admin/metrics/$_", query => [@all])
        for qw(nps csat ces csi);
    call(200, 'GET', '/admin/metrics/csat',
         query => [@all, variant => 'net']);
    call(200, 'GET', '/admin/metrics/nps',
         query => [survey => 'all', by => 'agent']);
    call(200, 'GET', '/admin/metrics/nps', query => [survey => 'all',
        from => '2001-01-01T00:00:00Z', to => '2001-02-01T00:00:00Z']);
    call(200, 'GET', '/admin/metrics/touchpoints',
         query => [bucket => 'year', by => 'type']);
    call(422, 'GET', '/admin/metrics/nps', query => [bucket => 'x']);
    call(404, 'GET', '/admin/metrics/nps', query => [survey => 'no']);
    my @ranges = (a_from => '2001-01-01T00:00:00Z',
        a_to => '2002-01-01T00:00:00Z', b_from => '2020-01-01T00:00:00Z',
        b_to => '2100-01-01T00:00:00Z');
    call(200, 'GET', '/admin/metrics/compare',
         query => [metric => $_, survey => 'all', @ranges, by => 'channel'])
        for qw(nps csat csi);
};

subtest 'keys and persons' => sub {
    my $key = call(201, 'POST', '/admin/keys', json => {role => 'viewer',
        name => 'wall', expires_at => '2100-01-01T00:00:00Z'})->{json};
    call(204, 'DELETE', '/admin/keys/{id}', params => {id => $key->{id}});
    call(404, 'DELETE', '/admin/keys/{id}', params => {id => 'no'});
    call(200, 'GET', '/admin/keys');
    call(422, 'POST', '/admin/keys', json => {role => 'king'});

    my $erasure = call(201, 'POST', '/admin/privacy/erasures',
        json => {email => 'ann@example.org'})->{json};
    call(200, 'GET', '/admin/privacy/erasures');
    call(200, 'GET', '/admin/privacy/erasures/{id}',
         params => {id => $erasure->{id}});
    call(200, 'GET', '/admin/responses/{id}', params => {id => $id});
};

subtest 'customers, before an erasure and after it' => sub {
    call(201, 'PUT', '/admin/fields/{kind}', params => {kind => 'customer'},
        json => {fields => [
            {name => 'plan', type => 'string'},
            {name => 'shoe', type => 'number', personal => true}]});
    my $id = call(201, 'POST', '/admin/customers', json => {
        name => 'Eva Lind', birthdate => '1990-02-28', tags => ['vip'],
        attributes => {plan => 'pro', shoe => 39},
        identifiers => [{type => 'email', value => 'eva@example.org'}]})
        ->{json}{id};
    my %of = (params => {id => $id});
    my $at = '/admin/customers/{id}';
    my $note = call(201, 'POST', "$at/notes", %of, json => {text => 'Hello'});
    my $task = call(201, 'POST', "$at/tasks", %of, json => {title => 'Call',
        due_at => '2100-01-01T00:00:00Z'});
    call(201, 'POST', "$at/consents", %of, json => {purpose => 'news',
        granted => true, channel => 'web', evidence => 'form 7'});
    call(201, 'POST', "$at/identifiers", %of,
         json => {type => 'phone', value => '+49 30 1234567'});

    my @read = ('/admin/customers', $at, map { "$at/$_" }
        qw(identifiers notes tasks consents history timeline score));
    my @one = (
        ["$at/notes/{note}", {id => $id, note => $note->{json}{id}}],
        ["$at/tasks/{task}", {id => $id, task => $task->{json}{id}}]);
    for my $erased (0, 1) {
        call(201, 'POST', '/admin/privacy/erasures',
             json => {email => 'eva@example.org'}) if $erased;
        for my $key ($t->admin_key, $t->key('analyst')) {
            call(200, 'GET', $_, $_ eq '/admin/customers' ? () : %of,
                 key => $key) for @read;
            call(200, 'GET', $_->[0], params => $_->[1], key => $key) for @one;
        }
    }
    call(409, 'PATCH', $at, %of, json => {name => 'Eva'});
};

subtest 'customers who are one' => sub {
    my @ids = map { call(201, 'POST', '/admin/customers', json => {
        name => 'Ida Berg', country => 'NO',
        identifiers => [{type => 'email', value => $_}]})->{json}{id} }
        'ida.berg@example.org', 'idaberg@example.org', 'ida@example.org';
    my $at = '/admin/customers/{id}';
    my %of = (params => {id => $ids[0]});
    my %pair = (params => {id => $ids[0], other => $ids[2]});
    call(200, 'GET', "$at/duplicates", %of);
    call(200, 'GET', '/admin/duplicates');
    call(201, 'PUT', "$at/distinct/{other}", %pair);
    call(200, 'PUT', "$at/distinct/{other}", %pair);
    call(200, 'GET', "$at/distinct", %of);
    call(204, 'DELETE', "$at/distinct/{other}", %pair);
    call(404, 'DELETE', "$at/distinct/{other}", %pair);

    my %versions = (into_version => 1, from_version => 1);
    call(200, 'POST', "$at/merge", %of,
         json => {from => $ids[1], dry_run => true});
    call(412, 'POST', "$at/merge", %of,
         json => {from => $ids[1], %versions, from_version => 2});
    my $merge = call(201, 'POST', "$at/merge", %of,
                     json => {from => $ids[1], %versions})->{json};
    call(200, 'GET', $_, %of) for $at, "$at/merges", "$at/timeline";
    call(200, 'GET', "$at/merges/{merge}",
         params => {id => $ids[0], merge => $merge->{id}});
    call(308, 'GET', $_, params => {id => $ids[1]})
        for $at, "$at/merges", "$at/notes";
    call(409, 'PATCH', $at, params => {id => $ids[1]}, json => {});
    call(200, 'POST', "$at/merges/{merge}/undo",
         params => {id => $ids[0], merge => $merge->{id}});
    call(409, 'POST', "$at/merges/{merge}/undo",
         params => {id => $ids[0], merge => $merge->{id}});
};

call(200, 'GET', '/admin/openapi.json');

$api->check;

done_testing;
