package CXM::Staff;

# A member of the staff at a browser.
#
#     my $ann = CXM::Staff->new($t, name => 'ann', role => 'admin');
#     $ann->enter;                          # signs in, enrols
#     my $reply = $ann->get('/admin/me');
#
# Requests are CXM's, with the cookie that the server gave last and what a
# browser says of a page of ours.

use strict;
use warnings;

use CXM;
use CXM::Totp;

our $PASSWORD = 'a horse that signs in';

# cookie  name of it, cxm_staff
# make    arguments of cxmctl staff add more; undef: it is there already
sub new {
    my ($class, $t, %arg) = @_;
    my $self = bless {t => $t, role => 'admin', password => $PASSWORD,
                      cookie => 'cxm_staff', make => [], %arg}, $class;
    if ($self->{make}) {
        my ($rc, $out, $err) = $t->cxmctl(\"$self->{password}\n", 'staff',
            'add', $self->{name}, '--role', $self->{role}, @{$self->{make}});
        die "cxmctl staff add failed ($rc): $err" if $rc != 0;
    }
    return $self;
}

# Another browser of the same person.
sub elsewhere {
    my ($self) = @_;
    return bless {%$self, token => undef}, ref $self;
}

sub token { $_[0]{token} }

sub get    { my $self = shift; $self->request('GET', @_) }
sub post   { my $self = shift; $self->request('POST', @_) }
sub put    { my $self = shift; $self->request('PUT', @_) }
sub patch  { my $self = shift; $self->request('PATCH', @_) }
sub delete { my $self = shift; $self->request('DELETE', @_) }

sub request {
    my ($self, $method, $path, %arg) = @_;
    my %headers = ('Sec-Fetch-Site' => 'same-origin', %{$arg{headers} || {}});
    $headers{Cookie} = "$self->{cookie}=$self->{token}"
        if defined $self->{token};
    my $reply = $self->{t}->request($method, $path, %arg,
                                    headers => \%headers);
    my $set = $reply->{headers}{'set-cookie'} // '';
    $self->{token} = length $1 ? $1 : undef
        if $set =~ /(?:^|, )\Q$self->{cookie}\E=([^;]*)/;
    return $reply;
}

sub login {
    my ($self, %arg) = @_;
    return $self->post('/admin/login', json => {name => $self->{name},
        password => $self->{password}, %arg});
}

# With a code of the app, or another member: recovery_code => ...
sub login_code {
    my ($self, %arg) = @_;
    %arg = (totp => $self->{app}->code) unless %arg;
    return $self->post('/admin/login/totp', json => {%arg});
}

sub enrol {
    my ($self) = @_;
    my $begun = $self->post('/admin/me/totp',
                            json => {password => $self->{password}});
    die "me/totp: $begun->{body}" if $begun->{status} != 200;
    $self->{app} = CXM::Totp->new($begun->{json}{secret});
    my $reply = $self->post('/admin/me/totp/confirm',
                            json => {totp => $self->{app}->code});
    die "me/totp/confirm: $reply->{body}" if $reply->{status} != 200;
    $self->{codes} = $reply->{json}{recovery_codes};
    return $reply;
}

# All that is needed to be in.
sub enter {
    my ($self) = @_;
    my $reply = $self->login;
    die "login: $reply->{status} $reply->{body}" if $reply->{status} != 200;
    return $self->enrol if $reply->{json}{enrolment_required};
    return $self->login_code if $reply->{json}{totp_required};
    return $reply;
}

1;
