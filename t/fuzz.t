#!/usr/bin/perl

# Every fuzzer passes its committed inputs and a few seconds of new ones.
# `make fuzz` runs them longer.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use File::Temp qw(tempdir);
use Test::More;

# t/fuzz/fuzz_x.c has its inputs in t/fuzz/corpus/x
my @targets = map { m{([^/]+)\.c\z} } glob "$CXM::TOP/t/fuzz/fuzz_*.c";
plan skip_all => 'no fuzzers' unless @targets;

for my $target (@targets) {
    my $program = "$CXM::TOP/build/fuzz/$target";
    my $corpus = "$CXM::TOP/t/fuzz/corpus/" . $target =~ s/^fuzz_//r;
    my $new = tempdir("cxm-fuzz-XXXXXX", TMPDIR => 1, CLEANUP => 1);

    my @committed = glob "$corpus/*";
    cmp_ok scalar @committed, '>=', 1, "$target: has committed inputs";
    my ($rc, $out, $err) = CXM::run($program, '-max_total_time=5',
        '-timeout=10', "-artifact_prefix=$CXM::TOP/build/fuzz/$target-",
        $new, $corpus);
    is $rc, 0, "$target: 5 s" or diag substr $err, -4000;
}

done_testing;
