#!/usr/bin/perl

# cxm_staff_identity: the site says which member of the staff calls.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Staff;
use Mojo::JSON qw(decode_json true);
use Test::More;

my $t = CXM->new(start => 0);
my $sso = CXM::free_port();
my $tls = CXM::free_port();

sub member { CXM::Staff->new($t, name => @_) }
member('ann', role => 'admin', make => ['--email', 'ann@a.example']);
member('bob', role => 'manager');

# -- the directive ------------------------------------------------------------

subtest 'configuration' => sub {
    $t->expect_alerts(qr/\[emerg\]/);
    my %refused = (
        'location /x/ { cxm_admin; cxm_staff_identity ann; }'
            => qr/needs a variable/,
        'location /x/ { cxm_admin; cxm_staff_identity $; }'
            => qr/needs a variable/,
        'location /x/ { cxm_admin; cxm_staff_identity $nowhere; }'
            => qr/unknown "nowhere" variable/,
        'location /x/ { cxm_admin; cxm_staff_identity $server_addr role=x; }'
            => qr/invalid parameter "role=x"/,
        'location /x/ { cxm_admin; cxm_staff_identity $server_addr x=rep; }'
            => qr/invalid parameter "x=rep"/,
        'location /x/ { cxm_surveys; cxm_staff_identity $server_addr; }'
            => qr/needs cxm_admin before it/,
        'location /x/ { cxm_staff_identity $server_addr; cxm_admin; }'
            => qr/needs cxm_admin before it/,
        'cxm_staff_identity $server_addr;' => qr/not allowed here/,
        'location /x/ { cxm_admin; cxm_staff_identity $server_addr;'
            . ' cxm_staff_identity $server_addr; }' => qr/is duplicate/,
        map {
            ("location /x/ { cxm_admin; cxm_staff_identity \$$_; }"
                => qr/a client can write "\$$_" itself/)
        } qw(http_x_user HTTP_X_USER arg_user cookie_user remote_user args
             request_uri uri host));

    for my $text (sort keys %refused) {
        $t->{conf}{locations} = $text;
        my ($rc, $out) = $t->config_test;
        isnt $rc, 0, "refused: $text";
        like $out, $refused{$text}, 'and why';
    }
};

# -- who signs in elsewhere ---------------------------------------------------

# A single sign-on that knows tickets, and certificates of a CA.
sub openssl {
    my ($rc, $out, $err) = CXM::run('openssl', @_);
    die "openssl @_: $err" if $rc != 0;
}

my $dir = $t->dir;
for my $ca ('ca', 'evil') {
    openssl(qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes),
            '-keyout', "$dir/$ca.key", '-out', "$dir/$ca.pem", '-subj',
            "/CN=$ca");
}

sub certificate {
    my ($file, $name, $ca) = @_;
    openssl(qw(req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes),
            '-keyout', "$dir/$file.key", '-out', "$dir/$file.csr", '-subj',
            "/O=A site/CN=$name");
    openssl(qw(x509 -req -days 2 -CAcreateserial -in), "$dir/$file.csr",
            '-CA', "$dir/$ca.pem", '-CAkey', "$dir/$ca.key", '-out',
            "$dir/$file.pem");
}

certificate('server', '127.0.0.1', 'ca');
certificate('ann', 'ann', 'ca');
certificate('eve', 'eve', 'ca');
certificate('forged', 'ann', 'evil');

my $ssl = join '', map { "ssl_$_;\n" } "certificate $dir/server.pem",
    "certificate_key $dir/server.key", "client_certificate $dir/ca.pem";

$t->{conf}{http} = <<"END";
map \$http_x_ticket \$sso_user {
    default        '';
    ticket-of-ann  ann;
    ticket-of-bob  bob;
    ticket-of-eve  eve;
    ticket-of-mail ann\@a.example;
}
map \$server_addr \$by_map { default bob; }
map \$server_addr \$by_none { default ''; }
map "\$ssl_client_verify:\$ssl_client_s_dn" \$by_certificate {
    default '';
    '~^SUCCESS:CN=(?<cn>[a-z0-9-]+),O=A site\$' \$cn;
}
server {
    listen 127.0.0.1:$sso;
    location / {
        if (\$sso_user = '') { return 401; }
        add_header X-User \$sso_user;
        return 204;
    }
}
server {
    listen 127.0.0.1:$tls ssl;
    $ssl
    ssl_verify_client optional_no_ca;
    location /admin/ { cxm_admin; cxm_staff_identity \$by_certificate; }
}
END
$t->{conf}{locations} = <<"END";
location = /auth {
    internal;
    proxy_pass http://127.0.0.1:$sso;
    proxy_pass_request_body off;
    proxy_set_header Content-Length '';
}
location /sso/ {
    auth_request /auth;
    auth_request_set \$staff \$upstream_http_x_user;
    cxm_admin;
    cxm_staff_identity \$staff;

    location /sso/inner/ { cxm_admin; }
}
location /mapped/ { cxm_admin; cxm_staff_identity \$by_map role=viewer; }
location /nobody/ { cxm_admin; cxm_staff_identity \$by_none; }
END
$t->start;

sub sso {
    my ($who, $method, $path, %arg) = @_;
    my %headers = (%{$arg{headers} || {}},
                   $who ? ('X-Ticket' => "ticket-of-$who") : ());
    return $t->request($method, "/sso/$path", %arg, headers => \%headers);
}

subtest 'auth_request' => sub {
    my $me = sso('ann', 'GET', 'me');
    is $me->{status}, 200, 'who is signed in there is in' or diag $me->{body};
    is $me->{json}{slug}, 'ann', 'as who it is';
    ok scalar(grep { $_ eq 'staff_admin' } @{$me->{json}{scopes}}),
        'with what the role has: no second factor is asked for';
    is sso('mail', 'GET', 'me')->{json}{slug}, 'ann', 'by the address, too';
    is sso('bob', 'GET', 'staff')->{status}, 403, 'but no more than that';
    is sso(undef, 'GET', 'me')->{status}, 401, 'who is not is not';
    is sso('eve', 'GET', 'me')->{json}{code}, 'no_member',
        'nor who is no member';

    is sso(undef, 'GET', 'me', headers => {'X-User' => 'ann'})->{status}, 401,
        'a header is nothing';
    is sso('bob', 'GET', 'me', headers => {'X-User' => 'ann'})->{json}{slug},
        'bob', 'also beside a ticket';
    is $t->get('/admin/me', headers => {'X-Ticket' => 'ticket-of-ann'})
        ->{status}, 401, 'where the directive is not a ticket is nothing';
    is sso('ann', 'GET', 'inner/me')->{status}, 401,
        'nor is it in a location within';
};

subtest 'beside cookies and keys' => sub {
    my $ann = CXM::Staff->new($t, name => 'ann', make => undef);
    $ann->enter;
    my %cookie = (Cookie => 'cxm_staff=' . $ann->token);
    is $t->get('/admin/me', headers => {%cookie})->{status}, 200, 'a session';
    is sso('bob', 'GET', 'me', headers => {%cookie})->{json}{slug}, 'bob',
        'does not count where the site says who it is';
    is $t->get('/nobody/me', headers => {%cookie})->{status}, 401,
        'nor where it says that it is nobody';
    is $t->get('/nobody/surveys', key => 1)->{status}, 200, 'keys do';
    is sso('bob', 'GET', 'staff', headers => {
        Authorization => 'Bearer ' . $t->admin_key})->{status}, 200,
        'before all';
};

subtest 'at most a role' => sub {
    is $t->get('/mapped/me')->{json}{slug}, 'bob', 'by a map';
    is $t->get('/mapped/surveys')->{status}, 200, 'what viewers may';
    is $t->get('/mapped/customers')->{status}, 403,
        'not what managers may elsewhere';
    is sso('bob', 'GET', 'customers')->{status}, 200, 'as here';
};

subtest 'other sites' => sub {
    my @new = (json => {name => 'Carl'});
    is sso('bob', 'POST', 'customers', @new)->{json}{code}, 'cross_site',
        'a change must say where it comes from';
    is sso('bob', 'POST', 'customers', @new, headers => {
        'Sec-Fetch-Site' => 'cross-site'})->{status}, 403, 'not elsewhere';
    my $made = sso('bob', 'POST', 'customers', @new, headers => {
        'Sec-Fetch-Site' => 'same-origin'});
    is $made->{status}, 201, 'here' or diag $made->{body};
    my $id = $made->{json}{id};
    my $history = sso('bob', 'GET', "customers/$id/history")->{json}{items};
    is $history->[0]{actor}{id}, 'bob', 'and the member has done it';
};

subtest 'passwords' => sub {
    my %own = ('Sec-Fetch-Site' => 'same-origin');
    my $made = sso('ann', 'POST', 'staff', headers => {%own}, json => {
        slug => 'eve', role => 'viewer'});
    is $made->{status}, 201, 'a member without one' or diag $made->{body};
    is sso('eve', 'GET', 'me')->{json}{slug}, 'eve', 'comes in by the site';
    my $reply = $t->post('/admin/login', {name => 'eve', password => 'x' x 9});
    is $reply->{status}, 401, 'and by no other way';
    is sso('eve', 'POST', 'me/totp', headers => {%own},
           json => {password => 'x' x 9})->{json}{code}, 'wrong_password',
        'nor does it get a second factor';
};

subtest 'changes act at once' => sub {
    my ($rc) = $t->cxmctl('staff', 'role', 'bob', 'viewer');
    is $rc, 0;
    is sso('bob', 'GET', 'customers')->{status}, 403, 'another role';
    ($rc) = $t->cxmctl('staff', 'disable', 'bob');
    is $rc, 0;
    is sso('bob', 'GET', 'me')->{status}, 401, 'disabled';
    is sso('bob', 'GET', 'me')->{json}{code}, 'no_member',
        'and not told from nobody';
};

# -- certificates -------------------------------------------------------------

sub by_certificate {
    my ($name) = @_;
    my ($rc, $out, $err) = CXM::run('curl', '-sS', '--cacert', "$dir/ca.pem",
        '-k', $name ? ('--cert', "$dir/$name.pem", '--key', "$dir/$name.key")
                    : (),
        '-w', '\n%{http_code}', "https://127.0.0.1:$tls/admin/me");
    is $rc, 0, 'curl' or diag $err;
    my ($body, $status) = $out =~ /(.*)\n(\d+)\z/s;
    return ($status, eval { decode_json($body) });
}

subtest 'mTLS' => sub {
    my ($status, $me) = by_certificate('ann');
    is $status, 200, 'a certificate of our CA';
    is $me->{slug}, 'ann', 'names a member';
    is((by_certificate('eve'))[0], 200, 'as that of another one');
    is((by_certificate())[0], 401, 'none names nobody');
    is((by_certificate('forged'))[0], 401,
       'nor one of another CA, which the map looks at');
};

$t->sound;

done_testing;
