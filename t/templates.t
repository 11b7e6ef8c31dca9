#!/usr/bin/perl

# Templates of messages: what comes with the program, what a site puts in its
# place, what is refused, previews.

use strict;
use utf8;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM qw(problem);
use Mojo::JSON qw(decode_json false true);
use Test::More;

my $t = CXM->new(conf => {workers => 2,
    admin => 'cxm_public_url https://shop.example;'});
my $marketing = $t->key('marketing');
my $url = '/admin/templates';

sub head { decode_json(($t->cxmctl('stat'))[1])->{head} }

# A text with all that `reset` must have.
sub text {
    my (%more) = @_;
    return {subject => 'A new one for {{site}}', text => "Go to {{link}}\n",
            %more};
}

my @slugs = qw(verify taken reset password-changed signin-new-place
    second-factor-on second-factor-off recovery-code-used recovery-codes-new
    email-change email-changed-old account-closed);

subtest 'built in' => sub {
    my $list = $t->get($url, key => $marketing)->{json};
    is_deeply [map { $_->{slug} } @{$list->{items}}], \@slugs, 'all of them';
    is_deeply [grep { !$_->{built_in} } @{$list->{items}}], [];
    is $list->{next}, undef;
    my $page = $t->get("$url?limit=5", key => $marketing)->{json};
    is_deeply [map { $_->{slug} } @{$t->get(
        "$url?limit=5&cursor=$page->{next}", key => $marketing)
        ->{json}{items}}], [@slugs[5 .. 9]], 'by pages';

    my $r = $t->get("$url/reset", key => $marketing);
    is_deeply $r->{json}, $list->{items}[2], 'one';
    my %given = map { $_->{name} => $_ } @{$r->{json}{fields}};
    is_deeply [sort keys %given],
        [qw(hours link minutes name recipient site)], 'its fields';
    is_deeply [@{$given{link}}{qw(type required sample)}],
        ['link', true, '/account'], 'a link that must be there';
    is_deeply [@{$given{name}}{qw(type required)}], ['string', false];
    is_deeply [sort keys %{$r->{json}{texts}}], [qw(de en)];
    like $r->{json}{texts}{de}{subject}, qr/^Ein neues Passwort für/;
    is_deeply [@{$r->{json}}{qw(language version id)}], ['en', undef, undef];

    my $viewer = $t->key('viewer');
    problem($t->get($url, key => $viewer), 403, 'forbidden');
    problem($t->get("$url/none", key => $marketing), 404, 'not_found');
    problem($t->put("$url/none", {texts => {}}, key => $marketing), 404,
            'not_found');
    problem($t->put("$url/reset", {texts => {}}, key => $t->key('rep')), 403,
            'forbidden');
    problem($t->delete("$url/reset", key => $marketing), 404, 'not_found');
};

subtest 'a site\'s own' => sub {
    my $r = $t->put("$url/reset", {language => 'fr', texts => {
        fr => text(subject => 'Nouveau mot de passe'),
        de => text(html => '<p><a href="{{link}}">{{name}}</a></p>')}},
        key => $marketing, headers => {'If-None-Match' => '*'});
    is $r->{status}, 201, 'put';
    is $r->{headers}{location}, "$url/reset";
    is $r->{headers}{etag}, '"1"';
    is_deeply [@{$r->{json}}{qw(slug language built_in version)}],
        ['reset', 'fr', false, 1];
    is_deeply {map { $_ => $r->{json}{texts}{$_}{built_in} } qw(de en fr)},
        {de => false, en => true, fr => false},
        'a language is replaced, one comes, one stays';
    is_deeply $t->get("$url/reset", key => 1)->{json}, $r->{json}, 'shown';
    is $t->get($url, key => 1)->{json}{items}[2]{version}, 1, 'and listed';

    # what was answered can be put again, and then replaces no more
    my $again = $t->put("$url/reset", $r->{json}, key => 1);
    is_deeply [$again->{status}, $again->{json}], [200, $r->{json}],
        'a round trip';
    my $built_in = $t->get("$url/taken", key => 1)->{json};
    $r = $t->put("$url/taken", $built_in, key => 1);
    is_deeply $r->{json}{texts}, $built_in->{texts},
        'built-in texts do not become the site\'s by that';
    is $t->delete("$url/taken", key => 1)->{status}, 204;

    $r = $t->patch("$url/reset", {texts => {en => {subject => 'Mine'},
        fr => {html => '{{link}}'}}}, key => 1,
        headers => {'If-Match' => '"1"'});
    is $r->{status}, 200, 'a part of a text';
    my $en = $r->{json}{texts}{en};
    is_deeply [@$en{qw(subject built_in)}], ['Mine', false];
    like $en->{text}, qr/^Hello \{\{name\}\},/, 'the rest is as it was';
    problem($t->patch("$url/reset", {language => 'de'}, key => 1,
                      headers => {'If-Match' => '"1"'}), 412,
            'precondition_failed');
    $r = $t->patch("$url/reset", {texts => {en => undef}}, key => 1);
    is $r->{json}{texts}{en}{built_in}, true, 'null goes back';
    $r = $t->patch("$url/verify", {language => 'de'}, key => 1,
                   headers => {'If-Match' => '"0"'});
    is_deeply [@{$r->{json}}{qw(built_in language version)}],
        [false, 'de', 1], 'a patch of one that was built in';

    my $history = $t->get("$url/reset/history", key => 1)->{json}{items};
    is_deeply [map { $_->{version} } @$history], [3, 2, 1], 'its history';

    is $t->delete("$url/reset", key => 1,
                  headers => {'If-Match' => '"3"'})->{status}, 204;
    is $t->get("$url/reset", key => 1)->{json}{built_in}, true,
        'deleted: built in again';
    $t->delete("$url/verify", key => 1);
};

subtest 'refused' => sub {
    my $before = head();
    for my $case (
        [{subject => 'a {{link'}, 'unclosed', 'subject'],
        [{subject => '{{nobody}}'}, 'unknown_field', 'subject'],
        [{subject => '{{device}}'}, 'unknown_field', 'subject'],
        [{subject => "a\r\nBcc: b\@c.example"}, 'invalid', 'subject'],
        [{subject => ''}, 'too_short', 'subject'],
        [{subject => 'x' x 201}, 'too_long', 'subject'],
        [{text => 'no link'}, 'required', 'text'],
        [{text => '{{name}}'}, 'required', 'text'],
        [{html => '<b>{{name}}</b>'}, 'required', 'html'],
        [{html => '<a href={{link}}>'}, 'misplaced', 'html'],
        [{html => '<script>"{{link}}"</script>'}, 'misplaced', 'html'],
        [{raw => 'x'}, 'unknown_field', 'raw'],
    ) {
        my ($more, $code, $member) = @$case;
        my $r = $t->put("$url/reset", {texts => {en => text(%$more)}},
                        key => 1);
        is_deeply [$r->{status}, @{$r->{json}{errors}[0]}{qw(code pointer)}],
            [422, $code, "/texts/en/$member"], "$member: $code";
    }
    problem($t->put("$url/reset", {texts => {en => {text => '{{link}}'}}},
                    key => 1), 422, 'invalid', '/texts/en/subject');
    problem($t->put("$url/reset", {texts => {'en_GB' => text()}}, key => 1),
            422, 'invalid', '/texts/en_GB');
    problem($t->put("$url/reset", {language => 'fr'}, key => 1), 422,
            'invalid', '/language');
    problem($t->put("$url/reset", {texts => {en => text(text => '{{x')},
        language => 'xx'}, key => 1), 422, 'invalid', '/language',
        '/texts/en/text', '/texts/en/text');
    problem($t->put("$url/reset", {body => 'x'}, key => 1), 422, 'invalid',
            '/body');
    is head(), $before, 'nothing was written';
};

subtest 'many languages' => sub {
    my $many = sub { {texts => {map { (sprintf('aa-%04d', $_) => text()) }
        1 .. $_[0]}} };
    problem($t->put("$url/reset", $many->(41), key => 1), 422, 'invalid',
            '/texts');
    my $r = $t->put("$url/reset", $many->(40), key => 1);
    is $r->{status}, 201;
    is scalar keys %{$r->{json}{texts}}, 42, 'with those built in';
    is_deeply $t->put("$url/reset", $r->{json}, key => 1)->{json},
        $r->{json}, 'what was answered can be put again';
    is $t->post("$url/reset/preview", {language => 'aa-0040'}, key => 1)
        ->{json}{language}, 'aa-0040';
    $t->delete("$url/reset", key => 1);
};

subtest 'preview' => sub {
    my $before = head();
    my $r = $t->post("$url/signin-new-place/preview", {language => 'de-CH'},
                     key => $marketing);
    is $r->{status}, 200;
    is_deeply [@{$r->{json}}{qw(to language subject html)}],
        ['ann@example.org', 'de',
         'Neue Anmeldung an Ihrem Konto bei shop.example', undef];
    my $samples = "Wann: 2026-01-31 09:30 UTC\nGerät: Firefox on Linux\n"
        . "Ort: Germany\n";
    like $r->{json}{text}, qr/\n\Q$samples\E/, 'samples';
    $r = $t->post("$url/signin-new-place/preview", {fields =>
        {device => 'A <b> & "c"', link => 'https://b.example/x'}}, key => 1);
    like $r->{json}{text}, qr/Device: A <b> & "c"\n/, 'fields of the caller';
    like $r->{json}{text}, qr{\nhttps://b.example/x\n};
    unlike $t->post("$url/taken/preview", {}, key => $marketing)->{json}{text},
        qr/token/, 'a link that has no token shows none';
    problem($t->post("$url/reset/preview", {fields => {name => "a\nb"}},
                     key => 1), 422, 'invalid', '/fields/name');
    problem($t->post("$url/reset/preview", {fields => {
        link => 'javascript:alert(1)', x => 1}}, key => 1), 422, 'invalid',
        '/fields/link', '/fields/x');
    problem($t->post("$url/reset/preview", {language => 'x_'}, key => 1),
            422, 'invalid', '/language');
    problem($t->post("$url/none/preview", {}, key => 1), 404, 'not_found');

    $r = $t->post("$url/reset/preview", {text => text(subject => 'Draft',
        html => '<b>{{name}}</b> {{link}}')}, key => $marketing);
    is_deeply [@{$r->{json}}{qw(subject html text)}], ['Draft',
        '<b>Ann Example</b> https://shop.example/account#token=sample',
        "Go to https://shop.example/account#token=sample\n"], 'a draft';
    problem($t->post("$url/reset/preview", {text => text(text => 'x',
        subject => '{{x}}')}, key => $marketing), 422, 'invalid',
        '/text/subject', '/text/text');
    problem($t->post("$url/reset/preview", {text => {text => '{{link}}'}},
                     key => $marketing), 422, 'invalid', '/text/subject');
    is head(), $before, 'nothing was written';

    $t->put("$url/reset", {texts => {en => text(
        html => '<a href="{{link}}">{{name}}</a>')}}, key => 1);
    $r = $t->post("$url/reset/preview", {fields => {name => '<i>"&',
        link => '/a?b=1&c=2'}}, key => 1);
    is $r->{json}{html}, '<a href="https://shop.example/a?b=1&amp;c=2#token='
        . 'sample">&lt;i&gt;&quot;&amp;</a>', 'HTML is escaped';
    is $r->{json}{subject}, 'A new one for shop.example', 'the site\'s text';
};

$t->sound;

done_testing;
