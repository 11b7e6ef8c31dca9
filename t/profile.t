#!/usr/bin/perl

# A customer's own record: what is seen and written of it, its history, and
# preferences; what is one's own and what is not.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use CXM::Browser;
use CXM::Totp;
use Mojo::JSON qw(decode_json false true);
use Test::More;

my $t = CXM->new(conf => {me => 'cxm_public_url https://shop.example;'});
my $rep = $t->key('rep', '--name', 'Rita');

sub browser { CXM::Browser->of($t, @_) }

my $ann = browser('ann')->join;
my $bob = browser('bob', name => 'Bob')->join;

# -- the profile --------------------------------------------------------------

subtest 'reading' => sub {
    my $r = $ann->get('/me/profile');
    is $r->{status}, 200 or diag $r->{body};
    my $record = $ann->record;
    is_deeply $r->{json}, {id => $record->{id}, name => 'Ann Example',
        email => 'ann@example.org', email_verified => true,
        map { $_ => $record->{$_} } qw(version created_at updated_at)},
        'the record, and not all of it';
    is $r->{headers}{etag}, "\"$record->{version}\"";
    is $ann->get('/me/profile', headers =>
        {'If-None-Match' => $r->{headers}{etag}})->{status}, 304;
    problem $_->get('/me/profile'), 401, 'unauthorized' for browser('no');
};

subtest 'writing' => sub {
    my $before = $ann->get('/me/profile')->{json};
    my %new = (name => 'Ann B.', given_name => 'Ann', family_name => 'B.',
               company => 'Mills', job_title => 'Miller',
               phone => '+49 (30) 123-456', birthdate => '1980-02-29',
               language => 'de', time_zone => 'Europe/Berlin',
               country => 'DE');
    my $r = $ann->patch('/me/profile', \%new, headers =>
                        {'If-Match' => "\"$before->{version}\""});
    is $r->{status}, 200 or diag $r->{body};
    $new{phone} = '+4930123456';
    is_deeply {map { $_ => $r->{json}{$_} } keys %new}, \%new, 'written';
    is $r->{json}{version}, $before->{version} + 1, 'a version';
    my $record = $ann->record;
    is_deeply [@$record{qw(name contact_phone language)}],
        ['Ann B.', '+4930123456', 'de'], 'the one record of the customer';
    is_deeply [map { $_->{type} } @{$record->{identifiers}}],
        ['email', 'account'], 'a number that is not proved leads to nobody';
    is $ann->get('/me/')->{json}{language}, 'de',
        'and what the account is written to in';

    problem $ann->patch('/me/profile', {name => 'x'}, headers =>
        {'If-Match' => "\"$before->{version}\""}), 412, 'precondition_failed';
    $r = $ann->patch('/me/profile', $r->{json});
    is_deeply [@{$r->{json}}{qw(version)}], [$before->{version} + 1],
        'what was answered can be sent again, and changes nothing';
    $r = $ann->patch('/me/profile', {company => undef, job_title => undef,
                                     email => 'other@example.org'});
    ok !exists $r->{json}{company} && !exists $r->{json}{job_title},
        'null takes out';
    is $r->{json}{email}, 'ann@example.org', 'the address is read only';
};

subtest 'what is refused' => sub {
    my $before = $ann->record;
    my %bad = (tags => ['vip'], attributes => {plan => 'gold'},
               identifiers => [], verified => true, external_id => '1',
               persons => [1], contact_phone => '+4930123456',
               name => '', given_name => 'x' x 101, phone => '030 123',
               birthdate => '1980-02-30', language => 'no language',
               time_zone => 'no zone!', country => 'Germany');
    problem $ann->patch('/me/profile', {$_ => $bad{$_}}), 422, 'invalid',
        "/$_" for sort keys %bad;
    problem $ann->patch('/me/profile', ['x']), 422, 'invalid', '';
    problem $ann->post('/me/profile', {}), 405, 'method_not_allowed';
    problem $ann->patch('/me/profile', {name => 'x'}, headers =>
        {'Sec-Fetch-Site' => 'cross-site', Origin => 'https://evil.example'}),
        403, 'cross_site';
    is_deeply $ann->record, $before, 'and changes nothing';
};

# What a site requires of its staff is no matter of who changes a name.
subtest 'fields of the site' => sub {
    my $id = $bob->record->{id};
    $t->put('/admin/fields/customer', {fields => [
        {name => 'plan', type => 'string'}]}, key => 1);
    $t->patch("/admin/customers/$id", {tags => ['vip'],
        attributes => {plan => 'gold'}}, key => 1);
    is $bob->patch('/me/profile', {name => 'Bobby'})->{status}, 200;
    my $record = $bob->record;
    is_deeply [@$record{qw(name tags attributes)}],
        ['Bobby', ['vip'], {plan => 'gold'}], 'stay as they were';
};

# -- history ------------------------------------------------------------------

subtest 'history' => sub {
    my $id = $ann->record->{id};
    $t->patch("/admin/customers/$id", {tags => ['vip']}, key => $rep);
    $t->patch("/admin/customers/$id", {company => 'Mill & Son',
        contact_phone => '+49 30 999'}, key => $rep);
    my @items = @{$ann->get('/me/profile/history')->{json}{items}};
    is_deeply [map { $_->{who} } @items], [qw(staff you you you)], 'by whom';

    my $seen = $t->get("/admin/customers/$id/history", key => 1)->{json};
    is_deeply [map { $_->{actor}{kind} } @{$seen->{items}}],
        [qw(key key account account account)], 'which staff see, too';
    is $seen->{items}[-1]{actor}{id}, $ann->get('/me/')->{json}{account};
    is_deeply $items[0]{changes}, [
        {field => '/company', from => undef, to => 'Mill & Son'},
        {field => '/phone', from => '+4930123456', to => '+4930999'}],
        'what, by the names of the profile';
    is_deeply [map { $_->{field} } @{$items[1]{changes}}],
        ['/company', '/job_title'];
    is_deeply $items[-1]{changes}, [
        {field => '/name', from => undef, to => 'Ann Example'},
        {field => '/email', from => undef, to => 'ann@example.org'}],
        'from the beginning';
    my $one = $ann->get('/me/profile/history?limit=2')->{json};
    is_deeply [map { $_->{version} } @{$one->{items}}],
        [$items[0]{version}], 'a version that changed a tag only is passed';
    is_deeply $ann->get("/me/profile/history?limit=2&cursor=$one->{next}")
        ->{json}{items}, [@items[1, 2]], 'the next page';
};

subtest 'history of choices' => sub {
    $t->put('/admin/topics', {topics => [map {
        {slug => $_, title => {en => $_}} } qw(news ads)]}, key => 1);
    my $gil = browser('gil')->join;
    my $customer = $gil->record->{id};
    $gil->put('/me/preferences', {choices => {email => {news => true,
        ads => true}}});
    $gil->patch('/me/profile', {company => 'Mills'});
    $t->patch("/admin/customers/$customer/preferences", {choices => {
        email => {news => false, ads => undef}}}, key => $rep);
    my @items = @{$gil->get('/me/profile/history')->{json}{items}};
    is_deeply [map { "$_->{of} $_->{version} $_->{who}" } @items],
        ['preferences 2 staff', 'profile 2 you', 'preferences 1 you',
         'profile 1 you'], 'what, when and by whom';
    is_deeply [sort { $a->{field} cmp $b->{field} } @{$items[0]{changes}}], [
        {field => '/choices/email/ads', from => true, to => undef},
        {field => '/choices/email/news', from => true, to => false}];
    my (@paged, $next);
    do {
        my $page = $gil->get('/me/profile/history?limit=1'
                             . ($next ? "&cursor=$next" : ''))->{json};
        push @paged, @{$page->{items}};
        $next = $page->{next};
    } while $next && @paged < 9;
    is_deeply \@paged, \@items, 'and by pages';
};

# -- preferences --------------------------------------------------------------

subtest 'preferences' => sub {
    $t->put('/admin/topics', {topics => [
        {slug => 'account', title => {en => 'Account', de => 'Konto'},
         critical => true},
        {slug => 'offers', title => {en => 'Offers', de => 'Angebote'}}]},
        key => 1);
    my $r = $ann->get('/me/preferences');
    is_deeply [map { $_->{title} } @{$r->{json}{topics}}],
        ['Konto', 'Angebote'], 'in the language of the profile';
    is_deeply $r->{json}{topics}[1]{channels}{sms},
        {on => false, reason => 'default'};

    $r = $ann->put('/me/preferences', {choices => {email => {offers => true},
                                                   web => {offers => true}}});
    is $r->{status}, 200 or diag $r->{body};
    is_deeply $r->{json}{topics}[1]{channels}{email},
        {on => true, reason => 'chosen'}, 'chosen';
    $r = $ann->patch('/me/preferences', {choices => {web => undef}}, headers =>
                     {'If-Match' => '"1"'});
    is_deeply $r->{json}{choices}, {email => {offers => true}}, 'changed';
    problem $ann->put('/me/preferences', {choices => {}}, headers =>
        {'If-Match' => '"1"'}), 412, 'precondition_failed';
    problem $ann->put('/me/preferences', {choices => {
        email => {account => false}}}), 422, 'invalid',
        '/choices/email/account';
    problem $ann->put('/me/preferences', {choices => {}, tags => []}),
        422, 'invalid', '/tags';
    is_deeply $bob->get('/me/preferences')->{json}{choices}, {},
        "another's are their own";
    problem browser('no')->get('/me/preferences'), 401, 'unauthorized';

    my $id = $ann->record->{id};
    is_deeply $t->get("/admin/customers/$id/preferences", key => $rep)
        ->{json}{choices}, {email => {offers => true}}, 'as staff see it';
};

# -- another address ----------------------------------------------------------

sub addresses {
    my ($record) = @_;
    return [map { [@$_{qw(value verified)}] }
            grep { $_->{type} eq 'email' } @{$record->{identifiers}}];
}

sub ask {
    my ($who, $email, %more) = @_;
    return $who->post('/me/profile/email',
        {email => $email, password => $who->{password}, %more});
}

my $eve = browser('eve', name => 'Eve')->join;
my $old = browser('eve', cookies => {});        # the mailbox of before

subtest 'another address' => sub {
    problem ask($eve, 'eve2@example.org', password => 'wrong'), 422,
        'invalid', '/password';
    problem ask($eve, 'no address'), 422, 'invalid', '/email';
    problem ask($eve, 'EVE@example.org'), 422, 'invalid', '/email';
    problem ask(browser('no'), 'eve2@example.org'), 401, 'unauthorized';

    my ($free, $taken) = (ask($eve, 'eve2@example.org'),
                          ask($eve, 'bob@example.org'));
    is $free->{status}, 202 or diag $free->{body};
    is $taken->{body}, $free->{body}, 'the same, taken or not';
    is scalar(() = $bob->mails('taken')), 1, 'who has it is told';
    is scalar(() = $bob->mails('email-change')), 0, 'and gets no link';
    is $eve->record->{identifiers}[0]{value}, 'eve@example.org',
        'it does not count yet';

    my $new = browser('eve2', password => $eve->{password});
    my ($mail) = $new->mails('email-change');
    like $mail->{rendered}{text},
        qr{https://shop\.example/me/email\#token=\w{77}\b};
    unlike $mail->{rendered}{text}, qr/Eve/, 'and calls nobody by name';
    like $t->get("/me/$_->[0]")->{body}, qr/data-post="\/me\/$_->[1]"/,
        "the page of the link: $_->[0]"
        for ['email', 'profile/email/verify'],
            ['revert', 'profile/email/revert'];
    my $token = $new->token('email-change');
    my $phone = browser('eve');
    is $phone->login->{status}, 200, 'signed in elsewhere, too';

    problem $eve->post('/me/profile/email/verify', {token => 'a' x 77}), 422,
        'invalid', '/token';
    my $r = $eve->post('/me/profile/email/verify', {token => $token});
    is $r->{status}, 200 or diag $r->{body};
    is_deeply $r->{json}, {status => 'email_changed',
                           email => 'eve2@example.org'};
    is $eve->get('/me/profile')->{json}{email}, 'eve2@example.org',
        'who proved it stays signed in';
    is_deeply addresses($eve->record), [['eve2@example.org', true]],
        'account and record have it, and the old one no more';
    is $phone->get('/me/')->{status}, 401, 'others are signed out';
    problem $eve->post('/me/profile/email/verify', {token => $token}), 422,
        'invalid', '/token';
    is browser('eve')->login->{status}, 401, 'the old address signs in no '
        . 'more';
    is $new->login->{status}, 200, 'the new one does';
    my ($told) = $old->mails('email-changed-old');
    like $told->{rendered}{text}, qr/Eve/, 'the old one is told';
    is $eve->get('/me/profile/history')->{json}{items}[0]{changes}[0]{to},
        'eve2@example.org', 'history';
    $eve->{email} = 'eve2@example.org';
    $t->sound('another address');
};

subtest 'taken meanwhile' => sub {
    ask($eve, 'late@example.org');
    my $token = browser('late')->token('email-change');
    browser('late')->join;
    my $before = $eve->record;
    problem $eve->post('/me/profile/email/verify', {token => $token}), 409,
        'address_taken';
    is_deeply $eve->record, $before, 'nothing has changed';

    ask($eve, 'other@example.org');
    $t->post('/admin/customers', {name => 'Other', identifiers => [
        {type => 'email', value => 'other@example.org'}]}, key => 1);
    problem $eve->post('/me/profile/email/verify',
        {token => browser('other')->token('email-change')}), 409,
        'address_taken';
    is_deeply $eve->record, $before, 'nor by half';
    is $eve->get('/me/')->{json}{email}, 'eve2@example.org';
};

# A thief who has session and password changes both, and loses all of it.
subtest 'the way back' => sub {
    ask($eve, 'thief@example.org');
    my $thief = browser('thief', password => $eve->{password});
    is $eve->post('/me/profile/email/verify',
        {token => $thief->token('email-change')})->{status}, 200;
    is $eve->post('/me/password', {old_password => $eve->{password},
        password => 'the thiefs new words'})->{status}, 200;

    my $owner = browser('eve2', password => 'green lantern market');
    my $token = $owner->token('email-changed-old');
    problem $owner->post('/me/profile/email/revert', {token => $token,
        password => 'eve2@example.org'}), 422, 'invalid', '/password';
    my $r = $owner->post('/me/profile/email/revert', {token => $token,
        password => $owner->{password}});
    is $r->{status}, 200 or diag $r->{body};
    is $r->{json}{email}, 'eve2@example.org';
    is $eve->get('/me/')->{status}, 401, 'the thief is out';
    is $thief->login(password => 'the thiefs new words')->{status}, 401;
    is $owner->login->{status}, 200, 'and the owner in';
    is_deeply addresses($owner->record), [['eve2@example.org', true]];
    problem $owner->post('/me/profile/email/revert', {token => $token,
        password => $owner->{password}}), 422, 'invalid', '/token';
    problem $owner->post('/me/profile/email/revert', {
        token => $old->token('email-changed-old'),
        password => 'other words altogether'}), 422, 'invalid', '/token';
};

# ... and asks for a code that only the thief has.
subtest 'the way back, past a second factor' => sub {
    my $fay = browser('fay')->join;
    my $r = $fay->post('/me/totp', {password => $fay->{password}});
    is $fay->post('/me/totp/confirm', {totp => CXM::Totp->new(
        $r->{json}{secret})->code})->{status}, 200;
    ask($fay, 'thief2@example.org');
    is $fay->post('/me/profile/email/verify', {token =>
        browser('thief2')->token('email-change')})->{status}, 200;

    my $owner = browser('fay', password => 'green lantern market');
    is $owner->post('/me/profile/email/revert', {
        token => $owner->token('email-changed-old'),
        password => $owner->{password}})->{status}, 200;
    is $owner->login->{json}{status}, 'signed_in', 'it is off';
    ok scalar(() = $owner->mails('second-factor-off')), 'as the owner is told';
};

$t->sound('profiles and preferences');

done_testing;
