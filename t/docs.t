#!/usr/bin/perl

# README.md and the module agree on every directive: each has a block
#
#     ### cxm_name
#     - **Syntax:** ...
#     - **Default:** ...
#     - **Context:** http, server, location
#     - **Phase:** ...
#
# with the contexts that its flags in ngx_http_cxm_commands[] allow.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use CXM;
use Test::More;

my %context = (NGX_HTTP_MAIN_CONF => 'http', NGX_HTTP_SRV_CONF => 'server',
               NGX_HTTP_LOC_CONF => 'location', NGX_MAIN_CONF => 'main',
               NGX_HTTP_LIF_CONF => 'if in location',
               NGX_HTTP_SIF_CONF => 'if in server');

# {name => "http, server"} of every command table of the module
sub directives_in_code {
    my ($text) = @_;
    my %found;
    $text =~ s{/\*.*?\*/}{}gs;
    while ($text =~ /ngx_command_t\s+\w+\[\]\s*=\s*\{(.*?)ngx_null_command/gs) {
        my $table = $1;
        while ($table =~ /ngx_string\("(\w+)"\),\s*([\w|\s]+),/g) {
            my ($name, $flags) = ($1, $2);
            $found{$name} = join ', ', sort grep { defined }
                map { $context{$_} } split /[|\s]+/, $flags;
        }
    }
    return %found;
}

# {name => {syntax => ..., default => ..., context => ..., phase => ...}}
sub directives_in_readme {
    my ($text) = @_;
    my %found;
    while ($text =~ /^\#\#\#\s+`?(cxm_\w+)`?[ \t]*\n(.*?)(?=^\#|\z)/gms) {
        my ($name, $block) = ($1, $2);
        $found{$name} = {};
        while ($block =~ /^-\s+\*\*(\w+):\*\*[ \t]*(\S.*?)[ \t]*$/gm) {
            $found{$name}{lc $1} = $2;
        }
    }
    return %found;
}

# Both readers have to be able to see a difference.
is_deeply {directives_in_code(<<'END')},
static ngx_command_t  ngx_http_cxm_commands[] = {
    { ngx_string("cxm_a"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF
                        |NGX_CONF_TAKE1,
      ngx_conf_set_flag_slot, 0, 0, NULL },
    /* { ngx_string("cxm_old"), NGX_HTTP_LOC_CONF, x */
      ngx_null_command
};
END
    {cxm_a => 'http, server'}, 'reads a command table';
is_deeply {directives_in_readme(<<'END')},
### cxm_a

- **Syntax:** `cxm_a on | off;`
- **Context:** http, server

Text.

### Not a directive
- **Syntax:** no
END
    {cxm_a => {syntax => '`cxm_a on | off;`',
             context => 'http, server'}},
    'reads a README block';

my $source = join '', map { CXM::slurp($_) }
    glob "$CXM::TOP/ngx_cxm_module/*.c";
my %code = directives_in_code($source);
my %readme = directives_in_readme(CXM::slurp("$CXM::TOP/README.md"));

cmp_ok scalar keys %code, '>=', 9, 'the module has directives';
is_deeply [sort keys %readme], [sort keys %code],
    'README.md has all directives and no others';

for my $name (sort grep { $readme{$_} } keys %code) {
    my $block = $readme{$name};
    for my $part (qw(syntax default context phase)) {
        ok length($block->{$part} // ''), "$name: \u$part";
    }
    is join(', ', sort split /,\s*/, $block->{context} // ''), $code{$name},
        "$name: contexts are those of the code";
    like $block->{syntax} // '', qr/\b\Q$name\E\b/, "$name: syntax names it";
}

done_testing;
