#!/usr/bin/perl

# Guessers are slowed down, owners are not: sign-ins at one account from many
# networks and from one, codes, mails; what is the same for known and unknown
# addresses.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Browser;
use CXM::Login;
use Test::More;

my $t = CXM->new(conf => {locations => 'location = /metrics { cxm_metrics; }'});

sub browser { CXM::Browser->of($t, @_) }

sub hashed {
    my ($n) = $t->get('/metrics')->{body}
        =~ /^cxm_hash_duration_seconds_count\{[^}]*\} (\d+)$/m;
    return $n;
}

sub limited {
    my ($reply, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $reply->{status}, 429, $name or diag $reply->{body};
    is $reply->{json}{code}, 'rate_limited';
    like $reply->{headers}{'retry-after'}, qr/^[1-9]\d*$/, 'says when';
}

# Guesses at an address, 100 at a time: {status => how many}.
sub guesses {
    my ($n, $from, $email) = @_;
    my %count;
    for (my $i = 0; $i < $n; $i += 100) {
        my @sockets = map {
            CXM::Login::ask($t, from => $from->($_), email => $email)
        } $i .. ($i + 99 < $n ? $i + 99 : $n - 1);
        $count{$_->[0]}++ for CXM::Login::replies(@sockets);
    }
    return \%count;
}

my $ann = browser('ann')->join;
my $bob = browser('bob')->join;

subtest '10,000 guesses from 1,000 networks' => sub {
    my $hashed = hashed();
    my $count = guesses(10_000, sub { 70_000 + $_[0] % 1000 },
                        'ann@example.org');
    my $evaluated = hashed() - $hashed;
    cmp_ok $evaluated, '<=', 100, 'at most 100 are evaluated';
    cmp_ok $evaluated, '>=', 30, 'and what is open is';
    is_deeply [grep { !/^(?:401|429|503)$/ } keys %$count], []
        or diag explain $count;
    is $count->{401}, $evaluated, 'the others are refused before';

    is $ann->login->{status}, 200, 'the owner enters in her browser';
    is browser('ann')->login->{status}, 200, 'and in another at home';

    my $away = browser('ann', network => '192.0.2.1');
    limited $away->login, 'elsewhere she has to wait';
    $away->{cookies} = {%{$ann->cookies}};
    delete $away->{cookies}{cxm};
    is $away->login->{status}, 200, 'but not in her own browser';

    my $new = browser('ann', network => '192.0.2.2',
                      password => 'a ladder in the lake');
    is $new->post('/me/password/forgot',
                  {email => 'ann@example.org'})->{status}, 202;
    is $new->post('/me/password/reset', {token => $new->token('reset'),
        password => $new->{password}})->{status}, 200,
        'nor to set another password by mail';
    $ann->{password} = $new->{password};
};

subtest 'other spellings are no other accounts' => sub {
    my $hashed = hashed();
    guesses(10, sub { 80_000 + $_[0] }, 'ANN@Example.ORG');
    is hashed(), $hashed, 'none of them is evaluated';
};

subtest 'an address that nobody has' => sub {
    my $hashed = hashed();
    my $count = guesses(500, sub { 90_000 + $_[0] }, 'nobody@example.org');
    is hashed() - $hashed, $count->{401};
    cmp_ok $count->{401}, '>=', 30;
    cmp_ok $count->{401}, '<=', 80, 'has as many';
};

subtest 'one network, over all workers' => sub {
    my $hashed = hashed();
    my $count = guesses(60, sub { 100_000 }, 'bob@example.org');
    is_deeply $count, {401 => 6, 429 => 54};
    is hashed() - $hashed, 6;
    is $bob->login->{status}, 200, 'bob enters';
    is browser('bob', network => CXM::Login::network(100_000))->login
        ->{status}, 429, 'but not from there';

    is_deeply [map { $bob->login->{status} } 1 .. 10], [(200) x 10],
        'whose password is right uses up nothing';
};

subtest 'a password that is asked for once more' => sub {
    my @tries = map { $bob->post('/me/password', {old_password => "no $_",
        password => 'three small clouds'}) } 1 .. 20;
    is $tries[0]{status}, 422;
    limited $tries[-1], 'is guessed no more often';
};

subtest 'mails' => sub {
    my $eve = browser('eve', network => '192.0.2.9');
    my @asked = map { $eve->post('/me/password/forgot',
        {email => 'bob@example.org'}) } 1 .. 10;
    is_deeply [map { "$_->{status} $_->{body}" } @asked],
        [("$asked[0]{status} $asked[0]{body}") x 10],
        'nobody is told how many go out';
    my $mails = () = $bob->mails('reset');
    is $mails, 2, 'two do, and one in the next hour';

    is_deeply [map { $eve->register->{status} } 1 .. 3], [202, 202, 429];
    my @others = map { browser("o$_", network => '192.0.2.9')->register }
        1 .. 20;
    my $sent = grep { $_->{status} == 202 } @others;
    is $sent, 8, 'and ten for a network';
    limited $others[-1], 'others wait';
};

# Headers that tell nothing of the address.
sub told {
    my ($reply) = @_;
    my %headers = %{$reply->{headers}};
    delete @headers{qw(date)};
    return {status => $reply->{status}, body => $reply->{body},
            headers => \%headers};
}

subtest 'known and unknown addresses' => sub {
    my %call = (
        login => sub { $_[0]->login(password => 'something else') },
        forgot => sub { $_[0]->post('/me/password/forgot',
                                    {email => $_[0]{email}}) },
        register => sub { $_[0]->register });
    my $cem = browser('cem')->join;
    for my $name (sort keys %call) {
        my (%hashes, %reply);
        for my $who (qw(cem unknown)) {
            my $before = hashed();
            $reply{$who} = $call{$name}->(browser($who));
            $hashes{$who} = hashed() - $before;
        }
        is_deeply \%hashes, {cem => 1, unknown => 1},
            "$name: one hash either way";
        is_deeply told($reply{cem}), told($reply{unknown}),
            'and the same answer';
    }
};

$t->sound;
$t->no_alerts;

done_testing;
