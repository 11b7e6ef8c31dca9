#!/usr/bin/perl

# Two records of one person: suggestions, what a merge would do, the merge,
# what follows it, and its undo.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
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
my $nobody = '00000000-0000-4000-8000-000000000000';

sub problem {
    my ($reply, $status, $code, @pointers) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $reply->{json} || {};
    is_deeply [$reply->{status}, $json->{code},
               map { $_->{pointer} } @{$json->{errors} || []}],
        [$status, $code, @pointers], "$status $code @pointers"
        or diag $reply->{body};
}

sub get { $t->get("$url/$_[0]", key => $_[1] || 1) }
sub post { $t->post("$url/$_[0]", $_[1], key => $_[2] || 1) }
sub email { {type => 'email', value => $_[0]} }
sub external { {type => 'external_id', value => $_[0]} }

sub customer {
    my (%with) = @_;
    my $r = $t->post($url, {%with}, key => 1);
    BAIL_OUT $r->{body} if $r->{status} != 201;
    return $r->{json}{id};
}

sub merge {
    my ($into, $from, %more) = @_;
    my %version = $more{dry_run} ? () : (
        into_version => get($into)->{json}{version} // 1,
        from_version => get($from)->{json}{version} // 1);
    return post("$into/merge", {from => $from, %version, %more});
}

sub undo { $t->request('POST', "$url/$_[0]/merges/$_[1]/undo", key => 1) }

sub answer {
    my ($survey, $answers, $who) = @_;
    my $r = $t->post("/s/$survey/responses", {answers => $answers,
        respondent => $who}, key => $key{server});
    BAIL_OUT $r->{body} if $r->{status} != 201;
    return $r->{json}{id};
}

sub asked {
    my ($survey, $who) = @_;
    return $t->post("/s/$survey/exposures", {respondent => $who},
                    key => $key{server})->{json};
}

sub rows { +{map { $_->{field} => $_ } @{$_[0]}} }
sub ids { [map { $_->{id} } @{$_[0]{json}{items}}] }
sub found { ids($t->get("$url?$_[0]", key => 1)) }

sub given {
    return [map { "$_->{type} $_->{value}" } @{$_[0]{identifiers} || []}];
}

sub verified {
    my ($rc, $out, $err) = $t->cxmctl('verify');
    is $rc, 0, 'verify' or diag $out, $err;
}

# All that the API tells of customers, but for what tells of merges.
sub dump_of {
    my (@ids) = @_;
    my %dump;
    for my $id (@ids) {
        for my $part ('', qw(/identifiers /notes /tasks /consents /score
                             /timeline)) {
            my $r = get("$id$part");
            my $json = $r->{json};
            delete @$json{qw(version updated_at)} if $part eq '';
            $json->{items} = [grep { $_->{kind} ne 'merge'
                && !($_->{kind} eq 'change' && $_->{data}{version} > 1) }
                @{$json->{items}}] if $part eq '/timeline';
            $dump{"$id$part"} = [$r->{status}, $json];
        }
        my $r = $t->get("/admin/responses?customer_id=$id", key => 1);
        $dump{"responses $id"} = $r->{json};
        for my $survey (qw(shop care)) {
            $dump{"asked $survey $id"} = $t->get("/admin/metrics/nps?survey=$survey",
                                                 key => 1)->{json}
                if $survey eq 'shop';
        }
    }
    for my $list ('', '?tags=vip', '?country=AT', '?q=ann', '?q=huber') {
        my $json = $t->get("$url$list", key => 1)->{json};
        delete @$_{qw(version updated_at)} for @{$json->{items}};
        $dump{$list} = $json;
    }
    $dump{csi} = $t->get('/admin/metrics/csat?survey=care', key => 1)->{json};
    return \%dump;
}

$t->put('/admin/surveys/shop', {
    title => 'Shop', status => 'live', questions => [
        {id => 'nps', type => 'nps', text => {en => 'N?'}},
        {id => 'why', type => 'text', text => {en => 'Why?'}}],
    suppress => {same_survey_days => 30}}, key => 1);
$t->put('/admin/surveys/care', {
    title => 'Care', status => 'live', questions => [
        {id => 'ok', type => 'csat', text => {en => 'C?'}}]}, key => 1);
$t->put('/admin/fields/customer', {fields => [
    {name => 'plan', type => 'enum', values => ['free', 'pro'],
     index => 'lookup'},
    {name => 'contract', type => 'string', index => 'unique'},
    {name => 'shoe', type => 'number', personal => true}]}, key => 1);

# -- what it would do ---------------------------------------------------------

my ($ann, $anna);

sub two {
    my ($n) = @_;
    $ann = customer(name => 'Ann Huber', country => 'AT', language => 'de',
        tags => ['vip', 'early'], attributes => {plan => 'pro'},
        identifiers => [email("ann$n\@example.org"), external("a-$n")]);
    $anna = customer(name => 'Anna Huber', company => 'Huber KG',
        birthdate => '1961-02-28', language => 'en', tags => ['vip', 'b2b'],
        attributes => {plan => 'free', shoe => 39, contract => "k-$n"},
        identifiers => [email("anna$n\@huber.example"), external("b-$n")]);
    return ($ann, $anna);
}

subtest 'a dry run' => sub {
    two(1);
    post("$anna/notes", {text => 'Called.'});
    post("$anna/tasks", {title => 'Call back'});
    post("$anna/consents", {purpose => 'news', granted => false});
    post("$ann/consents", {purpose => 'post', granted => true});
    asked('shop', {email => 'anna1@huber.example'});
    answer('shop', {nps => 9}, {external_id => 'b-1'});

    my $before = dump_of($ann, $anna);
    my $r = merge($ann, $anna, dry_run => true);
    is $r->{status}, 200, 'planned' or diag $r->{body};
    my $plan = $r->{json};
    is_deeply [@$plan{qw(status into from into_version from_version)}],
        ['planned', $ann, $anna, 1, 1], 'of whom';
    my $change = rows($plan->{changes});
    is_deeply [sort keys %$change],
        ['/aliases', '/attributes/contract', '/attributes/shoe', '/birthdate',
         '/company', '/identifiers', '/tags'], 'every field that changes';
    is_deeply $change->{'/company'}, {field => '/company',
        from => 'Huber KG', into => undef, result => 'Huber KG'},
        'from, into and result';
    is_deeply $change->{'/tags'}{result}, ['vip', 'early', 'b2b'], 'tags';
    is_deeply $change->{'/aliases'}{result}, ['Anna Huber'],
        'the other name is kept to be found by';
    is_deeply given({identifiers => $change->{'/identifiers'}{result}}),
        ['email ann1@example.org', 'external_id a-1',
         'email anna1@huber.example', 'external_id b-1'], 'identifiers';
    my $conflict = rows($plan->{conflicts});
    is_deeply [map { "$_ $conflict->{$_}{result}" } sort keys %$conflict],
        ['/attributes/plan pro', '/language de', '/name Ann Huber'],
        'where both have a value it keeps its own';
    my %moved = map { $_ => $plan->{moved}{$_} }
        grep { $plan->{moved}{$_} } keys %{$plan->{moved}};
    is_deeply \%moved, {answer => 1, change => 1, consent => 1,
        exposure => 1, note => 1, task => 1}, 'what follows';
    is_deeply [map { $plan->{consents}{$_}{result}{granted} } qw(news post)],
        [false, true], 'consents';
    is $plan->{distinct}, false, 'nobody said they are two';

    $r = merge($ann, $anna, dry_run => true,
               choose => {name => 'from', 'attributes.plan' => 'from'});
    $change = rows($r->{json}{changes});
    is_deeply [map { $change->{$_}{result} }
               qw(/name /attributes/plan /aliases)],
        ['Anna Huber', 'free', ['Ann Huber']], 'chosen';

    is_deeply dump_of($ann, $anna), $before, 'and nothing was changed';
    $r = post("$ann/merge", {from => $anna, dry_run => true}, $key{server});
    is $r->{status}, 200, 'a server may ask';
    ok !exists $r->{json}{changes} && !exists $r->{json}{conflicts},
        'and reads nothing personal';
};

subtest 'what is refused' => sub {
    my $before = dump_of($ann, $anna);
    problem(post("$ann/merge", {from => $anna}), 422, 'invalid',
            '/into_version', '/from_version');
    problem(post("$ann/merge", {dry_run => true}), 422, 'invalid', '/from');
    problem(post("$ann/merge", {from => 'x'}), 422, 'invalid', '/from');
    problem(merge($ann, $ann), 422, 'invalid', '/from');
    problem(merge($ann, $nobody), 422, 'invalid', '/from');
    problem(post("$nobody/merge", {from => $ann, dry_run => true}), 404,
            'not_found');
    problem(merge($ann, $anna, choose => {tags => 'from'}), 422, 'invalid',
            '/choose/tags');
    problem(merge($ann, $anna, choose => {persons => 'from'}), 422,
            'invalid', '/choose/persons');
    problem(merge($ann, $anna, choose => {'name.x' => 'from'}), 422,
            'invalid', '/choose/name.x');
    problem(merge($ann, $anna, choose => {country => 'from'}), 422,
            'invalid', '/choose/country');
    problem(merge($ann, $anna, choose => {name => 'both'}), 422, 'invalid',
            '/choose/name');
    problem(merge($ann, $anna, into_version => 2), 412,
            'precondition_failed');
    problem(merge($ann, $anna, from_version => 2), 412,
            'precondition_failed');
    problem($t->post("$url/$ann/merge", {from => $anna, from_version => 1},
                     key => 1, headers => {'If-Match' => '"7"'}), 412,
            'precondition_failed');
    problem(merge($ann, $anna, nonsense => 1), 422, 'invalid', '/nonsense');
    problem(post("$ann/merge", {from => $anna}, $key{analyst}), 403,
            'forbidden');
    is_deeply dump_of($ann, $anna), $before, 'and nothing was changed';
};

# -- the merge, and back ------------------------------------------------------

subtest 'merged' => sub {
    my $before = dump_of($ann, $anna);
    my $r = $t->post("$url/$ann/merge", {from => $anna, from_version => 1},
                     key => $key{sales}, headers => {'If-Match' => '"1"'});
    is $r->{status}, 201, 'merged' or diag $r->{body};
    my $merge = $r->{json};
    is_deeply [@$merge{qw(status into from)}], ['merged', $ann, $anna],
        'of whom';
    is $merge->{author}{name}, 'the sales', 'by whom';
    is $merge->{moved}{answer}, 1, 'what followed';

    my $doc = get($ann)->{json};
    is_deeply [@$doc{qw(name company birthdate country language aliases)}],
        ['Ann Huber', 'Huber KG', '1961-02-28', 'AT', 'de', ['Anna Huber']],
        'the record';
    is_deeply $doc->{attributes}, {plan => 'pro', shoe => 39,
                                   contract => 'k-1'}, 'attributes';
    is_deeply $doc->{tags}, ['vip', 'early', 'b2b'], 'tags';
    is $doc->{version}, 2, 'one version more';
    is $doc->{identifiers}[2]{source}, 'admin', 'who gave an identifier';

    $r = get($anna);
    is $r->{status}, 308, 'the old id leads there';
    is $r->{headers}{location}, "$url/$ann", 'Location';
    is_deeply $r->{json}, {merged_into => $ann}, 'and says so';
    is $r->{headers}{'cache-control'}, 'no-store', 'but not for ever';
    for my $part (qw(score timeline history identifiers notes tasks consents
                     merges duplicates distinct)) {
        $r = get("$anna/$part");
        is_deeply [$r->{status}, $r->{headers}{location}],
            [308, "$url/$ann/$part"], $part;
    }
    is get("$anna/notes?limit=5&cursor=a%2Fb")->{headers}{location},
        "$url/$ann/notes?limit=5&cursor=a%2Fb", 'with its arguments';

    for my $write (
        [PATCH => '', {name => 'X'}], [PUT => '', {name => 'X'}],
        [POST => '/notes', {text => 'X'}], [POST => '/tasks', {title => 'X'}],
        [POST => '/consents', {purpose => 'x', granted => true}],
        [POST => '/identifiers', external('x')],
        [DELETE => '/identifiers?type=external_id&value=b-1'],
        [POST => '/merge', {from => $ann, dry_run => true}],
        [PUT => "/distinct/$ann"],
    ) {
        my ($method, $part, $json) = @$write;
        $r = $t->request($method, "$url/$anna$part", key => 1,
                         $json ? (json => $json) : ());
        is_deeply [$r->{status}, @{$r->{json}}{qw(code merged_into)}],
            [409, 'merged', $ann], "$method $part" or diag $r->{body};
    }
    problem(merge($ann, $anna, dry_run => true), 409, 'merged');

    # what leads there
    is_deeply found('q=anna'), [$ann], 'found by the other name';
    is_deeply found('email=anna1@huber.example'), [$ann], 'by address';
    is_deeply found("customer_id=$anna"), [$ann], 'by the old id';
    is_deeply [grep { $_ eq $anna } @{found('limit=500')}], [],
        'lists have one';
    unlike $t->get('/admin/export/customers.ndjson', key => 1)->{body},
        qr/"id":"$anna"/, 'exports, too';
    problem($t->post($url, {attributes => {contract => 'k-1'}}, key => 1),
            409, 'value_taken', '/attributes/contract');

    # what followed
    is get("$ann/score")->{json}{nps}{last}{value}, 9, 'scores';
    my %kinds;
    $kinds{$_->{kind}}++ for @{get("$ann/timeline")->{json}{items}};
    is_deeply \%kinds, {answer => 1, change => 4, consent => 2, merge => 1,
                        note => 1, task => 1}, 'the timeline';
    is scalar @{$t->get("/admin/responses?customer_id=$ann",
                        key => 1)->{json}{items}}, 1, 'answers';
    is asked('shop', {external_id => 'a-1'})->{reason}, 'suppressed',
        'who was asked by one name is not by the other';
    my $note = get("$ann/notes")->{json}{items}[0];
    is $note->{text}, 'Called.', 'notes';
    is get("$ann/notes/$note->{id}")->{json}{text}, 'Called.', 'a note';
    my $task = get("$ann/tasks?status=open")->{json}{items}[0];
    is $task->{title}, 'Call back', 'tasks that are open';
    is_deeply get("$ann/tasks?status=done")->{json}{items}, [], 'and done';
    is get("$ann/consents")->{json}{current}{news}{granted}, false,
        'what was taken back';
    is scalar @{get("$ann/consents")->{json}{items}}, 2, 'both facts';
    is_deeply ids(get("$ann/merges")), [$merge->{id}], 'its merges';
    verified();

    $r = undo($ann, $merge->{id});
    is $r->{status}, 200, 'undone' or diag $r->{body};
    is_deeply [@{$r->{json}}{qw(status kept version)}], ['undone', [], 2],
        'all of it';
    is_deeply dump_of($ann, $anna), $before, 'as it was before';
    problem(undo($ann, $merge->{id}), 409, 'not_merged');
    is get($anna)->{json}{version}, 3, 'versions go on';
    my @events = map { $_->{data}{event} }
        @{get("$anna/timeline?kinds=merge")->{json}{items}};
    is_deeply \@events, ['undone', 'merged'], 'both know of it';
    is_deeply ids(get("$anna/merges")), [$merge->{id}], 'and list it';
    my $history = get("$anna/history")->{json}{items};
    is_deeply [map { $_->{changes}[0]{field} } @$history[0, 1]],
        ['/merged_into', '/merged_into'], 'history';
    verified();
};

done_testing;
