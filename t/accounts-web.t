#!/usr/bin/perl

# The pages of accounts in a browser: a link that was mailed, its token behind
# "#", a password that is refused, signing in.  t/web/account.mjs acts.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json to_json);
use Test::More;

my $t = CXM->new(conf => {
    http => 'log_format line "$request $http_referer";
        access_log access.log line;',
    locations => 'location / { default_type text/html;
        return 200 "<!doctype html><title>Site</title>"; }'});

subtest 'headers' => sub {
    my $reply = $t->get('/me/reset');
    is $reply->{type}, 'text/html; charset=utf-8';
    my $headers = $reply->{headers};
    like $headers->{'content-security-policy'},
        qr/^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/;
    unlike $headers->{'content-security-policy'}, qr/unsafe/;
    is $headers->{'referrer-policy'}, 'no-referrer';
    is $headers->{'cache-control'}, 'no-store';
    like $t->get('/me/reset', headers => {'Accept-Language' => 'de'})->{body},
        qr/<html lang="de">/;
    is $t->get('/me/verify?utm_source=mail')->{status}, 200;
    is $t->get('/me/cxm-account.js')->{type},
        'text/javascript; charset=utf-8';
};

my ($rc, $out, $err) = CXM::run('node', "$FindBin::Bin/web/account.mjs",
    to_json({url => $t->url, store => $t->store_dir,
             cxmctl => CXM::cxmctl_path(), slow => $CXM::SLOW,
             browser => $ENV{CXM_BROWSER} || '/usr/bin/chromium'}));
is $rc, 0, 'the browser ran' or diag $err;

for my $line (split /\n/, $out) {
    my $seen = decode_json($line);
    ok $seen->{ok}, $seen->{name} or diag $seen->{detail} // '';
}

unlike CXM::slurp($t->dir . '/access.log'), qr/token/,
    'no log has a token';
$t->sound;

done_testing;
