#!/usr/bin/perl

# Two records of one person: what a merge would do, the merge, what follows
# it, and its undo.

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
my $nobody = '00000000-0000-4000-8000-000000000000';

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

# Two who are one.
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
    $r = $t->get($r->{headers}{location}, key => 1);
    is_deeply [$r->{status}, $r->{headers}{etag}, $r->{json}],
        [200, '"1"', $merge], 'at its own address';
    problem(get("$nobody/merges/$merge->{id}"), 404, 'not_found');
    problem(get("$ann/merges/$nobody"), 404, 'not_found');

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
    $r = $t->post("$url/import?dry_run=true", {rows => [
        {id => $anna, name => 'X'}, {external_id => 'b-1', name => 'X'}]},
        key => 1);
    is_deeply [@{$r->{json}}{qw(updated rejected)}], [2, 0],
        'rows of the old id and its identifiers are of the one'
        or diag $r->{body};
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
    $t->sound;

    problem(undo($anna, $merge->{id}), 409, 'merged');
    problem($t->request('POST', "$url/$ann/merges/$merge->{id}/undo",
                        key => 1, headers => {'If-Match' => '"2"'}),
            412, 'precondition_failed');
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
    $t->sound;
};

subtest 'what was changed since stays' => sub {
    two(2);
    my $merge = merge($ann, $anna)->{json};
    my $item = sub { [grep { $_->{value} eq $_[0] }
                      @{get($_[1])->{json}{identifiers}}] };

    # of the fields that the merge gave one is changed, one is not; and one
    # that it had nothing to do with
    is $t->patch("$url/$ann", {company => 'Huber AG', job_title => 'CTO',
        tags => ['early', 'b2b', 'new'], attributes => {shoe => 40}},
        key => 1)->{status}, 200, 'changed';

    # identifiers: one is dropped, one is proved, one is new
    $t->delete("$url/$ann/identifiers?type=external_id&value=b-2", key => 1);
    my $list = get($ann)->{json}{identifiers};
    $_->{verified} = true
        for grep { $_->{value} eq 'anna2@huber.example' } @$list;
    push @$list, external('c-2');
    is $t->patch("$url/$ann", {identifiers => $list}, key => 1)->{status},
        200, 'identifiers';

    # answers, under names of both
    answer('shop', {nps => 1}, {email => 'anna2@huber.example'});
    answer('shop', {nps => 2}, {customer_id => $anna});
    answer('shop', {nps => 7}, {external_id => 'c-2'});
    answer('shop', {nps => 8}, {email => 'ann2@example.org'});
    asked('care', {email => 'anna2@huber.example'});
    post("$ann/notes", {text => 'Of both.'});
    is get("$ann/score")->{json}{looked}, 4, 'while they are one, all';

    my $r = undo($ann, $merge->{id});
    is $r->{status}, 200, 'undone' or diag $r->{body};
    is_deeply [sort @{$r->{json}{kept}}],
        ['/attributes/shoe', '/company', '/identifiers'], 'what is kept';
    my ($one, $two) = map { get($_)->{json} } $ann, $anna;
    is_deeply [@$one{qw(company job_title tags)}, $one->{attributes}{shoe}],
        ['Huber AG', 'CTO', ['early', 'new'], 40],
        'later changes stay, what the merge gave is gone';
    ok !exists $one->{birthdate} && !exists $one->{aliases}
        && !exists $one->{attributes}{contract}, 'all of it';
    is_deeply given($one), ['email ann2@example.org', 'external_id a-2',
                            'external_id c-2'], 'its identifiers';
    is_deeply given($two), ['email anna2@huber.example'],
        'those of the other, but for what was dropped';
    is $two->{identifiers}[0]{verified}, true, 'as they are by now';
    is_deeply [@$two{qw(company birthdate tags)}],
        ['Huber KG', '1961-02-28', ['vip', 'b2b']], 'the other as it was';

    my $scores = sub {
        return [map { $_->{value} }
                @{get("$_[0]/score")->{json}{nps}{history}}];
    };
    is_deeply $scores->($ann), [8, 7], 'answers go with the identifiers';
    is_deeply $scores->($anna), [2, 1], 'that they were given under';
    is_deeply [map { scalar @{get("$_/notes")->{json}{items}} } $ann, $anna],
        [1, 0], 'notes stay where they were written';
    is_deeply found('email=anna2@huber.example'), [$anna], 'and lead there';
    is_deeply found('external_id=b-2'), [], 'or nowhere';
    is scalar(grep { $_ eq $ann } @{found('q=anna huber')}), 0,
        'names, too';
    $t->sound;
};

subtest 'of nothing' => sub {
    my ($x, $y) = (customer(), customer());
    my $before = dump_of($x, $y);
    my $merge = merge($x, $y);
    is $merge->{status}, 201, 'merged';
    is_deeply $merge->{json}{changes}, [], 'nothing changes';
    undo($x, $merge->{json}{id});
    is_deeply dump_of($x, $y), $before, 'and back';

    # what somebody else has got meanwhile
    my $z = customer(name => 'Z', attributes => {contract => 'k-z'});
    $merge = merge($x, $z)->{json};
    is $t->patch("$url/$x", {attributes => {contract => 'k-x'}},
                 key => 1)->{status}, 200, 'the winner has another';
    my $other = customer(attributes => {contract => 'k-z'});
    problem(undo($x, $merge->{id}), 409, 'value_taken',
            '/attributes/contract');
    is get($z)->{status}, 308, 'still merged';
    $t->patch("$url/$other", {attributes => {contract => undef}}, key => 1);
    is_deeply undo($x, $merge->{id})->{json}{kept},
        ['/attributes/contract'], 'then it goes';
    is get($z)->{json}{attributes}{contract}, 'k-z', 'and has it again';
};

# -- more than two ------------------------------------------------------------

subtest 'chains' => sub {
    my @c = map { customer(name => "Cora $_", tags => ["t$_"], identifiers =>
        [external("chain-$_")]) } 0 .. 3;
    post("$c[$_]/notes", {text => "note $_"}) for 0 .. 3;
    answer('shop', {nps => $_}, {external_id => "chain-$_"}) for 0 .. 3;
    my $before = dump_of(@c);

    my @m = map { merge(@$_)->{json}{id} }
        [$c[1], $c[0]], [$c[2], $c[1]], [$c[2], $c[3]];
    is get($c[$_])->{headers}{location}, "$url/$c[2]", "$_ leads to the end"
        for 0, 1, 3;
    is_deeply [sort map { $_->{text} } @{get("$c[2]/notes")->{json}{items}}],
        ['note 0', 'note 1', 'note 2', 'note 3'], 'all notes';
    is get("$c[2]/score")->{json}{looked}, 4, 'all answers';
    is_deeply get($c[2])->{json}{aliases}, ['Cora 0', 'Cora 1', 'Cora 3'],
        'all names';
    is_deeply ids(get("$c[2]/merges")), [reverse @m], 'all merges';
    my $limited = get("$c[2]/merges?limit=2")->{json};
    is_deeply [map { $_->{id} } @{$limited->{items}}], [@m[2, 1]], 'a page';
    is_deeply ids(get("$c[2]/merges?limit=2&cursor=$limited->{next}")),
        [$m[0]], 'and the next';
    my $timeline = get("$c[2]/timeline?limit=500")->{json}{items};
    is_deeply [sort map { $_->{data}{text} }
               grep { $_->{kind} eq 'note' } @$timeline],
        ['note 0', 'note 1', 'note 2', 'note 3'], 'one timeline';
    my (@paged, $next);
    do {
        my $page = get("$c[2]/timeline?limit=3"
                       . ($next ? "&cursor=$next" : ''))->{json};
        push @paged, @{$page->{items}};
        $next = $page->{next};
    } while ($next);
    is_deeply \@paged, $timeline, 'in pages, too';

    problem(merge($c[2], $c[0], dry_run => true), 409, 'merged');
    problem(undo($c[2], $m[0]), 409, 'merged');
    problem(undo($c[2], $m[1]), 409, 'merged_since');
    problem(undo($nobody, $m[2]), 404, 'not_found');
    problem(undo($ann, $m[2]), 404, 'not_found');
    problem(undo($c[2], $nobody), 404, 'not_found');
    is undo($c[2], $m[$_])->{status}, 200, "undone $_" for 2, 1;
    is undo($c[1], $m[0])->{status}, 200, 'undone 0';
    is_deeply dump_of(@c), $before, 'as it was';
    $t->sound;
};

subtest 'limits' => sub {
    my @pair = map { my $n = $_; customer(identifiers =>
        [map { external("full-$n-$_") } 1 .. 30]) } 1, 2;
    my $before = dump_of(@pair);
    problem(merge(@pair), 409, 'too_many_identifiers');
    problem(merge(@pair, dry_run => true), 409, 'too_many_identifiers');
    is_deeply dump_of(@pair), $before, 'nothing was changed';

    @pair = map { my $n = $_; customer(tags => [map { "t$n-$_" } 1 .. 60]) }
        1, 2;
    problem(merge(@pair), 409, 'too_many_tags');

    my $one = customer(name => 'One');
    for my $n (1 .. 50) {
        my $r = merge($one, customer(name => "Other $n"));
        BAIL_OUT $r->{body} if $r->{status} != 201;
    }
    problem(merge($one, customer(name => 'Other 51')), 409,
            'too_many_names');
    is merge($one, customer(name => 'Other 7'))->{status}, 201,
        'a name that is there is one';
    is_deeply found('q=Other 49'), [$one], 'found by all of them';

    # each has a slot of its own
    my $many = customer();
    my $r;
    for (1 .. 255) {
        $r = merge($many, customer());
        last if $r->{status} != 201;
    }
    is $r->{status}, 201, 'two hundred and fifty-six are one';
    problem(merge($many, customer()), 409, 'too_many_persons');
    problem(merge(customer(), $many), 409, 'too_many_persons');
    is get("$many/timeline?limit=5")->{status}, 200, 'and can be read';
    is undo($many, $r->{json}{id})->{status}, 200, 'and undone';
    $t->sound;
};

# -- at the same time ---------------------------------------------------------

subtest 'many at once' => sub {
    my $ua = $t->ua;
    my $call = sub {
        my ($into, $from) = @_;
        return $ua->post_p($t->url("$url/$into/merge"), {
            Authorization => 'Bearer ' . $t->admin_key} => json => {
            from => $from, into_version => 1, from_version => 1});
    };
    for my $case ('the same', 'a circle') {
        my ($x, $y) = (customer(name => 'X'), customer(name => 'Y'));
        my %got;
        Mojo::Promise->all_settled(map {
            my @who = $case eq 'a circle' && $_ % 2 ? ($y, $x) : ($x, $y);
            $call->(@who)->then(sub { $got{$_[0]->res->code}++ });
        } 1 .. 20)->wait;
        is_deeply \%got, {201 => 1, 409 => 19}, "$case: one is first";
        is_deeply [sort map { get($_)->{status} } $x, $y], [200, 308],
            'and one is left';
    }

    # undone by many
    my ($x, $y) = (customer(), customer());
    my $merge = merge($x, $y)->{json}{id};
    my %got;
    Mojo::Promise->all_settled(map {
        $ua->post_p($t->url("$url/$x/merges/$merge/undo"), {
            Authorization => 'Bearer ' . $t->admin_key})
        ->then(sub { $got{$_[0]->res->code}++ });
    } 1 .. 20)->wait;
    is_deeply \%got, {200 => 1, 409 => 19}, 'one undoes';

    my $r = $t->post("$url/$x/merge", {from => $y, from_version => 3,
        into_version => 3}, key => 1, headers => {'Idempotency-Key' => 'm'});
    my $again = $t->post("$url/$x/merge", {from => $y, from_version => 3,
        into_version => 3}, key => 1, headers => {'Idempotency-Key' => 'm'});
    is_deeply [$again->{status}, $again->{json}], [201, $r->{json}],
        'a repeat by its key gets the first reply';
    $t->sound;
};

# -- consents -----------------------------------------------------------------

subtest 'consents' => sub {
    my ($x, $y) = (customer(), customer());
    my $say = sub {
        my ($id, $purpose, $granted, $at) = @_;
        my $r = $t->post("$url/$id/consents", {purpose => $purpose,
            granted => $granted ? true : false, at => $at},
            key => $key{server});
        is $r->{status}, 201, "$purpose at $at" or diag $r->{body};
    };
    my @day = map { sprintf '2024-01-%02dT00:00:00.000Z', $_ } 1 .. 9;
    $say->($x, 'later-yes' => 0, $day[1]);
    $say->($y, 'later-yes' => 1, $day[2]);
    $say->($x, 'later-no' => 1, $day[1]);
    $say->($y, 'later-no' => 0, $day[2]);
    $say->($x, same => 0, $day[3]);
    $say->($y, same => 1, $day[3]);
    my $current = sub {
        my $json = get("$_[0]/consents")->{json}{current};
        return {map { $_ => $json->{$_}{granted} ? 1 : 0 } keys %$json};
    };
    my $plan = merge($x, $y, dry_run => true)->{json}{consents};
    my $merge = merge($x, $y)->{json}{id};
    is_deeply $current->($x), {'later-yes' => 1, 'later-no' => 0, same => 0},
        'the newest counts, of two of one time the one that takes back';
    is_deeply {map { $_ => $plan->{$_}{result}{granted} ? 1 : 0 }
               keys %$plan}, $current->($x), 'as the dry run said';
    is scalar @{get("$x/consents")->{json}{items}}, 6, 'no fact is lost';
    $say->($x, 'later-no' => 1, $day[5]);
    is $current->($x)->{'later-no'}, 1, 'said later';
    undo($x, $merge);
    is_deeply [$current->($x), $current->($y)],
        [{'later-yes' => 0, 'later-no' => 1, same => 0},
         {'later-yes' => 1, 'later-no' => 0, same => 1}], 'and back';
};

subtest 'preferences' => sub {
    $t->put('/admin/topics', {topics => [map {
        {slug => $_, title => {en => $_}} } qw(news ads tips)]}, key => 1);
    my ($x, $y) = map { customer(name => $_) } qw(Xenia Yves);
    my $choose = sub {
        my ($id, %email) = @_;
        is $t->patch("$url/$id/preferences", {choices => {email => \%email}},
                     key => 1)->{status}, 200;
    };
    $choose->($x, news => true);
    $choose->($y, news => false, ads => true);
    my $plan = merge($x, $y, dry_run => true)->{json}{preferences};
    is_deeply $plan, {email => {
        news => {from => false, into => true, result => true},
        ads => {from => true, into => undef, result => true}}}, 'are shown';
    merge($x, $y);
    my ($stand) = map { my $topics = $_; +{map {
        $_->{topic} => $_->{channels}{email}{on} } @$topics} }
        get("$x/preferences")->{json}{topics};
    is_deeply $stand, {news => true, ads => true, tips => false},
        'and are what the dry run said';
    ok !exists post("$x/merge", {from => customer(name => "Zoe"),
        dry_run => true}, $key{server})->{json}{preferences},
        'with personal_read';
};

# -- erasure ------------------------------------------------------------------

subtest 'erasure' => sub {
    for my $by ('customer_id of the one', 'customer_id of the other',
                'email')
    {
        my $n = 'e' . length $by;
        two($n);
        post("$anna/notes", {text => 'secret canary'});
        answer('shop', {nps => 4, why => 'canary'}, {external_id => "b-$n"});
        my $merge = merge($ann, $anna)->{json}{id};
        my $r = $t->post('/admin/privacy/erasures', {
            $by eq 'email' ? (email => "anna$n\@huber.example")
            : (customer_id => $by =~ /one/ ? $ann : $anna)}, key => 1);
        is $r->{status}, 201, "erased by $by" or diag $r->{body};
        is scalar @{$r->{json}{slots}}, 2, 'both keys are gone';
        is_deeply [map { $r->{json}{kept}{$_} } qw(customer merge note
                                                   response)],
            [2, 1, 1, 1], 'what stays is counted';
        my $doc = get($ann)->{json};
        is_deeply [@$doc{qw(erased name identifiers aliases)}],
            [true, undef, undef, undef], 'the one';
        is get($anna)->{status}, 308, 'the other still leads there';
        is_deeply [map { $_->{text} } @{get("$ann/notes")->{json}{items}}],
            [undef], 'notes';
        is_deeply found($_), [], "nobody by $_"
            for "email=anna$n\@huber.example", "external_id=b-$n",
                "customer_id=$anna";
        my ($gone) = @{get("$ann/merges")->{json}{items}};
        is_deeply [@$gone{qw(status changes)}], ['merged', undef],
            'the merge tells no values';
        problem(undo($ann, $merge), 409, 'person_erased');
        problem(merge($ann, customer()), 409, 'person_erased');
        problem(merge(customer(), $ann), 409, 'person_erased');
    }
    $t->sound;
};

# -- who, when, and what tells of it ------------------------------------------

subtest 'roles, audit and stream' => sub {
    my %may = map { $_ => 1 } qw(rep manager sales success server);
    for my $role (sort keys %key) {
        my ($x, $y) = (customer(name => 'X'), customer(name => 'Y'));
        my $r = post("$x/merge", {from => $y, into_version => 1,
                                  from_version => 1}, $key{$role});
        is $r->{status}, $may{$role} ? 201 : 403, "$role merges";
        my $id = $r->{json}{id} // merge($x, $y)->{json}{id};
        is $t->request('POST', "$url/$x/merges/$id/undo",
                       key => $key{$role})->{status},
            $may{$role} ? 200 : 403, "$role undoes";
        ok !exists $r->{json}{changes}, 'without what is personal'
            if $role eq 'server';
    }

    my $head = sub {
        my (undef, $out) = $t->cxmctl('stat');
        return decode_json($out)->{head};
    };
    my ($x, $y) = (customer(name => 'X'), customer(name => 'Y'));
    my $before = $head->();
    merge($x, $y, dry_run => true);
    cmp_ok $head->(), '>', $before, 'a dry run that shows names is audited';
    $before = $head->();
    post("$x/merge", {from => $y, dry_run => true}, $key{server});
    is $head->(), $before, 'one that shows none is not';

    my $listener = $t->connect or die 'no connection';
    syswrite $listener, "GET /admin/stream?kinds=merge,customer,distinct "
        . "HTTP/1.0\r\nAuthorization: Bearer " . $t->admin_key . "\r\n\r\n";
    sysread $listener, my $head_of, 4096;
    my $merge = merge($x, $y)->{json}{id};
    undo($x, $merge);
    $t->request('PUT', "$url/$x/distinct/$y", key => 1);
    my $text = '';
    CXM::until_true(10, sub {
        sysread $listener, $text, 65536, length $text;
        return () = $text =~ /"kind":"distinct"/g;
    });
    my @events = map { decode_json($_) } $text =~ /^data: (.*)$/mg;
    is_deeply [map { $_->{status} ? "$_->{kind} $_->{status}" : $_->{kind} }
               @events],
        ['customer', 'customer', 'merge merged', 'customer', 'customer',
         'merge undone', 'distinct'], 'the stream tells of it';
    is_deeply [@{$events[2]}{qw(id into from)}], [$merge, $x, $y], 'of whom';
    is $events[0]{merged_into}, $x, 'and where it is now';
};

# -- the whole again ----------------------------------------------------------

subtest 'rebuilt' => sub {
    my $before = dump_of($ann, $anna);
    $t->stop;
    my ($rc, $out, $err) = $t->cxmctl('rebuild');
    is $rc, 0, 'rebuild' or diag $out, $err;
    $t->start;
    is_deeply dump_of($ann, $anna), $before, 'comes out the same';
    $t->sound;
};

done_testing;
