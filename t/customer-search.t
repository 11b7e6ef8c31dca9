#!/usr/bin/perl

# Finding customers: words and how they begin, accents and scripts, addresses
# and numbers however they are written, tags and attributes; in which order,
# and page by page.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(false true);
use Mojo::Util qw(encode url_escape);
use Test::More;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $t = CXM->new;
my $url = '/admin/customers';

sub create {
    my (%json) = @_;
    my $r = $t->post($url, \%json, key => 1);
    die "create: $r->{status} $r->{body}" if $r->{status} != 201;
    return $r->{json}{id};
}

sub query {
    my (%arg) = @_;
    return join '&', map {
        my $name = $_;
        map { "$name=" . url_escape(encode 'UTF-8', $_) }
            ref $arg{$name} ? @{$arg{$name}} : $arg{$name};
    } sort keys %arg;
}

sub ask { $t->get("$url?" . query(@_), key => 1) }

# Names of who is found, in that order.
sub found {
    my $r = ask(@_);
    die "ask: $r->{status} $r->{body}" if $r->{status} != 200;
    return [map { $_->{name} // '-' } @{$r->{json}{items}}];
}

sub words { found(q => $_[0]) }

# -- words --------------------------------------------------------------------

create(name => $_) for 'Anna Lee', 'Ann Lee', 'Lee Ann Smith', 'Annabel Leeds',
    'Søren O\'Brien-Peña', 'Jürgen Weiß', 'ИВАН Ёлкин', '山田太郎',
    'Maximilian Mustermann', 'Christopher Christensen', 'Li Bo';
create(name => 'Company Man', company => 'Lee & Sons');
create(given_name => 'Given', family_name => 'Family');

is_deeply words('ann lee'), ['Ann Lee', 'Lee Ann Smith', 'Annabel Leeds',
    'Anna Lee'], 'the whole name, then words, then beginnings; newest first';
is_deeply words('LEE ann'), ['Lee Ann Smith', 'Ann Lee', 'Annabel Leeds',
    'Anna Lee'], 'in any order and case';
is_deeply words('ann smith'), ['Lee Ann Smith'], 'all of the words';
is_deeply words('lee'), ['Company Man', 'Lee Ann Smith', 'Ann Lee',
    'Anna Lee', 'Annabel Leeds'], 'in any of the fields';
is_deeply words('given family'), ['-'], 'in several of them';
is_deeply words('smi ann'), ['Lee Ann Smith'], 'a beginning of three';
is_deeply words('sm ann'), [], 'but not of two';
is_deeply words('li'), ['Li Bo'], 'a short word is one';
is_deeply words('bo li'), ['Li Bo'], 'and so are two';
is_deeply words('mit'), [], 'nor is it the middle of a word';
is_deeply words($_), ['Maximilian Mustermann'], "a long one: $_"
    for qw(maximilian maximi maximilia mustermann must);
is_deeply words($_), [], "but not: $_" for qw(maximilianus maximilo muster1);
is_deeply words('christ'), ['Christopher Christensen'], 'once, not twice';
is_deeply words('christo christe'), ['Christopher Christensen'],
    'each its own';

is_deeply words($_), ["Søren O'Brien-Peña"], "accents and strokes: $_"
    for 'soren', 'søren', 'SOREN', 'obrien', "o'brien", "O\x{2019}Brien",
        'pena', 'peña', "pen\x{303}a", 'peñ sor';
is_deeply words($_), ['Jürgen Weiß'], "folded: $_"
    for 'jurgen', 'jürgen', "ju\x{308}rgen", 'weiss', 'WEISS', 'weiß';
is_deeply words($_), ['ИВАН Ёлкин'], "another script: $_"
    for 'иван', 'Елкин', 'ёлк';
is_deeply words($_), ['山田太郎'], "without spaces: $_"
    for '山田', '太郎', '山田太郎';
is_deeply words('   '), [], 'blanks find nobody';
is_deeply words('...'), [], 'nor do dots';

# -- what leads to one --------------------------------------------------------

my $id = create(name => 'Named', identifiers => [
    {type => 'email', value => 'first.last@Example.org'},
    {type => 'phone', value => '+49 30 123 4567'},
    {type => 'external_id', value => 'Ann'},
    {type => 'visitor', value => 'v-77'}]);

is_deeply found(@$_), ['Named'], "@$_" for
    [email => 'FIRST.LAST@example.ORG'], [phone => '+49301234567'],
    [phone => '0049 30/123-4567'], [phone => '+49 (30) 1234567'],
    [external_id => 'Ann'], [visitor => 'v-77'], [customer_id => $id],
    [customer_id => uc $id], [customer_id => 'Ann'],
    [q => ' first.last@example.org '], [q => '0049 30 123 4567'];
is_deeply found(q => 'Ann'), ['Named', 'Lee Ann Smith', 'Ann Lee',
    'Annabel Leeds', 'Anna Lee'], 'a number comes before words, once';
is_deeply found(@$_), [], "@$_ is nobody" for
    [email => 'first@example.org'], [phone => '+4930123456'],
    [phone => '030 1234567'], [external_id => 'ann'], [visitor => 'Ann'],
    [customer_id => '00000000-0000-4000-8000-000000000000'];

my $r = ask(email => 'a@b.de', phone => '+49301234567');
is_deeply [$r->{status}, $r->{json}{errors}[0]{pointer}], [422, ''],
    'one at a time';

$t->patch("$url/$id", {name => 'Renamed', identifiers => [
    {type => 'email', value => 'new@example.org'}]}, key => 1);
is_deeply found(q => 'named'), [], 'an old name leads nowhere';
is_deeply found(email => 'first.last@example.org'), [], 'an old address too';
is_deeply found(q => 'new@example.org'), ['Renamed'], 'the new one does';

# -- tags and attributes ------------------------------------------------------

$r = $t->put('/admin/fields/customer', {fields => [
    {name => 'plan', type => 'enum', values => ['free', 'pro', 'max'],
     index => 'lookup'},
    {name => 'seats', type => 'integer', index => 'lookup', min => 0},
    {name => 'motto', type => 'string', index => 'words'},
    {name => 'passport', type => 'string', personal => true,
     index => 'lookup'},
    {name => 'licence', type => 'string', index => 'unique'},
    {name => 'plain', type => 'string'}]}, key => 1);
is $r->{status}, 201, 'fields';

create(name => 'Tag One', tags => ['Gold', 'EU'], country => 'DE',
       attributes => {plan => 'pro', seats => 5, motto => 'Ever Upward'});
create(name => 'Tag Two', tags => ['gold'], country => 'FR',
       attributes => {plan => 'pro', seats => 7, passport => 'P 1',
                      licence => 'L-1'});
is_deeply found(tags => 'gold'), ['Tag Two', 'Tag One'], 'a tag';
is_deeply found(tags => ['gold', 'eu']), ['Tag One'], 'two of them';
is_deeply found(tags => 'gold', q => 'one'), ['Tag One'], 'with words';
is_deeply found(country => 'FR'), ['Tag Two'], 'a country';
is_deeply found(where => 'plan:pro'), ['Tag Two', 'Tag One'], 'an attribute';
is_deeply found(where => ['plan:pro', 'seats:5']), ['Tag One'], 'two';
is_deeply found(where => 'plan:free'), [], 'of nobody';
is_deeply found(q => 'upward'), ['Tag One'], 'words of an attribute';
is_deeply found(where => 'passport:p 1'), ['Tag Two'], 'a personal one';
is $t->get("$url?where=passport:P+1", key => $t->key('analyst'))->{status},
    403, 'is not for everybody';
is $t->get("$url?where=plan:pro", key => $t->key('analyst'))->{status}, 200,
    'the others are';
for my $where ('nothing:x', 'plain:x', 'plan', 'licence:L-1') {
    $r = ask(where => $where);
    is_deeply [$r->{status}, $r->{json}{errors}[0]{pointer}],
        [422, '?where'], "where=$where";
}
$r = $t->post($url, {attributes => {licence => 'l-1'}}, key => 1);
is_deeply [$r->{status}, $r->{json}{code}, $r->{json}{errors}[0]{pointer}],
    [409, 'value_taken', '/attributes/licence'], 'a unique one';

# -- pages --------------------------------------------------------------------

create(name => sprintf('Page %s %02d', $_ % 3 ? 'Turner' : 'Turn', $_),
       tags => ['paged']) for 1 .. 30;

for my $query ([q => 'page turn'], [tags => 'paged'], [q => 'pag turn'],
               []) {
    my $all = found(@$query, limit => 500);
    my (@names, $pages);
    for (my $next = ''; defined $next; $pages++) {
        $r = ask(@$query, limit => 7, length $next ? (cursor => $next) : ());
        push @names, map { $_->{name} // '-' } @{$r->{json}{items}};
        $next = $r->{json}{next};
    }
    is_deeply \@names, $all, "pages of (@$query) are the whole";
    cmp_ok $pages, '>', 4, 'several';
}
is_deeply [map { /Turner/ ? 1 : 0 } @{found(q => 'page turn', limit => 500)}],
    [(0) x 10, (1) x 20], 'words before beginnings, over pages';
$r = ask(q => 'page', limit => 2);
is ask(q => 'pages', limit => 2, cursor => $r->{json}{next})->{status}, 422,
    'a cursor is of its query';

$t->stop;
$t->sound;

done_testing;
