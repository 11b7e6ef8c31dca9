#!/usr/bin/perl

# Customers: the record, what leads to it, who may do what, its history, and
# what an erasure leaves of it.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use Mojo::IOLoop;
use Mojo::JSON qw(decode_json encode_json false true);
use Mojo::Promise;
use Test::More;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $t = CXM->new(conf => {workers => 3});
my %key = map { $_ => $t->key($_, '--name', "the $_") }
    qw(analyst rep manager marketing sales product success privacy server
       viewer);
my $url = '/admin/customers';

sub create {
    my ($json, %arg) = @_;
    return $t->post($url, $json, key => 1, %arg);
}

sub get { $t->get("$url/$_[0]", key => $_[1] || 1) }

sub email { {type => 'email', value => $_[0], @_[1 .. $#_]} }

# What was given of each identifier.
sub given {
    return [map { "$_->{type} $_->{value}" } @{$_[0]{identifiers} || []}];
}

# -- a record -----------------------------------------------------------------

subtest 'a record' => sub {
    my $r = create({
        name => 'Ann Müller', given_name => 'Ann', family_name => 'Müller',
        company => 'Müller & Söhne', job_title => 'CTO',
        birthdate => '1961-02-28', language => 'de-AT', country => 'AT',
        time_zone => 'Europe/Vienna', tags => ['vip', 'early'],
        identifiers => [email('Ann@Müller.example'),
                        {type => 'phone', value => '+43 (1) 234-5678'}]});
    is $r->{status}, 201, 'created';
    my $made = $r->{json};
    is $r->{headers}{location}, "$url/$made->{id}", 'Location';
    is $r->{headers}{etag}, '"1"', 'ETag';
    is $made->{version}, 1, 'version';
    is_deeply given($made),
        ['email Ann@Müller.example', 'phone +4312345678'],
        'an address as it was given, a number in its one form';
    is $made->{identifiers}[0]{verified}, false, 'not verified';
    is $made->{identifiers}[0]{source}, 'admin', 'source';
    is $made->{identifiers}[0]{added_at}, $made->{created_at}, 'time';

    $r = get($made->{id});
    is_deeply $r->{json}, $made, 'the same when it is read';
    is get($made->{id})->{headers}{etag}, '"1"', 'with ETag';
    is $t->get("$url/$made->{id}", key => 1,
               headers => {'If-None-Match' => '"1"'})->{status}, 304,
        'nothing new: 304';

    # what was read can be put again, whatever in it is the server's
    $r = $t->put("$url/$made->{id}", $made, key => 1);
    is_deeply [$r->{status}, $r->{json}], [200, $made], 'put as it was read';

    $r = $t->patch("$url/$made->{id}", {
        company => undef, name => 'Ann Huber', tags => ['vip'],
        version => 77, id => 'x'}, key => 1);
    is $r->{status}, 200, 'patched';
    is $r->{json}{version}, 2, 'a version more';
    ok !exists $r->{json}{company}, 'null takes away';
    is $r->{json}{name}, 'Ann Huber', 'a value replaces';
    is $r->{json}{family_name}, 'Müller', 'the rest stays';
    is_deeply $r->{json}{identifiers}, $made->{identifiers},
        'identifiers too, with source and time';

    problem($t->patch("$url/$made->{id}", {name => 'X'}, key => 1,
                      headers => {'If-Match' => '"1"'}),
            412, 'precondition_failed');
    is $t->patch("$url/$made->{id}", {name => 'X'}, key => 1,
                 headers => {'If-Match' => '"2"'})->{json}{version}, 3,
        'of this version it goes';
    problem($t->put("$url/$made->{id}", {name => 'X'}, key => 1,
                    headers => {'If-None-Match' => '*'}),
            412, 'precondition_failed');
    is $t->patch("$url/$made->{id}", {}, key => 1)->{json}{version}, 3,
        'nothing changed is no version';

    my $own = '5F0C5A8E-3B1D-4A77-9F40-1D6C3A0F5B11';
    $r = $t->put("$url/$own", {name => 'Own'}, key => 1);
    is $r->{status}, 201, 'an id of the client';
    is $r->{json}{id}, lc $own, 'is the id';
    is $t->put("$url/$own", {}, key => 1)->{status}, 200, 'replaced';
    problem(get('00000000-0000-4000-8000-000000000000'), 404, 'not_found');
    problem(get('nonsense'), 404, 'not_found');
    problem($t->patch("$url/00000000-0000-4000-8000-000000000000", {},
                      key => 1), 404, 'not_found');
    problem($t->delete("$url/$own", key => 1), 405, 'method_not_allowed');
};

subtest 'what is refused' => sub {
    my $before = @{$t->get("$url?limit=500", key => 1)->{json}{items}};
    for my $case (
        [{name => ''}, '/name'], [{name => 5}, '/name'],
        [{name => 'x' x 201}, '/name'], [{name => "a\nb"}, '/name'],
        [{nonsense => 1}, '/nonsense'], [{persons => [1]}, '/persons'],
        [{birthdate => '1961-02-29'}, '/birthdate'],
        [{country => 'Austria'}, '/country'],
        [{language => 'd'}, '/language'],
        [{time_zone => '../x'}, '/time_zone'],
        [{tags => 'vip'}, '/tags'], [{tags => ['a', 'a']}, '/tags/1'],
        [{tags => ['']}, '/tags/0'],
        [{attributes => {plan => 'pro'}}, '/attributes/plan'],
        [{attributes => {plan => [1]}}, '/attributes/plan'],
        [{identifiers => [{type => 'fax', value => '1'}]},
         '/identifiers/0/type'],
        [{identifiers => [{type => 'email'}]}, '/identifiers/0/value'],
        [{identifiers => [email('nobody')]}, '/identifiers/0/value'],
        [{identifiers => [email('a@b.de'), email(' A@B.DE')]},
         '/identifiers/1/value'],
        [{identifiers => [email('a@b.de'), email('A@B.DE')]},
         '/identifiers/1/value'],
        [{identifiers => [{type => 'phone', value => '030 1234567'}]},
         '/identifiers/0/value'],
        [{identifiers => [{type => 'account', value =>
            '5f0c5a8e-3b1d-4a77-9f40-1d6c3a0f5b11'}]},
         '/identifiers/0/value'],
    ) {
        my ($json, $pointer) = @$case;
        problem(create($json), 422, 'invalid', $pointer);
    }
    problem($t->post($url, key => 1, body => '{"name":',
                     headers => {'Content-Type' => 'application/json'}),
            400, 'not_json');
    problem($t->patch("$url/00000000-0000-4000-8000-000000000000",
                      key => 1, json => ['x']), 404, 'not_found');
    my $id = create({name => 'Patched'})->{json}{id};
    problem($t->patch("$url/$id", key => 1, json => ['x']), 422, 'invalid',
            '');
    problem($t->patch("$url/$id", {name => 7, x => 1}, key => 1), 422,
            'invalid', '/name', '/x');
    is get($id)->{json}{version}, 1, 'nothing of it was taken';
    is @{$t->get("$url?limit=500", key => 1)->{json}{items}}, $before + 1,
        'nor anybody made';
};

# -- identity -----------------------------------------------------------------

subtest 'an identifier leads to one customer' => sub {
    my $one = create({identifiers => [
        email('Zoë@Example.org'), {type => 'external_id', value => 'c-1'},
        {type => 'visitor', value => 'v-1'}]})->{json};
    for my $taken (email('zoë@example.org'), email("zoe\x{308}\@EXAMPLE.org"),
                   {type => 'external_id', value => 'c-1'},
                   {type => 'visitor', value => 'v-1'}) {
        problem(create({identifiers => [email('free@x.de'), $taken]}), 409,
                'identifier_taken', '/identifiers/1/value');
    }
    is create({identifiers => [email('zoe@example.org')]})->{status}, 201,
        'an accent makes another address';
    my $two = create({identifiers => [email('free@x.de')]})->{json};

    # one by one
    my $r = $t->get("$url/$two->{id}/identifiers", key => 1);
    is_deeply $r->{json}, {items => $two->{identifiers}}, 'the list';
    $r = $t->post("$url/$two->{id}/identifiers",
                  {type => 'phone', value => '0049 30 555-1234',
                   verified => true}, key => $key{rep});
    is $r->{status}, 201, 'one more';
    is_deeply [map { @$_{qw(type value verified source)} }
               $r->{json}{items}[1]],
        ['phone', '+49305551234', true, 'rep'], 'as it is kept';
    is_deeply $r->{json}{items}[0], $two->{identifiers}[0], 'beside the old';
    is $r->{headers}{etag}, '"2"', 'a version more';
    problem($t->post("$url/$two->{id}/identifiers",
                     {type => 'phone', value => '+49305551234'}, key => 1),
            422, 'invalid', '/identifiers/2/value');
    problem($t->post("$url/$two->{id}/identifiers",
                     {type => 'external_id', value => 'c-1'}, key => 1),
            409, 'identifier_taken', '/identifiers/2/value');
    problem($t->post("$url/$two->{id}/identifiers", {type => 'email'},
                     key => 1), 422, 'invalid', '/value');

    my $less = "$url/$two->{id}/identifiers?type=email&value=FREE\@x.de";
    $r = $t->delete($less, key => 1);
    is_deeply [$r->{status}, given({identifiers => $r->{json}{items}})],
        [200, ['phone +49305551234']], 'one less';
    problem($t->delete($less, key => 1), 404, 'not_found');
    is create({identifiers => [email('free@x.de')]})->{status}, 201,
        'what nobody has any more is free';

    # a verified one stays verified where nobody says otherwise
    $r = $t->patch("$url/$two->{id}", {identifiers => [
        {type => 'phone', value => '+49 30 5551234'}, email('b@x.de')]},
        key => 1);
    is_deeply [map { $_->{verified} } @{$r->{json}{identifiers}}],
        [true, false], 'verified is kept';
};

subtest '50 at once' => sub {
    my %got;
    my @calls = map {
        $t->ua->post_p($t->url($url) =>
            {Authorization => 'Bearer ' . $t->admin_key} => json =>
            {name => "Twin $_", identifiers => [email('twin@example.org')]})
            ->then(sub { $got{$_[0]->res->code}++ });
    } 1 .. 50;
    Mojo::Promise->all_settled(@calls)->wait;
    is_deeply \%got, {201 => 1, 409 => 49}, 'one of them is first';
    is @{$t->get("$url?email=twin\@example.org", key => 1)->{json}{items}}, 1,
        'and there is one';
};

subtest 'answers given before' => sub {
    $t->put('/admin/surveys/shop', {
        title => 'Shop', status => 'live', questions => [
            {id => 'nps', type => 'nps', text => {en => 'N?'}},
            {id => 'why', type => 'text', text => {en => 'Why?'}}]},
        key => 1);
    my $answer = sub {
        my ($nps, $who, @key) = @_;
        @key = (key => $key{server}) unless @key;
        return $t->post('/s/shop/responses', {answers => {nps => $nps},
            respondent => $who}, @key)->{json}{id};
    };
    my $scores = sub {
        return [map { $_->{answers}{nps} }
                @{$t->get("/admin/responses?$_[0]", key => 1)
                    ->{json}{items}}];
    };
    my $own = '7f0c5a8e-3b1d-4a77-9f40-1d6c3a0f5b11';
    $answer->(1, {email => 'Early@Bird.org'});
    $answer->(2, {external_id => 'bird-7'});
    $answer->(3, {customer_id => $own});
    $answer->(4, {customer_id => 'bird-7'});

    my $r = $t->put("$url/$own", {identifiers => [
        email('early@bird.org'), {type => 'external_id',
                                  value => 'bird-7'}]}, key => $key{server});
    is $r->{status}, 201, 'a customer of three names';
    is_deeply $scores->("customer_id=$own"), [4, 3, 2, 1],
        'has what was answered under each of them';
    is_deeply $scores->('email=early@bird.org'), [4, 3, 2, 1],
        'by whichever it is asked for';

    $answer->(5, {customer_id => uc $own});
    $answer->(6, {email => 'EARLY@bird.org'});
    $answer->(7, {external_id => 'bird-7'});
    is_deeply $scores->("external_id=bird-7"), [7, 6, 5, 4, 3, 2, 1],
        'and what is answered later';

    # a name that comes later brings its answers, one that goes leaves them
    $answer->(8, {email => 'late@bird.org'});
    is_deeply $scores->("customer_id=$own"), [7, 6, 5, 4, 3, 2, 1], 'before';
    $t->post("$url/$own/identifiers", email('late@bird.org'), key => 1);
    is_deeply $scores->("customer_id=$own"), [8, 7, 6, 5, 4, 3, 2, 1],
        'after';
    $t->delete("$url/$own/identifiers?type=email&value=late\@bird.org",
               key => 1);
    is_deeply $scores->("customer_id=$own"), [8, 7, 6, 5, 4, 3, 2, 1],
        'what was said stays said';
    $answer->(9, {email => 'late@bird.org'});
    is_deeply $scores->('email=late@bird.org'), [9],
        'the address is another one\'s now';
    $answer->(10, {email => 'early@bird.org'}, key => undef);
    is_deeply $scores->("customer_id=$own"), [8, 7, 6, 5, 4, 3, 2, 1],
        'what is only claimed leads to nobody';
};

# -- who may ------------------------------------------------------------------

subtest 'roles' => sub {
    my $id = create({name => 'Role Model', country => 'DE',
                     identifiers => [email('role@model.org')]})->{json}{id};
    my %may = (
        (map { $_ => 'read personal write' } qw(rep manager sales success)),
        (map { $_ => 'read' } qw(analyst marketing product)),
        privacy => 'read personal', server => 'read write', viewer => '');

    for my $role (sort keys %may) {
        my %can = map { $_ => 1 } split ' ', $may{$role};
        my $r = get($id, $key{$role});
        is $r->{status}, $can{read} ? 200 : 403, "$role reads";
        is exists $r->{json}{name} ? 1 : 0, $can{personal} || 0,
            "$role sees the name" if $can{read};
        is $r->{json}{country}, 'DE', "$role sees the rest" if $can{read};
        is $t->get("$url?q=role", key => $key{$role})->{status},
            $can{personal} ? 200 : 403, "$role searches";
        is $t->get("$url?email=role\@model.org", key => $key{$role})
            ->{status}, $can{personal} ? 200 : 403, "$role asks by address";
        is $t->get("$url?external_id=x", key => $key{$role})->{status},
            $can{read} ? 200 : 403, "$role asks by number";
        $r = $t->patch("$url/$id", {job_title => $role}, key => $key{$role});
        is $r->{status}, $can{write} ? 200 : 403, "$role writes";
        is exists $r->{json}{name} ? 1 : 0, $can{personal} || 0,
            "$role sees the name of what it wrote" if $can{write};
        is create({}, key => $key{$role})->{status},
            $can{write} ? 201 : 403, "$role creates";
    }
    for my $path ('', "/$id", "/$id/history", "/$id/identifiers",
                  "/$id/notes", "/$id/tasks", "/$id/consents") {
        is $t->get("$url$path")->{status}, 401, "nobody reads $path";
        is $t->get("$url$path", key => $key{viewer})->{status}, 403,
            "a viewer does not read $path";
    }
    is_deeply $t->get("$url/$id/identifiers", key => $key{analyst})->{json},
        {}, 'an analyst sees no identifiers';
};

# -- history ------------------------------------------------------------------

subtest 'history' => sub {
    my $id = create({name => 'First', country => 'DE'},
                    key => $key{sales})->{json}{id};
    $t->patch("$url/$id", {name => 'Second', country => undef,
                           tags => ['x']}, key => $key{rep});
    $t->patch("$url/$id", {identifiers => [email('h@x.de')]},
              key => $key{rep});

    my $items = $t->get("$url/$id/history", key => 1)->{json}{items};
    is_deeply [map { $_->{version} } @$items], [3, 2, 1], 'newest first';
    is_deeply [map { $_->{actor}{name} } @$items],
        ['the rep', 'the rep', 'the sales'], 'by whom';
    like $items->[0]{at}, qr/^\d{4}-.*Z$/, 'when';
    is_deeply $items->[1]{changes}, [
        {field => '/name', from => 'First', to => 'Second'},
        {field => '/country', from => 'DE', to => undef},
        {field => '/tags', from => undef, to => ['x']}], 'what';
    is $items->[0]{changes}[0]{to}[0]{value}, 'h@x.de', 'identifiers too';

    $items = $t->get("$url/$id/history?limit=1", key => $key{analyst});
    is_deeply $items->{json}{items}[0]{changes}, [{field => '/identifiers'}],
        'what is personal is told of, not told';
    $items = $t->get("$url/$id/history?limit=1&cursor=$items->{json}{next}",
                     key => $key{analyst})->{json};
    is_deeply [map { [@$_{qw(field to)}] } @{$items->{items}[0]{changes}}],
        [['/name', undef], ['/country', undef], ['/tags', ['x']]],
        'the next page';
    problem($t->get("$url/00000000-0000-4000-8000-000000000000/history",
                    key => 1), 404, 'not_found');
};

# -- once ---------------------------------------------------------------------

subtest 'Idempotency-Key' => sub {
    my %once = (headers => {'Idempotency-Key' => 'k-1'});
    my $body = {name => 'Once', identifiers => [email('once@x.de')]};
    my $first = create($body, %once);
    is $first->{status}, 201, 'created';
    my $again = create($body, %once);
    is_deeply [$again->{status}, $again->{json}], [201, $first->{json}],
        'again: the first reply';
    problem(create({name => 'Other'}, %once), 422, 'idempotency_mismatch');

    is $t->post('/admin/privacy/erasures', {customer_id =>
        $first->{json}{id}}, key => $key{privacy})->{status}, 201, 'erased';
    problem(create($body, %once), 409, 'already_done');
};

# -- erasure ------------------------------------------------------------------

subtest 'erased' => sub {
    my $canary = 'Canaria Xyzzyview';
    my $r = create({name => $canary, country => 'DE', tags => ['gone'],
        identifiers => [email('canary@xyzzy.org'),
                        {type => 'external_id', value => 'xyzzy-1'}]});
    my $id = $r->{json}{id};
    my $kept = create({name => $canary})->{json}{id};
    $t->post('/s/shop/responses', {answers => {nps => 0, why => 'Canary'},
        respondent => {external_id => 'xyzzy-1'}}, key => $key{server});
    my $note = $t->post("$url/$id/notes", {text => 'Canary note'}, key => 1)
        ->{json}{id};

    $r = $t->post('/admin/privacy/erasures', {customer_id => $id},
                  key => $key{privacy});
    is $r->{status}, 201, 'erased';
    $r = get($id);
    is $r->{status}, 200, 'it is there';
    is $r->{json}{erased}, true, 'said to be erased';
    is $r->{json}{country}, 'DE', 'what is not personal stays';
    is_deeply [map { exists $r->{json}{$_} && !defined $r->{json}{$_} }
               qw(name company birthdate identifiers)], [1, 1, 1, 1],
        'what is personal is null';
    unlike $r->{body}, qr/anar|xyzzy/i, 'and nowhere else';
    is_deeply $t->get("$url/$id/identifiers", key => 1)->{json},
        {items => undef}, 'no identifiers';
    $r = $t->get("$url/$id/notes/$note", key => 1)->{json};
    is_deeply [@$r{qw(text erased)}], [undef, true], 'no note';
    unlike $t->get("$url/$id/history", key => 1)->{body}, qr/anar|xyzzy/i,
        'no history of it';

    for my $query ('email=canary@xyzzy.org', 'external_id=xyzzy-1',
                   "customer_id=$id") {
        is_deeply $t->get("$url?$query", key => 1)->{json}{items}, [],
            "$query leads nowhere";
        is_deeply $t->get("/admin/responses?$query", key => 1)
            ->{json}{items}, [], 'nor to an answer';
    }
    is_deeply [map { $_->{id} } @{$t->get("$url?q=canaria", key => 1)
                                    ->{json}{items}}], [$kept],
        'words lead to who is left';
    is $t->get("$url?tags=gone", key => 1)->{json}{items}[0]{id}, $id,
        'tags still lead to it';

    problem($t->patch("$url/$id", {name => 'Back'}, key => 1), 409,
            'person_erased');
    problem($t->put("$url/$id", {name => 'Back'}, key => 1), 409,
            'person_erased');
    problem($t->post("$url/$id/notes", {text => 'x'}, key => 1), 409,
            'person_erased');
    is create({identifiers => [email('canary@xyzzy.org')]})->{status}, 201,
        'the address is free';
};

# -- all of it is the journal's -----------------------------------------------

$t->stop;
$t->sound;

done_testing;
