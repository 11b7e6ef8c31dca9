#!/usr/bin/perl

# The live stream: what any worker commits reaches every listener, in order,
# once, also over lost connections, reloads, restarts and killed workers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use IO::Select;
use Mojo::JSON qw(decode_json encode_json);
use Test::More;
use Time::HiRes qw(sleep time);

my $t = CXM->new(conf => {workers => 4, h2 => 1, log_level => 'info'});

# -- a listener ---------------------------------------------------------------

# Connects; the status line and headers are read.
sub listen_to {
    my ($query, %arg) = @_;
    my $server = $arg{on} || $t;
    my $socket = $server->connect or die 'no connection';
    my $key = $arg{key} // $server->admin_key;
    my $last = defined $arg{last} ? "Last-Event-ID: $arg{last}\r\n" : '';
    syswrite $socket, "GET /admin/stream$query HTTP/1.1\r\nHost: localhost\r\n"
        . "Authorization: Bearer $key\r\n$last\r\n";
    my $self = {socket => $socket, text => '', events => []};
    while ($self->{text} !~ /\r\n\r\n/) {
        more($self, 10) or last;
    }
    ($self->{head}, $self->{text}) = split /\r\n\r\n/, $self->{text}, 2;
    ($self->{status}) = ($self->{head} // '') =~ m{^HTTP/1\.1 (\d+)};
    return $self;
}

# False at the end, or when nothing came.
sub more {
    my ($self, $seconds) = @_;
    return 0 unless IO::Select->new($self->{socket})
        ->can_read($seconds * $CXM::SLOW);
    my $n = sysread $self->{socket}, $self->{text}, 65536,
        length $self->{text};
    $self->{ended} = 1 unless $n;
    return $n;
}

# Takes whole chunks out of the text and whole events out of those.
sub parse {
    my ($self) = @_;
    while ($self->{text} =~ /^([0-9a-f]+)\r\n/) {
        my ($length, $start) = (hex $1, length($1) + 2);
        last if length $self->{text} < $start + $length + 2;
        $self->{body} .= substr $self->{text}, $start, $length;
        substr $self->{text}, 0, $start + $length + 2, '';
        $self->{whole} = 1 if $length == 0;
    }
    $self->{body} //= '';
    while ($self->{body} =~ s/^(.*?)\n\n//s) {
        my $block = $1;
        my %line = map { split /: /, $_, 2 } grep { /: / } split /\n/, $block;
        if ($line{data}) {
            push @{$self->{events}},
                {%{decode_json($line{data})}, at_id => $line{id}};
        } elsif ($line{id}) {
            push @{$self->{marks}}, $line{id};
        }
        $self->{retry} = $line{retry} if $line{retry};
    }
    return $self->{events};
}

# Events until there are n, or nothing comes any more.
sub events {
    my ($self, $n) = @_;
    until (@{parse($self)} >= $n) {
        more($self, 5) or last;
    }
    return @{parse($self)};
}

# -- what is written ----------------------------------------------------------

sub put_survey {
    my ($slug, %more) = @_;
    return $t->put("/admin/surveys/$slug", key => 1, json => {
        title => $slug, status => 'live', %more, questions => [
            {id => 'nps', type => 'nps', text => {en => 'How?'}},
            {id => 'why', type => 'text', text => {en => 'Why?'}}]});
}

sub answer {
    my (%answers) = @_;
    my $reply = $t->post('/s/s/responses', {answers => \%answers,
        channel => 'web', respondent => {email => 'canary@example.org'}});
    die "$reply->{status} $reply->{body}" if $reply->{status} != 201;
    return $reply->{json}{id};
}

is put_survey('s')->{status}, 201, 'a survey';

subtest 'what comes' => sub {
    my $l = listen_to('');
    is $l->{status}, 200;
    like $l->{head}, qr{Content-Type: text/event-stream\r}i;
    like $l->{head}, qr{Cache-Control: [^\r]*no-store}i;
    like $l->{head}, qr{X-Accel-Buffering: no}i;
    my @ids = map { answer(nps => $_, why => 'canary text') } 1 .. 5;
    put_survey('s', title => 'Changed');
    my @seen = events($l, 6);
    is_deeply [map { $_->{kind} } @seen], [('response') x 5, 'survey'];
    is $l->{retry}, 1000, 'when to come again';
    is_deeply [map { $_->{id} } @seen[0 .. 4]], \@ids, 'in order';
    is_deeply [map { $_->{answers}{nps} } @seen[0 .. 4]], [1 .. 5];
    is $seen[0]{survey}, 's';
    is $seen[0]{status}, 'complete';
    is $seen[0]{segments}{channel}, 'web';
    is $seen[5]{slug}, 's';
    is $seen[5]{version}, 2;
    unlike encode_json(\@seen), qr/canary/, 'nothing personal';
};

subtest 'kinds and who may see them' => sub {
    my $only = listen_to('?kinds=survey');
    my $touch = listen_to('?kinds=touchpoint,response');
    my $all = listen_to('');
    answer(nps => 7);
    $t->post('/b', {events => [map {{type => "t$_"}} 1 .. 3]});
    put_survey('other');
    is_deeply [map { $_->{slug} } events($only, 1)], ['other'];
    is_deeply [map { $_->{type} // 'answer' } events($touch, 4)],
        [qw(answer t1 t2 t3)];
    is_deeply [map { $_->{kind} } events($all, 2)], [qw(response survey)],
        'touchpoints only when they are named';

    my %want = ('?kinds=nothing' => 422, '?kinds=' => 422,
                '?kinds=survey,' => 422, '?kinds=reply' => 422,
                '?x=1' => 422, '?last_event_id=1-0-00' => 422,
                '?last_event_id=%00' => 400);
    for my $query (sort keys %want) {
        is $t->get("/admin/stream$query", key => 1)->{status}, $want{$query},
            $query;
    }
    is $t->get('/admin/stream')->{status}, 401, 'no key';
    is $t->get('/admin/stream', key => $t->key('server'))->{status}, 403,
        'a key that may not';
    is $t->get('/admin/stream?kinds=key', key => $t->key('viewer'))->{status},
        403, 'a kind that it may not';
    is $t->post('/admin/stream', {}, key => 1)->{status}, 405;
    my $head = $t->head('/admin/stream', key => 1);
    is $head->{status}, 200, 'HEAD';
    is $head->{type}, 'text/event-stream';

    my $other = CXM->new;
    my ($id) = map { $_->{at_id} } events($all, 1);
    is $other->get('/admin/stream', key => 1, headers => {
        'Last-Event-ID' => $id})->{status}, 422, "another store's id";
};

subtest 'every listener, once, in order, come what may' => sub {
    my $start = listen_to('?kinds=response');
    my $first = answer(nps => 0);
    my ($event) = events($start, 1);
    my $total = 400;

    # writers go on while listeners lose their connections
    my $child = fork // die $!;
    if (!$child) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
        for my $n (1 .. $total) {
            until (eval { answer(nps => $n % 11); 1 }) { sleep 0.05 }
            sleep 0.005;
        }
        POSIX::_exit(0);
    }
    $t->expect_alerts(qr/exited on signal 9/);
    my @listeners = map {{last => $event->{at_id}, seen => []}} 1 .. 4;
    my ($disturbed, $deadline) = (0, time + 60 * $CXM::SLOW);
    while (time < $deadline && grep { @{$_->{seen}} < $total } @listeners) {
        for my $listener (@listeners) {
            next if @{$listener->{seen}} >= $total;
            my $l = $listener->{now};
            if (!$l || $l->{ended} || rand() < 0.02) {
                close $l->{socket} if $l;
                $l = eval { listen_to('?kinds=response',
                                      last => $listener->{last}) };
                if (!$l || ($l->{status} // 0) != 200) {
                    sleep 0.05;
                    delete $listener->{now};
                    next;
                }
                $listener->{now} = $l;
            }
            more($l, 0.02);
            for my $e (splice @{parse($l)}) {
                push @{$listener->{seen}}, $e->{id};
                $listener->{last} = $e->{at_id};
            }
        }
        if ($disturbed == 0 && @{$listeners[0]{seen}} > 50) {
            $disturbed++;
            $t->signal('HUP');
        } elsif ($disturbed == 1 && @{$listeners[0]{seen}} > 150) {
            $disturbed++;
            my @workers = $t->workers;
            kill 'KILL', $workers[0] if @workers;
        }
    }
    waitpid $child, 0;
    is $disturbed, 2, 'a reload and a killed worker came between';

    my @want = map { $_->{id} } reverse @{all_answers($first)};
    cmp_ok scalar @want, '>=', $total, 'all were written';
    for my $i (0 .. $#listeners) {
        is_deeply [@{$listeners[$i]{seen}}[0 .. $total - 1]],
            [@want[0 .. $total - 1]], "listener $i";
    }
};

# Newer than one, newest first.
sub all_answers {
    my ($than) = @_;
    my ($query, @all) = '?survey=s&limit=500';
    while (1) {
        my $page = $t->get("/admin/responses$query", key => 1)->{json};
        for my $item (@{$page->{items}}) {
            return \@all if $item->{id} eq $than;
            push @all, $item;
        }
        return \@all unless $page->{next};
        $query = "?survey=s&limit=500&cursor=$page->{next}";
    }
}

# Sockets are looked at until there are as many ids without an event.
sub marks {
    my ($self, $n) = @_;
    CXM::until_true(30, sub {
        more($self, 0.1);
        parse($self);
        return @{$self->{marks} || []} >= $n || $self->{ended};
    });
    return @{$self->{marks} || []};
}

subtest 'a connection that is lost before anything happened' => sub {
    my $l = listen_to('?kinds=response');
    my ($mark) = marks($l, 1);
    ok $mark, 'it has been told where it is';
    close $l->{socket};
    my @ids = map { answer(nps => $_) } 7 .. 9;
    put_survey('s', title => 'Meanwhile');
    $l = listen_to('?kinds=response', last => $mark);
    is_deeply [map { $_->{id} } events($l, 3)], \@ids, 'it goes on there';
    is +(marks($l, 1))[0], $mark, 'and is told the same';
};

subtest 'a restart' => sub {
    my $l = listen_to('?kinds=response');
    answer(nps => 1);
    my ($event) = events($l, 1);
    $t->stop;
    more($l, 5) until $l->{ended};
    parse($l);
    ok $l->{whole}, 'the stream ended whole';
    $t->start;
    my @ids = map { answer(nps => $_) } 2 .. 6;
    $l = listen_to('?kinds=response', last => $event->{at_id});
    is_deeply [map { $_->{id} } events($l, 5)], \@ids;
    $l = listen_to("?kinds=response&last_event_id=$event->{at_id}");
    is_deeply [map { $_->{id} } events($l, 5)], \@ids, 'by the argument';
};

# A worker looks every 100 ms for those who listen already: who comes between
# a commit and that look begins behind the commit.
subtest 'right behind a commit' => sub {
    my $one = CXM->new(conf => {workers => 1});
    my $put = sub { $one->put("/admin/surveys/$_[0]", key => 1, json => {
        title => 'S', status => 'live', questions => [
            {id => 'nps', type => 'nps', text => {en => '?'}}]}) };
    my $first = listen_to('?kinds=survey', on => $one);
    my @seen;
    for my $n (1 .. 10) {
        $put->("before-$n");
        my $l = listen_to('?kinds=survey', on => $one);
        $put->("behind-$n");
        push @seen, map { $_->{slug} } events($l, 1);
    }
    is_deeply \@seen, [map { "behind-$_" } 1 .. 10], 'nothing of before';
    is scalar events($first, 20), 20, 'who was there has all';
    $one->no_alerts;
};

subtest 'amid the events of one commit' => sub {
    my $l = listen_to('?kinds=touchpoint');
    $t->post('/b', {events => [map {{type => "n$_"}} 1 .. 40]});
    my @all = events($l, 40);
    is scalar @all, 40;
    for my $i (0, 1, 17, 38) {
        my $again = listen_to('?kinds=touchpoint', last => $all[$i]{at_id});
        is_deeply [map { $_->{type} } events($again, 39 - $i)],
            [map { "n$_" } $i + 2 .. 40], "from $i on";
    }
};

subtest 'a key that is revoked ends its streams' => sub {
    my $key = $t->key('analyst');
    my ($id) = $key =~ /^cxm_([a-z2-7]+)_/;
    my $l = listen_to('', key => $key);
    is $l->{status}, 200;
    is $t->delete("/admin/keys/$id", key => 1)->{status}, 204;
    more($l, 10) until $l->{ended};
    ok 1, 'it ended';
};

subtest 'a reader that does not read is ended' => sub {
    my $l = listen_to('?kinds=touchpoint');
    my $big = {events => [map {{type => 'big', title => 'x' x 290}} 1 .. 150]};
    for (1 .. 400) {
        $t->post('/b', $big);
        last if $t->error_log =~ /client is too slow/;
    }
    like $t->error_log, qr/client is too slow, it is ended/;
    is $t->get('/admin/stream?kinds=nothing', key => 1)->{status}, 422,
        'the others go on';
};

subtest 'HTTP/2' => sub {
    my $reply = $t->h2('/admin/stream?kinds=response', '-H',
        'Authorization: Bearer ' . $t->admin_key, '--max-time', 2);
    is $reply->{status}, 200;
    like $reply->{body}, qr/^retry: 1000\nid: \S+\n\n/;
};

subtest 'a silent stream' => sub {
    my $l = listen_to('?kinds=access');
    my @marks = marks($l, 2);
    is scalar @marks, 2, 'is told that we are there';
    is $marks[1], $marks[0], 'where nothing has happened';
    is scalar(events($l, 0)), 0, 'and nothing else';
};

$t->sound;
$t->no_alerts;

done_testing;
