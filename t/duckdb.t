#!/usr/bin/perl

# What analysts' programs make of an export without options: DuckDB's
# read_csv and read_json infer the right types and read every value.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json encode_json false true);
use Test::More;

my $t = CXM->new;

for my $slug (qw(many few)) {
    is $t->put("/admin/surveys/$slug", key => 1, json => {
        title => $slug, status => 'live', segment_by => ['plan', 'size'],
        questions => [
            {id => 'nps', type => 'nps', text => {en => 'N?'}},
            {id => 'pick', type => 'multi', text => {en => 'P?'}, choices => [
                map {{id => $_, text => {en => $_}}} qw(a b)]},
            {id => 'why', type => 'text', text => {en => 'Why?'}},
            {id => 'who', type => 'contact', text => {en => 'Who?'}},
        ]})->{status}, 201, "survey $slug";
}

sub import_rows {
    my ($kind, @rows) = @_;
    my $path = $t->write_file('rows.ndjson',
                              join '', map { encode_json($_) . "\n" } @rows);
    my ($rc, $out, $err) = $t->cxmctl('import', $kind, $path);
    is $rc, 0, "$kind are brought in" or diag $out . $err
        . CXM::slurp("$path.errors.ndjson");
}

sub uuid { return sprintf '00000000-0000-4000-8000-%012d', $_[0] }

# [file, what DuckDB makes of it]
sub read_export {
    my ($what, $extension) = @_;
    my $path = $t->dir . "/export.$extension";
    my $r = $t->get("/admin/export/$what", key => 1);
    is $r->{status}, 200, $what;
    $t->write_file("export.$extension", $r->{body});
    my ($rc, $out, $err) = CXM::run('node', "$FindBin::Bin/duckdb/read.mjs",
                                    $path);
    is $rc, 0, 'DuckDB ran' or diag $err;
    my $got = decode_json($out);
    is $got->{error}, undef, 'and could read it';
    return $got;
}

# -- every kind of value ------------------------------------------------------

my @texts = ("Gr\x{fc}\x{df}e, \x{1f600}", 'a "quoted" word', "two\nlines",
             "cr\rlf\r\n", ',', ';', "it's", "'quoted'", '=1+1', ' pad ', '\\',
             '-3', 'null', '|', "\tx", '0');

# Names and titles have no line breaks.
my @lines = map { s/[\x00-\x1f]+/ /gr } @texts;

my @few = map {{
    id => uuid($_), survey => 'few', created_at => '2026-02-28T23:59:59.999Z',
    answers => {nps => $_ % 11, why => $texts[$_],
                pick => $_ % 2 ? ['b', 'a'] : ['a'],
                who => {name => $lines[$_], email => 'a@b.de'}},
    respondent => {customer_id => "c-$_"}, agent => 'x',
    attributes => {plan => "p$_", size => $_ - 3, n => -$_, t => true},
}} 0 .. $#texts;
import_rows('responses', @few);

my $csv = read_export('responses.csv?survey=few', 'csv');
is $csv->{n}, scalar @few, 'CSV: all rows';
my %type = %{$csv->{columns}};
is $type{$_}, 'BIGINT', "$_ is a number"
    for qw(version answers.nps attributes.size);
is $type{$_}, 'TIMESTAMP WITH TIME ZONE', "$_ is a time"
    for qw(created_at updated_at);
is $type{$_}, 'VARCHAR', "$_ is text"
    for qw(id survey status answers.why answers.pick answers.who.name
           respondent.customer_id attributes.plan attributes agent);

# what a spreadsheet would calculate has an apostrophe in front
sub safe {
    my ($text) = @_;
    return $text =~ /\A[=+\-@\t\r]/ && $text !~ /\A-?\d+(\.\d*)?\z/
        ? "'$text" : $text;
}

for my $row (@{$csv->{rows}}) {
    my $i = 0 + ($row->{id} =~ s/.*-//r);
    is $row->{'answers.why'}, safe($texts[$i]), "text $i";
    is $row->{'answers.pick'}, $i % 2 ? 'b;a' : 'a', 'choices';
    is $row->{'attributes.size'}, $i - 3, 'a number below zero';
    is_deeply decode_json($row->{attributes}), {n => -$i, t => true}, 'rest';
}
is $csv->{rows}[0]{created_at}, '2026-02-28 23:59:59.999+00', 'to the ms';

my $json = read_export('responses.ndjson?survey=few', 'ndjson');
is $json->{n}, scalar @few, 'NDJSON: all rows';
%type = %{$json->{columns}};
is $type{id}, 'UUID', 'id';
is $type{created_at}, 'TIMESTAMP', 'time';
is $type{version}, 'BIGINT', 'number';
like $type{answers}, qr/^STRUCT\(nps BIGINT, pick VARCHAR\[\], why VARCHAR/,
    'answers by question';
is $json->{rows}[$_]{answers}{why}, $texts[$_], "text $_" for 0 .. $#texts;

# -- what comes late ----------------------------------------------------------

# Types are guessed from the first 20,480 rows.
my $late = 25_000;
import_rows('responses', map {{
    id => uuid(1000 + $_), survey => 'many',
    created_at => '2026-01-01T00:00:00Z',
    answers => {nps => $_ % 11, $_ > $late ? (why => $texts[$_ % @texts]) : ()},
    $_ > $late ? (channel => 'web', interaction_id => "a,$_") : (),
}} 1 .. $late + 100);

$csv = read_export('responses.csv?survey=many', 'csv');
is $csv->{n}, $late + 100, 'quotes may come late';
is scalar(grep { defined $_->{'answers.why'} } @{$csv->{rows}}), 100,
    'and texts';
my ($sum, $want) = (0, 0);
$sum += $_->{'answers.nps'} for @{$csv->{rows}};
$want += $_ % 11 for 1 .. $late + 100;
is $sum, $want, 'every score';

my ($rc, $out, $err) = CXM::run('python3', '-c', <<'END', $t->dir . '/export.csv');
import csv, sys
with open(sys.argv[1], newline='', encoding='utf-8') as file:
    rows = list(csv.DictReader(file))
print(len(rows), sum(int(row['answers.nps']) for row in rows),
      sum(row['answers.why'] != '' for row in rows))
END
is $out, $late + 100 . " $want 100\n", "Python's csv agrees" or diag $err;

# -- events -------------------------------------------------------------------

import_rows('touchpoints', map {{
    id => uuid($_), type => $_ % 2 ? 'order' : 'page_view',
    created_at => '2026-03-01T12:00:00Z', title => $lines[$_],
    value => {amount => -5 + $_, currency => 'EUR'}, latency => $_,
    props => {a => $_, b => $lines[$_]},
}} 0 .. $#texts);

for my $format (qw(csv ndjson)) {
    my $got = read_export("touchpoints.$format", $format);
    is $got->{n}, scalar @texts, "$format: all events";
    is $got->{columns}{bot}, 'BOOLEAN', 'bot is true or false';
    is $got->{columns}{latency}, 'BIGINT', 'latency a number';
    my @amounts = map { $_->{'value.amount'} // $_->{value}{amount} }
        @{$got->{rows}};
    is "@amounts", join(' ', map { $_ - 5 } 0 .. $#texts), 'money';
    is $got->{rows}[1]{title}, 'a "quoted" word', 'text';
}

# -- customers ----------------------------------------------------------------

is $t->put('/admin/fields/customer', {fields => [
    {name => 'seats', type => 'integer', min => -9, max => 1000},
    {name => 'active', type => 'boolean'},
    {name => 'said', type => 'text'}]}, key => 1)->{status}, 201, 'fields';
import_rows('customers', map {{
    external_id => "c-$_", email => ["c$_\@example.org", "d$_\@example.org"],
    phone => '+49' . (1_000_000 + $_), name => $lines[$_],
    tags => [$_ % 2 ? ('x', 'y') : 'x'],
    attributes => {seats => $_ - 3, active => $_ % 2 ? true : false,
                   said => $texts[$_]},
}} 0 .. $#texts);

$csv = read_export('customers.csv', 'csv');
is $csv->{n}, scalar @texts, 'CSV: all customers';
%type = %{$csv->{columns}};
is $type{'attributes.seats'}, 'BIGINT', 'an attribute is a number';
is $type{'attributes.active'}, 'BOOLEAN', 'or true or false';
is $type{created_at}, 'TIMESTAMP WITH TIME ZONE', 'a time';
for my $row (@{$csv->{rows}}) {
    my $i = $row->{external_id} =~ s/c-//r;
    is $row->{name}, safe($lines[$i]), "name $i";
    is $row->{'attributes.said'}, safe($texts[$i]), "text $i";
    is $row->{email}, "c$i\@example.org;d$i\@example.org", 'addresses';
    is $row->{tags}, $i % 2 ? 'x;y' : 'x', 'tags';
}

$json = read_export('customers.ndjson', 'ndjson');
is $json->{n}, scalar @texts, 'NDJSON: all customers';
like $json->{columns}{identifiers}, qr/^STRUCT\(.*\)\[\]$/, 'identifiers';
is $json->{rows}[$_]{attributes}{said}, $texts[$_], "text $_" for 0 .. $#texts;

done_testing;
