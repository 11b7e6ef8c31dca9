#!/usr/bin/perl

# Partial answers: gone on with under one id and token, counted as they
# change, ended by their giver or by their timeout, kept through kills.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json false true);
use Test::More;

my $t = CXM->new;

sub text { return {id => $_[0], type => 'text', text => {en => "$_[0]?"}} }

my @questions = (
    {id => 'nps', type => 'nps', required => true, text => {en => 'N?'}},
    text('why'), text('more'),
    map {{id => $_, type => 'scale', scale => {min => 1, max => 10},
          text => {en => '?'}}} qw(a b),
);

sub define {
    my ($slug, %more) = @_;
    return $t->put("/admin/surveys/$slug", key => 1, json => {
        title => $slug, status => 'live', questions => \@questions,
        csi => {questions => ['a', 'b']}, %more});
}

is define($_)->{status}, 201, "survey $_" for qw(demo other);

sub start {
    my ($json, %arg) = @_;
    my $r = $t->post('/s/demo/responses', json => {complete => false, %$json},
                     %arg);
    is $r->{status}, 201, 'a partial answer';
    return $r->{json};
}

sub go_on {
    my ($made, $json, %arg) = @_;
    return $t->patch("/s/demo/responses/$made->{id}",
                     json => {token => $made->{token}, %$json}, %arg);
}

sub one { return $t->get("/admin/responses/$_[0]{id}", key => 1)->{json} }

sub nps { return $t->get('/admin/metrics/nps?survey=demo', key => 1)->{json} }

sub head {
    my ($rc, $out) = $t->cxmctl('stat');
    return decode_json($out)->{head};
}

# -- further answers ----------------------------------------------------------

my $made = start({answers => {nps => 9}});
is $made->{status}, 'partial', 'is one';
is nps->{promoters}, 1, 'its score counts at once';

my $r = go_on($made, {answers => {why => 'late', nps => 2}});
is $r->{status}, 200, 'PATCH';
is_deeply $r->{json}, $made, 'id, status and token';
is $r->{headers}{etag}, '"2"', 'the next version';
is_deeply one($made)->{answers}, {nps => 2, why => 'late'}, 'is merged';
is_deeply [@{+nps}{qw(n promoters detractors)}], [1, 0, 1],
    'and the score moved';

$r = go_on($made, {answers => {why => 'late', nps => 2}});
is $r->{headers}{etag}, '"2"', 'the same again changes nothing';
is one($made)->{version}, 2, 'at all';

is go_on($made, {answers => {why => 'x'}},
         headers => {'If-Match' => '"1"'})->{status}, 412, 'If-Match: not';
is go_on($made, {answers => {why => undef, a => 10}},
         headers => {'If-Match' => '"2"'})->{status}, 200, 'If-Match: yes';
is_deeply one($made)->{answers}, {nps => 2, a => 10}, 'null takes back';
is $t->get('/admin/metrics/csi?survey=demo', key => 1)->{json}{n}, 0,
    'no index while an item is missing';

$r = $t->patch("/s/demo/responses/$made->{id}", form => {
    token => $made->{token}, 'answers.b' => 1, 'answers.why' => "a\r\nb",
    version => 1});
is $r->{status}, 200, 'a form goes on as well';
is_deeply one($made)->{answers}, {nps => 2, a => 10, b => 1, why => "a\nb"},
    'with what it says';
is $t->get('/admin/metrics/csi?survey=demo', key => 1)->{json}{value}, 50,
    'now there is an index';

# -- lists --------------------------------------------------------------------

sub ids {
    return [map { $_->{id} } @{$t->get("/admin/responses?$_[0]", key => 1)
                               ->{json}{items}}];
}

my $whole = $t->post('/s/demo/responses', {answers => {nps => 10}})->{json};
is_deeply ids('survey=demo&status=partial'), [$made->{id}], 'partial ones';
is_deeply ids('survey=demo&status=complete'), [$whole->{id}], 'complete ones';
is_deeply ids('status=complete&min_score=10'), [$whole->{id}],
    'with other filters';
$r = $t->get('/admin/responses?status=open', key => 1);
is $r->{status}, 422, 'another status: 422';
is $r->{json}{errors}[0]{pointer}, '?status', 'says where';

# -- what is refused, and changes nothing -------------------------------------

my $head = head();

for my $case (
    [{answers => {nps => 11}}, '/answers/nps'],
    [{answers => {nps => '9'}}, '/answers/nps'],
    [{answers => {nps => 5, no => 1}}, '/answers/no'],
    [{answers => {why => 'x' x 5001}}, '/answers/why'],
    [{answers => {nps => undef}, complete => true}, '/answers/nps'],
    [{answers => [1]}, '/answers'],
    [{complete => 'true'}, '/complete'],
    [{version => 99}, '/version'],
    [{channel => 'web'}, '/channel'],
    [{token => ''}, '/token'],
) {
    my ($json, $pointer) = @$case;
    $r = go_on($made, $json);
    is $r->{status}, 422, "$pointer: 422";
    is $r->{json}{errors}[0]{pointer}, $pointer, "$pointer: where";
}

$r = $t->patch("/s/demo/responses/$made->{id}", {answers => {nps => 1}});
is $r->{json}{errors}[0]{pointer}, '/token', 'a token is needed';
is head(), $head, 'nothing of this is in the journal';

my $other = $t->post('/s/other/responses', {answers => {nps => 5},
                                            complete => false})->{json};
$head = head();
my $nobody = {id => $made->{id} =~ s/.$/$& eq 'a' ? 'b' : 'a'/er,
              token => $made->{token}};
my @bodies = map { $_->{status} . $_->{body} } (
    go_on({%$made, token => $other->{token}}, {answers => {nps => 1}}),
    go_on({%$made, token => 'x'}, {answers => {nps => 1}}),
    go_on($nobody, {answers => {nps => 1}}),
    go_on($other, {answers => {nps => 1}}));
like $bodies[0], qr/^404.*"not_found"/, 'a wrong token: 404';
is $_, $bodies[0], 'and so are all others alike' for @bodies[1 .. 3];
is go_on({id => 'no-id', token => 'x'}, {})->{status}, 404, 'no id at all';
is $t->get("/s/demo/responses/$made->{id}")->{status}, 405,
    'nothing is read there';
is head(), $head, 'nor is anything of this';

# -- the end ------------------------------------------------------------------

my %end = (answers => {more => 'bye'}, complete => true);
$r = go_on($made, \%end);
is $r->{json}{status}, 'complete', 'complete';
is go_on($made, \%end)->{status}, 200, 'a repeat of the end is harmless';
$head = head();
$r = go_on($made, {answers => {nps => 3}});
is $r->{status}, 409, 'after that: 409';
is $r->{json}{code}, 'already_complete', 'says so';
is head(), $head, 'and writes nothing';
$r = one($made);
is $r->{status}, 'complete', 'staff see it complete';
is $r->{finalised}, undef, 'by its giver';

# -- the timeout --------------------------------------------------------------

is define('demo', partial_timeout_hours => 0.001)->{status}, 200,
    'a timeout of 3.6 s';
my @left = map { start({answers => {nps => $_, why => "w$_"}}) } 4 .. 6;
is define('demo')->{status}, 200, 'later ones have a week again';
my $kept = start({answers => {nps => 7}});
is go_on($left[2], {answers => {nps => 8}})->{status}, 200,
    'and so has who goes on';

ok CXM::until_true(30, sub {
    return !grep { one($_)->{status} eq 'partial' } @left[0, 1];
}), 'what nobody ended becomes final by itself';
for my $i (0, 1) {
    $r = one($left[$i]);
    is $r->{finalised}, 'timeout', 'and says how';
    is $r->{version}, 2, 'once, whichever worker did it';
    is_deeply $r->{answers}, {nps => 4 + $i, why => 'w' . (4 + $i)},
        'as it was left';
}
is one($_)->{status}, 'partial', 'the others are as they were'
    for $kept, $left[2];

$r = go_on($left[0], {answers => {nps => 1}});
is $r->{status}, 409, 'too late: 409';
is $r->{json}{code}, 'finalised', 'says why';

# -- through kills ------------------------------------------------------------

my %given = (nps => 7);
for my $turn (1 .. 6) {
    my %step = $turn % 2 ? (why => "turn $turn") : (nps => $turn);
    $r = go_on($kept, {answers => \%step});
    is $r->{status}, 200, "turn $turn";
    %given = (%given, %step);

    $t->kill_workers;
    is_deeply one($kept)->{answers}, \%given, 'is there after a kill';
}
is go_on($kept, {complete => true})->{json}{status}, 'complete', 'to the end';

# -- and all of it is the journal's -------------------------------------------

$r = nps;
is_deeply [@$r{qw(n promoters passives detractors)}], [6, 1, 1, 4],
    'what counts in the end';

$t->stop;
$t->sound;

done_testing;
