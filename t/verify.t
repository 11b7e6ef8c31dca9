#!/usr/bin/perl

# cxmctl: what verify proves and disproves, and how the tool behaves.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use CXM::Fault;
use File::Path qw(remove_tree);
use Mojo::JSON qw(decode_json);
use Test::More;

my $flips = $CXM::SLOW > 1 ? 40 : 200;
srand(my $seed = $ENV{CXM_SEED} || time);
note "CXM_SEED=$seed";

my $t = CXM->new;
my $store = $t->store_dir;
my $copy = $t->dir . '/copy';
my $forge = CXM::Fault::program('forge');

# -- exit codes and words -----------------------------------------------------

sub ctl { CXM::run(CXM::cxmctl_path(), @_) }

sub usage_like {
    my ($why, @args) = @_;
    my ($rc, $out, $err) = ctl(@args);
    is $rc, 2, "usage: $why";
    like $err, qr/usage: cxmctl/, "usage: $why: says how";
    is $out, '', "usage: $why: nothing on stdout";
}

usage_like('no arguments');
usage_like('no verb', '-d', $store);
usage_like('no directory', 'verify');
usage_like('unknown verb', '-d', $store, 'frobnicate');
usage_like('unknown option', '-x');
usage_like('half a verb', '-d', $store, 'key');
usage_like('no role', '-d', $store, qw(key create));
usage_like('unknown role', '-d', $store, qw(key create --role king));
usage_like('role twice', '-d', $store,
           qw(key create --role viewer --role admin));
usage_like('days', '-d', $store, qw(key create --role viewer --days 0));
usage_like('a head that is none', '-d', $store, qw(verify --head 12));
usage_like('head of 0', '-d', $store, 'verify', '--head', '0:' . '00' x 16);
usage_like('left over', '-d', $store, qw(stat now));
is +(ctl('-h'))[0], 0, 'help is no error';

my @failed = ctl('-d', $t->dir . '/nothing', 'verify');
is $failed[0], 1, 'no store: 1';
like $failed[2], qr/\Acxmctl: [^\n]+\n\z/, 'no store: one clear line';

# -- init and keys ------------------------------------------------------------

sub modes {
    my ($dir) = @_;
    my %mode;
    for my $path ($dir, glob "$dir/*") {
        my @stat = stat $path;
        my $want = -d _ ? 0700 : 0600;
        $mode{$path} = sprintf '%04o', $stat[2] & 07777
            if ($stat[2] & 07777) != $want;
    }
    return \%mode;
}

is_deeply modes($store), {}, 'directories 0700, files 0600';

my ($rc, $out, $err) = $t->cxmctl('init', '--user', CXM::user());
is $rc, 1, 'init refuses a store that is there';
like $err, qr/\Acxmctl: [^\n]+\n\z/, 'in one clear line';
is $out, '', 'and prints no key';
is $t->get('/admin/surveys', key => 1)->{status}, 200,
    'the store is as it was';

my $full = $t->dir . '/full';
mkdir $full;
$t->write_file('full/something', 'x');
($rc, $out, $err) = ctl('-d', $full, 'init', '--user', CXM::user());
is $rc, 1, 'init refuses a directory that is not empty';
is CXM::slurp("$full/something"), 'x', 'and leaves it alone';

sub key_lines { my @l = split /\n/, $_[0]; return @l }

($rc, $out, $err) = $t->cxmctl(qw(key create --role analyst --name), 'An "a"');
is $rc, 0, 'key create';
my $key = (key_lines($out))[-1];
like $key, qr/\Acxm_[a-z2-7]{13}_[a-z2-7]{52}\z/,
    'the key is the last line';
is $t->get('/admin/surveys', key => $key)->{status}, 200, 'and works';
my (undef, $id, $secret) = split /_/, $key;

($rc, $out, $err) = $t->cxmctl(qw(key list));
is $rc, 0, 'key list';
is scalar(key_lines($out)), 2, 'a line for each key';
like $out, qr/\Q$id\E/, 'with its id';
like $out, qr/An \\"a\\"/, 'and name';
my @secrets = map { (split /_/, $_)[2] } $key, $t->admin_key;
unlike $out, qr/$_/, 'no secret' for @secrets;
is scalar(grep { exists decode_json($_)->{hash} } key_lines($out)), 0,
    'and no hash';
is scalar(grep { CXM::slurp($_) =~ /$secret/ } glob "$store/*"), 0,
    'the secret is in no file';

is +($t->cxmctl('key', 'revoke', $id))[0], 0, 'key revoke';
is $t->get('/admin/surveys', key => $key)->{status}, 401,
    'a revoked key: 401';
is +($t->cxmctl('key', 'revoke', 'aaaaaaaaaaaaa'))[0], 1,
    'revoke of a key that is none: 1';

my $soon = time + 3;
my @gmt = gmtime $soon;
my $reply = $t->post('/admin/keys', {role => 'viewer', expires_at =>
    POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', @gmt)}, key => 1);
is $reply->{status}, 201, 'a key that expires soon';
my $short = $reply->{json}{token};
CXM::until_true(20, sub {
    $t->get('/admin/surveys', key => $short)->{status} == 401 }, 0.2);
my $refused = $t->get('/admin/surveys', key => $short);
cmp_ok time, '>=', $soon, 'not before its time';
my $unknown = $t->get('/admin/surveys', key => 'cxm_' . 'a' x 13 . '_'
                                               . 'a' x 52);
is $refused->{status}, 401, 'an expired key: 401';
is $refused->{body}, $unknown->{body}, 'the same answer as for any other key';

# -- whose files --------------------------------------------------------------

SKIP: {
    skip 'only root gives files away', 1 if $> != 0;
    my $dir = $t->dir . '/given';
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
    ($rc, $out, $err) = ctl('-d', $dir, 'init', '--user', 'nobody');
    is $rc, 0, 'init for another user' or diag $err;
    my @others = grep { (stat $_)[4] != $uid } $dir, glob "$dir/*";
    is "@others", '', 'everything is his';
    is_deeply modes($dir), {}, 'and nobody else reads it';

    unlink "$dir/data-lock";
    for my $verb (['stat'], [qw(key create --role viewer)], ['verify']) {
        is +(ctl('-d', $dir, @$verb))[0], 0, "@$verb as root";
    }
    @others = grep { (stat $_)[4] != $uid } $dir, glob "$dir/*";
    is "@others", '', 'no file becomes root\'s';

    is +(ctl('-d', $t->dir . '/nobodys', 'init', '--user', 'no-such-user'))[0],
        1, 'an unknown user: 1';
    ok !-e $t->dir . '/nobodys', 'and nothing is made';
}

# -- the key file -------------------------------------------------------------

sub key_refused {
    my ($why, $like) = @_;
    my ($rc, $text) = $t->config_test;
    is $rc, 1, "$why: nginx -t refuses";
    my @lines = grep { /\[emerg\]/ } split /\n/, $text;
    is scalar @lines, 1, "$why: in one line" or diag $text;
    like $lines[0] // '', $like, "$why: that says why";
    ($rc, undef, my $err) = $t->cxmctl('stat');
    is $rc, 1, "$why: cxmctl refuses";
    like $err, qr/\Acxmctl: [^\n]*$like[^\n]*\n\z/, "$why: in one line";
}

$t->expect_alerts(qr/\[emerg\].*key/);
my $master = "$store/master.key";
chmod 0640, $master;
key_refused('readable by the group', qr/master\.key.*0640/);
chmod 0604, $master;
key_refused('readable by others', qr/master\.key.*0604/);
chmod 0600, $master;
rename $master, "$master.away";
key_refused('missing', qr/master\.key.*missing/);
symlink "$master.away", $master;
key_refused('a link', qr/master\.key.*link/);
unlink $master;
$t->write_file('store/master.key', 'short');
chmod 0600, $master;
key_refused('too short', qr/master\.key.*bytes/);
rename "$master.away", $master;
is +($t->config_test)[0], 0, 'with its key nginx -t passes';

# -- a store with something of everything -------------------------------------

is $t->put('/admin/surveys/v', CXM::Clients::definition('V'), key => 1)
    ->{status}, 201, 'a survey';
for my $n (1 .. 60) {
    my $reply = $t->post('/s/v/responses', {
        answers => {nps => $n % 11, why => "because $n " . 'y' x (8 * $n)},
        complete => \1, channel => (qw(web app email))[$n % 3],
        attributes => {plan => "p$n"}});
    $reply->{status} == 201 or die("an answer: $reply->{body}");
    $t->post('/b', {events => [map { {type => "t$_", id =>
        CXM::Clients::uuid()} } 1 .. 20]}) if $n % 10 == 0;
}
$t->post('/s/v/responses', {answers => {nps => 1}, complete => \1},
         headers => {'Idempotency-Key' => 'a-key-1'});

sub head_of {
    my ($text) = @_;
    return $text =~ /^head (\d+:[0-9a-f]{32})$/m ? $1 : 'none';
}

# While nginx has it open and writes.
my $clients = CXM::Clients->new(t => $t, n => 2)->start;
$clients->progress(20);
($rc, $out, $err) = $t->cxmctl('verify');
is $rc, 0, 'verify while nginx writes' or diag "$out$err";
is $err, '', 'no progress where there is no terminal';
my $early = head_of($out);
isnt $early, 'none', 'it prints the head';
$clients->progress(20);
$clients->stop;
$t->stop;

($rc, $out, $err) = $t->cxmctl('verify', '--head', $early);
is $rc, 0, 'a head seen before is still there' or diag "$out$err";
like $out, qr/\Asound: [1-9]\d* entries, [1-9]\d* rows\nhead \S+\n\z/,
    'what it says';
my $head = head_of($out);
my ($last) = $head =~ /^(\d+)/;

my ($link) = $head =~ /:(.*)/;
(my $other = $link) =~ tr/0-9a-f/1-9a-f0/;
($rc, $out) = $t->cxmctl('verify', '--head', "$last:$other");
is $rc, 1, 'another link at the head: 1';
like $out, qr/not sound: .*\b$last\b/, 'and it names the entry';

my $screen = `script -qec '@{[CXM::cxmctl_path()]} -d $store verify' /dev/null`;
like $screen, qr/\r\d+ of \d+/, 'progress on a terminal';
like $screen, qr/(\d+) of \1\s*\r?\n/, 'up to the end';

is scalar(grep { -d } glob "$store/verify-*"), 0, 'no scratch is left';

# -- forgeries ----------------------------------------------------------------

sub fresh_copy {
    remove_tree($copy);
    mkdir $copy, 0700;
    CXM::run('cp', '-a', '--sparse=always', map({ "$store/$_" }
        qw(data keys master.key)), $copy);
}

sub verify_copy {
    my (@args) = @_;
    unlink "$copy/data-lock";
    return CXM::run('timeout', 60 * $CXM::SLOW, CXM::cxmctl_path(), '-d',
                    $copy, 'verify', @args);
}

sub forged {
    my ($name, @command) = @_;
    fresh_copy();
    my ($rc, $out, $err) = CXM::run($forge, $copy, @command);
    die "forge @command: $err" if $rc != 0;
    my ($table, $row) = $out =~ /^(\w+) ([0-9a-f]+)$/m;
    ($rc, $out, $err) = verify_copy();
    is $rc, 1, "$name: verify fails";
    return ($table, $row, "$out$err");
}

my ($table, $row, $said) = forged('a counter with a good MAC', 'counter');
like $said, qr/not sound: table $table, row $row: /, 'it names table and row';
($table, $row, $said) = forged('an index row is gone', 'index');
like $said, qr/not sound: table $table, row $row: .*missing/,
    'it names table and row';
($table, $row, $said) = forged('the last entry is gone', 'drop', $last);
like $said, qr/journal entry $last\b/i, 'it names the entry';
my $middle = int($last / 2);
($table, $row, $said) = forged('an entry in the middle is gone', 'drop',
                               $middle);
like $said, qr/not sound: journal entry $middle\b/, 'it names the entry';

# A cut tail: an earlier state of the same store, consistent in itself.
{
    my $s = CXM->new(start => 0);
    my $old = $s->dir . '/old';
    CXM::run('cp', '-a', '--sparse=always', $s->store_dir, $old);
    $s->key('viewer') for 1 .. 3;
    ($rc, $out) = $s->cxmctl('verify');
    my $now = head_of($out);
    my ($n) = $now =~ /^(\d+)/;
    ($rc, $out) = ctl('-d', $old, 'verify');
    is $rc, 0, 'an old copy is sound in itself';
    ($rc, $out) = ctl('-d', $old, 'verify', '--head', $now);
    is $rc, 1, 'but not with the head that was seen';
    like $out, qr/not sound: journal entry $n was seen before and is gone/,
        'and it says what is missing';
}

# -- single bytes -------------------------------------------------------------

fresh_copy();
my $data = CXM::slurp("$copy/data");
my $dump = (CXM::run($forge, $copy, 'dump'))[1];
my %rows = map { my ($t, $k, $v) = split / /; ("$t $k" => pack 'H*', $v) }
    split /\n/, $dump;
cmp_ok scalar(grep { /^journal / } keys %rows), '==', $last,
    'a dump has every entry';

sub flip {
    my ($offset, $bit) = @_;
    fresh_copy();
    open my $file, '+<:raw', "$copy/data" or die "$copy/data: $!";
    seek $file, $offset, 0;
    print $file chr(ord(substr $data, $offset, 1) ^ $bit);
    close $file;
}

# In entries: it names the one.
my $named = 0;
my @entries = grep { /^journal / } sort keys %rows;
for my $try (1 .. 12) {
    my $name = $entries[rand @entries];
    my $seq = hex((split / /, $name)[1]);
    my $at = index $data, $rows{$name};
    next if $at < 0;
    # old pages hold the same bytes: the flip has to be in all of them
    fresh_copy();
    my $changed = $data;
    my $byte = int rand length $rows{$name};
    for (my $p = $at; $p >= 0; $p = index $data, $rows{$name}, $p + 1) {
        substr($changed, $p + $byte, 1) =
            chr(ord(substr $data, $p + $byte, 1) ^ 1 << int rand 8);
    }
    open my $file, '>:raw', "$copy/data" or die "$copy/data: $!";
    print $file $changed;
    close $file;
    my ($rc, $out, $err) = verify_copy();
    $named++;
    is $rc, 1, "entry $seq, byte $byte: verify fails";
    # byte 0 is the format's number: "not sound", or too new to be judged
    like "$out$err", qr/journal entry $seq\b/i,
        "entry $seq, byte $byte: and names it";
}
cmp_ok $named, '>=', 6, 'entries were changed';

# Anywhere: it fails, or nothing of what is stored has changed.
my %result = (failed => 0, unchanged => 0, crashed => 0);
my @served;
for my $try (1 .. $flips) {
    my ($offset, $bit) = (int rand length $data, 1 << int rand 8);
    flip($offset, $bit);
    my ($rc, $out, $err) = verify_copy('--head', $head);
    if ($rc == 0) {
        my ($rc, $now) = CXM::run($forge, $copy, 'dump');
        $result{unchanged}++;
        push @served, "offset $offset, bit $bit" if $now ne $dump;
    } elsif ($rc == 1) {
        $result{failed}++;
        push @served, "offset $offset, bit $bit: silent"
            if "$out$err" !~ /\S/;
    } else {
        $result{crashed}++;
        push @served, "offset $offset, bit $bit: exit $rc";
    }
}
is join("\n", @served), '', "$flips flipped bytes: none unnoticed";
note join ', ', map { "$_: $result{$_}" } sort keys %result;
cmp_ok $result{failed}, '>=', $flips / 20, 'and many of them mattered';

done_testing;
