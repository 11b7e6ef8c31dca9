package CXM::Token;

# Tokens as a site makes them for its customers: JSON web tokens.
#
#     my $secret = 'a secret of 32 bytes or more .......';
#     CXM::Token::hs256($secret, {sub => '4711'});      # exp in five minutes
#     CXM::Token::ed25519($private_pem_file, {sub => '4711'});
#     CXM::Token::keypair($dir, 'site')     # (private, public) PEM files

use strict;
use warnings;

use CXM;
use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64url);
use Mojo::JSON qw(encode_json);

# Claims that are undef are left out.
sub signed_text {
    my ($alg, $claims, $header) = @_;
    my %claims = (exp => time + 300, %$claims);
    delete @claims{grep { !defined $claims{$_} } keys %claims};
    return join '.', map { encode_base64url(encode_json($_)) }
        $header || {alg => $alg, typ => 'JWT'}, \%claims;
}

sub hs256 {
    my ($secret, $claims, $header) = @_;
    my $text = signed_text('HS256', $claims, $header);
    return "$text." . encode_base64url(hmac_sha256($text, $secret));
}

sub ed25519 {
    my ($key, $claims, $header) = @_;
    my $text = signed_text('EdDSA', $claims, $header);
    my $file = "$key.text";
    open my $out, '>:raw', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
    my ($rc, $signature, $err) = CXM::run('openssl', 'pkeyutl', '-sign',
        '-rawin', '-inkey', $key, '-in', $file);
    die "openssl pkeyutl ($rc): $err" if $rc != 0;
    return "$text." . encode_base64url($signature);
}

sub keypair {
    my ($dir, $name) = @_;
    my ($private, $public) = map { "$dir/$name.$_.pem" } qw(private public);
    CXM::run('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', $private);
    CXM::run('openssl', 'pkey', '-in', $private, '-pubout', '-out', $public);
    return ($private, $public);
}

1;
