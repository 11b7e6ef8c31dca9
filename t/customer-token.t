#!/usr/bin/perl

# cxm_customer_token: a site's own customers, known by its signed tokens.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Token;
use CXM::Upstream;
use Mojo::JSON qw(false true);
use Test::More;

my $secret = 'what the shop signs its tokens with';
my $other = 'what the help desk signs its tokens with';
my @questions = (
    {id => 'nps', type => 'nps', text => {en => 'How likely?'}},
    {id => 'why', type => 'text', text => {en => 'Why?'}});

my $app = CXM::Upstream->new;
my $t = CXM->new(start => 0);

sub secret_file {
    my ($name, @lines) = @_;
    my $path = $t->write_file($name, join '', map { "$_\n" } @lines);
    chmod 0600, $path;
    return $path;
}

my ($private, $public) = CXM::Token::keypair($t->dir, 'site');
my $key = secret_file('shop.key', $secret);

# -- the directive ------------------------------------------------------------

subtest 'configuration' => sub {
    my $open = secret_file('open.key', $secret);
    chmod 0640, $open;
    my $raw = secret_file('raw.key', CXM::slurp($public) =~ /\n(\S+)/);
    my %refused = (
        '$cookie_x' => qr/needs "key=" and a file/,
        'x key=' . $key => qr/needs a variable/,
        '$cookie_x key=/nowhere/x.key' => qr/No such file/,
        "\$cookie_x key=$open" => qr/open to others, its mode is 0640/,
        '$cookie_x key=' . secret_file('short.key', 'x' x 31)
            => qr/has 31 bytes, HS256 needs 32/,
        '$cookie_x key=' . secret_file('none.key', '# nothing')
            => qr/no key in it/,
        "\$cookie_x key=$private" => qr/keep a private one where/,
        "\$cookie_x key=$public alg=HS256" => qr/no secret of HS256/,
        '$cookie_x key='
            . secret_file('b64.key', 'A' x 43 . '=') => qr/say which by "alg=HS256"/,
        "\$cookie_x key=$raw alg=Ed25519" => qr/no Ed25519 public key/,
        "\$cookie_x key=$key alg=none" => qr/invalid parameter "alg=none"/,
        "\$cookie_x key=$key alg=HS256 alg=HS256" => qr/invalid parameter/,
        "\$cookie_x key=$key max_age=0" => qr/invalid time "max_age=0"/,
        "\$cookie_x key=$key aud=" => qr/invalid parameter "aud="/,
        "off; cxm_customer_token \$cookie_x key=$key" => qr/"off" here/,
        "\$cookie_x key=$key; cxm_customer_token off" => qr/is duplicate/,
    );
    for my $args (sort keys %refused) {
        $t->{conf}{surveys} = "cxm_customer_token $args;";
        my ($rc, $said) = $t->config_test;
        isnt $rc, 0, "refused: $args";
        like $said, $refused{$args}, 'it says why';
        unlike $said, qr/\Q$secret\E/, 'and quotes nothing';
    }
    $t->expect_alerts(qr/cxm_customer_token|key file|invalid (?:parameter|time)/);
};

# -- at work ------------------------------------------------------------------

$t->{conf}{log_level} = 'info';
my $help = CXM::free_port();
my $help_key = secret_file('help.key', $other);
my $app_url = 'http://127.0.0.1:' . $app->port;
$t->{conf}{http} = <<"END";
    cxm_customer_token \$cookie_customer key=$key;
    map \$cxm_nps \$mood { default some; '' none; ~^[0-6]\$ sad; ~^(9|10)\$ glad; }
    limit_req_zone \$cxm_customer_id zone=customers:1m rate=1r/m;
    server {
        listen 127.0.0.1:$help;
        cxm_customer_token \$cookie_customer key=$help_key;
        location /say { return 200 "\$cxm_customer_id"; }
        location /s/ { cxm_surveys; }
    }
    log_format customer '\$uri \$cxm_customer_id \$cxm_consent \$cxm_nps';
END
$t->{conf}{surveys} = 'cxm_allow_origin https://friend.example;';
$t->{conf}{locations} = <<"END";
    location /ed/ {
        cxm_surveys;
        cxm_customer_token \$http_x_customer key=$public aud=surveys max_age=5m;
        cxm_customer_token \$http_authorization key=$public;
    }
    location /off/ { cxm_surveys; cxm_customer_token off; }
    location = /metrics { cxm_metrics; }
    location /two/ { cxm_surveys;
                     cxm_customer_token \$cookie_customer key=$key;
                     cxm_customer_token \$http_x_customer key=$public; }
    location /say { return 200 "\$cxm_customer_id|\$cxm_consent|\$cxm_nps|\$mood"; }
    location /say/off { cxm_customer_token off; return 200 "-\$cxm_customer_id"; }
    location /app/ {
        proxy_set_header X-Id \$cxm_customer_id;
        proxy_set_header X-Consent \$cxm_consent;
        proxy_set_header X-Nps \$cxm_nps;
        proxy_pass $app_url;
        access_log customer.log customer;
    }
    location /seldom { limit_req zone=customers; proxy_pass $app_url; }
    location = /auth { internal; proxy_set_header X-Id \$cxm_customer_id;
                       proxy_pass $app_url/?say=X-Id; }
    location /sub { auth_request /auth; error_page 404 = /say;
                    root /nowhere; }
END
$t->{conf}{server} = '';
$t->start;

$t->put('/admin/surveys/demo', key => 1, json => {
    title => 'Demo', status => 'live', questions => \@questions});
my $server = $t->key('server');

sub cookie { return (headers => {Cookie => "a=b; customer=$_[0]", @_[1 .. $#_]}) }
sub token  { return CXM::Token::hs256($secret, {@_}) }

sub answer {
    my ($json, %arg) = @_;
    my $path = delete $arg{at} || '/s';
    my $r = $t->post("$path/demo/responses",
                     json => {answers => {nps => 9}, %$json}, %arg);
    return $r if $r->{status} != 201;
    return $t->get("/admin/responses/$r->{json}{id}", key => 1)->{json};
}

sub refused {
    my $text = $t->get('/metrics')->{body};
    return { $text =~ /^cxm_customer_tokens_total\{[^}]*result="(\w+)"\} (\d+)/mg };
}

subtest 'an answer' => sub {
    my $got = answer({}, cookie(token(sub => '4711')));
    is_deeply $got->{respondent}, {external_id => '4711'}, 'is the customer\'s';
    is $got->{claimed}, undef, 'nothing is claimed';

    $got = answer({respondent => {external_id => '4711'}, agent => 'Bob'},
                  cookie(token(sub => '4711')));
    is_deeply $got->{respondent}, {external_id => '4711'}, 'named as well';
    is $got->{claimed}, undef, 'nothing is claimed';
    is $got->{segments}{agent} // $got->{agent}, 'Bob', 'its agent counts';

    $got = answer({respondent => {external_id => '4712'}},
                  cookie(token(sub => '4711')));
    is_deeply $got->{respondent}, {external_id => '4711'}, 'another named';
    is_deeply $got->{claimed}, {respondent => {external_id => '4712'}},
        'stays claimed';

    $got = answer({respondent => {external_id => '4712'}, agent => 'Bob'});
    is $got->{respondent}, undef, 'without a token nobody is known';
    is_deeply $got->{claimed},
        {respondent => {external_id => '4712'}, agent => 'Bob'}, 'as before';

    $got = answer({respondent => {external_id => '4713'}}, key => $server,
                  headers => {Cookie => 'customer=' . token(sub => '4711')});
    is_deeply $got->{respondent}, {external_id => '4713'},
        'a server speaks for others';
    is $got->{claimed}, undef, 'the cookie on its way says nothing';

    my $list = $t->get('/admin/responses?external_id=4711', key => 1)->{json};
    is scalar @{$list->{items}}, 3, 'answers are found by the number';
};

subtest 'repeats' => sub {
    my %id;
    for my $who ('r-1', 'r-2', 'r-1') {
        my $r = $t->post('/s/demo/responses', {answers => {nps => 5}},
            cookie(token(sub => $who), 'Idempotency-Key' => 'the-same'));
        is $r->{status}, 201;
        push @{$id{$who}}, $r->{json}{id};
    }
    is $id{'r-1'}[0], $id{'r-1'}[1], 'a repeat gets the first reply';
    isnt $id{'r-1'}[0], $id{'r-2'}[0], "nobody gets another one's";
};

subtest 'Ed25519, from headers' => sub {
    my %claims = (sub => '9', aud => 'surveys');
    my $ok = CXM::Token::ed25519($private, \%claims);
    my @at = (at => '/ed');
    is_deeply answer({}, @at, headers => {'X-Customer' => $ok})->{respondent},
        {external_id => '9'}, 'a header';
    is_deeply answer({}, @at, headers => {
        Authorization => 'Bearer '
            . CXM::Token::ed25519($private, {sub => '10'})})->{respondent},
        {external_id => '10'}, 'Authorization, with its scheme';
    is answer({}, @at, headers => {'X-Customer' => CXM::Token::ed25519(
        $private, {sub => '9'})})->{respondent}, undef, 'aud is asked for';
    is answer({}, @at, headers => {'X-Customer' => CXM::Token::ed25519(
        $private, {%claims, exp => time + 900})})->{respondent}, undef,
        'max_age';
    is answer({}, @at, headers => {'X-Customer' => CXM::Token::hs256(
        CXM::slurp($public), \%claims)})->{respondent}, undef,
        'the public key is no secret';
    is answer({}, @at, headers => {'X-Customer' => CXM::Token::hs256(
        CXM::slurp($public), \%claims, {alg => 'EdDSA'})})->{respondent},
        undef, 'whatever the header says';
    is answer({}, @at, cookie(token(sub => '4711')))->{respondent}, undef,
        'the rules around it are not its own';
    is answer({}, @at, headers => {Authorization => 'Bearer cxm_x_y'})
        ->{status}, 401, 'a key that is none is refused as ever';
    is answer({}, at => '/off', cookie(token(sub => '4711')))->{respondent},
        undef, 'off';
};

subtest 'tokens that say nothing' => sub {
    my $good = token(sub => '4711');
    my ($head, $body, $sig) = split /\./, $good;
    my $none = CXM::Token::hs256($secret, {sub => '1'}, {alg => 'none'});
    my %tokens = (
        malformed => [$none =~ s/[^.]*\z//r, 'x', '.', "$good=", "$good.",
                      $head, "$head.$body", 'a' x 5000,
                      CXM::Token::hs256($secret, {sub => '1'},
                                        {alg => 'HS512'}), $none],
        unsigned => [CXM::Token::hs256($other, {sub => '4711'}),
                     CXM::Token::hs256('', {sub => '4711'}),
                     join('.', $head, $body, $sig =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er),
                     CXM::Token::ed25519($private, {sub => '4711'})],
        claims => [token(), token(sub => '4711', exp => undef),
                   token(sub => 4711), token(sub => 'x' x 101),
                   token(sub => '1', exp => time + 90_000),
                   token(sub => '1', aud => 'other.example')],
        early => [token(sub => '1', nbf => time + 200)],
        expired => [token(sub => '1', exp => time - 61)],
    );
    for my $why (sort keys %tokens) {
        for my $n (0 .. $#{$tokens{$why}}) {
            my $before = refused();
            my $got = answer({}, cookie($tokens{$why}[$n]));
            ok $got->{id}, "$why $n: it goes on";
            is $got->{respondent}, undef, 'as nobody';
            my $after = refused();
            is $after->{$why}, ($before->{$why} // 0) + 1, 'counted once';
            is $after->{good}, $before->{good}, 'not as good';
        }
    }
    like $t->error_log, qr/\[info\] .*customer token refused: it has expired/,
        'the log says why';
    unlike $t->error_log, qr/\Q$body\E|\Q$sig\E/, 'and no token is in it';
    is_deeply answer({}, cookie(token(sub => '1', exp => time - 55)))
        ->{respondent}, {external_id => '1'}, 'clocks may differ a little';
    is_deeply answer({}, cookie(token(sub => '1', aud => ['x', '127.0.0.1'])))
        ->{respondent}, {external_id => '1'}, 'for this host';
};

sub events {
    my ($type) = @_;
    return $t->get("/admin/touchpoints?type=$type", key => 1)->{json}{items};
}

subtest 'beacons' => sub {
    my @signed = cookie(token(sub => '4711'));
    is $t->post('/b', {type => 'plain'}, @signed)->{status}, 204;
    is $t->post('/b', [{type => 'named', customer => '4711'},
                       {type => 'foreign', customer => '4712'}], @signed)
        ->{json}{accepted}, 2;
    is $t->post('/b', {type => 'nobody', customer => '4711'})->{status}, 204;
    is $t->get('/b?type=pixel', @signed)->{status}, 200;
    is $t->post('/b', {type => 'private'}, cookie(token(sub => '4711'),
                'Sec-GPC' => 1))->{status}, 204;
    for (['plain', '4711'], ['named', '4711'], ['foreign', '4711', '4712'],
         ['nobody', undef, '4711'], ['pixel', '4711'], ['private'])
    {
        my ($type, $customer, $claimed) = @$_;
        my ($event) = @{events($type)};
        is $event->{customer}, $customer, "$type: customer";
        is $event->{claimed}, $claimed, "$type: claimed";
    }
};

subtest 'exposures' => sub {
    $t->put('/admin/surveys/seldom', key => 1, json => {
        title => 'Seldom', status => 'live', questions => \@questions,
        suppress => {same_survey_days => 30}});
    my $ask = sub {
        return $t->post('/s/seldom/exposures', {}, @_)->{json};
    };
    my $asked = $ask->(cookie(token(sub => '50')));
    is $asked->{ask}, true, 'a customer is asked';
    is $ask->(cookie(token(sub => '50')))->{ask}, false, 'and not again';
    is $ask->(cookie(token(sub => '51')))->{ask}, true, 'others are';
    my $r = $t->post('/s/seldom/responses',
        {answers => {nps => 3}, exposure => $asked->{token}},
        cookie(token(sub => '51')));
    my $got = $t->get("/admin/responses/$r->{json}{id}", key => 1)->{json};
    is_deeply $got->{respondent}, {external_id => '50'},
        'the answer is of who was asked';
};

# -- the record ---------------------------------------------------------------

sub customer {
    my ($class, $value) = @_;
    my $list = $t->get("/admin/customers?$class=$value", key => 1)->{json};
    return $list->{items}[0];
}

sub given {
    return [map { "$_->{type} $_->{value}" . ($_->{verified} ? '' : '?') }
            @{$_[0]{identifiers} || []}];
}

subtest 'its record' => sub {
    my %ann = (sub => 'ann', name => 'Ann Lee', email => 'Ann@example.org',
               email_verified => true);
    is $t->get('/s/demo', cookie(token(%ann)))->{status}, 200;
    is $t->post('/b', {type => 'x'}, cookie(token(%ann)))->{status}, 204;
    is $t->post('/s/demo/exposures', {}, cookie(token(%ann)))->{json}{ask},
        true;
    is customer('external_id', 'ann'), undef, 'not by looking';
    my $r = $t->post('/s/demo/responses', {answers => {nps => 'x'}},
                     cookie(token(%ann)));
    is $r->{status}, 422;
    is customer('external_id', 'ann'), undef, 'nor by a bad answer';
    answer({}, cookie(token(%ann)));
    my $made = customer('external_id', 'ann');
    is $made->{name}, 'Ann Lee', 'by an answer';
    is_deeply given($made), ['external_id ann', 'email Ann@example.org'],
        'what its token proves';
    answer({}, cookie(token(%ann, name => 'Ann Other')));
    is_deeply customer('external_id', 'ann'), $made, 'once';
    is $t->get("/admin/customers/$made->{id}/score", key => 1)
        ->{json}{nps}{last}{value}, 9, 'the answers are its own';

    # one whom staff know by the address only
    my $id = $t->post('/admin/customers', {name => 'Bea', identifiers => [
        {type => 'email', value => 'bea@example.org'}]}, key => 1)
        ->{json}{id};
    answer({}, cookie(token(sub => 'bea', email => 'bea@example.org')));
    isnt customer('external_id', 'bea')->{id}, $id,
        'an address that is not proved leads nowhere';
    answer({}, cookie(token(sub => 'bea-2', email => 'bea@example.org',
                            email_verified => true)));
    is customer('external_id', 'bea-2')->{id}, $id, 'a proved one does';
    answer({}, cookie(token(sub => 'ann', email => 'bea@example.org',
                            email_verified => true)));
    is_deeply customer('external_id', 'ann'), $made,
        'a number goes before it, and takes nothing from others';
};

subtest 'its timeline' => sub {
    my $id = customer('external_id', 'ann')->{id};
    ok CXM::until_true(10, sub {
        my $list = $t->get("/admin/customers/$id/timeline?kinds=touchpoint",
                           key => 1)->{json}{items};
        return grep { $_->{data}{type} eq 'x' } @{$list || []};
    }), 'has the events that its token sent';
};

# -- variables ----------------------------------------------------------------

sub say { return $t->get($_[0] || '/say', @_[1 .. $#_])->{body} }

subtest 'variables' => sub {
    my @ann = cookie(token(sub => 'ann'));
    my $id = customer('external_id', 'ann')->{id};
    is say(), '|||none', 'nobody';
    is say('/say', @ann), "$id||9|glad", 'a customer';
    is say('/say', cookie(token(sub => 'ann', exp => time - 90))), '|||none',
        'expired';
    is say('/say', cookie(token(sub => 'unknown'))), '|||none', 'no record';
    is say('/say/off', @ann), '-', 'off';

    my $consent = sub {
        is $t->post("/admin/customers/$id/consents",
            {purpose => $_[0], granted => $_[1]}, key => 1)->{status}, 201;
    };
    $consent->($_, true) for qw(newsletter ads research);
    $consent->('research', false);
    answer({answers => {nps => 4}}, @ann);
    is say('/say', @ann), "$id|ads,newsletter|4|sad",
        'what is granted, in order; the last score';
    answer({answers => {why => 'words'}}, @ann);
    is say('/say', @ann), "$id|ads,newsletter|4|sad",
        'an answer without a score is none';
    is say('/app/?say=X-Id,X-Consent,X-Nps', @ann), "$id|ads,newsletter|4",
        'to the application';
    is say('/app/?say=X-Id,X-Consent,X-Nps', headers => {
        'X-Id' => 'forged', 'X-Consent' => 'all'}), '||',
        'nothing that a client has sent';
    is say('/sub', @ann), "$id|ads,newsletter|4|sad",
        'behind a subrequest and an internal redirect';
    CXM::until_true(5, sub {
        CXM::slurp($t->dir . '/customer.log') =~ /^\/app\/ $id ads/m });
    like CXM::slurp($t->dir . '/customer.log'),
        qr{^/app/ $id ads,newsletter 4$}m, 'in the log';

    my @bea = cookie(token(sub => 'bea-2'));
    is $t->get('/seldom', @ann)->{status}, 200, 'limits by customer';
    is $t->get('/seldom', @ann)->{status}, 503, 'of one';
    is $t->get('/seldom', @bea)->{status}, 200, 'not of another';
    is $t->get('/seldom')->{status}, 200, 'nor of nobody' for 1 .. 3;
};

subtest 'several sites' => sub {
    my $id = customer('external_id', 'ann')->{id};
    my ($shop_token, $help_token) = map { CXM::Token::hs256($_, {sub => 'ann'}) }
        $secret, $other;
    my $at = sub {
        my ($port, $token) = @_;
        return $t->raw("GET /say HTTP/1.0\r\nCookie: customer=$token\r\n\r\n",
                       port => $port) =~ s/.*\r\n\r\n//sr;
    };
    is $at->($help, $help_token), $id, 'a key each';
    is $at->($help, $shop_token), '', 'another site signs nothing here';
    like say('/say', cookie($shop_token)), qr/^$id/;
    is say('/say', cookie($help_token)), '|||none', 'nor there';

    # two directives of one location
    my $ed = CXM::Token::ed25519($private, {sub => 'ed'});
    is_deeply answer({}, at => '/two', headers => {'X-Customer' => $ed})
        ->{respondent}, {external_id => 'ed'}, 'any of several';
    is_deeply answer({}, at => '/two', headers => {'X-Customer' => $ed,
        Cookie => "customer=$shop_token"})->{respondent},
        {external_id => 'ann'}, 'the first that is good';
    is_deeply answer({}, at => '/two', headers => {'X-Customer' => $ed,
        Cookie => 'customer=none'})->{respondent}, {external_id => 'ed'},
        'not one that is none';
};

subtest 'an erased customer' => sub {
    my @gone = cookie(token(sub => 'gone', name => 'Gone'));
    answer({}, @gone);
    my $id = customer('external_id', 'gone')->{id};
    like say('/say', @gone), qr/^$id\|\|9/, 'is there';
    is $t->post('/admin/privacy/erasures', {external_id => 'gone'}, key => 1)
        ->{status}, 201;
    is say('/say', @gone), '|||none', 'is nobody';
    is $t->get('/me/', @gone)->{json}{customer}, undef, 'at /me/, too';
    answer({answers => {nps => 0}}, @gone);
    my $new = customer('external_id', 'gone');
    isnt $new->{id}, $id, 'who goes on answering begins anew';
    is say('/say', @gone), "$new->{id}||0|sad", 'without what was before';
};

subtest 'other sites' => sub {
    my %from = (
        'own page' => [1, 'Sec-Fetch-Site' => 'same-origin',
                       Origin => $t->url],
        'friend' => [1, 'Sec-Fetch-Site' => 'cross-site',
                     Origin => 'https://friend.example'],
        'cross' => [0, 'Sec-Fetch-Site' => 'cross-site',
                    Origin => 'https://evil.example'],
        'sibling' => [0, 'Sec-Fetch-Site' => 'same-site',
                      Origin => 'https://b.shop.example'],
        'older' => [0, Origin => 'https://evil.example'],
    );
    for my $name (sort keys %from) {
        my ($counts, @headers) = @{$from{$name}};
        my $got = answer({}, cookie(token(sub => 'csrf'), @headers));
        is_deeply $got->{respondent},
            $counts ? {external_id => 'csrf'} : undef, $name;
    }
    is $t->get('/b?type=from-evil', cookie(token(sub => 'csrf'),
                'Sec-Fetch-Site' => 'cross-site'))->{status}, 200;
    is events('from-evil')->[0]{customer}, undef, 'a picture';
};

# -- routes of customers ------------------------------------------------------

subtest 'self-service' => sub {
    my $me = $t->get('/me/', cookie(token(sub => 'ann', name => 'Ann Lee')));
    is $me->{status}, 200 or diag $me->{body};
    is $me->{json}{customer}, customer('external_id', 'ann')->{id},
        'a customer';
    is $me->{json}{account}, undef, 'without an account';
    $me = $t->get('/me/', cookie(token(sub => 'nobody-yet')));
    is $me->{json}{customer}, undef, 'without a record';
    is customer('external_id', 'nobody-yet'), undef, 'nor is one made';
    my @own = cookie(token(sub => 'nobody-yet'),
                     'Sec-Fetch-Site' => 'same-origin');
    is $t->get('/me/profile', @own)->{status}, 404, 'by looking at it';
    my $changed = $t->patch('/me/profile', {language => 'de'}, @own);
    is $changed->{status}, 200, 'a change makes it' or diag $changed->{body};
    is customer('external_id', 'nobody-yet')->{language}, 'de';
    is $t->get('/me/profile', @own)->{json}{language}, 'de', 'then it is there';

    my $r = $t->get('/me/', cookie(token(sub => '1', exp => time - 90)));
    is $r->{status}, 401, 'expired';
    is $r->{json}{code}, 'invalid_token';
    is $r->{headers}{'www-authenticate'}, 'Bearer error="invalid_token", '
        . 'error_description="The token of the customer is not valid: '
        . 'it has expired."', 'WWW-Authenticate';
    $r = $t->get('/me/');
    is $r->{json}{code}, 'unauthorized', 'none at all';
    is $r->{headers}{'www-authenticate'}, 'Bearer';

    is $t->delete('/me/sessions', cookie(token(sub => 'ann')))->{status}, 403,
        'a cookie with neither header';
    is $t->delete('/me/sessions', cookie(token(sub => 'ann'),
                  'Sec-Fetch-Site' => 'same-origin'))->{status}, 204;
    is $t->delete('/me/sessions/0196b0f2-0000-7000-8000-000000000000',
                  cookie(token(sub => 'ann'),
                         'Sec-Fetch-Site' => 'same-origin'))->{status}, 404,
        'of others nothing is known';
};

# -- keys change --------------------------------------------------------------

subtest 'rotation' => sub {
    my $next = 'what the shop signs with from now on';
    my ($old_token, $new_token) = map { CXM::Token::hs256($_, {sub => 'ann'}) }
        $secret, $next;
    my $id = customer('external_id', 'ann')->{id};
    is say('/say', cookie($new_token)), '|||none', 'not yet';
    secret_file('shop.key', "# from today", $next, '# until tomorrow', $secret);
    $t->reload;
    like say('/say', cookie($_)), qr/^$id/, 'both count'
        for $old_token, $new_token;
    secret_file('shop.key', $next);
    $t->reload;
    is say('/say', cookie($old_token)), '|||none', 'the old one is over';
    like say('/say', cookie($new_token)), qr/^$id/, 'the new one counts';
    secret_file('shop.key', $secret);
    $t->reload;
};

subtest 'no store' => sub {
    my $data = $t->store_dir . '/data';
    rename $data, "$data.away" or die $!;
    mkdir $data or die $!;
    $t->expect_alerts(qr/cannot be opened/);
    $t->{wait} = 0;
    my $before = length $t->error_log;
    $t->reload;
    is say('/say', cookie(token(sub => 'ann'))), '|||none', 'empty' for 1 .. 9;
    is say('/app/?say=X-Id', cookie(token(sub => 'ann'))), '',
        'pages are served';
    my $log = substr $t->error_log, $before;
    my $lines = () = $log =~ /variables of customers are empty/g;
    cmp_ok $lines, '>=', 1, 'a line in the log';
    cmp_ok $lines, '<=', 2, 'of each worker';
    rmdir $data or die $!;
    rename "$data.away", $data or die $!;
    $t->{wait} = 1;
    $t->reload;
    like say('/say', cookie(token(sub => 'ann'))), qr/\|ads,newsletter\|/,
        'and it is back';
};

# What a site requires of its staff is not theirs to fill in.
subtest 'fields that a site requires' => sub {
    my $strict = CXM->new(conf => {
        http => "cxm_customer_token \$cookie_customer key=$key;"});
    is $strict->put('/admin/fields/customer', {fields => [
        {name => 'contract', type => 'string', required => true}]},
        key => 1)->{status}, 201;
    $strict->put('/admin/surveys/demo', key => 1, json => {
        title => 'Demo', status => 'live', questions => \@questions});
    $strict->post('/s/demo/responses', json => {answers => {nps => 9}},
                  cookie(token(sub => 'zoe')));
    my ($made) = @{$strict->get('/admin/customers?external_id=zoe', key => 1)
        ->{json}{items}};
    ok $made, 'an answer makes the record';
    my $changed = $strict->patch('/me/profile', {language => 'de'}, cookie(
        token(sub => 'yan'), 'Sec-Fetch-Site' => 'same-origin'));
    is $changed->{status}, 200, 'so does a change' or diag $changed->{body};
    $changed = $strict->patch('/me/profile', {language => 'de'}, cookie(
        token(sub => 'zoe', email => 'zoe@example.org',
              email_verified => true), 'Sec-Fetch-Site' => 'same-origin'));
    is scalar @{$strict->get("/admin/customers/$made->{id}", key => 1)
        ->{json}{identifiers}}, 2, 'who gets an address, too';
    $strict->stop;
};

subtest 'the store' => sub {
    $t->sound;
};

done_testing;
