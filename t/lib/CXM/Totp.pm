package CXM::Totp;

# An app that makes codes (RFC 6238).
#
#     my $app = CXM::Totp->new($secret);
#     my $code = $app->code;
#
# Each code is of a later step than the one before, since the server takes
# none twice: of the present step, else of the next one, which is still taken;
# for a third one within a step it waits.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha1);
use Exporter qw(import);
use Time::HiRes qw(sleep);

our @EXPORT_OK = qw(code_at);

my $step = 30;

# secret: base32
sub new {
    my ($class, $secret) = @_;
    return bless {key => decode($secret), last => 0}, $class;
}

sub decode {
    my ($text) = @_;
    my %value;
    @value{'A' .. 'Z', 2 .. 7} = 0 .. 31;
    my $bits = join '', map { sprintf '%05b', $value{$_} } split //, uc $text;
    return pack 'B*', $bits;
}

sub code {
    my ($self) = @_;
    my $now = int(time / $step);
    my $at = $self->{last} < $now ? $now : $self->{last} + 1;
    sleep .2 while $at > int(time / $step) + 1;
    $self->{last} = $at;
    return code_at($self->{key}, $at);
}

# The code that was made last.
sub last { code_at($_[0]{key}, $_[0]{last}) }

# One that is neither of now nor near.
sub wrong {
    my ($self) = @_;
    my $now = int(time / $step);
    my %right = map { code_at($self->{key}, $_) => 1 } $now - 3 .. $now + 3;
    my ($wrong) = grep { !$right{$_} } '000000' .. '000009';
    return $wrong;
}

sub code_at {
    my ($key, $at) = @_;
    my $hash = hmac_sha1(pack('NN', $at >> 32, $at & 0xffffffff), $key);
    my $offset = ord(substr $hash, -1) & 15;
    my $number = unpack('N', substr $hash, $offset, 4) & 0x7fffffff;
    return sprintf '%06d', $number % 1_000_000;
}

1;
