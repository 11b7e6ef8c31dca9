#!/usr/bin/perl

# Accounts of customers: registering, signing in and out, passwords, sessions;
# what is the same for known and unknown addresses; who is told of what.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use CXM::Browser;
use Digest::SHA qw(hmac_sha1);
use Mojo::JSON qw(decode_json encode_json false true);
use POSIX ();
use Test::More;

my $t = CXM->new(conf => {me => 'cxm_public_url https://shop.example;'});

sub browser { CXM::Browser->of($t, @_) }

sub head { decode_json(($t->cxmctl('stat'))[1])->{head} }

my $ann = browser('ann');

subtest 'registering' => sub {
    my $reply = $ann->register;
    is $reply->{status}, 202 or diag $reply->{body};
    is_deeply $reply->{json}, {status => 'verification_sent'};
    is_deeply $ann->cookies, {}, 'nobody is signed in';

    my ($mail) = $ann->mails('verify');
    like $mail->{rendered}{text},
        qr{https://shop\.example/me/verify\#token=\w{77}\b};
    unlike $mail->{rendered}{text}, qr/Ann Example/,
        'nothing that a stranger could have typed';

    is $ann->login->{status}, 401, 'not before the address is proved';
    problem $ann->get('/me/'), 401, 'unauthorized';

    my $token = $ann->token('verify');
    problem $ann->verify('a' x 77), 422, 'invalid', '/token';
    problem $ann->verify($token =~ s/.$//r), 422, 'invalid', '/token';

    $reply = $ann->verify($token);
    is $reply->{status}, 200 or diag $reply->{body};
    is $reply->{json}{email}, 'ann@example.org';
    like $reply->{headers}{'set-cookie'},
        qr/^cxm=\w{52}; Path=\/; Max-Age=7776000; HttpOnly; SameSite=Lax/;
    problem browser('ann')->verify($token), 422, 'invalid', '/token';

    my $who = $ann->get('/me/');
    is_deeply $who->{json}, $reply->{json}, 'who is signed in';

    my $customer = $t->get("/admin/customers/$who->{json}{customer}",
                           key => 1)->{json};
    is $customer->{name}, 'Ann Example';
    is_deeply [map { [@$_{qw(type value verified source)}] }
               @{$customer->{identifiers}}],
        [['email', 'ann@example.org', true, 'account'],
         ['account', $who->{json}{account}, true, 'account']];
};

subtest 'a record that is there' => sub {
    my $made = $t->post('/admin/customers', {name => 'Bea Old', identifiers =>
        [{type => 'email', value => 'Bea@Example.org'},
         {type => 'external_id', value => '4711'}]}, key => 1)->{json};
    my $bea = browser('bea', name => 'Bea New')->join;
    my $who = $bea->get('/me/')->{json};
    is $who->{customer}, $made->{id}, 'is what the account belongs to';
    my $customer = $t->get("/admin/customers/$made->{id}",
                           key => 1)->{json};
    is $customer->{name}, 'Bea Old', 'and stays as it was';
    is_deeply [map { [@$_{qw(type value verified)}] }
               @{$customer->{identifiers}}],
        [['email', 'Bea@Example.org', true], ['external_id', '4711', false],
         ['account', $who->{account}, true]];
};

subtest 'what is refused' => sub {
    my $head = head();
    my $new = browser('new');
    problem $new->register(email => 'none'), 422, 'invalid', '/email';
    problem $new->register(name => ''), 422, 'invalid', '/name';
    problem $new->register(password => 'short'), 422, 'invalid', '/password';
    problem $new->register(password => 'password1'), 422, 'invalid',
        '/password';
    problem $new->register(password => 'new@example.org'), 422, 'invalid',
        '/password';
    problem $new->register(more => 1), 422, 'invalid', '/more';
    problem $new->post('/me/login', {email => 'a@b.example'}), 422,
        'invalid', '/password';
    problem $new->post('/me/login', {totp => '123456'}), 401, 'first_step';
    problem $new->post('/me/login', {totp => '1', recovery_code => '2'}), 422,
        'invalid', '/recovery_code';
    problem $new->post('/me/password', {old_password => 'x',
        password => 'y'}), 401, 'unauthorized';
    is head(), $head, 'and changes nothing';
};

subtest 'known and unknown addresses' => sub {
    my $mails = () = $ann->mails;
    my $zoe = browser('zoe');

    is_deeply $ann->register->{json}, $zoe->register->{json}, 'registering';
    my ($taken) = $ann->mails('taken');
    ok $taken, 'who has an account is told so by mail';
    unlike $taken->{rendered}{text}, qr/Ann|Example\b/,
        'and nothing that was typed';
    is scalar(() = $ann->mails), $mails + 1;

    my ($known, $unknown) = map {
        browser($_)->post('/me/login', {email => "$_\@example.org",
            password => 'something else'}) } qw(ann nobody);
    is $known->{status}, 401;
    is $known->{body}, $unknown->{body}, 'signing in';
    is_deeply [sort keys %{$known->{headers}}],
        [sort keys %{$unknown->{headers}}];

    ($known, $unknown) = map {
        browser($_)->post('/me/password/forgot',
                          {email => "$_\@example.org"}) } qw(ann nobody);
    is $known->{status}, 202;
    is $known->{body}, $unknown->{body}, 'forgotten passwords';
    is scalar(() = browser('nobody')->mails), 0, 'nobody gets no mail';
};

subtest 'two who register with one address' => sub {
    my $eve = browser('cat', name => 'Eve', password => 'evil enough for me');
    my $cat = browser('cat', name => 'Cat');
    $eve->register;
    $cat->register;
    my @tokens = map { $_->{rendered}{text} =~ /#token=(\w+)/ }
        $cat->mails('verify');
    is @tokens, 2, 'each has a mail of its own';

    my $reply = $cat->verify($tokens[0]);
    is $reply->{json}{name}, 'Cat', 'a link stands for what came with it';
    is browser('cat')->login->{status}, 200;
    is $eve->login->{status}, 401;
    problem $eve->verify($tokens[1]), 409, 'account_exists';
};

subtest 'signing in and out' => sub {
    my $dan = browser('dan')->join;
    my $cookie = $dan->cookies->{cxm};
    my $phone = browser('dan', agent => 'Mozilla/5.0 (iPhone) Safari/604.1');

    is $phone->login->{status}, 200;
    is_deeply $phone->login->{json}, {status => 'signed_in'};
    my $list = $phone->get('/me/sessions')->{json};
    is_deeply [map { [$_->{device}, $_->{current}] } @{$list->{items}}],
        [['Safari on iPhone', true], [undef, false]],
        'signing in again ends the session of before';
    is $list->{next}, undef;

    my ($own, $other) = map { $_->{id} } @{$list->{items}};
    problem $ann->delete("/me/sessions/$other"), 404, 'not_found';
    is $phone->delete("/me/sessions/$other")->{status}, 204;
    problem $dan->get('/me/'), 401, 'unauthorized';

    is $dan->login->{status}, 200;
    isnt $dan->cookies->{cxm}, $cookie, 'another token each time';
    is $phone->delete('/me/sessions')->{status}, 204;
    problem $dan->get('/me/'), 401, 'unauthorized';
    is $phone->get('/me/')->{status}, 200, 'all but this one';

    my %old = %{$phone->cookies};
    is $phone->post('/me/logout')->{status}, 204;
    is $phone->cookies->{cxm}, undef;
    %{$phone->cookies} = %old;
    problem $phone->get('/me/'), 401, 'unauthorized';
    is $phone->post('/me/logout')->{status}, 204, 'twice is once';
};

subtest 'forgotten passwords' => sub {
    my $fay = browser('fay')->join;
    my $other = browser('fay');
    is $other->login->{status}, 200;

    my $lost = browser('fay');
    is $lost->post('/me/password/forgot', {email => 'FAY@example.org'})
        ->{status}, 202;
    my $first = $lost->token('reset');
    my ($mail) = $lost->mails('reset');
    like $mail->{rendered}{text}, qr{https://shop\.example/me/reset\#token=};
    like $mail->{rendered}{text}, qr/within 10 minutes/;

    my $head = head();
    my $new = 'another long password';
    problem $lost->post('/me/password/reset', {token => $first,
        password => 'fay@example.org'}), 422, 'invalid', '/password';
    problem $lost->post('/me/password/reset', {token => 'none',
        password => $new}), 422, 'invalid', '/token';
    problem $lost->post('/me/verify', {token => $first}), 422, 'invalid',
        '/token';
    is head(), $head, 'nothing is used up by what is wrong';

    $lost->post('/me/password/forgot', {email => 'fay@example.org'});
    my $second = $lost->token('reset');
    isnt $second, $first;

    is_deeply $lost->post('/me/password/reset', {token => $second,
        password => $new})->{json}, {status => 'password_changed'};
    is $lost->cookies->{cxm}, undef, 'opens no session';
    problem $_->get('/me/'), 401, 'unauthorized' for $fay, $other;
    problem $lost->post('/me/password/reset', {token => $_,
        password => $new}), 422, 'invalid', '/token' for $first, $second;

    ok +($fay->mails('password-changed'))[0], 'the owner is told';
    is browser('fay')->login->{status}, 401;
    is browser('fay', password => $new)->login->{status}, 200;
};

subtest 'changing the password' => sub {
    my $gus = browser('gus')->join;
    my $other = browser('gus');
    $other->login;
    my $new = 'another long password';

    problem $gus->post('/me/password', {old_password => 'wrong',
        password => $new}), 422, 'invalid', '/old_password';
    problem $gus->post('/me/password', {old_password => $gus->{password},
        password => '12345678'}), 422, 'invalid', '/password';

    my $before = $gus->cookies->{cxm};
    is $gus->post('/me/password', {old_password => $gus->{password},
        password => $new})->{status}, 200;
    isnt $gus->cookies->{cxm}, $before, 'the session has another token';
    is $gus->get('/me/')->{status}, 200;
    problem $other->get('/me/'), 401, 'unauthorized';
    ok +($gus->mails('password-changed'))[0], 'the owner is told';
    is browser('gus', password => $new)->login->{status}, 200;
};

# RFC 6238, of the step after this one: a step's code works once.
my $ahead = 0;
sub totp {
    my ($secret) = @_;
    my %value = map { ('A' .. 'Z', 2 .. 7)[$_] => $_ } 0 .. 31;
    my $bits = join '', map { sprintf '%05b', $value{$_} } split //, $secret;
    my $hmac = hmac_sha1(pack('Q>', int(time / 30) + $ahead),
                         pack('B*', $bits));
    my $at = ord(substr $hmac, -1) & 15;
    return sprintf '%06d',
        (unpack('N', substr $hmac, $at, 4) & 0x7fffffff) % 1_000_000;
}

subtest 'a second factor' => sub {
    my $kim = browser('kim')->join;
    my $other = browser('kim');
    $other->login;
    is_deeply $kim->get('/me/totp')->{json},
        {on => false, recovery_codes_left => 0};
    problem $kim->post('/me/totp/confirm', {totp => '123456'}), 409,
        'totp_off';
    problem $kim->post('/me/totp', {password => 'wrong'}), 422, 'invalid',
        '/password';

    my $reply = $kim->post('/me/totp', {password => $kim->{password}});
    is $reply->{status}, 201 or diag $reply->{body};
    my $secret = $reply->{json}{secret};
    like $reply->{json}{uri}, qr{^otpauth://totp/.*shop\.example.*$secret};
    is browser('kim')->login->{json}{status}, 'signed_in', 'not on yet';
    problem $kim->post('/me/totp/confirm', {totp => '0000000'}), 422,
        'invalid', '/totp';
    $reply = $kim->post('/me/totp/confirm', {totp => totp($secret)});
    is $reply->{status}, 200 or diag $reply->{body};
    my @codes = @{$reply->{json}{recovery_codes}};
    is @codes, 10;
    problem $other->get('/me/'), 401, 'unauthorized';
    is $kim->get('/me/')->{status}, 200;
    problem $kim->post('/me/totp', {password => $kim->{password}}), 409,
        'totp_on';

    my $phone = browser('kim');
    is_deeply $phone->login->{json}, {status => 'second_factor'};
    problem $phone->get('/me/'), 401, 'unauthorized';
    problem $phone->post('/me/login', {totp => totp($secret)}), 401,
        'wrong_code';
    $ahead = 1;
    is_deeply $phone->post('/me/login', {totp => totp($secret)})->{json},
        {status => 'signed_in'}, 'another code than before';
    is $phone->get('/me/')->{status}, 200;

    my $lost = browser('kim');
    $lost->login;
    is_deeply $lost->post('/me/login', {recovery_code => $codes[0]})->{json},
        {status => 'signed_in'};
    is_deeply $lost->get('/me/totp')->{json},
        {on => true, recovery_codes_left => 9};
    $lost->login;
    problem $lost->post('/me/login', {recovery_code => $codes[0]}), 401,
        'wrong_code';

    my $new = 'another long password';
    $lost->post('/me/password/forgot', {email => 'kim@example.org'});
    is $lost->post('/me/password/reset', {token => $lost->token('reset'),
        password => $new})->{status}, 200;
    $kim = browser('kim', password => $new);
    is $kim->login->{json}{status}, 'second_factor',
        'a new password is no way around it';
    $kim->post('/me/login', {recovery_code => $codes[1]});
    $reply = $kim->post('/me/totp/recovery-codes', {password => $new});
    is @{$reply->{json}{recovery_codes}}, 10;
    is_deeply $kim->post('/me/totp/disable', {password => $new})->{json},
        {on => false, recovery_codes_left => 0};
    is browser('kim', password => $new)->login->{json}{status}, 'signed_in';

    is_deeply [grep { /factor|recovery/ } map { $_->{template} } $kim->mails],
        [qw(second-factor-off recovery-codes-new recovery-code-used
            recovery-code-used second-factor-on)], 'the owner is told of it';
    like +($kim->mails('second-factor-off'))[0]{rendered}{text},
        qr{^https://shop\.example/me/forgot$}m, 'and where to go';
};

subtest 'from a new place' => sub {
    my $lia = browser('lia')->join;
    my $told = sub { scalar(() = $lia->mails('signin-new-place')) };
    my $agent = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0';

    is browser('lia')->login->{status}, 200;
    is $told->(), 0, 'a network that is known';
    my $away = browser('lia', network => '10.200.0.1', agent => $agent);
    $away->login;
    is $told->(), 1, 'another network: the owner is told';
    like +($lia->mails)[0]{rendered}{text}, qr/Firefox on Linux/;
    browser('lia', network => '10.200.0.1')->login;
    is $told->(), 1, 'once';
    $away->{network} = '10.200.0.2';
    $away->login;
    is $told->(), 1, 'another network, the same device';
};

subtest 'as staff see it' => sub {
    my $max = browser('max')->join;
    browser('max')->login;
    my $id = $max->get('/me/')->{json}{customer};
    my $url = "/admin/customers/$id/account";
    my $state = $t->get($url, key => $t->key('rep'))->{json};
    is_deeply [@$state{qw(status second_factor sessions)}],
        ['active', false, 2];
    unlike encode_json($state), qr/max|argon/, 'nothing personal, no secret';

    my @events = map { $_->{data}{event} }
        @{$t->get("/admin/customers/$id/timeline?kinds=account", key => 1)
            ->{json}{items}};
    is_deeply \@events, ['signed_in', 'verified'], 'on the timeline';

    is $t->delete("$url/sessions", key => 1)->{status}, 204;
    problem $max->get('/me/'), 401, 'unauthorized';
    is $t->get($url, key => 1)->{json}{sessions}, 0;

    my $other = $t->post('/admin/customers', {}, key => 1)->{json}{id};
    problem $t->get("/admin/customers/$other/account", key => 1), 404,
        'not_found';
};

# Two accounts, a record each, which are one.
subtest 'customers that were merged' => sub {
    my ($una, $vic) = map { browser($_)->join } qw(una vic);
    my ($into, $from) = map { $_->get('/me/')->{json}{customer} } $una, $vic;
    is $t->post("/admin/customers/$into/merge", {from => $from,
        from_version => 1, into_version => 1}, key => 1)->{status}, 201;
    is $_->get('/me/')->{json}{customer}, $into, 'both have the one'
        for $una, $vic;
    my $url = "/admin/customers/$into/account";
    my $state = $t->get($url, key => 1)->{json};
    is_deeply [$state->{sessions}, map { $_->{sessions} }
               @{$state->{others}}], [1, 1], 'and are both shown';
    is $t->delete("$url/sessions", key => 1)->{status}, 204;
    problem $_->get('/me/'), 401, 'unauthorized' for $una, $vic;
};

subtest 'a session of before' => sub {
    my $wes = browser('wes')->join;
    my $xia = browser('xia');
    $xia->register;
    $xia->{cookies} = {%{$wes->{cookies}}};
    is $xia->verify->{json}{email}, 'xia@example.org';
    is $wes->get('/me/')->{status}, 401,
        'ends where another account begins';
};

subtest 'an erased person' => sub {
    my $ida = browser('ida')->join;
    $ida->post('/me/password/forgot', {email => 'ida@example.org'});
    my $token = $ida->token('reset');
    is $t->post('/admin/privacy/erasures', {email => 'ida@example.org'},
                key => 1)->{status}, 201;
    problem $ida->get('/me/'), 401, 'unauthorized';
    is browser('ida')->login->{status}, 401;
    problem $ida->post('/me/password/reset', {token => $token,
        password => 'another long password'}), 422, 'invalid', '/token';
    is browser('ida')->join->get('/me/')->{status}, 200,
        'the address is free again';
};

subtest 'one token, a hundred at once' => sub {
    my $jim = browser('jim')->join;
    $jim->post('/me/password/forgot', {email => 'jim@example.org'});
    my $token = $jim->token('reset');
    my @pids;
    for my $n (1 .. 10) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            my $good = 0;
            delete $t->{ua};
            for (1 .. 10) {
                my $reply = browser('jim')->post('/me/password/reset',
                    {token => $token, password => "the $n th long password"});
                $good++ if $reply->{status} == 200;
            }
            POSIX::_exit($good);
        }
        push @pids, $pid;
    }
    my $good = 0;
    for (@pids) {
        waitpid $_, 0;
        $good += $? >> 8;
    }
    is $good, 1, 'one success';
};

$t->sound('in the end');

done_testing;
