package CXM::Login;

# Many clients at a time that sign in at /me/ with wrong passwords, each from
# a network of its own.
#
#     my @sockets = map { CXM::Login::ask($t, n => $_) } 1 .. 100;
#     my @replies = CXM::Login::replies(@sockets);

use strict;
use warnings;

use CXM;
use IO::Select;
use Mojo::JSON qw(encode_json);
use Time::HiRes qw(time);

# The n-th client's address; another's with from => n.
sub network {
    my ($n) = @_;
    return join '.', 10, map { ($n >> $_) & 255 } 16, 8, 0;
}

# n: names the client; from, email, password, cookie: not what that gives
sub message {
    my ($t, %arg) = @_;
    my $body = encode_json({
        email => $arg{email} // "nobody$arg{n}\@example.org",
        password => $arg{password} // 'something else'});
    return join "\r\n", 'POST /me/login HTTP/1.1', 'Host: localhost',
        'Connection: close', 'Content-Type: application/json',
        'Sec-Fetch-Site: same-origin',
        'X-Forwarded-For: ' . network($arg{from} // $arg{n}),
        $arg{cookie} ? "Cookie: $arg{cookie}" : (),
        'Content-Length: ' . length $body, '', $body;
}

# The socket of a client that has asked.
sub ask {
    my ($t, %arg) = @_;
    my $socket = $t->connect or die "connect: $!";
    my $message = message($t, %arg);
    syswrite($socket, $message) == length $message or die "write: $!";
    return $socket;
}

# [status, headers and body] of each, in order; [0, ''] of one that was not
# answered.
sub replies {
    my (@sockets) = @_;
    my $end = time + 60 * $CXM::SLOW;
    my $select = IO::Select->new(@sockets);
    my %text;
    while ($select->count && time < $end) {
        for my $socket ($select->can_read(1)) {
            sysread $socket, $text{$socket}, 65536, length($text{$socket} // '')
                or $select->remove($socket);
        }
    }
    return map {
        my $text = $text{$_} // '';
        [$text =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0, $text];
    } @sockets;
}

# {status => how many} of replies.
sub count {
    my %n;
    $n{$_->[0]}++ for @_;
    return \%n;
}

1;
