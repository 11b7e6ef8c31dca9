#!/usr/bin/perl

# The contract line by line where no other test walks it: what is refused and
# how, methods, versions, cursors, keys and roles, and what of it all counts.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(encode_json false true);
use Test::More;

my $t = CXM->new(conf => {
    workers => 1, http => 'cxm_allow_origin https://shop.example;'});
my $server = $t->key('server');
my %json = ('Content-Type' => 'application/json');

my %text = (text => {en => 'How?'});
my @choices = (choices => [map {{id => $_, %text}} qw(a b)]);
my @questions = (
    {id => 'nps', type => 'nps', required => true, %text},
    {id => 'csat', type => 'csat', %text},
    {id => 'ces', type => 'ces', %text},
    {id => 'part', type => 'scale', scale => {min => 3, max => 9}, %text},
    {id => 'one', type => 'choice', @choices, %text},
    {id => 'many', type => 'multi', @choices, %text},
    {id => 'why', type => 'text', %text},
    {id => 'who', type => 'contact', %text},
);

sub put_survey {
    my ($slug, %more) = @_;
    return $t->put("/admin/surveys/$slug", key => 1, json => {
        title => $slug, status => 'live', questions => \@questions,
        segment_by => ['plan'], %more});
}

sub answer {
    my ($survey, $body, %arg) = @_;
    return $t->post("/s/$survey/responses", $body, %arg);
}

# A problem document as every one must be; [pointer, code] of each error.
sub problem {
    my ($reply, $status, $code, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $reply->{json} || {};
    my @wrong;
    push @wrong, "status $reply->{status}" if $reply->{status} != $status;
    push @wrong, "type $reply->{type}"
        if $reply->{type} ne 'application/problem+json';
    push @wrong, "code $json->{code}" if ($json->{code} // '') ne $code;
    push @wrong, "no $_" for grep { !length($json->{$_} // '') }
        qw(type title detail);
    push @wrong, 'another status inside' if ($json->{status} // 0) != $status;
    push @wrong, 'tells of our insides'
        if $reply->{body} =~ m{/tmp|\.c\b|lmdb|MDB_|0x[0-9a-f]}i;
    ok !@wrong, $name or diag join "\n", @wrong, $reply->{body};
    return map {[@$_{qw(pointer code)}]} @{$json->{errors} || []};
}

put_survey('demo');
put_survey('other');
put_survey($_, status => $_) for qw(draft paused closed);

subtest 'no JSON' => sub {
    my $deep = sub { ('{"a":' x $_[0]) . 1 . ('}' x $_[0]) };
    my %bodies = (
        '{' => 'not_json', '' => 'not_json', '{} x' => 'not_json',
        '{"a":01}' => 'not_json', '{"a":NaN}' => 'not_json',
        "\xef\xbb\xbf{}" => 'not_json', $deep->(17) => 'too_deep',
        '{"a":{"b":1,"b":1}}' => 'duplicate_name',
        "{\"a\":\"\xff\"}" => 'bad_encoding',
        "{\"a\":\"\xed\xa0\x80\"}" => 'bad_encoding',
    );
    my @to = (['POST', '/s/demo/responses'], ['POST', '/b'],
              ['PUT', '/admin/surveys/x'], ['POST', '/admin/keys']);

    for my $body (sort keys %bodies) {
        for my $to (@to) {
            my ($method, $path) = @$to;
            my $r = $t->request($method, $path, key => 1, body => $body,
                                headers => \%json);
            problem($r, 400, $bodies{$body}, "$path " . substr $body, 0, 20);
        }
    }
    is $t->post('/s/demo/responses', body => $deep->(16), headers => \%json)
        ->{status}, 422, '16 levels are not too deep';
};

subtest 'answers that are refused' => sub {
    my @cases = (
        [{csat => 0}, '/csat', 'out_of_range'],
        [{csat => 6}, '/csat', 'out_of_range'],
        [{ces => 8}, '/ces', 'out_of_range'],
        [{nps => -1}, '/nps', 'out_of_range'],
        [{part => 2}, '/part', 'out_of_range'],
        [{part => 10}, '/part', 'out_of_range'],
        [{one => 'c'}, '/one', 'not_allowed'],
        [{one => ['a']}, '/one', 'wrong_type'],
        [{many => 'a'}, '/many', 'wrong_type'],
        [{many => ['a', 'a']}, '/many/1', 'duplicate'],
        [{why => 5}, '/why', 'wrong_type'],
        [{who => 'x'}, '/who', 'wrong_type'],
        [{who => {x => 1}}, '/who/x', 'unknown_field'],
        [{who => {email => 'no'}}, '/who/email', 'invalid'],
    );
    for my $case (@cases) {
        my ($answers, $pointer, $code) = @$case;
        my @errors = problem(answer('demo', {answers => {nps => 9,
            %$answers}}), 422, 'invalid', encode_json($answers));
        is_deeply \@errors, [["/answers$pointer", $code]], 'where';
    }

    @cases = (
        [{}, '/answers', 'required'],
        [{answers => []}, '/answers', 'wrong_type'],
        [{respondent => {}}, '/respondent', 'invalid'],
        [{respondent => {email => 'a@b.de', visitor => 'v'}}, '/respondent',
         'invalid'],
        [{respondent => {shoe => 1}}, '/respondent/shoe', 'unknown_field'],
        [{attributes => {a => {b => 1}}}, '/attributes/a', 'wrong_type'],
        [{complete => 'yes'}, '/complete', 'wrong_type'],
        [{language => 'zz-!!'}, '/language', 'invalid'],
        [{client_time => '2021-02-30T00:00:00Z'}, '/client_time', 'invalid'],
        [{id => 'a0eebc99'}, '/id', 'invalid'],
    );
    for my $case (@cases) {
        my ($more, $pointer, $code) = @$case;
        my $body = %$more ? {answers => {nps => 9}, %$more} : {};
        my @errors = problem(answer('demo', $body, key => $server), 422,
                             'invalid', encode_json($more));
        is_deeply \@errors, [[$pointer, $code]], 'where';
    }
    put_survey('words', questions => [{%{$questions[6]}, required => true}]);
    for my $blank ('', ' ', "\n\t ") {
        is_deeply [problem(answer('words', {answers => {why => $blank}}), 422,
                           'invalid', 'blanks')],
            [['/answers', 'required']], 'are no answer';
    }
    is scalar problem(answer('demo', {answers => 1, zz => 1, channel => 'x'}),
        422, 'invalid', 'several'), 3, 'all that is wrong, at once';
};

subtest 'definitions that are refused' => sub {
    my $nps = $questions[0];
    my $one = sub { (questions => [{%$nps, @_}]) };
    my @cases = (
        [[title => ''], '/title', 'too_short'],
        [[status => 'open'], '/status', 'not_allowed'],
        [[questions => []], '/questions', 'too_short'],
        [[questions => [$nps, $nps]], '/questions/1/id', 'duplicate'],
        [[$one->(id => '-x')], '/questions/0/id', 'invalid'],
        [[$one->(text => {})], '/questions/0/text', 'too_short'],
        [[$one->(text => {'a b' => 'x'})], '/questions/0/text/a b',
         'invalid'],
        [[$one->(scale => {min => 1, max => 10})], '/questions/0/scale',
         'out_of_range'],
        [[$one->(type => 'scale')], '/questions/0/scale', 'required'],
        [[$one->(type => 'scale', scale => {min => 5, max => 5})],
         '/questions/0/scale', 'out_of_range'],
        [[$one->(type => 'choice')], '/questions/0/choices', 'required'],
        [[$one->(@choices)], '/questions/0/choices', 'not_allowed'],
        [[$one->(weight => -1)], '/questions/0/weight', 'out_of_range'],
        [[$one->(no => 1)], '/questions/0/no', 'unknown_field'],
        [[csi => {questions => ['z']}], '/csi/questions/0', 'invalid'],
        [[csi => {questions => ['why']}], '/csi/questions/0', 'invalid'],
        [[csi => {questions => ['csat'], weights => [1, 2]}], '/csi/weights',
         'invalid'],
        [[segment_by => ['channel']], '/segment_by/0', 'not_allowed'],
        [[segment_by => ['a', 'a']], '/segment_by/1', 'duplicate'],
        [[sample => 1.5], '/sample', 'out_of_range'],
        [[quota => {responses => 0}], '/quota/responses', 'out_of_range'],
        [[suppress => {days => 1}], '/suppress/days', 'unknown_field'],
    );
    for my $case (@cases) {
        my ($more, $pointer, $code) = @$case;
        my @errors = problem(put_survey('bad', @$more), 422, 'invalid',
                             encode_json({@$more}));
        is_deeply \@errors, [[$pointer, $code]], 'where';
    }
    problem($t->get('/admin/surveys/bad', key => 1), 404, 'not_found',
            'none of them is there');
};

subtest 'addresses, methods, types' => sub {
    my @cases = (
        ['DELETE', '/s/demo', 'GET, HEAD, OPTIONS'],
        ['GET', '/s/demo/responses', 'POST, OPTIONS'],
        ['PUT', '/b', 'GET, HEAD, POST, OPTIONS'],
        ['POST', '/admin/surveys', 'GET, HEAD, OPTIONS'],
        ['POST', '/admin/surveys/demo', 'GET, HEAD, PUT, DELETE, OPTIONS'],
        ['DELETE', '/admin/responses', 'GET, HEAD, OPTIONS'],
        ['POST', '/admin/metrics/nps', 'GET, HEAD, OPTIONS'],
        ['PUT', '/admin/keys', 'GET, HEAD, POST, OPTIONS'],
    );
    my $set = sub { join ' ', sort split /, */, $_[0] // '' };
    for my $case (@cases) {
        my ($method, $path, $allow) = @$case;
        my $r = $t->request($method, $path, key => 1);
        problem($r, 405, 'method_not_allowed', "$method $path");
        is $set->($r->{headers}{allow}), $set->($allow), 'Allow';
    }
    problem($t->get($_, key => 1), 404, 'not_found', $_)
        for qw(/s/ /s/demo/x /s/demo/responses/x/y /admin/ /admin/nothing
               /admin/surveys/demo/x /admin/metrics/shoe /s/draft /s/none);
    for my $type ('text/html', 'application/xml', 'multipart/form-data') {
        my %as = (body => '{"answers":{"nps":9}}',
                  headers => {'Content-Type' => $type});
        problem($t->post('/s/demo/responses', %as), 415,
                'unsupported_media_type', $type);
        problem($t->put('/admin/surveys/x', %as, key => 1), 415,
                'unsupported_media_type', "$type, a definition");
    }
    problem(answer($_, {answers => {nps => 9}}), 409, $_, $_)
        for qw(paused closed);
    problem(answer('draft', {answers => {nps => 9}}), 404, 'not_found',
            'a draft');
};

subtest 'arguments' => sub {
    for my $case (['limit=0', '?limit'], ['limit=501', '?limit'],
                  ['limit=-1', '?limit'], ['limit=', '?limit'],
                  ['limit=1.5', '?limit'], ['limit=1&limit=2', '?limit'],
                  ['shoe=1', '?shoe'], ['cursor=', '?cursor']) {
        my ($query, $pointer) = @$case;
        my @errors = problem($t->get("/admin/surveys?$query", key => 1), 422,
                             'invalid', $query);
        is $errors[0][0], $pointer, 'where';
    }
    problem($t->get('/admin/surveys?limit=%zz', key => 1), 400,
            'bad_encoding', 'a broken escape');

    my $list = '/admin/surveys?limit=2';
    my $next = $t->get($list, key => 1)->{json}{next};
    like $next, qr/^[\w-]+$/, 'a cursor is base64url without padding';
    is $t->get("$list&cursor=$next", key => 1)->{status}, 200, 'it leads on';
    my $broken = $next =~ s/^(.{20})(.)/$1 . ($2 eq 'A' ? 'B' : 'A')/er;
    for my $path ("$list&cursor=$broken", "$list&cursor=$next==",
                  "/admin/keys?limit=2&cursor=$next",
                  "/admin/responses?limit=2&cursor=$next") {
        my @errors = problem($t->get($path, key => 1), 422, 'invalid', $path);
        is_deeply \@errors, [['?cursor', 'invalid']], 'where';
    }
};

subtest 'nothing of it was kept' => sub {
    is scalar @{$t->get('/admin/responses', key => 1)->{json}{items}}, 0,
        'no answer';
    is $t->get('/admin/metrics/nps?survey=demo', key => 1)->{json}{n}, 0,
        'none counts';
    is $t->get('/admin/metrics/touchpoints', key => 1)->{json}{n}, 0,
        'no touchpoint';
};

subtest 'versions' => sub {
    my $put = sub {
        my ($slug, %headers) = @_;
        return $t->put("/admin/surveys/$slug", key => 1, headers => \%headers,
            json => {title => $slug, questions => \@questions});
    };
    problem($put->('demo', 'If-None-Match' => '*'), 412,
            'precondition_failed', 'If-None-Match: * of what is there');
    problem($put->('new', 'If-Match' => $_), 412, 'precondition_failed',
            "If-Match: $_ of what is not") for '*', '"1"';
    is $put->('new', 'If-None-Match' => '*')->{status}, 201, 'or it is made';
    my $get = sub {
        $t->get('/admin/surveys/new', key => 1,
                headers => {'If-None-Match' => $_[0]});
    };
    for my $tag ('"1"', 'W/"1"', '"7", "1"', '*') {
        my $r = $get->($tag);
        is $r->{status}, 304, "If-None-Match: $tag";
        is $r->{headers}{etag}, '"1"', 'ETag';
        is $r->{body}, '', 'no body';
    }
    is $get->('"2"')->{status}, 200, 'of another version';
    problem($t->delete('/admin/surveys/new', key => 1,
                       headers => {'If-Match' => '"2"'}), 412,
            'precondition_failed', 'DELETE of another version');
    is $t->delete('/admin/surveys/new', key => 1,
                  headers => {'If-Match' => '"1"'})->{status}, 204, 'of this';
};

subtest 'ids and keys of requests' => sub {
    for my $id ('00000000-0000-0000-0000-000000000000',
                'ffffffff-ffff-ffff-ffff-ffffffffffff',
                '6ba7b810-9dad-11d1-80b4-00c04fd430c8') {
        my $body = {id => $id, answers => {nps => 7}};
        my $first = answer('demo', $body);
        is $first->{status}, 201, $id;
        my $again = answer('demo', $body);
        is $again->{status}, 200, 'again';
        is_deeply $again->{json}, $first->{json}, 'the first result';
        problem(answer('demo', {id => $id, answers => {nps => 8}}), 409,
                'id_taken', 'another body');
    }

    my %key = (headers => {'Idempotency-Key' => 'k'});
    my $try = sub { answer($_[0], {answers => {nps => $_[1]}}, %key) };
    problem($try->('demo', 11), 422, 'invalid', 'what is refused');
    my $first = $try->('demo', 5);
    is $first->{status}, 201, 'takes no key';
    is_deeply $try->('demo', 5)->{json}, $first->{json}, 'the first reply';
    problem($try->('demo', 6), 422, 'idempotency_mismatch', 'another body');
    isnt $try->('other', 5)->{json}{id}, $first->{json}{id},
        'another survey, another key';
    isnt answer('demo', {answers => {nps => 5}}, %key, key => $server)
        ->{json}{id}, $first->{json}{id}, 'another principal, too';

    is $t->post('/b', {type => 'keyed'}, %key)->{status}, 204, 'a beacon'
        for 1 .. 2;
    problem($t->post('/b', {type => 'x'}, %key), 422, 'idempotency_mismatch',
            'a beacon with another body');
    is $t->get('/admin/metrics/touchpoints', key => 1)->{json}{n}, 1, 'once';

    my %make = (role => 'viewer');
    is $t->post('/admin/keys', \%make, key => 1, %key)->{status}, 201,
        'a secret';
    my $again = $t->post('/admin/keys', \%make, key => 1, %key);
    problem($again, 409, 'already_done', 'is told once');
    unlike $again->{body}, qr/cxm_/, 'indeed';
    problem(answer('demo', {answers => {nps => 5}}, headers => {
        'Idempotency-Key' => $_}), 400, 'bad_idempotency_key', 'not a key')
        for '', 'k' x 256, "a b";
};

subtest 'who may do what' => sub {
    my $id = answer('demo', {answers => {nps => 9}})->{json}{id};
    my @calls = (
        [GET => '/admin/surveys'], [PUT => '/admin/surveys/role'],
        [DELETE => '/admin/surveys/role'], [GET => '/admin/responses'],
        [GET => "/admin/responses/$id"], [GET => '/admin/metrics/touchpoints'],
        [GET => '/admin/keys'], [POST => '/admin/keys'],
    );
    my %may = (
        admin => '11111111', analyst => '10011100', rep => '10011100',
        manager => '10011100', marketing => '10011100', sales => '10011100',
        product => '11111100', success => '10011100', privacy => '00011000',
        server => '10000000', viewer => '10000100',
    );
    my $call = sub {
        my ($method, $path) = @{$_[0]};
        my %body = $method eq 'PUT' ? (json => {title => 'r',
                questions => [$questions[1]]})
            : $method eq 'POST' ? (json => {role => 'viewer'}) : ();
        return $t->request($method, $path, %body,
                           $_[1] ? (key => $_[1]) : ());
    };
    for my $role (sort keys %may) {
        my $key = $t->key($role);
        is join('', map { $call->($_, $key)->{status} == 403 ? 0 : 1 }
                @calls), $may{$role}, $role;
    }
    problem($call->($_), 401, 'unauthorized', "@$_ without a key")
        for @calls;

    for my $wrong ('Bearer cxm_a_b', 'Bearer ' . $server =~ s/.$/a/r . 'a',
                   'Bearer x', 'Basic eDp5', 'Bearer') {
        my $r = $t->get('/admin/surveys', headers => {Authorization => $wrong});
        problem($r, 401, 'unauthorized', $wrong =~ s/(.{12}).*/$1.../r);
        like $r->{headers}{'www-authenticate'}, qr/^Bearer/, 'a challenge';
    }
    problem(answer('demo', {answers => {nps => 9}}, key => 'cxm_a_b'), 401,
            'unauthorized', 'a wrong key is no public call');

    my $made = $t->post('/admin/keys', {role => 'viewer'}, key => 1)->{json};
    is $t->get('/admin/surveys', key => $made->{token})->{status}, 200,
        'a new key';
    is $t->delete("/admin/keys/$made->{id}", key => 1)->{status}, 204,
        'revoked';
    problem($t->get('/admin/surveys', key => $made->{token}), 401,
            'unauthorized', 'is none from then on');
    unlike $t->get('/admin/keys?limit=500', key => 1)->{body},
        qr/"(?:hash|secret|token)"/, 'the list has no secret';
    for my $case ([{role => 'boss'}, '/role'], [{}, '/role'],
                  [{role => 'viewer', expires_at => '2020-01-01T00:00:00Z'},
                   '/expires_at']) {
        my ($body, $pointer) = @$case;
        my @errors = problem($t->post('/admin/keys', $body, key => 1), 422,
                             'invalid', encode_json($body));
        is $errors[0][0], $pointer, 'where';
    }
};

subtest 'beacon' => sub {
    my @cases = (
        [{events => [], x => 1}, '/x', 'unknown_field'],
        [{events => {}}, '/events', 'wrong_type'],
        [{url => '/p'}, '/type', 'required'],
        [{type => 'a', id => 'x'}, '/id', 'invalid'],
        [{type => 'a', shoe => 1}, '/shoe', 'unknown_field'],
        [{type => 'a', props => {a => {}}}, '/props/a', 'wrong_type'],
        [{type => 'a', client_time => 'noon'}, '/client_time', 'invalid'],
        [{type => 'a', url => 'x' x 2001}, '/url', 'too_long'],
        [7, '', 'wrong_type'],
    );
    for my $case (@cases) {
        my ($body, $pointer, $code) = @$case;
        my @errors = problem($t->post('/b', $body), 422, 'invalid',
                             substr encode_json($body), 0, 40);
        is_deeply $errors[0], [$pointer, $code], 'where';
    }
    problem($t->get('/b?type=a&type=b'), 422, 'invalid', 'a type twice');

    my %ask = (Origin => 'https://shop.example',
               'Access-Control-Request-Method' => 'POST',
               'Access-Control-Request-Headers' => 'content-type');
    my $r = $t->options('/b', headers => \%ask);
    is $r->{status}, 204, 'a preflight';
    like $r->{headers}{'access-control-allow-methods'}, qr/POST/, 'methods';
    like lc $r->{headers}{'access-control-allow-headers'}, qr/content-type/,
        'headers';
    $r = $t->options('/b', headers => {%ask, Origin => 'https://x.example'});
    is_deeply [grep { /access-control/ } keys %{$r->{headers}}], [],
        'nothing for others';
};

subtest 'scores' => sub {
    put_survey('sums');
    my $at = sub {
        my ($time, $nps, %more) = @_;
        is answer('sums', {answers => {nps => $nps}, client_time => $time,
                           %more}, key => $server)->{status}, 201, $time;
    };
    $at->('2025-12-31T23:59:59.999Z', 10, attributes => {plan => 'pro'});
    $at->('2026-01-01T00:00:00Z', 10);
    $at->('2026-01-01T01:15:00+01:00', 0, attributes => {plan => 'free'});
    $at->('2026-03-31T23:59:60Z', 7, attributes => {plan => 'pro'});
    my $ask = sub {
        my $r = $t->get("/admin/metrics/nps?survey=sums&$_[0]", key => 1);
        is $r->{status}, 200, $_[0] or diag $r->{body};
        return $r->{json};
    };
    my $range = sub { "from=$_[0]T00:00:00Z&to=$_[1]T00:00:00Z" };

    is $ask->('from=2026-01-01T00:00:00Z&to=2026-01-01T00:15:00Z')->{n}, 1,
        'from is in, to is not';
    my $none = $ask->($range->('2026-01-01', '2026-01-01'));
    is_deeply [@$none{qw(n value display margin low high)}],
        [0, (undef) x 5], 'an empty range';

    my %starts = (
        week => [qw(2025-12-29)], month => [qw(2025-12-01 2026-01-01)],
        quarter => [qw(2025-10-01 2026-01-01)],
        year => [qw(2025-01-01 2026-01-01)],
    );
    for my $bucket (sort keys %starts) {
        my $got = $ask->($range->('2025-12-31', '2026-01-02')
                         . "&bucket=$bucket");
        is_deeply [map { $_->{start} } @{$got->{buckets}}],
            [map { "${_}T00:00:00.000Z" } @{$starts{$bucket}}], $bucket;
        is eval { my $n = 0; $n += $_->{n} for @{$got->{buckets}}; $n }, 3,
            'all in them';
    }
    my $months = $ask->($range->('2025-12-01', '2026-05-01')
                        . '&bucket=month')->{buckets};
    is_deeply [map {[$_->{n}, $_->{value}]} @$months],
        [[1, 100], [2, 0], [0, undef], [1, 0], [0, undef]],
        'empty ones are listed';

    my $by = $ask->('by=plan&bucket=year');
    is_deeply [map {[$_->{value}, $_->{n}, $_->{score}]} @{$by->{segments}}],
        [['pro', 2, 50], ['free', 1, -100], [undef, 1, 100]],
        'by, null last';
    is scalar @{$by->{buckets}}, 2, 'with buckets of the whole';
    is_deeply [map { $_->{n} } @{$ask->('where=plan:pro&bucket=quarter')
                                 ->{buckets}}], [1, 1], 'where with buckets';
    for my $wrong ('from=2026-01-01T00:07:00Z', 'to=2026-01-01',
                   'by=plan&by=channel', 'by=', 'bucket=decade') {
        problem($t->get("/admin/metrics/nps?survey=sums&$wrong", key => 1),
                422, 'invalid', $wrong);
    }
};

$t->sound;

done_testing;
