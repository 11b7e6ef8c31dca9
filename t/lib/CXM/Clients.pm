package CXM::Clients;

# Clients that write all the time and keep a record of what was acknowledged.
#
#     my $clients = CXM::Clients->new(t => $t, n => 4);
#     $clients->start;
#     ... kill something ...
#     my $record = $clients->stop;
#     $clients->check($record);         # against what the server has
#
# A client retries what it has no clear answer to with the same id (or
# Idempotency-Key) until it has one, so that in the end all is acknowledged
# and the server must have exactly that.  Clients are processes; each works
# on a survey of its own and on one that all share.

use strict;
use warnings;

use CXM;
use Errno qw(ECONNREFUSED);
use IO::Socket::INET;
use Mojo::JSON qw(decode_json encode_json);
use POSIX qw(_exit);
use Test::More ();
use Time::HiRes qw(sleep time);

my $patience = 60;      # seconds without a clear answer

# t     the CXM object, whose directory holds the records
# n     clients
# mix   {answer, partial, keyed, event, batch, survey}: how often each is
#       chosen
# also  other CXM objects on the same store: clients take turns
sub new {
    my ($class, %arg) = @_;
    return bless {
        n => 4, also => [],
        mix => {answer => 10, partial => 2, keyed => 2, event => 5, batch => 3,
                survey => 1},
        %arg, place => $arg{t}->dir . '/clients', owner => $$, pids => [],
    }, $class;
}

sub definition {
    my ($title) = @_;
    return {
        title => $title, status => 'live', segment_by => ['plan'],
        questions => [
            {id => 'nps', type => 'nps', text => {en => 'Recommend?'}},
            {id => 'why', type => 'text', text => {en => 'Why?'}},
        ],
    };
}

# -- the parent's side --------------------------------------------------------

sub start {
    my ($self) = @_;
    my ($t, $place) = @$self{qw(t place)};

    mkdir $place;
    unlink glob "$place/*";
    $self->publish;

    my $reply = $t->put('/admin/surveys/shared', definition('Shared'),
                        key => 1);
    die "no survey: $reply->{status} $reply->{body}"
        unless $reply->{status} =~ /^20[01]$/;

    for my $no (1 .. $self->{n}) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
            eval { $self->client($no); 1 } or $self->note_failure($no, $@);
            _exit(0);
        }
        push @{$self->{pids}}, $pid;
    }
    return $self;
}

# Where clients find the servers; again after a start.
sub publish {
    my ($self) = @_;
    my $ports = join ' ', map { $_->port } $self->{t}, @{$self->{also}};
    open my $file, '>', "$self->{place}/ports.new" or die "ports: $!";
    print $file $ports;
    close $file;
    rename "$self->{place}/ports.new", "$self->{place}/ports";
}

# Acknowledged writes so far.
sub count { return -s "$_[0]{place}/acks" || 0 }

# Waits until so many more are acknowledged; false when they are not.
sub progress {
    my ($self, $more) = @_;
    my $goal = $self->count + $more;
    return CXM::until_true($patience, sub {
        return $self->count >= $goal ? 1 : $self->failures ? -1 : 0;
    }, 0.005) == 1;
}

sub failures {
    my ($self) = @_;
    return map { CXM::slurp($_) } glob "$self->{place}/failed.*";
}

# Ends the clients, each after an answer to what it has begun.
sub stop {
    my ($self) = @_;
    open my $file, '>', "$self->{place}/stop" or die "stop: $!";
    close $file;
    waitpid $_, 0 for @{$self->{pids}};
    $self->{pids} = [];

    my %all = (answers => {}, events => {}, surveys => {}, tries => 0);
    for my $path (glob "$self->{place}/record.*") {
        my $record = decode_json(CXM::slurp($path));
        for my $kind (qw(answers events surveys)) {
            $all{$kind}{$_} = $record->{$kind}{$_}
                for keys %{$record->{$kind}};
        }
        $all{tries} += $record->{tries};
    }
    return \%all;
}

sub DESTROY {
    my ($self) = @_;
    return if $$ != $self->{owner};
    local ($?, $!);
    kill 'KILL', @{$self->{pids}};
    waitpid $_, 0 for @{$self->{pids}};
}

# -- a client -----------------------------------------------------------------

sub client {
    my ($self, $no) = @_;
    # from a good source: two clients with one seed would send the same ids
    srand(unpack 'L', random_bytes(4));
    local $SIG{PIPE} = 'IGNORE';

    my $record = $self->{record} =
        {answers => {}, events => {}, surveys => {}, tries => 0};
    open $self->{acks}, '>>', "$self->{place}/acks" or die "acks: $!";

    my @choice = map { ($_) x $self->{mix}{$_} } sort keys %{$self->{mix}};
    my $turn = 0;
    while (!-e "$self->{place}/stop") {
        my $what = "do_" . $choice[rand @choice];
        $self->$what($no, ++$turn);
        syswrite $self->{acks}, '.';
    }

    open my $file, '>', "$self->{place}/record.$no" or die "record: $!";
    print $file encode_json($record);
    close $file or die "record: $!";
}

sub note_failure {
    my ($self, $no, $text) = @_;
    open my $file, '>', "$self->{place}/failed.$no" or return;
    print $file "client $no: $text";
    close $file;
}

sub do_answer {
    my ($self, $no, $turn) = @_;
    my $id = uuid();
    my $answer = answer("why-$id");
    my $reply = $self->write_until_clear(
        POST => '/s/shared/responses', {%$answer, id => $id});
    expect($reply, 201, $reply->{unclear} ? 200 : 201);
    die "other id: $reply->{body}" if $reply->{json}{id} ne $id;
    $self->{record}{answers}{$id} = {input => $answer,
                                     status => $reply->{json}{status}};
}

# An answer that is gone on with and ended, each time until that is clear.
sub do_partial {
    my ($self, $no, $turn) = @_;
    my $id = uuid();
    my %first = (answers => {nps => int rand 11}, complete => \0,
                 channel => 'web');
    my $path = '/s/shared/responses';
    my $reply = $self->write_until_clear(POST => $path, {%first, id => $id});
    expect($reply, 201, $reply->{unclear} ? 200 : 201);

    my %token = (token => $reply->{json}{token});
    my %given = %{$first{answers}};
    for my $change ({why => "part-$id"}, {nps => int rand 11}, undef) {
        $reply = $self->write_until_clear(PATCH => "$path/$id", {
            %token, $change ? (answers => $change) : (complete => \1)});
        expect($reply, 200);
        %given = (%given, %{$change || {}});
    }
    die "not complete: $reply->{body}" if $reply->{json}{status} ne 'complete';
    $self->{record}{answers}{$id} = {
        input => {%first, answers => \%given}, first => \%first,
        status => 'partial'};
}

# The server makes the id; the Idempotency-Key makes the retry safe.
sub do_keyed {
    my ($self, $no, $turn) = @_;
    my $key = uuid();
    my $answer = answer("key-$key");
    my $reply = $self->write_until_clear(
        POST => '/s/shared/responses', $answer, ["Idempotency-Key: $key"]);
    expect($reply, 201);
    $self->{record}{answers}{$reply->{json}{id}} =
        {input => $answer, key => $key, status => $reply->{json}{status}};
}

sub answer {
    my ($why) = @_;
    my %answer = (answers => {nps => int rand 11}, complete => \1,
                  channel => (qw(web email app))[rand 3]);
    $answer{answers}{why} = $why if rand() < 0.3;
    $answer{attributes} = {plan => (qw(free pro))[rand 2]} if rand() < 0.5;
    return \%answer;
}

sub do_event {
    my ($self) = @_;
    my $id = uuid();
    my $reply = $self->write_until_clear(
        POST => '/b', {type => 'page_view', id => $id, url => '/kills'});
    expect($reply, 204);
    $self->{record}{events}{$id} = 1;
}

sub do_batch {
    my ($self) = @_;
    my @ids = map { uuid() } 1 .. 2 + rand 19;
    my $reply = $self->write_until_clear(
        POST => '/b', {events => [map { {type => 'click', id => $_} } @ids]});
    expect($reply, 200);
    my $json = $reply->{json};
    die "batch of " . @ids . ": $reply->{body}"
        if $json->{accepted} + $json->{duplicate} != @ids
           || @{$json->{rejected} || []}
           || $json->{duplicate} && !$reply->{unclear};
    $self->{record}{events}{$_} = 1 for @ids;
}

sub do_survey {
    my ($self, $no, $turn) = @_;
    my $slug = "own-$no";
    my $known = $self->{record}{surveys}{$slug};
    my $reply = $self->write_until_clear(
        PUT => "/admin/surveys/$slug", definition("Turn $turn"), []);
    # a retry of the first one may find what it has made itself
    expect($reply, $known ? 200 : (201, $reply->{unclear} ? 200 : ()));
    $self->{record}{surveys}{$slug} =
        {title => "Turn $turn", version => ($known->{version} // 0) + 1};
}

sub expect {
    my ($reply, @allowed) = @_;
    return if grep { $reply->{status} == $_ } @allowed;
    die "status $reply->{status}, not @allowed: $reply->{body}";
}

# unclear: an earlier try may have been stored.
sub write_until_clear {
    my ($self, $method, $path, $document, $headers) = @_;
    my $body = encode_json($document);
    my $end = time + $patience * $CXM::SLOW;
    my $unclear = 0;

    while (1) {
        $self->{record}{tries}++;
        my $reply = $self->call($method, $path, $body, $headers);
        if ($reply && $reply->{status} != 503) {
            $reply->{unclear} = $unclear;
            return $reply;
        }
        # any other 503 says that nothing was written
        $unclear = 1 if $reply ? $reply->{body} =~ /outcome_unknown/
                               : !$self->{refused};
        die "no clear answer to $method $path for $patience s"
            . ($reply ? ": $reply->{body}" : '') if time > $end;
        sleep 0.01;
    }
}

# One request on a connection of its own; undef without a status line.
sub call {
    my ($self, $method, $path, $body, $headers) = @_;

    my @ports = split ' ', CXM::slurp("$self->{place}/ports");
    my @headers = @{$headers || []};
    push @headers, "Authorization: Bearer $self->{t}{admin_key}"
        if $path =~ m{^/admin/};
    my $reply = exchange($ports[rand @ports], $method, $path, $body,
                         @headers);
    $self->{refused} = !$reply && $! == ECONNREFUSED;
    return $reply;
}

# The same for everybody: a document or text to a port, and its reply.
sub exchange {
    my ($port, $method, $path, $body, @headers) = @_;
    my $socket = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp',
        Timeout => 5 * $CXM::SLOW) or return;
    syswrite $socket, message($method, $path, $body, @headers);
    my $reply = parse(CXM::read_all($socket, $patience));
    $! = 0;
    return $reply;
}

sub message {
    my ($method, $path, $body, @headers) = @_;
    $body = encode_json($body) if ref $body;
    push @headers, 'Content-Type: application/json',
        'Content-Length: ' . length $body if defined $body;
    return join "\r\n", "$method $path HTTP/1.1", 'Host: localhost',
        'Connection: close', @headers, '', $body // '';
}

sub parse {
    my ($text) = @_;
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d{3}) } or return;
    my %reply = (status => $status, body => $body // '',
                 headers => {map { lc $_->[0] => $_->[1] }
                             map { [split /:\s*/, $_, 2] }
                             split /\r\n/, $head =~ s/^.*?\r\n//r});
    $reply{json} = eval { decode_json($reply{body}) };
    # a reply that was cut says what its status says, but no more
    return if $status =~ /^2/ && $status != 204 && !$reply{json};
    return \%reply;
}

sub random_bytes {
    my ($n) = @_;
    open my $file, '<:raw', '/dev/urandom' or die "/dev/urandom: $!";
    read($file, my $bytes, $n) == $n or die "/dev/urandom: $!";
    return $bytes;
}

sub uuid {
    my @b = map { int rand 65536 } 1 .. 8;
    $b[3] = $b[3] & 0x0fff | 0x4000;
    $b[4] = $b[4] & 0x3fff | 0x8000;
    return sprintf '%04x%04x-%04x-%04x-%04x-%04x%04x%04x', @b;
}

# -- what the server has ------------------------------------------------------

# All tests of "acknowledged means there, once".
sub check {
    my ($self, $record, $name) = @_;
    my $t = $self->{t};
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $name = $name ? "$name: " : '';

    Test::More::is(join("\n", $self->failures), '',
                   "${name}every write got a clear answer");
    $self->check_answers($record, $name);
    $self->check_scores($record, $name);
    $self->check_surveys($record, $name);
    $self->check_retries($record, $name);
    $self->check_scores($record, "${name}after retries, ");
}

sub check_answers {
    my ($self, $record, $name) = @_;
    my @ids = sort keys %{$record->{answers}};

    my @bad = grep {
        my $reply = $self->call(GET => "/admin/responses/$_");
        my $input = $record->{answers}{$_}{input};
        !$reply || $reply->{status} != 200
            || $reply->{json}{answers}{nps} != $input->{answers}{nps}
            || ($reply->{json}{answers}{why} // '')
               ne ($input->{answers}{why} // '');
    } @ids;
    Test::More::is("@bad", '', "${name}each of " . @ids
                   . ' acknowledged answers is there');

    my @listed = sort $self->list('/admin/responses?survey=shared&limit=500');
    Test::More::ok("@listed" eq "@ids", "${name}the list has each once and "
                   . 'no other') or Test::More::diag(difference(\@listed,
                                                                \@ids));
}

sub difference {
    my ($have, $want) = @_;
    my %count;
    $count{$_}++ for @$have;
    $count{$_}-- for @$want;
    return map { "$_: $count{$_}\n" } grep { $count{$_} } sort keys %count;
}

sub list {
    my ($self, $path) = @_;
    my ($cursor, @ids) = ('');
    while (1) {
        my $reply = $self->{t}->get($path . $cursor, key => 1);
        return "status $reply->{status}" if $reply->{status} != 200;
        push @ids, map { $_->{id} } @{$reply->{json}{items}};
        last unless defined $reply->{json}{next};
        $cursor = "&cursor=$reply->{json}{next}";
    }
    return @ids;
}

sub check_scores {
    my ($self, $record, $name) = @_;
    my $t = $self->{t};

    my @scale = (0) x 11;
    $scale[$_->{input}{answers}{nps}]++ for values %{$record->{answers}};
    for my $server ($t, @{$self->{also}}) {
        next unless $server->pid;
        my $port = $server->port;
        my $nps = $server->get('/admin/metrics/nps?survey=shared', key => 1);
        Test::More::is_deeply($nps->{json}{scale}, \@scale,
            "${name}NPS scale equals a recount ($port)");
        Test::More::is($nps->{json}{n}, scalar keys %{$record->{answers}},
            "${name}NPS n equals the number of answers ($port)");

        my $touch = $server->get('/admin/metrics/touchpoints', key => 1);
        Test::More::is($touch->{json}{n}, scalar keys %{$record->{events}},
            "${name}touchpoints equal the number of event ids ($port)");
    }

    my $by = $t->get('/admin/metrics/nps?survey=shared&by=channel',
                     key => 1)->{json};
    my %have = map { $_->{value} => $_->{n} }
        grep { $_->{n} && defined $_->{value} } @{$by->{segments} || []};
    my %want;
    $want{$_->{input}{channel}}++ for values %{$record->{answers}};
    Test::More::is_deeply(\%have, \%want, "${name}and so by channel");
}

sub check_surveys {
    my ($self, $record, $name) = @_;
    for my $slug (sort keys %{$record->{surveys}}) {
        my $reply = $self->{t}->get("/admin/surveys/$slug", key => 1);
        my $json = $reply->{json} || {};
        my $want = $record->{surveys}{$slug};
        Test::More::is_deeply(
            {title => $json->{title}, version => $json->{version}}, $want,
            "${name}survey $slug is as last acknowledged");
    }
}

# What was acknowledged gives its first result again and counts no more.
sub check_retries {
    my ($self, $record, $name) = @_;
    my %answers = %{$record->{answers}};
    my @some = (sort keys %answers)[0 .. 59];
    my @bad;
    for my $id (grep { defined } @some) {
        my ($input, $key, $status) = @{$answers{$id}}{qw(input key status)};
        $input = $answers{$id}{first} || $input;
        my $body = encode_json($key ? $input : {%$input, id => $id});
        my $reply = $self->call(POST => '/s/shared/responses', $body,
                                $key ? ["Idempotency-Key: $key"] : []);
        push @bad, "$id: " . ($reply ? $reply->{body} : 'no reply')
            unless $reply && $reply->{status} == ($key ? 201 : 200)
                   && $reply->{json}{id} eq $id
                   && $reply->{json}{status} eq $status;
    }
    for my $id (grep { defined } (sort keys %{$record->{events}})[0 .. 59]) {
        my $reply = $self->call(POST => '/b', encode_json(
            {type => 'page_view', id => $id, url => '/kills'}));
        push @bad, "event $id" unless $reply && $reply->{status} == 204;
    }
    Test::More::is(join("\n", @bad), '',
                   "${name}retries get the first result");
}

1;
