#!/usr/bin/perl

# The joined score: an answer knows how fast and how well its respondent was
# served in the half hour before.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
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
$t->start;
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
is_deeply answer('Backend/1', key => $server,
                 respondent => {visitor => 'visitor-2'}), [undef, undef],
    'not another';
is_deeply answer('Phone/1', respondent => {visitor => 'visitor-2'}),
    ['>=2s', '2xx'], 'else by who asks';
visit('Backend/1', 'ms=1');
is_deeply answer('Backend/1', key => $server), [undef, undef],
    "what a backend sees is not its customer's";

# Split by it, on any score.
my $by = $t->get('/admin/metrics/nps?survey=s&by=latency_band', key => 1);
my %n = map { ($_->{value} // 'none') => $_->{n} } @{$by->{json}{segments}};
is $n{'>=2s'}, 5;
is $by->{json}{segments}[-1]{value}, undef, 'none is last';
is $t->get('/admin/metrics/nps?survey=s&where=status_class:5xx',
           key => 1)->{json}{n}, 1;

# The memory lives on in a reload, and a worker's end does not touch it.
visit('Reload/1', 'ms=2100');
$t->reload;
is_deeply answer('Reload/1'), ['>=2s', '2xx'], 'over a reload';
$t->expect_alerts(qr/exited on signal 9/);
my @workers = $t->workers;
kill 'KILL', @workers;
CXM::until_true(20, sub {
    my %old = map { $_ => 1 } @workers;
    return 2 == grep { !$old{$_} } $t->workers;
});
$t->wait_store;
is_deeply answer('Reload/1'), ['>=2s', '2xx'], 'over killed workers';

is +($t->cxmctl('verify'))[0], 0, 'the store is sound';
$t->no_alerts;

done_testing;
