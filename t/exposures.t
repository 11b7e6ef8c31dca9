#!/usr/bin/perl

# Exposures: who is asked, how many and when again, over several workers; and
# that whoever was asked may answer, once, whatever happens in between.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::DOM;
use Mojo::JSON qw(decode_json encode_json false true);
use Test::More;

# a port where the kernel deals connections to workers in turn
my $port = CXM::free_port();
my $t = CXM->new(conf => {workers => 4, server =>
    "listen 127.0.0.1:$port reuseport; add_header X-Worker \$pid always;"});
$t->expect_alerts(qr/exited on signal 9/);
my $server = $t->key('server');

my $nps = {id => 'nps', type => 'nps', required => true,
           text => {en => 'How likely?'}};

sub define {
    my ($slug, %more) = @_;
    my $r = $t->put("/admin/surveys/$slug", key => 1, json => {
        title => $slug, status => 'live', questions => [$nps], %more});
    like $r->{status}, qr/^20[01]$/, "survey $slug" or diag $r->{body};
    return $r;
}

sub ask {
    my ($slug, $json, %arg) = @_;
    return $t->post("/s/$slug/exposures", json => $json || {}, %arg);
}

# "asked" with a token, or the reason why not
sub decision {
    my ($r) = @_;
    return "status $r->{status}" if $r->{status} != 200;
    return $r->{json}{reason} if !$r->{json}{ask};
    return length($r->{json}{token} // '') ? 'asked' : 'no token';
}

sub reply_to {
    my ($slug, $token, %more) = @_;
    return $t->post("/s/$slug/responses", json => {
        answers => {nps => 9}, exposure => $token, %more});
}

sub one { return $t->get("/admin/responses/$_[0]", key => 1)->{json} }

sub head {
    my ($rc, $out) = $t->cxmctl('stat');
    return decode_json($out)->{head};
}

# -- definitions --------------------------------------------------------------

my %rules = (suppress => {same_survey_days => 90, any_survey_days => 7},
             quota => {responses => 500}, sample => 0.25,
             partial_timeout_hours => 24);
define('rules', %rules);
my $got = $t->get('/admin/surveys/rules', key => 1)->{json};
is_deeply {map {$_ => $got->{$_}} keys %rules}, \%rules,
    'the rules of asking come back as they were put';
delete @$got{qw(id slug version created_at updated_at)};
is $t->put('/admin/surveys/rules', key => 1, json => $got)->{json}{version}, 1,
    'and can be put again';

# -- decisions ----------------------------------------------------------------

define('plain');
my $r = ask('plain');
is decision($r), 'asked', 'anybody is asked';
is $r->{headers}{'cache-control'}, 'no-store', 'for this once';
like $r->{json}{token}, qr/^[\w-]+$/, 'and gets a token';
is_deeply [sort keys %{$r->{json}}], [qw(ask token)], 'and nothing else';

define($_, status => $_) for qw(draft paused closed);
is ask('draft')->{status}, 404, 'a draft is not there';
$r = ask('paused');
is $r->{status}, 409, 'a paused survey: 409';
is $r->{json}{code}, 'paused', 'and says so';
is_deeply ask('closed')->{json}, {ask => false, reason => 'closed'},
    'a closed one asks nobody';
is ask('none')->{status}, 404, 'no such survey';
is $t->get('/s/plain/exposures')->{status}, 405, 'nothing to GET';

define('never', sample => 1e-15);
is decision(ask('never')), 'sampled_out', 'lots are drawn';

# -- what is refused changes nothing ------------------------------------------

my $before = head();
for my $case (
    [{id => 'x'}, '/id'],
    [{channel => 'fax'}, '/channel'],
    [{touchpoint => ''}, '/touchpoint'],
    [{interaction_id => 'x' x 201}, '/interaction_id'],
    [{agent => 7}, '/agent'],
    [{respondent => {}}, '/respondent'],
    [{respondent => {email => 'nobody'}}, '/respondent/email'],
    [{respondent => {visitor => 'v', email => 'a@b.de'}}, '/respondent'],
    [{respondent => {phone => '1'}}, '/respondent/phone'],
    [{answers => {}}, '/answers'],
) {
    my ($json, $pointer) = @$case;
    $r = ask('plain', $json);
    is $r->{status}, 422, "$pointer: 422";
    is $r->{json}{errors}[0]{pointer}, $pointer, "$pointer: where";
}
for my $case (
    [{sample => 0}, '/sample'], [{sample => 1.1}, '/sample'],
    [{quota => {responses => 0}}, '/quota/responses'],
    [{quota => {}}, '/quota/responses'],
    [{suppress => {same_survey_days => -1}}, '/suppress/same_survey_days'],
    [{suppress => {any_survey_days => 1.5}}, '/suppress/any_survey_days'],
    [{partial_timeout_hours => 0}, '/partial_timeout_hours'],
) {
    my ($rule, $pointer) = @$case;
    $r = $t->put('/admin/surveys/plain', key => 1, json => {
        title => 'plain', status => 'live', questions => [$nps], %$rule});
    is $r->{json}{errors}[0]{pointer}, $pointer, "definition: $pointer";
}
is $t->post('/s/plain/exposures', body => '{', headers => {
    'Content-Type' => 'application/json'})->{status}, 400, 'no JSON';
is head(), $before, 'and the journal has nothing of it';

# -- once ---------------------------------------------------------------------

define('few', quota => {responses => 1});
my $id = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11';
$r = ask('few', {id => $id});
is decision($r), 'asked', 'an id of the client';
is_deeply ask('few', {id => $id})->{json}, $r->{json},
    'the same id: the first decision';
is ask('few', {id => $id, channel => 'web'})->{status}, 409,
    'with other words: 409';
is ask('plain', {id => $id})->{status}, 409, 'at another survey: 409';
is decision(ask('few')), 'quota', 'it took one place';

my %key = (headers => {'Idempotency-Key' => 'e1'});
my $first = ask('plain', {}, %key)->{json};
is_deeply ask('plain', {}, %key)->{json}, $first,
    'an Idempotency-Key does the same';
is ask('plain', {channel => 'web'}, %key)->{status}, 422,
    'for the same body only';

# -- two clocks, per person ---------------------------------------------------

my %ann = (respondent => {customer_id => 'ann'});
my %key_of = (key => $server);
define('a', suppress => {same_survey_days => 30});
define('b', suppress => {any_survey_days => 30});

is decision(ask('a', {%ann}, %key_of)), 'asked', 'Ann is asked';
is decision(ask('a', {%ann}, %key_of)), 'suppressed', 'not again';
is decision(ask('b', {%ann}, %key_of)), 'suppressed', 'nor by another survey';
is decision(ask('a', {respondent => {email => 'bob@example.org'}}, %key_of)),
    'asked', 'Bob is another one';
is decision(ask('a', {%ann})), 'asked', 'a stranger who says so learns nothing';
is decision(ask('a', {respondent => {visitor => 'v1'}})), 'asked',
    'a visitor is asked';
is decision(ask('a', {respondent => {visitor => 'v1'}})), 'suppressed',
    'not again';
is decision(ask('a', {respondent => {visitor => 'v1'}}, %key_of)),
    'suppressed', 'nor when a server says who it is';

for my $name ('Sec-GPC', 'DNT') {
    for my $time (1, 2) {
        is decision(ask('a', {respondent => {visitor => 'v2'}},
                        headers => {$name => 1})), 'asked',
            "$name: no link to the visitor is kept ($time)";
    }
}

is $t->post('/s/b/responses', key => $server, json => {
    answers => {nps => 9}, respondent => {customer_id => 'cy'}})->{status},
    201, 'Cy answers, not asked';
is decision(ask('a', {respondent => {customer_id => 'cy'}}, %key_of)),
    'asked', 'this survey did not ask Cy';
is decision(ask('b', {respondent => {customer_id => 'cy'}}, %key_of)),
    'suppressed', 'but an answer is a contact';

# -- places: as many as there are, by however many at once --------------------

define('ten', quota => {responses => 10});

# [worker, decision] of n requests that are all sent before any is read
sub at_once {
    my ($n, $slug, $json) = @_;
    my @sockets = map { $t->connect($port) } 1 .. $n;
    my $body = encode_json($json);
    syswrite $_, "POST /s/$slug/exposures HTTP/1.1\r\nHost: localhost\r\n"
        . "Content-Type: application/json\r\nConnection: close\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body" for @sockets;
    return map {
        my ($head, $reply) = split /\r\n\r\n/, CXM::read_all($_);
        [$head =~ /^X-Worker: (\d+)/m, decode_json($reply)];
    } @sockets;
}

my @replies = at_once(64, 'ten', {channel => 'app'});
my %workers = map { $_->[0] => 1 } @replies;
cmp_ok scalar keys %workers, '>', 1, 'several workers decide';
@replies = map { $_->[1] } @replies;
my @granted = map { $_->{token} } grep { $_->{ask} } @replies;
is scalar @granted, 10, '64 at once, 10 places: 10 are asked';
is scalar(grep { ($_->{reason} // '') eq 'quota' } @replies), 54,
    'the others are not, for want of a place';

my $same = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12';
my %tokens = map { $_->[1]{token} // '' => 1 }
    at_once(32, 'plain', {id => $same});
is scalar keys %tokens, 1, '32 at once with one id: one decision';

# -- answers ------------------------------------------------------------------

my $token = shift @granted;
$r = reply_to('ten', $token);
is $r->{status}, 201, 'the answer to an exposure';
my $answer = $r->{json}{id};
is one($answer)->{channel}, 'app', 'has its channel';
$r = reply_to('ten', $token);
is $r->{status}, 200, 'the same again: 200';
is $r->{json}{id}, $answer, 'and the first result';
$r = reply_to('ten', $token, id => $id);
is $r->{status}, 409, 'another one: 409';
is $r->{json}{code}, 'exposure_answered', 'says why';
$r = reply_to('ten', $token, answers => {nps => 1});
is $r->{status}, 409, 'other answers without an id: 409';

$r = reply_to('plain', $granted[0]);
is $r->{status}, 422, "another survey's token";
is $r->{json}{errors}[0]{pointer}, '/exposure', 'is shown';
my $forged = $granted[0] =~ s/(.)$/$1 eq 'A' ? 'E' : 'A'/er;
is reply_to('ten', $forged)->{status}, 422, 'a forged one';
is decision(ask('ten')), 'quota', 'an answer keeps its place';

$r = $t->post('/s/ten/responses', headers => {Accept => 'text/html'},
    form => {exposure => $granted[0], 'answers.nps' => 7});
is $r->{status}, 303, 'a form has the token, too';
is $t->post('/s/ten/responses', headers => {Accept => 'text/html'},
    form => {exposure => $granted[0], 'answers.nps' => 7})->{status}, 303,
    'sent twice';

# -- the page -----------------------------------------------------------------

my %html = (headers => {Accept => 'text/html'});
define('page', status => 'live');
$token = ask('page', {channel => 'app'})->{json}{token};
define('page', status => 'closed');
is $t->get('/s/page', %html)->{status}, 409, 'the page of a closed survey';
$r = $t->get("/s/page?exposure=$token", %html);
is $r->{status}, 200, 'is there for whoever was asked';
my $dom = Mojo::DOM->new($r->{body});
is $dom->at('input[name=exposure]')->attr('value'), $token,
    'and has the token';
my %form = map { $_->attr('name') => $_->attr('value') }
    $dom->find('input[type=hidden]')->each;
is $t->post('/s/page/responses', %html, form => {%form})->{status}, 422,
    'a form without its answer';
$r = $t->post('/s/page/responses', %html, form => {%form});
$dom = Mojo::DOM->new($r->{body});
is $dom->at('input[name=exposure]')->attr('value'), $token,
    'comes back with the token';
is $t->post('/s/page/responses', %html, form => {%form, 'answers.nps' => 9})
    ->{status}, 303, 'and with its answer it is taken';
is $t->get('/admin/responses?survey=page', key => 1)->{json}{items}[0]
    {channel}, 'app', 'with the channel of the exposure';
is $t->get("/s/page?exposure=x$token", %html)->{status}, 409,
    'no token: as without one';
is $t->post('/s/page/responses', %html, form => {'answers.nps' => 9})
    ->{status}, 409, 'nor is an answer taken';

# -- never refused ------------------------------------------------------------

for my $status (qw(paused closed draft)) {
    define('ten', status => $status, quota => {responses => 1});
    is reply_to('ten', $granted[1])->{status}, $status eq 'paused' ? 201 : 200,
        "$status, and the quota smaller: it is taken";
    is $t->post('/s/ten/responses', {answers => {nps => 1}})->{status},
        $status eq 'draft' ? 404 : 409, "$status: others are not";
}
for my $body ({json => {answers => {nps => 1}, exposure => 'x'}},
              {form => {exposure => 'x', nonsense => 1}}) {
    my $none = $t->post('/s/none/responses', %$body);
    my $draft = $t->post('/s/ten/responses', %$body);
    is_deeply [@$draft{qw(status body)}], [@$none{qw(status body)}],
        'who has no token does not learn that there is a draft';
}
is_deeply [@{$t->get('/s/ten/l/x')}{qw(status body)}],
    [@{$t->get('/s/none/l/x')}{qw(status body)}], 'nor who has no link';
define('ten', status => 'closed');
is reply_to('ten', $granted[2], complete => false)->{status}, 201,
    'closed: it may begin';
my $part = $t->post('/s/ten/responses', {
    answers => {nps => 2}, exposure => $granted[3], complete => false})
    ->{json};
is $t->patch("/s/ten/responses/$part->{id}", {
    token => $part->{token}, answers => {nps => 3}, complete => true})
    ->{status}, 200, 'and go on to its end';
is one($part->{id})->{answers}{nps}, 3, 'which counts';

# -- whose word ---------------------------------------------------------------

define('who');
$r = ask('who', {respondent => {customer_id => 'dee'}, agent => 'Bo',
                 interaction_id => 'o-1'}, %key_of);
$got = one(reply_to('who', $r->{json}{token}, agent => 'Al',
                    respondent => {email => 'x@y.de'})->{json}{id});
is_deeply $got->{respondent}, {customer_id => 'dee'},
    'whom a server asked is known';
is $got->{agent}, 'Bo', 'and so is the agent';
is $got->{interaction_id}, 'o-1', 'and what it was about';
is_deeply $got->{claimed}, {respondent => {email => 'x@y.de'}, agent => 'Al'},
    'what was said besides is claimed';

$r = ask('who', {respondent => {customer_id => 'dee'}, agent => 'Bo'});
$got = one(reply_to('who', $r->{json}{token})->{json}{id});
is $got->{respondent}, undef, 'a token makes nobody known by itself';
is $got->{agent}, undef, 'nor an agent';
is_deeply $got->{claimed},
    {respondent => {customer_id => 'dee'}, agent => 'Bo'}, 'but claimed';

# -- a place is given back ----------------------------------------------------

define('soon', quota => {responses => 1}, partial_timeout_hours => 0.001);
my $late = ask('soon')->{json}{token};
is decision(ask('soon')), 'quota', 'the only place is taken';
ok CXM::until_true(20, sub { decision(ask('soon')) eq 'asked' }, 0.2),
    'until nobody answered in time';
is decision(ask('soon')), 'quota', 'then it is taken again';
is reply_to('soon', $late)->{status}, 201, 'whoever is late is not refused';

$r = $t->delete('/admin/surveys/soon', key => 1);
is $r->{status}, 409, 'a survey that asked is not deleted';
define('asked-only');
ask('asked-only');
is $t->delete('/admin/surveys/asked-only', key => 1)->{json}{code},
    'has_exposures', 'also without answers';

# -- kill -9 between exposure and answer --------------------------------------

define('kill', quota => {responses => 20});
my @tokens = map { ask('kill')->{json}{token} } 1 .. 20;
is scalar(grep { defined } @tokens), 20, '20 are asked';
my @workers = $t->workers;
$t->signal('KILL', $_) for @workers;
CXM::until_true(20, sub { !grep { CXM::alive($_) } @workers });
$t->wait_store;
is decision(ask('kill')), 'quota', 'after kill -9 the places are held';
my @status = map { reply_to('kill', $_)->{status} } @tokens;
is_deeply \@status, [(201) x 20], 'and all who were asked may answer';
is scalar @{$t->get('/admin/responses?survey=kill', key => 1)->{json}{items}},
    20, 'once';

# -- what is shown records nothing --------------------------------------------

$before = head();
$t->get('/s/plain');
$t->get('/s/plain', headers => {Accept => 'text/html'});
$t->head('/s/plain');
is head(), $before, 'GET and HEAD of a survey record nothing';

# -- and all of it is the journal's -------------------------------------------

$t->stop;
$t->sound;

done_testing;
