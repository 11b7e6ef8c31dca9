#!/usr/bin/perl

# cxm_touchpoint: requests that the server itself answers become touchpoints,
# once each, whatever way they went, and never at the response's expense.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Fault;
use CXM::Upstream;
use Test::More;

my $app = CXM::Upstream->new;
my $fcgi = CXM::Upstream->new(fastcgi => 1);

my $t = CXM->new(start => 0, conf => {h2 => 1, workers => 2,
    http => 'map $arg_skip $counted { default 1; yes 0; no ""; }'});
mkdir $t->dir . '/html';
$t->write_file("html/$_", $_) for qw(index.html page.html error.html);
$t->write_file('html/parts.html', '<!--#include virtual="/sub?body=one" -->'
               . '<!--#include virtual="/part/" -->');

my $proxy = 'proxy_pass http://127.0.0.1:' . $app->port;
$t->{conf}{locations} = <<"END";
        root @{[$t->dir]}/html;
        error_page 404 /error.html;
        error_page 502 504 \@down;
        log_subrequest on;

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
        location /mirrored/ {
            cxm_touchpoint mirrored;
            auth_request /sub;
            mirror /sub;
            $proxy;
        }
        location /parts { cxm_touchpoint parts; ssi on; alias
            @{[$t->dir]}/html/parts.html; default_type text/html; }
        location /part/ { cxm_touchpoint part; return 200 "two"; }
        location /guarded/ {
            cxm_touchpoint guarded;
            auth_request /sub;
            proxy_pass http://127.0.0.1:1;
        }
        location = /sub { internal; cxm_touchpoint sub; $proxy; }
        location /sent/ { cxm_touchpoint sent; $proxy; }
        location /inside/ { internal; alias @{[$t->dir]}/html/; }
        location /closed/ { cxm_touchpoint closed; deny all; }
        location /small/ { cxm_touchpoint small; client_max_body_size 1; }
        location /moved { cxm_touchpoint moved; return 301 /; }
        location /cut { cxm_touchpoint cut; return 444; }
        location /kind/ { cxm_touchpoint \$arg_kind; return 204; }
        location /all/ {
            cxm_touchpoint all visitor=\$arg_visitor session=\$arg_session
                customer=\$arg_customer referrer=\$http_referer
                title=\$arg_title url=\$arg_url product=p touchpoint=browse
                plan=\$arg_plan host=\$host;
            $proxy;
        }
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

# The newest event of a type, when as many are there as were sent.
sub last_event {
    my ($type) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    counted($type, $sent{$type});
    return $t->get("/admin/touchpoints?type=$type&limit=1", key => 1)
        ->{json}{items}[0];
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
    is ask(guarded => '/guarded/', 502)->{body}, 'down', 'both';
    is ask(parts => '/parts', 200)->{body}, 'onetwo', 'parts of a page';
    is ask(sent => '/sent/?accel=/inside/page.html', 200)->{body},
        'page.html', 'X-Accel-Redirect';
    ask(closed => '/closed/', 403);
    ask(moved => '/moved', 301);
    is $t->post('/small/', body => 'xx')->{status}, 413, 'too large';
    is $t->raw("GET /cut HTTP/1.0\r\n\r\n"), '', 'no answer at all';
    $sent{$_}++ for qw(small cut);

    is $t->h2('/static/page.html')->{status}, 200;
    is $t->h2('/parts')->{body}, 'onetwo';
    is $t->h2('/mirrored/?body=m')->{body}, 'm';
    $sent{$_}++ for qw(static parts mirrored);

    ask(a => '/kind/?kind=a', 204);
    ask(b => '/kind/?kind=b', 204);
    ask(undef, '/kind/', 204);

    counted($_, $sent{$_}) for sort keys %sent;
    counted($_ => 0, "no subrequest: $_") for qw(sub part try);

    my $n = 0;
    $n += $_ for values %sent;
    is touchpoints()->{n}, $n, 'nothing else';
};

subtest 'a client that goes' => sub {
    is $t->raw("GET /app/?ms=3000 HTTP/1.0\r\n\r\n", half_close => 1), '',
        'is left without one';
    $sent{app}++;
    is last_event('app')->{status}, 499, 'before the answer';
};

subtest 'status and latency' => sub {
    my %by = map { ($_->{value} // 'none') => $_->{n} }
        @{touchpoints('by=status_class')->{segments}};
    is_deeply \%by, {'2xx' => 16, '3xx' => 1, '4xx' => 5, '5xx' => 3};

    ask(app => '/app/?ms=150', 200) for 1 .. 9;
    my $app = counted(app => $sent{app});
    cmp_ok $app->{latency}{p90}, '>=', 150, 'the upstream was waited for';
    my ($segment) = grep { $_->{value} eq 'app' }
        @{touchpoints('by=type')->{segments}};
    is_deeply $segment->{latency}, $app->{latency}, 'the same by type';
    is_deeply counted(none => 0)->{latency},
        {p50 => undef, p90 => undef, p99 => undef}, 'of nothing';

    my $event = last_event('app');
    cmp_ok $event->{upstream}, '>=', 150, 'in the event, too';
    # by two clocks of nginx, each of whole milliseconds
    cmp_ok $event->{latency}, '>=', $event->{upstream} - 1;
    is_deeply [@$event{qw(status status_class)}], [200, '2xx'];
    is last_event('static')->{upstream}, undef, 'no upstream, no time';
    is_deeply [@{last_event('dead')}{qw(status status_class)}],
        [502, '5xx'], 'the status that was sent';
};

subtest 'what it keeps' => sub {
    ask(all => '/all/?visitor=v-1&session=s-1&customer=c-1&title=T'
        . '&plan=pro&url=/shop?email=ann%26sku=1', 200,
        headers => {Referer => 'https://other.example/x?token=abc&q=1#top',
                    'User-Agent' => 'Mozilla/5.0 (X11; Linux) Firefox/130.0'});
    my $event = last_event('all');
    my %kept = map { $_ => $event->{$_} } qw(visitor session customer claimed
        title product touchpoint referrer device bot props);
    is_deeply \%kept, {visitor => 'v-1', session => 's-1', customer => 'c-1',
        claimed => undef, title => 'T', product => 'p',
        touchpoint => 'browse', referrer => 'https://other.example/x?q=1',
        device => 'desktop', bot => Mojo::JSON::false,
        props => {plan => 'pro', host => '127.0.0.1'}},
        'members and props, nothing personal of addresses';
    unlike $event->{url}, qr/ann/, 'nor of its own';

    ask(all => '/all/', 200);
    $event = last_event('all');
    is_deeply [@$event{qw(title session customer referrer url)}],
        [(undef) x 5], 'what is empty is not there';
    like $event->{visitor}, qr/^[a-z2-7]{13}$/, 'but a visitor';
    is_deeply $event->{props}, {host => '127.0.0.1'};

    ask(page => '/page.html?a=1&e%2Dmail=x', 200);
    is last_event('page')->{url}, '/page.html?a=1', "the request's own address";

    for my $header ('Sec-GPC', 'DNT') {
        ask(all => '/all/?visitor=v&session=s&customer=c', 200,
            headers => {$header => 1});
        is_deeply [@{last_event('all')}{qw(visitor session customer)}],
            [(undef) x 3], "$header: nobody";
    }

    my $bots = counted(page => $sent{page})->{bots};
    ask(page => '/page.html', 200,
        headers => {'User-Agent' => 'Googlebot/2.1'});
    ask(page => '/page.html', 200, headers => {'Sec-Purpose' => 'prefetch'});
    is counted(page => $sent{page})->{bots}, $bots + 2, 'bots are marked';
};

subtest 'values of clients break nothing' => sub {
    my @bad = ('%ff%fe', "a%00b", 'x' x 4000, '%22%5c', "\xc3\xa4" x 300);
    ask(page => "/page.html?title=$_", 200) for @bad;
    is $t->raw("GET /page.html?title=\xff\xc3 HTTP/1.0\r\n"
               . "User-Agent: \xff\xfe\r\n\r\n") =~ m{^HTTP/1\.1 (\d+)}
        ? $1 : 0, 200, 'raw bytes';
    $sent{page}++;
    counted(page => $sent{page});

    # addresses that nginx serves, as it was asked for them
    my %url = ('//page.html' => '/page.html', '///page.html' => '/page.html',
               '/x\\../page.html' => undef, '/page.html;a=1' => undef,
               "/\xff" => undef, '/%ff' => undef, '/%00%0a' => undef,
               '/<>"{}|^`' => undef);
    for my $url (sort keys %url) {
        my ($status) = $t->raw("GET $url HTTP/1.0\r\n\r\n")
            =~ m{^HTTP/1\.1 (\d+)};
        next if $status == 400;
        $sent{page}++;
        my $event = last_event('page');
        is $event->{status}, $status, $url;
        is $event->{url}, $url{$url}, "as $url{$url}" if $url{$url};
    }
    for my $query ('url=javascript:x', 'url=a%20b', 'customer=' . 'c' x 300,
                   'visitor=%0a%0d', 'plan=' . '%ff' x 9,
                   'plan=' . 'x' x 900)
    {
        ask(all => "/all/?$query", 200);
    }
    counted(all => $sent{all}, 'values that are none cost no event');
    unlike $t->error_log, qr/touchpoints lost/, 'nothing is lost';

    ask(undef, '/kind/?kind=not%20one', 204);
    ok CXM::until_true(10, sub { $t->error_log =~ /1 touchpoints lost/ }),
        'a type that is none is told';
};

subtest 'a store that cannot write costs no response' => sub {
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

# The disk stands until the test lets it go: whatever comes is answered, the
# queue takes what it holds, and the metric has the rest to the last one.
subtest 'a store that stands still' => sub {
    my $slow = CXM->new(start => 0, conf => {h2 => 1, workers => 1,
        server => 'keepalive_requests 100000;', locations => <<'END'});
        location /page { cxm_touchpoint page; return 204; }
        location = /metrics { cxm_metrics; }
END
    my $fault = CXM::Fault->new($slow)->start;
    my $figure = sub {
        return $slow->get('/metrics')->{body}
            =~ /^cxm_touchpoints_$_[0]_total\{[^}]*\} (\d+)$/m ? $1 : undef;
    };
    my $n = 12_000;

    $fault->set('sync hold');
    my ($rc, $out) = CXM::run('h2load', '-n', $n, '-c', 4, '-m', 16,
        'http://127.0.0.1:' . $slow->h2_port . '/page');
    like $out, qr/status codes: $n 2xx/, 'every response comes' or diag $out;
    ok -e $slow->dir . '/fault', 'while the disk still stands';
    is scalar(my @taken = $fault->taken), 1, 'in one commit';
    my $lost = $figure->('lost');
    cmp_ok $lost, '>=', $n - 8192 - 1024, "$lost are lost";
    is $figure->('recorded'), 0, 'none is said to be recorded';

    $fault->clear;
    CXM::until_true(20, sub { $figure->('recorded') + $lost >= $n });
    is $figure->('recorded') + $figure->('lost'), $n, 'all others are not';
    is $slow->get('/admin/metrics/touchpoints', key => 1)->{json}{n},
        $n - $lost, 'they count';
    like $slow->error_log, qr/touchpoints lost: the store cannot take them/;
    $slow->sound;
    $slow->no_alerts;
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

$t->sound;
$t->no_alerts;

done_testing;
