#!/usr/bin/perl

# Directives: what is refused is refused by nginx -t with one clear line that
# names file and line; what is accepted is accepted without opening a store.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Test::More;

my $t = CXM->new(start => 0);
$t->expect_alerts(qr/\[emerg\]/);
my $store = $t->store_dir;
my $other = CXM->new(start => 0)->store_dir;
my $t2 = CXM->new(start => 0);
my $second = $t2->store_dir;

# -- what is refused ----------------------------------------------------------

# [name, the whole http block, what the line says]
my $L = "listen 127.0.0.1:1;";
my @refused = (
    ['cxm_store without a directory',
        'cxm_store;', qr/invalid number of arguments in "cxm_store"/],
    ['cxm_store with an empty one', 'cxm_store "";', qr/needs a directory/],
    ['cxm_store in a location',
        "server { $L location / { cxm_store $store; } }",
        qr/"cxm_store" directive is not allowed here/],
    ['cxm_store twice', "cxm_store $store; cxm_store $store;",
        qr/"cxm_store" directive is duplicate/],
    ['an unknown parameter', "cxm_store $store size=1g;",
        qr/invalid parameter "size=1g"/],
    ['an empty key', "cxm_store $store key=;", qr/invalid parameter "key="/],
    ['a map_size that is no size', "cxm_store $store map_size=big;",
        qr/invalid size "map_size=big"/],
    ['a map_size that is too small', "cxm_store $store map_size=1k;",
        qr/invalid size "map_size=1k"/],
    ['a negative min_free', "cxm_store $store min_free=-1;",
        qr/invalid size "min_free=-1"/],
    ['one directory, two sets of parameters',
        "server { $L cxm_store $store min_free=0; }
         server { $L server_name b; cxm_store $store/ min_free=1m; }",
        qr/store "\Q$store\E" has other parameters in \S+:\d+/],
    ['a directory that is not there', "cxm_store $store-not;",
        qr/store "\Q$store-not\E": \S.*\S/],
    ['a key file that is not there', "cxm_store $store key=$store/none;",
        qr/store "\Q$store\E": \S.*none/],
    (map { my $name = $_;
        (["$name without a store", "server { $L location / { $name; } }",
            qr/"$name" needs a "cxm_store" in its server or in http/],
         ["$name with an argument",
            "cxm_store $store; server { $L location / { $name on; } }",
            qr/invalid number of arguments in "$name"/],
         ["$name outside a location", "cxm_store $store; $name;",
            qr/"$name" directive is not allowed here/],
         ["$name twice",
            "cxm_store $store; server { $L location / { $name; $name; } }",
            qr/"$name" directive is duplicate/],
         ["$name in a location by regular expression",
            "cxm_store $store; server { $L location ~ ^/x { $name; } }",
            qr/"$name" directive needs a location given by prefix/],
         ["$name in a named location",
            "cxm_store $store; server { $L location \@x { $name; } }",
            qr/"$name" directive needs a location given by prefix/],
         ["$name in an if",
            "cxm_store $store;
             server { $L location / { if (\$arg_a) { $name; } } }",
            qr/"$name" directive is not allowed here/],
        ) } qw(cxm_surveys cxm_beacon cxm_admin)),
    ['two endpoints in one location',
        "cxm_store $store;
         server { $L location / { cxm_surveys; cxm_admin; } }",
        qr/"cxm_surveys" and "cxm_admin" cannot be in the same location/],
    ['an endpoint behind proxy_pass',
        "cxm_store $store; server { $L location / {
             proxy_pass http://127.0.0.1:1; cxm_admin; } }",
        qr/"cxm_admin" directive is in a location that another/],
    ['an endpoint before proxy_pass',
        "cxm_store $store; server { $L location / {
             cxm_admin; proxy_pass http://127.0.0.1:1; } }",
        qr/"cxm_admin" and another directive both want to answer/],
    ['every origin', "cxm_store $store; cxm_allow_origin *;",
        qr/invalid origin "\*"/],
    (map { ["the origin $_",
            "cxm_store $store; cxm_allow_origin https://a.example $_;",
            qr/invalid origin "\Q$_\E", it must be like "https:/] }
        qw(a.example https:// https://a.example/ https://A.example
           https://a.example/x ://a null)),
    ['cxm_allow_origin twice',
        'cxm_allow_origin https://a.example; cxm_allow_origin http://b;',
        qr/"cxm_allow_origin" directive is duplicate/],
    (map { ["the time zone $_", "cxm_time_zone $_;",
            qr/unknown time zone "\Q$_\E", it must be an IANA name such/] }
        qw(/UTC UTC/ a//b ../etc/passwd Europe/Ber.lin Europe/Nowhere Europe
           europe/berlin right/UTC leapseconds)),
    ['cxm_time_zone twice', 'cxm_time_zone UTC; cxm_time_zone UTC;',
        qr/"cxm_time_zone" directive is duplicate/],
    (map { ["the public URL $_", "cxm_public_url '$_';",
            qr/invalid URL "\Q$_\E"/] }
        'www.example.org', 'ftp://a', 'https://', 'https:///x',
        'https://a b', 'https://a/?x', 'https://u@a', 'https://a/"'),
    ['cxm_public_url twice',
        'cxm_public_url https://a; cxm_public_url https://a;',
        qr/"cxm_public_url" directive is duplicate/],
    ['cxm_insecure_cookies maybe', 'cxm_insecure_cookies maybe;',
        qr/invalid value "maybe" in "cxm_insecure_cookies"/],
    ['cxm_insecure_cookies twice',
        'cxm_insecure_cookies on; cxm_insecure_cookies on;',
        qr/"cxm_insecure_cookies" directive is duplicate/],
    ['less memory than a password takes',
        "cxm_store $store; cxm_hash_memory 18m;",
        qr/"cxm_hash_memory" must be at least 19m/],
    ['a memory that is no size', "cxm_store $store; cxm_hash_memory much;",
        qr/"cxm_hash_memory" directive invalid value/],
    ['cxm_hash_memory twice',
        "cxm_store $store; cxm_hash_memory 19m; cxm_hash_memory 19m;",
        qr/"cxm_hash_memory" directive is duplicate/],
    ['cxm_hash_memory in a server', "server { $L cxm_hash_memory 19m; }",
        qr/"cxm_hash_memory" directive is not allowed here/],
    ['threads of an unknown kind', "cxm_store $store; cxm_threads read=x;",
        qr/invalid parameter "read=x"/],
    ['threads without a name', "cxm_store $store; cxm_threads write=;",
        qr/invalid parameter "write="/],
    ['threads given twice',
        "cxm_store $store; cxm_threads scan=default scan=default;",
        qr/invalid parameter "scan=default"/],
    ['cxm_threads twice',
        'cxm_threads write=default; cxm_threads scan=default;',
        qr/"cxm_threads" directive is duplicate/],
    ['cxm_retention twice', 'cxm_retention; cxm_retention;',
        qr/"cxm_retention" directive is duplicate/],
    ['cxm_retention in a location',
        "cxm_store $store; server { $L location / { cxm_retention; } }",
        qr/"cxm_retention" directive is not allowed here/],
    ['cxm_retention without a store', "server { $L cxm_retention; }",
        qr/"cxm_retention" needs a "cxm_store" in its server or in http/],
    (map { ["the retention $_", "cxm_store $store; cxm_retention $_;",
            qr/invalid parameter "\Q$_\E"/] }
        qw(30d visitors=1d archive= off)),
    (map { ["the time $_", "cxm_store $store; cxm_retention $_;",
            qr/invalid time "\Q$_\E", it must be at least 1s, or "off"/] }
        qw(touchpoints= touchpoints=soon responses=0 journal=1500ms
           journal=-1d responses=1y2x)),
    ['a retention given twice',
        "cxm_store $store; cxm_retention journal=1y journal=2y;",
        qr/duplicate parameter "journal=2y"/],
    ['an archive given twice',
        "cxm_store $store; cxm_retention archive=/a archive=/b;",
        qr{duplicate parameter "archive=/b"}],
    ['one store, two retentions',
        "server { $L cxm_store $store; cxm_retention; }
         server { $L server_name b; cxm_store $store;
                  cxm_retention journal=1y; }",
        qr/store "\Q$store\E" has another "cxm_retention" in \S+:\d+/],
    ['one archive, two stores',
        "cxm_retention archive=$store/both;
         server { $L cxm_store $store; }
         server { $L server_name b; cxm_store $second; }",
        qr/archive "\Q$store\E\/both" is that of store "\Q$store\E" too/],
    ['an archive that is a file',
        "cxm_store $store; cxm_retention archive=$store/data;
         server { $L }",
        qr/archive "\Q$store\E\/data" is not a directory/],
    ['an unknown pool', "cxm_store $store; cxm_threads write=none;",
        qr/unknown thread pool "none"/],
    ['cxm_threads in a server', "server { $L cxm_threads write=default; }",
        qr/"cxm_threads" directive is not allowed here/],
);

sub test_http {
    my ($http, $main) = @_;
    my $file = $t->write_file('test.conf', join "\n",
        'load_module ' . CXM::module_path() . ';', 'pid test.pid;',
        $main // '', 'events { }', 'http {', 'access_log off;', $http, '}', '');
    return $t->config_test($file);
}

for my $case (@refused) {
    my ($name, $http, $says) = @$case;
    my ($rc, $out) = test_http($http);
    my @lines = grep { /\[emerg\]/ } split /\n/, $out;
    # the log on standard error and the one of -e are the same line
    my %lines = map { s/^.*\[emerg\] //r => 1 } @lines;
    my ($line) = keys %lines;
    ok $rc == 1 && keys %lines == 1 && $line =~ $says
        && $line =~ /(?: in |: ).*\S+:\d+$/s, "refused: $name"
        or diag "exit $rc, wanted $says:\n$out";
}

# -- key files ----------------------------------------------------------------

my $key = "$other/master.key";
my %bad = (
    'that others can read' => sub { chmod 0644, $key },
    'that is too short'    => sub { chmod 0600, $key; truncate $key, 31 },
    'that is a directory'  => sub { unlink $key; mkdir $key },
    'that is gone'         => sub { rmdir $key },
);
for my $name ('that others can read', 'that is too short',
              'that is a directory', 'that is gone') {
    $bad{$name}->();
    my ($rc, $out) = test_http("cxm_store $other;");
    my @lines = grep { /\[emerg\] store "\Q$other\E": \S/ } split /\n/, $out;
    ok $rc == 1 && @lines == 1 && $lines[0] =~ /:\d+$/,
        "refused: a key file $name" or diag "exit $rc: $out";
}

# -- what is accepted ---------------------------------------------------------

my @accepted = (
    ['nothing of ours', ''],
    ['everything', "
        cxm_store $store map_size=1g min_free=0 key=$store/master.key;
        cxm_allow_origin https://a.example http://localhost:8080 app://x;
        cxm_time_zone Etc/UTC;
        cxm_public_url https://www.example.org/feedback/;
        cxm_insecure_cookies off;
        cxm_retention touchpoints=36h responses=off journal=1y
                      archive=$store/somewhere;
        cxm_threads write=w scan=s hash=default;
        cxm_hash_memory 64m;
        server {
            $L
            location /s/ { cxm_surveys; cxm_time_zone UTC; }
            location = /b { cxm_beacon; cxm_allow_origin https://b.example; }
            location ^~ /admin/ {
                cxm_admin;
                limit_except GET { deny all; }
                if (\$arg_x) { return 403; }
            }
        }", 'thread_pool w threads=2; thread_pool s threads=2 max_queue=9;'],
    ['a store for each server, one of them shared', "
        server { $L server_name a; cxm_store $store;
                 location / { cxm_admin; } }
        server { $L server_name b; cxm_store $store/;
                 location / { cxm_admin; } }"],
    ['a relative directory', 'cxm_store store;'],
    ['one retention for all servers that have a store', "
        cxm_retention;
        server { $L }
        server { $L server_name a; cxm_store $store; }
        server { $L server_name b; cxm_store $store; }
        server { $L server_name c; cxm_store $second; }"],
    ['a retention in one of two servers', "
        server { $L server_name a; cxm_store $store; cxm_retention; }
        server { $L server_name b; cxm_store $store; }"],
);
for my $case (@accepted) {
    my ($name, $http, $main) = @$case;
    my ($rc, $out) = test_http($http, $main);
    is $rc, 0, "accepted: $name" or diag $out;
}

# -- who opens the store ------------------------------------------------------

SKIP: {
    skip 'no strace', 2 if system 'command -v strace >/dev/null';
    skip 'sanitizers do not bear strace', 2 if $ENV{CXM_SANITIZERS};
    $t->write_conf;
    my ($rc, $out, $err) = CXM::run('strace', '-f', '-e', 'trace=openat,open',
        CXM::nginx_path(), $t->nginx_args, '-t');
    is $rc, 0, 'nginx -t of a site';
    unlike $err, qr{store/(?:data|data-lock|keys)"}, 'never opens the store';
}

$t->start;
sub has_open {
    my ($pid) = @_;
    return grep { (readlink($_) // '') =~ m{^\Q$store\E/data} }
        glob "/proc/$pid/fd/*";
}
is scalar(has_open($t->pid)), 0, 'the master does not hold it';
is scalar(grep { !has_open($_) } $t->workers), 0, 'each worker does';

# -- a store that cannot be opened only degrades ------------------------------

my $down = CXM->new(start => 0, ready => 0);
$down->expect_alerts(qr/cannot be opened/);
my $dir = $down->store_dir;
rename "$dir/data", "$dir/hidden" or die "$dir: $!";
mkdir "$dir/data";
$down->start;
my $reply = $down->get('/admin/surveys', key => 1);
is $reply->{status}, 503, 'requests get 503';
is $reply->{type}, 'application/problem+json', 'a problem document';
ok $reply->{headers}{'retry-after'}, 'with Retry-After';
is $down->get('/test-is-up')->{status}, 204, 'the site itself is served';
select undef, undef, undef, 1;
my @lines = grep { /cannot be opened/ } split /\n/, $down->error_log;
is scalar @lines, 2, 'one line a worker, however often it is tried'
    or diag join "\n", @lines;
rmdir "$dir/data";
rename "$dir/hidden", "$dir/data" or die "$dir: $!";
ok CXM::until_true(10, sub {
    return ($down->get('/admin/surveys', key => 1)->{status}) == 200;
}), 'opened as soon as it can be';

# -- one process for all ------------------------------------------------------

my $single = CXM->new(start => 0, conf => {main => ''});
{
    no warnings 'redefine';
    my $write = CXM->can('write_conf');
    local *CXM::write_conf = sub {
        my ($self) = @_;
        $write->($self);
        my $text = CXM::slurp($self->dir . '/nginx.conf');
        $text =~ s/master_process on/master_process off/;
        $self->write_file('nginx.conf', $text);
        return $self;
    };
    $single->start;
}
is $single->post('/b', {type => 'page_view'})->{status}, 204,
    'master_process off: a write';
$single->expect_alerts(qr/cannot be reloaded with "master_process off"/);
$single->signal('HUP');
ok CXM::until_true(10, sub { $single->error_log =~ /cannot be reloaded/ }),
    'a reload is refused';
is $single->post('/b', {type => 'page_view'})->{status}, 204,
    'and the old configuration goes on';

done_testing;
