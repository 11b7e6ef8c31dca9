#!/usr/bin/perl

# cxmctl backup and restore: hot copies that are whole, what a restore refuses,
# and that no restore brings an erased person back.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Archive::Tar;
use CXM;
use CXM::Clients;
use CXM::Fault;
use Fcntl qw(:flock);
use File::Copy qw(copy);
use File::Path qw(remove_tree);
use JSON::PP ();
use Mojo::JSON qw(decode_json encode_json);
use Test::More;

my $rounds = 5;
my $ctl = CXM::cxmctl_path();
my $forge = CXM::Fault::program('forge');
srand(my $seed = $ENV{CXM_SEED} || time);
note "CXM_SEED=$seed";

my $t = CXM->new;
my $dir = $t->dir;
my $server = $t->key('server');
my ($n, @kept) = (0);

sub ctl { CXM::run($ctl, @_) }
sub one_line { like $_[0], qr/\Acxmctl: [^\n]+\n\z/, "$_[1]: one clear line" }

sub backup {
    my ($file, @args) = @_;
    my ($rc, $out, $err) = $t->cxmctl('backup', @args, $file);
    is $rc, 0, "backup @args" or diag $err;
    my ($head) = $out =~ /^head (\d+:[0-9a-f]{32})$/m;
    return $head // '';
}

# A directory that has the master key and nothing else.
sub target {
    my $to = "$dir/restored-" . ++$n;
    mkdir $to, 0700;
    copy($t->store_dir . '/master.key', "$to/master.key");
    chmod 0600, "$to/master.key";
    return $to;
}

sub restore {
    my ($to, @args) = @_;
    return ctl('-d', $to, 'restore', @args, '--user', CXM::user());
}

sub restored {
    my ($what, @args) = @_;
    my $to = target();
    my ($rc, $out, $err) = restore($to, @args);
    is $rc, 0, "$what: restored" or diag $err;
    my ($v, $said, $why) = ctl('-d', $to, 'verify');
    is $v, 0, "$what: verify" or diag "$said$why";
    return $to;
}

# Another nginx on a restored store.
sub served {
    my ($to) = @_;
    my $u = CXM->new(store => $to, admin_key => $t->admin_key);
    push @kept, $u;
    return $u;
}

# -- what is refused before anything is done ----------------------------------

subtest 'usage' => sub {
    for my $args (['backup'], [qw(backup a b)], [qw(backup --keys)],
                  ['restore'], [qw(restore a b)], [qw(restore a --keys)],
                  [qw(erasures a b)])
    {
        is +(ctl('-d', $t->store_dir, @$args))[0], 2, "@$args";
    }
    my ($rc, $out, $err) = $t->cxmctl('backup', "$dir/none/x.tar");
    is $rc, 1, 'nowhere to write';
    one_line($err, 'nowhere');
    ($rc, $out, $err) = restore(target(), "$dir/none.tar");
    is $rc, 1, 'nothing to read';
    one_line($err, 'nothing');
};

# -- hot, five times ----------------------------------------------------------

my $clients = CXM::Clients->new(t => $t, n => 3)->start;
ok $clients->progress(20), 'clients write';

sub count {
    my ($u) = @_;
    return $u->get('/admin/metrics/nps?survey=shared', key => 1)->{json}{n};
}

for my $round (1 .. $rounds) {
    my $before = count($t);
    my $head = backup("$dir/hot-$round.tar");
    my $after = count($t);
    ok $clients->progress(20), "round $round: writes go on";

    my $to = restored("round $round", "$dir/hot-$round.tar");
    my ($rc, $out, $err) = $t->cxmctl('verify', '--head', $head);
    is $rc, 0, "round $round: the backup's head is in the journal"
        or diag "$out$err";
    my $u = served($to);
    my $now = count($u);
    cmp_ok $now, '>=', $before, "round $round: what was there is there";
    cmp_ok $now, '<=', $after, "round $round: and nothing from later";
    $u->stop;
    remove_tree($to);
}

my $record = $clients->stop;

# -- all of it ----------------------------------------------------------------

# Things to be read, of somebody whose keys come too.
$t->post('/s/shared/responses', {answers => {nps => 4, why => 'known'},
    respondent => {customer_id => "c-$_"}}, key => $server) for 1 .. 3;

my @asked = ('/admin/surveys', '/admin/metrics/nps?survey=shared&by=plan',
             '/admin/metrics/nps?survey=shared&bucket=hour',
             '/admin/metrics/touchpoints?by=type', '/admin/keys',
             '/admin/responses?customer_id=c-1',
             '/admin/responses?survey=shared&limit=500');

sub told {
    my ($u) = @_;
    return {map { $_ => $u->get($_, key => 1)->{body}
                      =~ s/"next":"[^"]*"/"next":1/r } @asked};
}

my $now = told($t);
my $data = "$dir/all.tar";
my $head = backup($data);
backup("$dir/keys.tar", '--keys');

subtest 'the files' => sub {
    for my $file ($data, "$dir/keys.tar") {
        is sprintf('%04o', (stat $file)[2] & 07777), '0600', 'mode 0600';
    }
    is_deeply [glob "$dir/*.new*"], [], 'nothing else is left';
    my $tar = Archive::Tar->new($data);
    is_deeply [$tar->list_files], ['data', 'manifest.json'], 'members';
    my $manifest = decode_json($tar->get_content('manifest.json'));
    is $manifest->{what}, 'data', 'says what it is';
    is "$manifest->{head}:$manifest->{link}", $head, 'up to where';
    is $manifest->{files}[0]{size}, length $tar->get_content('data'), 'sizes';
    unlike $tar->get_content('data'), qr/\Q$_/, "no clear text: $_"
        for 'known', 'c-1';
    my $secret = CXM::slurp($t->store_dir . '/master.key');
    is index(CXM::slurp("$dir/keys.tar"), $secret), -1, 'no master key';
};

subtest 'restored with keys' => sub {
    my $to = restored('all', $data, '--keys', "$dir/keys.tar");
    my $u = served($to);
    is_deeply told($u), $now, 'every list and figure as it was';
    my @mode = map { sprintf '%s %04o', s/.*\///r, (stat)[2] & 07777 }
        grep { !/archive|files/ } glob "$to/*";
    is_deeply \@mode, [map { "$_ 0600" }
        qw(data data-lock keys master.key running visitors)],
        'files of a store, for nobody else';

    my %had = map { $_ => decode_json((ctl('-d', $_, 'stat'))[1]) }
        $to, $t->store_dir;
    isnt $had{$to}{epoch}, $had{$t->store_dir}{epoch}, 'a new epoch';
    is $had{$to}{uuid}, $had{$t->store_dir}{uuid}, 'of the same store';
    cmp_ok $had{$to}{persons}, '>', $had{$t->store_dir}{persons},
        'past all slots of the keys';

    # what clients retry, with ids and keys of before
    local $clients->{t} = $u;
    $clients->publish;
    $clients->check_retries($record, 'restored: ');
    $u->stop;
    is +(ctl('-d', $to, 'verify', '--head', $head))[0], 0, 'and sound';
};

subtest 'restored without keys' => sub {
    my $to = target();
    my ($rc, $out, $err) = restore($to, $data);
    is $rc, 0, 'restored';
    like $err, qr/keys of \d+ persons are not there/, 'says what is missing';
    my $u = served($to);
    my $told = told($u);
    is $told->{$_}, $now->{$_}, "as it was: $_" for @asked[0 .. 4];
    my @items = @{decode_json($told->{$asked[-1]})->{items}};
    my @read = grep { defined $_->{answers}{why} } @items;
    is scalar @read, 0, 'no text can be read';
    is scalar @items,
        scalar @{decode_json($now->{$asked[-1]})->{items}}, 'all are listed';

    my $reply = $u->post('/s/shared/responses', {answers =>
        {nps => 9, why => 'anew'}, respondent => {customer_id => 'c-1'}},
        key => $server);
    is $reply->{status}, 201, 'a person answers again';
    is $u->get('/admin/responses?customer_id=c-1', key => 1)
        ->{json}{items}[0]{answers}{why}, 'anew', 'and can be read';
    $u->stop;
    is +(ctl('-d', $to, 'verify'))[0], 0, 'sound';
};

# -- targets ------------------------------------------------------------------

subtest 'targets' => sub {
    my $to = target();
    $t->write_file("restored-$n/notes", 'mine');
    my ($rc, $out, $err) = restore($to, $data);
    is $rc, 1, 'a directory that is not empty';
    one_line($err, 'not empty');
    is CXM::slurp("$to/notes"), 'mine', 'is left alone';
    ok !-e "$to/restore.new", 'with nothing in it';

    ($rc, $out, $err) = restore($t->store_dir, $data);
    is $rc, 1, 'a store';
    one_line($err, 'a store');
    is $t->get('/admin/surveys', key => 1)->{status}, 200, 'goes on';

    mkdir "$dir/empty";
    ($rc, $out, $err) = restore("$dir/empty", $data);
    is $rc, 1, 'without the master key';
    like $err, qr/\Acxmctl: [^\n]*key file [^\n]*missing[^\n]*\n\z/,
        'one clear line';
    ok !-e "$dir/empty/data", 'no store';

    ($rc, $out, $err) = ctl('-d', "$dir/elsewhere", '-k',
        $t->store_dir . '/master.key', 'restore', $data, '--user',
        CXM::user());
    is $rc, 0, 'a directory is made, the key lies elsewhere' or diag $err;
    is sprintf('%04o', (stat "$dir/elsewhere")[2] & 07777), '0700',
        'mode 0700';

    $to = target();
    $t->write_file("restored-$n/master.key", 'x' x 32);
    chmod 0600, "$to/master.key";
    ($rc, $out, $err) = restore($to, $data);
    is $rc, 1, 'another master key';
    ok !-e "$to/data", 'no store';
};

SKIP: {
    skip 'only root gives files away', 1 if $> != 0;
    subtest 'whose files' => sub {
        my ($uid) = (getpwnam 'nobody')[2];
        my $to = target();
        my ($rc, $out, $err) = ctl('-d', $to, 'restore', $data, '--keys',
            "$dir/keys.tar", '--user', 'nobody');
        is $rc, 0, 'restored for another user' or diag $err;
        my @others = grep { (stat $_)[4] != $uid && !/master.key/ }
            $to, glob "$to/*";
        is "@others", '', 'everything is his';

        mkdir "$dir/roots", 0700;
        ($rc, $out, $err) = ctl('-d', $to, 'backup', "$dir/roots/b.tar");
        is $rc, 0, 'his store, into a directory of root\'s' or diag $err;
        is +(stat "$dir/roots/b.tar")[4], 0, 'the backup is root\'s';
        @others = grep { (stat $_)[4] != $uid && !/master.key/ }
            glob "$to/*";
        is "@others", '', 'no file of the store has become root\'s';
    };
}

# -- damage -------------------------------------------------------------------

sub write_bytes {
    my ($name, $bytes) = @_;
    return $t->write_file($name, $bytes);
}

sub refused {
    my ($what, $file, @args) = @_;
    my $to = target();
    my ($rc, $out, $err) = restore($to, $file, @args);
    is $rc, 1, "$what: refused";
    like $err, qr/\A(?:cxmctl: \[alert\] [^\n]+\n)*cxmctl: restore: [^\n]+\n\z/,
        "$what: one clear line";
    is_deeply [map { s/.*\///r } glob "$to/*"], ['master.key'],
        "$what: nothing is left";
    remove_tree($to);
}

subtest 'damaged backups' => sub {
    my $bytes = CXM::slurp($data);
    my $tar = Archive::Tar->new($data);
    my $size = length $tar->get_content('data');
    my $at = 512 + int(($size + 511) / 512) * 512;      # the next header

    # content and names; the time of a member is nobody's business
    for my $i (1 .. 12) {
        my $place = $i <= 8 ? 512 + int rand $size
                  : $i <= 10 ? int rand 90
                  : $at + 512 + int rand 200;
        my $bad = $bytes;
        substr($bad, $place, 1) ^= chr(1 << int rand 8);
        refused("a flipped bit at $place", write_bytes('bad.tar', $bad));
    }
    refused('cut', write_bytes('bad.tar', substr $bytes, 0, $_))
        for 0, 100, 512, 5000, $at, $at + 600;
    refused('no tar', write_bytes('bad.tar', 'x' x 20000));

    my $manifest = decode_json($tar->get_content('manifest.json'));
    my $seal = sub {
        my ($m) = @_;
        delete $m->{blake2b};
        my $file = write_bytes('sum', JSON::PP->new->canonical->encode($m));
        ($m->{blake2b}) = (CXM::run(qw(b2sum -l 256), $file))[1] =~ /^(\w+)/;
        return $m;
    };
    is_deeply $seal->({%$manifest}), $manifest, 'the manifest\'s own sum';
    my $with = sub {
        my ($change) = @_;
        my $m = decode_json(encode_json($manifest));
        $change->($m);
        $seal->($m);
        my $other = Archive::Tar->new;
        $other->add_data('data', $tar->get_content('data'));
        $other->add_data('manifest.json', encode_json($m));
        return $other;
    };
    my %lies = (
        'a newer format' => sub { $_[0]{format} = 2 },
        'no format'      => sub { delete $_[0]{format} },
        'of keys'        => sub { $_[0]{what} = 'keys' },
        'another head'   => sub { $_[0]{link} = '00' x 16 },
        'a later head'   => sub { $_[0]{head} += 1000 },
        'another store'  => sub { $_[0]{store} =~ tr/0-9a-f/1-9a-f0/ },
        'another sum'    => sub {
            $_[0]{files}[0]{blake2b} =~ tr/0-9a-f/1-9a-f0/;
        },
        'another size'   => sub { $_[0]{files}[0]{size}++ },
        'no such file'   => sub {
            push @{$_[0]{files}}, {%{$_[0]{files}[0]}, name => 'files/x'} },
        'no files'       => sub { $_[0]{files} = [] },
        'slots'          => sub { $_[0]{erased} = ['x'] },
        'way out'        => sub { $_[0]{files}[0]{name} = '../data' },
    );
    for my $lie (sort keys %lies) {
        $with->($lies{$lie})->write("$dir/bad.tar");
        refused("manifest: $lie", "$dir/bad.tar");
    }

    for my $name ('../evil', '/tmp/evil', 'archive/../../evil', 'data/x',
                  'archive/', 'archive/.x', "files/a\nb", 'keys', 'latch',
                  'master.key')
    {
        my $other = Archive::Tar->new($data);
        my $member = Archive::Tar::File->new(data => 'name', 'x');
        $member->{name} = $name;
        $member->{prefix} = '';
        $other->remove('manifest.json');
        $other->add_files($member);
        $other->write("$dir/bad.tar");
        refused("a member \"$name\"" =~ s/\n/ /r, "$dir/bad.tar");
    }
    ok !-e "$dir/evil" && !-e '/tmp/evil', 'nothing came out of the target';

    my $link = Archive::Tar->new;
    $link->add_data('data', '', {type => 2, linkname => '/etc/passwd'});
    $link->write("$dir/bad.tar");
    refused('a link', "$dir/bad.tar");

    refused('a backup of keys', "$dir/keys.tar");
    refused('keys that are data', $data, '--keys', $data);
    refused('a list that is none', $data, '--erasures', $data);

    my $u = CXM->new(start => 0);
    is +($u->cxmctl('backup', '--keys', "$dir/others-keys.tar"))[0], 0,
        'another store';
    is +($u->cxmctl('erasures', "$dir/others.json"))[0], 0, 'and its list';
    refused('its keys', $data, '--keys', "$dir/others-keys.tar");
    refused('its list', $data, '--erasures', "$dir/others.json");
};

# -- interruptions ------------------------------------------------------------

subtest 'kill -9 during a backup' => sub {
    my ($killed, $file) = (0, "$dir/killed.tar");
    for my $name (qw(pwrite64 writev write fsync rename)) {
        for my $i (1, 2, 3) {
            my ($rc) = CXM::run('strace', '-f', '-qq', '-o', '/dev/null',
                '-e', "inject=$name:signal=KILL:when=$i", $ctl, '-d',
                $t->store_dir, 'backup', $file);
            last if $rc == 0;
            is $rc, 137, "killed at $name $i";
            # only the name's own sync comes after the name
            restored("$name $i, whole", $file) if -e $file;
            ok !-e $file || "$name $i" eq 'fsync 2',
                'no backup of that name';
            unlink $file;
            $killed++;
        }
        unlink $file;
    }
    cmp_ok $killed, '>=', 6, 'kills';
    backup($file);
    is_deeply [glob "$file.*"], [], 'the next one leaves nothing of them';
    restored('after kills', $file);
} if !$ENV{CXM_SANITIZERS};

subtest 'kill -9 during a restore' => sub {
    my $killed = 0;
    for my $name (qw(write fsync fdatasync pwrite64 rename)) {
        for my $i (1, 2, 4, 5) {
            my $to = target();
            my @command = ($ctl, '-d', $to, 'restore', $data, '--keys',
                           "$dir/keys.tar", '--user', CXM::user());
            my ($rc) = CXM::run('strace', '-f', '-qq', '-o', '/dev/null',
                '-e', "inject=$name:signal=KILL:when=$i", @command);
            last if $rc == 0;
            is $rc, 137, "killed at $name $i";
            $killed++;
            if (-e "$to/data") {
                is +(ctl('-d', $to, 'verify'))[0], 0, 'a whole store';
            } else {
                is +(CXM::run(@command))[0], 0, 'the next one does it';
                is +(ctl('-d', $to, 'verify'))[0], 0, 'and is sound';
            }
            remove_tree($to);
        }
    }
    cmp_ok $killed, '>=', 10, 'kills';
} if !$ENV{CXM_SANITIZERS};

subtest 'a full disk' => sub {
    for my $at (['pwrite64', 'full.tar.new.copy', 2],
                ['write', 'full.tar.new', 2], ['write', 'full.tar.new', 1],
                ['fsync', 'full.tar.new', 1])
    {
        my ($name, $file, $i) = @$at;
        my ($rc, $out, $err) = CXM::run('strace', '-f', '-qq', '-o',
            '/dev/null', '-P', "$dir/$file", '-e',
            "inject=$name:error=ENOSPC:when=$i+", $ctl, '-d', $t->store_dir,
            'backup', "$dir/full.tar");
        is $rc, 1, "$name of $file: no backup";
        like $err, qr/disk[_ ]full|the disk is full/, 'says so';
        is_deeply [glob "$dir/full.tar*"], [], 'leaves nothing';
        unlink glob "$dir/full.tar*";
    }
    my ($rc, $out, $err) = $t->cxmctl('stat');
    ok !decode_json($out)->{latched}, 'it does not latch the store';
} if !$ENV{CXM_SANITIZERS};

SKIP: {
    mkdir "$dir/small";
    my ($rc, $out, $err) = CXM::run('mount', '-t', 'tmpfs', '-o', 'size=4k',
                                    'tmpfs', "$dir/small");
    skip "no tmpfs can be mounted: $err", 1 if $rc != 0;
    ($rc, $out, $err) = $t->cxmctl('backup', "$dir/small/b.tar");
    is $rc, 1, 'no room from the start';
    like $err, qr/disk_full: about \d+ MiB are needed/, 'says how much';
    is_deeply [glob "$dir/small/*"], [], 'leaves nothing';
    CXM::run('umount', '-l', "$dir/small");
}

subtest 'two at a time' => sub {
    open my $held, '>', "$dir/two.tar.new" or die;
    flock $held, LOCK_EX or die;
    my ($rc, $out, $err) = $t->cxmctl('backup', "$dir/two.tar");
    is $rc, 1, 'one file is written by one process';
    one_line($err, 'two');
    close $held;
    backup("$dir/two.tar");
};

# -- history that left the journal --------------------------------------------

subtest 'volumes and checkpoints' => sub {
    my ($rc, $out, $err) = CXM::run($forge, $t->store_dir, 'checkpoint');
    is $rc, 0, 'a checkpoint' or diag $err;
    $t->write_file('store/archive/new-1.tmp', 'left by a crash');
    backup("$dir/history.tar");
    my @names = Archive::Tar->new("$dir/history.tar")->list_files;
    is scalar(grep { m{^archive/journal-\d{20}-\d{20}$} } @names), 1,
        'a volume';
    is scalar(grep { m{^checkpoint/tables-\d{20}$} } @names), 1, 'tables';
    is scalar @names, 4, 'and no more';

    my $to = restored('history', "$dir/history.tar", '--keys',
                      "$dir/keys.tar");
    ($rc, $out, $err) = ctl('-d', $to, 'verify', '--all');
    is $rc, 0, 'proved by its own volumes' or diag "$out$err";

    # keyed hashes of names are not in the file of tables either
    my @hashes = (CXM::run($forge, $t->store_dir, 'dump'))[1]
        =~ /^index 05(?:01|03)(\w{32}) /mg;
    cmp_ok scalar @hashes, '>', 0, 'names';
    my $tables = (CXM::run($forge, $t->store_dir, 'tables'))[1];
    cmp_ok length $tables, '>', 1000, 'the tables';
    is scalar(grep { $tables =~ /$_/ } @hashes), 0, 'none of them';
};

# -- nobody comes back --------------------------------------------------------

subtest 'erased, and restored from before' => sub {
    my $mail = 'canary.bird@example.org';
    my $said = 'the canary sang xyzzy';
    my $id = $t->post('/s/shared/responses', {answers =>
        {nps => 2, why => $said}, respondent => {email => $mail}},
        key => $server)->{json}{id};
    my $count = count($t);
    my $name = sub {
        my ($store) = @_;
        return (CXM::run($forge, $store, 'text'))[1] =~ /\Q$said/;
    };
    my @names = (CXM::run($forge, $t->store_dir, 'dump'))[1]
        =~ /^index 0503(\w{32}) /mg;

    backup("$dir/before.tar");
    backup("$dir/before-keys.tar", '--keys');
    my $bytes = CXM::slurp("$dir/before.tar");
    is scalar(grep { index($bytes, pack 'H*', $_) >= 0 } @names), 0,
        'none of the ' . @names . ' hashes of names is in the backup';

    my $reply = $t->post('/admin/privacy/erasures', {email => $mail},
                         key => 1);
    is $reply->{status}, 201, 'erased';
    my ($slot) = @{$reply->{json}{slots}};
    is +($t->cxmctl('erasures', "$dir/erasures.json"))[0], 0, 'the list';
    is sprintf('%04o', (stat "$dir/erasures.json")[2] & 07777), '0600',
        'is for nobody else';
    ok scalar(grep { $_ == $slot }
        @{decode_json(CXM::slurp("$dir/erasures.json"))->{erased}}),
        'has it';
    my $now = qr/"(?:made_at|blake2b)":"[^"]*"/;
    is +($t->cxmctl('erasures'))[1] =~ s/$now//gr,
        CXM::slurp("$dir/erasures.json") =~ s/$now//gr, 'the same on stdout';
    backup("$dir/after-keys.tar", '--keys');

    my %from = (
        'keys of before, with the list' =>
            ['--keys', "$dir/before-keys.tar", '--erasures',
             "$dir/erasures.json"],
        'keys of after' => ['--keys', "$dir/after-keys.tar"],
        'no keys, with the list' => ['--erasures', "$dir/erasures.json"],
    );
    for my $what (sort keys %from) {
        my $to = restored($what, "$dir/before.tar", @{$from{$what}});
        ok !$name->($to), "$what: the text cannot be read";
        my $dump = (CXM::run($forge, $to, 'dump'))[1];
        my @found = grep { $dump =~ /0503$_/ } @names;
        is scalar @found, 0, "$what: nothing leads to it"
            if $what !~ /keys of/;
        my $u = served($to);
        my $answer = $u->get("/admin/responses/$id", key => 1)->{json};
        ok $answer->{erased}, "$what: the answer says so";
        is $answer->{answers}{why}, undef, "$what: without its text";
        is $answer->{answers}{nps}, 2, "$what: counted";
        is count($u), $count, "$what: as before";
        is scalar @{$u->get("/admin/responses?email=$mail", key => 1)
            ->{json}{items}}, 0, "$what: nobody has the name";
        is $u->get('/admin/privacy/erasures?limit=500', key => 1)
            ->{json}{items}[-1]{state}, 'erased', "$what: and a receipt";
        $u->stop;

        # and on: the list of the restored store has it too
        my ($rc, $list) = ctl('-d', $to, 'erasures');
        ok scalar(grep { $_ == $slot } @{decode_json($list)->{erased}}),
            "$what: known from now on";
        remove_tree($to);
    }

    my $to = restored('with keys of before alone', "$dir/before.tar",
                      '--keys', "$dir/before-keys.tar");
    ok $name->($to), 'without the list it is back: hence the list';
};

$_->stop for @kept;
done_testing;
