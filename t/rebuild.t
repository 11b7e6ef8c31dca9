#!/usr/bin/perl

# cxmctl rebuild: the tables come out of the journal byte for byte, with its
# history or without; what was there is replaced whole or not at all.

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
use Time::HiRes qw(sleep);

my $forge = CXM::Fault::program('forge');

# {"table key" => value} of every row, but ids that expiry may take any time.
sub rows {
    my ($dir) = @_;
    my ($rc, $out, $err) = CXM::run($forge, $dir, 'dump');
    die "dump of $dir: $err" if $rc != 0;
    return {map { my ($table, $key, $value) = split / /;
                  ("$table $key" => $value) }
            grep { !/^once / } split /\n/, $out};
}

# One line for each difference, so that a failure can be read.
sub differences {
    my ($have, $want) = @_;
    my %all = (%$have, %$want);
    return join "\n", map {
        !exists $have->{$_} ? "missing: $_" : !exists $want->{$_} ? "new: $_"
                                            : "other: $_"
    } grep { ($have->{$_} // '') ne ($want->{$_} // '') } sort keys %all;
}

sub fill {
    my ($t) = @_;
    $t->put('/admin/surveys/r', CXM::Clients::definition("R $_"), key => 1)
        for 1 .. 2;
    for my $n (1 .. 40) {
        my $reply = $t->post('/s/r/responses', {
            answers => {nps => $n % 11, why => "Because of $n."},
            id => CXM::Clients::uuid(), channel => (qw(web app))[$n % 2],
            respondent => {email => "c$n\@example.org"},
            attributes => {plan => "p$n"}}, key => 1);
        $reply->{status} == 201 or die "an answer: $reply->{body}";
        $t->post('/b', {events => [map {
            {type => "t$_", id => CXM::Clients::uuid(), title => 'x' x 150}
        } 1 .. 50]}) if $n % 4 == 0;
    }
    $t->post('/s/r/responses', {answers => {nps => 2}, complete => \0});
    $t->post('/s/r/responses', {answers => {nps => 1}},
             headers => {'Idempotency-Key' => 'one'});
    $t->get('/admin/responses?survey=r', key => 1);
    $t->key('viewer');
}

sub verify_ok {
    my ($t, $name, @args) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($rc, $out, $err) = $t->cxmctl('verify', @args);
    is $rc, 0, $name or diag "$out$err";
}

# What the store has to be like after a rebuild that did nothing.
sub untouched {
    my ($t, $before, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $store = $t->store_dir;
    ok !-e "$store/data.old", "$name: nothing was replaced";
    is scalar(() = glob "$store/rebuild*"), 0, "$name: nothing is left";
    is differences(rows($store), $before), '', "$name: every row is the same";
}

for my $case (['a whole journal', ''],
              ['a journal with holes',
               'cxm_retention touchpoints=1s responses=2s journal=1s;']) {
    my ($name, $http) = @$case;
    my $t = CXM->new(conf => {http => $http});
    my $store = $t->store_dir;
    fill($t);

    if ($http) {
        ok CXM::until_true(60, sub {
            my $list = $t->get('/admin/responses?survey=r', key => 1);
            return !@{$list->{json}{items}};
        }, 0.3), "$name: answers are gone";
        cmp_ok decode_json(($t->cxmctl('stat'))[1])->{whole_from}, '>', 1,
            'and entries';
        fill($t);
    }

    # -- not while somebody has it open ---------------------------------------

    my ($rc, $out, $err) = $t->cxmctl('rebuild');
    is $rc, 1, "$name: refused while nginx runs";
    like $err, qr/\Acxmctl: rebuild: in_use: [^\n]+\n\z/, 'in one clear line';
    ok !-e "$store/data.old", 'and nothing was replaced';

    # -- but elsewhere --------------------------------------------------------

    my $to = $t->dir . '/copy';
    my $clients = CXM::Clients->new(t => $t, n => 2)->start;
    $clients->progress(20);
    ($rc, $out, $err) = $t->cxmctl('rebuild', '--compare', '--to', $to);
    is $rc, 0, "$name: a copy while nginx writes" or diag "$out$err";
    my ($head) = $out =~ /^head (\S+)$/m;
    ok $head, 'that tells its head';
    $clients->progress(20);
    $clients->stop;
    is +($t->cxmctl('rebuild', '--to', $to))[0], 1,
        'a second one does not go over it';

    CXM::run('cp', '-a', (grep { -e } map { "$store/$_" }
        qw(keys master.key archive checkpoint)), $to);
    ($rc, $out, $err) = CXM::run(CXM::cxmctl_path(), '-d', $to, 'verify',
                                 '--head', $head);
    is $rc, 0, 'the copy is sound' or diag "$out$err";
    like $out, qr/^head \Q$head\E$/m, 'and ends there';
    $t->stop;

    # -- every row, byte for byte ---------------------------------------------

    my $before = rows($store);
    my ($seen) = ($t->cxmctl('verify'))[1] =~ /^head (\S+)$/m;
    ($rc, $out, $err) = $t->cxmctl('rebuild', '--compare');
    is $rc, 0, "$name: rebuild --compare" or diag "$out$err";
    like $out, qr/^rebuilt: [1-9]\d* entries, [1-9]\d* rows$/m,
        'what it says';
    like $out, qr/^replayed from the checkpoint behind/m,
        'from the checkpoint' if $http;
    cmp_ok scalar(keys %$before), '>', 200, 'a store with many rows';
    is scalar(grep { my $table = $_; !grep { /^$table / } keys %$before }
              qw(journal doc id index counter meta)), 0, 'in all tables';
    is differences(rows($store), $before), '', 'every row is the same';
    ok -e "$store/data.old", 'the old environment is there';
    is sprintf('%04o', (stat "$store/data")[2] & 07777), '0600', 'mode 0600';
    is scalar(() = glob "$store/rebuild*"), 0, 'nothing else is left';
    verify_ok($t, 'sound', '--head', $seen);

    ($rc, $out, $err) = $t->cxmctl('rebuild');
    is $rc, 1, 'not over an old environment that is still there';
    like $err, qr/\Acxmctl: rebuild: exists: .*data\.old/, 'and it says so';
    unlink "$store/data.old";

    # -- what was damaged is mended -------------------------------------------

    for my $damage ('counter', 'index') {
        CXM::run($forge, $store, $damage);
        is +($t->cxmctl('verify'))[0], 1, "$name: a forged $damage";
        my $forged = rows($store);
        ($rc, $out) = $t->cxmctl('rebuild', '--compare');
        is $rc, 1, '--compare does not replace it';
        like $out, qr/^not sound: table \w+, row /m, 'but says where it is';
        untouched($t, $forged, '--compare');
        is +($t->cxmctl('rebuild'))[0], 0, 'rebuild does';
        is differences(rows($store), $before), '', 'every row is as it was';
        unlink "$store/data.old";
        verify_ok($t, 'sound', '--head', $seen);
    }

    if ($http) {
        is +($t->cxmctl(qw(rebuild --all)))[0], 0,
            "$name: from the first entry, through the archive";
        is differences(rows($store), $before), '', 'every row is the same';
        unlink "$store/data.old";

        remove_tree("$store/checkpoint");
        ($rc, $out) = $t->cxmctl('rebuild');
        is $rc, 0, 'without the checkpoint\'s files as well';
        is scalar(() = $out =~ /^not looked at: tables of/mg), 2,
            'which it misses';
        is differences(rows($store), $before), '', 'every row is the same';
        unlink "$store/data.old";

        rename "$store/archive", "$store.archive" or die "rename: $!";
        ($rc, $out, $err) = $t->cxmctl('rebuild');
        is $rc, 1, 'but not without all of it';
        untouched($t, $before, 'without history');
        is +($t->cxmctl('rebuild', '--archive', "$store.archive"))[0], 0,
            'it may be elsewhere';
        unlink "$store/data.old";
        rename "$store.archive", "$store/archive" or die "rename: $!";
    }

    # -- killed at any time ---------------------------------------------------

    for my $try (1 .. ($CXM::SLOW > 1 ? 8 : 20)) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>', '/dev/null';
            setpgrp 0, 0;
            exec CXM::cxmctl_path(), '-d', $store, 'rebuild';
        }
        sleep rand 0.15;
        # the work is a child's
        kill 'KILL', -$pid, $pid;
        waitpid $pid, 0;
        next if $try % 2;
        CXM::until_true(10, sub { ($t->cxmctl('stat'))[0] == 0 });
        is differences(rows($store), $before), '',
            "$name, kill $try: every row is the same";
        unlink "$store/data.old";
    }
    unlink "$store/data.old";
    is +($t->cxmctl('rebuild'))[0], 0, 'after that it goes through';
    is scalar(() = glob "$store/rebuild*"), 0, 'and nothing is left';

    # -- the journal has to be sound ------------------------------------------

    my $last = (sort { hex $a <=> hex $b }
                map { /^journal (\w+)/ ? $1 : () } keys %$before)[-2];
    CXM::run($forge, $store, 'drop', hex $last);
    my $cut = rows($store);
    unlink "$store/data.old";
    ($rc, $out) = $t->cxmctl('rebuild');
    is $rc, 1, "$name: an entry is missing";
    like $out, qr/^not sound: journal entry @{[hex $last]} is missing$/m,
        'it is named';
    untouched($t, $cut, 'a cut journal');
    is +($t->cxmctl('rebuild', '--to', $t->dir . '/no'))[0], 1,
        'nor is there a copy';
}

# -- what a file was once larger by -------------------------------------------

{
    my $t = CXM->new(conf => {
        http => 'cxm_retention touchpoints=1s responses=off;'});
    for (1 .. 100) {
        $t->post('/b', {events => [map { {type => 't', title => 'y' x 190} }
                                   1 .. 200]});
    }
    CXM::until_true(60, sub {
        $t->post('/b', {type => 'more'});
        return decode_json(($t->cxmctl('stat'))[1])->{rows}{journal} < 100;
    }, 0.3);
    $t->stop;
    my $before = -s $t->store_dir . '/data';
    my ($rc, $out, $err) = $t->cxmctl('rebuild', '--compare');
    is $rc, 0, 'after retention: rebuild' or diag "$out$err";
    cmp_ok -s $t->store_dir . '/data', '<', $before / 4,
        'gives back the space';
    $t->start;
    is $t->post('/b', {type => 'more'})->{status}, 204,
        'and nginx goes on with it';
    $t->stop;
    verify_ok($t, 'sound');
}

done_testing;
