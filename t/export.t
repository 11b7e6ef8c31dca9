#!/usr/bin/perl

# Exports: every row once, in order, whatever happens meanwhile, as CSV and
# as NDJSON.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use IO::Select;
use IO::Socket::INET;
use Mojo::JSON qw(decode_json encode_json false true);
use Socket qw(SOL_SOCKET SO_RCVBUF inet_aton pack_sockaddr_in);
use Test::More;
use Time::HiRes qw(sleep);

# The second port has small buffers: what is not read there stays with us.
my $narrow = CXM::free_port();
my $t = CXM->new(conf => {h2 => 1, log_level => 'info', workers => 1,
                          server => "listen 127.0.0.1:$narrow sndbuf=16k;"});
my $server = $t->key('server');
my $analyst = $t->key('analyst');

my @questions = (
    {id => 'nps', type => 'nps', text => {en => 'N?'}},
    {id => 'pick', type => 'multi', text => {en => 'P?'}, choices => [
        map {{id => $_, text => {en => $_}}} qw(a b c)]},
    {id => 'why', type => 'text', text => {en => 'Why?'}},
    {id => 'who', type => 'contact', text => {en => 'Who?'}},
);

for my $slug (qw(demo other bulk)) {
    is $t->put("/admin/surveys/$slug", key => 1, json => {
        title => $slug, status => 'live', questions => \@questions,
        segment_by => ['plan']})->{status}, 201, "survey $slug";
}

sub answer {
    my ($slug, $json, %arg) = @_;
    my $r = $t->post("/s/$slug/responses", json => $json, %arg);
    is $r->{status}, 201, 'an answer' or diag $r->{body};
    return $r->{json}{id};
}

sub export {
    my ($what, %arg) = @_;
    return $t->get("/admin/export/$what", key => 1, %arg);
}

# Lines of NDJSON as documents.
sub rows {
    my ($r) = @_;
    is $r->{status}, 200, 'an export' or diag $r->{body};
    return map { decode_json($_) } split /\n/, $r->{body};
}

# What Python's csv makes of it without options: rows of cells.
sub csv {
    my ($r) = @_;
    my $path = $t->write_file('export.csv', $r->{body});
    my ($rc, $out, $err) = CXM::run('python3', '-c',
        'import csv,json,sys; print(json.dumps(list(csv.reader('
        . 'open(sys.argv[1], newline="", encoding="utf-8")))))', $path);
    is $rc, 0, 'Python reads it' or diag $err;
    return @{decode_json($out)};
}

# -- nothing yet --------------------------------------------------------------

my $r = export('responses.ndjson');
is $r->{status}, 200, 'an empty store';
is $r->{body}, '', 'has no rows';
$r = export('responses.csv?survey=demo');
my $head = 'id,survey,status,created_at,updated_at,version,survey_version,'
    . 'finalised,answers.nps,answers.pick,answers.why,answers.who.name,'
    . 'answers.who.email,answers.who.phone,respondent.customer_id,'
    . 'respondent.external_id,respondent.email,respondent.visitor,'
    . 'claimed.respondent.customer_id,claimed.respondent.external_id,'
    . 'claimed.respondent.email,claimed.respondent.visitor,claimed.agent,'
    . 'channel,touchpoint,country,device,language,agent,product,'
    . 'latency_band,status_class,attributes.plan,attributes,interaction_id,'
    . 'client_time,erased';
is $r->{body}, '"' . join('","', split /,/, $head) . "\"\r\n",
    'but a head line';

# -- rows ---------------------------------------------------------------------

my @told = (
    {answers => {nps => 9, why => "Gr\x{fc}\x{df}e, \x{1f600} \"so\"\nund\ttab",
                 pick => ['c', 'a'], who => {name => 'Ann, "A"',
                 email => 'ann@example.org', phone => '+49 30 1'}},
     channel => 'email', touchpoint => 'purchase', interaction_id => 'o-1',
     attributes => {plan => 'pro', n => 3, x => 'y'},
     respondent => {customer_id => 'c-1'}, agent => 'Bob', language => 'de',
     client_time => '2024-02-29T10:00:00Z'},
    {answers => {nps => 0, why => '=1+1'}, respondent => {email => 'b@b.de'}},
    {answers => {nps => 10, why => '+cmd'}, attributes => {plan => '-2'}},
    {answers => {nps => 3, why => '-2 days'}, attributes => {plan => '-2.5'}},
    {answers => {nps => 4, why => '@SUM(A1)'}, complete => false},
    {answers => {nps => 5, why => "\tx"}, attributes => {plan => "free 'n'"}},
    {answers => {why => 'a;b|c'}, attributes => {plan => ' pad '}},
    {answers => {why => '-'}},
);

my @ids = map { answer('demo', $_, key => $server) } @told;
push @ids, answer('other', {answers => {nps => 7}, respondent =>
                            {customer_id => 'c-1'}}, key => $server);
push @ids, answer('demo', {answers => {nps => 8, why => 'claimed'},
                           respondent => {email => 'z@z.de'}});

my @rows = rows(export('responses.ndjson'));
is_deeply [map { $_->{id} } @rows], \@ids, 'all, in the order of the journal';
is_deeply $rows[$_], $t->get("/admin/responses/$ids[$_]", key => 1)->{json},
    "row $_ is what the answer is" for 0 .. $#ids;

my ($names, @cells) = csv(export('responses.csv?survey=demo'));
is join(',', @$names), $head, 'columns of a survey';
is scalar @cells, 9, 'its rows';
my @table = map {
    my %row;
    @row{@$names} = @$_;
    \%row;
} @cells;

is $table[0]{id}, $ids[0], 'id';
is $table[0]{'answers.nps'}, 9, 'score';
is $table[0]{'answers.pick'}, 'c;a', 'choices';
is $table[0]{'answers.why'}, $told[0]{answers}{why}, 'text, every character';
is $table[0]{'answers.who.name'}, 'Ann, "A"', 'contact';
is $table[0]{'answers.who.phone'}, "'+49 30 1", 'a number that is none';
is $table[0]{'respondent.customer_id'}, 'c-1', 'respondent';
is $table[0]{created_at}, '2024-02-29T10:00:00.000Z', 'time';
is $table[0]{'attributes.plan'}, 'pro', 'segment';
is_deeply decode_json($table[0]{attributes}), {n => 3, x => 'y'},
    'other attributes';
is $table[0]{agent}, 'Bob', 'agent';
is $table[0]{'claimed.respondent.email'}, '', 'nothing is an empty cell';

is $table[1]{'answers.why'}, "'=1+1", '= is no formula';
is $table[2]{'answers.why'}, "'+cmd", '+ is none';
is $table[2]{'attributes.plan'}, '-2', 'a number stays one';
is $table[3]{'answers.why'}, "'-2 days", '- is none';
is $table[3]{'attributes.plan'}, '-2.5', 'a number with a point';
is $table[4]{'answers.why'}, "'\@SUM(A1)", '@ is none';
is $table[4]{status}, 'partial', 'status';
is $table[5]{'answers.why'}, "'\tx", 'a tab is none';
is $table[5]{'attributes.plan'}, "free 'n'", 'apostrophes';
is $table[6]{'answers.why'}, 'a;b|c', 'other separators';
is $table[6]{'attributes.plan'}, ' pad ', 'blanks';
is $table[7]{'answers.why'}, "'-", 'a sign alone';
is $table[7]{'answers.nps'}, '', 'no score';
is $table[8]{'claimed.respondent.email'}, 'z@z.de', 'claims';

# -- who may ------------------------------------------------------------------

@rows = rows(export('responses.ndjson', key => $analyst));
is scalar @rows, 10, 'an analyst gets all rows';
is_deeply $rows[0], $t->get("/admin/responses/$ids[0]", key => $analyst)
    ->{json}, 'without personal members';
($names) = csv(export('responses.csv?survey=demo', key => $analyst));
unlike "@$names", qr/why|who|respondent|claimed|attributes /,
    'nor columns of them';

is export('responses.csv', key => $t->key($_))->{status}, 403, "$_ may not"
    for qw(rep viewer server marketing);
is $t->get('/admin/export/responses.csv')->{status}, 401, 'nobody may not';
is export('responses.xml')->{status}, 404, 'no such format';
is export('nonsense.csv')->{status}, 404, 'no such rows';
is export('responses.csv?email=x@y.de', key => $analyst)->{status}, 403,
    'a name needs personal_read';

# -- what is wanted -----------------------------------------------------------

sub chosen {
    my ($query, $want, $name) = @_;
    my %at = map { $ids[$_] => $_ } 0 .. $#ids;
    is_deeply [map { $at{$_->{id}} } rows(export("responses.ndjson?$query"))],
        $want, $name // $query;
    my ($names, @cells) = csv(export("responses.csv?$query"));
    is_deeply [map { $at{$_->[0]} } @cells], $want, "$query, as CSV";
}

chosen('survey=other', [8]);
chosen('survey=demo&min_score=8', [0, 2, 9]);
chosen('min_score=7&max_score=9', [0, 8, 9]);
chosen('survey=demo&question=why', [0 .. 7, 9]);
chosen('to=2025-01-01T00:00:00Z', [0]);
chosen('survey=demo&from=2025-01-01T00:00:00Z', [1 .. 7, 9]);
chosen('customer_id=c-1', [0, 8]);
chosen('customer_id=c-1&survey=other', [8]);
chosen('email=b@b.de', [1]);
chosen('email=z@z.de', [], 'a claim is no identity');
chosen('where=plan:pro', [0]);
chosen('survey=demo&where=plan:', [1, 4, 7, 9], 'without a segment');
chosen('where=channel:email&where=language:de', [0]);
chosen('where=plan:none', []);
chosen('customer_id=c-1&where=plan:pro', [0]);

for my $case (['survey=none', '?survey'], ['survey=demo&question=x',
              '?question'], ['min_score=x', '?min_score'],
              ['survey=demo&where=x:y', '?where'], ['where=x', '?where'],
              ['from=x', '?from'], ['limit=3', '?limit'],
              ['after=x', '?after'], ['until=x', '?until'],
              ['until=99999999', '?until'],
              ['after=00000000-0000-4000-8000-000000000000', '?after']) {
    my ($query, $pointer) = @$case;
    $r = export("responses.csv?$query");
    is $r->{status}, 422, "$query: 422";
    is $r->{json}{errors}[0]{pointer}, $pointer, "$query: where";
}

# -- going on -----------------------------------------------------------------

$r = export('responses.ndjson');
my $until = $r->{headers}{'export-until'};
like $until, qr/^\d+$/, 'an export says where it ends';
my $whole = $r->{body};
my $later = answer('demo', {answers => {nps => 1}});

is export("responses.ndjson?until=$until")->{body}, $whole,
    'again up to there: byte for byte';

for my $kept (1, 4, 9) {
    my $start = join '', map { "$_\n" } (split /\n/, $whole)[0 .. $kept - 1];
    is $start . export("responses.ndjson?until=$until&after=$ids[$kept - 1]")
        ->{body}, $whole, "goes on behind row $kept";
}
is export("responses.ndjson?until=$until&after=$ids[-1]")->{body}, '',
    'and behind the last';
is_deeply [map { $_->{id} } rows(export("responses.ndjson?after=$ids[-1]"))],
    [$later], 'what is new has come behind';
my $csv = export("responses.csv?until=$until")->{body};
my $rest = export("responses.csv?until=$until&after=$ids[6]")->{body};
like $rest, qr/\A\Q$ids[7]\E,/, 'CSV goes on without a head line';
is substr($csv, -length $rest), $rest, 'in the same columns';

# -- headers ------------------------------------------------------------------

$r = export('responses.csv');
is $r->{headers}{'content-type'}, 'text/csv; charset=utf-8', 'type of CSV';
is $r->{headers}{'content-disposition'},
    'attachment; filename="responses.csv"', 'name';
like $t->raw("GET /admin/export/responses.csv HTTP/1.1\r\nHost: localhost\r\n"
             . "Connection: close\r\nAuthorization: Bearer "
             . $t->admin_key . "\r\n\r\n"),
    qr/^Transfer-Encoding: chunked\r\n.*\r\n0\r\n\r\n\z/ms,
    'chunked, with an end';
is $r->{headers}{'cache-control'}, 'no-store', 'kept nowhere';
is export('responses.ndjson')->{headers}{'content-type'},
    'application/x-ndjson', 'type of NDJSON';

$r = $t->head('/admin/export/responses.csv', key => 1);
is $r->{status}, 200, 'HEAD';
is $r->{body}, '', 'has no body';
is $r->{headers}{'content-type'}, 'text/csv; charset=utf-8', 'but headers';
is $t->post('/admin/export/responses.csv', key => 1)->{status}, 405,
    'only GET and HEAD';

is $t->h2('/admin/export/responses.ndjson?until=' . $until, '-H',
          'Authorization: Bearer ' . $t->admin_key)->{body}, $whole,
    'over HTTP/2';

# -- what is read leaves a record ---------------------------------------------

sub head_of { return decode_json(($t->cxmctl('stat'))[1])->{head} }

my $before = head_of();
export('responses.ndjson');
is head_of(), $before + 1, 'one entry, however many rows';
export('responses.ndjson', key => $analyst);
$t->head('/admin/export/responses.csv', key => 1);
is head_of(), $before + 1, 'none where no personal member is read';

$t->write_file('store/latch', '');
$r = export('responses.ndjson');
is $r->{status}, 503, 'where it cannot be left nothing is read';
is $r->{json}{code}, 'audit_unavailable', 'and says so';
is export('responses.ndjson', key => $analyst)->{status}, 200,
    'without personal members it can';
unlink $t->store_dir . '/latch';
CXM::until_true(20, sub { export('responses.ndjson')->{status} == 200 });

# -- at length ----------------------------------------------------------------

my $many = 12_000;
my $file = $t->write_file('many.ndjson', join '', map { encode_json({
    id => sprintf('00000000-0000-4000-8000-%012d', $_), survey => 'bulk',
    answers => {nps => $_ % 11, why => "row $_ " . 'x' x 300}}) . "\n"
} 1 .. $many);
is +($t->cxmctl('import', 'responses', $file))[0], 0, 'many rows';

my $query = 'responses.ndjson?survey=bulk';

# A connection that takes little at a time, and what it has asked for.
sub ask {
    my (%arg) = @_;
    my $socket = IO::Socket::INET->new(Proto => 'tcp') or die "socket: $!";
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 8192;
    connect $socket, pack_sockaddr_in($arg{port} // $narrow,
                                      inet_aton('127.0.0.1')) or die $!;
    syswrite $socket, "GET /admin/export/$query HTTP/1.1\r\n"
        . "Host: localhost\r\nConnection: close\r\n"
        . 'Authorization: Bearer ' . $t->admin_key . "\r\n\r\n";
    return $socket;
}

sub take {
    my ($socket, $bytes) = @_;
    my $text = '';
    while (length $text < $bytes) {
        IO::Select->new($socket)->can_read(20 * $CXM::SLOW) or last;
        sysread $socket, $text, 65536, length $text or last;
    }
    return $text;
}

# The body of a chunked reply; undef when it has no end.
sub unchunk {
    my ($text) = @_;
    $text =~ s/\A.*?\r\n\r\n//s;
    my $body = '';
    while ($text =~ /\G([0-9a-f]+)\r\n/gci) {
        my $size = hex $1;
        return $body if $size == 0;
        $body .= substr $text, pos $text, $size;
        pos($text) += $size + 2;
        return if pos $text > length $text;
    }
    return;
}

sub numbers { return [map { /"row (\d+) / ? $1 : () } split /\n/, $_[0]] }

# Rows that an export had sent when it ended, by the log.
sub ended {
    my ($how) = @_;
    my $from = length $t->error_log;
    return sub {
        my $rows;
        CXM::until_true(20, sub {
            ($rows) = substr($t->error_log, $from)
                =~ /an export ends $how (\d+) rows/;
            return defined $rows;
        });
        return $rows;
    };
}

# a client that takes its time, while others write

my $slow = ask();
my $got = take($slow, 50_000);
answer('bulk', {answers => {nps => 1, why => 'row 99999 '}}) for 1 .. 5;
$got .= take($slow, 1 << 30);
my $body = unchunk($got);
ok defined $body, 'a slow client gets the end';
is_deeply numbers($body), [1 .. $many],
    'all that was there when it began, nothing that came later';

$body = export($query)->{body};
is scalar @{numbers($body)}, $many + 5, 'the next has it';
my ($last) = $body =~ /.*"id":"([^"]+)"/s;
is unchunk(take(ask(), 1 << 30)), $body, 'slow or quick, it is the same';

# a client that reads nothing costs no more than what is ready for it

my $rows = ended('unfinished behind');
$slow = ask();
take($slow, 1000);
sleep 1;
close $slow;
cmp_ok $rows->(), '<', 3000, 'nobody reads: nothing more is read';

# a client that goes

$rows = ended('unfinished behind');
$slow = ask();
take($slow, 2_000_000);
close $slow;
cmp_ok $rows->(), '<', $many - 1000, 'a client that goes ends it';

# HTTP/2: whole, slowly, and cut short

my @h2 = ('curl', '-s', '--http2-prior-knowledge', '-H',
          'Authorization: Bearer ' . $t->admin_key,
          'http://127.0.0.1:' . $t->h2_port . "/admin/export/$query");
my ($rc, $out, $err) = CXM::run(@h2, '--limit-rate', '4M');
is $rc, 0, 'over HTTP/2, slowly';
ok $out eq $body, 'every byte';
$rows = ended('unfinished behind');
my $pid = open my $cut, '-|', @h2 or die "curl: $!";
read $cut, my $some, 300_000;
kill 'KILL', $pid;
close $cut;
cmp_ok $rows->(), '<', $many - 1000, 'a stream that is reset ends it';

# so many at a time and no more, and the others do not suffer

# (the one before is over when the thread that reads for it is done)

my (@open, @got);
CXM::until_true(20, sub {
    my $socket = ask();
    my $text = take($socket, 1000);
    return 0 if $text !~ m{^HTTP/1.1 200};
    push @open, $socket;
    push @got, $text;
    return @open == 8;
});
$r = export($query);
is $r->{status}, 503, 'too many at a time';
is $r->{json}{code}, 'overloaded', 'is said';
ok $r->{headers}{'retry-after'}, 'and when to come again';
is $t->get('/admin/responses?survey=bulk&limit=3', key => 1)->{status}, 200,
    'lists go on';
answer('bulk', {answers => {nps => 2}});
$got[$_] .= take($open[$_], 1 << 30) for 0 .. 7;
is scalar(grep { defined unchunk($_) } @got), 8, 'they all end well';
is export($query)->{status}, 200, 'then there is room again';

# a new configuration comes in the middle

$slow = ask();
$got = take($slow, 50_000);
my @old = $t->workers;
$t->reload;
isnt "@old", join(' ', $t->workers), 'new workers';
$got .= take($slow, 1 << 30);
is_deeply numbers(unchunk($got) // ''), [1 .. $many, (99999) x 5],
    'what the old one has begun it ends';
ok CXM::until_true(20, sub { !grep { CXM::alive($_) } @old }),
    'and then is gone';

# a client that stops is given up

$t->{conf}{admin} = 'send_timeout 1s;';
$t->reload;
$rows = ended('unfinished behind');
$slow = ask();
take($slow, 1000);
cmp_ok $rows->(), '<', 3000, 'send_timeout ends it';
$got = take($slow, 1 << 30);
ok !defined unchunk($got), 'which can be seen: it has no end';

# the server is stopped in the middle

$slow = ask();
$got = take($slow, 50_000);
$t->stop('TERM');
$got .= take($slow, 1 << 30);
ok !defined unchunk($got), 'a stopped server: it has no end';
$got =~ s/\A.*?\r\n\r\n//s;
my @whole_rows = ($got =~ /^(\{.*\})\r?$/mg);
($last) = $whole_rows[-1] =~ /"id":"([^"]+)"/;
$t->start;
is_deeply numbers(export("$query&after=$last")->{body})->[0],
    numbers($whole_rows[-1])->[0] + 1, 'goes on behind the last whole row';

# -- in the end ---------------------------------------------------------------

$t->stop;
$t->sound;

done_testing;
