#!/usr/bin/perl

# cxm_touchpoint: requests that the server itself answers become touchpoints,
# once each, whatever way they went, and never at the response's expense.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Upstream;
use Test::More;

my $app = CXM::Upstream->new;
my $fcgi = CXM::Upstream->new(fastcgi => 1);

my $t = CXM->new(start => 0, conf => {h2 => 1, workers => 2,
    http => 'map $arg_skip $counted { default 1; yes 0; no ""; }'});
mkdir $t->dir . '/html';
$t->write_file("html/$_", $_) for qw(index.html page.html error.html);

my $proxy = 'proxy_pass http://127.0.0.1:' . $app->port;
$t->{conf}{locations} = <<"END";
        root @{[$t->dir]}/html;
        error_page 404 /error.html;
        error_page 502 504 \@down;

        location /static/ {
            alias @{[$t->dir]}/html/;
            cxm_touchpoint static if=\$counted plan=\$arg_plan
                           touchpoint=browse product=\$arg_product;

            location /static/quiet/ { cxm_touchpoint off; return 200 "q"; }
            location /static/inner/ { return 200 "i"; }
        }
        location / { cxm_touchpoint page title="\$arg_title"; }
        location /app/ { cxm_touchpoint app; $proxy; }
        location /dead/ {
            cxm_touchpoint dead;
            proxy_pass http://127.0.0.1:1;
        }
        location /fcgi/ {
            cxm_touchpoint fcgi;
            fastcgi_param QUERY_STRING \$query_string;
            fastcgi_pass 127.0.0.1:@{[$fcgi->port]};
        }
        location /try/ {
            cxm_touchpoint try;
            try_files \$uri /app/tried?body=tried;
        }
        location /auth/ {
            cxm_touchpoint auth;
            auth_request /sub;
            mirror /sub;
            return 200 "never";
        }
        location /mirrored/ {
            cxm_touchpoint mirrored;
            auth_request /sub;
            mirror /sub;
            $proxy;
        }
        location = /sub { internal; cxm_touchpoint sub; $proxy; }
        location /kind/ { cxm_touchpoint \$arg_kind; return 204; }
        location \@down { return 503 "down"; }
END
$t->start;

sub touchpoints {
    my ($query) = @_;
    my $reply = $t->get('/admin/metrics/touchpoints?' . ($query // ''),
                        key => 1);
    is $reply->{status}, 200, 'the figures are answered'
        or diag $reply->{body};
    return $reply->{json};
}

# Nobody is told when an event is on disk, so a test waits for the count.
sub counted {
    my ($type, $n, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $got;
    CXM::until_true(10, sub {
        $got = $t->get("/admin/metrics/touchpoints?where=type:$type",
                       key => 1)->{json};
        return $got->{n} >= $n;
    });
    is $got->{n}, $n, $name || "$n of $type";
    return $got;
}

my %sent;

sub ask {
    my ($type, $path, $status, %arg) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $reply = $t->get($path, %arg);
    is $reply->{status}, $status, "$path: $status" or diag $reply->{body};
    $sent{$type}++ if defined $type;
    return $reply;
}

subtest 'every way to answer counts once' => sub {
    is ask(static => '/static/page.html', 200)->{body}, 'page.html';
    ask(static => '/static/page.html?skip=x', 200);
    ask(static => '/static/inner/', 200);
    ask(undef, '/static/page.html?skip=yes', 200);
    ask(undef, '/static/page.html?skip=no', 200);
    ask(undef, '/static/quiet/', 200);

    # an internal redirect of the index, and an error page elsewhere
    is ask(page => '/', 200)->{body}, 'index.html';
    is ask(page => '/missing', 404)->{body}, 'error.html';
    is $t->head('/page.html')->{status}, 200;
    $sent{page}++;

    ask(app => '/app/?status=201', 201);
    ask(app => '/app/?status=500', 500);
    is ask(dead => '/dead/', 502)->{body}, 'down', 'a named location';
    is ask(fcgi => '/fcgi/?body=hello', 200)->{body}, 'hello';
    is ask(app => '/try/x', 200)->{body}, 'tried', 'the last location counts';
    is ask(mirrored => '/mirrored/?body=m', 200)->{body}, 'm';

    is $t->h2('/static/page.html')->{status}, 200;
    $sent{static}++;

    ask(a => '/kind/?kind=a', 204);
    ask(b => '/kind/?kind=b', 204);
    ask(undef, '/kind/', 204);

    counted($_, $sent{$_}) for sort keys %sent;
    counted(sub => 0, 'no subrequest');

    my $n = 0;
    $n += $_ for values %sent;
    is touchpoints()->{n}, $n, 'nothing else';
};

subtest 'status and latency' => sub {
    my %by = map { ($_->{value} // 'none') => $_->{n} }
        @{touchpoints('by=status_class')->{segments}};
    is $by{'4xx'}, 1;
    is $by{'5xx'}, 2;

    ask(app => '/app/?ms=150', 200) for 1 .. 9;
    my $app = counted(app => $sent{app});
    cmp_ok $app->{latency}{p90}, '>=', 150, 'the upstream was waited for';
    my ($segment) = grep { $_->{value} eq 'app' }
        @{touchpoints('by=type')->{segments}};
    is_deeply $segment->{latency}, $app->{latency}, 'the same by type';
    is_deeply counted(none => 0)->{latency},
        {p50 => undef, p90 => undef, p99 => undef}, 'of nothing';
};

subtest 'values of clients break nothing' => sub {
    my @bad = ('%ff%fe', "a%00b", 'x' x 4000, '%22%5c', "\xc3\xa4" x 300);
    ask(page => "/page.html?title=$_", 200) for @bad;
    is $t->raw("GET /page.html?title=\xff\xc3 HTTP/1.0\r\n"
               . "User-Agent: \xff\xfe\r\n\r\n") =~ m{^HTTP/1\.1 (\d+)}
        ? $1 : 0, 200, 'raw bytes';
    $sent{page}++;
    ask(undef, '/kind/?kind=not%20one', 204);
    counted(page => $sent{page});
    like $t->error_log, qr/1 touchpoints lost/, 'a type that is none is told';
};

subtest 'bots are marked, privacy is kept' => sub {
    my $before = counted(page => $sent{page})->{bots};
    ask(page => '/page.html', 200,
        headers => {'User-Agent' => 'Googlebot/2.1'});
    is counted(page => $sent{page})->{bots}, $before + 1;
};

subtest 'a store that cannot write costs no response' => sub {
    $t->cxmctl('stat');
    open my $latch, '>', $t->store_dir . '/latch' or die $!;
    close $latch;
    ask(undef, '/static/page.html', 200) for 1 .. 20;
    ok CXM::until_true(10, sub {
        $t->error_log =~ /touchpoints lost: the store/;
    }), 'and is told';
    my ($rc) = $t->cxmctl('verify');
    is $rc, 0, 'the latch is lifted';
    ok CXM::until_true(20, sub {
        $t->get('/static/page.html');
        return touchpoints('where=type:static')->{n} > $sent{static};
    }), 'it counts again';
};

subtest 'a graceful end loses none' => sub {
    for my $signal (qw(QUIT TERM)) {
        my $n = touchpoints('where=type:fcgi')->{n};
        ask(fcgi => '/fcgi/', 200) for 1 .. 25;
        $t->stop($signal);
        $t->start;
        counted(fcgi => $n + 25, "after $signal");
    }

    my $n = touchpoints('where=type:fcgi')->{n};
    for (1 .. 3) {
        ask(fcgi => '/fcgi/', 200) for 1 .. 10;
        $t->reload;
    }
    counted(fcgi => $n + 30, 'over reloads');
};

subtest 'configuration' => sub {
    my $c = CXM->new(start => 0);
    $c->expect_alerts(qr/cxm_touchpoint|invalid|unknown "nosuch"/);
    my %bad = (
        'cxm_touchpoint;' => qr/invalid number of arguments/,
        'cxm_touchpoint "a b";' => qr/invalid type "a b"/,
        'cxm_touchpoint a; cxm_touchpoint b;' => qr/duplicate/,
        'cxm_touchpoint a if=;' => qr/invalid parameter "if="/,
        'cxm_touchpoint a x;' => qr/invalid parameter "x"/,
        'cxm_touchpoint a id=1;' => qr/invalid parameter "id=1"/,
        'cxm_touchpoint a p=1 p=2;' => qr/invalid parameter "p=2"/,
        'cxm_touchpoint a "p q=1";' => qr/invalid parameter "p q=1"/,
        'cxm_touchpoint a p=$nosuch;' => qr/unknown "nosuch" variable/,
    );
    for my $text (sort keys %bad) {
        $c->{conf}{locations} = "location /x { $text }";
        my ($rc, $out) = $c->config_test;
        isnt $rc, 0, $text;
        like $out, $bad{$text};
    }
    $c->{conf}{locations} = 'location /x { cxm_touchpoint off; }';
    is +($c->config_test)[0], 0, 'off';

    my $file = $c->write_file('none.conf', <<"END");
load_module @{[CXM::module_path()]};
events { }
http { server { listen 127.0.0.1:1; location / { cxm_touchpoint a; } } }
END
    my ($rc, $out) = $c->config_test($file);
    isnt $rc, 0;
    like $out, qr/"cxm_touchpoint" needs a "cxm_store"/, 'without a store';
};

is +($t->cxmctl('verify'))[0], 0, 'the store is sound';
$t->no_alerts;

done_testing;
