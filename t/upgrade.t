#!/usr/bin/perl

# Formats: programs of two versions on one store.  This one knows format 1;
# t/fault/forge.c stands in for the next, which knows 2.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Fault;
use Mojo::JSON qw(decode_json);
use Test::More;

my $t = CXM->new;
my $store = $t->store_dir;
my $forge = CXM::Fault::program('forge');

sub forge { CXM::run($forge, $store, @_) }
sub format_of { decode_json(($t->cxmctl('stat'))[1])->{format} }

$t->put('/admin/surveys/s', {title => 'S', status => 'live',
    questions => [{id => 'nps', type => 'nps', text => {en => '?'}}]},
    key => 1);

sub answer {
    return $t->post('/s/s/responses', {answers => {nps => 7}});
}

is answer()->{status}, 201, 'an answer';
is format_of(), 1, 'format 1';

# -- the same version ---------------------------------------------------------

my ($rc, $out, $err) = $t->cxmctl('upgrade');
is $rc, 0, 'upgrade of a store that has the newest format' or diag $err;
is $out, "format 1: nothing to raise\n", 'says so';
is +($t->cxmctl('upgrade', 'now'))[0], 2, 'it takes no arguments';
is sprintf('%04o', (stat "$store/running")[2] & 07777), '0600',
    'the file of locks is for nobody else';

# -- the next version, while this one runs ------------------------------------

my $stat = (forge('text'))[1];
($rc, $out, $err) = forge('upgrade', 2);
is $rc, 1, 'not while this program has the store open';
like $err, qr/knows only format 1 has the store open/, 'and why';
is format_of(), 1, 'still format 1';
is answer()->{status}, 201, 'service goes on';
is +(forge('text'))[0], 0, 'both have it open';

# -- the next version alone ---------------------------------------------------

$t->stop;
($rc, $out, $err) = forge('upgrade', 2);
is $rc, 0, 'once this program is gone' or diag $err;
is $out, "from 1\n", 'it is raised';

for my $verb (['stat'], ['verify'], ['key', 'list'], ['upgrade'],
              ['backup', $t->dir . '/x.tar'])
{
    ($rc, $out, $err) = $t->cxmctl(@$verb);
    is $rc, 1, "@$verb: a newer format";
    is $err, 'cxmctl: open: newer_format: the store has format 2, this '
        . "program knows 1 at most\n", "@$verb: one clear line";
}
ok !-e $t->dir . '/x.tar', 'no backup';

$t->{wait} = 0;
$t->start;
my @asked = (['GET', '/admin/surveys'], ['GET', '/s/s'],
             ['POST', '/s/s/responses'], ['POST', '/b']);
for my $asked (@asked) {
    my ($method, $path) = @$asked;
    my $reply = $t->request($method, $path, key => 1,
        $method eq 'POST' ? (json => {answers => {nps => 7}}) : ());
    is $reply->{status}, 503, "$method $path: 503";
    is $reply->{json}{code}, 'store_unavailable', 'a problem document';
    ok $reply->{headers}{'retry-after'}, 'try again later';
}
is $t->get('/test-is-up')->{status}, 204, 'the rest of the server goes on';
like $t->error_log, qr/the store has format 2, this program knows 1 at most/,
    'the log says why';

# -- and back: what the next one wrote is what this one reads -----------------

is +(forge('format', 1, 2))[0], 0, 'as if it had not been raised';
ok CXM::until_true(20, sub { answer()->{status} == 201 }),
    'nginx opens the store by itself';
$t->sound;

# -- a number that appears under a running server -----------------------------

my $before = (forge('text'))[1];
is +(forge('format', 9, 1))[0], 0, 'a format from nowhere';
for my $asked (@asked) {
    my ($method, $path) = @$asked;
    is $t->request($method, $path, key => 1, $method eq 'POST'
        ? (json => $path eq '/b' ? {type => 'x'} : {answers => {nps => 7}})
        : ())->{status}, 503, "$method $path: no guess";
}
is +(forge('format', 1, 9))[0], 0, 'and gone';
is +(forge('text'))[1], $before, 'nothing was written meanwhile';
is answer()->{status}, 201, 'service goes on';
$t->sound;

done_testing;
