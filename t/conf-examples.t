#!/usr/bin/perl

# Every example is a whole configuration that nginx accepts, and the first
# one serves its page.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Test::More;

my @examples = glob "$CXM::TOP/conf-examples/*.conf";
cmp_ok scalar @examples, '>=', 1, 'there are examples';

my $t = CXM->new(start => 0);
my $dir = $t->dir;

for my $example (@examples) {
    my ($name) = $example =~ m{([^/]+)\z};
    my ($rc, $text, $err) = CXM::run("$CXM::TOP/build-aux/fill-conf",
                                     $example, $dir, CXM::free_port());
    is $rc, 0, "$name: filled in" or diag $err;
    my $file = $t->write_file($name, $text);
    ($rc, my $said) = $t->config_test($file);
    is $rc, 0, "$name: nginx -t" or diag $said;
    unlike $said, qr/\[(?:warn|emerg|alert)\]/, "$name: without a warning";
}

done_testing;
