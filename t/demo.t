#!/usr/bin/perl

# cxmctl demo: the same seed gives the same figures, what was planted can be
# found, and the rest of the store does not know that it was made up.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use POSIX qw(strftime);
use Test::More;

my @small = qw(--answers 3000 --days 120 --until 2026-03-01);
my @asked = (
    'nps?survey=relationship&bucket=week&by=plan',
    'nps?survey=relationship&by=channel', 'csat?survey=support&by=agent',
    'ces?survey=checkout&by=latency_band', 'csi?survey=satisfaction-index',
    'touchpoints?by=type&bucket=day', 'touchpoints?by=device',
);

sub made {
    my (@args) = @_;
    my $t = CXM->new(start => 0);
    my ($rc, $out, $err) = $t->cxmctl('demo', @args);
    is $rc, 0, "demo @args" or diag $err;
    like $out, qr/^made up: \d+ answers, \d+ touchpoints, \d+ days, seed \d+$/,
        'says what it made';
    $t->start;
    return $t;
}

sub figures {
    my ($t) = @_;
    return {map { $_ => $t->get("/admin/metrics/$_", key => 1)->{json} }
            @asked};
}

# -- what it refuses ----------------------------------------------------------

my $t = CXM->new(start => 0);
for my $args (['now'], ['--answers', 0], ['--answers', 'x'],
              ['--answers', -1], ['--days', 0], ['--days', 4000], ['--seed'],
              ['--until', '2026-02-30'], ['--until', '2999-01-01'],
              ['--until', '1970-01-05'])
{
    is +($t->cxmctl('demo', @$args))[0], 2, "usage: @$args";
}
$t->start;
$t->put('/admin/surveys/mine', {title => 'Mine', status => 'live',
    questions => [{id => 'nps', type => 'nps', text => {en => '?'}}]},
    key => 1);
my ($rc, $out, $err) = $t->cxmctl('demo', @small);
is $rc, 1, 'not into a store that is used';
like $err, qr/\Acxmctl: [^\n]*made-up answers go into an empty one\n\z/,
    'one clear line';
is scalar @{$t->get('/admin/surveys', key => 1)->{json}{items}}, 1,
    'nothing was put there';
$t->stop;

# -- the same again -----------------------------------------------------------

my $one = made(@small);
my $figures = figures($one);
my $two = made(@small, qw(--seed 1));
is_deeply figures($two), $figures, 'the same seed: the same figures';
$two->stop;
my $other = made(@small, qw(--seed 2));
isnt figures($other)->{$asked[0]}{value}, $figures->{$asked[0]}{value},
    'another seed: others';
$other->stop;

# -- what is in it ------------------------------------------------------------

is_deeply [sort map { $_->{slug} }
           @{$one->get('/admin/surveys', key => 1)->{json}{items}}],
    [qw(checkout relationship satisfaction-index support)], 'four surveys';
is scalar(grep { $_->{title} !~ /made-up/ }
          @{$one->get('/admin/surveys', key => 1)->{json}{items}}), 0,
    'whose titles say that they are made up';

my $total = 0;
$total += $_ for map { $figures->{$_}{n} } @asked[0, 2, 3, 4];
is $total, 3000, 'all answers are counted';
is $figures->{$asked[5]}{n}, 6000, 'and all touchpoints';

my $csi = $figures->{$asked[4]};
cmp_ok $csi->{value}, '>', 55, 'a satisfaction that one may have';
cmp_ok $csi->{value}, '<', 90, 'or have not';

# by names, wherever the list has them
sub score {
    my ($metric, $value) = @_;
    my ($found) = grep { ($_->{value} // '') eq $value }
        @{$figures->{$metric}{segments}};
    return $found->{score};
}
cmp_ok score($asked[0], 'free'), '<', score($asked[0], 'pro'),
    'planted: the plan "free" is less content';
cmp_ok score($asked[2], 'ada'), '>', score($asked[2], 'eve'),
    'planted: agents differ';
my $of = sub { $one->get("/admin/metrics/nps?survey=relationship&$_[0]",
                         key => 1)->{json} };
my ($early, $late) = map { $of->($_) } 'to=2026-01-10T00:00:00Z',
    'from=2026-01-15T00:00:00Z';
cmp_ok $late->{low}, '>', $early->{high},
    "planted: a release ($early->{display}, then $late->{display})";

my %days;
for my $bucket (@{$figures->{$asked[5]}{buckets}}) {
    my ($y, $m, $d) = $bucket->{start} =~ /^(\d+)-(\d+)-(\d+)/;
    $days{strftime('%w', 0, 0, 12, $d, $m - 1, $y - 1900)} += $bucket->{n};
}
cmp_ok $days{2}, '>', 1.4 * $days{0}, 'Tuesdays are busier than Sundays';

my $items = $one->get('/admin/responses?survey=relationship&limit=200',
                      key => 1)->{json}{items};
my @dated = grep { $_->{created_at} ge '2025-11-01'
                   && $_->{created_at} lt '2026-03-01' } @$items;
is scalar @dated, 200, 'answers are dated when they were given';
my @why = grep { defined } map { $_->{answers}{why} } @$items;
cmp_ok scalar @why, '>', 20, 'some say why';
is scalar(grep { !/^[A-Z][\x20-\x7e]+\.$/ } @why), 0, 'in English sentences';
cmp_ok scalar(grep { ($_->{respondent}{external_id} // '') =~ /^demo-\d+$/ }
              @$items), '>', 50, 'many are known, by names that are none';

# -- and it is a store like any other -----------------------------------------

is $one->post('/s/relationship/responses', {answers => {nps => 9}})
    ->{status}, 201, 'it goes on';
$one->sound;

done_testing;
