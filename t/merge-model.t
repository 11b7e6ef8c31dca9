#!/usr/bin/perl

# Random merges, undos and changes of a few customers, against a model that
# keeps whole copies; some end in kill -9 of all workers in the middle.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(true);
use Test::More;

my $seed = $ENV{CXM_SEED} || int(rand(1_000_000));
srand $seed;
diag "CXM_SEED=$seed";

my $steps = $ENV{CXM_STEPS} || 240;
my $t = CXM->new(conf => {workers => 2});
my $url = '/admin/customers';
my $server = $t->key('server');

my @scalars = qw(name company job_title country);
my %values = (name => ['Ann', 'Bea', 'Cid'], company => ['A', 'B'],
              job_title => ['X', 'Y'], country => ['AT', 'DE']);
my @tags = qw(t1 t2 t3 t4);

$t->put('/admin/surveys/s', {title => 'S', status => 'live', questions => [
    {id => 'nps', type => 'nps', text => {en => 'N?'}}]}, key => 1);

sub pick { $_[rand @_] }

# -- the model ----------------------------------------------------------------

# Of each customer its record as it would be answered; answers and notes by
# the identifier, or the record, that they belong to.
my (%customer, %answers, %notes, @merges, %owner, $names);
my (@answered, $written);

sub whole {
    my ($id) = @_;
    $id = $customer{$id}{into} while $customer{$id}{into};
    return $id;
}

sub parts {
    my ($id) = @_;
    return ($id, map { parts($_) }
        grep { ($customer{$_}{into} // '') eq $id } keys %customer);
}

sub wholes { grep { !$customer{$_}{into} } sort keys %customer }

sub copy { return {%{$_[0]}, tags => [@{$_[0]{tags}}],
                   aliases => [@{$_[0]{aliases}}], ids => [@{$_[0]{ids}}]} }

sub joined {
    my ($one, @more) = @_;
    my %seen = map { $_ => 1 } @$one;
    return [@$one, grep { !$seen{$_}++ } @more];
}

sub model_merge {
    my ($into, $from, $merge, $choose) = @_;
    my ($a, $b) = @customer{$into, $from};
    my $was = copy($a);
    my @lost;
    for my $field (@scalars) {
        my ($x, $y) = ($a->{$field}, $b->{$field});
        $a->{$field} = defined $x && ($choose->{$field} // '') ne 'from'
            ? $x : $y;
        push @lost, grep { defined && $_ ne $a->{$field} } $x, $y
            if $field =~ /name|company/;
    }
    $a->{tags} = joined($a->{tags}, @{$b->{tags}});
    $a->{ids} = joined($a->{ids}, @{$b->{ids}});
    $a->{aliases} = joined($a->{aliases}, @{$b->{aliases}}, @lost);
    $b->{into} = $into;
    push @merges, {id => $merge, into => $into, from => $from, was => $was,
                   made => copy($a)};
}

# Returns the members that stay.
sub model_undo {
    my ($merge) = @_;
    my ($a, $b) = @customer{@$merge{qw(into from)}};
    my ($was, $made) = @$merge{qw(was made)};
    my %kept;
    for my $field (@scalars) {
        my ($x, $y, $z) = map { $_->{$field} // '' } $was, $made, $a;
        next if $x eq $y;
        $z eq $y ? $a->{$field} = $was->{$field} : $kept{"/$field"}++;
    }
    for my $list (qw(tags aliases)) {
        my %was = map { $_ => 1 } @{$was->{$list}};
        my %added = map { $_ => 1 } grep { !$was{$_} } @{$made->{$list}};
        $a->{$list} = [grep { !$added{$_} } @{$a->{$list}}];
    }
    my %now = map { $_ => 1 } @{$a->{ids}};
    my %back = map { $_ => 1 } @{$b->{ids}};
    $kept{'/identifiers'}++ if grep { !$now{$_} } @{$b->{ids}};
    $b->{ids} = [grep { $now{$_} } @{$b->{ids}}];
    $a->{ids} = [grep { !$back{$_} } @{$a->{ids}}];
    delete $b->{into};
    $merge->{undone} = 1;
    return [sort keys %kept];
}

# -- what is there ------------------------------------------------------------

sub get { $t->get("$url/$_[0]", key => 1) }

sub list_ids { [sort map { $_->{id} } @{$_[0]{json}{items}}] }

# Differences between the store and the model, as texts.
sub differences {
    my @wrong;
    my $is = sub {
        my ($what, $got, $expected) = @_;
        ($got, $expected) = map { ref ? join ' ', @$_ : $_ // '' }
            $got, $expected;
        push @wrong, "$what: '$got' is not '$expected'"
            if $got ne $expected;
    };
    for my $id (sort keys %customer) {
        my $r = get($id);
        if ($customer{$id}{into}) {
            $is->("$id moved", $r->{json}{merged_into}, whole($id));
            next;
        }
        my ($got, $want) = ($r->{json}, $customer{$id});
        $is->("$id $_", $got->{$_}, $want->{$_}) for @scalars;
        $is->("$id $_", $got->{$_} // [], $want->{$_}) for qw(tags aliases);
        $is->("$id identifiers",
              [map { $_->{value} } @{$got->{identifiers} || []}],
              $want->{ids});
        my %part = map { $_ => 1 } parts($id);
        $is->("$id notes", list_ids(get("$id/notes?limit=500")),
              [sort grep { $part{$notes{$_}} } keys %notes]);
        $is->("$id answers",
              list_ids($t->get('/admin/responses?limit=500&customer_id='
                               . $id, key => 1)),
              [sort map { $_->{id} }
               grep { $part{$owner{$_->{slot}} // ''} } @answered]);
        for my $name (@{$want->{ids}}) {
            $is->("$name leads to",
                  list_ids($t->get("$url?external_id=$name", key => 1)),
                  [$id]);
        }
        for my $name (grep { defined } $want->{name}, @{$want->{aliases}}) {
            $is->("$name finds $id", scalar(grep { $_ eq $id }
                @{list_ids($t->get("$url?limit=500&q=$name", key => 1))}), 1);
        }
    }
    $is->('list', list_ids($t->get("$url?limit=500", key => 1)),
          [sort(wholes())]);
    my $nps = $t->get('/admin/metrics/nps?survey=s', key => 1)->{json}{n};
    $is->('counted', $nps, scalar @answered);
    return @wrong;
}

# -- steps --------------------------------------------------------------------

sub create {
    my %new = (map { $_ => rand() < .6 ? pick(@{$values{$_}}) : undef }
               @scalars);
    my @own = map { 'n' . ++$names } 1 .. rand 3;
    my %tags = map { pick(@tags) => 1 } 1 .. rand 3;
    my $doc = {(map { defined $new{$_} ? ($_ => $new{$_}) : () } @scalars),
               tags => [sort keys %tags], identifiers =>
               [map { {type => 'external_id', value => $_} } @own]};
    my $id = $t->post($url, $doc, key => 1)->{json}{id};
    $customer{$id} = {%new, tags => [sort keys %tags], ids => [@own],
                      aliases => []};
    $owner{$_} = $id for $id, @own;
}

sub change {
    my $id = pick(wholes());
    my $field = pick(@scalars);
    my $value = rand() < .3 ? undef : pick(@{$values{$field}});
    my %tags = map { pick(@tags) => 1 } 1 .. rand 4;
    $t->patch("$url/$id", {$field => $value, tags => [sort keys %tags]},
              key => 1);
    @{$customer{$id}}{$field, 'tags'} = ($value, [sort keys %tags]);
}

sub name_more {
    my $id = pick(wholes());
    my $name = 'n' . ++$names;
    $t->post("$url/$id/identifiers", {type => 'external_id',
                                      value => $name}, key => 1);
    push @{$customer{$id}{ids}}, $name;
    $owner{$name} = $id;
}

# What was answered under a name stays with the record that had the name.
sub name_less {
    my $id = pick(wholes());
    my $name = pick(@{$customer{$id}{ids}}) // return;
    $t->delete("$url/$id/identifiers?type=external_id&value=$name", key => 1);
    $customer{$id}{ids} = [grep { $_ ne $name } @{$customer{$id}{ids}}];
    $_->{slot} = $owner{$name} for grep { $_->{slot} eq $name } @answered;
    delete $owner{$name};
}

sub answer {
    my $name = pick(keys %owner);
    my $how = $customer{$name} ? 'customer_id' : 'external_id';
    my $r = $t->post('/s/s/responses', {answers => {nps => int rand 11},
        respondent => {$how => $name}}, key => $server);
    push @answered, {id => $r->{json}{id}, slot => $name};
}

sub note_it {
    my $id = pick(wholes());
    my $r = $t->post("$url/$id/notes", {text => 'a note'}, key => 1);
    $notes{$r->{json}{id}} = $id;
}

sub merge {
    my ($into, $from) = (pick(wholes()), pick(wholes()));
    return if $into eq $from;
    my %choose = map { $_ => 'from' }
        grep { defined $customer{$from}{$_} && rand() < .3 } @scalars;
    my $body = {from => $from, choose => \%choose,
                into_version => get($into)->{json}{version},
                from_version => get($from)->{json}{version}};
    my $id = killed(sub { $t->post("$url/$into/merge", $body, key => 1) },
        sub { get($from)->{status} == 308
              ? get("$into/merges?limit=1")->{json}{items}[0]{id} : undef });
    model_merge($into, $from, $id, \%choose) if $id;
}

# The newest of a customer that is whole.
sub undo {
    my %seen;
    my $merge = pick(grep { !$customer{$_->{into}}{into} }
        grep { !$seen{$_->{into}}++ }
        grep { !$_->{undone} } reverse @merges) // return;
    my $kept;
    my $done = killed(sub {
        my $r = $t->request('POST',
            "$url/$merge->{into}/merges/$merge->{id}/undo", key => 1);
        $kept = $r->{json}{kept};
        return $r;
    }, sub { get($merge->{from})->{status} == 200 ? 1 : undef });
    return unless $done;
    my $expected = model_undo($merge);
    is_deeply [sort @$kept], $expected, 'what stays' if $kept;
}

# The call, or now and then a call with all workers killed in the middle:
# then it has happened, or not.
my $kills = 0;

sub killed {
    my ($call, $happened) = @_;
    if (rand() > .1) {
        my $r = $call->();
        fail "$r->{status} $r->{body}" if $r->{status} !~ /^2/;
        return $r->{json}{id};
    }
    my @workers = $t->workers;
    my $child = fork // die "fork: $!";
    if (!$child) {
        select undef, undef, undef, rand .012;
        kill 'KILL', @workers;
        POSIX::_exit(0);
    }
    eval { local $SIG{__DIE__}; $call->() };
    waitpid $child, 0;
    $kills++;
    $t->expect_alerts(qr/exited on signal 9/);
    CXM::until_true(20, sub {
        my @new = $t->workers;
        return 0 if @new < 2 || grep { my $p = $_; grep { $p == $_ } @new }
            @workers;
        return $t->get("$url?limit=1", key => 1)->{status} == 200;
    }) or die 'the workers do not come back';
    return $happened->();
}

create() for 1 .. 8;

my @kinds = ((\&merge) x 4, (\&undo) x 3, (\&change) x 3, \&name_more,
             \&name_less, (\&answer) x 3, (\&note_it) x 2, \&create);

for my $step (1 .. $steps) {
    pick(@kinds)->();
    next if $step % 12;
    my @wrong = differences();
    ok !@wrong, "after $step steps" or do { diag join "\n", @wrong; last };
}

# all of it back
undo() while grep { !$_->{undone} } @merges;
is_deeply [differences()], [], scalar(@merges) . ' merges, all undone';
note "$kills kills";

$t->stop;
$t->sound;

done_testing;
