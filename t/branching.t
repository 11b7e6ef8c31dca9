#!/usr/bin/perl

# Branching: rules of definitions, answers they let through, and the page
# that asks step by step without JavaScript.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json false true);
use Test::More;

my $t = CXM->new;

sub rule { return {question => $_[0], op => $_[1], value => $_[2]} }

my @questions = (
    {id => 'nps', type => 'nps', required => true, text => {en => 'N?'}},
    {id => 'bad', type => 'multi', required => true, text => {en => 'B?'},
     show_if => rule(nps => lte => 6),
     choices => [map {{id => $_, text => {en => "$_!"}}} qw(late lost rude)]},
    {id => 'who', type => 'text', text => {en => 'Who?'},
     show_if => {all => [rule(nps => lte => 6), rule(bad => eq => 'rude')]}},
    {id => 'good', type => 'csat', text => {en => 'G?'},
     show_if => {any => [rule(nps => in => [9, 10]),
                         rule(bad => answered => false)]}},
    {id => 'end', type => 'text', text => {en => 'E?'}},
);

sub define {
    my ($questions, %more) = @_;
    return $t->put('/admin/surveys/demo', key => 1, json => {
        title => 'Demo', status => 'live', questions => $questions, %more});
}

sub answer {
    my ($answers, %more) = @_;
    return $t->post('/s/demo/responses', {answers => $answers, %more});
}

sub go_on {
    my ($made, $json) = @_;
    return $t->patch("/s/demo/responses/$made->{id}",
                     {token => $made->{token}, %$json});
}

sub one { return $t->get("/admin/responses/$_[0]{id}", key => 1)->{json} }

sub head {
    my ($rc, $out) = $t->cxmctl('stat');
    return decode_json($out)->{head};
}

# -- definitions --------------------------------------------------------------

my $r = define(\@questions);
is $r->{status}, 201, 'a definition with rules';
is_deeply $r->{json}{questions}[2]{show_if}, $questions[2]{show_if},
    'they are kept as they were put';
is_deeply $t->get('/s/demo')->{json}{questions}[1]{show_if},
    rule(nps => lte => 6), 'the public sees them, too';

my $head = head();
for my $case (
    [[{%{$questions[1]}, show_if => rule(bad => eq => 'late')}],
     '/questions/0/show_if/question', 'not_earlier'],
    [[$questions[4], {%{$questions[0]}, show_if => rule(none => eq => 1)}],
     '/questions/1/show_if/question', 'not_found'],
    [[$questions[0], {%{$questions[4]}, show_if => rule(nps => gte => 11)}],
     '/questions/1/show_if/value', 'out_of_range'],
    [[$questions[0], {%{$questions[4]}, show_if => rule(nps => gt => 1)}],
     '/questions/1/show_if/op', 'not_allowed'],
    [[$questions[0], {%{$questions[4]}, show_if => {all => [
        rule(nps => lte => 6), {any => [rule(end => answered => true)]}]}}],
     '/questions/1/show_if/all/1/any/0/question', 'not_earlier'],
) {
    my ($questions, $pointer, $code) = @$case;
    $r = define($questions);
    is $r->{status}, 422, "$pointer: 422";
    is_deeply [@{$r->{json}{errors}[0]}{qw(pointer code)}],
        [$pointer, $code], "$pointer: $code";
}
is head(), $head, 'what is refused is not written';

# -- answers at once ----------------------------------------------------------

for my $good (
    {nps => 9, good => 5, end => 'bye'},
    {nps => 7, good => 5},
    {nps => 2, bad => ['late']},
    {nps => 2, bad => ['late', 'rude'], who => 'Bob'},
) {
    is answer($good)->{status}, 201, join ' ', 'taken:', sort keys %$good;
}

$head = head();
for my $case (
    [{nps => 2}, '/answers/bad', 'required'],
    [{nps => 9, bad => ['late']}, '/answers/bad', 'not_shown'],
    [{nps => 2, bad => ['late'], who => 'Bob'}, '/answers/who', 'not_shown'],
    [{nps => 2, bad => ['late'], good => 1}, '/answers/good', 'not_shown'],
    [{good => 1}, '/answers/nps', 'required'],
) {
    my ($answers, $pointer, $code) = @$case;
    $r = answer($answers);
    is $r->{status}, 422, "$pointer $code: 422";
    is_deeply [@{$r->{json}{errors}[0]}{qw(pointer code)}],
        [$pointer, $code], "$pointer $code: says so";
}
is head(), $head, 'and is not written';

# -- and bit by bit -----------------------------------------------------------

my $made = answer({nps => 2}, complete => false)->{json};
is go_on($made, {answers => {bad => ['rude'], who => 'Bob'}})->{status}, 200,
    'a branch is taken';
is go_on($made, {answers => {good => 5}})->{status}, 422, 'the other is not';
is go_on($made, {answers => {nps => 10}})->{status}, 200,
    'until its question is answered otherwise';
is_deeply one($made)->{answers}, {nps => 10},
    'then what hung on it is taken out';
is $t->get('/admin/metrics/nps?survey=demo&question=nps', key => 1)
    ->{json}{n}, 5, 'counted once';
is go_on($made, {answers => {good => 4}, complete => true})->{status}, 200,
    'what is not asked is not required';

# -- and all of it is the journal's -------------------------------------------

$t->stop;
my ($rc, $out, $err) = $t->cxmctl('verify');
is $rc, 0, 'verify finds it sound' or diag $out . $err;

done_testing;
