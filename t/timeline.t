#!/usr/bin/perl

# What is known of one customer from all rooms: scores, and the timeline.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json false true);
use Test::More;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $t = CXM->new(conf => {workers => 2});
my %key = map { $_ => $t->key($_) } qw(analyst privacy rep server viewer);
my $url = '/admin/customers';
my $nobody = '00000000-0000-4000-8000-000000000000';

sub problem {
    my ($reply, $status, $code, @pointers) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $reply->{json} || {};
    is_deeply [$reply->{status}, $json->{code},
               map { $_->{pointer} } @{$json->{errors} || []}],
        [$status, $code, @pointers], "$status $code @pointers"
        or diag $reply->{body};
}

# A customer that an external id leads to.
sub customer {
    my ($number, %rest) = @_;
    return $t->post($url, {identifiers => [
        {type => 'external_id', value => $number}], %rest},
        key => 1)->{json}{id};
}

sub answer {
    my ($survey, $answers, $who) = @_;
    my $r = $t->post("/s/$survey/responses", {answers => $answers,
        respondent => $who}, key => $key{server});
    is $r->{status}, 201, 'answered' or diag $r->{body};
    return $r->{json}{id};
}

sub text { {en => $_[0]} }

$t->put('/admin/surveys/shop', {
    title => 'Shop', status => 'live', questions => [
        {id => 'before', type => 'text', text => text('B?')},
        {id => 'nps', type => 'nps', text => text('N?')},
        {id => 'why', type => 'text', text => text('Why?')}]},
    key => 1);
$t->put('/admin/surveys/care', {
    title => 'Care', status => 'live', questions => [
        {id => 'ok', type => 'csat', text => text('C?')},
        {id => 'speed', type => 'scale', scale => {min => 1, max => 10},
         text => text('S?')},
        {id => 'tone', type => 'scale', scale => {min => 1, max => 10},
         text => text('T?')},
        {id => 'said', type => 'text', text => text('W?')}],
    csi => {questions => ['speed', 'tone']}}, key => 1);
is $t->get('/admin/surveys/care', key => 1)->{status}, 200, 'surveys';

# -- scores -------------------------------------------------------------------

sub score { $t->get("$url/$_[0]/score", key => $_[1] || 1) }

subtest 'what a customer scored' => sub {
    my $id = customer('s-1');
    my $none = {last => undef, mean => undef, trend => undef, history => []};
    is_deeply score($id)->{json}, {nps => $none, csi => $none, csat => $none,
                                   looked => 0, more => false}, 'nothing yet';

    my @nps = (3, 5, 9, 10, 8);
    answer('shop', {nps => $_, why => "because $_"}, {external_id => 's-1'})
        for @nps[0 .. 3];
    my $last = answer('shop', {before => 'Before', nps => 8, why => 'Wörds'},
                      {customer_id => $id});
    answer('shop', {nps => 0}, {external_id => 'somebody else'});
    answer('care', {ok => 4, speed => 10, tone => 1, said => 'Slow'},
           {external_id => 's-1'});

    my $r = score($id);
    is $r->{status}, 200, 'read';
    my $nps = $r->{json}{nps};
    is_deeply [map { $_->{value} } @{$nps->{history}}], [reverse @nps],
        'newest first, whichever name it was given under';
    is_deeply {%{$nps->{last}}{qw(value survey question response comment)}},
        {value => 8, survey => 'shop', question => 'nps', response => $last,
         comment => 'Wörds'}, 'the last one, and what was said behind it';
    like $nps->{last}{at}, qr/^\d{4}-.*Z$/, 'when';
    is $nps->{mean}, 7, 'mean';
    is $nps->{trend}, 9 - 17 / 3, 'the newer two against the older three';
    my ($csi, $csat) = @{$r->{json}}{qw(csi csat)};
    is_deeply [@{$csi->{last}}{qw(value question comment)}],
        [50, undef, 'Slow'], 'an index of several';
    is_deeply [@{$csat->{last}}{qw(value question comment)}],
        [4, 'ok', 'Slow'], 'a question of the same answer';
    is $csat->{trend}, undef, 'one value has no trend';
    is $r->{json}{looked}, 6, 'of six answers';

    $r = score($id, $key{analyst});
    is $r->{json}{nps}{last}{value}, 8, 'an analyst sees values';
    ok !exists $r->{json}{nps}{last}{comment}, 'and no words';
    unlike $r->{body}, qr/rds|Slow|Before/, 'nowhere';

    answer('shop', {before => 'Only before', nps => 1}, {external_id => 's-1'});
    is score($id)->{json}{nps}{last}{comment}, 'Only before',
        'what was said before, where nothing was behind';
    answer('shop', {nps => 2}, {external_id => 's-1'});
    is score($id)->{json}{nps}{last}{comment}, undef, 'nothing said';
};

subtest 'bounds of scores' => sub {
    my $id = customer('s-2');
    answer('care', {ok => 5}, {external_id => 's-2'});
    answer('shop', {nps => $_ % 11}, {external_id => 's-2'}) for 1 .. 30;
    my $json = score($id)->{json};
    is @{$json->{nps}{history}}, 24, 'not more values than that';
    is $json->{csat}{last}{value}, 5, 'what is behind them is still found';
    is_deeply [@$json{qw(looked more)}], [31, false], 'all were looked at';

    problem(score($nobody), 404, 'not_found');
    problem(score('nonsense'), 404, 'not_found');
    problem(score($id, $key{viewer}), 403, 'forbidden');
    is $t->get("$url/$id/score")->{status}, 401, 'not without a key';
    problem($t->get("$url/$id/score?x=1", key => 1), 422, 'invalid', '?x');
};

subtest 'reading words is audited' => sub {
    my $id = customer('s-3');
    my $entries = sub {
        return decode_json(($t->cxmctl('stat'))[1])->{head};
    };
    answer('shop', {nps => 3, why => 'Quiet'}, {external_id => 's-3'});
    my $before = $entries->();
    score($id, $key{analyst});
    is $entries->(), $before, 'values are read without a trace';
    score($id, $key{rep});
    is $entries->(), $before + 1, 'words are not';
};

subtest 'erased' => sub {
    my $id = customer('s-4');
    answer('shop', {nps => 3, why => 'Canary'}, {external_id => 's-4'});
    is $t->post('/admin/privacy/erasures', {customer_id => $id},
                key => $key{privacy})->{status}, 201, 'erased';
    my $r = score($id);
    is_deeply [$r->{status}, $r->{json}{nps}{last}, $r->{json}{looked}],
        [200, undef, 0], 'nothing leads to what was answered';
};

# -- all of it is the journal's -----------------------------------------------

$t->stop;
my ($rc, $out, $err) = $t->cxmctl('verify');
is $rc, 0, 'verify finds it sound' or diag $out . $err;

done_testing;
