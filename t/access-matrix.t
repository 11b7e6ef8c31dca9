#!/usr/bin/perl

# Every call that the OpenAPI document names, by every role, without a key and
# with a revoked one, by a customer whom the site's token tells and by one who
# signed in to an account, on an object that is there, on one that is not and on
# somebody else's: 401, 403, 404 or success as the document says, and nothing
# is changed by what is refused.  What a role may do by a key it may do by the
# session of a member who has it, and no more.
#
# A new route is in it by itself: objects are made by the PUT or POST that its
# path has, bodies from their schemas.  What needs more is in the tables below.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use CXM::OpenApi;
use CXM::Staff;
use CXM::Token;
use Mojo::JSON qw(decode_json false true);
use Test::More;

my $secret = 'what the site signs its tokens with';
my $t = CXM->new(start => 0);
chmod 0600, $t->write_file('site.key', "$secret\n");
$t->{conf}{locations} = 'location = /metrics { cxm_metrics; }';
$t->{conf}{http} = 'cxm_customer_token $http_authorization key='
    . $t->dir . '/site.key;';
$t->start;
my $api = CXM::OpenApi->new($t);
my $server = $t->key('server');

# -- what schemas cannot tell -------------------------------------------------

my $fresh = 0;

sub name { return sprintf 'made-%d', ++$fresh }
sub uuid { return sprintf '0190a0b0-0000-7000-8000-%012d', ++$fresh }

sub survey {
    return {title => 'Matrix', status => 'live', questions => [
        {id => 'nps', type => 'nps', text => {en => 'How likely?'}},
        {id => 'csat', type => 'csat', text => {en => 'Happy?'}},
        {id => 'ces', type => 'ces', text => {en => 'Easy?'}},
        {id => 'one', type => 'scale', scale => {min => 1, max => 5},
         text => {en => 'How good?'}}], csi => {questions => ['one']}};
}

sub answer {
    my (%more) = @_;
    return {answers => {nps => 9}, %more};
}

# A survey that answers may be sent to and scores asked of.
my $live = name();
is $t->put("/admin/surveys/$live", survey(), key => 1)->{status}, 201;

sub answered {
    my (%more) = @_;
    my $reply = $t->post("/s/$live/responses", answer(%more),
                         key => $server);
    return $reply->{json};
}

sub queued {
    my $reply = $t->post('/admin/templates/taken/test',
        {recipient => name() . '@example.org'}, key => 1);
    return $reply->{json};
}

my %token;      # of a partial answer, by its id

my $browser = CXM::Browser->new($t, email => 'matrix@example.org')->join;
my $joined = $browser->get('/me/')->{json}{customer};

# The last parameter of a path, where its own PUT or POST will not do.
my %object = (
    '/s/{survey}' => sub { $live },
    '/s/{survey}/responses/{id}' => sub {
        my $made = answered(complete => false);
        $token{$made->{id}} = $made->{token};
        return $made->{id};
    },
    '/s/{survey}/l/{link}' => sub {
        my $made = $t->post("/admin/surveys/$live/links",
            {respondent => {email => name() . '@example.org'}}, key => 1);
        return $made->{json}{url} =~ s{.*/}{}r;
    },
    '/admin/responses/{id}' => sub { answered()->{id} },
    '/admin/staff/{slug}' => sub {
        my $made = $t->post('/admin/staff', {slug => name(), role => 'rep'},
                            key => 1);
        return $made->{json}{slug};
    },
    '/admin/sessions/{id}' => sub { uuid() },
    '/me/sessions/{id}' => sub {
        my $phone = CXM::Browser->new($t, email => $browser->{email});
        $phone->login;
        return $phone->get('/me/sessions')->{json}{items}[0]{id};
    },
    '/admin/outbox/{id}' => sub { queued()->{id} },
    '/admin/templates/{slug}' => sub {
        $t->put('/admin/templates/taken', {texts => {fr => {
            subject => 'Oui', text => '{{site}}'}}}, key => 1);
        return 'taken';
    },
    '/admin/fields/{kind}' => sub {
        $t->put('/admin/fields/customer', {fields => []}, key => 1);
        return 'customer';
    },
    '/admin/customers/{id}/distinct/{other}' => sub {
        my ($owner) = @_;
        my $other = customer();
        $t->request('PUT', "/admin/customers/$owner->{id}/distinct/$other",
                    key => 1);
        return $other;
    },
    '/admin/customers/{id}/merges/{merge}' => sub {
        my ($owner) = @_;
        return $t->post("/admin/customers/$owner->{id}/merge", merge(),
                        key => 1)->{json}{id};
    },
);

sub customer { $t->post('/admin/customers', {}, key => 1)->{json}{id} }

# Of two customers who are new.
sub merge { return {from => customer(), from_version => 1, into_version => 1} }

sub change {
    my ($params) = @_;
    return {token => $token{$params->{id}} // 'none', answers => {nps => 8}};
}

# Bodies; they get the parameters of the path.
my %body = (
    'PUT /admin/surveys/{slug}' => sub { survey() },
    'POST /admin/surveys/{slug}/links' => sub {
        return {respondent => {email => name() . '@example.org'}} },
    'POST /s/{survey}/responses' => sub { answer() },
    'POST /s/{survey}/l/{link}' => sub { answer() },
    'PUT /admin/benchmarks/{slug}' => sub {
        return {source => 'A report', source_date => '2026-01-01', rows => [
            {industry => 'Retail', metric => 'nps', value => 30}]} },
    'PATCH /s/{survey}/responses/{id}' => \&change,
    'POST /s/{survey}/responses/{id}' => \&change,
    'POST /admin/privacy/erasures' => sub {
        my $email = name() . '@example.org';
        answered(respondent => {email => $email});
        return {email => $email};
    },
    'PUT /admin/fields/{kind}' => sub { return {fields => []} },
    'POST /admin/login' => sub {
        return {name => 'viewer', password => $CXM::Staff::PASSWORD} },
    'POST /admin/login/totp' => sub { return {totp => '123456'} },
    'POST /admin/staff' => sub { return {slug => name(), role => 'rep'} },
    'PUT /admin/staff/{slug}/password' => sub {
        return {password => $CXM::Staff::PASSWORD} },
    'PUT /admin/templates/{slug}' => sub { return {texts => {}} },
    'PATCH /admin/templates/{slug}' => sub { return {language => 'de'} },
    'POST /admin/templates/{slug}/preview' => sub { return {} },
    'POST /admin/templates/{slug}/test' => sub {
        return {recipient => name() . '@example.org'} },
    'POST /admin/customers/{id}/identifiers' => sub {
        return {type => 'external_id', value => name()} },
    'POST /admin/customers/{id}/merge' => \&merge,
);

# Query arguments by name, and by call.
my %argument = (survey => sub { $live }, metric => sub { 'nps' },
    a_from => sub { '2001-01-01T00:00:00Z' },
    a_to   => sub { '2001-02-01T00:00:00Z' },
    b_from => sub { '2002-01-01T00:00:00Z' },
    b_to   => sub { '2002-02-01T00:00:00Z' });

my %arguments = (
    'DELETE /admin/customers/{id}/identifiers' => sub {
        my ($params) = @_;
        my @one = (type => 'external_id', value => name());
        $t->post("/admin/customers/$params->{id}/identifiers", {@one},
                 key => 1);
        return @one;
    },
);

# -- calls --------------------------------------------------------------------

sub call_name { "$_[0]{method} $_[0]{path}" }

sub made_body {
    my ($operation, $params) = @_;
    my $own = $body{call_name($operation)};
    return $own ? $own->($params) : $api->body($operation);
}

sub made_query {
    my ($operation, $params) = @_;
    my $own = $arguments{call_name($operation)};
    return $own->($params) if $own;
    my @query = $api->query($operation);
    for my $i (grep { $_ % 2 == 0 } 0 .. $#query) {
        my $make = $argument{$query[$i]} or next;
        $query[$i + 1] = $make->();
    }
    return @query;
}

# What is needed for the call but its parameters and key.
sub prepared {
    my ($operation, $params) = @_;
    my $body = made_body($operation, $params);
    return (query => [made_query($operation, $params)],
            defined $body ? (json => $body) : ());
}

# An answer that never ends is read as far as its head.
sub stream {
    my ($operation, %as) = @_;
    my %headers = %{$as{headers} || {}};
    $headers{Authorization} = "Bearer $as{key}" if $as{key};
    my $head = $t->raw("GET $operation->{path} HTTP/1.0\r\n"
        . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
        . "\r\n", timeout => .2);
    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)};
    return {status => $status // 0, body => $head};
}

# as: what tells who calls
sub call {
    my ($operation, $params, $as, $note, %with) = @_;
    %with = prepared($operation, $params) unless %with;
    return stream($operation, %$as) if is_stream($operation);
    return $api->call($operation, params => $params, note => $note, %$as,
                      %with);
}

sub is_stream {
    my ($operation) = @_;
    my $good = $operation->{operation}{responses}{200} or return;
    return exists +($good->{content} || {})->{'text/event-stream'};
}

# -- objects ------------------------------------------------------------------

my @operations = $api->operations;
my %known = map { call_name($_) => $_ } @operations;

# A new object at a path whose other parameters are known; undef when nobody
# knows how to make one.
sub make_object {
    my ($path, $owner) = @_;
    return $object{$path}->($owner) if $object{$path};

    my ($param) = $path =~ /\{(\w+)\}\z/;
    if (my $put = $known{"PUT $path"}) {
        my $value = is_slug($put, $param) ? name() : uuid();
        my $reply = call($put, {%$owner, $param => $value}, {key => 1});
        return $value if $reply->{status} =~ /^2/;
    }
    if (my $post = $known{'POST ' . $path =~ s{/\{\w+\}\z}{}r}) {
        my $reply = call($post, $owner, {key => 1});
        return $reply->{json}{id} // $reply->{json}{slug}
            if $reply->{status} =~ /^2/;
    }
    return;
}

sub is_slug {
    my ($operation, $param) = @_;
    my ($found) = grep { $_->{name} eq $param }
        map { $api->resolve($_) } @{$operation->{operation}{parameters}};
    return defined $found->{schema}{pattern};
}

# Parameters of an operation, all of them of things that are there.
sub make_params {
    my ($operation) = @_;
    return {id => $joined} if $operation->{path} =~ m{/customers/\{id\}/account};
    my ($path, %params) = ('');
    for my $part (split m{(?<=\})}, $operation->{path}) {
        $path .= $part;
        my ($name) = $part =~ /\{(\w+)\}/ or next;
        my $value = make_object($path, {%params});
        return unless defined $value;
        $params{$name} = $value;
    }
    return \%params;
}

sub unknown { is_slug(@_) ? 'no-such-thing' : uuid() }

# -- principals ---------------------------------------------------------------

my @roles = qw(admin analyst rep manager marketing sales product success
               privacy server viewer);
my %as = (none => {}, map { $_ => {key => $t->key($_)} } @roles);

my $revoked = $t->key('admin');
my ($rc) = $t->cxmctl('key', 'revoke', (split /_/, $revoked)[1]);
is $rc, 0, 'a key is revoked';
$as{revoked} = {key => $revoked};
$as{customer} = {key => CXM::Token::hs256($secret, {sub => '4711'})};

sub session {
    my ($name, $role) = @_;
    my $member = CXM::Staff->new($t, name => $name, role => $role,
                                 make => ['--totp-optional']);
    my $reply = $member->login;
    is $reply->{status}, 200, "$name has signed in" or diag $reply->{body};
    return {headers => {Cookie => 'cxm_staff=' . $member->token,
                        'Sec-Fetch-Site' => 'same-origin'}};
}

$as{"$_ session"} = session($_, $_) for @roles;
$as{'ended session'} = session('ended', 'admin');
is $t->delete('/admin/staff/ended/sessions', key => 1)->{status}, 204,
    'and one is out';

# What only a cookie opens, or a code, is not a key's: t/staff.t.
my %elsewhere = ('POST /admin/login/totp' => 1);

# Who calls an operation; sessions only what keys do, too.
sub principals {
    my ($operation) = @_;
    return $operation->{member} || $operation->{public}
        || $operation->{customer}
        ? ('none', 'revoked', 'customer', 'account', @roles)
        : ('none', 'revoked', 'customer', 'account', 'ended session', @roles,
           map { "$_ session" } @roles);
}

# Calls may have ended the session: then there is another.
sub as_of {
    my ($who) = @_;
    return $as{$who} if $who ne 'account';
    $browser->login if $browser->get('/me/')->{status} != 200;
    return {headers => $browser->headers};
}

# undef: it may
sub refusal {
    my ($operation, $who) = @_;
    return $operation->{public} || $operation->{customer} ? undef : 401
        if $who eq 'customer' || $who eq 'account';
    my ($role) = $who =~ /^(\w+)/;
    return 401 if $who eq 'revoked' || $operation->{customer};
    return if $operation->{public} || $operation->{roles}{$role};
    return $role eq 'none' || $role eq 'ended' ? 401 : 403;
}

sub may {
    my ($operation) = @_;
    return if $elsewhere{call_name($operation)};
    return grep { !refusal($operation, $_) } principals($operation);
}

sub head {
    my (undef, $out) = $t->cxmctl('stat');
    return decode_json($out)->{head};
}

my %role = map { $_ => 1 } @roles;
is_deeply [grep { !$role{$_} } map { keys %{$_->{roles}} } @operations], [],
    'the document names no other role';

my (%params, %with);
for my $operation (@operations) {
    $params{$operation->{id}} = make_params($operation);
    ok $params{$operation->{id}}, call_name($operation) . ' has an object'
        or next;
    $with{$operation->{id}} = [prepared($operation,
                                        $params{$operation->{id}})];
}

# -- who may not --------------------------------------------------------------

my $head = head();
my $refused = 0;

for my $operation (@operations) {
    my @wrong;
    for my $who (principals($operation)) {
        my $expect = refusal($operation, $who) // next;
        my $own = $params{$operation->{id}} or next;
        my %none = map { $_ => unknown($operation, $_) }
            @{$operation->{params}};
        for my $params ($own, %none ? \%none : ()) {
            my $reply = call($operation, $params, as_of($who), $who,
                             @{$with{$operation->{id}}});
            push @wrong, "$who: $reply->{status}, not $expect"
                if $reply->{status} != $expect;
            $refused++;
        }
    }
    ok !@wrong, call_name($operation) . ' refuses who may not'
        or diag join "\n", @wrong;
}
is head(), $head, "$refused refused calls changed nothing";

# -- what is not there --------------------------------------------------------

# Parameters that lead nowhere: each one unknown, and what is another owner's.
sub nowhere {
    my ($operation, $own) = @_;
    my @names = @{$operation->{params}};
    my @found;
    for my $i (0 .. $#names) {
        # PUT makes what is not there
        next if $operation->{method} eq 'PUT' && $i == $#names
            && $operation->{path} =~ /\}\z/;
        push @found, {%$own, $names[$i] => unknown($operation, $names[$i])};
    }
    if (@names > 1 && $operation->{method} ne 'PUT') {
        my $other = make_params($operation);
        push @found, {%$other, $names[-1] => $own->{$names[-1]}}
            if $other->{$names[0]} ne $own->{$names[0]};
    }
    return @found;
}

my %nowhere = map { $_->{id} => [nowhere($_, $params{$_->{id}})] }
    grep { $params{$_->{id}} } @operations;
$head = head();
my $missing = 0;

for my $operation (@operations) {
    my @places = @{$nowhere{$operation->{id}} || []} or next;
    my @wrong;
    for my $who (may($operation)) {
        for my $params (@places) {
            my $reply = call($operation, $params, as_of($who), "$who, nowhere",
                             @{$with{$operation->{id}}});
            push @wrong, "$who: $reply->{status} $reply->{body}"
                if $reply->{status} != 404;
            $missing++;
        }
    }
    ok !@wrong, call_name($operation) . ' has nothing where nothing is'
        or diag join "\n", @wrong;
}
is head(), $head, "$missing calls for nothing changed nothing";

# -- who may ------------------------------------------------------------------

# A body made from its schema may still be wrong: a sense that no schema has.
sub succeeds {
    my ($operation, $reply) = @_;
    return 1 if $reply->{status} =~ /^[23]/;
    return $operation->{operation}{requestBody}
        && !$body{call_name($operation)} && $reply->{status} =~ /^4(?:09|22)$/;
}

my @senseless;
for my $operation (@operations) {
    my (@wrong, $good);
    for my $who (grep { $_ ne 'customer' } may($operation)) {
        my $params = make_params($operation) or next;
        my $reply = call($operation, $params, as_of($who), $who);
        $good ||= $reply->{status} =~ /^[23]/;
        push @wrong, "$who: $reply->{status} $reply->{body}"
            unless succeeds($operation, $reply);
    }
    ok !@wrong, call_name($operation) . ' serves who may'
        or diag join "\n", @wrong;
    push @senseless, call_name($operation) unless $good;
}
note "no body for @senseless" if @senseless;

$api->check;

$t->sound;

done_testing;
