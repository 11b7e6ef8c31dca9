package CXM::Browser;

# A customer's browser at /me/ of a running server: it keeps cookies, says
# where a request comes from, and opens its owner's mail.  Each owner has an
# address, which `network` gives or their name does.
#
#     my $ann = CXM::Browser->new($t, email => 'ann@example.org');
#     $ann->join(password => 'correct horse battery');
#     is $ann->get('/me/')->{status}, 200;

use strict;
use warnings;

use CXM;
use Digest::MD5 qw(md5);
use Mojo::JSON qw(decode_json);

sub new {
    my ($class, $t, %self) = @_;
    $self{network} //= join '.', 10, unpack 'C3', md5($self{email} // '');
    return bless {t => $t, cookies => {}, name => 'Ann Example',
                  password => 'wooden turtle parade', agent => '', %self},
        $class;
}

# The browser of somebody@example.org.
sub of {
    my ($class, $t, $who, %self) = @_;
    return $class->new($t, email => "$who\@example.org", %self);
}

sub cookies { $_[0]{cookies} }

sub get    { my $self = shift; $self->request('GET', @_) }
sub delete { my $self = shift; $self->request('DELETE', @_) }
sub post   { my $self = shift; $self->request('POST', CXM::document(@_)) }
sub patch  { my $self = shift; $self->request('PATCH', CXM::document(@_)) }
sub put    { my $self = shift; $self->request('PUT', CXM::document(@_)) }

# The owner's customer, as staff see it.
sub record {
    my ($self) = @_;
    my $id = $self->get('/me/')->{json}{customer};
    return $self->{t}->get("/admin/customers/$id", key => 1)->{json};
}

# What it sends with every request from the site's own pages.
sub headers {
    my ($self) = @_;
    my %headers = ('Sec-Fetch-Site' => 'same-origin',
                   Origin => $self->{t}->url,
                   'X-Forwarded-For' => $self->{network});
    my $jar = $self->{cookies};
    $headers{Cookie} = join '; ', map { "$_=$jar->{$_}" } sort keys %$jar
        if %$jar;
    $headers{'User-Agent'} = $self->{agent} if $self->{agent};
    return \%headers;
}

sub request {
    my ($self, $method, $path, %arg) = @_;
    my $headers = {%{$self->headers}, %{$arg{headers} || {}}};
    my $reply = $self->{t}->request($method, $path, %arg,
                                    headers => $headers);
    $self->keep($reply->{headers}{'set-cookie'});
    return $reply;
}

# Attributes have a semicolon in front, cookies a comma.
sub keep {
    my ($self, $header) = @_;
    for my $cookie (split /, (?=[\w-]+=)/, $header // '') {
        my ($name, $value) = $cookie =~ /^([\w-]+)=([^;]*)/ or next;
        if ($cookie =~ /Max-Age=0\b/) {
            delete $self->{cookies}{$name};
        } else {
            $self->{cookies}{$name} = $value;
        }
    }
    return;
}

# Messages to the owner, newest first, as they would go out.
sub mails {
    my ($self, $template) = @_;
    my ($rc, $out, $err) = $self->{t}->cxmctl('outbox', 'list', '--json',
        $template ? ('--template', $template) : ());
    die "cxmctl outbox list failed ($rc): $err" if $rc != 0;
    return grep { ($_->{recipient} // '') eq $self->{email} }
        map { decode_json($_) } split /\n/, $out;
}

# The token of the newest message of a template.
sub token {
    my ($self, $template) = @_;
    my ($mail) = $self->mails($template) or return;
    my ($token) = $mail->{rendered}{text} =~ /#token=(\w+)/;
    return $token;
}

sub register {
    my ($self, %more) = @_;
    return $self->post('/me/register', {
        map({ $_ => $self->{$_} } qw(name email password)), %more});
}

sub verify {
    my ($self, $token) = @_;
    return $self->post('/me/verify',
                       {token => $token // $self->token('verify')});
}

sub login {
    my ($self, %more) = @_;
    return $self->post('/me/login', {
        map({ $_ => $self->{$_} } qw(email password)), %more});
}

# Registers, and proves the address: signed in from then on.
sub join {
    my ($self) = @_;
    for my $reply ($self->register, $self->verify) {
        die "joining failed: $reply->{status} $reply->{body}"
            if $reply->{status} !~ /^2/;
    }
    return $self;
}

1;
