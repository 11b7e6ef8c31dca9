package CXM;

# One nginx with our module on a store of its own, for one test file.
#
#     my $t = CXM->new(conf => {...});
#     my $reply = $t->get('/s/demo');
#     is $reply->{status}, 404;
#
# Every object has its own directory and loopback port, so files run in
# parallel and alone.  What goes wrong unnoticed fails the file: an alert in
# nginx's log or a sanitizer's report makes it exit 70 at its end, unless the
# test announced it with expect_alerts().

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use Mojo::JSON qw(decode_json encode_json);
use Mojo::UserAgent;
use POSIX qw(:sys_wait_h _exit dup2);
use Scalar::Util ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(problem);

our $TOP = abs_path(dirname(__FILE__) . '/../..');

# Sanitizers and valgrind make everything slower; all waiting grows with it.
our $SLOW = $ENV{CXM_SLOW} || 1;

my $build  = $ENV{CXM_BUILD}  || "$TOP/build";
my $module = $ENV{CXM_MODULE} || "$build/ngx_http_cxm_module.so";
my $cxmctl = $ENV{CXM_CXMCTL} || "$build/cxmctl";
my $nginx  = $ENV{CXM_NGINX}
    || (-x "$build/nginx" ? "$build/nginx" : '/usr/sbin/nginx');

my $owner = $$;
my %live;
my $unclean = 0;

# Without this a terminated test would leave its nginx behind.
$SIG{$_} ||= sub { exit 130 } for qw(INT TERM HUP);

sub nginx_path  { $nginx }
sub module_path { $module }
sub cxmctl_path { $cxmctl }
sub build_path  { $build }

# conf => {
#     main, events, http, server  text inside that block
#     locations                   text after the locations of API.md
#     store                       parameters of cxm_store, " min_free=0"
#     workers                     worker_processes, 2
#     connections                 worker_connections, 2048
#     daemon                      "on" or "off" (off)
#     log_level                   of error_log (notice)
#     h2                          1: a second port speaks HTTP/2 in clear text
#     surveys, beacon, admin, me  text inside that location
# }
# store  => another's store_dir, with its admin_key: a second master on it
# start  => 0: only the directory and the store; write_conf() or start() later
# init   => 0: make no store
# ready  => 0: start without waiting until the store answers

sub new {
    my ($class, %arg) = @_;

    my $base = $ENV{CXM_TEST_DIR} || '/tmp';
    my $dir = tempdir("cxm-$$-XXXXXX", DIR => $base);
    chmod 0755, $dir;

    my $self = bless {
        conf    => {workers => 2, daemon => 'off', log_level => 'notice',
                    %{$arg{conf} || {}}},
        dir     => $dir,
        store   => $arg{store} || "$dir/store",
        wait    => $arg{ready} // 1,
        allowed => [],
        log_seen => 0,
        pids    => {},
    }, $class;
    $live{$self->{dir}} = $self;
    Scalar::Util::weaken($live{$self->{dir}});

    $self->{admin_key} = $arg{admin_key} // '';
    if (($arg{init} // 1) && !$arg{store}) {
        my ($rc, $out, $err) = $self->cxmctl('init', '--user', user());
        die "cxmctl init failed ($rc): $out$err" if $rc != 0;
        $self->{admin_key} = (split /\n/, $out)[-1];
    }

    $self->start if $arg{start} // 1;
    return $self;
}

sub user { scalar getpwuid($>) }

sub dir       { $_[0]{dir} }
sub store_dir { $_[0]{store} }
sub port      { $_[0]{port} }
sub admin_key { $_[0]{admin_key} }
sub pid       { $_[0]{pid} }
sub url       { "http://127.0.0.1:$_[0]{port}" . ($_[1] // '') }

# -- configuration ------------------------------------------------------------

# Ports below the range that the kernel gives to outgoing connections.
my $next_port = 20000 + ($$ * 13) % 10000;

sub free_port {
    for (1 .. 1000) {
        my $port = $next_port++;
        $next_port = 20000 if $next_port >= 30000;
        my $probe = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1,
            ReuseAddr => 1) or next;
        close $probe;
        return $port;
    }
    die 'no free port';
}

# The configuration as API.md's "Test configuration" has it.  Change
# $t->{conf} and call it again before reload.
sub write_conf {
    my ($self) = @_;

    my %c = (main => '', events => '', http => '', server => '',
             connections => 2048, locations => '', store => '',
             surveys => '', beacon => '', admin => '', me => '',
             %{$self->{conf}});
    my $dir = $self->{dir};
    my $h2 = $c{h2} ? "listen 127.0.0.1:$self->{h2_port} http2;" : '';
    my $user = $> == 0 ? 'user root;' : '';
    my $env = env_directives();

    mkdir "$dir/tmp";
    $self->write_file('nginx.conf', <<"END");
load_module $module;
$user
daemon $c{daemon};
master_process on;
worker_processes $c{workers};
pid $dir/nginx.pid;
error_log $dir/error.log $c{log_level};
$env$c{main}

events {
    worker_connections $c{connections};
    $c{events}
}

http {
    access_log off;
    client_body_temp_path $dir/tmp/body;
    proxy_temp_path $dir/tmp/proxy;
    fastcgi_temp_path $dir/tmp/fastcgi;
    uwsgi_temp_path $dir/tmp/uwsgi;
    scgi_temp_path $dir/tmp/scgi;

    cxm_store $self->{store}$c{store};
    cxm_insecure_cookies on;
    $c{http}

    server {
        listen 127.0.0.1:$self->{port};
        $h2
        server_name localhost;
        $c{server}

        location = /test-is-up { return 204; }
        location /s/ { cxm_surveys; $c{surveys} }
        location = /b { cxm_beacon; $c{beacon} }
        location /admin/ { cxm_admin; $c{admin} }
        location /me/ {
            cxm_self_service;
            set_real_ip_from 127.0.0.1;
            real_ip_header X-Forwarded-For;
            $c{me}
        }
        $c{locations}
    }
}
END
    return $self;
}

sub write_file {
    my ($self, $name, $text) = @_;
    my $path = "$self->{dir}/$name";
    open my $file, '>:raw', $path or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
    return $path;
}

# (exit code, what it printed) of `nginx -t` with this or another file.
sub config_test {
    my ($self, $file) = @_;
    $self->{port}    ||= free_port();
    $self->{h2_port} ||= free_port();
    $self->write_conf unless $file;
    # a tested configuration is never freed, the process just ends
    local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} // '') . ':detect_leaks=0';
    my ($rc, $out, $err) = run($nginx, $self->nginx_args($file), '-t');
    return ($rc, $out . $err);
}

sub nginx_args {
    my ($self, $file) = @_;
    $file ||= "$self->{dir}/nginx.conf";
    return ('-e', "$self->{dir}/error.log", '-p', $self->{dir}, '-c', $file);
}

# -- processes ----------------------------------------------------------------

sub start {
    my ($self) = @_;

    for my $try (1 .. 5) {
        $self->{port}    ||= free_port();
        $self->{h2_port} ||= free_port();
        $self->write_conf;
        unlink "$self->{dir}/nginx.pid";
        my $seen = length $self->error_log;

        $self->{child} = $self->spawn($nginx, $self->nginx_args);
        return $self if $self->wait_up;

        my $log = substr $self->error_log, $seen;
        $self->reap;
        die join "\n", 'nginx does not start:', $log, $self->unclean,
            slurp("$self->{dir}/stdout")
            if $log !~ /Address already in use/;
        $self->expect_alerts(qr/Address already in use|bind\(\) still/);
        delete @$self{qw(port h2_port)};
    }
    die 'nginx found no port';
}

# A process group of its own, so that nothing of it is left behind and a
# terminal's ^C reaches us first.
sub spawn {
    my ($self, @command) = @_;

    my %env = $self->sanitizer_env;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;

    setpgrp 0, 0;
    @ENV{keys %env} = values %env;
    open my $out, '>>', "$self->{dir}/stdout" or _exit(127);
    dup2(fileno $out, 1);
    dup2(fileno $out, 2);
    { no warnings; exec @command; }
    _exit(127);
}

# nginx hands on only named variables, to itself and to what it loads.
sub env_directives {
    return join '', map { "env $_;\n" } grep { defined $ENV{$_} }
        qw(ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS LD_PRELOAD);
}

# Reports go to files that unclean() finds.
sub sanitizer_env {
    my ($self) = @_;
    return unless $ENV{CXM_SANITIZERS};
    return map {
        $_ => join ':', grep { defined } $ENV{$_},
            "log_path=$self->{dir}/sanitizer"
    } qw(ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS);
}

sub wait_up {
    my ($self) = @_;

    my $status;
    my $up = until_true(20, sub {
        $status //= $? if waitpid($self->{child}, WNOHANG) == $self->{child};
        my $pid = $self->pid_file;
        # a daemon's first process ends well at once
        return -1 if defined $status
            && ($status != 0 || $self->{conf}{daemon} eq 'off');
        return 0 unless $pid;
        $self->{pid} = $pid;
        my $answer = $self->raw("GET /test-is-up HTTP/1.0\r\n\r\n",
                                timeout => 2);
        return $answer =~ m{^HTTP/1\.1 204};
    });
    return 0 if !$up || $up == -1;

    $self->{pids}{$self->{pid}} = 1;
    $self->wait_store if $self->{wait};
    return 1;
}

# Workers open the store after the fork and answer 503 until then; several
# good answers in a row on new connections have met every worker, likely.
sub wait_store {
    my ($self) = @_;

    my $good = 0;
    until_true(20, sub {
        my $answer = $self->raw(
            "GET /admin/surveys HTTP/1.0\r\n"
            . "Authorization: Bearer $self->{admin_key}\r\n\r\n");
        $good = $answer =~ m{^HTTP/1\.1 (?!503)\d} ? $good + 1 : 0;
        return $good >= 3 * $self->{conf}{workers};
    }, 0.01) or die "the store does not open:\n" . $self->error_log;
}

sub pid_file {
    my ($self) = @_;
    my ($pid) = slurp("$self->{dir}/nginx.pid") =~ /^(\d+)$/m;
    return $pid;
}

# Calls $check until it is true or the (slowed) seconds are over.
sub until_true {
    my ($seconds, $check, $pause) = @_;
    my $end = time + $seconds * $SLOW;
    while (1) {
        my $value = $check->();
        return $value if $value;
        return 0 if time > $end;
        sleep($pause || 0.02);
    }
}

sub signal {
    my ($self, $name, $pid) = @_;
    return kill $name, $pid // $self->{pid};
}

# New configuration, new workers; returns when the old ones take no more.
sub reload {
    my ($self) = @_;
    $self->write_conf;
    my %old = map { $_ => 1 } $self->workers;
    $self->signal('HUP');
    until_true(20, sub {
        my @now = $self->workers;
        return @now && !grep { $old{$_} } @now;
    }) or die "reload did not happen:\n" . $self->error_log;
    $self->wait_store if $self->{wait};
    return $self;
}

# Worker processes that take requests; with all => 1 also those that leave.
sub workers {
    my ($self, %arg) = @_;
    my $master = $arg{master} || $self->{pid};
    return grep {
        my $title = slurp("/proc/$_/cmdline");
        $title =~ /^nginx: worker process/
            && ($arg{all} || $title !~ /shutting down/);
    } children($master);
}

# Ends all workers at once; returns when others are in their places.
sub kill_workers {
    my ($self) = @_;
    $self->expect_alerts(qr/exited on signal 9/);
    my @old = $self->workers;
    kill 'KILL', @old;
    until_true(20, sub { !grep { alive($_) } @old })
        or die "workers do not end: @old";
    until_true(20, sub { @old == $self->workers })
        or die "no other workers:\n" . $self->error_log;
    $self->wait_store if $self->{wait};
}

sub children {
    my ($parent) = @_;
    my @found;
    opendir my $proc, '/proc' or die "/proc: $!";
    for my $pid (grep { /^\d+$/ } readdir $proc) {
        # "pid (name) state parent ..."; the name may hold anything
        push @found, $pid
            if slurp("/proc/$pid/stat") =~ /\) \w (\d+) [^)]*$/
               && $1 == $parent;
    }
    return sort { $a <=> $b } @found;
}

sub alive {
    my ($pid) = @_;
    # a zombie has ended, but its sockets only with the last of its threads
    return slurp("/proc/$pid/stat") =~ /\) ([A-Z]) [^)]*$/
        && ($1 ne 'Z' || (() = glob "/proc/$pid/task/*") > 1);
}

# QUIT, then TERM, then KILL.  Everything that was started ends here, new
# masters of a binary upgrade as well.
sub stop {
    my ($self, $first) = @_;
    return $self unless $self->{child};

    my %all = (%{$self->{pids}}, map { $_ => 1 } grep { $_ }
               $self->{pid}, $self->pid_file, $self->group_members);
    my @masters = grep { $self->is_ours($_) } keys %all;

    for my $step ([$first || 'QUIT', 10], ['TERM', 5], ['KILL', 5]) {
        my ($name, $seconds) = @$step;
        @masters = grep { $self->is_ours($_) } @masters;
        last unless @masters;
        kill $name, @masters;
        waitpid $self->{child}, WNOHANG;
        until_true($seconds, sub {
            waitpid $self->{child}, WNOHANG;
            return !grep { alive($_) } @masters;
        });
    }
    $self->reap;
    return $self;
}

# A number in a file may by now be another's process.
sub is_ours {
    my ($self, $pid) = @_;
    return 0 unless alive($pid);
    return 1 if $self->{child} && $pid == $self->{child};
    my $text = slurp("/proc/$pid/cmdline");
    return 1 if index($text, $self->{dir}) >= 0;
    return grep { $pid == $_ } $self->group_members;
}

sub group_members {
    my ($self) = @_;
    # a daemon leads a session, and so a group, of its own
    my $group = $self->{conf}{daemon} eq 'off' ? $self->{child}
                                               : $self->{pid};
    return unless $group;
    opendir my $proc, '/proc' or return;
    return grep {
        slurp("/proc/$_/stat") =~ /\) \w \d+ (\d+) [^)]*$/ && $1 == $group;
    } grep { /^\d+$/ } readdir $proc;
}

# What is left after the masters' end, and the child's exit status.
sub reap {
    my ($self) = @_;
    my $left = 0;
    until_true(5, sub {
        waitpid $self->{child}, WNOHANG;
        my @still = grep { alive($_) } $self->group_members;
        return 1 unless @still;
        kill 'KILL', @still if $left++ > 150;
        return 0;
    });
    delete @$self{qw(child pid)};
    $self->{pids} = {};
}

# -- what must not have happened ----------------------------------------------

sub error_log { slurp("$_[0]{dir}/error.log") }

# The test causes such lines on purpose: expect_alerts(qr/exited on signal/).
sub expect_alerts {
    my ($self, @patterns) = @_;
    push @{$self->{allowed}}, @patterns;
    return $self;
}

# Lines of the log and files of sanitizers that nobody announced.
sub unclean {
    my ($self) = @_;
    my @found;
    for my $line (split /\n/, $self->error_log) {
        next unless $line =~
            /\[(?:alert|emerg|crit)\]|Sanitizer|runtime error:/;
        push @found, $line unless grep { $line =~ $_ } @{$self->{allowed}};
    }
    for my $file (glob "$self->{dir}/sanitizer.*") {
        my $text = slurp($file);
        push @found, "$file:", $text if $text =~ /\S/;
    }
    return @found;
}

sub no_alerts {
    my ($self, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @found = $self->unclean;
    $self->{told} = 1 if @found;
    return Test::More::ok(!@found, $name || 'no alert and no report')
        || Test::More::diag(join "\n", @found);
}

# The store is what its journal says, table by table.
sub sound {
    my ($self, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($rc, $out, $err) = $self->cxmctl('verify');
    return Test::More::is($rc, 0, $name ? "the store is sound: $name"
                                        : 'the store is sound')
        || Test::More::diag($out, $err);
}

sub DESTROY {
    my ($self) = @_;
    return if $$ != $owner || $self->{gone}++;
    local ($@, $?, $!);
    $self->stop;
    my @found = $self->unclean;
    if (@found && !$self->{told}) {
        $unclean = 1;
        Test::More::diag(join "\n", "left in $self->{dir}:", @found);
    }
    delete $live{$self->{dir}};
    return if $ENV{CXM_KEEP} || @found;
    remove_tree($self->{dir}, {safe => 0});
}

END {
    if ($$ == $owner) {
        my $status = $?;
        $_->DESTROY for grep { defined } values %live;
        $? = $status || ($unclean ? 70 : 0);
    }
}

# -- tools --------------------------------------------------------------------

# (exit code or 128 + signal, stdout, stderr) of cxmctl on this store; a
# reference to a few lines before the arguments is what it reads
sub cxmctl {
    my ($self, @args) = @_;
    my %env = $self->sanitizer_env;
    local @ENV{keys %env} = values %env;
    my @input = ref $args[0] ? shift @args : ();
    return run(@input, $cxmctl, '-d', $self->{store}, @args);
}

sub run {
    my (@command) = @_;
    my $input = ref $command[0] ? ${shift @command} : '';
    pipe my $in_r, my $in_w or die "pipe: $!";
    print {$in_w} $input;
    close $in_w;
    pipe my $out_r, my $out_w or die "pipe: $!";
    pipe my $err_r, my $err_w or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        dup2(fileno $in_r, 0);
        dup2(fileno $out_w, 1);
        dup2(fileno $err_w, 2);
        { no warnings; exec @command; }
        _exit(127);
    }
    close $in_r;
    close $out_w;
    close $err_w;
    my %text = ($out_r => '', $err_r => '');
    my $open = IO::Select->new($out_r, $err_r);
    while ($open->count) {
        for my $pipe ($open->can_read) {
            sysread $pipe, $text{$pipe}, 65536, length $text{$pipe}
                or $open->remove($pipe);
        }
    }
    waitpid $pid, 0;
    my $rc = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return ($rc, $text{$out_r}, $text{$err_r});
}

# A new API key of that role.
sub key {
    my ($self, $role, @args) = @_;
    my ($rc, $out, $err) = $self->cxmctl('key', 'create', '--role', $role,
                                         @args);
    die "cxmctl key create --role $role failed ($rc): $out$err" if $rc != 0;
    return (split /\n/, $out)[-1];
}

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or return '';
    local $/;
    return scalar(<$file>) // '';
}

# -- HTTP ---------------------------------------------------------------------

# $t->get($path, key => 1, headers => {...}, json => {...}, body => 'raw',
#         form => {...})
#
# key => 1 sends the admin key, key => $key that one.  The reply:
# {status, headers => {lower-case name => value}, type, body, json, error};
# status 0 and error when there was no HTTP reply, json only when it is JSON.

sub get     { my $self = shift; $self->request('GET', @_) }
sub head    { my $self = shift; $self->request('HEAD', @_) }
sub delete  { my $self = shift; $self->request('DELETE', @_) }
sub options { my $self = shift; $self->request('OPTIONS', @_) }

# The second argument may be the document itself: $t->post($path, {...}).
sub post  { my $self = shift; $self->request('POST', document(@_)) }
sub put   { my $self = shift; $self->request('PUT', document(@_)) }
sub patch { my $self = shift; $self->request('PATCH', document(@_)) }

sub document {
    my ($path, @rest) = @_;
    return ($path, @rest) unless @rest % 2;
    my $json = shift @rest;
    return ($path, json => $json, @rest);
}

# A new connection for each request: one kept open would break whenever a
# worker ends, and always meet the same one.
sub ua {
    my ($self) = @_;
    return $self->{ua} if $self->{ua};
    my $ua = Mojo::UserAgent->new(
        max_redirects => 0, max_connections => 0, connect_timeout => 5 * $SLOW,
        request_timeout => 30 * $SLOW, inactivity_timeout => 30 * $SLOW);
    # who keeps cookies is CXM::Browser
    $ua->cookie_jar->ignore(sub { 1 });
    return $self->{ua} = $ua;
}

sub request {
    my ($self, $method, $path, %arg) = @_;

    my %headers = %{$arg{headers} || {}};
    if (my $key = $arg{key}) {
        $key = $self->{admin_key} if $key eq '1';
        $headers{Authorization} = "Bearer $key";
    }

    my @content;
    if (exists $arg{json}) {
        $headers{'Content-Type'} ||= 'application/json';
        @content = (encode_json($arg{json}));
    } elsif (exists $arg{form}) {
        @content = (form => $arg{form});
    } elsif (exists $arg{body}) {
        @content = ($arg{body});
    }

    my $ua = $self->ua;
    my $tx = $ua->build_tx($method => $self->url($path) => \%headers
                           => @content);
    # Mojo would put its own name and offer gzip; tests say what they send
    for my $name ('User-Agent', 'Accept-Encoding') {
        $tx->req->headers->remove($name) unless exists $headers{$name};
    }
    $tx = $ua->start($tx);
    return reply($tx);
}

sub reply {
    my ($tx) = @_;
    my $res = $tx->res;
    my $headers = $res->headers;
    my %reply = (
        status  => $res->code // 0,
        headers => {map { lc($_) => $headers->header($_) }
                    @{$headers->names}},
        type    => $headers->content_type // '',
        body    => $res->body,
        error   => $tx->error && !$res->code ? $tx->error->{message} : undef,
    );
    if ($reply{type} =~ m{^application/(?:[\w.-]+\+)?json\b}) {
        $reply{json} = eval { decode_json($reply{body}) };
    }
    return \%reply;
}

# A problem document with that status, code, and pointers of all its errors.
sub problem {
    my ($reply, $status, $code, @pointers) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $reply->{json} || {};
    return Test::More::is_deeply(
        [$reply->{status}, $json->{code},
         map { $_->{pointer} } @{$json->{errors} || []}],
        [$status, $code, @pointers], "$status $code @pointers")
        || Test::More::diag($reply->{body});
}

# Sends bytes as they are; everything read until the other side closes or
# nothing came for timeout => seconds.  half_close => 1 ends our side,
# abort => 1 resets the connection right after sending, reading nothing.
sub raw {
    my ($self, $bytes, %arg) = @_;

    my $socket = $self->connect($arg{port}) or return '';
    local $SIG{PIPE} = 'IGNORE';
    my $sent = 0;
    while ($sent < length $bytes) {
        my $n = syswrite $socket, $bytes, length($bytes) - $sent, $sent;
        last unless $n;
        $sent += $n;
    }
    if ($arg{abort}) {
        setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
        close $socket;
        return '';
    }
    shutdown $socket, 1 if $arg{half_close};
    return read_all($socket, $arg{timeout});
}

sub connect {
    my ($self, $port) = @_;
    return IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $port || $self->{port},
        Proto => 'tcp', Timeout => 5 * $SLOW);
}

sub read_all {
    my ($socket, $timeout) = @_;
    my $select = IO::Select->new($socket);
    my $text = '';
    while ($select->can_read(($timeout || 10) * $SLOW)) {
        sysread $socket, $text, 65536, length $text or last;
    }
    return $text;
}

# The same kind of reply over HTTP/2, by curl: h2($path, @curl_arguments).
# Needs conf => {h2 => 1}.
sub h2 {
    my ($self, $path, @args) = @_;
    my ($rc, $out, $err) = run('curl', '-sS', '-i', '-A', '',
        '--http2-prior-knowledge', '--max-time', 30 * $SLOW, @args,
        "http://127.0.0.1:$self->{h2_port}$path");
    my ($head, $body) = split /\r\n\r\n/, $out, 2;
    my ($status) = ($head // '') =~ m{^HTTP/2 (\d+)};
    my %reply = (status => $status // 0, body => $body // '',
                 error => $rc ? "curl $rc: $err" : undef, headers => {});
    while (($head // '') =~ /^([\w-]+):\s*(.*?)\r?$/mg) {
        $reply{headers}{lc $1} = $2;
    }
    $reply{type} = $reply{headers}{'content-type'} // '';
    $reply{json} = eval { decode_json($reply{body}) }
        if $reply{type} =~ /json/;
    return \%reply;
}

sub h2_port { $_[0]{h2_port} }

1;
