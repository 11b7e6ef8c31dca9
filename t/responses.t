#!/usr/bin/perl

# Answers: taken once, counted by nobody's word alone, listed for staff.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(false true);
use Test::More;

my $t = CXM->new;
my $server = $t->key('server');
my $analyst = $t->key('analyst');

my @questions = (
    {id => 'nps', type => 'nps', required => true, text => {en => 'N?'}},
    {id => 'why', type => 'text', text => {en => 'Why?'}},
    {id => 'pick', type => 'multi', text => {en => 'P?'}, choices => [
        map {{id => $_, text => {en => $_}}} qw(a b c)]},
);

$t->put("/admin/surveys/$_", key => 1, json => {
    title => $_, status => 'live', questions => \@questions,
    segment_by => ['plan']}) for qw(demo other);

sub answer {
    my ($json, %arg) = @_;
    return $t->post('/s/demo/responses', json => $json, %arg);
}

sub one { return $t->get("/admin/responses/$_[0]", key => $_[1] // 1) }

# -- one answer ---------------------------------------------------------------

my $r = answer({answers => {nps => 9, why => "weil \x{2713}",
                            pick => ['c', 'a']},
                channel => 'email', touchpoint => 'purchase',
                interaction_id => 'o-1', attributes => {plan => 'pro', n => 3},
                respondent => {email => 'Ann@example.org'}, agent => 'Bob'});
is $r->{status}, 201, 'an answer';
like $r->{json}{id}, qr/^[0-9a-f]{8}-[0-9a-f]{4}-7/, 'gets an id, v7';
is $r->{json}{status}, 'complete', 'is complete';
like $r->{json}{token}, qr/^[0-9a-f]{32}$/, 'and a token';

my $id = $r->{json}{id};
$r = one($id);
is $r->{status}, 200, 'staff read it';
my $got = $r->{json};
is_deeply $got->{answers},
    {nps => 9, why => "weil \x{2713}", pick => ['c', 'a']}, 'as it was given';
is $got->{survey}, 'demo', 'survey';
is $got->{channel}, 'email', 'channel';
is $got->{touchpoint}, 'purchase', 'touchpoint';
is $got->{interaction_id}, 'o-1', 'interaction';
is_deeply $got->{attributes}, {plan => 'pro', n => 3}, 'attributes';
is $got->{respondent}, undef, 'nobody is known';
is_deeply $got->{claimed},
    {agent => 'Bob', respondent => {email => 'Ann@example.org'}},
    'what was claimed is kept apart';
is $got->{agent}, undef, 'and counts for nobody';

$r = one($id, $analyst);
is_deeply $r->{json}{answers}, {nps => 9, pick => ['c', 'a']},
    'without personal_read: no words';
ok !exists $r->{json}{claimed}, 'no claims';
is_deeply $r->{json}{attributes}, {plan => 'pro'}, 'segments only';
is $t->get('/admin/responses?email=x@y.de', key => $analyst)->{status}, 403,
    'nor a question of who';
is one($id, $t->key('viewer'))->{status}, 403, 'without response_read: none';
is $t->get("/admin/responses/$id")->{status}, 401, 'nor without a key';
is one('00000000-0000-4000-8000-000000000000')->{status}, 404, 'no such id';
is one('nonsense')->{status}, 404, 'no id at all';

# -- what is refused ----------------------------------------------------------

for my $case (
    [{answers => {}}, '/answers'],
    [{answers => {nps => '9'}}, '/answers/nps'],
    [{answers => {nps => 11}}, '/answers/nps'],
    [{answers => {why => 'x'}}, '/answers/nps'],
    [{answers => {nps => 9, no => 1}}, '/answers/no'],
    [{answers => {nps => 9, pick => ['d']}}, '/answers/pick/0'],
    [{answers => {nps => 9, why => 'x' x 5001}}, '/answers/why'],
    [{answers => {nps => 9}, channel => 'fax'}, '/channel'],
    [{answers => {nps => 9}, nonsense => 1}, '/nonsense'],
    [{answers => {nps => 9}, exposure => 'x'}, '/exposure'],
) {
    my ($json, $pointer) = @$case;
    $r = answer($json);
    is $r->{status}, 422, "$pointer: 422";
    is $r->{json}{errors}[0]{pointer}, $pointer, "$pointer: where";
}

for my $text ('9.0', '6.5', '1e1', '"9"', 'true', 'null', '[9]') {
    $r = $t->post('/s/demo/responses', body => "{\"answers\":{\"nps\":$text}}",
                  headers => {'Content-Type' => 'application/json'});
    is $r->{status}, 422, "a score of $text is none";
}

is $t->post('/s/none/responses', {answers => {nps => 9}})->{status}, 404,
    'no such survey';

# -- once ---------------------------------------------------------------------

my $v4 = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11';
my $mine = {id => $v4, answers => {nps => 3}, complete => false};

$r = answer($mine);
is $r->{status}, 201, 'an id of the client';
is $r->{json}{status}, 'partial', 'partial';
my $first = $r->{json};
$r = answer($mine);
is $r->{status}, 200, 'the same again: 200';
is_deeply $r->{json}, $first, 'and the first result';
$r = answer({%$mine, answers => {nps => 4}});
is $r->{status}, 409, 'other answers: 409';
is $r->{json}{code}, 'id_taken', 'id_taken';
$r = $t->post('/s/other/responses', $mine);
is $r->{status}, 409, 'another survey: 409';
is one($v4)->{json}{status}, 'partial', 'it is kept as it came first';

my %key = (headers => {'Idempotency-Key' => 'k1'});
$r = answer({answers => {nps => 5}}, %key);
is answer({answers => {nps => 5}}, %key)->{json}{id}, $r->{json}{id},
    'an Idempotency-Key does the same';

# -- whose word counts --------------------------------------------------------

$r = answer({answers => {nps => 2, why => 'late'}, agent => 'Bob',
             respondent => {customer_id => 'c-1'},
             client_time => '2020-02-29T12:00:00+02:00'}, key => $server);
is $r->{status}, 201, 'an answer from a server';
$got = one($r->{json}{id})->{json};
is_deeply $got->{respondent}, {customer_id => 'c-1'}, 'who it is counts';
ok !exists $got->{claimed}, 'and is no claim';
is $got->{agent}, 'Bob', 'the agent counts';
is $got->{created_at}, '2020-02-29T10:00:00.000Z', 'and the date';

$r = answer({answers => {nps => 2}, client_time => '2999-01-01T00:00:00Z'},
            key => $server);
is $r->{json}{errors}[0]{pointer}, '/client_time', 'but not the future';

$r = answer({answers => {nps => 2}, client_time => '2020-01-01T00:00:00Z'});
isnt one($r->{json}{id})->{json}{created_at}, '2020-01-01T00:00:00.000Z',
    'a public date is kept, not used';

# -- the list -----------------------------------------------------------------

sub list { return $t->get("/admin/responses?$_[0]", key => $_[1] // 1) }

$t->post('/s/other/responses', {answers => {nps => $_ % 11}}) for 1 .. 30;
answer({answers => {nps => 10}, respondent => {customer_id => 'c-1'}},
       key => $server);
answer({answers => {nps => 10}, respondent => {customer_id => 'c-1'}});

$r = list('survey=other&limit=500');
is scalar @{$r->{json}{items}}, 30, 'of one survey';
is $r->{json}{items}[0]{answers}{nps}, 8, 'newest first';
is $r->{json}{next}, undef, 'all of it';

my (%seen, $pages);
for (my $next = ''; defined $next; $pages++) {
    $r = list("limit=7&cursor=$next" =~ s/&cursor=$//r);
    $seen{$_->{id}}++ for @{$r->{json}{items}};
    $next = $r->{json}{next};
}
is scalar keys %seen, 37, 'pages of all surveys have all';
ok !(grep { $_ > 1 } values %seen), 'none of them twice';
is $pages, 6, 'in as many pages as needed';

sub scores { return [map { $_->{answers}{nps} } @{$_[0]{json}{items}}] }

is_deeply scores(list('survey=other&min_score=9')), [10, 9, 10, 9],
    'from a score on';
is_deeply scores(list('survey=other&min_score=9&max_score=9')), [9, 9],
    'of a score';
is_deeply scores(list('customer_id=c-1')), [10, 2], 'of a customer';
is_deeply scores(list('customer_id=c-1&from=2025-01-01T00:00:00Z')), [10],
    'since a time';
is_deeply scores(list('customer_id=c-1&to=2025-01-01T00:00:00Z')), [2],
    'before a time';
is_deeply scores(list('email=ann@example.org')), [], 'claims are no identity';

for my $case (['survey=none', '?survey'], ['survey=demo&question=x',
              '?question'], ['min_score=x', '?min_score'], ['limit=501',
              '?limit'], ['from=yesterday', '?from'], ['cursor=AAAA',
              '?cursor'], ['nonsense=1', '?nonsense']) {
    my ($query, $pointer) = @$case;
    $r = list($query);
    is $r->{status}, 422, "$query: 422";
    is $r->{json}{errors}[0]{pointer}, $pointer, "$query: where";
}

# -- counted ------------------------------------------------------------------

$r = $t->get('/admin/metrics/nps?survey=other', key => 1);
is $r->{json}{n}, 30, 'every answer counts';
is_deeply $r->{json}{scale}, [2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2], 'as given';
$r = $t->get('/admin/metrics/nps?survey=demo&by=agent', key => 1);
is $r->{json}{n}, 7, 'partial ones and claims too, refused ones nowhere';

# -- and all of it is the journal's -------------------------------------------

$t->stop;
$t->sound;

done_testing;
