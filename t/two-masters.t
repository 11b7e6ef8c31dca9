#!/usr/bin/perl

# Two nginx masters on one store, as during a binary upgrade or with two
# sites in front of one set of data: writes through both, one killed -9 in the
# middle, and both tell the same truth.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Clients;
use Test::More;

my $one = CXM->new;
my $two = CXM->new(store => $one->store_dir, admin_key => $one->admin_key);
$_->expect_alerts(qr/exited on signal 9/) for $one, $two;
isnt $one->port, $two->port, 'two masters';

my $some = 40;
my $clients = CXM::Clients->new(t => $one, n => 4, also => [$two])->start;
ok $clients->progress($some), 'both are written through';

# What one has acknowledged the other shows at once.
my $id = CXM::Clients::uuid();
is $one->put('/admin/surveys/mine', CXM::Clients::definition('Mine'),
             key => 1)->{status}, 201, 'a survey through one';
is $two->post('/s/mine/responses',
              {id => $id, answers => {nps => 9}, complete => \1})->{status},
    201, 'an answer to it through the other';
is $one->get("/admin/responses/$id", key => 1)->{status}, 200,
    'is there through the first';
is $one->post('/s/mine/responses',
              {id => $id, answers => {nps => 9}, complete => \1})->{status},
    200, 'and a retry through the first is known';

for my $round (1 .. 3) {
    kill 'KILL', $two->pid, $two->workers;
    $two->stop;
    ok $clients->progress($some), "round $round: one killed, one goes on";
    $two->start;
    $clients->publish;
    ok $clients->progress($some), "round $round: both again";

    my @workers = $one->workers;
    kill 'KILL', @workers;
    CXM::until_true(20, sub { !grep { CXM::alive($_) } @workers });
    ok $clients->progress($some), "round $round: workers of the other killed";
}

my $record = $clients->stop;
$clients->check($record);

$one->sound;

# Ends of one master must not take the other's locks away.
$two->stop;
is $one->post('/b', {type => 'page_view'})->{status}, 204,
    'one ended, one writes';
$two->start;
$one->stop;
is $two->post('/b', {type => 'page_view'})->{status}, 204,
    'and the other way round';
$two->sound;

done_testing;
