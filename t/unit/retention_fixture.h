/*
 * A store whose entries come and go: one kind for each class, days that pass
 * as the test says, and verify.
 */

#ifndef RETENTION_FIXTURE_H
#define RETENTION_FIXTURE_H

#include <dirent.h>

#include "tables_fixture.h"

#include "cxm_checkpoint.h"
#include "cxm_counter.h"
#include "cxm_json.h"
#include "cxm_retention.h"
#include "cxm_verify.h"


/* Kinds stand in for those of rooms, under their numbers. */
#define KIND_EVENT   CXM_KIND_TOUCHPOINT
#define KIND_ANSWER  CXM_KIND_RESPONSE
#define KIND_ACCESS  CXM_KIND_ACCESS
#define KIND_FIRST   CXM_KIND_REPLY
#define KIND_FORM    CXM_KIND_SURVEY

static fixture_t        f;
static char             archive[100];
static cxm_error_t      err;
static cxm_retention_t  policy;
static cxm_ms_t         today;          /* begin of the day that it is */


static inline void
row_key(cxm_row_key_t *key, uint8_t kind, uint64_t seq)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, kind);
    cxm_row_key_u64(key, seq);
}


/* A row for the entry, and one more in a count of its kind. */
static inline cxm_rc_t
apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t       rc;
    cxm_series_t   series = { 1, entry->kind, 0, 0 };
    cxm_row_key_t  key;

    rc = cxm_counter_add(txn, &series, cxm_entry_time(entry), 3, 1);

    if (rc != CXM_OK || entry->kind == KIND_EVENT) {
        return rc;
    }

    row_key(&key, entry->kind, entry->seq);

    return entry->kind == KIND_ANSWER
           ? cxm_row_put(txn, CXM_T_DOC, &key, cxm_str("answer"))
           : cxm_row_put_sealed(txn, CXM_T_DOC, &key, cxm_str("document"));
}


static inline cxm_rc_t
drop(cxm_txn_t *txn, uint64_t first, uint64_t last)
{
    uint64_t       seq;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    for (seq = first; seq <= last; seq++) {
        row_key(&key, KIND_ANSWER, seq);
        rc = cxm_row_del(txn, CXM_T_DOC, &key);

        if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
            return rc;
        }
    }

    return CXM_OK;
}


static const cxm_kind_t  kinds[] = {
    { .no = KIND_EVENT, .version = 1, .name = "touchpoint", .apply = apply,
      .keep = CXM_KEEP_TOUCHPOINTS },
    { .no = KIND_ANSWER, .version = 1, .name = "response", .apply = apply,
      .keep = CXM_KEEP_RESPONSES, .drop = drop },
    { .no = KIND_ACCESS, .version = 1, .name = "access", .apply = apply,
      .keep = CXM_KEEP_JOURNAL },
    { .no = KIND_FIRST, .version = 1, .name = "reply", .apply = apply,
      .keep = CXM_KEEP_REPLIES },
    { .no = KIND_FORM, .version = 1, .name = "survey", .apply = apply }
};

static const cxm_flow_t  flow = {
    .kinds = {
        [KIND_EVENT] = &kinds[0],
        [KIND_ANSWER] = &kinds[1],
        [KIND_ACCESS] = &kinds[2],
        [KIND_FIRST] = &kinds[3],
        [KIND_FORM] = &kinds[4],
        [CXM_KIND_CHECKPOINT] = &cxm_kind_checkpoint,
        [CXM_KIND_RETENTION] = &cxm_kind_retention
    }
};


static inline int
setup(void **state)
{
    (void) state;

    fixture_open(&f, &flow);
    snprintf(archive, sizeof(archive), "%s/archive", f.dir);
    cxm_error_init(&err);

    memset(&policy, 0, sizeof(policy));
    policy.keep[CXM_KEEP_TOUCHPOINTS] = 8 * CXM_MS_DAY;
    policy.keep[CXM_KEEP_RESPONSES] = 20 * CXM_MS_DAY;
    policy.keep[CXM_KEEP_JOURNAL] = 12 * CXM_MS_DAY;
    policy.archive = archive;
    today = FIXTURE_DAY;

    return 0;
}


static inline int
teardown(void **state)
{
    (void) state;
    fixture_close(&f);

    return 0;
}


static inline void
append(cxm_txn_t *txn, cxm_kind_no_t kind, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        assert_int_equal(cxm_journal_add(txn, kind, 0,
                                         json_pack("{s:i}", "n", (int) i),
                                         &err), CXM_OK);
    }
}


static inline void
append_at(cxm_ms_t at, cxm_kind_no_t kind, unsigned n)
{
    cxm_txn_t  *txn;

    assert_int_equal(cxm_txn_write(f.store, at, &txn, &err), CXM_OK);
    append(txn, kind, n);
    fixture_commit(txn);
}


static inline void
run_retention(void)
{
    if (cxm_retention_run(f.store, &policy, today, NULL, NULL, &err)
        != CXM_OK)
    {
        fail_msg("retention: %s %s", err.code, err.detail);
    }
}


/* A day with so many events, a tenth of that of the others, and its night. */
static inline void
pass_days(unsigned days, unsigned events)
{
    unsigned    i;
    cxm_txn_t  *txn;

    for (i = 0; i < days; i++) {
        assert_int_equal(cxm_txn_write(f.store, today + CXM_MS_HOUR, &txn,
                                       &err), CXM_OK);
        append(txn, KIND_EVENT, events);
        append(txn, KIND_ANSWER, events / 10);
        append(txn, KIND_ACCESS, events / 10);
        append(txn, KIND_FIRST, 1);
        append(txn, KIND_FORM, 1);
        fixture_commit(txn);

        today += CXM_MS_DAY;
        run_retention();
    }
}


/* --- what there is ------------------------------------------------------ */

typedef struct {
    unsigned  n[CXM_KIND_N];
    unsigned  all;
    uint64_t  first;
} found_t;


static inline int
count_entry(void *ctx, const cxm_entry_t *entry)
{
    found_t  *found = ctx;

    found->n[entry->kind]++;
    found->first = found->all++ == 0 ? entry->seq : found->first;

    return 0;
}


/* Entries of each kind; the walk itself proves seals and links. */
static inline found_t
journal(void)
{
    uint8_t     link[CXM_MAC_LEN];
    found_t     found = { { 0 }, 0, 0 };
    uint64_t    next;
    cxm_txn_t  *txn;

    txn = fixture_read(&f);
    cxm_journal_root(f.store, link);

    if (cxm_journal_walk(txn, 1, UINT32_MAX, link, count_entry, &found, &next,
                         &err) != CXM_OK)
    {
        fail_msg("walk: %s", err.detail);
    }

    assert_int_equal(next, cxm_txn_head(txn) + 1);
    cxm_txn_end(txn);

    return found;
}


static inline cxm_history_t
history(void)
{
    cxm_txn_t      *txn;
    cxm_history_t   out;

    txn = fixture_read(&f);
    assert_int_equal(cxm_history_read(txn, &out), CXM_OK);
    cxm_txn_end(txn);

    return out;
}


static inline void
add_count(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    (void) value;
    (void) at;
    (void) point;

    *(uint64_t *) ctx += count;
}


/* Entries of the kind that were ever counted. */
static inline uint64_t
counted(cxm_kind_no_t kind)
{
    uint64_t              n;
    cxm_txn_t            *txn;
    cxm_counter_query_t   query = {
        .series = { 1, (uint16_t) kind, 0, 0 },
        .from = CXM_MS_MIN,
        .to = CXM_MS_MAX
    };

    n = 0;
    txn = fixture_read(&f);
    assert_int_equal(cxm_counter_scan(txn, &query, add_count, &n), CXM_OK);
    cxm_txn_end(txn);

    return n;
}


/* Files in a directory of the store, and the path of one of them. */
static inline unsigned
files_in(const char *name, char first[400])
{
    char            dir[300];
    DIR            *list;
    unsigned        n;
    struct dirent  *entry;

    snprintf(dir, sizeof(dir), "%s/%s", f.dir, name);
    list = opendir(dir);
    assert_non_null(list);

    for (n = 0; (entry = readdir(list)) != NULL; /* void */) {
        if (entry->d_name[0] == '.') {
            continue;
        }

        if (n++ == 0 && first != NULL) {
            snprintf(first, 400, "%s/%.64s", dir, entry->d_name);
        }
    }

    closedir(list);

    return n;
}


/* --- verify ------------------------------------------------------------- */

static unsigned  notes;
static char      last_note[512];


static inline void
on_note(void *ctx, const char *text)
{
    (void) ctx;

    notes++;
    snprintf(last_note, sizeof(last_note), "%s", text);
}


static inline cxm_rc_t
verify(int all, cxm_verify_t *out)
{
    char               scratch[100];
    cxm_verify_opts_t  opts = { 0 };

    snprintf(scratch, sizeof(scratch), "%s/scratch", f.root);
    opts.scratch = scratch;
    opts.all = all;
    opts.note = on_note;
    notes = 0;
    cxm_error_init(&err);

    return cxm_verify(f.store, &opts, out, &err);
}


static inline cxm_verify_t
assert_sound(int all)
{
    cxm_verify_t  out;

    if (verify(all, &out) != CXM_OK) {
        fail_msg("not sound: %s %s", out.finding, err.detail);
    }

    return out;
}


static inline void
assert_found(const char *what)
{
    cxm_verify_t  out;

    assert_int_equal(verify(0, &out), CXM_CORRUPT);

    if (strstr(out.finding, what) == NULL) {
        fail_msg("\"%s\", not \"%s\"", out.finding, what);
    }
}


#endif /* RETENTION_FIXTURE_H */
