#!/usr/bin/perl

# cxm_retention: entries leave the journal when their time is over, what they
# counted stays, everything is archived and proved, and the store stops
# growing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use File::Path qw(remove_tree);
use Mojo::JSON qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep time);

sub figures {
    my ($t) = @_;
    my ($rc, $out, $err) = $t->cxmctl('stat');
    die "stat: $out$err" if $rc != 0;
    return decode_json($out);
}

sub archives {
    my ($t, @args) = @_;
    my ($rc, $out, $err) = $t->cxmctl('archives', @args);
    die "archives: $out$err" if $rc != 0;
    return map { decode_json($_) } split /\n/, $out;
}

sub volumes { grep { $_->{type} eq 'journal' } archives(@_) }

sub events {
    my ($t, $n) = @_;
    my $reply = $t->post('/b', {events => [map {
        {type => 'page_view', url => "/page/$_", title => "Page $_ " . 'x' x 190}
    } 1 .. $n]});
    die "events: $reply->{body}" if $reply->{status} != 200;
}

sub gone {
    my ($t, $seq) = @_;
    return CXM::until_true(60, sub { figures($t)->{whole_from} > $seq }, 0.2);
}

# The events that are there now have left, and one more.
sub events_gone {
    my ($t) = @_;
    my $head = figures($t)->{head};
    events($t, 1);
    return gone($t, $head);
}

sub answer { $_[0]->get("/admin/responses/$_[1]", key => 1)->{status} }

sub verify_ok {
    my ($t, $name, @args) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($rc, $out, $err) = $t->cxmctl('verify', @args);
    is $rc, 0, $name or diag "$out$err";
    return $out;
}

# -- without the directive ----------------------------------------------------

{
    my $t = CXM->new;
    events($t, 10);
    sleep 2;
    is figures($t)->{archived}, 0, 'no directive: nothing is archived';
    ok !-e $t->store_dir . "/$_", "no directive: no $_"
        for qw(archive checkpoint);
    is scalar(archives($t)), 0, 'no directive: an empty list';
}

# -- what goes and what stays -------------------------------------------------

my $t = CXM->new;
my $store = $t->store_dir;

is $t->put('/admin/surveys/r', CXM::Clients::definition('R'), key => 1)
    ->{status}, 201, 'a survey';

# Somebody listens for a while.
my $listener = $t->connect;
syswrite $listener, "GET /admin/stream?kinds=response HTTP/1.1\r\n"
    . "Host: localhost\r\nAuthorization: Bearer @{[$t->admin_key]}\r\n\r\n";

my %answer = (answers => {nps => 9, why => 'It was quick.'}, channel => 'web',
              respondent => {email => 'old@example.org'});
my @ids;
for my $n (1 .. 40) {
    my $id = CXM::Clients::uuid();
    my $reply = $t->post('/s/r/responses', {%answer, id => $id}, key => 1);
    $reply->{status} == 201 or die "an answer: $reply->{body}";
    push @ids, $id;
}
my $partial = $t->post('/s/r/responses',
                       {answers => {nps => 3}, complete => \0})->{json};
ok $partial->{token}, 'a partial answer';
my @asked = map {
    $t->post('/s/r/exposures', {channel => 'web'})->{json}{token}
} 1 .. 3;
is $t->post('/s/r/responses', {answers => {nps => 8}, exposure => $asked[0]})
    ->{status}, 201, 'an exposure is answered';
my $keyed = $t->post('/s/r/responses', {answers => {nps => 7}},
                     headers => {'Idempotency-Key' => 'kept-for-a-day'});
is $keyed->{status}, 201, 'an answer with an Idempotency-Key';
my ($event) = CXM::read_all($listener, 1) =~ /^id: (\S+)$/m;
close $listener;
ok $event, 'a listener gets an event';
events($t, 100) for 1 .. 3;
my ($seen) = verify_ok($t, 'verify: sound while all is there')
    =~ /^head (\S+)$/m;

my $nps = $t->get('/admin/metrics/nps?survey=r', key => 1)->{json};
my $touch = $t->get('/admin/metrics/touchpoints?by=type', key => 1)->{json};
is $nps->{n}, 43, 'answers count';
is $touch->{n}, 300, 'touchpoints count';
is answer($t, $ids[0]), 200, 'an answer is there';
$t->{conf}{http} = 'cxm_retention touchpoints=2s responses=4s journal=6s;';
$t->reload;
ok gone($t, ($seen =~ /^(\d+)/)[0]), 'events leave the journal';
ok CXM::until_true(60, sub { answer($t, $keyed->{json}{id}) == 404 }, 0.2),
    'and answers later';
is scalar(grep { answer($t, $_) != 404 } @ids, $partial->{id}), 0,
    'an old answer: 404';
my $list = $t->get('/admin/responses?survey=r', key => 1);
is $list->{status}, 200, 'the list';
is scalar @{$list->{json}{items}}, 0, 'has none of them';
$list = $t->get('/admin/responses?email=old@example.org', key => 1);
is scalar @{$list->{json}{items}}, 0, 'nor has the person\'s';
my $export = $t->get('/admin/export/responses.ndjson?survey=r', key => 1);
is $export->{status}, 200, 'the export';
is length $export->{body}, 0, 'has none of them';

my $again = $t->post('/s/r/responses', {%answer, id => $ids[0]}, key => 1);
is $again->{status}, 409, 'the id of an old answer is taken';
is $again->{json}{code}, 'id_taken', 'and that is said';
is $t->patch("/s/r/responses/$partial->{id}",
             {token => $partial->{token}, answers => {nps => 1}})->{status},
    404, 'an old partial answer cannot go on';
$again = $t->post('/s/r/responses',
                  {answers => {nps => 1}, exposure => $asked[1]});
is $again->{status}, 422, 'an old exposure cannot be answered'
    or diag $again->{body};
$again = $t->post('/s/r/responses', {answers => {nps => 7}},
                  headers => {'Idempotency-Key' => 'kept-for-a-day'});
is $again->{status}, 201, 'a first reply is kept for its day';
is $again->{json}{id}, $keyed->{json}{id}, 'whatever became of the answer';

for my $pair (['nps?survey=r', $nps], ['touchpoints?by=type', $touch]) {
    my ($query, $before) = @$pair;
    my $now = $t->get("/admin/metrics/$query", key => 1)->{json};
    delete @{$_}{qw(from to)} for $now, $before;
    is_deeply $now, $before, "$query: the score is what it was";
}
is $t->get('/admin/surveys/r', key => 1)->{status}, 200,
    'the survey is there';
is $t->get('/admin/surveys/r?version=1', key => 1)->{status}, 200,
    'and its first version';

my $stream = $t->get('/admin/stream?kinds=response', key => 1,
                     headers => {'Last-Event-ID' => $event});
is $stream->{status}, 409, 'a listener from before cannot go on';
is $stream->{json}{code}, 'gone', 'since what it missed is gone';

# Life goes on.
my $new = CXM::Clients::uuid();
is $t->post('/s/r/responses', {%answer, id => $new}, key => 1)->{status}, 201,
    'a new answer';
is answer($t, $new), 200, 'is there for its time';
is $t->get('/admin/metrics/nps?survey=r', key => 1)->{json}{n}, 44,
    'and counts';

# -- archives -----------------------------------------------------------------

$t->stop;
my @volumes = volumes($t);
cmp_ok scalar @volumes, '>=', 2, 'there are volumes';
is $volumes[0]{first}, 1, 'from the first entry on';
is scalar(grep { $volumes[$_]{first} != $volumes[$_ - 1]{last} + 1 }
          1 .. $#volumes), 0, 'without a gap';
is scalar(grep { !$_->{present} || $_->{damage} } archives($t)), 0,
    'all are present';
is scalar(grep { sprintf('%04o', (stat $_->{file})[2] & 07777) ne '0600' }
          @volumes), 0, 'mode 0600';
is scalar(grep { -s $_->{file} != $_->{size} } @volumes), 0, 'sizes';
is scalar(grep {
    (split ' ', (CXM::run(qw(b2sum -l 256), $_->{file}))[1])[0] ne $_->{hash}
} @volumes), 0, 'b2sum -l 256 gives their hashes';
is scalar(grep { $_->{type} eq 'tables' } archives($t)), 2,
    'two checkpoints are kept';
is scalar(grep { CXM::slurp($_) =~ /old\@example|It was quick/ }
          map { $_->{file} } @volumes), 0, 'nothing in them is in clear text';

my $said = verify_ok($t, 'verify: sound', '--head', $seen);
like $said, qr/^replayed from the checkpoint behind entry \d+$/m,
    'from the checkpoint';
like $said, qr/^archive: \d+ entries$/m, 'and through the archive';
unlike $said, qr/not looked at/, 'nothing is left out';
$said = verify_ok($t, 'verify --all: sound', '--all');
unlike $said, qr/replayed from/, 'from the first entry';

my $away = $t->dir . '/away';
rename "$store/archive", $away or die "rename: $!";
$said = verify_ok($t, 'verify without the archive: sound', '--head', $seen);
is scalar(() = $said =~ /^not looked at: entries \d+ to \d+ as they were/mg),
    scalar @volumes, 'it says what it could not look at';
like $said, qr/^not looked at: journal entry \d+, seen before/m,
    'the head seen before among it';
is scalar(grep { $_->{present} } volumes($t)), 0, 'listed as not present';
my ($rc, $out, $err) = $t->cxmctl(qw(verify --all));
is $rc, 1, 'verify --all needs the archive';
like $err, qr/not all volumes/, 'and says so';
verify_ok($t, 'verify --archive: where it is now', '--all', '--archive',
          $away);
is scalar(grep { $_->{present} } volumes($t, '--archive', $away)),
    scalar @volumes, 'archives --archive: present';

my ($link) = $seen =~ /:(.*)/;
(my $other = $seen) =~ tr/0-9a-f/1-9a-f0/;
$other = ($seen =~ /^(\d+)/)[0] . ':' . ($other =~ /:(.*)/)[0];
is +($t->cxmctl('verify', '--archive', $away, '--head', $other))[0], 1,
    'another head than the one seen before is found in the archive';

sub flip {
    my ($path, $offset) = @_;
    open my $file, '+<:raw', $path or die "$path: $!";
    seek $file, $offset, 0;
    read $file, my $byte, 1;
    seek $file, $offset, 0;
    print $file chr(ord($byte) ^ 1);
    close $file;
}

rename $away, "$store/archive" or die "rename: $!";
for my $volume (@volumes[0, -1]) {
    my $offset = int rand $volume->{size};
    my ($name) = $volume->{file} =~ m{([^/]+)\z};
    flip($volume->{file}, $offset);
    ($rc, $out) = $t->cxmctl('verify');
    is $rc, 1, "a flipped bit at $offset in $name: not sound";
    like $out, qr/^not sound: .*\Q$name\E/m, 'and the file is named';
    flip($volume->{file}, $offset);
}
verify_ok($t, 'as it was: sound');

# -- the store stops growing --------------------------------------------------

{
    my $t = CXM->new(conf => {
        http => 'cxm_retention touchpoints=2s responses=2s journal=2s;'});

    # A slow machine lets entries live longer: so much goes in as goes out.
    my $rounds = sub {
        my ($n) = @_;
        for (1 .. $n) {
            events($t, 200) for 1 .. 8;
            CXM::until_true(60, sub { figures($t)->{rows}{journal} < 320 })
                or die 'nothing goes';
        }
        return figures($t)->{pages_used};
    };
    my $k = $rounds->(30);
    my $k2 = $rounds->(30);
    my $now = figures($t);
    note "pages used: $k, then $k2; head $now->{head}, "
        . "journal $now->{rows}{journal}";
    cmp_ok $k2, '<=', 1.1 * $k, 'twice as long, no more pages';
    cmp_ok $now->{rows}{journal}, '<', $now->{head} / 4,
        'most of the journal is gone';
    cmp_ok $now->{reader_lag}, '<', 1000, 'no reader is left behind';
    is $t->get('/admin/metrics/touchpoints', key => 1)->{json}{n}, 96000,
        'and all of it counts';
    $t->stop;
    verify_ok($t, 'sound', '--all');
}

# -- kills --------------------------------------------------------------------

{
    srand(my $seed = $ENV{CXM_SEED} || time);
    note "CXM_SEED=$seed";

    my $t = CXM->new(conf => {
        http => 'cxm_retention touchpoints=1s responses=off journal=1s;'});
    $t->expect_alerts(qr/exited on signal 9/);
    my $clients = CXM::Clients->new(t => $t, n => 2)->start;
    my $rounds = $CXM::SLOW > 1 ? 12 : 40;

    for my $round (1 .. $rounds) {
        # a checkpoint is due eight times a second
        select undef, undef, undef, rand 0.4;
        my @workers = $t->workers;
        if ($round % 4 == 0) {
            kill 'KILL', $t->pid, @workers;
            $t->stop;
            $t->start;
            $clients->publish;
        } else {
            kill 'KILL', @workers;
            CXM::until_true(20, sub { !grep { CXM::alive($_) } @workers });
        }
        $clients->progress(12) or last;
        verify_ok($t, "round $round: sound") if $round % 4 == 0;
    }
    my $record = $clients->stop;
    $clients->check($record);
    cmp_ok figures($t)->{whole_from}, '>', 1, 'entries were dropped';
    ok events_gone($t), 'and are after all of it';
    $t->stop;
    verify_ok($t, 'after all kills: sound', '--all');
    is scalar(grep { !$_->{present} || $_->{damage} } archives($t)), 0,
        'all archives are there';
}

# -- archives elsewhere, and when they cannot be written ----------------------

{
    my $t = CXM->new(start => 0);
    my $archive = $t->dir . '/elsewhere';
    $t->{conf}{http} = "cxm_retention touchpoints=1s archive=$archive;";
    $t->write_file('elsewhere.is-a-file', '');
    symlink 'nowhere/at/all', $archive or die "symlink: $!";
    $t->start;
    events($t, 5);
    ok CXM::until_true(20, sub {
        $t->error_log =~ /retention of store .* cannot go on/ }),
        'an archive that cannot be made: an error in the log';
    is scalar(() = $t->error_log =~ /retention of store/g) <= 2, 1,
        'once a worker';
    is figures($t)->{whole_from}, 1, 'and nothing is dropped';
    unlink $archive;
    ok events_gone($t), 'when it can, all goes on';
    like((volumes($t))[0]{file}, qr/^\Q$archive\E/, 'there');
    ok !-e $t->store_dir . '/archive', 'and nowhere else';
    verify_ok($t, 'sound');
}

done_testing;
