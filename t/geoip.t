#!/usr/bin/perl

# cxm_geoip: countries and regions of addresses, from a database that may be
# replaced, missing or broken at any time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use MaxMind::DB::Writer::Tree;
use Test::More;

my $built;      # when the last database was

my %type = (country => 'map', iso_code => 'utf8_string',
            subdivisions => ['array', 'map']);

# A database of networks: {'1.2.3.0/24' => {country => {...}, ...}}
sub database {
    my ($path, %networks) = @_;
    $built = time;
    my $tree = MaxMind::DB::Writer::Tree->new(
        ip_version => 6, record_size => 24, database_type => 'Test',
        languages => ['en'], description => {en => 'made for a test'},
        map_key_type_callback => sub { $type{$_[0]} || 'utf8_string' },
        remove_reserved_networks => 0, alias_ipv6_to_ipv4 => 1);
    $tree->insert_network($_, $networks{$_}) for sort keys %networks;
    open my $out, '>:raw', $path or die "$path: $!";
    $tree->write_tree($out);
    close $out or die "$path: $!";
}

sub country { return {country => {iso_code => $_[0]}} }

my %networks = (
    '203.0.113.0/24' => {%{country('DE')},
                         subdivisions => [{iso_code => 'BY'}]},
    '198.51.100.0/24' => country('FR'),
    '2001:db8:1::/48' => country('NP'),
    '192.0.2.0/24' => country('lower'),
    '192.0.2.128/25' => {country => {iso_code => ''}},
);

my $t = CXM->new(start => 0, conf => {workers => 2,
    http => 'set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;'});
my $file = $t->dir . '/geo.mmdb';
database($file, %networks);
$t->{conf}{http} .= "cxm_geoip $file reload=100ms;";
$t->{conf}{surveys} = "cxm_geoip $file region=on;";
$t->{conf}{locations} = <<"END";
        location = /metrics { cxm_metrics; }
        location /page { cxm_touchpoint page; return 204; }
        location /off { cxm_geoip off; cxm_touchpoint off-page; return 204; }
        location = /gone/ { cxm_beacon; cxm_geoip @{[$t->dir]}/none.mmdb; }
END
$t->start;

# (build time, age) by the metrics
sub figures {
    my $text = $t->get('/metrics')->{body};
    return map { $text =~ /^cxm_geoip_${_}_seconds\{[^}]*\} (\S+)$/m }
        qw(build_time age);
}

sub by_country {
    my $reply = $t->get('/admin/metrics/touchpoints?by=country', key => 1);
    diag $reply->{body} if $reply->{status} != 200;
    return {map { ($_->{value} // '-') => $_->{n} }
            @{$reply->{json}{segments}}};
}

sub send_from {
    my ($address, $path) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $t->post($path || '/b', {type => 'x'},
                headers => {'X-Forwarded-For' => $address})->{status}, 204,
        "from $address";
}

subtest 'countries' => sub {
    my ($time, $age) = figures();
    cmp_ok abs($time - $built), '<=', 2, 'when it was built';
    cmp_ok abs($time + $age - time), '<=', 2, 'and since when';
    send_from($_) for '203.0.113.7', '203.0.113.8', '198.51.100.1',
        '2001:db8:1::5', '::ffff:198.51.100.9', '10.1.2.3', '192.0.2.1',
        '192.0.2.200', 'unix:';
    is_deeply by_country(), {DE => 2, FR => 2, NP => 1, '-' => 4},
        'what is no code is none';
};

subtest 'of answers and of requests' => sub {
    is $t->put('/admin/surveys/s', key => 1, json => {
        title => 'S', status => 'live', segment_by => ['region'],
        questions => [{id => 'nps', type => 'nps', text => {en => '?'}}],
    })->{status}, 201;
    my $server = $t->key('server');
    my $answer = sub {
        my ($address, %arg) = @_;
        my $reply = $t->post('/s/s/responses',
            {answers => {nps => 9}, %{$arg{body} || {}}},
            headers => {'X-Forwarded-For' => $address},
            $arg{key} ? (key => $arg{key}) : ());
        is $reply->{status}, 201 or diag $reply->{body};
        my $json = $t->get("/admin/responses/$reply->{json}{id}",
                           key => 1)->{json};
        return [$json->{country}, $json->{attributes}{region}];
    };
    is_deeply $answer->('203.0.113.7'), ['DE', 'DE-BY'], 'with its region';
    is_deeply $answer->('198.51.100.1'), ['FR', undef];
    is_deeply $answer->('203.0.113.7', body => {attributes => {
        region => 'south'}}), ['DE', 'south'], 'an attribute goes before';
    is_deeply $answer->('203.0.113.7', key => $server), [undef, undef],
        "a server's own address says nothing";

    for my $path ('/page', '/off') {
        $t->get($path, headers => {'X-Forwarded-For' => '203.0.113.9'});
    }
    CXM::until_true(10, sub {
        my $now = by_country();
        return $now->{'-'} == 5 && $now->{DE} == 3;
    });
    is_deeply by_country(), {DE => 3, FR => 2, NP => 1, '-' => 5},
        'touchpoints of the server, but where it is off';
};

# More than one event, so that both workers are asked.
sub wait_for_country {
    my ($want, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $seen = '';
    CXM::until_true(10, sub {
        my $before = by_country();
        for (1 .. 6) {
            $t->post('/b', {type => 'probe'},
                     headers => {'X-Forwarded-For' => '203.0.113.7'});
        }
        my $after = by_country();
        $seen = join ',', grep { $after->{$_} != ($before->{$_} // 0) }
            sort keys %$after;
        return $seen eq $want;
    });
    is $seen, $want, $name;
}

sub replace_by {
    my ($code) = @_;
    database("$file.new", '203.0.113.0/24' => country($code));
    rename "$file.new", $file or die $!;
}

subtest 'reload' => sub {
    replace_by('AT');
    wait_for_country('AT', 'another file by rename is taken');

    rename $file, "$file.away" or die $!;
    CXM::until_true(10, sub { $t->error_log =~ /it is not there; the one/ });
    wait_for_country('AT', 'a name that is gone leaves the one before');
    replace_by('CH');
    wait_for_country('CH', 'until the next comes');

    # in place: not truncated here, which is what may end a worker
    open my $in_place, '+<:raw', $file or die $!;
    syswrite $in_place, 'x';
    close $in_place;
    wait_for_country('-', 'a change in place is not trusted');
    is scalar(() = $t->error_log =~ /changed in place/g), 2,
        'a line of each worker';
    replace_by('IT');
    wait_for_country('IT', 'a new file heals it');

    for my $bad ('', 'x' x 100_000) {
        open my $out, '>:raw', "$file.new" or die $!;
        print $out $bad;
        close $out;
        rename "$file.new", $file or die $!;
        wait_for_country('-', 'a broken one means no country');
        ok CXM::until_true(10, sub { !figures() }), 'nor a build time';
        replace_by('ES');
        wait_for_country('ES', 'until a good one comes');
    }
};

# One that can be opened, but whose tree leads nowhere.
subtest 'a damaged file' => sub {
    my $damaged = CXM::slurp($file);
    substr $damaged, 0, 600, "\xff" x 600;
    rename $t->write_file('geo.mmdb.new', $damaged), $file or die $!;
    wait_for_country('-', 'no country');
    like $t->error_log, qr/search tree is corrupt.*; countries of some/i,
        'which is told';
    replace_by('SE');
    wait_for_country('SE', 'until a good one comes');
};

subtest 'while it is replaced all the time' => sub {
    my $done = $t->dir . '/done';
    my $child = fork // die $!;
    if (!$child) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
        my $i = 0;
        until (-e $done) {
            replace_by($i++ % 2 ? 'PT' : 'PL');
            select undef, undef, undef, 0.02;
        }
        POSIX::_exit(0);
    }
    my $bad = 0;
    for (1 .. 300) {
        $bad++ if $t->post('/b', {type => 'load'}, headers =>
            {'X-Forwarded-For' => '203.0.113.7'})->{status} != 204;
    }
    open my $end, '>', $done;
    waitpid $child, 0;
    is $bad, 0, 'every event was counted';
};

subtest 'a file that is not there' => sub {
    send_from('203.0.113.7', '/gone/');
    like $t->error_log, qr/none\.mmdb": it is not there; countries are/,
        'one line tells';
    my $c = CXM->new(start => 0);
    $c->expect_alerts(qr/cxm_geoip|invalid parameter/);
    $c->{conf}{http} = 'cxm_geoip /nowhere.mmdb;';
    is +($c->config_test)[0], 0, 'and the configuration is fine';
    for my $bad ('reload=x', 'reload=0', 'region=off', 'nonsense') {
        $c->{conf}{http} = "cxm_geoip /nowhere.mmdb $bad;";
        my ($rc, $out) = $c->config_test;
        isnt $rc, 0, $bad;
        like $out, qr/invalid parameter "\Q$bad\E"/;
    }
};

$t->sound;
$t->no_alerts;

done_testing;
