#!/usr/bin/perl

# Personal links: minted, looked at by anybody and anything without a trace,
# answered once, by whom they name.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::DOM;
use Mojo::JSON qw(decode_json encode_json false true);
use Test::More;

my ($port, $short) = (CXM::free_port(), CXM::free_port());
my $t = CXM->new(conf => {workers => 2, http => <<"END"});
    server {
        listen 127.0.0.1:$port;
        location /apart/ { cxm_admin; cxm_public_url https://a.example/x; }
    }
    server {
        listen 127.0.0.1:$short;
        location /ask { cxm_surveys; }
        location /again/ { cxm_surveys; }
        location /staff { cxm_admin; }
    }
END
my $server = $t->key('server');
my $analyst = $t->key('analyst');
my %html = (headers => {Accept => 'text/html,*/*;q=0.8'});

my @questions = (
    {id => 'why', type => 'text', text => {en => 'Why?', de => 'Warum?'}},
    {id => 'nps', type => 'nps', required => true,
     text => {en => 'How likely?', de => 'Wie wahrscheinlich?'}},
    {id => 'sat', type => 'csat', text => {en => 'Happy?'}},
);

sub define {
    my ($slug, %more) = @_;
    my $r = $t->put("/admin/surveys/$slug", key => 1, json => {
        title => $slug, status => 'live', questions => \@questions, %more});
    like $r->{status}, qr/^20[01]$/, "survey $slug" or diag $r->{body};
}

sub mint {
    my ($slug, $json, %arg) = @_;
    return $t->post("/admin/surveys/$slug/links", json => $json,
                    key => $server, %arg);
}

# The path of a new link.
sub link_to {
    my ($slug, %json) = @_;
    my $r = mint($slug, {respondent => {email => 'ann@example.org'}, %json});
    is $r->{status}, 201, 'a link' or diag $r->{body};
    return $r->{json}{url} =~ s{^http://127\.0\.0\.1:\d+}{}r;
}

sub one { return $t->get("/admin/responses/$_[0]", key => 1)->{json} }

sub answers_of {
    return $t->get("/admin/responses?survey=$_[0]", key => 1)->{json}{items};
}

sub head {
    my ($rc, $out) = $t->cxmctl('stat');
    return decode_json($out)->{head};
}

define($_) for qw(demo other);

# -- minting ------------------------------------------------------------------

my $before = head();
my $r = mint('demo', {respondent => {email => 'ann@example.org'},
                      channel => 'email', interaction_id => 'o-1',
                      agent => 'Bo', expires_in => 3600});
is $r->{status}, 201, 'minted with a server key';
like $r->{json}{url}, qr{^http://127\.0\.0\.1:\d+/s/demo/l/[\w-]+$},
    'an address of the survey location, safe in any text';
cmp_ok length $r->{json}{url}, '<', 200, 'that is not too long';
unlike $r->{json}{url}, qr/ann|example/, 'nor tells whose it is';
like $r->{json}{expires_at}, qr/^\d{4}-.*Z$/, 'it expires';
is_deeply [sort keys %{$r->{json}}], [qw(expires_at url)], 'and nothing else';
my $again = mint('demo', {respondent => {email => 'ann@example.org'}});
isnt $again->{json}{url}, $r->{json}{url}, 'the next is another one';
is head(), $before, 'minting records nothing';

is $t->post('/admin/surveys/demo/links', {respondent => {visitor => 'v'}})
    ->{status}, 401, 'not without a key';
is mint('demo', {respondent => {visitor => 'v'}}, key => $analyst)
    ->{status}, 403, 'nor without the scope';
is mint('none', {respondent => {visitor => 'v'}})->{status}, 404,
    'no such survey';

for my $case (
    [{}, '/respondent'],
    [{respondent => {}}, '/respondent'],
    [{respondent => {email => 'x'}}, '/respondent/email'],
    [{respondent => {email => 'a@b.de', visitor => 'v'}}, '/respondent'],
    [{respondent => {visitor => 'v'}, channel => 'fax'}, '/channel'],
    [{respondent => {visitor => 'v'}, interaction_id => ''},
     '/interaction_id'],
    [{respondent => {visitor => 'v'}, agent => 'x' x 101}, '/agent'],
    [{respondent => {visitor => 'v'}, expires_in => 0}, '/expires_in'],
    [{respondent => {visitor => 'v'}, expires_in => 1.5}, '/expires_in'],
    [{respondent => {visitor => 'v'}, expires_in => 31536001}, '/expires_in'],
    [{respondent => {visitor => 'v'}, exposure => 'x'}, '/exposure'],
    [{respondent => {visitor => 'v'}, id => 'x'}, '/id'],
) {
    my ($json, $pointer) = @$case;
    $r = mint('demo', $json);
    is $r->{status}, 422, "$pointer: 422";
    is $r->{json}{errors}[0]{pointer}, $pointer, "$pointer: where";
}
is head(), $before, 'nothing of that is recorded';

my %key = (headers => {'Idempotency-Key' => 'l1'});
is mint('demo', {respondent => {visitor => 'v'}}, %key)->{status}, 201,
    'with an Idempotency-Key';
$r = mint('demo', {respondent => {visitor => 'v'}}, %key);
is $r->{status}, 409, 'again: 409';
is $r->{json}{code}, 'already_done', 'a link is told once';

sub mint_at {
    my ($port, $path) = @_;
    return $t->ua->post("http://127.0.0.1:$port$path/surveys/demo/links",
        {Authorization => "Bearer $server"},
        json => {respondent => {visitor => 'v'}})->res->json->{url};
}
like mint_at($port, "/apart"), qr{^https://a\.example/x/ask/demo/l/},
    "a server without survey pages links to the first of its store";
my $url = mint_at($short, '/staff');
like $url, qr{^http://127\.0\.0\.1:$short/ask/demo/l/},
    'one with several to its first, with or without a slash behind';
$r = $t->ua->get($url, {Accept => 'text/html'})->res;
like $url, qr/\Q@{[Mojo::DOM->new($r->body)->at('form')->attr('action')]}\E$/,
    'where the form leads as well';
$r = $t->ua->get("http://127.0.0.1:$short/ask/demo",
                 {Accept => 'text/html'})->res;
is(Mojo::DOM->new($r->body)->at('form')->attr('action'),
   '/ask/demo/responses', 'as that of the survey');

# -- looking ------------------------------------------------------------------

my $link = link_to('demo', channel => 'email', interaction_id => 'o-1',
                   agent => 'Bo', touchpoint => 'buy');
$before = head();

$r = $t->get("$link?score=9", %html);
is $r->{status}, 200, 'the page';
like $r->{type}, qr{^text/html}, 'is HTML';
is $r->{headers}{'cache-control'}, 'no-store', 'no-store';
is $r->{headers}{'referrer-policy'}, 'no-referrer', 'no-referrer';
my $dom = Mojo::DOM->new($r->{body});
is $dom->at('form')->attr('action'), $link, 'goes back to the link';
is $dom->at('form')->attr('method'), 'post', 'by POST';
is_deeply [map { $_->attr('value') }
           $dom->find('input[name="answers.nps"][checked]')->each], [9],
    'the score is chosen, of the first question that has one';
is $dom->find('input[checked]')->size, 1, 'no other';
is $dom->find('script')->size, 0, 'without a script';
unlike $r->{body}, qr/ann\@example/, 'it does not tell whose it is';
is $dom->at('nav a')->attr('href'), "$link?lang=de&score=9",
    'in another language it is the same';
is $t->head($link)->{status}, 200, 'HEAD';

for my $score ('11', '-1', 'x', '9.0', '09', '9 ', '', '99999999999', "9'") {
    $r = $t->get("$link?score=" . $score =~ s/(\W)/sprintf '%%%02x', ord $1/er,
                 %html);
    is $r->{status}, 200, "?score=$score: the page";
    is(Mojo::DOM->new($r->{body})->find('input[checked]')->size, 0,
       "?score=$score: chooses nothing");
    unlike $r->{body}, qr/score=/, "?score=$score: goes no further";
}

$r = $t->get($link);
is $r->{type}, 'application/json', 'as JSON';
is scalar @{$r->{json}{questions}}, 3, 'its questions';
is $r->{json}{answered}, false, 'not answered yet';
like $r->{json}{expires_at}, qr/Z$/, 'until when it may be';

# what looks at links in mails: some follow all of them, some run scripts
my @agents = (
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126',
    'GoogleImageProxy', 'Barracuda Sentinel (EE)', 'curl/8', '',
    'Mozilla/5.0 (compatible; MSIE 9.0; SafeLinks)');
for my $n (1 .. 100) {
    my %headers = (
        $agents[$n % @agents] ? ('User-Agent' => $agents[$n % @agents]) : (),
        $n % 3 ? (Accept => 'text/html') : (),
        $n % 4 ? () : ('Sec-Purpose' => 'prefetch;prerender'),
        $n % 5 ? () : (Purpose => 'prefetch'),
    );
    my $path = $link . ($n % 2 ? '?score=' . $n % 11 : '')
        . ($n % 7 ? '' : ($n % 2 ? '&' : '?') . 'utm_source=mail');
    my $status = $n % 6 ? $t->get($path, headers => \%headers)->{status}
                        : $t->head($path, headers => \%headers)->{status};
    next if $status == 200;
    fail "look $n: $status";
}
is $t->options($link)->{status}, 204, 'OPTIONS';
is $t->put($link, {})->{status}, 405, 'PUT is none';
is head(), $before, 'after 100 looks the journal has nothing';
is scalar @{answers_of('demo')}, 0, 'and nobody has answered';

# -- answering ----------------------------------------------------------------

my %form = (language => 'en', 'answers.nps' => 7, 'answers.why' => 'so');
$r = $t->post($link, %html, form => {%form});
is $r->{status}, 303, 'the form';
like $r->{headers}{location}, qr{^/s/demo\?thanks=1}, 'leads to thanks';
is $t->get($r->{headers}{location}, %html)->{status}, 200, 'which are there';

my $got = answers_of('demo')->[0];
is_deeply $got->{respondent}, {email => 'ann@example.org'}, 'who it was';
is $got->{channel}, 'email', 'by which channel';
is $got->{agent}, 'Bo', 'who served';
is $got->{interaction_id}, 'o-1', 'what it was about';
is $got->{touchpoint}, 'buy', 'and which touchpoint';
ok !exists $got->{claimed}, 'nothing of it is a mere claim';
is $got->{answers}{nps}, 7, 'the score sent, not the one chosen before';

$before = head();
is $t->post($link, %html, form => {%form, 'answers.nps' => 1})->{status}, 303,
    'again, with other answers: thanks';
$r = $t->post($link, {answers => {nps => 0}});
is $r->{status}, 200, 'and as JSON: the first result';
is $r->{json}{id}, $got->{id}, 'of the first answer';
$r = $t->get("$link?score=3", %html);
is $r->{status}, 200, 'looking again';
$dom = Mojo::DOM->new($r->{body});
is $dom->at('h1')->text, 'Thank you', 'is thanked';
is $dom->find('form')->size, 0, 'and not asked';
is $t->get($link)->{json}{answered}, true, 'as JSON: it is answered';
is head(), $before, 'none of this is recorded';
is answers_of('demo')->[0]{answers}{nps}, 7, 'the first answer counts';

# what somebody adds does not change who was asked
$link = link_to('demo');
$r = $t->post($link, {answers => {nps => 9}, channel => 'web', agent => 'Al',
                      respondent => {customer_id => 'eve'}});
is $r->{status}, 201, 'as JSON';
$got = one($r->{json}{id});
is_deeply $got->{respondent}, {email => 'ann@example.org'}, 'whose link it is';
is $got->{channel}, 'link', 'a link is a channel';
is $got->{agent}, undef, 'an agent that it does not name';
is_deeply $got->{claimed},
    {respondent => {customer_id => 'eve'}, agent => 'Al'}, 'is claimed';

$link = link_to('demo');
$r = $t->post($link, {answers => {nps => 9},
    id => 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'});
is $r->{json}{errors}[0]{pointer}, '/id', 'the id is its own';
is $t->post($link, {answers => {nps => 9}, exposure => 'x'})
    ->{json}{errors}[0]{pointer}, '/exposure', 'and so is the exposure';

$r = $t->post($link, %html, form => {language => 'de', 'answers.why' => 'x'});
is $r->{status}, 422, 'a form without its answer';
is $r->{headers}{'referrer-policy'}, 'no-referrer', 'no-referrer';
$dom = Mojo::DOM->new($r->{body});
is $dom->at('html')->attr('lang'), 'de', 'comes back';
is $dom->at('form')->attr('action'), $link, 'to its link';
is $t->post($link, {answers => {nps => 11}})->{status}, 422,
    'a wrong score as anywhere';

my $body = encode_json({answers => {nps => 5}});
my @sockets = map { $t->connect } 1 .. 16;
syswrite $_, "POST $link HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    . "Content-Type: application/json\r\nContent-Length: " . length($body)
    . "\r\n\r\n$body" for @sockets;
my @status = map { (split ' ', CXM::read_all($_))[1] } @sockets;
is scalar(grep { $_ == 201 } @status), 1, '16 at once: one answer';
is scalar(grep { $_ == 200 } @status), 15, 'the others get its result';

# partial, and on with its token
$link = link_to('demo');
$r = $t->post($link, {answers => {nps => 4}, complete => false});
is $r->{json}{status}, 'partial', 'a partial answer by a link';
is $t->patch("/s/demo/responses/$r->{json}{id}", {
    token => $r->{json}{token}, answers => {nps => 6}, complete => true})
    ->{json}{status}, 'complete', 'goes on as any';
is_deeply one($r->{json}{id})->{respondent}, {email => 'ann@example.org'},
    'and stays whose it is';

# -- what is no link ----------------------------------------------------------

$link = link_to('demo');
my ($ticket) = $link =~ m{/l/(.+)$};
for my $bad ($ticket =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er,
             $ticket =~ s/(.)$/$1 eq 'A' ? 'E' : 'A'/er,
             substr($ticket, 0, -4), "${ticket}AAAA", 'x', 'A' x 7000) {
    my $name = substr $bad, 0, 8;
    is $t->get("/s/demo/l/$bad")->{status}, 404, "GET $name: 404";
    is $t->post("/s/demo/l/$bad", {answers => {nps => 1}})->{status}, 404,
        "POST $name: 404";
}
$r = $t->get("/s/other/l/$ticket", %html);
is $r->{status}, 404, "another survey's link";
like $r->{type}, qr{^text/html}, 'is told on a page';
is $r->{headers}{'referrer-policy'}, 'no-referrer', 'no-referrer there, too';
my $token = $t->post('/s/demo/exposures', {})->{json}{token};
is $t->get("/s/demo/l/$token")->{status}, 404, 'a token is no link';
is $t->post('/s/demo/responses', {answers => {nps => 1}, exposure => $ticket})
    ->{status}, 422, 'a link is no token';

# -- expiry and states --------------------------------------------------------

$link = link_to('demo', expires_in => 1);
my $late = link_to('demo', expires_in => 1);
is $t->post($link, {answers => {nps => 8}})->{status}, 201, 'in time';
ok CXM::until_true(10, sub { $t->get($late)->{status} == 409 }, 0.2),
    'a link expires';
$r = $t->get($late);
is $r->{json}{code}, 'link_expired', 'and says so';
$r = $t->get($late, %html);
is $r->{status}, 409, 'as a page';
like $r->{body}, qr/expired/, 'too';
is $t->post($late, {answers => {nps => 8}})->{status}, 409,
    'an answer is too late';
is $t->post($link, {answers => {nps => 8}})->{status}, 200,
    'but one that is there is known';

define('state');
my %links = map { $_ => link_to('state') } qw(paused closed draft);
$link = link_to('state');
is $t->post($link, {answers => {nps => 1}})->{status}, 201, 'answered';
for my $state (qw(paused closed draft)) {
    define('state', status => $state);
    my $status = $state eq 'draft' ? 404 : 409;
    is $t->get($links{$state})->{status}, $status, "$state: $status";
    is $t->post($links{$state}, {answers => {nps => 1}})->{status}, $status,
        "$state: takes no answer";
    is $t->get($link, %html)->{status}, 200, "$state: thanks";
}
define('state', status => 'closed');
is mint('state', {respondent => {visitor => 'v'}})->{status}, 409,
    'no links to a closed survey';

# -- a link that an exposure asks by ------------------------------------------

define('asked', suppress => {same_survey_days => 30},
       quota => {responses => 1});
sub ask {
    return $t->post('/s/asked/exposures', key => $server, json => {
        respondent => {customer_id => 'dee'}, channel => 'email',
        agent => 'Bo'})->{json};
}
$token = ask()->{token};
$r = mint('asked', {exposure => $token, expires_in => 1});
is $r->{status}, 201, 'whom it asks need not be said again';
$link = $r->{json}{url} =~ s{^http://[^/]+}{}r;
is ask()->{reason}, 'suppressed', 'who was asked is asked once';
define('asked', status => 'closed');
select undef, undef, undef, 1.1;
is $t->get($link, %html)->{status}, 200,
    'closed and expired: who was asked may answer';
$r = $t->post($link, {answers => {nps => 10}});
is $r->{status}, 201, 'and does';
$got = one($r->{json}{id});
is_deeply $got->{respondent}, {customer_id => 'dee'}, 'known';
is $got->{channel}, 'email', 'by the channel of the exposure';
is $got->{agent}, 'Bo', 'with its agent';
is $t->post($link, {answers => {nps => 1}})->{status}, 200, 'once';
is $t->post('/s/asked/responses', {answers => {nps => 1}, exposure => $token})
    ->{status}, 409, 'also by the token';

# -- and all of it is the journal's -------------------------------------------

$t->stop;
$t->sound;

done_testing;
