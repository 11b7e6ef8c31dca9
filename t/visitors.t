#!/usr/bin/perl

# Visitors whom nobody names: $cxm_visitor, bots, and what is never kept.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use CXM::Fault;
use Test::More;

my $t = CXM->new(start => 0, conf => {workers => 2, http => <<'END'});
set_real_ip_from 127.0.0.1;
real_ip_header X-Forwarded-For;
limit_req_zone $cxm_visitor zone=visitors:1m rate=1r/m;
map $cxm_visitor $known { default known; "" unknown; }
END
$t->{conf}{locations} = <<'END';
        location = /visitor { return 200 "$cxm_visitor $known"; }
        location = /limited { limit_req zone=visitors; try_files /x =404; }
END
my $fault = CXM::Fault->new($t)->start;

sub visitor {
    my ($agent, %headers) = @_;
    my $reply = $t->get('/visitor', headers => {
        defined $agent ? ('User-Agent' => $agent) : (), %headers});
    return split / /, $reply->{body}, 2;
}

subtest 'the variable' => sub {
    my ($one, $known) = visitor('Agent/1');
    like $one, qr/^[a-z2-7]{13}$/, 'a hash';
    is $known, 'known', 'in a map';
    my %seen = map { (visitor('Agent/1'))[0] => 1 } 1 .. 10;
    is_deeply [keys %seen], [$one], 'the same in every worker';
    isnt +(visitor('Agent/2'))[0], $one, 'another agent';
    isnt +(visitor('Agent/1', Host => 'other.example'))[0], $one,
        'another site';
    isnt +(visitor('Agent/1', 'X-Forwarded-For' => '192.0.2.1'))[0], $one,
        'another address';
    is +(visitor('Agent/1', 'X-Forwarded-For' => '2001:db8::1'))[0],
        (visitor('Agent/1', 'X-Forwarded-For' => '2001:db8::ffff:1'))[0],
        'an IPv6 network is one';
    isnt +(visitor('Agent/1', 'X-Forwarded-For' => '2001:db8:0:1::1'))[0],
        (visitor('Agent/1', 'X-Forwarded-For' => '2001:db8::1'))[0],
        'and another one another';
    for my $header ('Sec-GPC', 'DNT') {
        is_deeply [visitor('Agent/1', $header => 1)], ['', 'unknown'],
            "not with $header";
    }
    like +(visitor())[0], qr/^\w{13}$/, 'without an agent, too';

    $t->reload;
    is +(visitor('Agent/1'))[0], $one, 'the same after a reload';
    $t->stop;
    $fault->start;
    is +(visitor('Agent/1'))[0], $one, 'and after a restart';
};

subtest 'as the key of a limit' => sub {
    my @status = map { $t->get('/limited', headers => {
        'User-Agent' => $_})->{status} } qw(L/1 L/1 L/2);
    is_deeply \@status, [404, 503, 404];
};

subtest 'bots are counted apart' => sub {
    my $bots = sub {
        return $t->get('/admin/metrics/touchpoints', key => 1)->{json}{bots};
    };
    my $n = 0;
    for my $sign (
        {agent => 'Googlebot/2.1'},
        {headers => {'Sec-Purpose' => 'prefetch;prerender'}},
        {headers => {Purpose => 'prefetch'}},
        {headers => {'X-Moz' => 'prefetch'}},
        {body => {webdriver => Mojo::JSON::true()}})
    {
        is $t->post('/b', {type => 'view', %{$sign->{body} || {}}},
            headers => {'User-Agent' => $sign->{agent} || 'Mozilla/5.0',
                        %{$sign->{headers} || {}}})->{status}, 204;
        is $bots->(), ++$n, join ' ', map { ref $_ ? %$_ : $_ } %$sign;
    }
    $t->post('/b', {type => 'view', webdriver => Mojo::JSON::false()});
    $t->post('/b', {type => 'view'});
    is $bots->(), $n, 'a missing agent is none';
    is $t->get('/admin/metrics/touchpoints', key => 1)->{json}{n}, $n + 2,
        'none is dropped';
    is $t->post('/b', {type => 'view', webdriver => 'yes'})->{status}, 422;
};

subtest 'keys of visitors' => sub {
    my $file = $t->store_dir . '/visitors';
    is -s $file, 256, 'two slots';
    is +(stat $file)[2] & 0777, 0600, 'for the owner alone';
    my $day = int(time / 86400);
    my @days = map { unpack 'N', substr CXM::slurp($file), 128 * $_, 4 } 0, 1;
    ok !(grep { $_ && abs($_ - $day) > 1 } @days), "only today's, or the next"
        or diag "@days, today is $day";
};

# All bytes of the store, and of a copy without free pages.
sub everything {
    my $copy = $t->dir . '/copy.tar';
    unlink $copy;
    is +($t->cxmctl('backup', $copy))[0], 0, 'a compact copy';
    return join '', map { CXM::slurp($_) } glob($t->store_dir . '/*'), $copy;
}

subtest 'a day later' => sub {
    my ($who) = visitor('Agent/1');
    $t->post('/b', {type => 'view'}, headers => {'User-Agent' => 'Agent/1'});
    my $slots = CXM::slurp($t->store_dir . '/visitors');
    my $sealed = substr $slots, int(time / 86400) % 2 ? 132 : 4, 72;
    cmp_ok index(everything(), $sealed), '>=', 0, 'the sealed key of a day';
    is index(CXM::slurp($t->dir . '/copy.tar'), $sealed), -1, 'is in no copy';

    $t->stop;
    $fault->set('clock +86400');
    $fault->start;
    isnt +(visitor('Agent/1'))[0], $who, 'the same client is another one';
    is index(everything(), $sealed), -1, 'nothing has the key any more';
    is $t->get('/admin/touchpoints?type=view&limit=1', key => 1)
        ->{json}{items}[0]{visitor}, $who, 'what was counted is still there';
};

$t->sound;
$t->no_alerts;

done_testing;
