#!/usr/bin/perl

# Requests that another site makes a browser send are refused.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
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

done_testing;
