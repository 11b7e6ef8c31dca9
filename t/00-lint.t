#!/usr/bin/perl

# Each wall of the design can be broken and is then reported; none is.

use strict;
use warnings;

use FindBin;
use Test::More;

chdir "$FindBin::Bin/.." or die $!;

for my $mode ('--prove', '') {
    my @lines = split /\n/, `build-aux/lint $mode 2>&1`;
    is $?, 0, "build-aux/lint $mode ends well";
    for my $i (grep { $lines[$_] =~ /^(?:not )?ok - / } 0 .. $#lines) {
        my ($ok, $name) = $lines[$i] =~ /^(not )?ok - (.*)/;
        ok !$ok, $mode ? "can fail: $name" : $name or diag join "\n",
            map { s/^  //r } grep { /^  / } @lines;
    }
}

done_testing;
