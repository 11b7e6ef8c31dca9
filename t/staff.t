#!/usr/bin/perl

# Members of the staff sign in with a browser, and what that is worth.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Staff;
use Mojo::JSON qw(false true);
use POSIX ();
use Test::More;

my $t = CXM->new(conf => {locations => 'location = /metrics { cxm_metrics; }'});

sub member { CXM::Staff->new($t, name => @_) }

sub staff_tool {
    my ($rc, $out, $err) = $t->cxmctl('staff', @_);
    is $rc, 0, "cxmctl staff @_" or diag $err;
    return $err;
}

# What a call costs: passwords hashed, and entries of the journal.
sub cost {
    my ($call) = @_;
    my @before = spent();
    $call->();
    my @after = spent();
    return [map { $after[$_] - $before[$_] } 0 .. $#after];
}

sub spent {
    my $text = $t->get('/metrics')->{body};
    return map { $text =~ /^cxm_$_\{[^}]*\} (\d+)/m ? $1 : die "no $_" }
        qw(hash_duration_seconds_count transactions_total journal_head);
}

my $ann = member('ann', role => 'admin', make => ['--email',
                                                  'ann@a.example']);

subtest 'a password is needed' => sub {
    my $nobody = CXM::Staff->new($t, name => 'nobody', make => undef);
    my $wrong = $ann->login(password => 'another horse that signs');
    my $unknown = $nobody->login;

    is $wrong->{status}, 401, 'a wrong one';
    is $wrong->{json}{code}, 'wrong_password';
    is_deeply $unknown->{json}, $wrong->{json}, 'nobody: the same answer';
    ok !defined $wrong->{headers}{'set-cookie'}, 'and no cookie';
    is join(' ', sort keys %{$unknown->{headers}}),
        join(' ', sort keys %{$wrong->{headers}}), 'the same headers';
    my $cost = cost(sub { $ann->login(password => 'another horse') });
    is_deeply $cost, [1, 1, 1], 'a hash is compared, and it is noted';
    is_deeply cost(sub { $nobody->login }), $cost, 'of nobody, too';
    is $t->get('/admin/me', headers => {Cookie => 'cxm_staff=abc'})
        ->{status}, 401, 'nor is one made up of any use';
};

subtest 'the first time: nothing but to enrol' => sub {
    my $reply = $ann->login;
    is $reply->{status}, 200, 'signed in' or diag $reply->{body};
    is_deeply $reply->{json}, {totp_required => false,
        enrolment_required => true}, 'a second factor is wanted';
    like $reply->{headers}{'set-cookie'},
        qr{^cxm_staff=[a-z2-7]{52};[ ]Path=/;[ ]Max-Age=43200;[ ]HttpOnly;
           [ ]SameSite=Lax(?:,|\z)}x, 'the cookie, insecure as the site has it';

    my $me = $ann->get('/admin/me')->{json};
    is $me->{slug}, 'ann', 'who it is';
    is_deeply $me->{scopes}, [], 'may do nothing';
    ok $me->{enrolment_required}, 'before it has enrolled';

    for my $path ('/admin/surveys', '/admin/staff', '/admin/openapi.json') {
        my $refused = $ann->get($path);
        is $refused->{status}, 403, "$path is refused";
        is $refused->{json}{code}, 'totp_required', 'and why';
    }

    $reply = $ann->post('/admin/me/totp',
                        json => {password => 'another horse'});
    is $reply->{status}, 403, 'to enrol the password is needed again';
    is $reply->{json}{code}, 'wrong_password';
    $reply = $ann->post('/admin/me/totp/confirm', json => {totp => '000000'});
    is $reply->{status}, 409, 'what was not begun is not confirmed';

    $reply = $ann->post('/admin/me/totp',
                        json => {password => $CXM::Staff::PASSWORD});
    is $reply->{status}, 200, 'begun' or diag $reply->{body};
    my $secret = $reply->{json}{secret};
    like $secret, qr/^[A-Z2-7]{32}\z/, '160 bits';
    is $reply->{json}{uri}, "otpauth://totp/127.0.0.1:ann?secret=$secret"
        . '&issuer=127.0.0.1', 'for a QR code';

    $ann->{app} = CXM::Totp->new($secret);
    $reply = $ann->post('/admin/me/totp/confirm',
                        json => {totp => $ann->{app}->wrong});
    is $reply->{status}, 403, 'a wrong code does not confirm it';
    my $before = $ann->token;
    $reply = $ann->post('/admin/me/totp/confirm',
                        json => {totp => $ann->{app}->code});
    is $reply->{status}, 200, 'a right one does' or diag $reply->{body};
    $ann->{codes} = $reply->{json}{recovery_codes};
    is scalar(@{$ann->{codes}}), 10, 'ten recovery codes';
    like $_, qr/^(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\z/, 'of 80 bits'
        for @{$ann->{codes}};
    isnt $ann->token, $before, 'the session has another token';
    is $t->get('/admin/me', headers => {Cookie => "cxm_staff=$before"})
        ->{status}, 401, 'and the one before is worth nothing';

    $me = $ann->get('/admin/me')->{json};
    ok $me->{totp} && !$me->{enrolment_required}, 'enrolled';
    ok scalar(grep { $_ eq 'staff_admin' } @{$me->{scopes}}),
        'and what the role has is allowed';
    is $ann->get('/admin/surveys')->{status}, 200, 'so it is';
};

subtest 'the second time: a code' => sub {
    my $there = $ann->elsewhere;
    my $reply = $there->login(name => 'ANN@a.example');
    is_deeply $reply->{json}, {totp_required => true,
        enrolment_required => false}, 'by the address; a code is wanted';
    is $there->get('/admin/me')->{status}, 401, 'half a session is none';
    is $there->get('/admin/surveys')->{status}, 401, 'nowhere';
    my $half = $there->token;

    is $there->login_code(totp => $ann->{app}->last)->{json}{code},
        'wrong_code', 'the code that was used to enrol is not taken again';
    is $there->login_code(totp => '12')->{status}, 401, 'nor is half a one';
    is $there->login_code(totp => '1', recovery_code => '2')->{status}, 422,
        'nor two at a time';
    is $there->post('/admin/login/totp', json => {})->{status}, 422,
        'nor none';

    $reply = $there->login_code;
    is $reply->{status}, 200, 'a new one is' or diag $reply->{body};
    isnt $there->token, $half, 'the session has another token';
    is $there->get('/admin/me')->{status}, 200, 'and is one';
    is $t->get('/admin/me', headers => {Cookie => "cxm_staff=$half"})
        ->{status}, 401, 'the half one is gone';

    my $third = $ann->elsewhere;
    $third->login;
    is $third->login_code(totp => $ann->{app}->last)->{status}, 401,
        'a code is taken once, whoever has seen it';
};

subtest 'recovery codes' => sub {
    my $there = $ann->elsewhere;
    my $code = $ann->{codes}[0];
    $there->login;
    is $there->login_code(recovery_code => uc $code)->{status}, 200,
        'one is taken';
    is $there->get('/admin/me')->{status}, 200, 'and opens';
    $there = $ann->elsewhere;
    $there->login;
    is $there->login_code(recovery_code => $code)->{status}, 401,
        'but not again';
    is $there->login_code(recovery_code => $ann->{codes}[1])->{status}, 200,
        'another one is';
};

subtest 'codes are not for guessing' => sub {
    my $bob = member('bob', role => 'rep');
    $bob->enter;
    my $there = $bob->elsewhere;
    $there->login;
    my @status = map { $there->login_code(totp => $bob->{app}->wrong)
        ->{status} } 1 .. 5;
    is_deeply \@status, [(401) x 5], 'five wrong ones';
    my $reply = $there->login_code;
    is $reply->{status}, 401, 'end the half session';
    is $reply->{json}{code}, 'unauthorized', 'a right one is too late';

    $there->login;
    $there->login_code(totp => $bob->{app}->wrong) for 1 .. 5;
    $there->login;
    $reply = $there->login_code(totp => $bob->{app}->code);
    is $reply->{status}, 429, 'who knows the password has ten in a row';
    ok $reply->{headers}{'retry-after'} > 3000, 'and then one an hour';
    is $there->login_code(recovery_code => $bob->{codes}[0])->{status}, 200,
        'the owner still has recovery codes';
};

subtest 'passwords are not for guessing, either' => sub {
    my $heidi = member('heidi', role => 'viewer',
                       make => ['--totp-optional']);
    my ($device) = $heidi->login->{headers}{'set-cookie'}
        =~ /(cxm_device=[^;]+)/;
    ok $device, 'the browser is known from now on';

    my $nobody = CXM::Staff->new($t, name => 'nobody-2', make => undef);
    my %status = map {
        my $who = $_;
        $who->{name} => [map { $who->elsewhere->login(
            password => "a wrong horse $_")->{status} } 1 .. 11];
    } $heidi, $nobody;
    is $status{heidi}[0], 401, 'a few wrong ones are answered';
    is $status{heidi}[-1], 429, 'but not eleven within the hour';
    is_deeply $status{'nobody-2'}, $status{heidi}, 'also of nobody';

    my $reply = $heidi->elsewhere->login;
    is $reply->{status}, 429, 'a right one is not looked at';
    is $reply->{json}{code}, 'rate_limited';
    ok $reply->{headers}{'retry-after'} > 0, 'when to come again';
    is $t->post('/admin/login', {name => 'heidi',
            password => $CXM::Staff::PASSWORD},
        headers => {Cookie => $device})->{status}, 200,
        'but from the browser that was in before';
    is $heidi->get('/admin/me')->{status}, 200, 'sessions are not concerned';
};

subtest 'cookies' => sub {
    my $cookie = $ann->elsewhere->login->{headers}{'set-cookie'};
    unlike $cookie, qr/Secure|__Host/, 'insecure where that was asked for';

    my $secure = CXM->new(store => $t->store_dir, admin_key => $t->admin_key,
        conf => {admin => 'cxm_insecure_cookies off;'});
    my $eve = CXM::Staff->new($secure, name => 'ann', make => undef,
                              cookie => '__Host-cxm_staff');
    $cookie = $eve->login->{headers}{'set-cookie'};
    like $cookie, qr{^__Host-cxm_staff=[a-z2-7]{52};[ ]Path=/;
        [ ]Max-Age=\d+;[ ]HttpOnly;[ ]SameSite=Lax;[ ]Secure(?:,|\z)}x,
        'secure elsewhere';
    is $secure->get('/admin/me', headers => {
        Cookie => 'cxm_staff=' . $ann->token})->{status}, 401,
        'where an insecure one is not looked at';
    is $secure->get('/admin/me', headers => {
        Cookie => '__Host-cxm_staff=' . $ann->token})->{status}, 200,
        'but the session is the same';
    is $t->get('/admin/me', headers => {
        Cookie => '__Host-cxm_staff=' . $ann->token})->{status}, 401,
        'and the other way round';
    is $t->get('/me/', headers => {Cookie => 'cxm=' . $ann->token})
        ->{status}, 401, 'it opens nothing of customers';
};

subtest 'other sites' => sub {
    my %survey = (json => {title => 'S', status => 'draft', questions => [
        {id => 'nps', type => 'nps', text => {en => '?'}}]});
    my $evil = 'https://evil.example';

    for my $case (
        [403, 'cross-site', {'Sec-Fetch-Site' => 'cross-site'}],
        [403, 'a page beside us', {'Sec-Fetch-Site' => 'same-site'}],
        [403, 'an old browser', {'Sec-Fetch-Site' => undef,
                                 Origin => $evil}],
        [403, 'nothing said', {'Sec-Fetch-Site' => undef}],
        [201, 'our own', {Origin => $t->url}],
        [200, 'our own, old', {'Sec-Fetch-Site' => undef,
                               Origin => $t->url}],
    ) {
        my ($status, $name, $headers) = @$case;
        my %all = (Cookie => 'cxm_staff=' . $ann->token,
                   'Sec-Fetch-Site' => 'same-origin', %$headers);
        delete $all{$_} for grep { !defined $all{$_} } keys %all;
        my $reply = $t->put('/admin/surveys/s', undef, headers => \%all,
                            %survey);
        is $reply->{status}, $status, $name or diag $reply->{body};
        is $reply->{json}{code}, 'cross_site' if $status == 403;
    }

    is $ann->get('/admin/me', headers => {
        'Sec-Fetch-Site' => 'cross-site'})->{status}, 200,
        'who only reads may come from anywhere: no page sees it';
    my $reply = $ann->elsewhere->post('/admin/login', headers => {
        'Sec-Fetch-Site' => 'cross-site'}, json => {name => 'ann',
        password => $CXM::Staff::PASSWORD});
    is $reply->{status}, 403, 'nobody is signed in unnoticed';
    $reply = $ann->post('/admin/surveys/s/links', headers => {
        'Content-Type' => 'text/plain'}, body => '{}');
    is $reply->{status}, 415, 'nor is a form JSON';
    is $t->put('/admin/surveys/s', undef, %survey, headers => {
        Authorization => 'Bearer ' . $t->admin_key,
        'Sec-Fetch-Site' => 'cross-site'})->{status}, 200,
        'keys are not concerned';
};

subtest 'who did it' => sub {
    my $made = $ann->post('/admin/customers', json => {name => 'Carl'});
    is $made->{status}, 201, 'a customer' or diag $made->{body};
    my $id = $made->{json}{id};
    is $ann->post("/admin/customers/$id/notes", json => {text => 'Hi'})
        ->{status}, 201, 'a note';
    my $note = $ann->get("/admin/customers/$id/notes")->{json}{items}[0];
    is_deeply $note->{author} // $note->{by} // $note->{actor},
        {kind => 'staff', id => 'ann', name => undef}, 'is a member\'s'
        or diag explain $note;
};

subtest 'sessions' => sub {
    my $carol = member('carol', role => 'viewer');
    $carol->enter;
    my $there = $carol->elsewhere;
    $there->login;
    $there->login_code;

    my $list = $carol->get('/admin/sessions',
        headers => {'User-Agent' => 'x'})->{json}{items};
    is scalar(@$list), 2, 'one sees one\'s own';
    is_deeply [map { $_->{current} } @$list], [false, true],
        'and which is this one';
    ok !grep({ exists $_->{slug} || exists $_->{owner} } @$list),
        'but nothing that opens one';

    my ($other) = map { $_->{id} } grep { !$_->{current} } @$list;
    my $anns = $ann->get('/admin/sessions')->{json}{items}[0]{id};
    is $carol->delete("/admin/sessions/$anns")->{status}, 404,
        'of others one ends none';
    is $ann->get('/admin/me')->{status}, 200;
    is $carol->delete("/admin/sessions/$other")->{status}, 204,
        'but one\'s own';
    is $there->get('/admin/me')->{status}, 401, 'which is over at once';

    $there->login(password => $CXM::Staff::PASSWORD);
    $there->login_code(recovery_code => $carol->{codes}[0]);
    is $there->get('/admin/me')->{status}, 200, 'in again';
    $list = $ann->get('/admin/staff/carol/sessions')->{json}{items};
    is scalar(@$list), 2, 'an admin sees others\'';
    is $ann->delete("/admin/sessions/$list->[0]{id}")->{status}, 204,
        'and ends one';
    is $there->get('/admin/me')->{status}, 401, 'at once';
    is $carol->get('/admin/staff/ann/sessions')->{status}, 403,
        'which others do not';
    is $t->delete('/admin/staff/carol/sessions', key => 1)->{status}, 204,
        'or all, also by a key';
    is $carol->get('/admin/me')->{status}, 401, 'at once';

    $carol->login;
    $carol->login_code(recovery_code => $carol->{codes}[1]);
    my $token = $carol->token;
    is $carol->post('/admin/logout')->{status}, 204, 'signed out';
    ok !defined $carol->token, 'the cookie is taken away';
    is $t->get('/admin/me', headers => {Cookie => "cxm_staff=$token"})
        ->{status}, 401, 'and the session is over';
    is $carol->post('/admin/logout')->{status}, 204, 'twice is the same';
};

subtest 'changes act at once' => sub {
    my $dave = member('dave', role => 'manager');
    $dave->enter;
    is $dave->get('/admin/customers')->{status}, 200, 'a manager may';

    my $member = $ann->get('/admin/staff/dave');
    is $member->{status}, 200, 'it is shown';
    ok $member->{json}{totp}, 'that it has a second factor';
    my $reply = $ann->patch('/admin/staff/dave', json => {role => 'viewer'},
        headers => {'If-Match' => $member->{headers}{etag}});
    is $reply->{status}, 200, 'another role' or diag $reply->{body};
    is $dave->get('/admin/customers')->{status}, 401,
        'ends the session of the role before';
    $dave->login;
    $dave->login_code(recovery_code => $dave->{codes}[0]);
    is $dave->get('/admin/customers')->{status}, 403, 'the new one may not';
    is $ann->patch('/admin/staff/dave', json => {role => 'rep'},
        headers => {'If-Match' => $member->{headers}{etag}})->{status}, 412,
        'versions are checked';

    is $dave->get('/admin/surveys')->{status}, 200, 'it is in';
    staff_tool('disable', 'dave');
    is $dave->get('/admin/surveys')->{status}, 401, 'disabled: out';
    $reply = $dave->login;
    is $reply->{status}, 401, 'and stays out';
    is $reply->{json}{code}, 'wrong_password', 'as if it were nobody';
    staff_tool('enable', 'dave');
    is $dave->login->{status}, 200, 'enabled: a password is right again';
    is $dave->get('/admin/surveys')->{status}, 401,
        'but no session from before';

    staff_tool('reset-totp', 'dave');
    $dave->login;
    is $dave->get('/admin/surveys')->{json}{code}, 'totp_required',
        'without its second factor it must enrol again';
    $dave->enrol;
    is $dave->get('/admin/surveys')->{status}, 200, 'which it does';
    staff_tool('role', 'dave', 'analyst');
    is $dave->get('/admin/surveys')->{status}, 401, 'the tool ends them, too';

    my @roles = map { my $v = $_; map { $_->{to} }
        grep { $_->{field} eq '/role' } @{$v->{changes}} }
        @{$ann->get('/admin/staff/dave/history')->{json}{items}};
    is_deeply \@roles, ['analyst', 'viewer', 'manager'], 'history tells';
};

subtest 'passwords' => sub {
    my $erin = member('erin', role => 'viewer');
    $erin->enter;
    my $there = $erin->elsewhere;
    $there->login;
    $there->login_code;
    my $new = 'yet another horse';

    my $reply = $erin->post('/admin/me/password', json => {
        password => 'wrong horse', new_password => $new});
    is $reply->{status}, 403, 'the present one is needed';
    for my $bad (['too_short', 'horse'], ['breached', 'password1'],
                 ['similar', 'erin-erin'], ['too_long', 'x' x 1025]) {
        $reply = $erin->post('/admin/me/password', json => {
            password => $erin->{password}, new_password => $bad->[1]});
        is $reply->{status}, 422, "refused: $bad->[0]";
        is $reply->{json}{errors}[0]{pointer}, '/new_password';
        is $reply->{json}{errors}[0]{code}, $bad->[0];
    }

    my $before = $erin->token;
    $reply = $erin->post('/admin/me/password', json => {
        password => $erin->{password}, new_password => $new});
    is $reply->{status}, 204, 'changed' or diag $reply->{body};
    isnt $erin->token, $before, 'this session has another token';
    is $erin->get('/admin/me')->{status}, 200, 'and goes on';
    is $there->get('/admin/me')->{status}, 401, 'others are over';
    is $there->login->{status}, 401, 'the old one is wrong';
    is $there->login(password => $new)->{status}, 200, 'the new one right';

    $reply = $t->put('/admin/staff/erin/password', {password => 'short'},
                     key => 1);
    is $reply->{status}, 422, 'an admin cannot give any, either';
    $reply = $t->put('/admin/staff/erin/password',
                     {password => 'a given horse'}, key => 1);
    is $reply->{status}, 204, 'but a good one' or diag $reply->{body};
    is $erin->get('/admin/me')->{status}, 401, 'which ends sessions';
    is $there->login(password => 'a given horse')->{status}, 200, 'and works';
    is $t->put('/admin/staff/zoe/password', {password => 'a given horse'},
               key => 1)->{status}, 404, 'nobody has none';
};

subtest 'members by the API' => sub {
    my $reply = $ann->post('/admin/staff', json => {slug => 'frank',
        role => 'viewer', email => 'frank@a.example',
        totp_optional => true, password => 'a horse for you'});
    is $reply->{status}, 201, 'made' or diag $reply->{body};
    like $reply->{headers}{location}, qr{/admin/staff/frank\z}, 'where';
    my $frank = CXM::Staff->new($t, name => 'frank', make => undef,
                                password => 'a horse for you');
    is_deeply $frank->login->{json}, {totp_required => false,
        enrolment_required => false}, 'signed in by a password alone';
    is $frank->get('/admin/surveys')->{status}, 200, 'and in';

    for my $bad (['/slug', slug => 'Frank'], ['/role', role => 'queen'],
                 ['/email', email => 'x'], ['/password', password => 'short'],
                 ['/nonsense', nonsense => 1]) {
        my ($pointer, @more) = @$bad;
        $reply = $ann->post('/admin/staff', json => {slug => 'gina',
            role => 'rep', @more});
        is $reply->{status}, 422, "refused: $pointer";
        is $reply->{json}{errors}[0]{pointer}, $pointer;
    }
    $reply = $ann->post('/admin/staff', json => {slug => 'frank',
                                                 role => 'rep'});
    is $reply->{status}, 409, 'a name is one member\'s';

    is $ann->patch('/admin/staff/ann', json => {disabled => true})
        ->{json}{code}, 'last_admin', 'the last admin stays one';
    is $ann->get('/admin/me')->{status}, 200;
    is $t->patch('/admin/staff/ann', {role => 'rep'}, key => 1)
        ->{json}{code}, 'last_admin', 'also for a key';
    is $ann->delete('/admin/staff/frank/totp')->{status}, 204,
        'a factor that is not there is reset';
    is $frank->get('/admin/surveys')->{status}, 401, 'which ends sessions';
    is $frank->get('/admin/staff')->{status}, 401;
};

subtest 'a worker is killed meanwhile' => sub {
    $t->expect_alerts(qr/exited on signal 9/);
    my $ivan = member('ivan', role => 'viewer',
                      make => ['--totp-optional']);
    my $file = $t->dir . '/tokens';
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open my $out, '>', $file or POSIX::_exit(1);
        for (1 .. 30) {
            my $there = $ivan->elsewhere;
            my $reply = eval { $there->login } || {status => 0};
            syswrite $out, $there->token . "\n" if $reply->{status} == 200;
        }
        POSIX::_exit(0);
    }
    for (1 .. 4) {
        my $seen = -s $file || 0;
        CXM::until_true(10, sub { (-s $file || 0) > $seen
            || waitpid($pid, POSIX::WNOHANG()) });
        kill KILL => $_ for $t->workers;
    }
    waitpid $pid, 0;
    $t->wait_store;

    my @tokens = split /\n/, CXM::slurp($file);
    ok @tokens > 0, @tokens . ' signed in';
    is scalar(grep { $t->get('/admin/me', headers => {
        Cookie => "cxm_staff=$_"})->{status} != 200 } @tokens), 0,
        'who was told so is in';
};

subtest 'customers are erased, staff are not' => sub {
    my $made = $ann->post('/admin/customers', json => {name => 'Ann',
        identifiers => [{type => 'email', value => 'ann@a.example'}]});
    is $made->{status}, 201, 'a customer of a member\'s address'
        or diag $made->{body};
    my $reply = $t->post('/admin/privacy/erasures',
                         {email => 'ann@a.example'}, key => 1);
    like $reply->{status}, qr/^20[012]\z/, 'is erased'
        or diag $reply->{body};
    is $ann->get('/admin/me')->{json}{email}, 'ann@a.example',
        'the member is what it was';
    is $ann->elsewhere->login(name => 'ann@a.example')->{status}, 200,
        'and signs in';
};

subtest 'the record of it' => sub {
    my $text = join '', map { CXM::slurp($_) }
        glob($t->store_dir . '/*'), $t->dir . '/error.log';
    unlike $text, qr/horse that signs|ann\@a\.example/,
        'no password and no address is on the disk, or in the log';
    $t->sound;
};

done_testing;
