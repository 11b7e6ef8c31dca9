#!/usr/bin/perl

# t/lib/CXM.pm itself: what it promises to other tests, above all that it
# cannot miss an alert or a report.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Test::More;

my $t = CXM->new(conf => {h2 => 1, locations => <<'END'});
    location = /hello { default_type application/json; return 200 '{"a":1}'; }
END

my $reply = $t->get('/hello');
is $reply->{status}, 200, 'get';
is_deeply $reply->{json}, {a => 1}, 'json is decoded';
is $t->get('/hello', headers => {Accept => 'x'})->{headers}{'content-length'},
    7, 'headers by lower-case name';
is $t->h2('/hello')->{json}{a}, 1, 'HTTP/2';
like $t->raw("GET /hello HTTP/1.0\r\n\r\n"), qr/\{"a":1\}\z/, 'raw';
like $t->key('viewer'), qr/^cxm_/, 'a key by cxmctl';

my @workers = $t->workers;
is scalar @workers, 2, 'two workers';
$t->reload;
is scalar(grep { my $old = $_; grep { $_ == $old } @workers } $t->workers), 0,
    'reload: other workers';

$t->no_alerts;
my $dir = $t->dir;
is_deeply [$t->unclean], [], 'clean log';

my ($worker) = $t->workers;
kill 'KILL', $worker;
CXM::until_true(10, sub { $t->error_log =~ /exited on signal 9/ });
cmp_ok scalar($t->unclean), '>=', 1, 'a crash is seen';
$t->expect_alerts(qr/exited on signal 9/);
is_deeply [$t->unclean], [], 'unless it was announced';

$t->write_file('sanitizer.1', "ERROR: AddressSanitizer\n");
cmp_ok scalar($t->unclean), '>=', 1, 'a sanitizer file is seen';
unlink "$dir/sanitizer.1";

$t->stop;
is_deeply [$t->workers(master => 1, all => 1)], [], 'stopped';
$t->start;
is $t->get('/hello')->{status}, 200, 'started again on the same store';

# A test file that overlooks a crash fails all the same.
my $script = $t->write_file('overlooks.t', <<"END");
use lib '$FindBin::Bin/lib';
use CXM;
use Test::More tests => 1;
my \$t = CXM->new;
my (\$worker) = \$t->workers;
kill 'KILL', \$worker;
CXM::until_true(10, sub { \$t->error_log =~ /exited on signal 9/ });
pass;
END
my ($rc, $out, $err) = CXM::run($^X, $script);
is $rc, 70, 'an overlooked crash fails the file';
like $err, qr/exited on signal 9/, 'and it says why';
my ($left) = $err =~ /left in (\S+):/;
File::Path::remove_tree($left) if $left;

# Nothing of it stays.
my $second = CXM->new(conf => {daemon => 'on'});
my @pids = ($second->pid, $second->workers);
cmp_ok scalar @pids, '==', 3, 'a daemon with two workers';
my $place = $second->dir;
undef $second;
is scalar(grep { CXM::alive($_) } @pids), 0, 'no process is left';
ok !-e $place, 'no directory is left';

done_testing;
