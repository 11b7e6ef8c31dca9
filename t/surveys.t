#!/usr/bin/perl

# Surveys: definitions over the admin endpoint, pages and JSON for the public.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::DOM;
use Test::More;

my $t = CXM->new;
my $viewer = $t->key('viewer');

my $nps = {id => 'nps', type => 'nps', required => \1,
           text => {en => 'How likely?', de => 'Wie wahrscheinlich?'}};
my $why = {id => 'why', type => 'text', text => {en => 'Why?'}};

sub definition { return {title => 'Demo <1>', status => 'live',
                         questions => [$nps, $why], @_} }

sub put_survey {
    my ($slug, $json, %headers) = @_;
    return $t->put("/admin/surveys/$slug", key => 1, json => $json,
                   headers => \%headers);
}

# -- definitions --------------------------------------------------------------

my $r = put_survey('demo', definition(segment_by => ['plan']));
is $r->{status}, 201, 'PUT creates';
is $r->{headers}{location}, '/admin/surveys/demo', 'and says where';
is $r->{headers}{etag}, '"1"', 'version 1';
is $r->{json}{slug}, 'demo', 'the slug is in it';
is_deeply $r->{json}{segment_by}, ['plan'], 'what was put is answered';
ok !exists $r->{json}{questions}[0]{no}, 'numbers are ours';
ok !exists $r->{json}{retired}, 'and what is retired';

$r = put_survey('demo', definition(segment_by => ['plan']));
is $r->{status}, 200, 'the same again: 200';
is $r->{json}{version}, 1, 'and the same version';

$r = put_survey('demo', definition(title => 'Demo', segment_by => ['plan']),
                'If-Match' => '"7"');
is $r->{status}, 412, 'If-Match of another version';
$r = put_survey('demo', definition(title => 'Demo', segment_by => ['plan']),
                'If-Match' => '"1"');
is $r->{status}, 200, 'If-Match of this version';
is $r->{json}{version}, 2, 'a change is a new version';

$r = $t->get('/admin/surveys/demo', key => 1);
is $r->{status}, 200, 'GET one';
is $r->{json}{title}, 'Demo', 'as it is now';
is $t->get('/admin/surveys/demo', key => 1,
           headers => {'If-None-Match' => '"2"'})->{status}, 304,
   'not modified';
is $t->get('/admin/surveys/none', key => 1)->{status}, 404, 'no such survey';

$r = put_survey('demo', definition(questions => [{%$nps, type => 'stars'}]));
is $r->{status}, 422, 'a bad definition';
is $r->{type}, 'application/problem+json', 'is explained';
is $r->{json}{errors}[0]{pointer}, '/questions/0/type', 'with a pointer';
is put_survey('demo', definition(nonsense => 1))->{status}, 422,
    'an unknown name';
is put_survey('Not-a-slug', definition())->{status}, 422, 'no slug';
$r = put_survey('demo', definition(questions => [{%$nps, show_if => {}}]));
is $r->{json}{errors}[0]{pointer}, '/questions/0/show_if',
    'nor a rule that says nothing';

is $t->put('/admin/surveys/x', definition())->{status}, 401, 'PUT unkeyed';
is $t->put('/admin/surveys/x', key => $viewer, json => definition())
    ->{status}, 403, 'PUT as viewer';

put_survey("list-$_", definition(status => 'draft')) for 1 .. 4;
$r = $t->get('/admin/surveys?limit=3', key => 1);
is scalar @{$r->{json}{items}}, 3, 'a page of the list';
like $r->{headers}{link}, qr/rel="next"/, 'leads on';
$r = $t->get("/admin/surveys?limit=3&cursor=$r->{json}{next}", key => 1);
is_deeply [map { $_->{slug} } @{$r->{json}{items}}], [qw(list-3 list-4)],
    'the rest';
is $r->{json}{next}, undef, 'and the end';

is $t->delete('/admin/surveys/list-4', key => 1)->{status}, 204, 'DELETE';
is $t->get('/admin/surveys/list-4', key => 1)->{status}, 404, 'gone';

# -- what was asked before ----------------------------------------------------

$r = $t->get('/admin/surveys/demo?version=1', key => 1);
is $r->{status}, 200, 'an older version';
is $r->{headers}{etag}, '"1"', 'says which';
is $r->{json}{title}, 'Demo <1>', 'and is what was put then';
is $r->{json}{version}, 1, 'with its number';
ok !exists $r->{json}{questions}[0]{no}, 'and without ours';
is $t->get('/admin/surveys/demo?version=2', key => 1)->{json}{title}, 'Demo',
    'the newest by its number';
is $t->get('/admin/surveys/demo?version=3', key => 1)->{status}, 404,
    'none of the future';
for my $bad (qw(0 x -1), '') {
    $r = $t->get("/admin/surveys/demo?version=$bad", key => 1);
    is $r->{status}, 422, "version=$bad: 422";
    is $r->{json}{errors}[0]{pointer}, '?version', "version=$bad: where";
}

put_survey('often', definition(title => "T$_")) for 1 .. 7;
my (@titles, $pages);
for (my $next = ''; defined $next; $pages++) {
    $r = $t->get('/admin/surveys/often/versions?limit=3'
                 . ($next && "&cursor=$next"), key => 1);
    push @titles, map { "$_->{version}:$_->{title}" } @{$r->{json}{items}};
    $next = $r->{json}{next};
}
is_deeply \@titles, [map { "$_:T$_" } reverse 1 .. 7],
    'all versions, newest first';
is $pages, 3, 'page by page';
is_deeply [sort keys %{$r->{json}{items}[0]}],
    [qw(questions status title updated_at version)], 'in short';
is $t->get('/admin/surveys/none/versions', key => 1)->{status}, 404,
    'of no survey: none';
is $t->delete('/admin/surveys/often', key => 1)->{status}, 204, 'DELETE';
put_survey('often', definition(title => 'New'));
is $t->get('/admin/surveys/often?version=2', key => 1)->{status}, 404,
    'a survey made anew has none of the old ones';

# -- the public's JSON --------------------------------------------------------

$r = $t->get('/s/demo');
is $r->{status}, 200, 'GET without Accept';
is $r->{type}, 'application/json', 'is JSON';
is_deeply $r->{json}{languages}, [qw(en de)], 'its languages';
is $r->{json}{version}, 2, 'its version';
is_deeply $r->{json}{questions}[0]{scale}, {min => 0, max => 10}, 'the scale';
ok !exists $r->{json}{segment_by}, 'nothing that is ours';

is $t->get('/s/list-1')->{status}, 404, 'a draft is not there';
is $t->get('/s/none')->{status}, 404, 'nor what never was';
is $t->head('/s/demo')->{status}, 200, 'HEAD';

# -- the page -----------------------------------------------------------------

my %html = (headers => {Accept => 'text/html,*/*;q=0.8'});

$r = $t->get('/s/demo', %html);
is $r->{status}, 200, 'the page';
like $r->{type}, qr{^text/html}, 'is HTML';
like $r->{headers}{'content-security-policy'},
    qr{^default-src 'none'; style-src 'nonce-([\w-]+)'; form-action 'self'},
    'with a strict policy';
my ($nonce) = $r->{headers}{'content-security-policy'} =~ /nonce-([\w-]+)/;
is $r->{headers}{'x-content-type-options'}, 'nosniff', 'nosniff';
is $r->{headers}{'cache-control'}, 'no-store', 'no-store';

my $dom = Mojo::DOM->new($r->{body});
is $dom->at('style')->attr('nonce'), $nonce, 'whose nonce the style has';
is $dom->at('html')->attr('lang'), 'en', 'in English';
is $dom->find('script')->size, 0, 'without a script';
is $dom->find('input[name="answers.nps"]')->size, 11, '0 to 10';
is $dom->at('form')->attr('action'), '/s/demo/responses', 'goes to responses';
ok $dom->at('#i-why'), 'a text box';
my $id = $dom->at('input[name=id]')->attr('value');
like $id, qr/^[0-9a-f-]{36}$/, 'with an id of its own';

$dom = Mojo::DOM->new($t->get('/s/demo?utm_source=x', headers =>
    {Accept => 'text/html', 'Accept-Language' => 'de-AT,en;q=0.5'})->{body});
is $dom->at('html')->attr('lang'), 'de', 'in German by Accept-Language';
isnt $dom->at('input[name=id]')->attr('value'), $id, 'another id';
$dom = Mojo::DOM->new($t->get('/s/demo?lang=de', %html)->{body});
is $dom->at('html')->attr('lang'), 'de', 'in German by ?lang=';

# -- the form -----------------------------------------------------------------

sub post_form {
    my ($slug, %fields) = @_;
    return $t->post("/s/$slug/responses", %html, form => \%fields);
}

my %form = (id => $id, channel => 'web', language => 'de',
            'answers.nps' => 9, 'answers.why' => "Zeile 1\r\nZeile 2");
$r = post_form('demo', %form);
is $r->{status}, 303, 'a good form';
like $r->{headers}{location}, qr{/s/demo\?thanks=1&lang=de$}, 'thanks';
is post_form('demo', %form)->{status}, 303, 'sent twice';
$r = $t->get('/admin/responses?survey=demo', key => 1);
is scalar @{$r->{json}{items}}, 1, 'counts once';
is_deeply $r->{json}{items}[0]{answers},
    {nps => 9, why => "Zeile 1\nZeile 2"}, 'as it was meant';
is $r->{json}{items}[0]{channel}, 'web', 'its channel';
is $r->{json}{items}[0]{language}, 'de', 'its language';

$dom = Mojo::DOM->new($t->get('/s/demo?thanks=1&lang=de', %html)->{body});
is $dom->at('h1')->text, 'Vielen Dank', 'the thanks page';

$r = post_form('demo', %form, 'answers.nps' => 1);
is $r->{status}, 409, 'the same form with other answers';
like $r->{type}, qr{^text/html}, 'is told on a page';

my $other = $id =~ s/(.)$/$1 eq '0' ? '1' : '0'/er;
$r = post_form('demo', id => $other, language => 'de',
               'answers.nps' => '', 'answers.why' => '<b>weil');
is $r->{status}, 422, 'a bad form';
$dom = Mojo::DOM->new($r->{body});
is $dom->at('html')->attr('lang'), 'de', 'comes back in its language';
ok $dom->at('.summary a[href="#i-nps"]'), 'with a link to what is wrong';
like $dom->at('#i-why')->text, qr{\A\n?<b>weil\z}, 'and what was entered';
is $dom->at('input[name=id]')->attr('value'), $other, 'and its id';
like $r->{headers}{'content-security-policy'}, qr/nonce-/, 'with its policy';

$r = $t->post('/s/demo/responses', form => {'answers.nps' => 11});
is $r->{status}, 422, 'a program that sends forms';
is $r->{json}{errors}[0]{pointer}, '/answers/nps', 'gets a problem document';

# -- states -------------------------------------------------------------------

for my $state (qw(paused closed)) {
    put_survey('demo', definition(status => $state));
    $r = $t->get('/s/demo');
    is $r->{status}, 409, "$state: 409";
    is $r->{json}{code}, $state, "$state: says so";
    $r = $t->get('/s/demo', %html);
    is $r->{status}, 409, "$state: page: 409";
    like $r->{type}, qr{^text/html}, "$state: page: is one";
    is $t->post('/s/demo/responses', {answers => {nps => 9}})->{status}, 409,
        "$state: takes no answers";
    is post_form('demo', %form)->{status}, 303, "$state: but knows old ones";
    is $t->get('/s/demo?thanks=1', %html)->{status}, 200, "$state: thanks";
}

$r = $t->get('/s/none', %html);
is $r->{status}, 404, 'no survey: 404';
like $r->{body}, qr/<h1>/, 'as a page';

# -- what answers stand against -----------------------------------------------

$r = put_survey('demo', definition(questions => [{%$nps, type => 'csat'}]));
is $r->{status}, 409, 'another type of an answered question';
is $r->{json}{code}, 'question_has_answers', 'says why';
is $r->{json}{errors}[0]{pointer}, '/questions/0/type', 'and where';
$r = $t->delete('/admin/surveys/demo', key => 1);
is $r->{status}, 409, 'DELETE of an answered survey';
is $r->{json}{code}, 'has_answers', 'says why';

# -- and all of it is the journal's -------------------------------------------

$t->stop;
$t->sound;

done_testing;
