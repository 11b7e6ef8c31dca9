#!/usr/bin/perl

# What is known of one customer from all rooms: scores, and the timeline.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use Mojo::JSON qw(decode_json false true);
use Test::More;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $t = CXM->new(conf => {
    workers => 2, locations => 'location = /metrics { cxm_metrics; }'});
my %key = map { $_ => $t->key($_) } qw(analyst privacy rep server viewer);
my $url = '/admin/customers';
my $nobody = '00000000-0000-4000-8000-000000000000';

# A customer that an external id leads to.
sub customer {
    my ($number, %rest) = @_;
    return $t->post($url, {identifiers => [
        {type => 'external_id', value => $number}], %rest},
        key => 1)->{json}{id};
}

sub answer {
    my ($survey, $answers, $who) = @_;
    my $r = $t->post("/s/$survey/responses", {answers => $answers,
        respondent => $who}, key => $key{server});
    BAIL_OUT $r->{body} if $r->{status} != 201;
    return $r->{json}{id};
}

sub text { {en => $_[0]} }

$t->put('/admin/surveys/shop', {
    title => 'Shop', status => 'live', questions => [
        {id => 'before', type => 'text', text => text('B?')},
        {id => 'nps', type => 'nps', text => text('N?')},
        {id => 'why', type => 'text', text => text('Why?')}]},
    key => 1);
$t->put('/admin/surveys/care', {
    title => 'Care', status => 'live', questions => [
        {id => 'ok', type => 'csat', text => text('C?')},
        {id => 'speed', type => 'scale', scale => {min => 1, max => 10},
         text => text('S?')},
        {id => 'tone', type => 'scale', scale => {min => 1, max => 10},
         text => text('T?')},
        {id => 'said', type => 'text', text => text('W?')}],
    csi => {questions => ['speed', 'tone']}}, key => 1);
is $t->get('/admin/surveys/care', key => 1)->{status}, 200, 'surveys';

# -- scores -------------------------------------------------------------------

sub score { $t->get("$url/$_[0]/score", key => $_[1] || 1) }

subtest 'what a customer scored' => sub {
    my $id = customer('s-1');
    my $none = {last => undef, mean => undef, trend => undef, history => []};
    is_deeply score($id)->{json}, {nps => $none, csi => $none, csat => $none,
                                   looked => 0, more => false}, 'nothing yet';

    my @nps = (3, 5, 9, 10, 8);
    answer('shop', {nps => $_, why => "because $_"}, {external_id => 's-1'})
        for @nps[0 .. 3];
    my $last = answer('shop', {before => 'Before', nps => 8, why => 'Wörds'},
                      {customer_id => $id});
    answer('shop', {nps => 0}, {external_id => 'somebody else'});
    answer('care', {ok => 4, speed => 10, tone => 1, said => 'Slow'},
           {external_id => 's-1'});

    my $r = score($id);
    is $r->{status}, 200, 'read';
    my $nps = $r->{json}{nps};
    is_deeply [map { $_->{value} } @{$nps->{history}}], [reverse @nps],
        'newest first, whichever name it was given under';
    is_deeply {%{$nps->{last}}{qw(value survey question response comment)}},
        {value => 8, survey => 'shop', question => 'nps', response => $last,
         comment => 'Wörds'}, 'the last one, and what was said behind it';
    like $nps->{last}{at}, qr/^\d{4}-.*Z$/, 'when';
    is $nps->{mean}, 7, 'mean';
    is $nps->{trend}, 9 - 17 / 3, 'the newer two against the older three';
    my ($csi, $csat) = @{$r->{json}}{qw(csi csat)};
    is_deeply [@{$csi->{last}}{qw(value question comment)}],
        [50, undef, 'Slow'], 'an index of several';
    is_deeply [@{$csat->{last}}{qw(value question comment)}],
        [4, 'ok', 'Slow'], 'a question of the same answer';
    is $csat->{trend}, undef, 'one value has no trend';
    is $r->{json}{looked}, 6, 'of six answers';

    $r = score($id, $key{analyst});
    is $r->{json}{nps}{last}{value}, 8, 'an analyst sees values';
    ok !exists $r->{json}{nps}{last}{comment}, 'and no words';
    unlike $r->{body}, qr/rds|Slow|Before/, 'nowhere';

    answer('shop', {before => 'Only before', nps => 1}, {external_id => 's-1'});
    is score($id)->{json}{nps}{last}{comment}, 'Only before',
        'what was said before, where nothing was behind';
    answer('shop', {nps => 2}, {external_id => 's-1'});
    is score($id)->{json}{nps}{last}{comment}, undef, 'nothing said';
};

subtest 'bounds of scores' => sub {
    my $id = customer('s-2');
    answer('care', {ok => 5}, {external_id => 's-2'});
    answer('shop', {nps => $_ % 11}, {external_id => 's-2'}) for 1 .. 30;
    my $json = score($id)->{json};
    is @{$json->{nps}{history}}, 24, 'not more values than that';
    is $json->{csat}{last}{value}, 5, 'what is behind them is still found';
    is_deeply [@$json{qw(looked more)}], [31, false], 'all were looked at';

    answer('shop', {nps => 9}, {external_id => 's-2'}) for 1 .. 150;
    $json = score($id)->{json};
    is_deeply [@$json{qw(looked more)}], [180, true], 'no more than that';
    is $json->{csat}{last}, undef, 'what is behind them is not found';
    answer('care', {ok => 1, speed => 1, tone => 1},
           {external_id => 's-2'}) for 1 .. 24;
    $json = score($id)->{json};
    is_deeply [map { scalar @{$json->{$_}{history}} } qw(nps csi csat)],
        [24, 24, 24], 'all that is wanted';
    is_deeply [@$json{qw(looked more)}], [48, true],
        'is found without looking further';

    problem(score($nobody), 404, 'not_found');
    problem(score('nonsense'), 404, 'not_found');
    problem(score($id, $key{viewer}), 403, 'forbidden');
    is $t->get("$url/$id/score")->{status}, 401, 'not without a key';
    problem($t->get("$url/$id/score?x=1", key => 1), 422, 'invalid', '?x');
};

subtest 'reading words is audited' => sub {
    my $id = customer('s-3');
    my $entries = sub {
        return decode_json(($t->cxmctl('stat'))[1])->{head};
    };
    answer('shop', {nps => 3, why => 'Quiet'}, {external_id => 's-3'});
    my $before = $entries->();
    score($id, $key{analyst});
    is $entries->(), $before, 'values are read without a trace';
    score($id, $key{rep});
    is $entries->(), $before + 1, 'words are not';
};

subtest 'erased' => sub {
    my $id = customer('s-4');
    answer('shop', {nps => 3, why => 'Canary'}, {external_id => 's-4'});
    is $t->post('/admin/privacy/erasures', {customer_id => $id},
                key => $key{privacy})->{status}, 201, 'erased';
    my $r = score($id);
    is_deeply [$r->{status}, $r->{json}{nps}{last}, $r->{json}{looked}],
        [200, undef, 0], 'nothing leads to what was answered';
};

# -- the timeline -------------------------------------------------------------

sub timeline {
    my ($id, $query, $key) = @_;
    return $t->get("$url/$id/timeline" . ($query ? "?$query" : ''),
                   key => $key || 1);
}

# Kinds of what is answered, newest first.
sub kinds { [map { $_->{kind} } @{timeline(@_)->{json}{items}}] }

subtest 'what happened with a customer' => sub {
    answer('shop', {nps => 1, why => 'First'}, {email => 'tim@line.org'});
    my $id = customer('t-1', name => 'Tim');
    $t->patch("$url/$id", {name => 'Tom', country => 'DE'},
              key => $key{rep});
    my $note = $t->post("$url/$id/notes", {text => 'Called'},
                        key => $key{rep})->{json};
    $t->post("$url/$id/consents", {purpose => 'news', granted => true},
             key => 1);
    my $task = $t->post("$url/$id/tasks", {title => 'Call back'},
                        key => 1)->{json};
    answer('shop', {nps => 7}, {external_id => 't-1'});
    $t->post("$url/$id/consents", {purpose => 'news', granted => false},
             key => 1);
    is_deeply kinds($id), [qw(consent answer task consent note change
                              change)], 'newest first';
    $t->post("$url/$id/identifiers", {type => 'email',
                                      value => 'tim@line.org'}, key => 1);
    is_deeply kinds($id), [qw(change consent answer task consent note change
                              change answer)],
        'a name brings what was said under it, where it was said';

    my $items = timeline($id)->{json}{items};
    is_deeply $items->[5]{data}, $note, 'a note as it is read elsewhere';
    is_deeply $items->[3]{data}, $task, 'a task too';
    is $items->[8]{data}{answers}{why}, 'First', 'an answer, with words';
    is_deeply [@{$items->[6]{data}}{qw(version actor)}, $items->[6]{data}
               {changes}[0]],
        [2, timeline($id)->{json}{items}[5]{data}{author},
         {field => '/name', from => 'Tim', to => 'Tom'}],
        'a change: who made it, and what';
    my @at = map { $_->{at} } @$items;
    is_deeply \@at, [reverse sort @at], 'in the order of time';

    # by kind and by time
    is_deeply kinds($id, 'kinds=note,task'), [qw(task note)], 'two kinds';
    is_deeply kinds($id, 'kinds=answer,answer'), [qw(answer answer)],
        'a kind that is named twice is there once';
    is_deeply kinds($id, "from=$at[5]&kinds=note"), ['note'], 'from then on';
    is_deeply kinds($id, "to=$at[5]&kinds=note"), [], 'before that';
    is_deeply kinds($id, 'from=2100-01-01T00:00:00Z'), [], 'later';
    is_deeply kinds($id, 'to=2000-01-01T00:00:00Z'), [], 'earlier';
    is_deeply kinds($id, 'from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z'),
        [map { $_->{kind} } @$items], 'all of the century';

    # page by page
    for my $limit (1, 2, 3, 8, 9, 10) {
        my ($cursor, $pages, @got) = ('', 0);
        do {
            my $json = timeline($id, "limit=$limit$cursor")->{json};
            push @got, @{$json->{items}};
            $pages++;
            $cursor = defined $json->{next} ? "&cursor=$json->{next}" : '';
        } while $cursor && $pages < 20;
        is_deeply \@got, $items, "the same by pages of $limit";
        is $pages, int((9 + $limit - 1) / $limit), 'and no page more';
    }

    # what comes meanwhile does not move the pages
    my $first = timeline($id, 'limit=4')->{json};
    answer('shop', {nps => 9}, {external_id => 't-1'});
    is_deeply timeline($id, "limit=50&cursor=$first->{next}")->{json}{items},
        [@$items[4 .. 8]], 'the second page is what was behind the first';

    is $t->delete("$url/$id/notes/$note->{id}", key => 1)->{status}, 204,
        'deleted';
    is_deeply kinds($id, 'kinds=note'), [], 'what is deleted is not told';
    is_deeply kinds(customer('t-2')), ['change'], 'nobody else\'s is';

    my $r = timeline($id, '', $key{analyst});
    is_deeply [map { $_->{kind} } @{$r->{json}{items}}],
        [qw(answer change consent answer task consent change change answer)],
        'an analyst sees what happened';
    unlike $r->{body}, qr/Tim|Tom|tim\@|First|Call/, 'and nothing personal';
};

subtest 'a partial answer stays where it began' => sub {
    my $id = customer('t-3');
    my $r = $t->post('/s/shop/responses', {answers => {nps => 5},
        respondent => {external_id => 't-3'}, complete => false},
        key => $key{server})->{json};
    $t->post("$url/$id/notes", {text => 'Between'}, key => 1);
    is $t->patch("/s/shop/responses/$r->{id}", {answers => {why => 'Late'},
        complete => true, token => $r->{token}}, key => $key{server})
        ->{status}, 200, 'completed';
    my $items = timeline($id)->{json}{items};
    is_deeply [map { $_->{kind} } @$items], [qw(note answer change)],
        'below what came after';
    is $items->[1]{data}{status}, 'complete', 'as it is now';
    is $items->[1]{at} le $items->[0]{at}, 1, 'with the time of its place';
    is_deeply kinds($id, "to=$items->[0]{at}&kinds=answer"),
        $items->[1]{at} lt $items->[0]{at} ? ['answer'] : [],
        'by which it is found';
};

subtest 'refused' => sub {
    my $id = customer('t-4');
    problem(timeline($id, 'kinds=nonsense'), 422, 'invalid', '?kinds');
    problem(timeline($id, 'kinds=note,'), 422, 'invalid', '?kinds');
    problem(timeline($id, 'from=yesterday'), 422, 'invalid', '?from');
    problem(timeline($id, 'limit=501'), 422, 'invalid', '?limit');
    is timeline($id, 'cursor=x')->{status}, 422, 'a cursor that is none';
    problem(timeline($nobody), 404, 'not_found');
    problem(timeline('nonsense'), 404, 'not_found');
    problem(timeline($id, '', $key{viewer}), 403, 'forbidden');
    is $t->get("$url/$id/timeline")->{status}, 401, 'not without a key';
};

subtest 'the timeline of somebody who is erased' => sub {
    my $id = customer('t-5', name => 'Canary');
    $t->post("$url/$id/notes", {text => 'Canary'}, key => 1);
    answer('shop', {nps => 3, why => 'Canary'}, {external_id => 't-5'});
    is $t->post('/admin/privacy/erasures', {customer_id => $id},
                key => $key{privacy})->{status}, 201, 'erased';
    my $r = timeline($id);
    is $r->{status}, 200, 'it is there';
    is_deeply [map { $_->{kind} } @{$r->{json}{items}}], [qw(note change)],
        'answers are nobody\'s';
    unlike $r->{body}, qr/Canary/, 'and nothing is told';
};

# -- touchpoints --------------------------------------------------------------

sub beacon {
    my ($event, %arg) = @_;
    my $r = $t->post('/b', $event, key => $key{server}, %arg);
    BAIL_OUT $r->{body} if $r->{status} >= 300;
    return $r;
}

# Touchpoints of the timeline as "type url latency status", once the reader
# has met what there was before.
sub seen {
    my ($id, $query, $who) = @_;
    wait_read();
    my $r = $t->get("$url/$id/timeline?kinds=touchpoint" . ($query // ''),
                    key => $who || 1);
    return [map { my $d = $_->{data};
                  join ' ', map { $d->{$_} // '-' } qw(type url) }
            @{$r->{json}{items}}];
}

sub lag {
    my ($which) = @_;
    return $t->get('/metrics')->{body}
        =~ /^cxm_timeline_lag_\Q$which\E\{.*\} (\S+)$/m ? $1 : undef;
}

sub wait_read { CXM::until_true(30, sub { (lag('entries') // 1) == 0 }) }

subtest 'touchpoints' => sub {
    my $id = customer('v-1');
    my $other = customer('v-2');
    is_deeply seen($id), [], 'none yet';

    beacon({type => 'page_view', customer => 'v-1', url => '/a'});
    beacon({events => [
        {type => 'page_view', customer => 'v-1', visitor => 'vis-1',
         url => '/b'},
        {type => 'page_view', customer => 'v-2', url => '/x'},
        {type => 'click', customer => $id, url => '/c'}]});
    beacon({type => 'page_view', visitor => 'vis-1', url => '/before'});
    beacon({type => 'page_view', visitor => 'vis-2', url => '/nobody'});
    beacon({type => 'page_view', customer => 'v-1', url => '/claimed'},
           key => undef);

    is_deeply seen($id), ['click /c', 'page_view /b', 'page_view /a'],
        'newest first, under any name';
    is_deeply seen($other), ['page_view /x'], 'each has its own';
    is lag('seconds'), 0, 'no lag';

    # a visitor that is known later brings what there is
    is $t->post("$url/$id/identifiers", {type => 'visitor',
        value => 'vis-1'}, key => 1)->{status}, 201, 'a visitor';
    my $all = ['page_view /before', 'click /c', 'page_view /b',
               'page_view /a'];
    is_deeply seen($id), $all, 'and what it did, each event once';

    my @paged;
    my $next = '';
    do {
        my $r = $t->get("$url/$id/timeline?kinds=touchpoint&limit=1"
                        . ($next ? "&cursor=$next" : ''), key => 1);
        push @paged, map { "$_->{data}{type} $_->{data}{url}" }
            @{$r->{json}{items}};
        $next = $r->{json}{next};
    } while ($next);
    is_deeply \@paged, $all, 'page by page, also inside of one commit';

    my $items = $t->get("$url/$id/timeline?limit=500", key => 1)
        ->{json}{items};
    is_deeply [map { $_->{kind} } @$items],
        ['change', ('touchpoint') x 4, 'change'], 'among all others';
    my ($shown) = grep { $_->{kind} eq 'touchpoint' } @$items;
    my ($listed) = grep { $_->{url} eq '/before' }
        @{$t->get('/admin/touchpoints', key => 1)->{json}{items}};
    is_deeply $shown->{data}, $listed, 'as at their own address';

    my $r = $t->get("$url/$id/timeline?kinds=touchpoint",
                    key => $key{analyst});
    is_deeply [map { $_->{data}{visitor} } @{$r->{json}{items}}],
        [(undef) x 4], 'personal members need personal_read';

    is $t->delete("$url/$id/identifiers?type=visitor&value=vis-1",
                  key => 1)->{status}, 200, 'it is not his';
    is_deeply seen($id), [@$all[1 .. 3]], 'then it is not told';
    $t->sound;
};

subtest 'touchpoints of who is erased' => sub {
    my $id = customer('e-9');
    beacon({type => 'page_view', customer => 'e-9', url => "/$_"}) for 1 .. 3;
    is scalar @{seen($id)}, 3, 'three';
    beacon({type => 'page_view', customer => 'e-9', url => '/late'});
    is $t->post('/admin/privacy/erasures', {customer_id => $id},
                key => 1)->{status}, 201, 'erased';
    is_deeply seen($id), [], 'are nobody\'s';

    # whoever gets the name next gets what comes next
    my $again = customer('e-9');
    beacon({type => 'page_view', customer => 'e-9', url => '/new'});
    is_deeply seen($again), ['page_view /new'], 'and stay so';
    $t->sound;
};

# Runs that are cut off are done again; what comes of them is the same.
subtest 'killed while it reads' => sub {
    my $id = customer('k-1');
    my @rows = map {{type => 'view', customer => $_ % 10 ? "n-$_" : 'k-1',
                     url => "/$_"}} 1 .. 500;
    $t->expect_alerts(qr/exited on signal 9/);

    for my $round (1 .. 4) {
        beacon({events => \@rows}) for 1 .. 6;
        select undef, undef, undef, 0.3 * $round;
        kill KILL => $_ for $t->workers;
        $t->wait_store;
    }

    wait_read();
    my ($count, $next) = (0, '');
    do {
        my $r = $t->get("$url/$id/timeline?kinds=touchpoint&limit=500"
                        . ($next ? "&cursor=$next" : ''), key => 1);
        $count += @{$r->{json}{items}};
        $next = $r->{json}{next};
    } while ($next);
    is $count, 4 * 6 * 50, 'every one of them';
    $t->sound;
};

subtest 'a rebuilt store' => sub {
    my $id = $t->get("$url?external_id=v-1", key => 1)->{json}{items}[0]{id};
    my $before = seen($id);
    $t->stop;
    my ($rc, $out, $err) = $t->cxmctl('rebuild');
    is $rc, 0, 'rebuild' or diag $out . $err;
    $t->start;
    is_deeply seen($id), $before, 'tells the same';
};

# -- all of it is the journal's -----------------------------------------------

$t->stop;
$t->sound;

done_testing;
