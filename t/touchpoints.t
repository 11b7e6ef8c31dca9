#!/usr/bin/perl

# Events for staff: listed, exported, and brought to another store.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json encode_json false true);
use Test::More;

my $t = CXM->new(conf => {workers => 1});
my $server = $t->key('server');
my $analyst = $t->key('analyst');

sub beacon {
    my ($json, %arg) = @_;
    my $r = $t->post('/b', json => $json, %arg);
    like $r->{status}, qr/^20[04]$/, 'events' or diag $r->{body};
}

my $past = '2024-02-29T10:00:00.000Z';
beacon({type => 'order', customer => 'c-1', touchpoint => 'purchase',
        product => 'p', value => {amount => 1250, currency => 'EUR'},
        client_time => $past, props => {a => 1, b => 'x,"y"', c => true}},
       key => $server);
beacon({type => 'page_view', id => '0196b0f2-0000-7000-8000-000000000001',
        visitor => 'v-1', session => 's', customer => 'claims',
        url => 'https://a.example/x?q=1', referrer => '', title => "=T \x{20ac}",
        value => {amount => 5, currency => 'USD'},
        client_time => '2020-01-01T00:00:00Z'},
       headers => {'User-Agent' => 'Mozilla/5.0 (X11; Linux) Firefox/130.0'});
beacon({type => 'page_view', visitor => 'v-2'},
       headers => {'User-Agent' => 'Googlebot/2.1'});
beacon({events => [map {{type => 'bulk', visitor => "b-$_"}} 1 .. 300]},
       key => $server);

sub list {
    my ($query, %arg) = @_;
    return $t->get("/admin/touchpoints?$query", key => 1, %arg);
}

sub pages {
    my ($query, $between) = @_;
    my (@all, $next);
    do {
        my $r = list($query . ($next ? "&cursor=$next" : ''));
        is $r->{status}, 200, 'a page' or diag $r->{body};
        push @all, @{$r->{json}{items}};
        $next = $r->{json}{next};
        like $r->{headers}{link} // '', $next ? qr/rel="next"/ : qr/^$/, 'link';
        $between->() if $between;
    } while ($next);
    return @all;
}

# -- listed -------------------------------------------------------------------

my @all = pages('limit=500');
is scalar @all, 303, 'all events';
is $all[0]{visitor}, 'b-300', 'the last that came first';
is $all[302]{type}, 'order', 'the first last';
my %ids = map { $_->{id} => 1 } @all;
is scalar keys %ids, 303, 'each with an id of its own';
like $all[0]{id}, qr/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]/, 'of v8';

my ($order, $view, $bot) = @all[302, 301, 300];
is_deeply $order, {
    id => $order->{id}, type => 'order', created_at => $past,
    touchpoint => 'purchase', product => 'p', url => undef, referrer => undef,
    title => undef, visitor => undef, customer => 'c-1', claimed => undef,
    session => undef, device => undef, country => undef, region => undef,
    status => undef, status_class => undef, latency => undef,
    upstream => undef, value => {amount => 1250, currency => 'EUR'},
    props => {a => 1, b => 'x,"y"', c => true}, unverified => false,
    bot => false, client_time => $past}, 'of a server';
is $view->{claimed}, 'claims', 'a claim';
is $view->{customer}, undef, 'is no customer';
is $view->{unverified}, true, 'nor money';
is $view->{device}, 'desktop', 'device';
is $view->{client_time}, '2020-01-01T00:00:00Z', 'time as it was said';
isnt $view->{created_at}, '2020-01-01T00:00:00.000Z', 'which dates nothing';
is $bot->{bot}, true, 'a bot';

my $extra = 0;
is_deeply [map { $_->{id} } pages('limit=7', sub {
        beacon({type => 'late'}, key => $server) if $extra++ < 5;
    })], [map { $_->{id} } @all], 'page by page, while others come';
@all = pages('limit=500');
is scalar @all, 308, 'which then are there';

sub some { return [map { $_->{type} } pages($_[0])] }

is_deeply some('type=order'), ['order'], 'of a type';
is_deeply some('touchpoint=purchase'), ['order'], 'of a touchpoint';
is_deeply some('bots=only'), ['page_view'], 'bots';
is scalar @{some('bots=none&limit=100')}, 307, 'people';
is_deeply some('to=2025-01-01T00:00:00Z'), ['order'], 'before a time';
is_deeply some('type=page_view&from=2025-01-01T00:00:00Z'),
    ['page_view', 'page_view'], 'since a time';
is_deeply some('from=2999-01-01T00:00:00Z'), [], 'since the future';

my $next = list('limit=7&type=bulk')->{json}{next};
for my $case (["limit=7&type=page_view&cursor=$next", '?cursor'],
              ["cursor=$next", '?cursor'], ['limit=501', '?limit'],
              ['limit=0', '?limit'], ['bots=x', '?bots'], ['from=x', '?from'],
              ['nonsense=1', '?nonsense']) {
    my ($query, $pointer) = @$case;
    my $r = list($query);
    is $r->{status}, 422, "$query: 422";
    is $r->{json}{errors}[0]{pointer}, $pointer, 'and where';
}
is list("limit=9&type=bulk&cursor=$next")->{status}, 200,
    'another limit is the same list';

is list('', key => $t->key($_))->{status}, 403, "$_ may not"
    for qw(rep viewer server sales);
my $r = list('type=order', key => $analyst);
is_deeply [grep { exists $r->{json}{items}[0]{$_} }
           qw(visitor customer claimed session)], [],
    'an analyst sees no person';
is $t->get('/admin/export/touchpoints.csv', key => $t->key('product'))
    ->{status}, 403, 'an export needs its scope too';

# -- exported -----------------------------------------------------------------

sub export {
    my ($what, %arg) = @_;
    my $r = $t->get("/admin/export/touchpoints.$what", key => 1, %arg);
    is $r->{status}, 200, "export $what" or diag $r->{body};
    return $r;
}

my $whole = export('ndjson');
is_deeply [map { decode_json($_) } split /\n/, $whole->{body}],
    [reverse @all], 'rows are what the list has, oldest first';
my $until = $whole->{headers}{'export-until'};

my @csv = split /\r\n/, export('csv')->{body};
is $csv[0] =~ tr/"//dr, 'id,type,created_at,touchpoint,product,url,referrer,title,'
    . 'visitor,customer,claimed,session,device,country,region,status,'
    . 'status_class,latency,upstream,value.amount,value.currency,props,'
    . 'unverified,bot,client_time', 'columns';
is $csv[1], "$order->{id},order,$past,purchase,p,,,,,c-1,,,,,,,,,,1250,EUR,"
    . '"{""a"":1,""b"":""x,\\""y\\"""",""c"":true}",false,false,' . $past,
    'a row';
like $csv[2], qr/,'=T \xe2\x82\xac,v-1,,claims,s,desktop,/, 'another';
is scalar @csv, 309, 'all of them';
is export('csv?type=order', key => $analyst)->{body} =~ tr/\n//, 2, 'chosen';
unlike export('csv', key => $analyst)->{body}, qr/visitor|v-1/,
    'no persons for an analyst';
is export('csv?from=2025-01-01T00:00:00Z&type=late')->{body} =~ tr/\n//, 6,
    'since a time';

my @lines = split /^/, $whole->{body};
for my $kept (1, 2, 57, 200, 308) {
    my ($id) = $lines[$kept - 1] =~ /"id":"([^"]+)"/;
    is join('', @lines[0 .. $kept - 1])
        . export("ndjson?until=$until&after=$id")->{body}, $whole->{body},
        "goes on behind row $kept";
}
$r = $t->get('/admin/export/touchpoints.csv?after='
    . ($order->{id} =~ s/.$/$& eq '0' ? 1 : 0/er), key => 1);
is $r->{status}, 422, 'an id that nobody gave leads nowhere';

# -- brought to another store -------------------------------------------------

my $other = CXM->new;
my $file = $t->write_file('events.ndjson', $whole->{body});

sub import_file {
    my ($t, $path, $want) = @_;
    my ($rc, $out, $err) = $t->cxmctl('import', 'touchpoints', $path);
    is $rc, $want // 0, 'import' or diag $out . $err;
    return $out;
}

is import_file($other, $file),
    "308 created, 0 updated, 0 unchanged, 0 refused\n", 'all';
my ($rc, $copy) = $other->cxmctl('export', 'touchpoints', '--format',
                                 'ndjson');
is $copy, $whole->{body}, 'byte for byte, ids as well';
is import_file($other, $file),
    "0 created, 0 updated, 308 unchanged, 0 refused\n", 'once';
is import_file($t, $file),
    "0 created, 0 updated, 308 unchanged, 0 refused\n",
    'where they come from they are known';

for my $by ('type', 'touchpoint', 'device') {
    my ($a, $b) = map { $_->get("/admin/metrics/touchpoints?by=$by&"
        . 'bucket=month', key => 1)->{json} } $t, $other;
    is_deeply $b, $a, "they count alike by $by";
}

my ($id) = $lines[100] =~ /"id":"([^"]+)"/;
$r = $other->get("/admin/export/touchpoints.ndjson?after=$id", key => 1);
is $r->{body}, join('', @lines[101 .. 307]), 'goes on behind one of them';

my $bad = $t->write_file('bad.ndjson', join '', map { encode_json($_) . "\n" }
    {type => 'x'}, {id => $id =~ s/^./f/r, type => 'a b'},
    {id => $id =~ s/^./e/r, type => 'x', nonsense => 1},
    {id => $id =~ s/^./d/r, type => 'x', created_at => '2999-01-01T00:00:00Z'},
    {id => $id =~ s/^./c/r, type => 'x', url => 'no url'});
is import_file($other, $bad, 1),
    "0 created, 0 updated, 0 unchanged, 5 refused\n", 'errors';
is_deeply [map { my $e = decode_json($_); "$e->{line} $e->{errors}[0]{pointer}" }
           split /\n/, CXM::slurp("$bad.errors.ndjson")],
    ['1 /id', '2 /type', '3 /nonsense', '4 /created_at', '5 /url'],
    'line by line';

for my $store ($t, $other) {
    $store->stop;
    $store->sound;
}

done_testing;
