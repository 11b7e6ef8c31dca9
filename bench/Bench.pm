package Bench;

# What the programs of this folder share.

use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(dirname);
use POSIX ();
use Time::HiRes qw(time);

my $folder = dirname(__FILE__);

our @EXPORT_OK = qw(median fdatasync_us wrk_beacon filled worker_memory);

sub median {
    my @sorted = sort { $a <=> $b } @_;
    my $half = int(@sorted / 2);
    return @sorted % 2 ? $sorted[$half]
        : ($sorted[$half - 1] + $sorted[$half]) / 2;
}

# The median time of a 4 KiB write's fdatasync in a directory: what every
# durable reply waits for on this disk.
sub fdatasync_us {
    my ($dir) = @_;
    my $path = "$dir/fdatasync.tmp";
    open my $file, '+>', $path or die "$path: $!";
    my @times;
    for my $n (0 .. 299) {
        sysseek $file, 4096 * ($n % 100), 0;
        syswrite $file, 'x' x 4096;
        my $start = time;
        syscall(75, fileno $file) == 0 or die "fdatasync: $!";  # x86-64
        push @times, 1e6 * (time - $start);
    }
    unlink $path;
    return median(@times);
}

# Beacon POSTs of bench/beacon.lua: requests a second, and in a list also the
# 99th percentile in ms.
sub wrk_beacon {
    my ($t, $path, $connections, $seconds, $ids) = @_;
    my $out = join '', map { `$_` } "wrk -t1 -c$connections -d${seconds}s --timeout 30s"
        . " -s $folder/beacon.lua " . $t->url($path)
        . ' -- ' . ($ids // 'v7');
    my ($requests, $time, $bad, $p99) =
        $out =~ /^(\d+) ([\d.]+) (\d+) ([\d.]+)$/m or die "wrk: $out";
    die "$bad bad replies of $path" if $bad;
    return wantarray ? ($requests / $time, $p99) : $requests / $time;
}

# A store of so many answers to the survey "year", and nginx on it.
sub filled {
    my ($answers, %conf) = @_;
    my $t = CXM->new(start => 0, conf => {store => ' min_free=0', %conf});
    my $start = time;
    system(CXM::build_path() . '/bench/fill', $t->store_dir, $answers,
        $t->admin_key) == 0 or die 'fill failed: make bench builds it';
    printf "%8d answers written in %.0f s, %.0f/s\n", $answers,
        time - $start, $answers / (time - $start);
    $t->start;
    return $t;
}

# Private memory of a process in KiB, the LMDB map left out.
sub worker_memory {
    my ($pid) = @_;
    open my $smaps, '<', "/proc/$pid/smaps" or die "smaps of $pid: $!";
    my ($map, $sum) = ('', 0);
    while (<$smaps>) {
        $map = $1 if /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+ *(.*)$/;
        next if $map =~ m{/data$};
        $sum += $1 if /^Pss: +(\d+) kB/;
    }
    return $sum;
}

1;
