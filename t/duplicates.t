#!/usr/bin/perl

# Customers who may be one person, and who are said not to be.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use Mojo::JSON qw(true);
use Test::More;

my $t = CXM->new(conf => {workers => 2});
my %key = map { $_ => $t->key($_) }
    qw(analyst rep sales privacy server viewer);
my $url = '/admin/customers';
my $nobody = '00000000-0000-4000-8000-000000000000';

sub get { $t->get("$url/$_[0]", key => $_[1] || 1) }
sub email { {type => 'email', value => $_[0]} }

sub customer {
    my $r = $t->post($url, {@_}, key => 1);
    BAIL_OUT $r->{body} if $r->{status} != 201;
    return $r->{json}{id};
}

sub merge {
    my ($into, $from, %more) = @_;
    return $t->post("$url/$into/merge", {from => $from, %more,
        into_version => get($into)->{json}{version},
        from_version => get($from)->{json}{version}}, key => 1);
}

sub undo { $t->request('POST', "$url/$_[0]/merges/$_[1]/undo", key => 1) }

my $of = sub {
    my $r = get("$_[0]/duplicates");
    return [map { [$_->{customer}{id}, $_->{score}] }
            @{$r->{json}{items}}];
};
my $eva = customer(name => 'Eva Lind', country => 'SE',
    birthdate => '1980-05-05', identifiers => [
        email('eva.lind@mail.example'),
        {type => 'phone', value => '+46 70 1234567'}]);
is_deeply $of->($eva), [], 'nobody';

my %dup = (
    spelling => customer(identifiers => [email('evalind+x@mail.example')]),
    phone => customer(identifiers => [
        {type => 'phone', value => '+46 070 1234567'}]),
    elsewhere => customer(name => 'E. Lind', country => 'SE',
        identifiers => [email('eva-lind@other.example')]),
    born => customer(name => 'Lind, Eva', birthdate => '1980-05-05'),
    typo => customer(name => 'Eva Linde', birthdate => '1980-05-05'),
    country => customer(name => 'EVA LIND', country => 'SE'),
);
customer(name => 'Eva Lind');
customer(name => 'Eva Lind', country => 'DK');
customer(name => 'Eva Lind', country => 'SE', birthdate => '2009-05-05',
         identifiers => [{type => 'phone', value => '+46 71 234567'}]);
customer(name => 'Eva Persson', country => 'SE',
         birthdate => '1980-05-05');
customer(identifiers => [email('info@mail.example')]);
my %score = map { $_->[0] => $_->[1] } @{$of->($eva)};
is_deeply {map { $_ => $score{$dup{$_}} } keys %dup},
    {spelling => 60, phone => 50, elsewhere => 70, born => 70, typo => 55,
     country => 50}, 'why' or diag explain \%score;
is scalar(keys %score), scalar(keys %dup), 'and no others';
my ($first) = @{get("$eva/duplicates")->{json}{items}};
is_deeply [map { "$_->{reason} $_->{points}" } @{$first->{reasons}}],
    ['name_same 40', 'birthdate_same 30'], 'reasons';
is_deeply [map { $_->[0] } @{$of->($dup{spelling})}], [$eva],
    'the other way round';

# all of them
my (%pairs, $next);
do {
    my $page = $t->get('/admin/duplicates?limit=2'
                       . ($next ? "&cursor=$next" : ''),
                       key => 1)->{json};
    cmp_ok @{$page->{items}}, '<=', 2, 'a page';
    $pairs{"$_->{into}{id} $_->{from}{id}"}++ for @{$page->{items}};
    $next = $page->{next};
} while ($next);
ok !(grep { $_ != 1 } values %pairs), 'each pair once';
is scalar(grep { /$eva/ } keys %pairs), 6, 'those of one, too';
ok exists $pairs{"$eva $dup{born}"}, 'the older one first';

# not the same person
my $r = $t->request('PUT', "$url/$eva/distinct/$dup{born}", key => 1);
is_deeply [$r->{status}, $r->{json}{customer}], [201, $dup{born}],
    'somebody else';
is $t->request('PUT', "$url/$dup{born}/distinct/$eva",
               key => 1)->{status}, 200, 'the other way it is said';
my ($said) = @{get("$dup{born}/distinct")->{json}{items}};
is_deeply [@$said{qw(customer)}, ref $said->{author}], [$eva, 'HASH'],
    'by whom';
my ($none) = grep { $_->[0] eq $dup{born} } @{$of->($eva)};
is $none, undef, 'and suggested no more';
($none) = grep { $_->[0] eq $eva } @{$of->($dup{born})};
is $none, undef, 'in both directions';
is merge($eva, $dup{born}, dry_run => true)->{json}{distinct}, true,
    'a dry run says it';

# it holds for who the other was merged into
my $third = customer(name => 'Eva Lind', birthdate => '1980-05-05');
my $m = merge($third, $dup{born})->{json}{id};
is_deeply [grep { $_->[0] eq $third } @{$of->($eva)}], [],
    'nor after a merge';
undo($third, $m);
is scalar(grep { $_->[0] eq $third } @{$of->($eva)}), 1, 'else it is';

is $t->delete("$url/$eva/distinct/$dup{born}", key => 1)->{status}, 204,
    'taken back';
is scalar(grep { $_->[0] eq $dup{born} } @{$of->($eva)}), 1, 'again';
problem($t->delete("$url/$eva/distinct/$dup{born}", key => 1), 404,
        'not_found');
problem($t->request('PUT', "$url/$eva/distinct/$eva", key => 1), 422,
        'invalid', '');
problem($t->request('PUT', "$url/$eva/distinct/$nobody", key => 1), 404,
        'not_found');
is get("$eva/duplicates", $key{$_})->{status},
    {rep => 200, sales => 200, privacy => 200, analyst => 403,
     server => 403, viewer => 403}->{$_}, $_
    for qw(rep sales privacy analyst server viewer);

merge($eva, $_) for $dup{spelling};
is_deeply [grep { $_->[0] eq $dup{spelling} } @{$of->($eva)}], [],
    'one that is merged is none';

$t->stop;
$t->sound;

done_testing;
