#!/usr/bin/perl

# The list of breached passwords is what its package makes.

use strict;
use warnings;

use File::Compare qw(compare);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Test::More;

my $made = tempdir(CLEANUP => 1);
my ($rc, $out, $err) = CXM::run('node',
    "$CXM::TOP/build-aux/passwords/build.mjs", $made);
is $rc, 0, 'the list is made' or diag $err;
is compare("$made/cxm_breached_list.c",
           "$CXM::TOP/core/access/cxm_breached_list.c"), 0,
    'and core/access/cxm_breached_list.c is it';

done_testing;
