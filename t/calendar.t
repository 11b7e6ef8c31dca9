#!/usr/bin/perl

# Scores and touchpoints in the calendars of time zones: days of other lengths
# than 24 hours, offsets of quarters of an hour, ISO weeks, and what is wrong.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use File::Copy qw(copy);
use File::Path qw(make_path);
use Test::More;

my $t = CXM->new(conf => {
    locations => 'location /berlin/ { cxm_admin; cxm_time_zone Europe/Berlin; }',
});
my $server = $t->key('server');

sub put_survey {
    my ($slug) = @_;
    is $t->put("/admin/surveys/$slug", {title => $slug, status => 'live',
        questions => [{id => 'nps', type => 'nps', text => {en => 'How?'}}]},
        key => 1)->{status}, 201, "survey $slug";
}

# One answer at each instant, by a backend that says when it was.
sub answers {
    my ($slug, @times) = @_;
    for my $time (@times) {
        my $reply = $t->post("/s/$slug/responses", {answers => {nps => 10},
            client_time => $time}, key => $server);
        next if $reply->{status} == 201;
        return fail("answer at $time: $reply->{status} $reply->{body}");
    }
}

sub ask {
    my ($path, %arg) = @_;
    return $t->get("$path?" . join('&', map { "$_=$arg{$_}" } sort keys %arg),
                   key => 1);
}

# ["start n", ...] of the buckets, to the minute
sub buckets {
    my (%arg) = @_;
    my $reply = ask(delete $arg{path} // '/admin/metrics/nps', %arg);
    is $reply->{status}, 200, join ' ', map { "$_=$arg{$_}" } sort keys %arg
        or diag $reply->{body};
    return [map { substr($_->{start}, 0, 16) . " $_->{n}" }
            @{$reply->{json}{buckets}}];
}

subtest 'a day of 23 hours' => sub {
    put_survey('spring');
    answers('spring', '2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z',
        '2026-03-29T00:59:00Z', '2026-03-29T01:00:00Z',
        '2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z');

    my %day = (survey => 'spring', tz => 'Europe/Berlin', bucket => 'day');
    is_deeply buckets(%day), ['2026-03-27T23:00 1', '2026-03-28T23:00 4',
                              '2026-03-29T22:00 1'];
    is_deeply buckets(%day, tz => 'UTC'),
        ['2026-03-28T00:00 2', '2026-03-29T00:00 4'];

    my $hours = buckets(%day, bucket => 'hour',
        from => '2026-03-28T23:00:00Z', to => '2026-03-29T22:00:00Z');
    is scalar @$hours, 23;
    is_deeply [grep { !/ 0$/ } @$hours],
        ['2026-03-28T23:00 1', '2026-03-29T00:00 1', '2026-03-29T01:00 1',
         '2026-03-29T21:00 1'];

    my $json = ask('/admin/metrics/nps', %day)->{json};
    is $json->{tz}, 'Europe/Berlin', 'tz is told';
    is $json->{from}, '2026-03-27T23:00:00.000Z', 'the first day there';
    is $json->{to}, '2026-03-30T22:00:00.000Z', 'behind the last';
};

subtest 'a day of 25 hours' => sub {
    put_survey('autumn');
    answers('autumn', '2025-10-25T21:59:59Z', '2025-10-25T22:00:00Z',
        '2025-10-26T00:30:00Z', '2025-10-26T01:30:00Z',
        '2025-10-26T22:59:59Z', '2025-10-26T23:00:00Z');

    my %day = (survey => 'autumn', tz => 'Europe/Berlin', bucket => 'day');
    is_deeply buckets(%day), ['2025-10-24T22:00 1', '2025-10-25T22:00 4',
                              '2025-10-26T23:00 1'];

    my $hours = buckets(%day, bucket => 'hour',
        from => '2025-10-25T22:00:00Z', to => '2025-10-26T23:00:00Z');
    is scalar @$hours, 25;
    is_deeply [grep { !/ 0$/ } @$hours],
        ['2025-10-25T22:00 1', '2025-10-26T00:00 1', '2025-10-26T01:00 1',
         '2025-10-26T22:00 1'], 'the hour from 2 to 3 comes twice';
};

subtest 'quarters of an hour' => sub {
    put_survey('quarters');
    answers('quarters', '2026-04-04T12:59:59Z', '2026-04-04T13:00:00Z',
        '2026-04-04T14:45:00Z', '2026-04-04T15:15:00Z',
        '2026-04-04T18:14:59Z', '2026-04-04T18:15:00Z',
        '2026-04-05T13:29:59Z', '2026-04-05T13:30:00Z');

    my %day = (survey => 'quarters', bucket => 'day');
    is_deeply buckets(%day, tz => 'Asia/Kathmandu'),
        ['2026-04-03T18:15 5', '2026-04-04T18:15 3'];
    is_deeply buckets(%day, tz => 'Australia/Lord_Howe'),
        ['2026-04-03T13:00 1', '2026-04-04T13:00 6', '2026-04-05T13:30 1'],
        'a day of 24 hours and a half';
    is_deeply buckets(%day, tz => 'Australia/Lord_Howe', bucket => 'hour',
        from => '2026-04-04T14:00:00Z', to => '2026-04-04T17:00:00Z'),
        ['2026-04-04T14:00 1', '2026-04-04T15:00 1', '2026-04-04T15:30 0',
         '2026-04-04T16:30 0'], 'half an hour comes twice';
    is_deeply buckets(%day, tz => 'Asia/Kathmandu', bucket => 'hour',
        from => '2026-04-04T18:00:00Z', to => '2026-04-04T19:00:00Z'),
        ['2026-04-04T17:15 1', '2026-04-04T18:15 1'],
        'from and to cut the hours';
};

subtest 'weeks of ISO 8601' => sub {
    put_survey('weeks');
    # 2020 has a week 53, 2021 begins with it; 2024-12-30 is of 2025
    answers('weeks', '2020-12-27T22:59:59Z', '2020-12-27T23:00:00Z',
        '2021-01-03T22:59:59Z', '2021-01-03T23:00:00Z');
    is_deeply buckets(survey => 'weeks', tz => 'Europe/Berlin',
                      bucket => 'week'),
        ['2020-12-20T23:00 1', '2020-12-27T23:00 2', '2021-01-03T23:00 1'];
    is_deeply buckets(survey => 'weeks', bucket => 'week'),
        ['2020-12-21T00:00 2', '2020-12-28T00:00 2'];

    put_survey('first');
    answers('first', '2024-12-29T23:59:59Z', '2024-12-30T00:00:00Z',
        '2025-01-05T23:59:59Z', '2025-01-06T00:00:00Z');
    is_deeply buckets(survey => 'first', bucket => 'week'),
        ['2024-12-23T00:00 1', '2024-12-30T00:00 2', '2025-01-06T00:00 1'];
};

subtest 'months, quarters, years' => sub {
    put_survey('long');
    answers('long', '2024-12-31T22:59:59Z', '2024-12-31T23:00:00Z',
        '2025-03-31T21:59:59Z', '2025-03-31T22:00:00Z',
        '2025-12-31T22:59:59Z', '2025-12-31T23:00:00Z');

    my %all = (survey => 'long', tz => 'Europe/Berlin');
    is_deeply buckets(%all, bucket => 'year'),
        ['2023-12-31T23:00 1', '2024-12-31T23:00 4', '2025-12-31T23:00 1'];
    is_deeply buckets(%all, bucket => 'quarter'),
        ['2024-09-30T22:00 1', '2024-12-31T23:00 2', '2025-03-31T22:00 1',
         '2025-06-30T22:00 0', '2025-09-30T22:00 1', '2025-12-31T23:00 1'];

    my $months = buckets(%all, bucket => 'month');
    is scalar @$months, 14;
    is_deeply [grep { !/ 0$/ } @$months],
        ['2024-11-30T23:00 1', '2024-12-31T23:00 1', '2025-02-28T23:00 1',
         '2025-03-31T22:00 1', '2025-11-30T23:00 1', '2025-12-31T23:00 1'];

    my $bucket = ask('/admin/metrics/nps', %all, bucket => 'quarter')
        ->{json}{buckets}[3];
    is $bucket->{n}, 0, 'an empty one is there';
    ok exists $bucket->{value} && !defined $bucket->{value}, 'without a value';
};

subtest 'days that are not there' => sub {
    put_survey('apia');
    answers('apia', '2011-12-30T09:59:59Z', '2011-12-30T10:00:00Z');
    is_deeply buckets(survey => 'apia', tz => 'Pacific/Apia',
                      bucket => 'day'),
        ['2011-12-29T10:00 1', '2011-12-30T10:00 1'],
        'no 30th of December';

    put_survey('cairo');
    answers('cairo', '2026-04-23T21:59:59Z', '2026-04-23T22:00:00Z',
        '2026-04-24T20:59:59Z', '2026-04-24T21:00:00Z');
    is_deeply buckets(survey => 'cairo', tz => 'Africa/Cairo',
                      bucket => 'day'),
        ['2026-04-22T22:00 1', '2026-04-23T22:00 2', '2026-04-24T21:00 1'],
        'a day that begins at 01:00';
};

subtest 'touchpoints' => sub {
    for my $time ('2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z',
                  '2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z')
    {
        is $t->post('/b', {type => 'import', client_time => $time},
                    key => $server)->{status}, 204;
    }
    is_deeply buckets(path => '/admin/metrics/touchpoints',
        where => 'type:import', tz => 'Europe/Berlin', bucket => 'day'),
        ['2026-03-27T23:00 1', '2026-03-28T23:00 2', '2026-03-29T22:00 1'];
};

subtest 'which zone' => sub {
    my %day = (survey => 'spring', bucket => 'day');
    my $json = ask('/berlin/metrics/nps', %day)->{json};
    is $json->{tz}, 'Europe/Berlin', 'that of the location';
    is $json->{buckets}[0]{start}, '2026-03-27T23:00:00.000Z';
    is ask('/berlin/metrics/nps', %day, tz => 'UTC')->{json}{tz}, 'UTC';
    is ask('/admin/metrics/nps', %day)->{json}{tz}, 'UTC', 'none: UTC';

    for my $tz (qw(Etc/GMT%2B5 Etc/GMT+5)) {
        $json = ask('/admin/metrics/nps', %day, tz => $tz)->{json};
        is $json->{tz}, 'Etc/GMT+5', $tz;
        is $json->{buckets}[0]{start}, '2026-03-28T05:00:00.000Z';
    }

    for my $tz ('', qw(Europe Europe/Nowhere europe/berlin ../UTC /UTC UTC/
                       right/UTC Europe/Berlin%00 leapseconds), 'x' x 200)
    {
        my $reply = ask('/admin/metrics/nps', %day, tz => $tz);
        my $expect = $tz =~ /%00/ ? 400 : 422;
        is $reply->{status}, $expect, "tz=" . substr $tz, 0, 20;
        is_deeply [@{$reply->{json}{errors}[0]}{qw(pointer code)}],
            ['?tz', 'no_such_time_zone'] if $expect == 422;
    }

    for my $from (qw(2026-03-28T23:10:00Z 2026-03-29T00:00:00+05:10)) {
        my $reply = ask('/admin/metrics/nps', %day, tz => 'Asia/Kathmandu',
                        from => $from);
        is $reply->{status}, 422, "from=$from";
        is_deeply [@{$reply->{json}{errors}[0]}{qw(pointer code)}],
            ['?from', 'not_on_quarter_hour'];
    }
    is ask('/admin/metrics/nps', %day, from => '2026-03-29T00:00:00+05:45')
        ->{json}{from}, '2026-03-28T18:15:00.000Z', 'a quarter there';
};

subtest 'new rules come with a reload' => sub {
    my $dir = $t->dir . '/zoneinfo';
    make_path("$dir/Our");
    copy('/usr/share/zoneinfo/Asia/Kathmandu', "$dir/Our/Place") or die $!;

    local $ENV{TZDIR} = $dir;
    my $other = CXM->new(conf => {admin => 'cxm_time_zone Our/Place;'},
        store => $t->store_dir, admin_key => $t->admin_key);
    my $start = sub {
        my $json = $other->get('/admin/metrics/nps?survey=spring&bucket=day',
                               key => 1)->{json};
        return "$json->{tz} $json->{buckets}[0]{start}";
    };
    is $start->(), 'Our/Place 2026-03-28T18:15:00.000Z', 'a folder of TZDIR';

    copy('/usr/share/zoneinfo/Europe/Berlin', "$dir/Our/Place") or die $!;
    $other->reload;
    is $start->(), 'Our/Place 2026-03-27T23:00:00.000Z', 'its new file';
    is $other->get('/admin/metrics/nps?survey=spring&tz=Europe/Paris',
                   key => 1)->{status}, 422, 'it has no other zone';
    $other->stop;
};

$t->sound;

done_testing;
