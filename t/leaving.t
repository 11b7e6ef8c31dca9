#!/usr/bin/perl

# Leaving: all that is kept of a customer as a file, and the end of an account,
# with or without the person's data.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use CXM::Browser;
use Mojo::JSON qw(decode_json false true);
use Test::More;

my $t = CXM->new;
my $rep = $t->key('rep', '--name', 'Rita');

sub browser { CXM::Browser->of($t, @_) }

my $ann = browser('ann')->join;
my $bob = browser('bob', name => 'Bob')->join;

subtest 'own data' => sub {
    my $id = $ann->record->{id};
    $t->patch("/admin/customers/$id", {tags => ['vip']}, key => $rep);
    $t->put('/admin/topics', {topics => [{slug => 'account',
        title => {en => 'Account'}, critical => true}]}, key => 1);
    $ann->put('/me/preferences', {choices => {web => {account => true}}});
    $t->put('/admin/surveys/shop', {title => 'Shop', status => 'live',
        questions => [{id => 'nps', type => 'nps', text => {en => 'N?'}},
                      {id => 'why', type => 'text', text => {en => 'W?'}}]},
        key => 1);
    $t->post('/s/shop/responses', {answers => {nps => 3, why => 'too slow'},
        respondent => {email => 'ann@example.org'}},
        key => $t->key('server'));
    $t->post("/admin/customers/$id/$_->[0]", $_->[1], key => $rep)
        for ['notes', {text => 'Was angry'}], ['tasks', {title => 'Call her'}],
            ['consents', {purpose => 'newsletter', granted => true}];

    my $twin = $t->post('/admin/customers', {name => 'Twin Sister'},
                       key => 1)->{json};
    my $merge = $t->post("/admin/customers/$id/merge", {from => $twin->{id},
        from_version => 1, into_version => $ann->record->{version}},
        key => $rep)->{json}{id};
    is $t->post("/admin/customers/$id/merges/$merge/undo", key => $rep)
        ->{status}, 200, 'merged and not';

    my $r = $ann->get('/me/data');
    is $r->{status}, 200 or diag $r->{body};
    like $r->{headers}{'content-disposition'}, qr/^attachment; filename=/;
    my $data = $r->{json};
    is $data->{customer}{id}, $id, 'the record';
    is_deeply $data->{customer}{tags}, ['vip'], 'all of it';
    is $data->{consents}{newsletter}{granted}, true;
    is $data->{preferences}{topics}[0]{topic}, 'account';
    is scalar @{$data->{sessions}}, 1;
    my %kinds = map { $_->{kind} => 1 } @{$data->{events}};
    ok $kinds{$_}, "events: $_"
        for qw(account answer change consent merge message note preference);
    ok !$kinds{task}, 'but no tasks';
    like $r->{body}, qr/too slow/, 'what was said';
    like $r->{body}, qr/Was angry/, 'and what staff have noted';
    unlike $r->{body}, qr/Rita/, 'but not who did';
    my ($merged) = grep { $_->{kind} eq 'merge' } @{$data->{events}};
    is_deeply [@{$merged->{data}}{qw(event changes conflicts)}],
        ['undone', undef, undef], 'nor what the other record had';
    is $data->{next}, undef, 'in one file';
    unlike $r->{body}, qr/bob\@example|argon2/, 'of nobody else, no secret';

    my @asked = decode_json($ann->get(
        '/me/data?to=2001-01-01T00:00:00Z')->{body});
    is_deeply $asked[0]{events}, [], 'by times';
    problem browser('no')->get('/me/data'), 401, 'unauthorized';
};

# All files there are, one after the other, each with its cursor.
sub files {
    my ($who) = @_;
    my (@files, $next);
    do {
        my $r = $who->get('/me/data' . ($next ? "?cursor=$next" : ''));
        is $r->{status}, 200 or diag substr $r->{body}, 0, 500;
        push @files, $r->{json} || {};
        $next = $files[-1]{next};
    } while $next && @files < 9;
    return @files;
}

subtest 'more than one file holds' => sub {
    my $pam = browser('pam')->join;
    my $id = $pam->record->{id};
    my $server = $t->key('server');
    for my $n (1 .. 11) {
        my $r = $t->post('/b', {events => [map { {type => 'page_view',
            customer => $id, url => "/$n/$_"} } 1 .. 500]}, key => $server);
        is $r->{json}{accepted}, 500 or diag $r->{body};
    }
    my @files;
    CXM::until_true(30, sub {
        @files = files($pam);
        return 5500 == grep { $_->{kind} eq 'touchpoint' }
            map { @{$_->{events}} } @files;
    }, 1) or fail 'events come to the timeline';
    is_deeply [map { scalar @{$_->{events}} } @files[0, 1]],
        [5000, 503], '5,000 events, and the others';
    my %seen;
    $seen{$_->{data}{url}}++
        for grep { $_->{data}{url} } map { @{$_->{events}} } @files;
    is scalar(grep { $_ == 1 } values %seen), 5500, 'each of them once';
    problem $pam->get('/me/data?cursor=abc'), 422, 'invalid', '?cursor';
};

subtest 'long texts' => sub {
    my $quy = browser('quy')->join;
    my $id = $quy->record->{id};
    $t->post("/admin/customers/$id/notes", {text => "\x{20ac}" x 10000},
             key => $rep) for 1 .. 320;
    my @files = files($quy);
    is scalar @files, 2, 'two files';
    is scalar(grep { $_->{kind} eq 'note' } map { @{$_->{events}} } @files),
        320, 'with all of it';

    # as staff read them: in pages that one answer holds
    for my $list ('notes', 'timeline?kinds=note') {
        my $path = "/admin/customers/$id/$list" . ($list =~ /\?/ ? '&' : '?')
            . 'limit=500';
        my $first = $t->get($path, key => 1)->{json};
        my $second = $t->get("$path&cursor=$first->{next}", key => 1)->{json};
        cmp_ok scalar @{$first->{items}}, '<', 320, "$list: a page";
        is @{$first->{items}} + @{$second->{items}}, 320, 'and the other';
        is $second->{next}, undef;
    }
};

subtest 'closing' => sub {
    my $id = $bob->record->{id};
    my $phone = browser('bob', name => 'Bob');
    $phone->login;
    problem $bob->post('/me/close', {password => 'wrong'}), 422, 'invalid',
        '/password';
    problem $bob->post('/me/close', {}), 422, 'invalid', '/password';
    my $r = $bob->post('/me/close', {password => $bob->{password}});
    is_deeply [$r->{status}, $r->{json}], [200, {status => 'closed'}]
        or diag $r->{body};
    is $_->get('/me/')->{status}, 401, 'signed out everywhere'
        for $bob, $phone;
    is browser('bob')->login->{status}, 401, 'nobody signs in';
    is scalar(() = $bob->mails('account-closed')), 1, 'the owner is told';
    is $t->get("/admin/customers/$id", key => 1)->{json}{name}, 'Bob',
        'the record stays';
    my $again = browser('bob', name => 'Bob again')->join;
    is $again->get('/me/')->{json}{customer}, $id,
        'the address is free, and leads to the same record';
    $bob = $again;
    $t->sound('closed');
};

subtest 'closing and erasing' => sub {
    my $id = $ann->record->{id};
    my $r = $ann->post('/me/close', {password => $ann->{password},
                                     erase => true});
    is $r->{status}, 200 or diag $r->{body};
    is $r->{json}{erasure}{state}, 'erased', 'with the receipt';
    is $ann->get('/me/')->{status}, 401;
    is $t->get("/admin/customers/$id", key => 1)->{json}{erased}, true;
    is $t->get("/admin/privacy/erasures/$r->{json}{erasure}{id}", key => 1)
        ->{status}, 200, 'which staff see, too';
    isnt browser('ann')->join->get('/me/')->{json}{customer}, $id,
        'who comes back is another';
};

$t->sound('all of it');

done_testing;
