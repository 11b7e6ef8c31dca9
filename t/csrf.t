#!/usr/bin/perl

# Requests that another site makes a browser send are refused.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use CXM::OpenApi;
use Mojo::JSON qw(decode_json);
use Test::More;

my $t = CXM->new(conf => {
    me => 'cxm_allow_origin https://friend.example;'});
my $own = $t->url;

# Without a session: signing in unnoticed is a change, too.
subtest 'where it comes from' => sub {
    my @cases = (
        [204, 'a program without a cookie'],
        [204, 'our own page', 'Sec-Fetch-Site' => 'same-origin',
         Origin => $own],
        [204, 'typed by hand', 'Sec-Fetch-Site' => 'none'],
        [204, 'an older browser', Origin => $own],
        [204, 'TLS ended in front of us', Origin => $own =~ s/http/https/r],
        [204, 'an allowed page', 'Sec-Fetch-Site' => 'same-site',
         Origin => 'https://friend.example'],
        [403, 'another page', 'Sec-Fetch-Site' => 'cross-site',
         Origin => 'https://evil.example'],
        [403, 'a page beside us', 'Sec-Fetch-Site' => 'same-site',
         Origin => 'http://127.0.0.1:1'],
        [403, 'older, another page', Origin => 'https://evil.example'],
        [403, 'older, another port', Origin => 'http://127.0.0.1:1'],
        [403, 'a sandbox', Origin => 'null'],
        [403, 'no origin at all', Origin => ''],
        [403, 'a name that ours begins with', Origin => "$own.evil.example"]);

    for (@cases) {
        my ($status, $name, %headers) = @$_;
        my $reply = $t->post('/me/logout', headers => \%headers);
        is $reply->{status}, $status, $name or diag $reply->{body};
        is $reply->{json}{code}, 'cross_site' if $status == 403;
    }
};

sub head { decode_json(($t->cxmctl('stat'))[1])->{head} }

# Every change that the document knows at /me/, with the cookie of somebody
# who is signed in: of all types and origins only JSON of our own comes in.
my %types = (
    'application/json' => 1, 'application/json; charset=utf-8' => 1,
    'text/plain' => 0, 'application/x-www-form-urlencoded' => 0,
    'multipart/form-data; boundary=x' => 0, 'text/html' => 0,
    'application/x-ndjson' => 0, 'application/octet-stream' => 0);
my %origins = (
    own     => {'Sec-Fetch-Site' => 'same-origin', Origin => $own},
    foreign => {'Sec-Fetch-Site' => 'cross-site',
                Origin => 'https://evil.example'},
    sandbox => {Origin => 'null'},
    none    => {});

my $api = CXM::OpenApi->new($t);
my @changes = grep { $_->{path} =~ m{^/me/} && $_->{method} ne 'GET' }
    $api->operations;
my $ann = CXM::Browser->new($t, email => 'ann@example.org')->join;
my %cookies = %{$ann->cookies};
my $before = head();
my ($cases, @wrong) = (0);

for my $operation (@changes) {
    my $path = $operation->{path} =~ s/\{\w+\}/0190a0b0-0000-7000-8000-000000000000/r;
    for my $origin (sort keys %origins) {
        for my $type (sort keys %types) {
            next if $origin eq 'own' && $types{$type};
            my $headers = {%{$origins{$origin}}, 'Content-Type' => $type,
                Cookie => join '; ', map { "$_=$cookies{$_}" } keys %cookies};
            my $expect = $origin eq 'own' ? 415 : 403;
            for my $body ('{"token":"x","email":"ann@example.org"}', '') {
                my $reply = $t->request($operation->{method}, $path,
                    headers => $headers, body => $body);
                $cases++;
                push @wrong, "$operation->{method} $path, $type, $origin: "
                    . "$reply->{status} $reply->{body}"
                    if $reply->{status} != $expect;
            }
        }
    }
}
cmp_ok scalar(@changes), '>', 10, 'all changes are tried';
ok !@wrong, "$cases cases" or diag join "\n", @wrong[0 .. 5];
is head(), $before, 'changed nothing';
is $ann->get('/me/')->{status}, 200, 'and nobody is signed out';

# From our own page as JSON each goes as far as what it says.
for my $operation (@changes) {
    my $path = $operation->{path} =~ s/\{\w+\}/0190a0b0-0000-7000-8000-000000000000/r;
    my $reply = $ann->request($operation->{method}, $path,
        $operation->{operation}{requestBody} ? (json => {}) : ());
    unlike $reply->{status}, qr/^(?:403|415|5)/, call_name($operation);
    %{$ann->cookies} = %cookies;
}

sub call_name { "$_[0]{method} $_[0]{path}" }

done_testing;
