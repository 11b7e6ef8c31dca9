#!/usr/bin/perl

# Errors that nginx or another module makes in our locations are problem
# documents like our own; elsewhere nginx's pages are left alone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Test::More;

# nginx itself leaks the regular expression of a rewrite
my $rewrite = $ENV{CXM_SANITIZERS} ? '' : 'rewrite ^ /elsewhere break;';

my $t = CXM->new(conf => {h2 => 1, workers => 1, http => <<'HTTP',
    error_page 401 403 404 405 413 429 503 /error.html;
    limit_req_zone $server_name zone=one:1m rate=1r/m;
    cxm_allow_origin https://shop.example;
HTTP
    locations => <<'LOCATIONS' . <<"REWRITE"});
    location = /error.html { return 200 "the site's own page"; }
    location /denied/ { cxm_admin; deny all; }
    location /limited/ { cxm_admin; limit_req zone=one; }
    location /limited-429/ {
        cxm_admin;
        limit_req zone=one;
        limit_req_status 429;
    }
    location /basic/ { cxm_admin; auth_basic x; auth_basic_user_file x; }
    location /ask/ { cxm_admin; auth_request /answer; }
    location = /answer { internal; return 403; }
    location /returned/ { cxm_admin; return 404 "<p>text</p>"; }
    location /if/ { cxm_admin; if ($arg_no) { return 403; } }
    location /except/ { cxm_admin; limit_except GET { deny all; } }
    location /own/ { cxm_admin; error_page 403 =403 @own; deny all; }
    location @own { return 403 "asked for"; }
    location /added/ { cxm_admin; deny all; add_header X-Added yes always; }
    location /sub/ { auth_request /admin/surveys; return 200; }
    location /asks-us/ {
        auth_request /admin/surveys;
        alias html/;
    }
    location /admin { cxm_admin; }
LOCATIONS
    location /rewritten/ { cxm_admin; $rewrite }
REWRITE

sub is_problem {
    my ($reply, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $reply->{json} || {};
    my %h = %{$reply->{headers}};
    my @wrong;
    push @wrong, "status $reply->{status}" if $reply->{status} != $status;
    push @wrong, "type $reply->{type}"
        if $reply->{type} ne 'application/problem+json';
    push @wrong, "no $_" for grep { !defined $json->{$_} }
        qw(type title status code);
    push @wrong, 'another status inside' if ($json->{status} // 0) != $status;
    push @wrong, 'not no-store' if ($h{'cache-control'} // '') ne 'no-store';
    push @wrong, 'no Retry-After'
        if $status =~ /^(?:429|503)$/ && !$h{'retry-after'};
    push @wrong, 'a page of nginx' if $reply->{body} =~ /<|nginx/;
    return ok(!@wrong, $name) || diag join "\n", @wrong, $reply->{body};
}

# -- bodies -------------------------------------------------------------------

my $public = 64 * 1024;
my $server = 1024 * 1024;
my %key = (headers => {Authorization => 'Bearer x'});
sub body { 'x' x $_[0] }

for my $path (qw(/s/x/responses /b /admin/surveys)) {
    is_problem($t->post($path, body => body($public + 1)), 413,
        "$path: a body above the limit");
    isnt $t->post($path, body => body($public))->{status}, 413,
        "$path: one at the limit is not too large";
    is_problem($t->post($path, body => body($server + 1), %key), 413,
        "$path: with a key, above its limit");
    isnt $t->post($path, body => body($server), %key)->{status}, 413,
        "$path: at its limit";
}

# Before the body is read: the client has sent none of it yet.
my $head = "POST /admin/surveys HTTP/1.1\r\nHost: x\r\n"
    . "Content-Length: " . ($public + 1) . "\r\n";
like $t->raw("$head\r\n", timeout => 1), qr{^HTTP/1\.1 413},
    'refused by its length alone';
like $t->raw("${head}Expect: 100-continue\r\n\r\n", timeout => 1),
    qr{^HTTP/1\.1 413}, 'also when the client asked before';

sub chunked {
    my ($size, $length, @headers) = @_;
    my $chunk = sprintf "%x\r\n%s\r\n", $size, 'x' x $size;
    return join "\r\n", 'POST /b HTTP/1.1', 'Host: x', 'Connection: close',
        @headers, 'Transfer-Encoding: chunked', '',
        $chunk x ($length / $size) . "0\r\n\r\n";
}
sub chunked_status {
    my $reply = $t->raw(chunked(@_));
    return $reply =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0;
}

my @key = 'Authorization: Bearer x';
is chunked_status(1024, $public + 1024), 413, 'chunked, above the limit';
like $t->raw(chunked(1024, $public + 1024)), qr/application\/problem\+json/,
    'a problem document';
my $taken = qr/^4(?!13)\d\d$/;
like chunked_status(1024, $public), $taken, 'chunked, at the limit';
# coding makes it six times as long; nothing may go to a file for that
like chunked_status(1, $public), $taken, 'chunks of one byte';
like chunked_status(4096, $server, @key), $taken, 'chunked, with a key';
is chunked_status(4096, $server + 4096, @key), 413,
    'chunked, with a key, above';
like $t->raw("POST /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
             . "Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    qr{^HTTP/1\.1 400.*problem\+json}s, 'chunks that are none';

# curl does not tell of a reply that comes before it has sent everything.
sub h2_post {
    my ($length, @args) = @_;
    my $file = $t->write_file('body', body($length));
    my ($rc, $out) = CXM::run('nghttp', '-v', '--timeout=10', '-d', $file,
        @args, 'http://127.0.0.1:' . $t->h2_port . '/b');
    return join ' ', $out =~ /:status: (\d+)/,
        $out =~ m{content-type: (\S*problem\S*)};
}
my @h2_key = ('-H', 'authorization: Bearer x');
my $problem = '413 application/problem+json';
is h2_post($public + 1), $problem, 'HTTP/2, above the limit';
is h2_post($server + 1, @h2_key), $problem, 'with a key, above';
is h2_post($public + 1, '--no-content-length'), $problem,
    'without a length, above';
is h2_post($server + 1, '--no-content-length', @h2_key), $problem,
    'without a length, with a key, above';
for my $args ([$public], [$public, '--no-content-length'],
              [$server, @h2_key], [$server, '--no-content-length', @h2_key]) {
    like h2_post(@$args), qr/^4(?!13)\d\d /, "HTTP/2, at the limit: @$args";
}
is_deeply [grep { -f } glob $t->dir . '/tmp/body/*'], [],
    'no body was put into a file';
unlike $t->error_log, qr/buffered to a temporary file/, 'at any time';

# -- others that refuse -------------------------------------------------------

is_problem($t->get('/denied/surveys'), 403, 'deny');
is_problem($t->h2('/denied/surveys'), 403, 'deny, HTTP/2');
is_problem($t->post('/denied/surveys', {}), 403, 'deny, a POST');
$t->get('/limited/surveys');
is_problem($t->get('/limited/surveys'), 503, 'limit_req');
is_problem($t->get('/limited-429/surveys'), 429, 'limit_req_status 429');
my $basic = $t->get('/basic/surveys');
is_problem($basic, 401, 'auth_basic');
like $basic->{headers}{'www-authenticate'} // '', qr/Basic/,
    'its challenge is kept';
is_problem($t->get('/ask/surveys'), 403, 'auth_request');
is_problem($t->get('/returned/x'), 404, 'return with a text');
is_problem($t->get('/if/x?no=1'), 403, 'return in an if');
is $t->get('/if/surveys')->{status}, 401, 'no return: our own handler';
is_problem($t->post('/except/surveys', {}), 403, 'limit_except');
is $t->get('/except/surveys')->{status}, 401, 'not excepted: our own';
is_problem($t->get('/adminsurveys'), 404, 'a path beside the prefix');

my $short = $t->get('/except?x=1');
is $short->{status}, 301, 'the prefix without its slash';
like $short->{headers}{location}, qr{^http://[^/]+/except/\?x=1$},
    'leads to it';
is_problem($t->get('/rewritten/x'), 404, 'a rewrite that leads elsewhere')
    if $rewrite;

my $added = $t->get('/added/x');
is_problem($added, 403, 'with add_header');
is $added->{headers}{'x-added'}, 'yes', 'which still acts';

my $foo = $t->request('FOO', '/admin/surveys');
is_problem($foo, 405, 'a method that nobody knows');
like $foo->{headers}{allow} // '', qr/GET/, 'with Allow';

my $no_body = $t->head('/denied/surveys');
is $no_body->{status}, 403, 'HEAD';
is $no_body->{body}, '', 'has no body';
is $no_body->{type}, 'application/problem+json', 'but its type';
like $t->raw("HEAD /denied/x HTTP/1.1\r\nHost: x\r\n\r\n"
             . "GET /test-is-up HTTP/1.0\r\n\r\n"),
    qr{^HTTP/1\.1 403.*?\r\n\r\nHTTP/1\.1 204}s, 'and the connection goes on';

# -- CORS ---------------------------------------------------------------------

my $ours = $t->get('/denied/x', headers => {Origin => 'https://shop.example'});
is $ours->{headers}{'access-control-allow-origin'}, 'https://shop.example',
    'an allowed origin may read the problem';
like $ours->{headers}{vary} // '', qr/Origin/, 'Vary';
my $foreign = $t->get('/denied/x',
                      headers => {Origin => 'https://bad.example'});
is $foreign->{headers}{'access-control-allow-origin'}, undef,
    'another may not';

# -- what is not ours ---------------------------------------------------------

is $t->get('/nothing')->{body}, "the site's own page", 'error_page elsewhere';
is $t->get('/own/x')->{body}, 'asked for', "a location's own error_page";

# A subrequest gets no data: the location that asked has other rules.
is $t->get('/asks-us/x', key => 1)->{status}, 403, 'a subrequest is refused';

done_testing;
