/*
 * A store in a directory of its own, for units; and a kind whose apply puts
 * the body's text under the entry's sequence in the table `doc`.
 */

#ifndef UNIT_STORE_H
#define UNIT_STORE_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cxm_batch.h"
#include "cxm_json.h"
#include "cxm_journal.h"
#include "cxm_log.h"
#include "cxm_person.h"
#include "cxm_row.h"
#include "cxm_store.h"


#define UNIT_NOW  ((cxm_ms_t) 1795000000000)

typedef struct {
    char              root[256];        /* removed at the end */
    char              dir[300];
    cxm_store_opts_t  opts;
    cxm_store_t      *store;
} unit_store_t;

static unsigned  unit_alerts;
static char      unit_alert[1024];
static cxm_rc_t  unit_apply_rc;
static unsigned  unit_applied;
static unsigned  unit_reactions;


static inline void
unit_log(cxm_log_level_t level, const char *message)
{
    if (level == CXM_LOG_ALERT) {
        unit_alerts++;
        (void) snprintf(unit_alert, sizeof(unit_alert), "%s", message);
    }
}


static inline cxm_rc_t
unit_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    unit_applied++;

    cxm_row_key(&key);
    cxm_row_key_u64(&key, entry->seq);
    rc = cxm_row_put(txn, CXM_T_DOC, &key,
                     cxm_json_get_str(entry->body, "text"));

    return rc == CXM_OK ? unit_apply_rc : rc;
}


/* An entry with the member "react": n brings n more, each with n - 1. */
static inline cxm_rc_t
unit_react(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_error_t *err)
{
    int64_t      n;
    cxm_rc_t     rc;
    cxm_entry_t  next;

    n = cxm_json_get_int(entry->body, "react", 0);

    if (n == 0) {
        return CXM_OK;
    }

    unit_reactions++;
    memset(&next, 0, sizeof(next));
    next.kind = entry->kind;
    next.action = CXM_ACTION_ADD;
    next.body = json_pack("{s:s, s:I}", "text", "reaction", "react",
                          (json_int_t) n - 1);
    rc = cxm_journal_append(txn, &next, err);
    json_decref(next.body);

    return rc;
}


static const cxm_kind_t  unit_kind = {
    .no = CXM_KIND_SURVEY, .version = 2, .name = "unit", .apply = unit_apply
};

static const cxm_flow_t  unit_flow = {
    .kinds = { [CXM_KIND_SURVEY] = &unit_kind },
    .react = unit_react
};


static inline void
unit_open(unit_store_t *unit)
{
    cxm_error_t  err;

    cxm_error_init(&err);

    if (cxm_store_open(&unit->opts, &unit->store, &err) != CXM_OK) {
        fail_msg("open: %s", err.detail);
    }
}


static inline void
unit_dir(unit_store_t *unit)
{
    const char  *tmp;

    memset(unit, 0, sizeof(*unit));

    tmp = getenv("TMPDIR");
    (void) snprintf(unit->root, sizeof(unit->root), "%s/cxm-unit-XXXXXX",
                    tmp == NULL ? "/tmp" : tmp);
    assert_non_null(mkdtemp(unit->root));
    (void) snprintf(unit->dir, sizeof(unit->dir), "%s/store", unit->root);

    unit->opts.dir = unit->dir;
    unit->opts.map_size = 64 << 20;
    unit->opts.flow = &unit_flow;

    unit_alerts = 0;
    unit_apply_rc = CXM_OK;
    unit_applied = 0;
    unit_reactions = 0;
    cxm_log_to(unit_log);
}


static inline void
unit_start(unit_store_t *unit)
{
    cxm_error_t  err;

    unit_dir(unit);
    cxm_error_init(&err);

    if (cxm_store_init(&unit->opts, (unsigned) -1, (unsigned) -1, &err)
        != CXM_OK)
    {
        fail_msg("init: %s", err.detail);
    }

    unit_open(unit);
}


static inline void
unit_reopen(unit_store_t *unit)
{
    cxm_store_close(unit->store);
    unit_open(unit);
}


static inline int
unit_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void) st;
    (void) flag;
    (void) ftw;

    return remove(path);
}


static inline void
unit_end(unit_store_t *unit)
{
    cxm_store_close(unit->store);
    (void) nftw(unit->root, unit_remove, 16, FTW_DEPTH | FTW_PHYS);
    cxm_log_to(NULL);
}


static inline cxm_txn_t *
unit_write(unit_store_t *unit, cxm_ms_t now)
{
    cxm_txn_t    *txn;
    cxm_error_t   err;

    if (cxm_txn_write(unit->store, now, &txn, &err) != CXM_OK) {
        fail_msg("write: %s", err.detail);
    }

    return txn;
}


static inline cxm_txn_t *
unit_read(unit_store_t *unit)
{
    cxm_txn_t    *txn;
    cxm_error_t   err;

    if (cxm_txn_read(unit->store, &txn, &err) != CXM_OK) {
        fail_msg("read: %s", err.detail);
    }

    return txn;
}


static inline void
unit_commit(cxm_txn_t *txn)
{
    cxm_error_t  err;

    if (cxm_txn_commit(txn, &err) != CXM_OK) {
        fail_msg("commit: %s", err.detail);
    }
}


/* Appends {"text": text}, with a personal part if it is not NULL. */
static inline cxm_rc_t
unit_append(cxm_txn_t *txn, const char *text, uint64_t subject,
    const char *personal, cxm_entry_t *out)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_SURVEY;
    entry.action = CXM_ACTION_ADD;
    entry.subject = subject;
    entry.body = json_pack("{s:s}", "text", text);

    if (personal != NULL) {
        entry.personal = json_pack("{s:s}", "name", personal);
    }

    rc = cxm_journal_append(txn, &entry, NULL);
    json_decref(entry.body);
    json_decref(entry.personal);
    entry.body = NULL;
    entry.personal = NULL;

    if (out != NULL) {
        *out = entry;
    }

    return rc;
}


/* Overwrites bytes in a file of the store; it must be closed. */
static inline void
unit_poke(unit_store_t *unit, const char *name, long offset, const void *data,
    size_t len)
{
    FILE  *f;
    char   path[400];

    (void) snprintf(path, sizeof(path), "%s/%s", unit->dir, name);
    f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}


/* --- a store for each test ---------------------------------------------- */

static unit_store_t  unit;


static inline int
unit_setup(void **state)
{
    (void) state;
    unit_start(&unit);

    return 0;
}


static inline int
unit_teardown(void **state)
{
    (void) state;
    unit_end(&unit);

    return 0;
}


#define UNIT_STORE_TEST(f)                                                    \
    cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)


#endif /* UNIT_STORE_H */
