#!/usr/bin/perl

# Who is signed in with an account is known where others are not: answers,
# exposures, beacons, variables; and what comes before what.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use CXM::Token;
use Mojo::JSON qw(false true);
use Test::More;

my $secret = 'what the site signs its tokens with';
my $t = CXM->new(start => 0);
chmod 0600, $t->write_file('site.key', "$secret\n");
my $key = $t->dir . '/site.key';
$t->{conf}{locations} = <<"END";
    location /say { return 200 "\$cxm_customer_id|\$cxm_consent|\$cxm_nps"; }
    location /both/ {
        cxm_surveys;
        cxm_customer_token \$cookie_customer key=$key;
    }
    location /both/say {
        cxm_customer_token \$cookie_customer key=$key;
        return 200 "\$cxm_customer_id|\$cxm_consent|\$cxm_nps";
    }
END
$t->start;
$t->put('/admin/surveys/demo', key => 1, json => {
    title => 'Demo', status => 'live', questions => [
        {id => 'nps', type => 'nps', text => {en => 'How likely?'}}],
    suppress => {same_survey_days => 30}});

my $ann = CXM::Browser->new($t, email => 'ann@example.org')->join;
my $id = $ann->get('/me/')->{json}{customer};

sub answer {
    my ($browser, $json, %arg) = @_;
    my $at = delete $arg{at} || '/s';
    my $r = $browser->post("$at/demo/responses",
                           {answers => {nps => 9}, %$json}, %arg);
    return $r if $r->{status} != 201;
    return $t->get("/admin/responses/$r->{json}{id}", key => 1)->{json};
}

sub say { $_[0]->get($_[1] || '/say', @_[2 .. $#_])->{body} }

subtest 'answers' => sub {
    is say($ann), "$id||", 'variables';
    my $got = answer($ann, {});
    is_deeply $got->{respondent}, {customer_id => $id}, 'her own';
    $got = answer($ann, {respondent => {email => 'bea@example.org'}});
    is_deeply $got->{respondent}, {customer_id => $id}, 'whomever she names';
    is_deeply $got->{claimed}, {respondent => {email => 'bea@example.org'}};
    is $t->get("/admin/customers/$id/score", key => 1)->{json}{looked}, 2,
        'lead to her record';
    is say($ann), "$id||9", 'variables know it';

    # a form of our page, as a browser sends it
    my $r = $ann->request('POST', '/s/demo/responses',
                          form => {'answers.nps' => 3});
    is $r->{status}, 303, 'a form' or diag $r->{body};
    is say($ann), "$id||3", 'is hers, too';

    is answer($ann, {}, headers => {'Sec-Fetch-Site' => 'cross-site',
        Origin => 'https://evil.example'})->{respondent}, undef,
        'what another site makes her browser send is not';
};

subtest 'exposures and beacons' => sub {
    is $ann->post('/s/demo/exposures', {})->{json}{ask}, false,
        'she has answered';
    is $t->post('/s/demo/exposures', {})->{json}{ask}, true, 'others have not';
    is $ann->post('/b', {type => 'mine'})->{status}, 204;
    is $t->get('/admin/touchpoints?type=mine', key => 1)
        ->{json}{items}[0]{customer}, $id, 'her event';
    ok CXM::until_true(10, sub {
        my $list = $t->get("/admin/customers/$id/timeline?kinds=touchpoint",
                           key => 1)->{json}{items};
        return @{$list || []};
    }), 'on her timeline';
};

subtest 'consents' => sub {
    is $t->post("/admin/customers/$id/consents", {purpose => 'newsletter',
        granted => true}, key => 1)->{status}, 201;
    is say($ann), "$id|newsletter|3";
};

subtest 'a token of the site goes before it' => sub {
    $ann->{cookies}{customer} = CXM::Token::hs256($secret, {sub => '4711'});
    is_deeply answer($ann, {}, at => '/both')->{respondent},
        {external_id => '4711'}, 'an answer';
    isnt say($ann, '/both/say'), "$id|newsletter|3", 'variables';
    like say($ann, '/both/say'), qr/^[0-9a-f-]{36}\|\|9$/;
    $ann->{cookies}{customer} = 'nonsense';
    is say($ann, '/both/say'), "$id|newsletter|3", 'one that is no good not';
    delete $ann->{cookies}{customer};
};

subtest 'the end' => sub {
    my %kept = %{$ann->cookies};
    is $ann->post('/me/logout')->{status}, 204;
    is say($ann), '||', 'signed out';
    $ann->{cookies} = {%kept};
    is say($ann), '||', 'also with the cookie kept';
    is answer($ann, {})->{respondent}, undef, 'nobody';

    $ann->{cookies} = {};
    is $ann->login->{status}, 200;
    is say($ann), "$id|newsletter|3", 'signed in again';
    is $t->post('/admin/privacy/erasures', {email => 'ann@example.org'},
                key => 1)->{status}, 201;
    is say($ann), '||', 'erased: nobody';
    is answer($ann, {})->{respondent}, undef;
};

$t->sound;

done_testing;
