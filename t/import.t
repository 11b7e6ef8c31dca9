#!/usr/bin/perl

# Imports: what one store exports another takes in, once, and counts alike;
# what is wrong with a line is told of that line.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json encode_json false true);
use Test::More;

my $t = CXM->new;
my $server = $t->key('server');

my %survey = (
    title => 'Demo', status => 'live', segment_by => ['plan', 'region'],
    questions => [
        {id => 'nps', type => 'nps', text => {en => 'N?'}, required => true},
        {id => 'sat', type => 'csat', text => {en => 'S?'}},
        {id => 'pick', type => 'multi', text => {en => 'P?'}, choices => [
            map {{id => $_, text => {en => $_}}} qw(a b c)]},
        {id => 'why', type => 'text', text => {en => 'Why?'},
         show_if => {question => 'nps', op => 'lte', value => 8}},
        {id => 'who', type => 'contact', text => {en => 'Who?'}},
    ],
);

sub define {
    my ($t, $slug, $definition) = @_;
    my $r = $t->put("/admin/surveys/$slug", key => 1, json => $definition);
    like $r->{status}, qr/^20[01]$/, "survey $slug" or diag $r->{body};
}

define($t, 'demo', \%survey);

sub answer {
    my ($json, %arg) = @_;
    my $r = $t->post('/s/demo/responses', json => $json, %arg);
    is $r->{status}, 201, 'an answer' or diag $r->{body};
    return $r->{json};
}

# -- what there is to export --------------------------------------------------

answer({answers => {nps => 9, sat => 4, pick => ['b', 'a']}, channel => 'app',
        respondent => {customer_id => 'c-1'}, agent => 'Bob',
        touchpoint => 'purchase', product => 'x', language => 'pt-BR',
        interaction_id => 'i-1', client_time => '2024-02-29T12:00:00Z',
        attributes => {plan => 'pro', n => 1.5, s => 'text', t => true}},
       key => $server);
answer({answers => {nps => 2, why => "weil \x{1f600}\n\"so\"",
                    who => {name => 'Ann', email => 'a@b.de'}},
        respondent => {email => 'claimed@b.de'}, agent => 'claims',
        client_time => '2020-01-01T00:00:00Z'});
answer({answers => {nps => 7}, complete => false, channel => 'web'});
my $gone = answer({answers => {nps => 1, why => 'forget me'},
                   respondent => {email => 'gone@b.de'},
                   attributes => {plan => 'free'}}, key => $server);
answer({answers => {nps => $_ % 11}, channel => (qw(web email sms))[$_ % 3],
        attributes => {plan => "p$_"}}, key => $server) for 1 .. 40;

my $r = $t->post('/admin/privacy/erasures', {email => 'gone@b.de'}, key => 1);
like $r->{status}, qr/^20/, 'one of them is erased' or diag $r->{body};

# a question that is gone, and one that became required

my @questions = @{$survey{questions}};
define($t, 'demo', {%survey, questions => [@questions[0, 2 .. 4],
    {id => 'new', type => 'ces', text => {en => 'New?'}, required => true}]});

sub export {
    my ($t, @args) = @_;
    my ($rc, $out, $err) = $t->cxmctl('export', 'responses', @args);
    is $rc, 0, "export @args" or diag $err;
    return $out;
}

sub import_file {
    my ($t, $path, %arg) = @_;
    my ($rc, $out, $err) = $t->cxmctl('import', $arg{kind} // 'responses',
                                      $path);
    is $rc, $arg{rc} // 0, 'import' or diag $out . $err;
    return $out;
}

sub scores {
    my ($t) = @_;
    my %all;
    for my $query ('nps?survey=demo', 'nps?survey=demo&by=channel',
                   'nps?survey=demo&by=plan&bucket=month',
                   'nps?survey=demo&by=language', 'nps?survey=demo&by=agent') {
        my $r = $t->get("/admin/metrics/$query", key => 1);
        is $r->{status}, 200, $query;
        $all{$query} = $r->{json};
    }
    return \%all;
}

# Rows but for when a store took them in.
sub rows {
    my ($text) = @_;
    return map {
        my $row = decode_json($_);
        delete $row->{updated_at};
        $row;
    } split /\n/, $text;
}

my $first = export($t, '--format', 'ndjson');
my $file = $t->write_file('rows.ndjson', $first);
my $want = scores($t);

is $first, $t->get('/admin/export/responses.ndjson', key => 1)->{body},
    'the tool exports what the server does';
is export($t), $t->get('/admin/export/responses.csv', key => 1)->{body},
    'CSV too';
is export($t, '--format', 'ndjson', '--no-personal'),
    $t->get('/admin/export/responses.ndjson', key => $t->key('analyst'))
    ->{body}, 'without personal members';
is scalar(rows(export($t, '--format', 'ndjson', '--survey', 'demo',
                      '--min-score', '10'))), 3, 'filters';
my ($third) = (rows($first))[2]{id};
is scalar(rows(export($t, '--format', 'ndjson', '--after', $third))), 41,
    'from a row on';

for my $case ([1, 'nonsense'], [1, 'responses', '--nonsense', 'x'],
              [1, 'responses', '--format', 'xml'], [2], [2, 'a', 'b'],
              [2, 'responses', '--survey']) {
    my ($want, @args) = @$case;
    my ($rc, $out, $err) = $t->cxmctl('export', @args);
    is $rc, $want, "export @args: $want";
    is $out, '', 'nothing on standard output';
}

# -- into another store -------------------------------------------------------

my $other = CXM->new;
define($other, 'demo', \%survey);
define($other, 'demo', {%survey, questions => [@questions[0, 2 .. 4],
    {id => 'new', type => 'ces', text => {en => 'New?'}, required => true}]});

is import_file($other, $file),
    "44 created, 0 updated, 0 unchanged, 0 refused\n", 'all of it';
is CXM::slurp("$file.errors.ndjson"), '', 'without an error';

my $second = export($other, '--format', 'ndjson');
my @a = rows($first);
my @b = rows($second);
is scalar @b, scalar @a, 'as many rows';
is_deeply $b[$_], $a[$_], "row $_ is the same" for 0 .. $#a;
my $got = scores($other);
is_deeply $got->{$_}, $want->{$_}, "$_ is the same" for sort keys %$want;
is scalar @{$other->get('/admin/responses?customer_id=c-1', key => 1)
    ->{json}{items}}, 1, 'the person is known';

is import_file($other, $file),
    "0 created, 0 updated, 44 unchanged, 0 refused\n",
    'again: nothing is taken twice';
is export($other, '--format', 'ndjson'), $second, 'nor changed';
is import_file($t, $file),
    "0 created, 0 updated, 44 unchanged, 0 refused\n",
    'where it came from it is known';

my $gzip = CXM->new(start => 0);
$gzip->start;
define($gzip, 'demo', \%survey);
is system('gzip', '-k', $file), 0, 'compressed';
is import_file($gzip, "$file.gz"),
    "44 created, 0 updated, 0 unchanged, 0 refused\n",
    'by gzip';

my $text = CXM::slurp("$file.gz");
my $cut = $t->write_file('cut.gz', substr $text, 0, length($text) / 2);
like +($gzip->cxmctl('import', 'responses', $cut))[2], qr/cut/,
    'a file that is cut';

# -- lines that are wrong -----------------------------------------------------

my $id = '00000000-0000-4000-8000-0000000000';
my @lines = (
    {id => "${id}01", survey => 'demo', answers => {nps => 9}},
    '{"id": ',
    {id => "${id}02", survey => 'demo', answers => {nps => 11, no => 1}},
    {survey => 'demo', answers => {nps => 1}},
    {id => "${id}03", survey => 'none', answers => {nps => 1}},
    {id => "${id}04", survey => 'demo', answers => {nps => 1}, x => 1},
    {id => "${id}05", survey => 'demo', answers => {nps => 1},
     created_at => '2999-01-01T00:00:00Z'},
    {id => "${id}06", survey => 'demo', answers => {}},
    '',
    '{"a": "' . 'x' x (1 << 20) . '"}',
    {id => "${id}07", survey => 'demo', answers => {nps => 10},
     client_time => '2021-05-05T05:05:05Z', complete => false},
    "[1]\r",
    {id => "${id}01", survey => 'demo', answers => {nps => 8}},
);
my $bad = $t->write_file('bad.ndjson', join "\n",
                         map { ref ? encode_json($_) : $_ } @lines);
is import_file($t, $bad, rc => 1),
    "2 created, 0 updated, 1 unchanged, 9 refused\n",
    'the good ones are taken';
is_deeply [map {
    my $e = decode_json($_);
    [$e->{line}, map { "$_->{pointer} $_->{code}" } @{$e->{errors}}];
} split /\n/, CXM::slurp("$bad.errors.ndjson")], [
    [2, ' not_json'],
    [3, '/answers/no unknown_field', '/answers/nps out_of_range'],
    [4, '/id required'],
    [5, '/survey not_found'],
    [6, '/x unknown_field'],
    [7, '/created_at out_of_range'],
    [8, '/answers required'],
    [10, ' too_long'],
    [12, ' wrong_type'],
], 'what is wrong with the others is told, line by line'
    or diag CXM::slurp("$bad.errors.ndjson");
my $one = $t->get("/admin/responses/${id}07", key => 1)->{json};
is $one->{created_at}, '2021-05-05T05:05:05.000Z', 'client_time dates it';
is $one->{status}, 'partial', 'it may be partial';
is $t->get("/admin/responses/${id}01", key => 1)->{json}{answers}{nps}, 9,
    'the first of an id stays';

my ($rc, $out, $err);
for my $case ([2], [2, 'responses'], [2, 'nonsense', $file],
              [1, 'responses', $t->dir . '/none']) {
    my ($want, @args) = @$case;
    ($rc) = $t->cxmctl('import', @args);
    is $rc, $want, "import @args: $want";
}

# -- the date of an answer ----------------------------------------------------

my $past = '1999-12-31T23:59:59.000Z';
sub dated {
    my ($id) = @_;
    my $got = $t->get("/admin/responses/$id", key => 1)->{json};
    return [@$got{qw(created_at client_time)}];
}

my %told = (answers => {nps => 5, new => 1, why => 'x'},
            client_time => $past);
is_deeply dated(answer(\%told, key => $server)->{id}), [$past, $past],
    'a server key dates it';
my $got_date = dated(answer(\%told)->{id});
is $got_date->[1], $past, 'without one it is kept';
isnt $got_date->[0], $past, 'and not used';
$r = $t->post('/s/demo/responses', json => {%told,
    client_time => '2999-01-01T00:00:00Z'}, key => $server);
is $r->{status}, 422, 'not in the future';
is $r->{json}{errors}[0]{pointer}, '/client_time', 'and where';

# -- in the end ---------------------------------------------------------------

for my $store ($t, $other, $gzip) {
    $store->stop;
    $store->sound;
}

done_testing;
