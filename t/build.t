#!/usr/bin/perl

# What `make build` leaves: three symbols, and a second build with no work.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Test::More;

chdir $CXM::TOP or die $!;

my ($module, $build) = (CXM->module_path, CXM->build_path);
my @symbols = sort map { (split)[-1] } `nm -D --defined-only $module`;
is_deeply \@symbols, [qw(ngx_module_names ngx_module_order ngx_modules)],
    'the module exports what nginx looks up, nothing else';

my $undefined = join '', grep { !/\b(?:ngx_|environ)/ }
    `ldd -r $module 2>&1 | grep 'undefined symbol'`;
is $undefined, '', 'every name that is not nginx\'s is in a library';

my $core = join '', grep { /ngx_/ } `nm -u $build/libcxm.a`;
is $core, '', 'libcxm needs nothing of nginx';

SKIP: {
    skip 'not the build of plain `make build`', 2
        if $ENV{CXM_NGINX} || CXM->build_path ne "$CXM::TOP/build";
    local $ENV{MAKEFLAGS} = '';
    local $ENV{MAKELEVEL} = 0;
    is `make build 2>&1`, '', 'make build has no work left';
    my ($header) = glob 'core/base/cxm_*.h';
    my @plan = `make -n -W $header build`;
    ok scalar(grep { /^echo 'NGINX .*\.so'/ } @plan)
       && scalar(grep { /libcxm\.a/ } @plan),
       "a change of $header rebuilds library and module";
}

done_testing;
