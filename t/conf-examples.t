#!/usr/bin/perl

# Every example is a whole configuration that nginx accepts, and does what it
# says when it runs.

use strict;
use warnings;

use File::Path qw(make_path);
use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Token;
use CXM::Upstream;
use Test::More;

my $app = CXM::Upstream->new;
my $fcgi = CXM::Upstream->new(fastcgi => 1);

# -- an example at work -------------------------------------------------------

# What openssl rand -hex 32 gives.
my $customer_key = join '', map { sprintf '%02x', $_ } 1 .. 32;

# {t, port, https, http, key => {store => admin key}}: filled in, tested, and
# running.  A store's name is its path below /var/lib/cxm.
sub run_example {
    my ($name, @stores) = @_;
    my $t = CXM->new(start => 0, init => 0);
    my $dir = $t->dir;
    my %port = map { $_ => CXM::free_port() } qw(main https http);
    certificate($dir);
    chmod 0600, $t->write_file('customer.key', "$customer_key\n");

    my %key;
    make_path("$dir/store") if grep { length } @stores;
    for my $store (@stores) {
        my ($rc, $out, $err) = CXM::run(CXM::cxmctl_path(), '-d',
            "$dir/store$store", 'init', '--user', CXM::user());
        is $rc, 0, "$name: a store" or diag $err;
        $key{$store} = (split /\n/, $out)[-1];
    }

    my ($rc, $text, $err) = CXM::run("$CXM::TOP/build-aux/fill-conf",
        "$CXM::TOP/conf-examples/$name.conf", $dir, $port{main},
        map({"$_=$port{$_}"} qw(https http)),
        'application=' . $app->port, 'fastcgi=' . $fcgi->port);
    is $rc, 0, "$name: filled in" or diag $err;
    my $file = $t->write_file("$name.conf", $text);
    ($rc, my $said) = $t->config_test($file);
    is $rc, 0, "$name: nginx -t" or diag $said;
    unlike $said, qr/\[(?:warn|emerg|alert)\]/, "$name: without a warning";

    $t->{port} = $port{main};
    $t->{child} = $t->spawn(CXM::nginx_path(), $t->nginx_args($file),
                            '-g', 'daemon off;' . CXM::env_directives());
    my $self = {t => $t, key => \%key, %port};
    ok CXM::until_true(20, sub {
        return -s "$dir/nginx.pid" && $t->connect($name eq 'tls' ? $port{https}
                                                  : $port{main});
    }), "$name: runs" or diag $t->error_log;
    return $self;
}

sub certificate {
    my ($dir) = @_;
    CXM::run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-nodes', '-days', 2, '-subj',
        '/CN=shop.example', '-keyout', "$dir/shop.example.key", '-out',
        "$dir/shop.example.pem");
}

# The same kind of reply as CXM's, by curl, of a host that is only a name.
sub curl {
    my ($e, $url, @args) = @_;
    my ($scheme, $host) = $url =~ m{^(https?)://([^/]+)};
    my $port = $scheme eq 'https' ? $e->{https}
        : $url =~ s/\+http// ? $e->{http} : $e->{main};
    $host =~ s/\+http//;
    $url =~ s{^(https?)://[^/]+}{$scheme://$host:$port};
    my ($rc, $out, $err) = CXM::run('curl', '-sSik', '--max-time', 30,
        '--resolve', "$host:$port:127.0.0.1", @args, $url);
    my ($head, $body) = split /\r\n\r\n/, $out, 2;
    my ($version, $status) = ($head // '') =~ m{^HTTP/(\S+) (\d+)};
    my %reply = (status => $status // 0, version => $version,
                 body => $body // '', error => $err);
    ($reply{type}) = ($head // '') =~ /^content-type: (.*?)\r?$/mi;
    ($reply{location}) = ($head // '') =~ /^location: (.*?)\r?$/mi;
    $reply{json} = eval { Mojo::JSON::decode_json($reply{body}) };
    return \%reply;
}

sub auth { return ('-H', "Authorization: Bearer $_[0]") }

sub body {
    my ($json, @more) = @_;
    return ('-H', 'Content-Type: application/json', '--data-binary',
            Mojo::JSON::encode_json($json), @more);
}

my %survey = (title => 'Checkout', status => 'live', questions => [
    {id => 'nps', type => 'nps', text => {en => 'How likely?'}}]);

# Nobody is told when a touchpoint of the server is on disk.
sub touchpoints {
    my ($e, $site, $admin, $key, $type, $n) = @_;
    my $seen;
    CXM::until_true(10, sub {
        $seen = curl($e, "$site$admin/metrics/touchpoints?where=type:$type",
                     auth($key))->{json};
        return ($seen->{n} // 0) >= $n;
    });
    return $seen;
}

# -- each of them -------------------------------------------------------------

my %examples = (
    quickstart => sub {
        my $e = run_example('quickstart', '');
        my $site = 'http://localhost';
        like curl($e, "$site/")->{body}, qr{src="/s/cxm\.js"}, 'its page';
        is curl($e, "$site/s/cxm.js")->{status}, 200, 'its script';
        is curl($e, "$site/admin/surveys/demo", auth($e->{key}{''}),
                body(\%survey, '-X', 'PUT'))->{status}, 201;
        is curl($e, "$site/s/demo/responses", body({answers => {nps => 9}}))
            ->{status}, 201;
        is curl($e, "$site/b", body({type => 'x'}))->{status}, 204;
        is curl($e, "$site/admin/metrics/nps?survey=demo",
                auth($e->{key}{''}))->{json}{n}, 1;
        return $e;
    },

    tls => sub {
        my $e = run_example('tls', '');
        my $key = $e->{key}{''};
        is curl($e, 'http://shop.example+http/s/x?y=1')->{location},
            'https://shop.example/s/x?y=1', 'to https';
        my $admin = 'https://cxm.internal.example/admin';
        is curl($e, "$admin/surveys/checkout", auth($key),
                body(\%survey, '-X', 'PUT'))->{status}, 201;
        is curl($e, 'https://shop.example/admin/surveys', auth($key))
            ->{status}, 404, 'no administration at the shop';
        is curl($e, "$admin/surveys", auth($key), '-H',
                'X-Forwarded-For: 192.0.2.7')->{status}, 403,
            'nor from outside, as the proxy tells';
        my $page = curl($e, 'https://shop.example/s/checkout');
        is $page->{status}, 200;
        is $page->{version}, 2, 'by HTTP/2';

        my $link = curl($e, "$admin/surveys/checkout/links", auth($key),
                        body({respondent => {external_id => 'c-1'}}));
        is $link->{status}, 201 or diag $link->{body};
        like $link->{json}{url}, qr{^https://shop\.example/s/checkout/l/},
            'a link leads to the shop';

        my (%status, $refused);
        for my $n (1 .. 30) {
            my $reply = curl($e, 'https://shop.example/s/checkout/responses',
                body({answers => {nps => 9}}, '-H',
                     'X-Forwarded-For: 192.0.2.8'));
            $status{$reply->{status}}++;
            $refused = $reply if $reply->{status} == 429;
        }
        cmp_ok $status{201} // 0, '>=', 20, 'a burst passes';
        cmp_ok $status{429} // 0, '>=', 1, 'and no more';
        is $refused->{type}, 'application/problem+json', 'which a problem says';
        is curl($e, 'https://shop.example/s/checkout/responses', body(
            {answers => {nps => 9}}, '-H', 'X-Forwarded-For: 192.0.2.9'))
            ->{status}, 201, 'others are not held up';
        like curl($e, 'https://cxm.internal.example/metrics')->{body},
            qr/^cxm_up\{/m, 'metrics inside';
        is curl($e, 'https://shop.example/metrics')->{status}, 404,
            'and not outside';
        return $e;
    },

    sites => sub {
        my $e = run_example('sites', '/shop', '/help');
        my ($shop, $help) = @{$e->{key}}{'/shop', '/help'};
        for my $site (['shop.example', '/admin', $shop],
                      ['help.example', '/staff', $help])
        {
            my ($host, $admin, $key) = @$site;
            is curl($e, "http://$host$admin/surveys/checkout", auth($key),
                    body(\%survey, '-X', 'PUT'))->{status}, 201, $host;
        }
        is curl($e, 'http://shop.example/s/checkout/responses',
                body({answers => {nps => 9}}))->{status}, 201;
        is curl($e, 'http://help.example/feedback/checkout/responses',
                body({answers => {nps => 0}}))->{status}, 201;
        is curl($e, 'http://help.example/hello', body({type => 'x'}))
            ->{status}, 204;
        my $nps = curl($e, 'http://shop.example/admin/metrics/nps'
                       . '?survey=checkout', auth($shop))->{json};
        is $nps->{value}, 100, "the shop's score";
        is $nps->{tz}, 'Europe/Berlin', 'in its zone';
        $nps = curl($e, 'http://help.example/staff/metrics/nps'
                    . '?survey=checkout', auth($help))->{json};
        is $nps->{value}, -100, "the other's";
        is $nps->{tz}, 'Asia/Kathmandu';
        is curl($e, 'http://shop.example/admin/surveys', auth($help))
            ->{status}, 401, 'a key of one opens nothing of the other';
        is curl($e, 'http://shop.example/admin/metrics/touchpoints',
                auth($shop))->{json}{n}, 0, 'nor are events mixed';
        return $e;
    },

    application => sub {
        my $e = run_example('application', '');
        my $site = 'http://localhost';
        my $key = $e->{key}{''};
        is curl($e, "$site/admin/surveys/checkout", auth($key),
                body(\%survey, '-X', 'PUT'))->{status}, 201;
        my @agent = ('-A', 'Visitor/1');
        is curl($e, "$site/basket?ms=10&sku=p-1", @agent)->{body}, 'app';
        is curl($e, "$site/checkout?ms=2100", @agent)->{status}, 200;
        is curl($e, "$site/shop/index.php?body=php", @agent)->{body}, 'php';
        is curl($e, "$site/api/x?status=500")->{status}, 500;
        is curl($e, "$site/files/index.html")->{status}, 200;
        is curl($e, "$site/files/none")->{status}, 404;
        is curl($e, "$site/checkout?ms=2100", @agent)->{status}, 200;
        is curl($e, "$site/s/checkout/responses", @agent,
                body({answers => {nps => 3}}))->{status}, 201;

        is touchpoints($e, $site, '/admin', $key, 'page_view', 4)->{n}, 4,
            'pages';
        is touchpoints($e, $site, '/admin', $key, 'api_call', 1)->{n}, 1,
            'calls';
        is touchpoints($e, $site, '/admin', $key, 'download', 1)->{n}, 1,
            'downloads';
        my %step = map { $_->{value} // '' => $_->{n} } @{curl($e,
            "$site/admin/metrics/touchpoints?by=touchpoint", auth($key))
            ->{json}{segments}};
        is $step{basket}, 1;
        is $step{checkout}, 2;
        my $nps = curl($e, "$site/admin/metrics/nps?survey=checkout"
                       . '&where=latency_band:%3E%3D2s', auth($key))->{json};
        is $nps->{n}, 1, 'a score knows how long its page took';
        return $e;
    },

    'existing-users' => sub {
        my $e = run_example('existing-users', '');
        my $site = 'http://localhost';
        my $key = $e->{key}{''};
        my @signed = map { ('-H', 'Cookie: lang=en; customer='
            . CXM::Token::hs256($customer_key, $_)) } {sub => '4711',
            name => 'Ann Lee', email => 'ann@example.org',
            email_verified => Mojo::JSON::true};
        my $ask = 'say=path,X-Customer-Id,X-Customer-Consent,X-Customer-Nps,'
            . 'X-Ads';
        is curl($e, "$site/admin/surveys/checkout", auth($key),
                body(\%survey, '-X', 'PUT'))->{status}, 201;

        is curl($e, "$site/?$ask")->{body}, '/start/new||||off', 'nobody';
        is curl($e, "$site/?$ask", @signed)->{body}, '/start/new||||off',
            'a customer of whom nothing is known';
        is curl($e, "$site/me/")->{status}, 401, 'self-service is for customers';
        is curl($e, "$site/me/", @signed)->{json}{name}, 'Ann Lee';

        is curl($e, "$site/s/checkout/responses", @signed,
                body({answers => {nps => 3}}))->{status}, 201, 'an answer';
        my ($ann) = @{curl($e, "$site/admin/customers?email=ann\@example.org",
                           auth($key))->{json}{items}};
        is $ann->{name}, 'Ann Lee', 'makes the record';
        is curl($e, "$site/admin/customers/$ann->{id}/consents", auth($key),
                body({purpose => $_, granted => Mojo::JSON::true}))->{status},
            201 for qw(newsletter advertising);
        is curl($e, "$site/?$ask", @signed)->{body},
            "/start/sorry|$ann->{id}|advertising,newsletter|3|on",
            'another page, and what the application is told';
        is curl($e, "$site/x?$ask", '-H', 'X-Customer-Id: forged')->{body},
            '/x||||off', 'by nobody else';

        is curl($e, "$site/b", @signed, body({type => 'basket'}))->{status},
            204;
        my ($event) = @{curl($e, "$site/admin/touchpoints?type=basket",
                             auth($key))->{json}{items}};
        is $event->{customer}, '4711', "the customer's event";
        is touchpoints($e, $site, '/admin', $key, 'page_view', 4)->{n}, 4,
            'pages';
        ok +(grep { ($_->{customer} // '') eq $ann->{id} }
             @{curl($e, "$site/admin/touchpoints?type=page_view",
                    auth($key))->{json}{items}}), "one is the customer's";

        # one client, that does not wait: far more than 10 a second
        my ($rc, $out) = CXM::run('curl', '-s', '-w', '%{http_code}\n', '-o',
            '/dev/null', @signed, "http://127.0.0.1:$e->{main}/x?n=[1-100]");
        like $out, qr/^200\n(?:.*\n)*429$/m, 'limited by customer';
        is curl($e, "$site/x")->{status}, 200, 'others are not';
        like CXM::slurp($e->{t}->dir . '/access.log'),
            qr/"GET \/\?say=\S+ HTTP\S+" 200 customer=$ann->{id} nps=3$/m,
            'in the log';
        return $e;
    },

    embed => sub {
        my $e = run_example('embed', '');
        my $site = 'http://localhost';
        my $page = '%3Cbody%3EHello%3C/body%3E';
        my $reply = curl($e, "$site/?body=<body>Hello</body>", '-g');
        like $reply->{body}, qr{<script[ ]async[ ]src="/hello/cxm\.js"
            [ ]data-beacon="/hi"></script></body>}x, 'the script is in it';
        like curl($e, "$site/thank-you?body=<body>Thanks</body>", '-g')
            ->{body}, qr{<div data-cxm-survey="checkout"}, 'a survey, too';
        is curl($e, "$site/hello/$_")->{status}, 200, $_
            for 'cxm.js', 'cxm-survey.js';
        is curl($e, "$site/hi", body({type => 'x'}))->{status}, 204;
        return $e;
    },
);

my @files = map { m{([^/]+)\.conf\z} } glob "$CXM::TOP/conf-examples/*.conf";
is_deeply [sort keys %examples], [sort @files], 'each example has its test';

for my $name (sort keys %examples) {
    subtest $name => sub {
        my $e = $examples{$name}->();
        $e->{t}->stop;
        $e->{t}->no_alerts;
    };
}

done_testing;
