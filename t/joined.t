#!/usr/bin/perl

# The joined score: an answer knows how fast and how well its respondent was
# served in the half hour before.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Fault;
use CXM::Upstream;
use Test::More;

my $app = CXM::Upstream->new;
my $t = CXM->new(start => 0, conf => {workers => 2});
$t->{conf}{locations} = <<"END";
        location /app/ {
            cxm_touchpoint page visitor=\$cookie_v session=\$cookie_s;
            proxy_pass http://127.0.0.1:@{[$app->port]};
        }
        location /plain/ { proxy_pass http://127.0.0.1:@{[$app->port]}; }
END
my $fault = CXM::Fault->new($t)->start;
my $server = $t->key('server');

is $t->put('/admin/surveys/s', key => 1, json => {
    title => 'S', status => 'live', questions => [
        {id => 'nps', type => 'nps', text => {en => 'How?'}}],
})->{status}, 201, 'a survey';

sub visit {
    my ($who, $query, %headers) = @_;
    return $t->get("/app/?$query", headers => {'User-Agent' => $who,
                                               %headers});
}

# [latency_band, status_class] that an answer has got
sub answer {
    my ($who, %arg) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $key = delete $arg{key};
    my $headers = delete $arg{headers} || {};
    my $reply = $t->post('/s/s/responses', {answers => {nps => 9}, %arg},
        headers => {'User-Agent' => $who, %$headers},
        $key ? (key => $key) : ());
    is $reply->{status}, 201, "$who answers" or diag $reply->{body};
    my $seen = $t->get("/admin/responses/$reply->{json}{id}", key => 1);
    return [@{$seen->{json}}{qw(latency_band status_class)}];
}

is_deeply answer('Nobody/1'), [undef, undef], 'nothing was served';

# Only what cannot be faster than it is, however slow the machine.
is visit('Slow/1', 'ms=2100')->{status}, 200;
is_deeply answer('Slow/1'), ['>=2s', '2xx'], 'slow';
is_deeply answer('Slow/2'), [undef, undef], 'another agent is another one';
is_deeply answer('Slow/1', headers => {'Sec-GPC' => 1}), [undef, undef],
    'not of one who wants privacy';

is visit('Broken/1', 'status=503&ms=2100')->{status}, 503;
is_deeply answer('Broken/1'), ['>=2s', '5xx'], 'slow and broken';
is visit('Broken/1', 'status=404')->{status}, 404;
is answer('Broken/1')->[1], '4xx', 'the last one counts';

is visit('Private/1', 'ms=2100', DNT => 1)->{status}, 200;
is_deeply answer('Private/1'), [undef, undef], 'nor is it remembered';

$t->get('/plain/?ms=10', headers => {'User-Agent' => 'Plain/1'});
is_deeply answer('Plain/1'), [undef, undef],
    'a location without a touchpoint tells nothing';

# A visitor that the site names, through its backend.
visit('Phone/1', 'ms=2100', Cookie => 'v=visitor-1; s=session-1');
is_deeply answer('Backend/1', key => $server,
                 respondent => {visitor => 'visitor-1'}), ['>=2s', '2xx'],
    'by the visitor of a server key';
is_deeply answer('Backend/1', key => $server,
                 respondent => {visitor => 'session-1'}), ['>=2s', '2xx'],
    'by the session';
is_deeply answer('Backend/1', key => $server, headers => {
                     Host => 'inside.example'},
                 respondent => {visitor => 'visitor-1'}), ['>=2s', '2xx'],
    'by whatever host';
is_deeply answer('Slow/1', headers => {Host => 'other.example'}),
    [undef, undef], 'whom nobody names is one of a host';
is_deeply answer('Backend/1', key => $server,
                 respondent => {visitor => 'visitor-2'}), [undef, undef],
    'not another';
is_deeply answer('Phone/1', respondent => {visitor => 'visitor-2'}),
    ['>=2s', '2xx'], 'else by who asks';
visit('Backend/1', 'ms=1');
is_deeply answer('Backend/1', key => $server), [undef, undef],
    "what a backend sees is not its customer's";

sub figure {
    my ($query) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $reply = $t->get("/admin/metrics/$query", key => 1);
    is $reply->{status}, 200, $query or diag $reply->{body};
    return $reply->{json};
}

# [value, n, score] of each segment
sub split_by {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return [map { [@$_{qw(value n score)}] } @{figure($_[0])->{segments}}];
}

my $by = figure('nps?survey=s&by=latency_band');
my %n = map { ($_->{value} // 'none') => $_->{n} } @{$by->{segments}};
is $n{'>=2s'}, 6;
is $by->{segments}[-1]{value}, undef, 'none is last';
is figure('nps?survey=s&where=status_class:5xx')->{n}, 1;

# On every score.
my $csi = sub {
    my ($id, $type, $points) = @_;
    return {id => $id, type => $type, text => {en => '?'},
            $points ? (scale => {min => 1, max => $points}) : ()};
};
is $t->put('/admin/surveys/all', key => 1, json => {
    title => 'All', status => 'live', questions => [$csi->('csat', 'csat'),
        $csi->('ces', 'ces'), map { $csi->($_, 'scale', 10) } qw(a b c)],
    csi => {questions => [qw(a b c)]}})->{status}, 201;
for my $one (['Nobody/2', 5, 7, 8], ['Slow/1', 1, 1, 1],
             ['Broken/2', 2, 6, 4])
{
    my ($who, $csat, $ces, $items) = @$one;
    visit($who, 'status=503&ms=2100') if $who eq 'Broken/2';
    my %asked = (headers => {'User-Agent' => $who});
    my $shown = $t->post('/s/all/exposures', {}, %asked)->{json};
    is $t->post('/s/all/responses', {exposure => $shown->{token}, answers => {
        csat => $csat, ces => $ces, map { $_ => $items } qw(a b c)}}, %asked)
        ->{status}, 201, $who;
}
my %want = (
    'csat?survey=all' => [[100, 1], [0, 1], [0, 1]],
    'csat?survey=all&variant=mean' => [[5, 1], [1, 1], [2, 1]],
    'ces?survey=all' => [[7, 1], [1, 1], [6, 1]],
    'csi?survey=all' => [[77.78, 1], [0, 1], [33.33, 1]],
);
for my $query (sort keys %want) {
    my ($nobody, $slow, $broken) = @{$want{$query}};
    my $all = sub { return [map { [$_->[0], $_->[1], 0 + sprintf '%.2f',
                                   $_->[2]] } @{split_by(@_)}] };
    is_deeply $all->("$query&by=status_class"), [['2xx', reverse @$slow],
        ['5xx', reverse @$broken], [undef, reverse @$nobody]];
    is_deeply [map { [@$_[0, 1]] } @{$all->("$query&by=latency_band")}],
        [['>=2s', 2], [undef, 1]];
    is figure("$query&where=latency_band:%3E%3D2s&by=status_class")->{n}, 2;
}

# The memory lives on in a reload, and a worker's end does not touch it.
visit('Reload/1', 'ms=2100');
$t->reload;
is_deeply answer('Reload/1'), ['>=2s', '2xx'], 'over a reload';
$t->kill_workers;
is_deeply answer('Reload/1'), ['>=2s', '2xx'], 'over killed workers';

# For half an hour.
for my $case ([1790, ['>=2s', '2xx']], [1810, [undef, undef]]) {
    my ($later, $want) = @$case;
    visit("Later/$later", 'ms=2100');
    $fault->set("clock +$later");
    is_deeply answer("Later/$later"), $want, "$later seconds later";
    $fault->clear;
}

$t->sound;
$t->no_alerts;

done_testing;
