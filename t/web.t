#!/usr/bin/perl

# The pages in a browser, as people use them: without JavaScript, with the
# keyboard alone, on a phone, in the dark, and by the rules of WCAG.
#
# t/web/page.mjs acts; `make test` installs the browser and what drives it.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json to_json false true);
use Test::More;

my $t = CXM->new(conf => {
    http => 'types { text/html html; }',
    locations => "location / { root $CXM::TOP/conf-examples/quickstart; }",
});

sub both { return {en => $_[0], de => $_[1]} }

sub choices {
    my (%text) = @_;
    return [map {{id => $_, text => $text{$_}}} sort keys %text];
}

my @all = (
    {id => 'nps', type => 'nps', required => true, text => both(
        'How likely are you to recommend us to a friend?',
        'Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?')},
    {id => 'csat', type => 'csat', text => both(
        'How satisfied are you with your order?',
        'Wie zufrieden sind Sie mit Ihrer Bestellung?')},
    {id => 'ces', type => 'ces', text => both(
        'It was easy to find what I needed.',
        'Es war leicht zu finden, was ich brauchte.')},
    {id => 'overall', type => 'scale', scale => {min => 1, max => 10},
     text => both('How do you rate us overall?',
                  'Wie bewerten Sie uns insgesamt?')},
    {id => 'wide', type => 'scale', scale => {min => 0, max => 30},
     text => both('How many days did you wait?',
                  'Wie viele Tage haben Sie gewartet?')},
    {id => 'how', type => 'choice', text => both(
        'How did you hear of us?', 'Wie haben Sie von uns erfahren?'),
     choices => choices(ad => both('An advertisement', 'Werbung'),
                        friend => both('A friend', 'Freunde'),
                        search => both('A search engine', 'Suchmaschine'))},
    {id => 'several', type => 'multi', text => both(
        'What matters to you?', 'Was ist Ihnen wichtig?'),
     choices => choices(price => both('Price', 'Preis'),
                        speed => both('Fast delivery', 'Schnelle Lieferung'),
                        taste => both('Taste', 'Geschmack'))},
    {id => 'why', type => 'text', required => true, text => both(
        'What is the main reason for your score?',
        'Was ist der wichtigste Grund für Ihre Bewertung?')},
    {id => 'who', type => 'contact', text => both(
        'May we get in touch?', 'Dürfen wir uns melden?')},
);

sub rule { return {question => $_[0], op => $_[1], value => $_[2]} }

my @steps = (
    {id => 'nps', type => 'nps', required => true, text => both(
        'How likely are you to recommend us to a friend?',
        'Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?')},
    {id => 'bad', type => 'multi', required => true, text => both(
        'What went wrong?', 'Was lief schief?'),
     show_if => rule(nps => lte => 6),
     choices => choices(late => both('It came late', 'Es kam zu spät'),
                        rude => both('Somebody was rude',
                                     'Jemand war unfreundlich'))},
    {id => 'who', type => 'text', show_if => rule(bad => eq => 'rude'),
     text => both('Who was it?', 'Wer war es?')},
    {id => 'good', type => 'csat', show_if => rule(nps => gte => 9),
     low => both('bad', 'schlecht'), high => both('great', 'grossartig'),
     text => both('How was delivery?', 'Wie war die Lieferung?')},
    {id => 'end', type => 'text', text => both(
        'Anything else?', 'Noch etwas?')},
);

my @persian = (
    {id => 'nps', type => 'nps', required => true, text => {
        fa => 'چقدر احتمال دارد ما را به دوستان خود معرفی کنید؟',
        en => 'How likely are you to recommend us?'}},
    {id => 'why', type => 'text', text => {en => 'Why?'}},
);

my $nps = {id => 'nps', type => 'nps', text => {en => 'How likely?'}};
my $word = 'Donaudampfschifffahrtsgesellschaftskapitaen' x 2;

my %surveys = (
    steps => ['Steps', 'live', \@steps,
        heading => both('Tell us how it was', 'Sagen Sie uns, wie es war'),
        thanks => both("That helps.\n\nSee you soon.",
                       "Das hilft.\n\nBis bald.")],
    persian => ['نظرسنجی', 'live', \@persian],
    all => ['How are we doing?', 'live', \@all],
    twice => ['Twice', 'live', [$nps]],
    long => [$word, 'live', [
        {%$nps, text => {en => "$word?"}},
        {id => 'pick', type => 'choice', text => {en => $word},
         choices => choices(a => {en => $word}, b => {en => 'short'})}]],
    map { ($_ => [ucfirst, $_, [$nps]]) } qw(closed paused draft),
);

for my $slug (sort keys %surveys) {
    my ($title, $status, $questions, %more) = @{$surveys{$slug}};
    is $t->put("/admin/surveys/$slug", key => 1, json => {title => $title,
        status => $status, questions => $questions, %more})->{status}, 201,
        $slug;
}

my ($rc, $out, $err) = CXM::run('node', "$FindBin::Bin/web/page.mjs", to_json({
    url => $t->url, browser => $ENV{CXM_BROWSER} || '/usr/bin/chromium',
    slow => $CXM::SLOW}));
is $rc, 0, 'the browser ran' or diag $err;

for my $line (split /\n/, $out) {
    my $seen = decode_json($line);
    ok $seen->{ok}, $seen->{name} or diag $seen->{detail} // '';
}

# -- and what came of it ------------------------------------------------------

sub answers {
    my $reply = $t->get("/admin/responses?survey=$_[0]", key => 1);
    return map { $_->{answers} } @{$reply->{json}{items}};
}

my @got = answers('all');
is scalar @got, 3, 'three forms were sent';
is_deeply $got[2], {
    nps => 9, csat => 4, ces => 6, overall => 8, wide => 25, how => 'friend',
    several => ['price', 'taste'], why => 'It was <b>quick</b> & easy.',
    who => {name => 'Ann', email => 'ann@example.org'},
}, 'what was typed is what is kept';
is_deeply $got[1], {nps => 0, csat => 2, wide => 3, several => ['price'],
    why => 'late', who => {name => 'Ann <Lee>'}}, 'a form put right';
is scalar(answers('twice')), 1, 'a double click counts once';

sub steps_of { return $t->get("/admin/responses?survey=steps&status=$_[0]",
                              key => 1)->{json}{items} }

my ($german, $forth) = @{steps_of('complete')};
is_deeply $forth->{answers}, {nps => 10, good => 5, end => 'bye'},
    'steps: what stood at the end is what is kept';
is_deeply $german->{answers}, {nps => 0, bad => ['late']},
    'steps: in German, too';
is $german->{language}, 'de', 'its language is kept';
is scalar @{steps_of('complete')}, 2, 'steps: each counts once';
is_deeply [map { $_->{answers}{nps} } @{steps_of('partial')}], [6, 6, 4],
    'steps: who leaves has answered, once';

cmp_ok $t->get('/admin/metrics/touchpoints?where=type:page_view', key => 1)
    ->{json}{n}, '>=', 2, 'the example page sends its beacon';

done_testing;
