/*
 * cxmctl init | stat | upgrade.
 */

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cxmctl.h"


#define CXMCTL_DEFAULT_USER  "www-data"


static void cxmctl_show(void *ctx, uint64_t done, uint64_t total);
static json_t *cxmctl_stat_json(const cxm_store_stat_t *stat);


int
cxmctl_init(cxmctl_t *ctl)
{
    int              bad, rc;
    uid_t            uid;
    gid_t            gid;
    const char      *user;
    cxm_error_t      err;
    cxm_store_t     *store;
    cxm_key_spec_t   spec;

    bad = 0;
    user = cxmctl_option(ctl, "--user", &bad);

    if (bad || ctl->argc != 0) {
        return cxmctl_usage("init [--user USER]");
    }

    if (cxmctl_owner(user, &uid, &gid) != 0) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&err);

    if (cxm_store_init(&ctl->opts, uid, gid, &err) != CXM_OK) {
        return cxmctl_failed("init", &err);
    }

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    memset(&spec, 0, sizeof(cxm_key_spec_t));
    spec.role = cxm_str("admin");
    spec.name = cxm_str("made by cxmctl init");

    rc = cxmctl_print_key(store, &spec);

    cxm_store_close(store);

    return rc;
}


/* Only root can give files away; anybody else keeps them. */

int
cxmctl_owner(const char *user, uid_t *uid, gid_t *gid)
{
    struct passwd  *pw;

    *uid = (uid_t) -1;
    *gid = (gid_t) -1;

    if (geteuid() != 0) {

        if (user != NULL) {
            fprintf(stderr, "cxmctl: only root can use --user\n");
            return -1;
        }

        return 0;
    }

    pw = getpwnam(user != NULL ? user : CXMCTL_DEFAULT_USER);

    if (pw == NULL) {

        if (user != NULL) {
            fprintf(stderr, "cxmctl: there is no user \"%s\"\n", user);
            return -1;
        }

        return 0;
    }

    *uid = pw->pw_uid;
    *gid = pw->pw_gid;

    return 0;
}


cxm_progress_pt
cxmctl_progress(void)
{
    return isatty(STDERR_FILENO) ? cxmctl_show : NULL;
}


static void
cxmctl_show(void *ctx, uint64_t done, uint64_t total)
{
    (void) ctx;

    fprintf(stderr, "\r%llu of %llu%s", (unsigned long long) done,
            (unsigned long long) total, done == total ? "\n" : "");
}


int
cxmctl_stat(cxmctl_t *ctl)
{
    json_t            *json;
    cxm_rc_t           rc;
    cxm_error_t        err;
    cxm_store_t       *store;
    cxm_store_stat_t   stat;

    if (ctl->argc != 0) {
        return cxmctl_usage("stat takes no arguments");
    }

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&err);
    rc = cxm_store_stat(store, &stat, &err);

    cxm_store_close(store);

    if (rc != CXM_OK) {
        return cxmctl_failed("stat", &err);
    }

    json = cxmctl_stat_json(&stat);
    cxmctl_print_json(json);
    json_decref(json);

    return CXMCTL_DONE;
}


int
cxmctl_upgrade(cxmctl_t *ctl)
{
    unsigned      from;
    cxm_rc_t      rc;
    cxm_error_t   err;
    cxm_store_t  *store;

    if (ctl->argc != 0) {
        return cxmctl_usage("upgrade takes no arguments");
    }

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&err);
    rc = cxm_store_upgrade(store, &from, &err);
    cxm_store_close(store);

    if (rc != CXM_OK) {
        return cxmctl_failed("upgrade", &err);
    }

    if (from == CXM_STORE_FORMAT) {
        printf("format %u: nothing to raise\n", from);

    } else {
        printf("format %u, it was %u\n", (unsigned) CXM_STORE_FORMAT, from);
    }

    return CXMCTL_DONE;
}


static json_t *
cxmctl_stat_json(const cxm_store_stat_t *stat)
{
    static const char *const  tables[CXM_T_N] = {
        "journal", "doc", "id", "index", "counter", "once", "due", "meta"
    };

    int      i;
    char     uuid[CXM_UUID_LEN + 1], link[2 * CXM_MAC_LEN + 1];
    json_t  *rows, *pages;

    rows = json_object();
    pages = json_object();

    for (i = 0; i < CXM_T_N; i++) {
        (void) cxm_json_set_int(rows, tables[i], (int64_t) stat->rows[i]);
        (void) cxm_json_set_int(pages, tables[i], (int64_t) stat->pages[i]);
    }

    cxm_uuid_format(&stat->uuid, uuid);
    cxm_hex_encode(stat->link, CXM_MAC_LEN, link);

    return json_pack("{s:s, s:i, s:i, s:i, s:I, s:s, s:I, s:I, s:I, s:I, s:I,"
                     " s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:o}",
                     "uuid", uuid,
                     "format", (int) stat->format,
                     "node", (int) stat->node,
                     "epoch", (int) stat->epoch,
                     "head", (json_int_t) stat->head,
                     "link", link,
                     "persons", (json_int_t) stat->persons,
                     "map_size", (json_int_t) stat->map_size,
                     "page_size", (json_int_t) stat->page_size,
                     "pages_used", (json_int_t) stat->pages_used,
                     "pages_free", (json_int_t) stat->pages_free,
                     "readers", (json_int_t) stat->readers,
                     "max_readers", (json_int_t) stat->max_readers,
                     "reader_lag", (json_int_t) stat->reader_lag,
                     "disk_free", (json_int_t) stat->disk_free,
                     "whole_from", (json_int_t) stat->whole_from,
                     "archived", (json_int_t) stat->archived,
                     "checkpoint", (json_int_t) stat->checkpoint,
                     "latched", stat->latched,
                     "rows", rows,
                     "pages", pages);
}


int
cxmctl_list(cxmctl_t *ctl, const char *verb, cxm_kind_no_t kind,
    cxm_doc_pt fn)
{
    cxm_rc_t      rc;
    cxm_txn_t    *txn;
    cxm_error_t   err;
    cxm_store_t  *store;

    if (ctl->argc != 0) {
        return cxmctl_usage("a list takes no arguments");
    }

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&err);
    rc = cxm_txn_read(store, &txn, &err);

    if (rc == CXM_OK) {
        rc = cxm_doc_list(txn, kind, 0, UINT32_MAX, fn, NULL, &err);
        cxm_txn_end(txn);
    }

    cxm_store_close(store);

    return rc == CXM_OK ? CXMCTL_DONE : cxmctl_failed(verb, &err);
}
