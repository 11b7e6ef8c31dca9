#!/usr/bin/perl

# Disks that fail, fill up or are slow to tell: what was acknowledged stays,
# nothing is acknowledged that is not stored, and reads go on.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use CXM::Fault;
use IO::Socket::INET;
use Test::More;

my $definition = CXM::Clients::definition('Disk');
my @reads = ('/admin/surveys', '/admin/metrics/nps?survey=disk',
             '/s/disk', '/admin/metrics/touchpoints');

# A port where the kernel deals connections to workers in turn.
sub server {
    my (%conf) = @_;
    my $port = CXM::free_port();
    my $t = CXM->new(start => 0, conf => {
        %conf, server => "listen 127.0.0.1:$port reuseport;"
            . ' add_header X-Worker $pid always;'});
    $t->{spread_port} = $port;
    return $t;
}

sub ask {
    my ($t, $method, $path, $body) = @_;
    return CXM::Clients::exchange($t->{spread_port}, $method, $path, $body,
        $path =~ m{^/admin/} ? 'Authorization: Bearer ' . $t->admin_key : ())
        || {status => 0, headers => {}, body => ''};
}

sub code { $_[0]{json} ? $_[0]{json}{code} // '' : '' }

sub says {
    my ($reply) = @_;
    return join ' ', $reply->{status}, code($reply),
        $reply->{headers}{'retry-after'} ? 'retry-after' : ();
}

# Whether the request gets an answer for which $good is true from each worker
# within the time, again and again until then; else what was said last.
sub each_worker {
    my ($t, $request, $good) = @_;
    my (%met, $last);
    my $ok = CXM::until_true(30, sub {
        my $reply = ask($t, $request->());
        my $worker = $reply->{headers}{'x-worker'} // 'none';
        $last = says($reply);
        $met{$worker} = 1 if $good->($reply);
        return !grep { !$met{$_} } $t->workers;
    });
    return $ok ? '' : "last: $last";
}

sub answer {
    my ($id, $why) = @_;
    return {id => $id, answers => {nps => 7, why => $why // 'w'},
            complete => \1, channel => 'web'};
}

sub post_answer {
    my ($t, $id, $why) = @_;
    return ask($t, POST => '/s/disk/responses', answer($id, $why));
}

# Some posts at once, so that a batch has more than one.
sub post_together {
    my ($t, @ids) = @_;
    my @sockets = map {
        my $socket = IO::Socket::INET->new(
            PeerAddr => '127.0.0.1', PeerPort => $t->{spread_port});
        syswrite $socket, CXM::Clients::message(
            POST => '/s/disk/responses', answer($_));
        $socket;
    } @ids;
    return map { CXM::Clients::parse(CXM::read_all($_, 30))
                 || {status => 0, headers => {}, body => 'none'} } @sockets;
}

sub listed {
    my ($t) = @_;
    my @ids = CXM::Clients::list({t => $t},
                                 '/admin/responses?survey=disk&limit=500');
    return join ' ', sort @ids;
}

sub count { ask($_[0], GET => '/admin/metrics/nps?survey=disk')->{json}{n} }

sub verify {
    my ($t, @args) = @_;
    my ($rc, $out, $err) = $t->cxmctl('verify', @args);
    return $rc == 0 ? 'sound' : "exit $rc: $out$err";
}

sub crashes { scalar(() = $_[0]->error_log =~ /exited on signal/g) }

# -- writes that fail ---------------------------------------------------------

my $t = server();
$t->expect_alerts(qr/latched|commit failed|could not write its meta/);
my $fault = CXM::Fault->new($t)->start;
is $t->put('/admin/surveys/disk', $definition, key => 1)->{status}, 201,
    'a survey';
my @kept = map { CXM::Clients::uuid() } 1 .. 5;
is post_answer($t, $_)->{status}, 201, 'an answer before' for @kept;

for my $case (['data', 'eio'], ['data', 'short'], ['sync', 'eio'],
              ['meta', 'eio'], ['meta', 'short'])
{
    my $name = join ' ', @$case;
    my (@ids, @replies);

    # the store writes for itself as well, and may meet the fault instead
    for my $try (1 .. 5) {
        @ids = map { CXM::Clients::uuid() } 1 .. 8;
        my $given = $fault->taken;
        $fault->set("$name once");
        @replies = post_together($t, @ids);
        my @taken = $fault->taken;
        is @taken - $given, 1, "$name: the fault was given";
        $fault->clear;
        last if grep { says($_) =~ /outcome_unknown/ } @replies;
        push @kept, map { $ids[$_] }
            grep { $replies[$_]{status} == 201 } 0 .. $#ids;
        verify($t);
    }

    # LMDB gives the writer's lock back before the store can be latched: a
    # writer of another process that waited for it may still succeed.  A
    # worker whose environment LMDB gave up opens it anew, and has none until
    # then.
    my %said;
    $said{says($_)}++ for @replies;
    my $refused = qr/outcome_unknown|latched|store_unavailable/;
    is_deeply [grep { !/^(503 $refused retry-after|201 )$/ } keys %said], [],
        "$name: waiting writes get 503"
        or diag explain \%said;
    push @kept, grep { (shift @replies)->{status} == 201 } @ids;
    ok $said{'503 outcome_unknown retry-after'},
        "$name: those of the commit that failed, outcome_unknown";

    ok -e $t->store_dir . '/latch', "$name: the store is latched";
    for my $path (@reads) {
        is each_worker($t, sub { (GET => $path) },
                       sub { $_[0]{status} == 200 }),
            '', "$name: GET $path goes on in all workers";
    }
    is each_worker($t, sub { (POST => '/b', {type => 'page_view'}) },
                   sub { says($_[0]) eq '503 latched retry-after' }),
        '', "$name: later writes get 503 latched in all workers";
    is count($t), scalar @kept, "$name: what was acknowledged is there";
    my ($rc, $out, $err) = $t->cxmctl('key', 'create', '--role', 'viewer');
    is $rc, 1, "$name: cxmctl does not write either";
    like $err, qr/latched|read-only/, "$name: and says why";

    is verify($t), 'sound', "$name: verify finds it sound";
    ok !-e $t->store_dir . '/latch', "$name: and clears the latch";
    is each_worker($t, sub { (POST => '/b', {type => 'page_view'}) },
                   sub { $_[0]{status} == 204 }),
        '', "$name: then all workers write again";

    is_deeply [grep { !/^20[01] / } map { says(post_answer($t, $_)) } @ids],
        [], "$name: retries with the same ids are taken";
    my %kept = map { $_ => 1 } @kept, @ids;
    @kept = keys %kept;
    is count($t), scalar @kept, "$name: and count once";
    is listed($t), join(' ', sort @kept), "$name: each is there once";
}

# Disk full told by the call itself: no reason to latch.
{
    my @ids = map { CXM::Clients::uuid() } 1 .. 4;
    $t->expect_alerts(qr/No space left/);
    $fault->set('data enospc');
    is_deeply [grep { !/^503 \w+ retry-after$/ }
               map { says($_) } post_together($t, @ids)], [],
        'enospc: 503';
    cmp_ok scalar(grep { /enospc/ } $fault->taken), '>=', 1,
        'enospc: the fault was given';
    is each_worker($t, sub { (GET => '/s/disk') },
                   sub { $_[0]{status} == 200 }), '', 'enospc: reads go on';
    $fault->clear;
    ok !-e $t->store_dir . '/latch', 'enospc: not latched';
    is each_worker($t, sub { (POST => '/b', {type => 'page_view'}) },
                   sub { $_[0]{status} == 204 }), '', 'enospc: over';
    is_deeply [grep { !/^20[01] / } map { says(post_answer($t, $_)) } @ids],
        [], 'enospc: retries are taken';
    push @kept, @ids;
    is count($t), scalar @kept, 'enospc: and count once';
}

is verify($t), 'sound', 'verify at the end: sound';
is crashes($t), 0, 'no worker has crashed';
undef $fault;
undef $t;

# -- a store that is full -----------------------------------------------------

# Posts until one is refused; the ids that were acknowledged and the refusal.
sub fill {
    my ($t) = @_;
    my $why = 'long ' x 399 . 'text';
    my @ids;
    for (1 .. 5000) {
        my $id = CXM::Clients::uuid();
        my $reply = post_answer($t, $id, $why);
        return (\@ids, $id, $reply) if $reply->{status} != 201;
        push @ids, $id;
    }
    return (\@ids, undef, {status => 0, headers => {}});
}

sub refuses_writes_only {
    my ($t, $name, $code) = @_;
    my $n = count($t);
    is each_worker($t, sub { (POST => '/s/disk/responses',
                              answer(CXM::Clients::uuid(), 'x' x 1999)) },
                   sub { says($_[0]) =~ /^503 $code retry-after$/ }),
        '', "$name: writes get 503 in all workers";
    for my $path (@reads) {
        is each_worker($t, sub { (GET => $path) },
                       sub { $_[0]{status} == 200 }),
            '', "$name: GET $path goes on";
    }
    is count($t), $n, "$name: nothing is counted";
    ok !-e $t->store_dir . '/latch', "$name: not latched";
}

# The map.
{
    my $t = server(store => ' min_free=0 map_size=4m');
    $t->start;
    $t->put('/admin/surveys/disk', $definition, key => 1);
    my ($ids, $id, $reply) = fill($t);
    like says($reply), qr/^503 map_full retry-after/, 'map full: 503';
    cmp_ok scalar @$ids, '>=', 50, 'map full: after many answers';
    refuses_writes_only($t, 'map full', 'map_full');
    is verify($t), 'sound', 'map full: verify';

    $t->{conf}{store} = ' min_free=0 map_size=64m';
    $t->stop->start;
    is post_answer($t, $id)->{status}, 201, 'larger map: the refused one';
    is listed($t), join(' ', sort @$ids, $id), 'larger map: all are there';
    is verify($t), 'sound', 'larger map: verify';
    is crashes($t), 0, 'no worker has crashed';
}

# Less free space than is to be kept.
{
    my $t = server(store => ' min_free=0');
    $t->start;
    $t->put('/admin/surveys/disk', $definition, key => 1);
    $t->{conf}{store} = ' min_free=1000000g';
    $t->reload;
    refuses_writes_only($t, 'min_free', 'disk_full');
    $t->{conf}{store} = ' min_free=0';
    $t->reload;
    is post_answer($t, CXM::Clients::uuid())->{status}, 201,
        'min_free lowered: writes';
    is verify($t), 'sound', 'min_free: verify';
}

# The disk itself.
SKIP: {
    my $t = server(store => ' min_free=0');
    my $small = $t->dir . '/small';
    mkdir $small;
    my ($rc, $out, $err) = CXM::run('mount', '-t', 'tmpfs', '-o',
                                    'size=8m', 'tmpfs', $small);
    skip "no tmpfs can be mounted: $err", 1 if $rc != 0;
    my $unmount = Unmount->new($small);

    CXM::run('cp', '-a', $t->store_dir, "$small/store");
    $t->{store} = "$small/store";
    $t->expect_alerts(qr/commit failed|No space left|Input\/output error/);
    $t->start;
    $t->put('/admin/surveys/disk', $definition, key => 1);

    my ($ids, $id, $reply) = fill($t);
    like says($reply), qr/^503 (disk_full|full|outcome_unknown) retry-after/,
        'disk full: 503';
    cmp_ok scalar @$ids, '>=', 100, 'disk full: after many answers';
    refuses_writes_only($t, 'disk full',
                        '(?:disk_full|full|outcome_unknown)');

    CXM::run('mount', '-o', 'remount,size=64m', $small);
    is each_worker($t, sub { (POST => '/b', {type => 'page_view'}) },
                   sub { $_[0]{status} == 204 }),
        '', 'space is freed: all workers write';
    like post_answer($t, $id)->{status}, qr/^20[01]$/,
        'space is freed: a retry of the refused one';
    my %listed = map { $_ => 1 } split ' ', listed($t);
    is scalar(grep { !$listed{$_} } @$ids, $id), 0,
        'what was acknowledged is there';
    is count($t), scalar keys %listed, 'counts agree with the list';
    is verify($t, '--scratch', $t->dir), 'sound', 'disk full: verify';
    is crashes($t), 0, 'no worker has crashed';
    $t->stop;
    undef $unmount;
}

done_testing;


package Unmount;

sub new { bless {path => $_[1], owner => $$}, $_[0] }

sub DESTROY {
    my ($self) = @_;
    return if $$ != $self->{owner};
    local ($?, $!);
    CXM::run('umount', '-l', $self->{path});
}
