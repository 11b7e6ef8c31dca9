package CXM::OpenApi;

# The OpenAPI document of a running server, for tests that go by it.
#
#     my $api = CXM::OpenApi->new($t);
#     for my $operation ($api->operations) { ... }
#     my $reply = $api->call($operation, params => {slug => 'a'}, key => $k);
#     $api->check;
#
# Every reply is kept and checked in the end: its status is one that the
# operation names, its body fits the schema of that status.

use strict;
use warnings;

use CXM;
use Mojo::JSON qw(decode_json encode_json);
use Mojo::Util qw(url_escape);
use Test::More ();

sub new {
    my ($class, $t, $document) = @_;
    $document ||= $t->get('/admin/openapi.json', key => 1)->{json};
    return bless {t => $t, document => $document, bodies => []}, $class;
}

sub document { $_[0]{document} }

# {method, path, id, roles, public, customer, member, operation}, in a fixed
# order; customer and member: only by their cookies
sub operations {
    my ($self) = @_;
    my @found;
    my $paths = $self->{document}{paths};
    for my $path (sort keys %$paths) {
        for my $method (sort keys %{$paths->{$path}}) {
            my $operation = $paths->{$path}{$method};
            my %needs = map { %$_ } @{$operation->{security}};
            my $scoped = defined $operation->{'x-scopes'};
            push @found, {
                method => uc $method, path => $path, operation => $operation,
                id     => $operation->{operationId},
                public => !$needs{customer} && !$needs{staff} && !$scoped,
                customer => !!$needs{customer},
                member => $needs{staff} && !$scoped,
                roles  => {map { $_ => 1 } @{$operation->{'x-roles'} || []}},
                params => [$path =~ /\{(\w+)\}/g],
            };
        }
    }
    return @found;
}

sub operation {
    my ($self, $method, $path) = @_;
    my ($found) = grep { $_->{method} eq $method && $_->{path} eq $path }
        $self->operations;
    return $found // die "no operation $method $path";
}

# What a reference leads to.
sub resolve {
    my ($self, $node) = @_;
    while (my $ref = $node->{'$ref'}) {
        $node = $self->{document};
        $node = $node->{$_} for split m{/}, $ref =~ s{^#/}{}r;
    }
    return $node;
}

# call($operation, params => {...}, query => [name => value ...], key => ...,
#      json => ..., headers => {...}, note => 'more of its name')
sub call {
    my ($self, $operation, %arg) = @_;

    my $params = delete $arg{params} || {};
    my @query = @{delete $arg{query} || []};
    my $note = delete $arg{note};
    my $path = $operation->{path} =~ s/\{(\w+)\}/url_escape $params->{$1}/ger;

    my @pairs;
    while (my ($name, $value) = splice @query, 0, 2) {
        push @pairs, url_escape($name) . '=' . url_escape($value);
    }
    $path .= '?' . join '&', @pairs if @pairs;

    my $reply = $self->{t}->request($operation->{method}, $path, %arg);
    $self->note($operation, $reply, $note);
    return $reply;
}

sub note {
    my ($self, $operation, $reply, $note) = @_;

    my $status = $reply->{status};
    my $name = join ' ', $operation->{method}, $operation->{path},
        $note // (), $status;
    my $answer = $operation->{operation}{responses}{$status};
    if (!$answer) {
        push @{$self->{bodies}}, {name => $name,
            wrong => "status $status is not named: $reply->{body}"};
        return;
    }

    my $content = $self->resolve($answer)->{content};
    my ($type) = $reply->{type} =~ /^([^;\s]+)/;
    if (!$content || !defined $type) {
        push @{$self->{bodies}}, {name => $name,
            wrong => "a body of type $type is not named"}
            if defined $type && length $reply->{body} && !$content;
        return;
    }

    my ($media) = grep { /^\Q$type\E(?:;|\z)/ } keys %$content;
    if (!defined $media) {
        push @{$self->{bodies}}, {name => $name, wrong => "no type $type"};
    } elsif (defined $reply->{json}) {
        push @{$self->{bodies}}, {
            name => $name, value => $reply->{json},
            at => [$self->place($operation, $status), 'content', $media,
                   'schema']};
    }
}

# Where an answer stands in the document, part by part.
sub place {
    my ($self, $operation, $status) = @_;
    my @place = ('paths', $operation->{path}, lc $operation->{method},
                 'responses', $status);
    my $answer = $operation->{operation}{responses}{$status};
    @place = split m{/}, $answer->{'$ref'} =~ s{^#/}{}r if $answer->{'$ref'};
    return @place;
}

# Tests the document and all that was noted.
sub check {
    my ($self) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @wrong = grep { defined $_->{wrong} } @{$self->{bodies}};
    my @right = grep { !defined $_->{wrong} } @{$self->{bodies}};
    Test::More::fail("$_->{name}: $_->{wrong}") for @wrong;

    my $file = $self->{t}->write_file('openapi-check.json',
        encode_json({document => $self->{document}, bodies => \@right}));
    my ($rc, $out, $err) = CXM::run('node', "$CXM::TOP/t/openapi/check.mjs",
        $file);
    Test::More::is($rc, 0, 'the checker ran') or Test::More::diag($err);

    my ($document, @lines) = map { decode_json($_) } split /\n/, $out;
    Test::More::ok($document->{ok}, $document->{name})
        or Test::More::diag($document->{detail});
    my @misfits = grep { !$_->{ok} } @lines;
    Test::More::is(scalar @lines, scalar @right, 'every body was checked');
    Test::More::ok(!@misfits, scalar(@lines) . ' bodies fit their schemas')
        or Test::More::diag(map { "$_->{name}: $_->{detail}\n" } @misfits);
}

# -- examples -----------------------------------------------------------------

# A value that a schema takes: what is required, or all that is there.
sub example {
    my ($self, $schema, $all) = @_;
    $schema = $self->resolve($schema);

    return $schema->{enum}[0] if $schema->{enum};
    return $self->example($schema->{anyOf}[0], $all) if $schema->{anyOf};

    my $type = ref $schema->{type} ? $schema->{type}[0] : $schema->{type};
    return 'text' if !defined $type;
    return $self->example_object($schema, $all) if $type eq 'object';
    return [map { $self->example($schema->{items}, $all) }
            1 .. ($schema->{minItems} // 1)] if $type eq 'array';
    return Mojo::JSON->true if $type eq 'boolean';
    return example_number($schema) if $type eq 'integer' || $type eq 'number';
    return example_string($schema);
}

sub example_object {
    my ($self, $schema, $all) = @_;
    my $properties = $schema->{properties};
    return {a => $self->example($schema->{additionalProperties}, $all)}
        if !$properties;
    my %needed = map { $_ => 1 } @{$schema->{required} || []};
    return {map { $_ => $self->example($properties->{$_}, $all) }
            grep { ($needed{$_} || $all) && !$properties->{$_}{readOnly} }
            sort keys %$properties};
}

sub example_number {
    my ($schema) = @_;
    my ($min, $max) = @$schema{qw(minimum maximum)};
    return 1 if (!defined $min || $min <= 1) && (!defined $max || $max >= 1);
    return defined $min && $min > 1 ? $min : $max;
}

my %formats = (
    'uuid' => '0190a0b0-0000-7000-8000-000000000001', 'date' => '2026-01-01',
    'date-time' => '2026-01-01T00:00:00Z', 'email' => 'ann@example.org',
    'uri-reference' => '/path',
);

sub example_string {
    my ($schema) = @_;
    return $formats{$schema->{format}} if $schema->{format};
    my $text = 'text';
    $text .= 'x' while length $text < ($schema->{minLength} // 0);
    return substr $text, 0, $schema->{maxLength} // length $text;
}

# The body of an operation by its schema; undef when it takes none.
sub body {
    my ($self, $operation, $all) = @_;
    my $body = $operation->{operation}{requestBody} or return;
    return $self->example($body->{content}{'application/json'}{schema}, $all);
}

# The query arguments that are required.
sub query {
    my ($self, $operation) = @_;
    return map { ($_->{name} => $self->example($_->{schema})) }
        grep { $_->{in} eq 'query' && $_->{required} }
        map { $self->resolve($_) } @{$operation->{operation}{parameters}};
}

1;
