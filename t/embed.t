#!/usr/bin/perl

# The scripts that sites embed, in a browser: what they send in every state of
# a page, and that it counts once.  t/web/embed.mjs acts.

use strict;
use warnings;

use File::Compare qw(compare);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Compress::Zlib qw(memGzip);
use Mojo::JSON qw(decode_json to_json);
use Test::More;

# -- what is built is what is served ------------------------------------------

my $made = tempdir(CLEANUP => 1);
my ($rc, $out, $err) = CXM::run('node', "$CXM::TOP/web/build.mjs", $made);
is $rc, 0, 'the scripts build' or diag $err;
is compare("$made/cxm_script_text.c",
           "$CXM::TOP/core/api/cxm_script_text.c"), 0,
    'and core/api/cxm_script_text.c is what they build to';
($rc, $out, $err) = CXM::run('node',
    "$CXM::TOP/web/node_modules/typescript/bin/tsc", '--noEmit', '-p',
    "$CXM::TOP/web");
is $rc, 0, 'their types are right' or diag $out;

# -- a site -------------------------------------------------------------------

my $t = CXM->new(start => 0, conf => {http => 'types { text/html html; }'});
my $root = $t->dir . '/site';
mkdir $root;
$t->{port} = CXM::free_port();
my ($site, $other, $stranger) = map { "http://$_:$t->{port}" }
    qw(127.0.0.1 localhost 127.0.0.2);

# The same server under two more names: other origins for a browser.
$t->{conf}{http} .= "cxm_allow_origin $other;";
$t->{conf}{server} = "listen 127.0.0.2:$t->{port}; root $root;";
$t->{conf}{locations} = 'location /spa/ { try_files /spa.html =404; }';

sub html {
    my ($name, $body) = @_;
    $t->write_file("site/$name", "<!doctype html><html lang=en><meta "
        . "charset=utf-8><title>$name</title><body><h1>Page</h1>$body");
}

my $script = '<script async src="%s/s/cxm.js" data-beacon="%s/b"%s></script>';
html('page.html', sprintf $script, '', '', '');
html('early.html', '<script>window.cxm = [["early", {product: "x"}]]</script>'
     . sprintf $script, '', '', ' data-auto="off"');
html($_, sprintf $script, '', '', ' data-touchpoint="' . ($_ =~ s/\..*//r)
     . '"') for qw(spa.html bf.html prerender.html);
html('other.html', '<p>Nothing here.</p>');
html('foreign.html', sprintf $script, $site, $site, '');
my $widget = '<div data-cxm-survey="ask" data-cxm-visitor="%s"%s></div>'
    . '<script async src="%s/s/cxm-survey.js"></script>';
html('widget.html', sprintf $widget, 'v-1', '', '');
html('popup.html', sprintf $widget, 'v-2',
     ' data-cxm-mode="popup" data-cxm-title="How are we doing?"', '');
html('foreign-widget.html', sprintf $widget, 'v-3', '', $site);
$t->start;

is $t->put('/admin/surveys/ask', key => 1, json => {
    title => 'Ask', status => 'live',
    suppress => {same_survey_days => 30},
    questions => [{id => 'nps', type => 'nps', required => Mojo::JSON::true,
                   text => {en => 'How likely are you to recommend us?'}}],
})->{status}, 201, 'a survey';

# -- the files ----------------------------------------------------------------

for my $name ('cxm.js', 'cxm-survey.js') {
    my $reply = $t->get("/s/$name?v=1");
    is $reply->{status}, 200, $name;
    is $reply->{type}, 'text/javascript; charset=utf-8';
    like $reply->{headers}{'cache-control'}, qr/max-age=\d+/;
    is $reply->{headers}{'cross-origin-resource-policy'}, 'cross-origin';
    my $etag = $reply->{headers}{etag};
    is $t->get("/s/$name", headers => {'If-None-Match' => $etag})->{status},
        304, 'not sent again';
    is $t->get("/s/$name", headers => {'If-None-Match' => '"x"'})->{status},
        200;
    is $t->head("/s/$name")->{status}, 200;
    my $size = length memGzip($reply->{body});
    cmp_ok $size, '<', 2000, "$size bytes with gzip";
}

# -- in a browser -------------------------------------------------------------

($rc, $out, $err) = CXM::run('node', "$FindBin::Bin/web/embed.mjs", to_json({
    url => $site, other => $other, stranger => $stranger,
    browser => $ENV{CXM_BROWSER} || '/usr/bin/chromium',
    slow => $CXM::SLOW}));
is $rc, 0, 'the browser ran' or diag $err;

for my $line (split /\n/, $out) {
    my $seen = decode_json($line);
    ok $seen->{ok}, $seen->{name} or diag $seen->{detail} // '';
}

# -- and what came of it ------------------------------------------------------

sub n {
    my ($where) = @_;
    return $t->get("/admin/metrics/touchpoints?where=$where", key => 1)
        ->{json}{n};
}

# What was sent while a page was left may still be on its way.
sub counted {
    my ($where, $n, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    CXM::until_true(10, sub { n($where) >= $n });
    is n($where), $n, $name || $where;
}

counted("type:$_", 1) for qw(tracked early late left before away after offline
                             busy blocked refused broken);
counted('touchpoint:spa', 5, 'views of a single page');
counted('touchpoint:bf', 2, 'views of a page that came back');
counted('touchpoint:prerender', 1, 'a view of one that was prerendered');
my $flood = n('type:flood');
cmp_ok $flood, '>=', 90, 'of a thousand events at once';
cmp_ok $flood, '<=', 125, 'a hundred are sent';
my $all = $t->get('/admin/metrics/touchpoints', key => 1)->{json};
is $all->{bots}, $all->{n}, 'a browser that a program drives is marked';

my $nps = $t->get('/admin/metrics/nps?survey=ask&by=channel', key => 1)
    ->{json};
is $nps->{n}, 1, 'one answer came out of a frame';
is $nps->{segments}[0]{value}, 'web';

$t->sound;
$t->no_alerts;

done_testing;
