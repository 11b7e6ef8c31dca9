#!/usr/bin/perl

# Branching: rules of definitions, answers they let through, and the page
# that asks step by step without JavaScript.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::DOM;
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

# -- the page, step by step ---------------------------------------------------

my %html = (headers => {Accept => 'text/html,*/*;q=0.8'});

# The form of a page: where it goes, what is hidden in it, what it asks.
sub form {
    my ($r) = @_;
    my $dom = Mojo::DOM->new($r->{body});
    my %asks;
    $asks{$_->attr('name') =~ s/^answers\.([\w-]+).*/$1/r}++
        for $dom->find('[name^="answers."]')->each;
    return {
        dom => $dom, action => $dom->at('form')->attr('action'),
        hidden => {map { $_->attr('name') => $_->attr('value') }
                   $dom->find('input[type=hidden]')->each},
        asks => join(' ', sort keys %asks),
        buttons => join(' ', $dom->find('button')->map('text')->each),
    };
}

sub page { return $t->get("/s/demo$_[0]", %html) }

sub send_form {
    my ($form, %fields) = @_;
    return $t->post($form->{action}, %html, form =>
        {%{$form->{hidden}},
         map { (/^go$/ ? $_ : "answers.$_") => $fields{$_} } keys %fields});
}

sub answers { return one({id => $_[0]{action} =~ s{.*/}{}r})->{answers} }

sub count {
    return scalar @{$t->get('/admin/responses?survey=demo&limit=500',
                            key => 1)->{json}{items}};
}

my $before = count();
$r = page('');
is $r->{status}, 200, 'the first step';
is $r->{headers}{'cache-control'}, 'private, no-cache',
    'may stay in the browser, for its way back';
my $one = form($r);
is $one->{asks}, 'nps', 'asks what all else hangs on';
is $one->{buttons}, 'Next', 'and leads on';
like $one->{action}, qr{^/s/demo/responses/[0-9a-f-]{36}$}, 'has its address';
like $one->{hidden}{token}, qr/^[0-9a-f]{32}$/, 'and the token in the form';
is count(), $before, 'nothing is recorded by looking';

$r = send_form($one);
is $r->{status}, 422, 'what is required must be answered';
is form($r)->{asks}, 'nps', 'before the next step comes';

$r = send_form($one, nps => 2);
is $r->{status}, 200, 'the second step';
unlike join(' ', %{$r->{headers}}), qr/$one->{hidden}{token}/,
    'no address has the token';
my $two = form($r);
is $two->{asks}, 'bad', 'asks what is asked after that';
is $two->{buttons}, 'Next Back', 'leads on and back';
is_deeply answers($one), {nps => 2}, 'the first is kept';
send_form($one, nps => 2) for 1 .. 2;
is count(), $before + 1, 'once, however often it is sent';

$r = send_form($two, bad => ['late', 'rude']);
my $three = form($r);
is $three->{asks}, 'end who', 'the last step';
is $three->{buttons}, 'Send Back', 'ends it';

$r = send_form($three, who => 'Bob', go => 'back');
$r = form($r);
is $r->{asks}, 'bad', 'back';
is_deeply $r->{dom}->find('input[checked]')->map(attr => 'value')->to_array,
    ['late', 'rude'], 'shows what was answered';
$r = form(send_form($r, bad => ['late', 'rude']));
is $r->{dom}->at('#i-who')->text =~ s/^\n//r, 'Bob', 'and forth, too';

$r = form(send_form($r, go => 'back'));
$r = form(send_form($r, bad => 'late', go => 'back'));
is $r->{asks}, 'nps', 'back to the first';
ok $r->{dom}->at('input[value="2"][checked]'), 'as answered';
is_deeply answers($one), {nps => 2, bad => ['late']},
    'what is not asked any more is gone';

$r = form(send_form($r, nps => 9));
is $r->{asks}, 'end good', 'another way';
is_deeply answers($one), {nps => 9}, 'takes the first one out';
$r = send_form($r, good => 5, end => 'bye');
is $r->{status}, 303, 'sent';
like $r->{headers}{location}, qr{^/s/demo\?thanks=1&lang=en$}, 'thanks';
$r = one({id => $one->{action} =~ s{.*/}{}r});
is $r->{status}, 'complete', 'complete';
is_deeply $r->{answers}, {nps => 9, good => 5, end => 'bye'}, 'in the end';
is $r->{channel}, 'web', 'with its channel';
is $r->{language}, 'en', 'and its language';
is count(), $before + 1, 'one answer';

is send_form($one, nps => 9)->{status}, 303, 'the same again: thanks';
$r = send_form($one, nps => 0);
is $r->{status}, 409, 'something else: too late';
like $r->{body}, qr/Already sent/, 'as a page says';

# -- what may happen to it ----------------------------------------------------

$one = form(page('?lang=en'));
my $wrong = {%$one, hidden => {%{$one->{hidden}}, token => '0' x 32}};
is send_form($wrong, nps => 2)->{status}, 404, 'a wrong token: 404';

# whoever only knows an id must not learn its token from a page
for my $case ([$one->{action}, 'a step'], ['/s/demo/responses', 'a form']) {
    my ($action, $name) = @$case;
    $r = $t->post($action, %html, form => {
        id => $one->{action} =~ s{.*/}{}r, channel => 'fax', version => 'x',
        asked => 'nps', 'answers.nps' => 'x'});
    like $r->{status}, qr/^(404|422)$/, "$name without the token is refused";
    unlike $r->{body}, qr/$one->{hidden}{token}/, 'and tells no token';
}
$r = $t->post($one->{action}, form => {%{$one->{hidden}},
                                       'answers.nps' => 2});
is $r->{json}{status}, 'partial', 'a program that sends a step';
is $r->{json}{token}, $one->{hidden}{token}, 'gets what it makes';

$two = form(send_form($one, nps => 2));
my @less = ($questions[0], {id => 'new', type => 'text', required => true,
                            text => {en => 'New?'}}, $questions[4]);
is define(\@less)->{status}, 200, 'the definition changes under a page';
$r = send_form($two, bad => 'late');
is $r->{status}, 422, 'its question is gone';
like $r->{body}, qr/has changed in the meantime/, 'that is said';
$r = form($r);
is $r->{hidden}{version}, 2, 'the page is of the new one';
is $r->{asks}, 'end new nps', 'begins anew';
is answers($one)->{nps}, 2, 'with what was answered';
ok $r->{dom}->at('input[value="2"][checked]'), 'and shows it';

is define([@questions[0, 4]])->{status}, 200, 'without rules';
my $plain = form(page(''));
is $plain->{asks}, 'end nps', 'it is one page';
is $plain->{buttons}, 'Send', 'with one button';
is $plain->{action}, '/s/demo/responses', 'as ever';
is define(\@questions)->{status}, 200, 'with rules again';
$r = send_form($plain, nps => 2, end => 'bye');
is $r->{status}, 422, 'what is required now was not asked';
$r = form($r);
is $r->{asks}, 'bad end nps', 'what was entered is there, and what is missing';
is $r->{dom}->at('#i-end')->text =~ s/^\n//r, 'bye', 'nothing is lost';
is send_form($r, nps => 2, bad => 'late', end => 'bye')->{status}, 303,
    'and it is taken';

# -- by invitation ------------------------------------------------------------

$r = $t->post('/admin/surveys/demo/links', key => 1, json => {
    respondent => {customer_id => 'c-1'}, channel => 'email'});
is $r->{status}, 201, 'a personal link';
my $link = $r->{json}{url} =~ s{^https?://[^/]+}{}r;

$one = form($t->get("$link?score=3", %html));
is $one->{asks}, 'nps', 'leads to the first step';
is $one->{action}, $link, 'whose form goes to the link';
ok !exists $one->{hidden}{token}, 'which needs no token';
ok $one->{dom}->at('input[value="3"][checked]'), 'a score is chosen';
$two = form(send_form($one, nps => 3));
is $two->{asks}, 'bad', 'and on';
$r = $t->get($link, %html);
is form($r)->{asks}, 'bad', 'who comes again goes on where it stopped';
$three = form(send_form($two, bad => 'late'));
is form(send_form($three, go => 'back'))->{asks}, 'bad', 'back';
is send_form($three, end => 'bye')->{status}, 303, 'to the end';
like $t->get($link, %html)->{body}, qr/<h1>Thank you/, 'then it thanks';
$r = $t->get('/admin/responses?survey=demo&customer_id=c-1', key => 1);
is_deeply [map { $_->{answers} } @{$r->{json}{items}}],
    [{nps => 3, bad => ['late'], end => 'bye'}], 'one answer, of that person';
is $r->{json}{items}[0]{channel}, 'email', 'by that channel';

my $token = $t->post('/s/demo/exposures', {})->{json}{token};
$one = form(page("?exposure=$token"));
$two = form(send_form($one, nps => 2));
is define(\@questions, status => 'closed')->{status}, 200, 'it is closed';
is page('')->{status}, 409, 'for everybody';
is send_form($plain, nps => 2, end => '')->{status}, 409, 'also for a form';
$three = form(send_form($two, bad => 'late'));
is send_form($three, end => 'bye')->{status}, 303,
    'but whoever was asked may answer to the end';

# -- and all of it is the journal's -------------------------------------------

$t->stop;
$t->sound;

done_testing;
