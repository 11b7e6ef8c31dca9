#!/usr/bin/perl

# What belongs to customers: notes, tasks and their times, consents, the
# fields that a site defines; and that the live stream tells of all of it.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use IO::Select;
use Mojo::Date;
use Mojo::JSON qw(decode_json false true);
use Test::More;

my $t = CXM->new(conf => {workers => 2});
my $rep = $t->key('rep', '--name', 'Rita');
my $server = $t->key('server');
my $url = '/admin/customers';

sub customer { $t->post($url, {@_}, key => 1)->{json}{id} }

sub time_in { Mojo::Date->new(time + $_[0])->to_datetime =~ s/Z/.000Z/r }

# A listener from now on; all that it hears until it has heard $n events.
my $listener = $t->connect;
syswrite $listener, "GET /admin/stream?kinds=customer,note,task,consent,fields"
    . " HTTP/1.0\r\nAuthorization: Bearer $rep\r\n\r\n";

sub heard {
    my ($n) = @_;
    my ($text, $select) = ('', IO::Select->new($listener));
    until ((() = $text =~ /^data: /mg) >= $n) {
        $select->can_read(10 * $CXM::SLOW) or last;
        sysread $listener, $text, 65536, length $text or last;
    }
    return [map { decode_json($_) } $text =~ /^data: (.*)$/mg];
}

my $none = '00000000-0000-4000-8000-000000000000';
my $id = customer(name => 'Ann');
my $other = customer(name => 'Bob');

# -- notes --------------------------------------------------------------------

subtest 'notes' => sub {
    my $r = $t->post("$url/$id/notes", {text => "First\nline"}, key => $rep);
    is $r->{status}, 201, 'written';
    my $note = $r->{json};
    is $r->{headers}{location}, "$url/$id/notes/$note->{id}", 'Location';
    is_deeply [@$note{qw(customer text version)}, $note->{author}{name}],
        [$id, "First\nline", 1, 'Rita'], 'whose, what, by whom';
    $t->post("$url/$id/notes", {text => 'Second'}, key => 1);

    is_deeply [map { $_->{text} } @{$t->get("$url/$id/notes", key => $rep)
        ->{json}{items}}], ['Second', "First\nline"], 'newest first';
    is_deeply $t->get("$url/$other/notes", key => 1)->{json}{items}, [],
        'another has none of them';
    $r = $t->get("$url/$id/notes?limit=1", key => 1)->{json};
    is $t->get("$url/$id/notes?limit=1&cursor=$r->{next}", key => 1)
        ->{json}{items}[0]{id}, $note->{id}, 'the next page';

    $r = $t->patch("$url/$id/notes/$note->{id}", {text => 'Better'},
                   key => 1, headers => {'If-Match' => '"1"'});
    is_deeply [@{$r->{json}}{qw(text version)}, $r->{json}{author}{name}],
        ['Better', 2, 'Rita'], 'changed; the author stays';
    is $t->get("$url/$id/notes/$note->{id}", key => $t->key('analyst'))
        ->{json}{text}, undef, 'not for who may not read it';
    problem($t->get("$url/$other/notes/$note->{id}", key => 1), 404,
            'not_found');
    problem($t->patch("$url/$other/notes/$note->{id}", {text => 'x'},
                      key => 1), 404, 'not_found');
    problem($t->delete("$url/$other/notes/$note->{id}", key => 1), 404,
            'not_found');
    problem($t->delete("$url/$id/notes/$note->{id}", key => 1,
                       headers => {'If-Match' => '"1"'}), 412,
            'precondition_failed');
    is $t->delete("$url/$id/notes/$note->{id}", key => 1)->{status}, 204,
        'deleted';
    problem($t->get("$url/$id/notes/$note->{id}", key => 1), 404,
            'not_found');
    is $t->put("$url/$id/notes/$none", {text => 'Mine'}, key => 1)->{status},
        201, 'an id of the client';

    problem($t->post("$url/$id/notes", {}, key => 1), 422, 'invalid',
            '/text');
    problem($t->post("$url/$id/notes", {text => ''}, key => 1), 422,
            'invalid', '/text');
    problem($t->post("$url/$id/notes", {text => 'x' x 10001}, key => 1), 422,
            'invalid', '/text');
    problem($t->post("$url/$none/notes", {text => 'x'}, key => 1), 404,
            'not_found');
    problem($t->get("$url/$none/notes", key => 1), 404, 'not_found');
    problem($t->post("$url/$id/notes", {text => 'x'},
                     key => $t->key('analyst')), 403, 'forbidden');
};

# -- tasks --------------------------------------------------------------------

subtest 'tasks' => sub {
    my $r = $t->post("$url/$id/tasks", {title => 'Call back',
        assignee => 'rita', due_at => time_in(3600)}, key => $rep);
    is $r->{status}, 201, 'set';
    my $task = $r->{json};
    is_deeply [@$task{qw(status priority overdue ended_at)}],
        ['open', 'normal', false, undef], 'open, not late';

    $r = $t->post("$url/$id/tasks", {title => 'Too late',
        due_at => '2020-01-01T00:00:00Z'}, key => 1);
    is $r->{json}{overdue}, true, 'late from the start';
    my $late = $r->{json}{id};
    $r = $t->patch("$url/$id/tasks/$late",
                   {due_at => '2020-01-01T01:00:00+02:00'}, key => 1);
    is $r->{json}{due_at}, '2019-12-31T23:00:00.000Z',
        'answered in UTC, with milliseconds';
    is $t->patch("$url/$id/tasks/$late", {due_at => '2019-12-31T23:00:00Z'},
                 key => 1)->{json}{version}, 2, 'one time, one form';

    $r = $t->patch("$url/$id/tasks/$late", {status => 'done'}, key => 1);
    is_deeply [@{$r->{json}}{qw(status overdue)}], ['done', false],
        'what is done is not late';
    like $r->{json}{ended_at}, qr/^\d{4}-/, 'and has ended';
    $r = $t->patch("$url/$id/tasks/$late", {status => 'open',
        due_at => undef}, key => 1);
    is_deeply [@{$r->{json}}{qw(overdue ended_at)}], [false, undef],
        'open again, at no time';

    my $soon = $t->post("$url/$other/tasks", {title => 'Soon',
        assignee => 'rita', priority => 'high', due_at => time_in(2)},
        key => 1)->{json};
    my $never = $t->post("$url/$other/tasks", {title => 'Cancelled',
        due_at => time_in(2)}, key => 1)->{json};
    $t->patch("$url/$other/tasks/$never->{id}", {status => 'cancelled'},
              key => 1);
    my $now = sub {
        $t->get("$url/$other/tasks/$_[0]{id}", key => 1)->{json};
    };
    CXM::until_true(20, sub { $now->($soon)->{overdue} }, 0.2);
    is $now->($soon)->{overdue}, true, 'at its time it is overdue';
    is $now->($soon)->{version}, 2, 'by a version';
    is $t->get("$url/$other/tasks/$soon->{id}", key => 1)->{json}{title},
        'Soon', 'with all that it had';
    is_deeply [@{$now->($never)}{qw(overdue version)}], [false, 2],
        'what was cancelled is not';
    $r = $t->patch("$url/$other/tasks/$soon->{id}",
                   {due_at => time_in(3600)}, key => 1);
    is $r->{json}{overdue}, false, 'moved, it is not late any more';

    my $titles = sub {
        my $got = $t->get("/admin/$_[0]", key => $rep)->{json}{items};
        return [map { $_->{title} } @$got];
    };
    is_deeply $titles->('tasks'),
        ['Cancelled', 'Soon', 'Too late', 'Call back'], 'of all customers';
    is_deeply $titles->('tasks?assignee=rita&status=open'),
        ['Soon', 'Call back'], 'of somebody';
    is_deeply $titles->('tasks?priority=high'), ['Soon'], 'that press';
    is_deeply $titles->('tasks?status=cancelled'), ['Cancelled'], 'by state';
    is_deeply $titles->("customers/$id/tasks"), ['Too late', 'Call back'],
        'of a customer';
    is_deeply $titles->("customers/$id/tasks?assignee=rita"),
        ['Call back'], 'and somebody';
    is_deeply $titles->('tasks?overdue=true'), [], 'none is late';

    problem($t->post("$url/$id/tasks", {title => 'x', status => 'later'},
                     key => 1), 422, 'invalid', '/status');
    is $t->post("$url/$id/tasks", {title => 'x'}, key => 1,
                headers => {'If-Match' => '"1"'})->{status}, 201,
        'a list has no version';
    problem($t->get("/admin/tasks?$_=foo", key => 1), 422, 'invalid', "?$_")
        for qw(status priority);
    problem($t->post("$url/$id/tasks", {title => 'x', due_at => 'soon'},
                     key => 1), 422, 'invalid', '/due_at');
    problem($t->post("$url/$id/tasks", {}, key => 1), 422, 'invalid',
            '/title');
    problem($t->get('/admin/tasks?overdue=maybe', key => 1), 422, 'invalid',
            '?overdue');
};

# -- consents -----------------------------------------------------------------

subtest 'consents' => sub {
    my $say = sub {
        my ($purpose, $granted, $more, @key) = @_;
        @key = (key => $rep) unless @key;
        return $t->post("$url/$id/consents", {purpose => $purpose,
            granted => $granted, %{$more || {}}}, @key);
    };
    my $current = sub {
        my $now = $t->get("$url/$id/consents", key => $rep)->{json}{current};
        return {map { $_ => $now->{$_}{granted} } keys %$now};
    };
    is_deeply $current->(), {}, 'nothing was said';
    my $r = $say->('newsletter', true, {channel => 'web',
        text_version => '2026-01', evidence => 'form /signup, 1.2.3.4'});
    is $r->{status}, 201, 'given';
    like $r->{json}{at}, qr/^\d{4}-/, 'when';
    $say->('profiling', false);
    $say->('newsletter', false, {channel => 'phone'});
    is_deeply $current->(), {newsletter => false, profiling => false},
        'taken back';
    $say->('newsletter', true, {channel => 'email', text_version => '2026-02'});
    is_deeply $current->(), {newsletter => true, profiling => false},
        'given again';

    # what is recorded late, with the date of a server, undoes nothing
    $r = $say->('newsletter', false, {at => '2021-05-01T12:00:00+02:00'},
               key => $server);
    is $r->{json}{at}, '2021-05-01T10:00:00.000Z', 'an old one';
    $say->('phone', true, {at => '2021-05-01T10:00:00Z'}, key => $server);
    is_deeply $current->(), {newsletter => true, profiling => false,
                             phone => true}, 'changes what is older only';

    $r = $t->get("$url/$id/consents", key => $rep)->{json};
    is scalar @{$r->{items}}, 6, 'all that was said stays';
    is_deeply [@{$r->{items}[5]}{qw(purpose granted channel text_version
                                    evidence)}],
        ['newsletter', true, 'web', '2026-01', 'form /signup, 1.2.3.4'],
        'as it was said';
    is $r->{items}[5]{author}{name}, 'Rita', 'who recorded it';
    is $r->{current}{newsletter}{text_version}, '2026-02', 'which wording';
    $r = $t->get("$url/$id/consents", key => $server)->{json};
    ok !exists $r->{items}[5]{evidence}, 'evidence is personal';

    problem($say->('No Slug', true), 422, 'invalid', '/purpose');
    problem($say->('x', 'yes'), 422, 'invalid', '/granted');
    problem($t->post("$url/$id/consents", {purpose => 'x'}, key => 1), 422,
            'invalid', '/granted');
    problem($say->('x', true, {at => '2021-01-01T00:00:00Z'}), 422,
            'invalid', '/at');
    problem($say->('x', true, {at => '2999-01-01T00:00:00Z'},
                   key => $server), 422, 'invalid', '/at');
    problem($t->put("$url/$id/consents/$none", {purpose => 'x',
        granted => true}, key => 1), 404, 'not_found');
    is $say->('x', true, {}, key => $t->key('marketing'))->{status}, 403,
        'who only reads records none';
};

# -- fields of the site -------------------------------------------------------

subtest 'fields of the site' => sub {
    my $fields = '/admin/fields/customer';
    my $put = sub { $t->put($fields, {fields => [@_]}, key => 1) };
    problem($t->get($fields, key => 1), 404, 'not_found');
    problem($t->get('/admin/fields/survey', key => 1), 404, 'not_found');
    problem($t->put('/admin/fields/shoe', {fields => []}, key => 1), 404,
            'not_found');

    my %plan = (name => 'plan', type => 'enum', values => ['a', 'b']);
    my %size = (name => 'size', type => 'integer', min => 1, max => 9,
                personal => true);
    my $r = $put->(\%plan, \%size);
    is $r->{status}, 201, 'defined';
    is $r->{headers}{etag}, '"1"', 'ETag';
    is_deeply $t->get($fields, key => $rep)->{json}{fields},
        [\%plan, \%size], 'read';
    $r = $t->put($fields, $r->{json}, key => 1);
    is_deeply [$r->{status}, $r->{json}{version}], [200, 1],
        'put as it was read';

    my $made = $t->post($url, {name => 'Fielder', attributes => {
        plan => 'a', size => 9}}, key => 1)->{json};
    is_deeply $made->{attributes}, {plan => 'a', size => 9}, 'used';
    $r = $t->post($url, {attributes => {plan => 'c', size => 0, more => 1}},
                  key => 1);
    is_deeply [$r->{status}, sort map { "$_->{pointer} $_->{code}" }
               @{$r->{json}{errors}}],
        [422, '/attributes/more unknown_field',
         '/attributes/plan not_allowed', '/attributes/size out_of_range'],
        'checked';
    is_deeply $t->get("$url/$made->{id}", key => $t->key('analyst'))
        ->{json}{attributes}, {plan => 'a'}, 'a personal one is hidden';

    for my $case ([{%plan, type => 'string', values => undef}, 'type'],
                  [{%plan, values => ['a']}, 'values'],
                  [{%plan, personal => true}, 'personal'],
                  [{%plan, index => 'lookup'}, 'index'],
                  [{%plan, required => true}, 'required']) {
        my ($field, $what) = @$case;
        delete $field->{values} unless defined $field->{values};
        problem($put->($field), 409, 'field_in_use', "/fields/0/$what");
    }
    problem($put->(\%plan, \%plan), 422, 'invalid', '/fields/1/name');
    problem($put->({%plan, nonsense => 1}), 422, 'invalid',
            '/fields/0/nonsense');

    $r = $put->({%plan, values => ['a', 'b', 'c']},
                {name => 'city', type => 'string'});
    is $r->{status}, 200, 'a value and a field more, one less';
    is_deeply $r->{json}{retired}, [\%size], 'which is retired';
    $r = $t->patch("$url/$made->{id}", {attributes => {plan => 'c',
        size => 5}}, key => 1);
    is_deeply $r->{json}{attributes}, {plan => 'c', size => 9},
        'kept where it is, not set any more';

    my $items = $t->get("$fields/history", key => 1)->{json}{items};
    is_deeply [map { $_->{version} } @$items], [2, 1], 'history';
    is $t->put($fields, {fields => []}, key => $rep)->{status}, 403,
        'a rep does not define';
    is $t->put($fields, {fields => [{%plan, values => ['a', 'b', 'c']}]},
               key => $t->key('manager'))->{status}, 200, 'a manager does';
};

# -- the live stream ----------------------------------------------------------

subtest 'the live stream' => sub {
    my $events = heard(26);
    my %n;
    $n{$_->{kind}}++ for @$events;
    is_deeply [sort keys %n], [qw(consent customer fields note task)],
        'tells of all kinds';
    my ($first) = grep { $_->{kind} eq 'customer' } @$events;
    is $first->{id}, $id, 'with ids';
    my ($task) = grep { $_->{kind} eq 'task' && $_->{overdue} } @$events;
    ok $task->{customer}, 'and whose';
    unlike join(' ', map { Mojo::JSON::encode_json($_) } @$events),
        qr/Ann|Bob|Call back|Better|signup/, 'and nothing personal';
};

close $listener;
$t->stop;
$t->sound;

done_testing;
