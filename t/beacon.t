#!/usr/bin/perl

# The beacon as browsers and servers use it: what is taken, what is counted,
# what is refused, and how it is answered.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use IO::Compress::Deflate qw(deflate);
use IO::Compress::Gzip qw(gzip);
use Mojo::JSON qw(encode_json);
use Test::More;

my $t = CXM->new(conf => {
    beacon => 'cxm_allow_origin https://shop.example;'});
my $server = $t->key('server');
my $uuid = '7a0e8e3c-5b5a-4c5f-8f0e-';
my $next = 0;

sub id { return $uuid . sprintf '%012x', ++$next }

sub count {
    my (%arg) = @_;
    my $query = join '&', map { "$_=$arg{$_}" } keys %arg;
    my $reply = $t->get("/admin/metrics/touchpoints?$query", key => 1);
    is $reply->{status}, 200, 'touchpoints are answered'
        or diag $reply->{body};
    return $reply->{json};
}

sub of_type { return count(where => "type:$_[0]")->{n} }

sub post_text {
    my ($text, %headers) = @_;
    return $t->post('/b', body => $text, headers => {
        'Content-Type' => 'text/plain;charset=UTF-8', %headers});
}

subtest 'one event' => sub {
    my $reply = post_text('{"type":"one"}');
    is $reply->{status}, 204;
    is $reply->{body}, '';
    like $reply->{headers}{'cache-control'}, qr/no-store/;
    is $reply->{headers}{'cross-origin-resource-policy'}, 'cross-origin';

    is $t->post('/b', {type => 'one', title => 'JSON'})->{status}, 204;
    is $t->post('/b', form => {type => 'one', url => '/p', referrer => '',
        'value.amount' => 12, 'value.currency' => 'EUR'})->{status}, 204;
    is $t->post('/b', body => '{"type":"one"}')->{status}, 204,
        'no content type';
    is of_type('one'), 4;
};

subtest 'the pixel' => sub {
    my $reply = $t->get('/b?type=pixel&url=/p%3Fa%3D1&_=17');
    is $reply->{status}, 200;
    is $reply->{type}, 'image/gif';
    is length $reply->{body}, 43;
    like $reply->{body}, qr/^GIF89a/;
    like $reply->{headers}{'cache-control'}, qr/no-store/;
    is $reply->{headers}{'cross-origin-resource-policy'}, 'cross-origin';

    is $t->head('/b?type=pixel')->{status}, 200, 'HEAD';
    is of_type('pixel'), 1, 'HEAD records nothing';

    $reply = $t->get('/b?touchpoint=x');
    is $reply->{status}, 422;
    is $reply->{type}, 'application/problem+json';
    is $reply->{json}{errors}[0]{pointer}, '?type';
    is $t->get('/b?type=pixel&what=1')->{status}, 422, 'unknown argument';
    is of_type('pixel'), 1;
};

subtest 'a batch' => sub {
    my $id = id();
    my @events = ({type => 'batch'}, {type => 'not one'},
        {type => 'batch', id => $id}, {type => 'batch', id => uc $id},
        {type => 'batch', x => 1}, 7);

    for my $body ({events => \@events}, \@events) {
        my $reply = $t->post('/b', $body);
        my $where = ref $body eq 'HASH' ? '/events' : '';
        is $reply->{status}, 200;
        is $reply->{json}{accepted}, $where ? 2 : 1;
        is $reply->{json}{duplicate}, $where ? 1 : 2;
        is_deeply $reply->{json}{rejected}, [
            {index => 1, code => 'invalid', pointer => "$where/1/type"},
            {index => 4, code => 'unknown_field', pointer => "$where/4/x"},
            {index => 5, code => 'wrong_type', pointer => "$where/5"}];
    }
    is of_type('batch'), 3, 'good ones are stored';

    my $reply = $t->post('/b', []);
    is $reply->{status}, 200;
    is_deeply $reply->{json}, {accepted => 0, duplicate => 0, rejected => []};

    is $t->post('/b', [map {{type => 'many'}} 1 .. 500])->{json}{accepted},
        500;
    is $t->post('/b', [map {{type => 'many'}} 1 .. 501])->{status}, 413;
    is of_type('many'), 500, 'of 501 none is stored';
};

subtest 'an id counts once' => sub {
    my $id = id();
    is post_text(qq({"type":"once","id":"$id"}))->{status}, 204 for 1 .. 3;
    is $t->get("/b?type=once&id=$id")->{status}, 200;
    is $t->post('/b', [{type => 'once', id => $id}])->{json}{duplicate}, 1;
    is of_type('once'), 1;

    is post_text(qq({"type":"once","id":"00000000-0000-0000-0000-0000000000)
        . qq(01"}))->{status}, 204, 'any version';
    is of_type('once'), 2;
};

subtest 'refused' => sub {
    my $reply = post_text('{"type":');
    is $reply->{status}, 400;
    is $reply->{json}{code}, 'not_json';
    is post_text('')->{status}, 400;
    is post_text('{"type":"a","type":"a"}')->{json}{code}, 'duplicate_name';

    $reply = post_text('{"type":"bad one","value":{"amount":1.5}}');
    is $reply->{status}, 422;
    is $reply->{type}, 'application/problem+json';
    is_deeply [sort map { $_->{pointer} } @{$reply->{json}{errors}}],
        ['/value/amount', '/value/currency'];
    is post_text('{"events":7}')->{json}{errors}[0]{pointer}, '/events';

    is $t->post('/b', body => '{"type":"x"}',
                headers => {'Content-Type' => 'text/html'})->{status}, 415;
    $reply = $t->put('/b', {type => 'x'});
    is $reply->{status}, 405;
    like $reply->{headers}{allow}, qr/POST/;
};

subtest 'compressed' => sub {
    my ($gzip, $zlib);
    my $text = '{"type":"packed"}';
    gzip \$text => \$gzip;
    deflate \$text => \$zlib;

    is post_text($gzip, 'Content-Encoding' => 'gzip')->{status}, 204;
    is post_text($gzip)->{status}, 204, 'by its first bytes';
    is post_text($zlib)->{status}, 204, 'zlib';
    is post_text($zlib, 'Content-Encoding' => 'deflate')->{status}, 204;
    is post_text($text, 'Content-Encoding' => 'identity')->{status}, 204;
    is of_type('packed'), 5;

    is post_text($text, 'Content-Encoding' => 'gzip')->{status}, 400;
    is post_text(substr($gzip, 0, 20))->{status}, 400;
    is post_text($text, 'Content-Encoding' => 'br')->{status}, 415;
    is of_type('packed'), 5;
};

subtest 'size' => sub {
    my $event = encode_json({type => 'size',
        props => {map { ("p$_" => 'x' x 500) } 1 .. 30}});
    my $list = sub { '[' . join(',', ($event) x $_[0]) . ']' };
    my ($packed, $packed_server);
    gzip \$list->(5) => \$packed;
    gzip \$list->(80) => \$packed_server;

    is post_text($list->(4))->{json}{accepted}, 4, 'below 64 KiB';
    is post_text($list->(5))->{status}, 413, 'above';
    is post_text($packed)->{status}, 413, 'above, after inflating';
    cmp_ok length $packed, '<', 10_000;

    my %key = (Authorization => "Bearer $server");
    is post_text($list->(60), %key)->{json}{accepted}, 60,
        'up to 1 MiB with a server key';
    is post_text($packed_server, %key)->{status}, 413;
};

subtest 'who may say what' => sub {
    my $at = '2021-05-05T10:00:00Z';
    my $event = {type => 'dated', client_time => $at, customer => 'c1',
                 value => {amount => 1250, currency => 'EUR'}};

    is $t->post('/b', $event)->{status}, 204;
    is $t->post('/b', $event, key => $server)->{status}, 204;
    is count(from => '2021-05-05T00:00:00Z', to => '2021-05-06T00:00:00Z')
        ->{n}, 1, 'a server key dates the event';
    is of_type('dated'), 2;

    is $t->post('/b', {type => 'dated', client_time =>
        '2999-01-01T00:00:00Z'}, key => $server)->{status}, 422;
    is $t->post('/b', {type => 'dated', client_time =>
        '2999-01-01T00:00:00Z'})->{status}, 204, 'kept, not used';
    is $t->post('/b', $event, key => 'cxm_no')->{status}, 401;
};

subtest 'bots and devices' => sub {
    my $phone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) '
        . 'AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1';
    my $bots = count()->{bots};
    post_text('{"type":"seen"}', 'User-Agent' => $phone);
    post_text('{"type":"seen"}', 'User-Agent' => 'Googlebot/2.1');
    post_text('{"type":"seen"}');

    my $seen = count(where => 'type:seen');
    is $seen->{n}, 3, 'bots are counted';
    is $seen->{bots}, 1, 'and shown';
    is count()->{bots}, $bots + 1;
    my ($mobile) = grep { ($_->{value} // '') eq 'mobile' }
        @{count(by => 'device')->{segments}};
    is $mobile->{n}, 1;
};

subtest 'privacy' => sub {
    is post_text('{"type":"private","visitor":"v"}', 'Sec-GPC' => 1)
        ->{status}, 204;
    is post_text('{"type":"private","visitor":"v"}', DNT => 1)->{status},
        204;
    is of_type('private'), 2, 'counted';
};

subtest 'CORS' => sub {
    my %from = (Origin => 'https://shop.example');
    for my $try (['{"type":"cors"}', 204], ['{', 400], ['{}', 422]) {
        my $reply = post_text($try->[0], %from);
        is $reply->{status}, $try->[1];
        is $reply->{headers}{'access-control-allow-origin'},
            'https://shop.example', "on $try->[1]";
        like $reply->{headers}{vary}, qr/Origin/;
    }

    my $reply = post_text('{"type":"cors"}', Origin => 'https://evil.example');
    is $reply->{status}, 204;
    ok !exists $reply->{headers}{'access-control-allow-origin'}, 'foreign';
    is of_type('cors'), 2, 'and counted all the same';

    $reply = $t->options('/b', headers => {%from,
        'Access-Control-Request-Method' => 'POST',
        'Access-Control-Request-Headers' => 'content-type'});
    is $reply->{status}, 204;
    is $reply->{headers}{'access-control-allow-origin'},
        'https://shop.example';
};

subtest 'kept over a restart' => sub {
    my $before = count();
    $t->stop;
    $t->sound;
    $t->start;
    is_deeply count(), $before;
};

done_testing;
