package CXM::Upstream;

# An application behind nginx: a process that answers HTTP or FastCGI on a
# loopback port.  What it does is in the request's query: ms=N waits so long,
# status=N answers with it, body=TEXT says it, say=NAME,... (HTTP) the headers
# of the request that have these names, parted by "|"; "path" is its path.
#
#     my $app = CXM::Upstream->new;                   # or (fastcgi => 1)
#     "proxy_pass http://127.0.0.1:" . $app->port
#
# It ends with the object.

use strict;
use warnings;

use IO::Socket::INET;
use POSIX qw(_exit);
use Time::HiRes qw(sleep);

sub new {
    my ($class, %arg) = @_;
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64)
        or die "upstream: $!";
    my $self = bless {port => $listen->sockport, owner => $$}, $class;
    my $serve = $arg{fastcgi} ? \&fastcgi : \&http;

    $self->{pid} = fork // die "fork: $!";
    return $self if $self->{pid};

    # a process for each connection, gone with it; nothing of the test's own
    # clean-up may run in them
    $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';
    while (1) {
        my $client = $listen->accept or next;
        my $pid = fork;
        next if $pid;
        eval { $serve->($client) };
        _exit(0);
    }
}

sub port { $_[0]{port} }

sub DESTROY {
    my ($self) = @_;
    return if $$ != $self->{owner} || !$self->{pid};
    local ($?, $!);
    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
}

# (status, body) of a query
sub answer {
    my ($query, $head) = @_;
    my %arg = map { split /=/, $_, 2 } grep { /=/ } split /&/, $query;
    sleep $arg{ms} / 1000 if $arg{ms};
    if ($arg{say}) {
        my ($path) = $head =~ /^\S+ ([^? ]*)/;
        $arg{body} = join '|', map {
            $_ eq 'path' ? $path : $head =~ /^\Q$_\E: *(.*?)\r$/mi ? $1 : ''
        } split /,/, $arg{say};
    }
    return ($arg{status} || 200, $arg{body} // 'app');
}

sub http {
    my ($client) = @_;
    my $head = '';
    while ($head !~ /\r\n\r\n/) {
        sysread $client, $head, 4096, length $head or return;
    }
    my ($query) = $head =~ m{^\S+ [^? ]*\??(\S*)};
    my ($status, $body) = answer($query, $head);
    my $accel = $query =~ /(?:^|&)accel=([^&]*)/
        ? "X-Accel-Redirect: $1\r\n" : '';
    syswrite $client, "HTTP/1.1 $status app\r\nContent-Type: text/html\r\n"
        . $accel
        . 'Content-Length: ' . length($body)
        . "\r\nConnection: close\r\n\r\n$body";
    close $client;
}

# FastCGI 1.0, one request a connection: records of 8 bytes head and content.
sub fastcgi {
    my ($client) = @_;
    my ($params, $id) = ('', 0);
    while (1) {
        my ($version, $type, $request, $length, $padding) =
            unpack 'CCnnC', read_bytes($client, 8) // return;
        my $content = read_bytes($client, $length + $padding) // return;
        $id = $request;
        $params .= substr $content, 0, $length if $type == 4;
        last if $type == 5 && $length == 0;
    }
    my %env = fastcgi_pairs($params);
    my ($status, $body) = answer($env{QUERY_STRING} // '');
    my $out = "Status: $status\r\nContent-Type: text/html\r\n\r\n$body";
    syswrite $client,
        pack('CCnnCC', 1, 6, $id, length $out, 0, 0) . $out
        . pack('CCnnCC', 1, 3, $id, 8, 0, 0) . pack('NCx3', 0, 0);
    close $client;
}

sub fastcgi_pairs {
    my ($data) = @_;
    my @pairs;
    while (length $data) {
        my @length;
        for (1, 2) {
            my $n = unpack 'C', $data;
            if ($n & 0x80) {
                $n = unpack('N', $data) & 0x7fffffff;
                substr $data, 0, 4, '';
            } else {
                substr $data, 0, 1, '';
            }
            push @length, $n;
        }
        push @pairs, map { substr $data, 0, $_, '' } @length;
    }
    return @pairs;
}

sub read_bytes {
    my ($client, $n) = @_;
    my $data = '';
    while (length $data < $n) {
        sysread $client, $data, $n - length $data, length $data or return;
    }
    return $data;
}

1;
