# ngx_cxm.  GNU make on Debian 12; `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := build

# B is where everything goes, SAN the sanitizer flags of everything compiled,
# NGINX_SRC a full nginx tree to build against (and to build) instead of the
# system's headers.  `make check` and `make fuzz` are this same file with
# other values.
B         := build
SAN       :=
NGINX_SRC :=
CC        := gcc
PORT      := 8088
TEST_JOBS := 2
FUZZ_SECONDS := 60
TESTS     := $(wildcard t/*.t)

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

top   := $(CURDIR)
build := $(abspath $(B))
tree  := $(build)/nginx-tree
so    := $(B)/ngx_http_cxm_module.so
nginx := $(if $(NGINX_SRC),$(B)/nginx)
fuzz  := build/fuzz

packages := gcc make libc6-dev binutils nginx nginx-dev liblmdb-dev \
    libjansson-dev libsodium-dev libmaxminddb-dev libutf8proc-dev zlib1g-dev \
    liboath-dev tzdata curl
test_packages := perl libmojolicious-perl libev-perl \
    libmaxmind-db-writer-perl python3-prometheus-client libcmocka-dev \
    nghttp2-client strace openssl clang libclang-rt-14-dev cppcheck

# Tests that run programs of node, each with folders of packages: t/web.t,
# t/embed.t and t/accounts-web.t drive a browser, the second builds web/ anew,
# t/duckdb.t reads exports, t/passwords.t makes their list anew, the others
# check OpenAPI.  A node that came from elsewhere conflicts with Debian's npm,
# so the commands decide.
browser_tests := t/web.t t/embed.t t/accounts-web.t
node_tests := $(if $(filter $(browser_tests),$(TESTS)),t/web) \
    $(if $(filter t/embed.t,$(TESTS)),web) \
    $(if $(filter t/duckdb.t,$(TESTS)),t/duckdb) \
    $(if $(filter t/passwords.t,$(TESTS)),build-aux/passwords) \
    $(if $(filter t/openapi.t t/access-matrix.t,$(TESTS)),t/openapi)
node_tests := $(strip $(node_tests))
node_modules := $(node_tests:%=%/node_modules/.package-lock.json)
ifneq ($(node_tests),)
test_packages += $(if $(filter t/web,$(node_tests)),chromium) \
    $(shell command -v node >/dev/null \
    && command -v npm >/dev/null || echo nodejs npm)
endif

bench_c    := $(patsubst %.c,$(B)/%,$(wildcard bench/*.c))
core_src   := $(shell sed -e 's/\#.*//' core/sources 2>/dev/null)
module_src := $(wildcard ngx_cxm_module/*.c)
headers    := $(wildcard core/*.h core/*/*.h ngx_cxm_module/*.h)
unit_src   := $(wildcard t/unit/test_*.c)
fuzz_src   := $(wildcard t/fuzz/fuzz_*.c)
units      := $(unit_src:t/unit/%.c=$(B)/unit/%)
fuzzers    := $(fuzz_src:t/fuzz/%.c=$(fuzz)/%)

cflags := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes \
    -Wmissing-prototypes -Wvla -Werror -O2 -g -fvisibility=hidden -fPIC \
    -D_GNU_SOURCE -MMD -MP -Icore $(patsubst %/,-I%,$(wildcard core/*/)) $(SAN)
libs   := -llmdb -ljansson -lsodium -lmaxminddb -lutf8proc -loath -lz -lm \
    -lpthread

# The module through nginx: nginx's own -W -Wall -Werror and these.  A full
# tree compiles nginx too, whose code does not bear the stricter warnings.
# It copies and compares nothing from and to NULL (empty ngx_str_t).
ngx_cc := -O2 -g -fstack-protector-strong -MMD -MP $(SAN) \
    $(if $(SAN),-fno-sanitize=nonnull-attribute) \
    $(if $(NGINX_SRC),,-Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes)
# Leaks are reported when nginx has already closed its modules: this one stays,
# so that its functions have names.
comma  := ,
ngx_ld := $(SAN) $(if $(SAN),-Wl$(comma)-z$(comma)nodelete)
ngx_flags := $(if $(NGINX_SRC),--with-compat --with-threads --with-debug \
    --with-http_ssl_module --with-http_v2_module --with-http_realip_module \
    --with-http_auth_request_module --with-http_stub_status_module \
    --with-http_sub_module)

export CXM_BUILD  := $(build)
export CXM_MODULE := $(abspath $(so))
export CXM_CXMCTL := $(build)/cxmctl
ifdef NGINX_SRC
export CXM_NGINX  := $(abspath $(nginx))
endif
export CMOCKA_MESSAGE_OUTPUT := TAP

.PHONY: help build run stop test check fuzz fuzz-build bench lint clean \
    packages test-packages test-built FORCE

help:
	@echo 'make build   module, cxmctl and libcxm.a into build/; installs'
	@echo '             missing Debian packages (NGINX_SRC=DIR: against, and'
	@echo '             with, the nginx in that tree)'
	@echo 'make run     a demo site on 127.0.0.1:8088 (PORT=n); make stop'
	@echo 'make test    everything: units, fuzzers for 5 s, black box, lint'
	@echo '             (TESTS="t/a.t t/b.t" for some)'
	@echo 'make check   units and black box under ASan and UBSan'
	@echo 'make fuzz    every fuzzer for FUZZ_SECONDS=60'
	@echo 'make bench   every program in bench/'
	@echo 'make lint    the walls of the design'
	@echo 'make clean   removes build/'

packages:
	@build-aux/need $(packages)

test-packages: | packages
	@build-aux/need $(test_packages)

%/node_modules/.package-lock.json: %/package.json %/package-lock.json \
        | test-packages
	@echo 'NPM $*'
	@npm ci --prefix $* --ignore-scripts --no-audit --no-fund \
	    --no-update-notifier --loglevel=error > /dev/null
	@touch $@

build: $(B)/libcxm.a $(B)/cxmctl $(so) $(nginx)

# -- values and lists that a rebuild must notice ------------------------------

$(B)/flags: FORCE | packages
	@mkdir -p $(B)
	@printf '%s\n' '$(CC) $(cflags) $(ngx_cc) $(NGINX_SRC)' \
	    "$$(dpkg-query -W -f='$${Version}' nginx-dev 2>/dev/null)" > $@.now
	@cmp -s $@ $@.now && rm $@.now || mv $@.now $@

$(B)/files: FORCE
	@mkdir -p $(B)
	@printf '%s\n' $(core_src) $(module_src) > $@.now
	@cmp -s $@ $@.now && rm $@.now || mv $@.now $@

# -- the core library, its tools and units ------------------------------------

core_obj := $(core_src:%.c=$(B)/obj/%.o)
tool_obj := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tools/*.c))

$(B)/obj/%.o: %.c $(B)/flags | packages
	@mkdir -p $(@D)
	@echo 'CC $<'
	@$(CC) $(cflags) -c -o $@ $<

$(B)/libcxm.a: $(core_obj) $(B)/files
	@rm -f $@
	@ar rcs $@ $(core_obj)

$(B)/cxmctl: $(tool_obj) $(B)/libcxm.a
	@echo 'LD $@'
	@$(CC) $(SAN) -o $@ $(tool_obj) $(B)/libcxm.a $(libs) -larchive

$(B)/unit/%: $(B)/obj/t/unit/%.o $(B)/libcxm.a
	@mkdir -p $(@D)
	@echo 'LD $@'
	@$(CC) $(SAN) -o $@ $< $(B)/libcxm.a -lcmocka $(libs)

$(units:$(B)/unit/%=$(B)/obj/t/unit/%.o): | test-packages

$(B)/bench/%: $(B)/obj/bench/%.o $(B)/libcxm.a
	@mkdir -p $(@D)
	@echo 'LD $@'
	@$(CC) $(SAN) -o $@ $< $(B)/libcxm.a $(libs)

-include $(core_obj:.o=.d) $(tool_obj:.o=.d)
-include $(units:$(B)/unit/%=$(B)/obj/t/unit/%.d)

# -- the module, through nginx's own configure --------------------------------

# Debian's nginx-dev has headers, `configure` and the packaged nginx's flags;
# a full tree may be a release (configure) or a repository (auto/configure).
$(tree)/objs/Makefile: config core/sources build-aux/module.map \
        $(B)/flags $(B)/files | packages
	@rm -rf $(tree) && mkdir -p $(tree)
	@cp -R $(or $(NGINX_SRC),/usr/share/nginx/src)/. $(tree)
	@rm -rf $(tree)/objs
	@cd $(tree); \
	NGX_CONF_FLAGS=($(ngx_flags)); \
	[ -n '$(NGINX_SRC)' ] || . ./conf_flags; \
	configure=./configure; [ -x $$configure ] || configure=auto/configure; \
	CXM_DEPFILES=yes $$configure "$${NGX_CONF_FLAGS[@]}" --with-compat \
	    --with-cc='$(CC)' --with-cc-opt='$(strip $(ngx_cc))' \
	    --with-ld-opt='-Wl,-z,relro -Wl,-z,now $(ngx_ld)' \
	    --add-dynamic-module=$(top) > configure.log \
	    || { tail -n 20 configure.log >&2; exit 1; }

# nginx's makefile and the dependencies that the compiler wrote beside its
# objects.  A running nginx may have the old file mapped: replace it whole.
define ngx_make
@echo 'NGINX $@'
@echo '-include $$(wildcard objs/addon/*/*.d)' > $(tree)/deps.mk
@+$(MAKE) --no-print-directory -C $(tree) -f objs/Makefile -f deps.mk \
    $(1) > $(tree)/make.log
@cp $(tree)/objs/$(@F) $@.new
@mv $@.new $@
endef

$(so): $(tree)/objs/Makefile $(core_src) $(module_src) $(headers)
	$(call ngx_make,modules)

$(B)/nginx: $(tree)/objs/Makefile
	$(call ngx_make,objs/nginx)

# Two makes in one nginx tree at a time would both write its objects.
ifdef NGINX_SRC
$(B)/nginx: | $(so)
endif

# -- trying it ----------------------------------------------------------------

run: build
	@build-aux/site start $(PORT)

stop:
	@build-aux/site stop

test: $(node_modules) | test-packages
	@$(MAKE) --no-print-directory build fuzz-build $(units)
	@build-aux/run-tests -j $(TEST_JOBS) $(units) $(TESTS)

# What neither starts nginx nor calls our code gains nothing from sanitizers;
# fuzzers have their own.
# Under NGX_DEBUG_PALLOC every pool allocation is a malloc, so that
# AddressSanitizer sees its bounds.
check_san := -fsanitize=address,undefined -fno-omit-frame-pointer \
    -DNGX_DEBUG_PALLOC -DNGX_HAVE_NONALIGNED=0
check_tests := $(filter-out t/00-% t/build.t t/docs.t t/fuzz.t,$(TESTS))

check: | test-packages
	@source=$$(build-aux/nginx-source build/src); \
	$(MAKE) --no-print-directory B=build/asan NGINX_SRC="$$source" \
	    SAN='$(check_san)' TESTS='$(check_tests)' test-built

test-built: build $(units) $(node_modules)
	@. build-aux/sanitizers; \
	build-aux/run-tests -j $(TEST_JOBS) $(units) $(TESTS)

bench: build $(bench_c) | test-packages
	@build-aux/need wrk
	@for program in $$(find bench -maxdepth 1 -type f -perm -u+x | sort); do \
	    echo "== $$program"; $$program; done

# -- fuzzers: clang, with a library of their own ------------------------------

fuzz_san := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

ifneq ($(fuzz_src),)
fuzz-build: | test-packages
	@$(MAKE) --no-print-directory B=$(fuzz) CC=clang NGINX_SRC= \
	    SAN='$(subst fuzzer,fuzzer-no-link,$(fuzz_san))' $(fuzzers)
endif

$(fuzz)/fuzz_%: $(B)/obj/t/fuzz/fuzz_%.o $(B)/libcxm.a
	@echo 'LD $@'
	@$(CC) $(fuzz_san) -o $@ $^ $(libs)

-include $(fuzz_src:%.c=$(fuzz)/obj/%.d)

fuzz: fuzz-build
	@mkdir -p $(fuzz)/found
	@for target in $(notdir $(fuzzers)); do \
	    corpus=t/fuzz/corpus/$${target#fuzz_}; \
	    mkdir -p $$corpus $(fuzz)/new/$$target; \
	    $(fuzz)/$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
	        -artifact_prefix=$(fuzz)/found/$$target- \
	        $(fuzz)/new/$$target $$corpus; \
	done

# -- the rest -----------------------------------------------------------------

lint: $(tree)/objs/Makefile | test-packages
	@build-aux/lint

clean:
	rm -rf build
