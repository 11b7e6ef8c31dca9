/*
 * cxmctl: the operator's tool; dispatch and what the verbs share.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxmctl.h"


static const cxmctl_verb_t *cxmctl_find(int argc, char **argv, int *used);
static cxm_store_t *cxmctl_opened(cxmctl_t *ctl);
static void cxmctl_log(cxm_log_level_t level, const char *message);
static void cxmctl_help(FILE *to);


static const cxmctl_verb_t  cxmctl_verbs[] = {

    { "init", NULL, "[--user USER]",
      "make a store and print its first admin key",
      cxmctl_init },

    { "key", "create", "--role ROLE [--name NAME] [--days N]",
      "make an API key and print it, once",
      cxmctl_key_create },

    { "key", "list", "",
      "list the API keys",
      cxmctl_key_list },

    { "key", "revoke", "ID",
      "revoke an API key from now on",
      cxmctl_key_revoke },

    { "staff", "add",
      "NAME --role ROLE [--email ADDRESS] [--name NAME] [--totp-optional]",
      "let somebody sign in; asks for a password, or reads it as a line",
      cxmctl_staff_add },

    { "staff", "list", "",
      "list who may sign in, or might once",
      cxmctl_staff_list },

    { "staff", "role", "NAME ROLE",
      "give a member another role; ends its sessions, as all these do",
      cxmctl_staff_role },

    { "staff", "disable", "NAME",
      "let a member in no more",
      cxmctl_staff_disable },

    { "staff", "enable", "NAME",
      "let it in again",
      cxmctl_staff_enable },

    { "staff", "password", "NAME",
      "give a member another password, as add does",
      cxmctl_staff_password },

    { "staff", "reset-totp", "NAME",
      "take the second factor of a member away: it must enrol again",
      cxmctl_staff_reset_totp },

    { "outbox", "list", "[--status STATUS] [--template NAME] [--json]",
      "list the messages that go out, newest first",
      cxmctl_outbox_list },

    { "outbox", "show", "[ID] [--json]",
      "print a message, or the newest, as it goes out, with its link",
      cxmctl_outbox_show },

    { "erase", NULL,
      "--email ADDRESS | --customer_id ID | --external_id ID | --visitor ID "
      "| --slot N",
      "erase a person and print the receipt",
      cxmctl_erase },

    { "erasures", NULL, "[FILE]",
      "list the erased persons, for restores of older backups",
      cxmctl_erasures },

    { "backup", NULL, "[--keys] FILE",
      "write a backup of the data, or of the person keys",
      cxmctl_backup },

    { "restore", NULL,
      "FILE [--keys FILE] [--erasures FILE] [--user USER]",
      "make a store from a backup",
      cxmctl_restore },

    { "export", NULL,
      "KIND [--format csv|ndjson] [--no-personal] [--FILTER VALUE ...]",
      "print all rows of a kind; filters are those of GET /admin/export",
      cxmctl_export },

    { "import", NULL, "KIND FILE [--errors FILE] [--dry-run]",
      "take rows of NDJSON in, customers also of CSV, compressed by gzip or "
      "not; lines that are refused go to FILE.errors.ndjson",
      cxmctl_import },

    { "verify", NULL,
      "[--head SEQ:LINK] [--all] [--archive DIR] [--scratch DIR]",
      "prove that tables, seals and links are what the journal says",
      cxmctl_verify },

    { "rebuild", NULL, "[--to DIR] [--compare] [--all] [--archive DIR]",
      "make the tables anew from the journal, while nothing else has the "
      "store open",
      cxmctl_rebuild },

    { "archives", NULL, "[--archive DIR]",
      "list what was archived, a JSON line each",
      cxmctl_archives },

    { "demo", NULL, "[--seed N] [--answers N] [--days N] [--until DATE]",
      "fill an empty store with made-up answers and touchpoints",
      cxmctl_demo },

    { "upgrade", NULL, "",
      "raise the store to the format of this program",
      cxmctl_upgrade },

    { "stat", NULL, "",
      "print figures of the store as JSON",
      cxmctl_stat },

    { "openapi", NULL, "",
      "print the OpenAPI document of all that a server answers; needs no -d",
      cxmctl_openapi },

    { NULL, NULL, NULL, NULL, NULL }
};


int
main(int argc, char **argv)
{
    int                   opt, used;
    cxmctl_t              ctl;
    cxm_error_t           err;
    const cxmctl_verb_t  *verb;

    memset(&ctl, 0, sizeof(cxmctl_t));
    cxm_log_to(cxmctl_log);

    while ((opt = getopt(argc, argv, "+d:k:h")) != -1) {
        switch (opt) {
        case 'd':
            ctl.dir = optarg;
            break;
        case 'k':
            ctl.key_file = optarg;
            break;
        case 'h':
            cxmctl_help(stdout);
            return CXMCTL_DONE;
        default:
            return cxmctl_usage(NULL);
        }
    }

    verb = cxmctl_find(argc - optind, argv + optind, &used);

    if (verb == NULL) {
        return cxmctl_usage(optind < argc ? "no such verb" : NULL);
    }

    if (ctl.dir == NULL && verb->run != cxmctl_openapi) {
        return cxmctl_usage("the store's directory is missing: -d DIR");
    }

    cxm_error_init(&err);

    if (cxm_crypto_init() != CXM_OK) {
        (void) cxm_fail(&err, CXM_INTERNAL, "crypto", "libsodium failed");
        return cxmctl_failed("start", &err);
    }

    ctl.opts.dir = ctl.dir;
    ctl.opts.key_file = ctl.key_file;
    ctl.opts.flow = &cxm_flow;
    ctl.argc = argc - optind - used;
    ctl.argv = argv + optind + used;

    return verb->run(&ctl);
}


static const cxmctl_verb_t *
cxmctl_find(int argc, char **argv, int *used)
{
    const cxmctl_verb_t  *verb;

    if (argc == 0) {
        return NULL;
    }

    for (verb = cxmctl_verbs; verb->name != NULL; verb++) {

        if (strcmp(verb->name, argv[0]) != 0) {
            continue;
        }

        if (verb->sub == NULL) {
            *used = 1;
            return verb;
        }

        if (argc > 1 && strcmp(verb->sub, argv[1]) == 0) {
            *used = 2;
            return verb;
        }
    }

    return NULL;
}


const char *
cxmctl_option(cxmctl_t *ctl, const char *name, int *bad)
{
    int          i, j;
    const char  *value;

    value = NULL;

    for (i = 0; i < ctl->argc; i++) {

        if (strcmp(ctl->argv[i], name) != 0) {
            continue;
        }

        if (i + 1 == ctl->argc || value != NULL) {
            *bad = 1;
            return NULL;
        }

        value = ctl->argv[i + 1];

        for (j = i + 2; j < ctl->argc; j++) {
            ctl->argv[j - 2] = ctl->argv[j];
        }

        ctl->argc -= 2;
        i--;
    }

    return value;
}


int
cxmctl_flag(cxmctl_t *ctl, const char *name)
{
    int  i, j;

    for (i = 0; i < ctl->argc; i++) {

        if (strcmp(ctl->argv[i], name) == 0) {

            for (j = i + 1; j < ctl->argc; j++) {
                ctl->argv[j - 1] = ctl->argv[j];
            }

            ctl->argc--;

            return 1;
        }
    }

    return 0;
}


cxm_store_t *
cxmctl_open(cxmctl_t *ctl)
{
    if (cxmctl_read_key(ctl) != 0 || cxmctl_become_owner(ctl->dir, 1) != 0) {
        return NULL;
    }

    return cxmctl_opened(ctl);
}


cxm_store_t *
cxmctl_open_apart(cxmctl_t *ctl)
{
    gid_t         gid;
    uid_t         uid;
    cxm_store_t  *store;

    uid = geteuid();
    gid = getegid();

    if (cxmctl_read_key(ctl) != 0 || cxmctl_become_owner(ctl->dir, 0) != 0) {
        return NULL;
    }

    store = cxmctl_opened(ctl);

    if (seteuid(uid) != 0 || setegid(gid) != 0) {
        fprintf(stderr, "cxmctl: seteuid() failed: %s\n", strerror(errno));
        cxm_store_close(store);
        return NULL;
    }

    return store;
}


int
cxmctl_read_key(cxmctl_t *ctl)
{
    cxm_error_t  err;

    cxm_error_init(&err);

    if (cxm_master_read(&ctl->opts, &ctl->master, &err) != CXM_OK) {
        (void) cxmctl_failed("key", &err);
        return -1;
    }

    ctl->opts.master = ctl->master;

    return 0;
}


cxm_store_t *
cxmctl_open_store(cxmctl_t *ctl, const char *dir, cxm_error_t *err)
{
    cxm_store_t       *store;
    cxm_store_opts_t   opts;

    opts = ctl->opts;
    opts.dir = dir;

    return cxm_store_open(&opts, &store, err) == CXM_OK ? store : NULL;
}


static cxm_store_t *
cxmctl_opened(cxmctl_t *ctl)
{
    cxm_error_t   err;
    cxm_store_t  *store;

    cxm_error_init(&err);
    store = cxmctl_open_store(ctl, ctl->dir, &err);

    if (store == NULL) {
        (void) cxmctl_failed("open", &err);
    }

    return store;
}


/*
 * A lock file or page that root makes would shut nginx's workers out, so no
 * verb opens LMDB as anybody but the directory's owner.
 */

int
cxmctl_become_owner(const char *dir, int for_good)
{
    int          rc;
    struct stat  st;

    if (stat(dir, &st) != 0) {
        fprintf(stderr, "cxmctl: %s: %s\n", dir, strerror(errno));
        return -1;
    }

    if (geteuid() != 0 || st.st_uid == 0) {
        return 0;
    }

    rc = setgroups(0, NULL);

    if (for_good) {
        rc = rc != 0 || setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0;

    } else {
        rc = rc != 0 || setegid(st.st_gid) != 0 || seteuid(st.st_uid) != 0;
    }

    if (rc != 0) {
        fprintf(stderr, "cxmctl: cannot become the owner of %s: %s\n", dir,
                strerror(errno));
        return -1;
    }

    return 0;
}


cxm_rc_t
cxmctl_write(cxm_store_t *store,
    cxm_rc_t (*run)(cxm_txn_t *txn, void *data, cxm_error_t *err), void *data,
    cxm_error_t *err)
{
    cxm_op_t   op, *ops[1];

    memset(&op, 0, sizeof(cxm_op_t));
    op.run = run;
    op.data = data;
    op.err = err;
    ops[0] = &op;

    cxm_batch_run(store, ops, 1, NULL);

    return op.rc;
}


void
cxmctl_print_json(const json_t *json)
{
    cxm_buf_t  text;

    cxm_buf_init(&text, CXM_ENTRY_MAX);
    cxm_json_dump(&text, json);
    printf("%.*s\n", (int) text.len, (const char *) text.data);
    cxm_buf_free(&text);
}


int
cxmctl_failed(const char *what, const cxm_error_t *err)
{
    unsigned  i;

    fprintf(stderr, "cxmctl: %s: %s: %s\n", what,
            err->code[0] != '\0' ? err->code : cxm_rc_name(err->rc),
            err->detail);

    for (i = 0; i < err->nissues; i++) {
        fprintf(stderr, "cxmctl: %s: %s\n", err->issues[i].pointer,
                err->issues[i].detail);
    }

    return CXMCTL_WRONG;
}


int
cxmctl_usage(const char *why)
{
    if (why != NULL) {
        fprintf(stderr, "cxmctl: %s\n", why);
    }

    cxmctl_help(stderr);

    return CXMCTL_USAGE;
}


static void
cxmctl_help(FILE *to)
{
    const cxmctl_verb_t  *verb;

    fprintf(to, "usage: cxmctl -d DIR [-k MASTER_KEY] VERB ...\n");

    for (verb = cxmctl_verbs; verb->name != NULL; verb++) {
        fprintf(to, "  %s%s%s %s\n      %s\n", verb->name,
                verb->sub != NULL ? " " : "",
                verb->sub != NULL ? verb->sub : "", verb->usage,
                verb->summary);
    }
}


static void
cxmctl_log(cxm_log_level_t level, const char *message)
{
    static const char *const  names[] = { "alert", "error", "warn", "notice" };

    if (level != CXM_LOG_NOTICE) {
        fprintf(stderr, "cxmctl: [%s] %s\n", names[level], message);
    }
}
