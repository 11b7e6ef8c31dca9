#!/usr/bin/perl

# Customers that are brought as rows, by the API and by cxmctl, and exports
# that can be brought again.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Mojo::JSON qw(decode_json encode_json false true);
use Mojo::Util qw(decode encode);
use POSIX qw(_exit);
use Test::More;
use Time::HiRes qw(sleep);

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $t = CXM->new;
my %key = map { $_ => $t->key($_) } qw(rep server analyst);
my $url = '/admin/customers';

my $csv = 'text/csv; charset=utf-8';
my $ndjson = 'application/x-ndjson';

is $t->put('/admin/fields/customer', {fields => [
    {name => 'plan', type => 'enum', values => ['free', 'pro'],
     index => 'lookup'},
    {name => 'seats', type => 'integer', min => 1, max => 100},
    {name => 'active', type => 'boolean'},
    {name => 'contract', type => 'string', index => 'unique'},
    {name => 'shoe_size', type => 'number', personal => true}]},
    key => 1)->{status}, 201, 'fields';

sub bring {
    my ($type, $body, %arg) = @_;
    my $query = delete $arg{query} // '';
    $body = encode('UTF-8', $body) unless delete $arg{raw};
    return $t->post("$url/import$query", body => $body, key => $key{server},
                    %arg, headers => {'Content-Type' => $type,
                                      %{$arg{headers} || {}}});
}

sub lines { join '', map { decode('UTF-8', encode_json($_)) . "\n" } @_ }

# "created updated unchanged rejected", and lines with their first error.
sub done {
    my ($reply, $counts, @errors) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $reply->{json} || {};
    is_deeply [$reply->{status},
               join(' ', map { $json->{$_} // '-' }
                    qw(created updated unchanged rejected)),
               map { my $e = $_->{errors}[0];
                     "$_->{line} $e->{pointer} $e->{code}" }
               @{$json->{errors} || []}],
        [200, $counts, @errors], "rows: $counts @errors" or diag $reply->{body};
}

sub found {
    my ($query) = @_;
    my $reply = $t->get("$url?$query", key => 1);
    return $reply->{json}{items}[0] || {};
}

sub given {
    return [map { "$_->{type} $_->{value}" } @{$_[0]{identifiers} || []}];
}

# -- rows of JSON -------------------------------------------------------------

subtest 'rows of NDJSON' => sub {
    my $body = lines(
        {external_id => 'n-1', email => 'Ann@Example.org', name => 'Ann Müller',
         phone => '+43 (1) 234-0000', tags => ['vip'],
         attributes => {plan => 'pro', seats => 3}},
        {email => 'bob@example.org', verified => ['bob@example.org']},
        {identifiers => [{type => 'external_id', value => 'n-3'}],
         country => 'AT', phone => '+4312345678'});

    done(bring($ndjson, $body), '3 0 0 0');
    done(bring($ndjson, $body), '0 0 3 0');

    my $ann = found('external_id=n-1');
    is_deeply given($ann), ['external_id n-1', 'email Ann@Example.org',
                            'phone +4312340000'], 'identifiers';
    is $ann->{name}, 'Ann Müller', 'members';
    is_deeply $ann->{attributes}, {plan => 'pro', seats => 3}, 'attributes';
    is $ann->{identifiers}[0]{source}, 'server', 'and who brought them';
    is $ann->{version}, 1, 'what is there is not written again';
    ok found('email=bob@example.org')->{identifiers}[0]{verified}, 'verified';

    # only what is there; null takes it away
    done(bring($ndjson, lines(
        {external_id => 'n-1', country => 'DE', tags => undef},
        {email => 'ANN@example.org', attributes => {seats => 4}},
        {id => $ann->{id}, email => 'ann@work.example', phone => undef})),
        '0 3 0 0');

    my $now = found('external_id=n-1');
    is_deeply given($now), ['external_id n-1', 'email Ann@Example.org',
                            'email ann@work.example'], 'one more, one less';
    is_deeply [@$now{qw(name country tags)}], ['Ann Müller', 'DE', undef],
        'a patch';
    is_deeply $now->{attributes}, {plan => 'pro', seats => 4},
        'of attributes as well';
    is $now->{identifiers}[0]{added_at}, $ann->{identifiers}[0]{added_at},
        'what was there stays as it is';

    done($t->post("$url/import", {rows => [{external_id => 'n-9'}]},
                  key => 1), '1 0 0 0');
    is found('external_id=n-9')->{identifiers}[0]{source}, 'admin', 'as JSON';
};

subtest 'rows that are refused' => sub {
    my $id = found('external_id=n-1')->{id};
    my @good = map { {external_id => "g-$_", name => "Good $_"} } 1 .. 3;

    done(bring($ndjson, lines($good[0])
        . "{\"external_id\": \"x\"\n"                       # 2
        . lines({external_id => 'x', colour => 'red'},      # 3
                {name => 'Nobody'},                         # 4
                {external_id => 'x', attributes => {plan => 'gold'}},   # 5
                {external_id => 'x', phone => '+4312345678'},           # 6
                {external_id => 'x', email => 'no address'})            # 7
        . "\n"
        . lines({external_id => 'x', id => 'no uuid'},      # 9
                [1],                                        # 10
                {external_id => 'x', phone => [1]},         # 11
                $good[1],
                {external_id => 'n-3', erased => true}, $good[2])),
        '3 0 1 9',
        '2  not_json', '3 /colour unknown_field', '4  required',
        '5 /attributes/plan not_allowed', '6 /phone taken',
        '7 /email invalid', '9 /id invalid', '10  wrong_type',
        '11 /phone/0 wrong_type');
    is found('external_id=x')->{id}, undef, 'nothing of them is there';

    # two rows of one body: the second changes what the first has made
    done(bring($ndjson, lines({external_id => 'two', name => 'A'},
                              {external_id => 'two', name => 'B'})),
         '1 1 0 0');
    is found('external_id=two')->{name}, 'B', 'in their order';

    # what belongs to somebody else
    done(bring($ndjson, lines({id => $id, external_id => 'two'})), '0 0 0 1',
         '1 /external_id taken');

    my @many = map { {name => "n$_"} } 1 .. 150;
    my $r = bring($ndjson, lines(@many));
    is $r->{json}{rejected}, 150, 'all are counted';
    is @{$r->{json}{errors}}, 100, 'the first are told of';
};

# -- CSV ----------------------------------------------------------------------

subtest 'rows of CSV' => sub {
    done(bring($csv, "\x{feff}" . <<"END"), '2 0 0 0');
external_id,email,name,tags,attributes.plan,attributes.seats,attributes.active
c-1,carl\@example.org,"Carl ""C"" Cox",a;b,pro,5,true\r

c-2,"dan\@example.org;dan\@work.example",'=Dan,"[""x;y"",""z""]",,,
END
    my $carl = found('external_id=c-1');
    is $carl->{name}, 'Carl "C" Cox', 'quotes';
    is_deeply $carl->{tags}, ['a', 'b'], 'words';
    is_deeply $carl->{attributes}, {plan => 'pro', seats => 5,
                                    active => true}, 'types';
    my $dan = found('external_id=c-2');
    is_deeply given($dan), ['external_id c-2', 'email dan@example.org',
                            'email dan@work.example'], 'several values';
    is $dan->{name}, '=Dan', 'what a spreadsheet is kept from';
    is_deeply $dan->{tags}, ['x;y', 'z'], 'JSON in a cell';

    # an empty cell is not given, \N clears
    done(bring($csv, <<'END'), '0 2 1 0');
email,name,tags,attributes.plan,phone
carl@example.org,,\N,\N,+43 1 2345
dan@work.example,Daniel,,,
dan@example.org,,,,
END
    $carl = found('external_id=c-1');
    is_deeply [@$carl{qw(name tags)}], ['Carl "C" Cox', undef], 'cleared';
    is_deeply $carl->{attributes}, {seats => 5, active => true}, 'as well';
    is found('external_id=c-2')->{name}, 'Daniel', 'changed';

    for (['', 'not_csv'], ["a,a\n1,2\n", 'invalid'],
         ["\"a\nb,c\n", 'not_csv']) {
        my $r = bring($csv, $_->[0]);
        is $r->{json}{code}, $_->[1], "a head that is none: $_->[1]";
    }
};

sub consents {
    my ($query) = @_;
    my $id = found($query)->{id};
    my $json = $t->get("/admin/customers/$id/consents", key => 1)->{json};
    return ($json->{current}, scalar @{$json->{items}});
}

subtest 'consents' => sub {
    my $body = lines(
        {external_id => 'k-1', consents => {news => {granted => true,
            at => '2024-05-01T10:00:00+02:00', channel => 'paper',
            text_version => 'v3', evidence => 'form 7'}, ads => false}},
        {external_id => 'k-2', consents => {news => true}});
    done(bring($ndjson, $body, query => '?dry_run=true'), '2 0 0 0');
    done(bring($ndjson, $body), '2 0 0 0');
    my ($current, $n) = consents('external_id=k-1');
    is_deeply [@{$current->{news}}{qw(granted at channel text_version)}],
        [true, '2024-05-01T08:00:00.000Z', 'paper', 'v3'], 'as they were given';
    is $current->{ads}{granted}, false, 'in short';
    is $current->{ads}{author}{kind}, 'key', 'who brought it';
    is $n, 2;
    done(bring($ndjson, $body), '0 0 2 0');
    is +(consents('external_id=k-1'))[1], 2, 'once, however often';

    my $older = {external_id => 'k-1', consents => {news => {granted => false,
        at => '2023-01-01T00:00:00Z'}}};
    done(bring($ndjson, lines($older),
               query => '?dry_run=true'), '0 1 0 0');
    done(bring($ndjson, lines($older)), '0 1 0 0');
    done(bring($ndjson, lines($older)), '0 0 1 0');
    ($current, $n) = consents('external_id=k-1');
    is_deeply [$current->{news}{granted}, $n], [true, 3],
        'what is older is kept and undoes nothing';
    my $other = {external_id => 'k-1', consents => {news => {granted => true,
        text_version => 'v4'}}};
    done(bring($ndjson, lines($other)), '0 1 0 0');
    is +(consents('external_id=k-1'))[0]{news}{text_version}, 'v4',
        'another wording is another consent';

    done(bring('text/csv', "external_id,consents.news,consents.post\r\n"
        . "k-3,true,false\r\nk-2,,\"{\"\"granted\"\":true}\"\r\n"),
        '1 1 0 0');
    is_deeply [map { (consents('external_id=k-3'))[0]{$_}{granted} }
               qw(news post)], [true, false], 'columns of CSV';

    my @wrong = map { {external_id => 'k-9', consents => $_} }
        {'Not a slug' => true}, {news => {at => '2024-01-01T00:00:00Z'}},
        {news => {granted => true, at => '2999-01-01T00:00:00Z'}},
        {news => {granted => true, more => 1}}, {news => 'yes'}, 'news';
    my $r = bring($ndjson, lines(@wrong));
    is_deeply [map { $_->{errors}[0]{pointer} } @{$r->{json}{errors}}],
        ['/consents/Not a slug', '/consents/news/granted',
         '/consents/news/at', '/consents/news/more', '/consents/news',
         '/consents'], 'what is refused';
    is_deeply found('external_id=k-9'), {}, 'and leaves nothing';
};

subtest 'broken records' => sub {
    done(bring($csv, <<"END"), '1 0 0 5',
external_id,name,attributes.seats
"c-3","two
lines",
"c-4",Four,
c-5,x
c-6,5" disk,
c-7,Seven,many
"c-8,never ends,
END
         '2 /name invalid', '5  invalid', '6  not_csv',
         '7 /attributes/seats wrong_type', '8  not_csv');
    is found('external_id=c-4')->{name}, 'Four', 'the good one is there';
    done(bring($csv, "external_id,name\nc-9,\xff\xfe\nc-10,x\n", raw => 1),
         '1 0 0 1', '2  bad_encoding');
};

subtest 'who became part of another' => sub {
    done(bring($ndjson, lines({external_id => 'm-1'}, {external_id => 'm-2'})),
         '2 0 0 0');
    my ($one, $two) = map { found("external_id=m-$_")->{id} } 1, 2;
    my $r = $t->post("$url/$one/merge", {from => $two,
        into_version => 1, from_version => 1}, key => 1);
    is $r->{status}, 201, 'merged' or diag $r->{body};
    done(bring($ndjson, lines({id => $two, name => 'Both'},
                              {external_id => 'm-2', country => 'FR'})),
         '0 2 0 0');
    is_deeply [@{found('external_id=m-1')}{qw(id name country)}],
        [$one, 'Both', 'FR'], 'is that one';
};

# -- how it is asked ----------------------------------------------------------

subtest 'only tried' => sub {
    my $body = lines({external_id => 'dry-1', name => 'D'},
                     {external_id => 'n-1', name => 'Other'},
                     {external_id => 'c-1', attributes => {seats => 5}},
                     {external_id => 'dry-2', country => 'XX1'},
                     {external_id => 'dry-3', phone => '+4312345'});
    my $r = bring($ndjson, $body, query => '?dry_run=true');
    done($r, '1 1 1 2', '4 /country invalid', '5 /phone taken');
    is found('external_id=dry-1')->{id}, undef, 'nothing is stored';
    isnt found('external_id=n-1')->{name}, 'Other', 'or changed';
    my $now = bring($ndjson, $body);
    is_deeply $now->{json}, $r->{json}, 'what it told is what happens'
        or diag $r->{body}, $now->{body};
};

subtest 'who and how' => sub {
    my $row = lines({external_id => 'who'});
    is bring($ndjson, $row, key => $key{rep})->{status}, 403, 'a rep';
    is bring($ndjson, $row, key => undef)->{status}, 401, 'nobody';
    is bring('text/plain', $row)->{status}, 415, 'of another type';
    is bring($ndjson, $row, headers => {'Content-Encoding' => 'gzip'})
        ->{status}, 415, 'compressed';
    is bring('application/json', '{"rows": {}}')->{status}, 422, 'no rows';
    is bring('application/json', '[')->{status}, 400, 'no JSON';
    is bring($ndjson, 'x' x (1 << 20) . 'y')->{status}, 413, 'too long';
    is $t->get("$url/import", key => 1)->{status}, 405, 'only by POST';
    is found('external_id=who')->{id}, undef, 'none of them was taken';

    my @key = (headers => {'Idempotency-Key' => 'k-1'});
    done(bring($ndjson, $row, @key, query => '?dry_run=true'), '1 0 0 0');
    is found('external_id=who')->{id}, undef, 'a try uses no key up';
    done(bring($ndjson, $row, @key), '1 0 0 0');
    done(bring($ndjson, $row, @key), '1 0 0 0');
    is bring($ndjson, $row . $row, @key)->{status}, 422, 'another body';

    my @rows = map { {external_id => "big-$_"} } 1 .. 2001;
    is bring($ndjson, lines(@rows))->{status}, 413, 'too many';
    done(bring($ndjson, lines(@rows[1 .. 2000])), '2000 0 0 0');
};

# -- exports that are brought again -------------------------------------------

# All that an export says of customers, without what is a store's own.
sub same {
    my ($store, @args) = @_;
    my ($rc, $out) = $store->cxmctl('export', 'customers', '--format',
                                    'ndjson', @args);
    return [sort { $a->{id} cmp $b->{id} } map {
        my $row = decode_json($_);
        delete @$row{qw(version created_at updated_at)};
        $row;
    } split /\n/, $out];
}

# The cells of a file, as Python reads it.
sub python {
    my ($path) = @_;
    my ($rc, $out, $err) = CXM::run('python3', '-c',
        'import csv,json,sys; print(json.dumps(list(csv.DictReader('
        . 'open(sys.argv[1], newline="", encoding="utf-8")))))', $path);
    is $rc, 0, 'Python read it' or diag $err;
    return decode_json($out);
}

subtest 'there and back' => sub {
    my @odd = ("'=x", '=1+1', '-3', '-x', "'quoted'", 'a,b', '"', ';', '[x]',
               '{"a":1}', 'null', 'true', '007', "\x{1f600} Gr\x{fc}\x{df}e",
               '+43', '@x', "''=y", '\\N', "'\\N");
    my $n = 0;
    done(bring($ndjson, lines(map {
        {external_id => "odd-" . $n++, name => $_, tags => [$_, "t$_"],
         attributes => {contract => "k$_"}, email => "odd$n\@example.org",
         verified => $n % 2 ? ["odd$n\@example.org"] : []}
    } @odd)), @odd . ' 0 0 0');
    done(bring($ndjson, lines({external_id => ['a;b', 'c'], visitor => '[v]',
                               attributes => {shoe_size => 42.5}})),
         '1 0 0 0');
    my ($erased) = map { $_->{id} } grep { ($_->{name} // '') eq '007' }
        @{same($t)};
    is $t->post('/admin/privacy/erasures', {customer_id => $erased},
                key => 1)->{status}, 201, 'one is erased';

    my $all = same($t);
    cmp_ok scalar @$all, '>', 2000, 'all are there';
    my ($gone) = grep { $_->{erased} } @$all;
    is $gone->{name}, undef, 'what was erased is not';
    my @there = grep { !$_->{erased} } @$all;

    for my $format ('ndjson', 'csv') {
        my $r = $t->get("/admin/export/customers.$format", key => 1);
        is $r->{status}, 200, $format;
        my $file = $t->write_file("customers.$format", $r->{body});

        my $other = CXM->new(start => 0);
        $other->start;
        is $other->put('/admin/fields/customer',
            $t->get('/admin/fields/customer', key => 1)->{json},
            key => 1)->{status}, 201, 'the same fields';
        my ($rc, $out, $err) = $other->cxmctl('import', 'customers', $file);
        is $out, @there . " created, 0 updated, 1 unchanged, 0 refused\n",
            'all are brought' or diag $err,
            CXM::slurp("$file.errors.ndjson");

        if ($format eq 'ndjson') {
            is_deeply same($other), [sort { $a->{id} cmp $b->{id} } @there],
                'they are the same';
        } else {
            my $back = $other->get('/admin/export/customers.csv', key => 1);
            my $again = $other->write_file('again.csv', $back->{body});
            my ($here, $then) = map {
                [sort { $a->{id} cmp $b->{id} } map {
                    delete @$_{qw(version created_at updated_at)}; $_
                } grep { $_->{erased} eq '' } @{python($_)}]
            } $file, $again;
            is_deeply $then, $here, 'they are the same';
            is +(grep { $_->{external_id} eq 'odd-1' } @$here)[0]{name},
                "'=1+1", 'no formula';
        }

        ($rc, $out) = $other->cxmctl('import', 'customers', $file);
        is $out, '0 created, 0 updated, ' . @$all
            . " unchanged, 0 refused\n", 'once more: nothing';
        $other->sound;
        $other->stop;
    }
};

subtest 'an export' => sub {
    my $rows = sub {
        my ($query, $key) = @_;
        my $r = $t->get("/admin/export/customers.ndjson?$query",
                        key => $key || 1);
        return join ' ', map { decode_json($_)->{id} } split /\n/, $r->{body};
    };
    my $ids = sub {
        my ($query) = @_;
        my $list = $t->get("$url?limit=500&$query", key => 1)->{json}{items};
        return join ' ', reverse map { $_->{id} } @$list;
    };

    for ('tags=t=1%2B1', 'country=DE', 'where=plan:pro', 'q=good',
         'q=goo&country=DE', 'q=carl', 'tags=none') {
        is $rows->($_), $ids->($_), "chosen as in the list: $_";
    }

    is $t->get('/admin/export/customers.csv', key => $key{rep})->{status},
        403, 'not for a rep';
    my $r = $t->get('/admin/export/customers.csv', key => $key{analyst});
    is $r->{status}, 200, 'for an analyst';
    like $r->{body}, qr/\A"id","language","time_zone","country","tags",/,
        'without personal members';
    unlike $r->{body}, qr/shoe_size|email|Carl/, 'at all';
    is $t->get('/admin/export/customers.csv?q=carl', key => $key{analyst})
        ->{status}, 403, 'nor to be asked for';
    is $t->get('/admin/export/customers.csv?where=shoe_size:42.5',
               key => $key{analyst})->{status}, 422, 'without a look-up';

    $r = $t->get('/admin/export/customers.csv', key => 1);
    my @lines = split /\r\n/, $r->{body};
    my ($id) = $lines[9] =~ /^([^,]+)/;
    my $rest = $t->get('/admin/export/customers.csv?after=' . $id
                       . "&until=$r->{headers}{'export-until'}", key => 1);
    is $rest->{body}, join('', map { "$_\r\n" } @lines[10 .. $#lines]),
        'resumed';
};

# -- cxmctl -------------------------------------------------------------------

subtest 'cxmctl' => sub {
    my $file = $t->write_file('new.csv', encode('UTF-8', <<'END'));
external_id,name
t-1,One
t-2,Two,too many
t-1,Uno
END
    my $errors = $t->dir . '/wrong.ndjson';
    my ($rc, $out, $err) = $t->cxmctl('import', 'customers', $file,
                                      '--errors', $errors, '--dry-run');
    is $rc, 1, 'something is wrong';
    is $out, "2 created, 0 updated, 0 unchanged, 1 refused\n", 'only tried';
    is found('external_id=t-1')->{id}, undef, 'nothing was stored';

    ($rc, $out, $err) = $t->cxmctl('import', 'customers', $file, '--errors',
                                   $errors);
    is $out, "1 created, 1 updated, 0 unchanged, 1 refused\n", 'taken';
    is_deeply decode_json(CXM::slurp($errors)),
        {line => 3, errors => [{pointer => '', code => 'invalid',
                                detail => 'Has 3 cells and not 2.'}]},
        'what is wrong, by line';
    is found('external_id=t-1')->{name}, 'Uno', 'in their order';

    for (['import', 'customers'], ['import', 'responses', $file],
         ['import', 'responses', 'x.ndjson', '--dry-run'],
         ['import', 'customers', $file, '--errors']) {
        is +($t->cxmctl(@$_))[0], 2, "@$_[1 .. $#$_]";
    }

    $t->write_file('headless.csv', "a,a\n");
    is +($t->cxmctl('import', 'customers', $t->dir . '/headless.csv'))[0], 1,
        'no head';
};

# Killed at any time it is begun again; what is there then is every row once.
subtest 'killed' => sub {
    my $n = 12_000;
    my $file = $t->write_file('many.ndjson', join '', map {
        encode_json({external_id => "kill-$_", email => "kill$_\@example.org",
                     name => "Kill $_"}) . "\n" } 1 .. $n);
    my $other = CXM->new;
    my $killed = 0;

    for my $wait (0.05, 0.15, 0.3, 0.5) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            open STDOUT, '>', '/dev/null';
            exec CXM::cxmctl_path(), '-d', $other->store_dir, 'import',
                'customers', $file or _exit(127);
        }
        sleep $wait * $CXM::SLOW;
        kill KILL => $pid;
        waitpid $pid, 0;
        $killed += ($? & 127) == 9;
    }
    cmp_ok $killed, '>', 0, "killed $killed times";
    $other->sound;

    my ($rc, $out) = $other->cxmctl('import', 'customers', $file);
    is $rc, 0, 'begun again';
    my ($created, $unchanged) = $out =~ /^(\d+) created, 0 updated, (\d+)/;
    is $created + $unchanged, $n, $out;
    my ($export_rc, $rows) = $other->cxmctl('export', 'customers');
    is +($rows =~ tr/\n//), $n + 1, 'each once';
    $other->sound;
};

$t->sound;

done_testing;
