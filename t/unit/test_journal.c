/*
 * The journal: places, seals, links, reading, walking, replay.
 */

#include "unit_store.h"

#include "cxm_history.h"
#include "cxm_store_int.h"


static cxm_error_t   err;


static uint64_t
person(cxm_txn_t *txn)
{
    uint64_t  slot;

    assert_int_equal(cxm_person_take(txn, &slot), CXM_OK);

    return slot;
}


static void
append_gives_a_place(void **state)
{
    cxm_txn_t    *txn;
    cxm_entry_t   a, b, c;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(unit_append(txn, "a", 0, NULL, &a), CXM_OK);
    assert_int_equal(unit_append(txn, "b", 0, NULL, &b), CXM_OK);
    unit_commit(txn);

    assert_int_equal(a.seq, 1);
    assert_int_equal(a.oseq, 1);
    assert_int_equal(a.version, 2);
    assert_int_equal(a.hlc, (uint64_t) UNIT_NOW << 16);
    assert_int_equal(cxm_entry_time(&a), UNIT_NOW);
    assert_int_equal(b.seq, 2);
    assert_int_equal(b.hlc, a.hlc + 1);
    assert_int_equal(b.node, unit.store->node);
    assert_int_equal(b.epoch, 1);

    /* a clock that went back does not turn the order round */

    unit_reopen(&unit);
    txn = unit_write(&unit, UNIT_NOW - 1000);
    assert_int_equal(unit_append(txn, "c", 0, NULL, &c), CXM_OK);
    unit_commit(txn);
    assert_int_equal(c.seq, 3);
    assert_int_equal(c.hlc, b.hlc + 1);
    assert_int_equal(unit_applied, 3);
}


static void
read_gives_what_was_appended(void **state)
{
    cxm_str_t     raw;
    uint64_t      slot;
    cxm_txn_t    *txn;
    cxm_entry_t   in, out;

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    txn = unit_write(&unit, UNIT_NOW);
    slot = person(txn);

    memset(&in, 0, sizeof(in));
    in.kind = CXM_KIND_SURVEY;
    in.action = CXM_ACTION_PUT;
    memset(in.id.b, 0xab, sizeof(in.id.b));
    in.replaces = 77;
    in.subject = slot;
    in.actor = UINT64_MAX;
    in.body = json_pack("{s:s}", "text", "clear words");
    in.personal = json_pack("{s:s}", "name", "Ada Lovelace");
    assert_int_equal(cxm_journal_append(txn, &in, &err), CXM_OK);
    unit_commit(txn);

    txn = unit_read(&unit);
    assert_int_equal(cxm_journal_read(txn, 1, 1, &out, &err), CXM_OK);
    assert_true(json_equal(in.body, out.body));
    assert_true(json_equal(in.personal, out.personal));
    assert_false(out.erased);
    assert_int_equal(out.action, CXM_ACTION_PUT);
    assert_int_equal(out.replaces, 77);
    assert_int_equal(out.subject, slot);
    assert_int_equal(out.actor, UINT64_MAX);
    assert_int_equal(out.hlc, in.hlc);
    assert_int_equal(out.node, in.node);
    assert_memory_equal(out.id.b, in.id.b, sizeof(in.id.b));
    cxm_entry_clear(&out);

    assert_int_equal(cxm_journal_read(txn, 1, 0, &out, &err), CXM_OK);
    assert_null(out.personal);
    cxm_entry_clear(&out);
    cxm_entry_clear(&out);

    assert_int_equal(cxm_row_raw(txn, CXM_T_JOURNAL,
                                 (cxm_str_t) { 8, "\0\0\0\0\0\0\0\1" }, &raw),
                     CXM_OK);
    assert_null(memmem(raw.data, raw.len, "clear", 5));
    assert_null(memmem(raw.data, raw.len, "Ada", 3));

    assert_int_equal(cxm_journal_read(txn, 0, 0, &out, &err), CXM_NOT_FOUND);
    assert_int_equal(cxm_journal_read(txn, 2, 0, &out, &err), CXM_NOT_FOUND);
    cxm_txn_end(txn);

    assert_int_equal(cxm_person_erase(unit.store, slot, &err), CXM_OK);
    txn = unit_read(&unit);
    assert_int_equal(cxm_journal_read(txn, 1, 1, &out, &err), CXM_OK);
    assert_null(out.personal);
    assert_true(out.erased);
    assert_true(json_equal(in.body, out.body));
    cxm_entry_clear(&out);
    cxm_txn_end(txn);

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(unit_append(txn, "x", slot, "x", NULL), CXM_CONFLICT);
    assert_false(cxm_txn_dirty(txn));
    cxm_txn_end(txn);
    cxm_entry_clear(&in);
}


static void
an_entry_may_lack_a_body(void **state)
{
    cxm_txn_t    *txn;
    cxm_entry_t   entry;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_SURVEY;
    entry.action = CXM_ACTION_DELETE;
    assert_int_equal(cxm_journal_append(txn, &entry, &err), CXM_OK);
    assert_int_equal(cxm_journal_read(txn, 1, 1, &entry, &err), CXM_OK);
    assert_null(entry.body);
    assert_int_equal(entry.action, CXM_ACTION_DELETE);
    cxm_txn_end(txn);
}


static void
what_cannot_be_appended(void **state)
{
    char         *text;
    cxm_txn_t    *txn;
    cxm_entry_t   entry;

    (void) state;
    memset(&entry, 0, sizeof(entry));
    txn = unit_write(&unit, UNIT_NOW);

    entry.kind = CXM_KIND_RESPONSE;
    assert_int_equal(cxm_journal_append(txn, &entry, &err), CXM_INTERNAL);
    entry.kind = 255;
    assert_int_equal(cxm_journal_append(txn, &entry, &err), CXM_INTERNAL);
    assert_int_equal(unit_append(txn, "x", 0, "x", NULL), CXM_INTERNAL);

    /* the longest, and one more */

    text = malloc(CXM_ENTRY_MAX);
    memset(text, 'x', CXM_ENTRY_MAX);
    text[CXM_ENTRY_MAX - 200] = '\0';
    assert_int_equal(unit_append(txn, text, 0, NULL, NULL), CXM_OK);
    cxm_txn_end(txn);

    txn = unit_write(&unit, UNIT_NOW);
    text[CXM_ENTRY_MAX - 200] = 'x';
    text[CXM_ENTRY_MAX - 20] = '\0';
    assert_int_equal(unit_append(txn, text, 0, NULL, NULL), CXM_TOO_LARGE);
    assert_false(cxm_txn_dirty(txn));
    assert_int_equal(unit_append(txn, "y", 0, NULL, NULL), CXM_OK);
    free(text);

    /* an apply that fails spoils the transaction */

    unit_apply_rc = CXM_INTERNAL;
    assert_int_equal(unit_append(txn, "z", 0, NULL, NULL), CXM_INTERNAL);
    unit_apply_rc = CXM_OK;
    assert_int_equal(cxm_txn_commit(txn, &err), CXM_INTERNAL);

    txn = unit_read(&unit);
    assert_int_equal(cxm_txn_head(txn), 0);
    assert_int_equal(cxm_journal_append(txn, &entry, &err), CXM_INTERNAL);
    cxm_txn_end(txn);
}


static void
reactions(void **state)
{
    cxm_txn_t    *txn;
    cxm_entry_t   entry;

    (void) state;
    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_SURVEY;
    entry.action = CXM_ACTION_ADD;
    entry.body = json_pack("{s:s, s:i}", "text", "first", "react", 3);

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_journal_append(txn, &entry, &err), CXM_OK);
    assert_int_equal(entry.seq, 1);
    assert_int_equal(cxm_txn_head(txn), 4);
    assert_int_equal(unit_reactions, 3);
    unit_commit(txn);
    unit_reopen(&unit);

    txn = unit_write(&unit, UNIT_NOW);
    json_object_set_new(entry.body, "react", json_integer(1000));
    assert_int_equal(cxm_journal_append(txn, &entry, &err), CXM_INTERNAL);
    cxm_txn_end(txn);
    cxm_entry_clear(&entry);
}


typedef struct {
    uint64_t  expect;
    unsigned  stop;
} walk_t;


static int
walked(void *ctx, const cxm_entry_t *entry)
{
    walk_t  *walk = ctx;

    assert_int_equal(entry->seq, walk->expect);
    assert_non_null(entry->body);
    walk->expect++;

    return walk->stop != 0 && --walk->stop == 0;
}


static void
ten(cxm_txn_t *txn)
{
    int  i;

    for (i = 0; i < 10; i++) {
        assert_int_equal(unit_append(txn, "entry", 0, NULL, NULL), CXM_OK);
    }
}


static void
walk_checks_the_links(void **state)
{
    walk_t      walk = { 1, 0 };
    uint8_t     link[CXM_MAC_LEN];
    uint64_t    next;
    cxm_txn_t  *txn;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    ten(txn);
    unit_commit(txn);

    txn = unit_read(&unit);
    cxm_journal_root(unit.store, link);
    assert_int_equal(cxm_journal_walk(txn, 1, 4, link, walked, &walk, &next,
                                      &err), CXM_OK);
    assert_int_equal(next, 5);
    walk.stop = 2;
    assert_int_equal(cxm_journal_walk(txn, next, 100, link, walked, &walk,
                                      &next, &err), CXM_OK);
    assert_int_equal(next, 7);
    walk.stop = 0;
    assert_int_equal(cxm_journal_walk(txn, next, 100, link, walked, &walk,
                                      &next, &err), CXM_OK);
    assert_int_equal(next, 11);
    assert_memory_equal(link, txn->state.link, CXM_MAC_LEN);
    assert_int_equal(cxm_journal_walk(txn, next, 100, link, walked, &walk,
                                      &next, &err), CXM_OK);
    assert_int_equal(next, 11);
    assert_int_equal(walk.expect, 11);

    /* from another link */

    cxm_journal_root(unit.store, link);
    assert_int_equal(cxm_journal_walk(txn, 2, 1, link, walked, &walk, &next,
                                      &err), CXM_CORRUPT);
    assert_int_equal(next, 2);
    cxm_txn_end(txn);
}


static void
change(cxm_txn_t *txn, uint64_t seq, const MDB_val *value)
{
    uint8_t   key[8];
    MDB_val   k, v;

    cxm_put_u64(key, seq);
    k = (MDB_val) { sizeof(key), key };

    if (value == NULL) {
        assert_int_equal(mdb_del(txn->mdb, txn->store->dbi[CXM_T_JOURNAL],
                                 &k, NULL), 0);
    } else {
        v = *value;
        assert_int_equal(mdb_put(txn->mdb, txn->store->dbi[CXM_T_JOURNAL],
                                 &k, &v, 0), 0);
    }
}


static cxm_rc_t
walk_all(cxm_txn_t *txn, uint64_t *next)
{
    walk_t    walk = { 1, 0 };
    uint8_t   link[CXM_MAC_LEN];

    cxm_journal_root(unit.store, link);

    return cxm_journal_walk(txn, 1, 100, link, walked, &walk, next, &err);
}


static void
missing_entries_are_found(void **state)
{
    uint64_t    next;
    cxm_txn_t  *txn;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    ten(txn);
    assert_int_equal(walk_all(txn, &next), CXM_OK);
    change(txn, 10, NULL);
    assert_int_equal(walk_all(txn, &next), CXM_CORRUPT);
    assert_int_equal(next, 10);
    change(txn, 4, NULL);
    assert_int_equal(walk_all(txn, &next), CXM_CORRUPT);
    assert_int_equal(next, 4);
    change(txn, 1, NULL);
    assert_int_equal(walk_all(txn, &next), CXM_CORRUPT);
    assert_int_equal(next, 1);
    cxm_txn_end(txn);
}


/* What retention would note. */
static void
dropped(cxm_txn_t *txn, uint64_t up_to)
{
    cxm_history_t  history;

    assert_int_equal(cxm_history_read(txn, &history), CXM_OK);
    history.sparse = up_to;
    assert_int_equal(cxm_history_write(txn, &history), CXM_OK);
}


static uint64_t
since(cxm_txn_t *txn, cxm_ms_t t)
{
    uint64_t  seq;

    assert_int_equal(cxm_journal_since(txn, t, &seq, &err), CXM_OK);

    return seq;
}


static void
entries_are_found_by_time(void **state)
{
    cxm_ms_t     t;
    uint64_t     seq;
    unsigned     i;
    cxm_txn_t   *txn;

    (void) state;

    txn = unit_read(&unit);
    assert_int_equal(since(txn, 0), 1);
    cxm_txn_end(txn);

    /* two at a time, every second second */

    for (i = 0; i < 50; i++) {
        txn = unit_write(&unit, UNIT_NOW + 2000 * i);
        assert_int_equal(unit_append(txn, "a", 0, NULL, NULL), CXM_OK);
        assert_int_equal(unit_append(txn, "b", 0, NULL, NULL), CXM_OK);
        unit_commit(txn);
    }

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(since(txn, 0), 1);
    assert_int_equal(since(txn, UNIT_NOW), 1);

    for (i = 0; i < 50; i++) {
        t = UNIT_NOW + 2000 * i;
        assert_int_equal(since(txn, t), 2 * i + 1);
        assert_int_equal(since(txn, t + 1), 2 * i + 3);
    }

    assert_int_equal(since(txn, CXM_MS_MAX), 101);

    /* what is dropped is older; a hole is damage */

    change(txn, 1, NULL);
    change(txn, 2, NULL);
    change(txn, 3, NULL);
    dropped(txn, 4);
    assert_int_equal(since(txn, 0), 4);
    assert_int_equal(since(txn, UNIT_NOW + 2000), 4);
    assert_int_equal(since(txn, UNIT_NOW + 98000), 99);

    change(txn, 51, NULL);
    assert_int_equal(cxm_journal_since(txn, 0, &seq, &err), CXM_CORRUPT);
    cxm_txn_end(txn);
}


/* No flip of a bit goes through; a higher format or version is no damage. */
static void
every_flipped_bit_is_found(void **state)
{
    char          b[512];
    size_t        i, len;
    MDB_val       v;
    uint64_t      next;
    cxm_rc_t      rc;
    cxm_str_t     raw;
    cxm_txn_t    *txn;
    cxm_entry_t   entry;

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(unit_append(txn, "clear", person(txn), "name", NULL),
                     CXM_OK);
    assert_int_equal(cxm_row_raw(txn, CXM_T_JOURNAL,
                                 (cxm_str_t) { 8, "\0\0\0\0\0\0\0\1" }, &raw),
                     CXM_OK);
    len = raw.len;
    assert_in_range(len, 100, sizeof(b));
    memcpy(b, raw.data, len);
    v = (MDB_val) { len, b };

    for (i = 0; i < len * 8; i++) {
        b[i / 8] ^= (char) (1 << i % 8);
        change(txn, 1, &v);
        rc = walk_all(txn, &next);
        assert_true(rc == CXM_CORRUPT || (rc == CXM_FORMAT && i < 8));

        rc = cxm_journal_read(txn, 1, 1, &entry, &err);
        cxm_entry_clear(&entry);
        assert_true(rc == CXM_CORRUPT || (rc == CXM_FORMAT && i < 8)
                    || (rc == CXM_OK && i >= (len - CXM_MAC_LEN) * 8));
        b[i / 8] ^= (char) (1 << i % 8);
    }

    for (i = 0; i < len; i++) {
        v.mv_size = i;
        change(txn, 1, &v);
        assert_int_equal(walk_all(txn, &next), CXM_CORRUPT);
    }

    v.mv_size = len + 1;
    change(txn, 1, &v);
    assert_int_equal(walk_all(txn, &next), CXM_CORRUPT);

    v.mv_size = len;
    change(txn, 1, &v);
    assert_int_equal(walk_all(txn, &next), CXM_OK);
    change(txn, 2, &v);
    assert_int_equal(walk_all(txn, &next), CXM_CORRUPT);
    assert_int_equal(cxm_journal_read(txn, 2, 0, &entry, &err), CXM_CORRUPT);
    cxm_txn_end(txn);
}


static void
newer_kinds_are_refused(void **state)
{
    cxm_txn_t          *txn;
    cxm_kind_t          newer;
    cxm_entry_t         entry;
    cxm_flow_t          flow;

    (void) state;
    newer = unit_kind;
    newer.version = 3;
    flow = unit_flow;
    flow.kinds[CXM_KIND_SURVEY] = &newer;
    flow.kinds[CXM_KIND_RESPONSE] = &unit_kind;
    unit.store->flow = &flow;

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(unit_append(txn, "a", 0, NULL, NULL), CXM_OK);
    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_RESPONSE;
    assert_int_equal(cxm_journal_append(txn, &entry, &err), CXM_OK);
    unit_commit(txn);

    unit.store->flow = &unit_flow;
    txn = unit_read(&unit);
    assert_int_equal(cxm_journal_read(txn, 1, 0, &entry, &err), CXM_FORMAT);
    assert_null(entry.body);
    assert_int_equal(cxm_journal_read(txn, 2, 0, &entry, &err), CXM_FORMAT);
    assert_int_equal(unit_alerts, 0);
    cxm_txn_end(txn);
}


static cxm_str_t
raw_of(cxm_txn_t *txn, uint64_t seq)
{
    uint8_t    key[8];
    cxm_str_t  raw;

    cxm_put_u64(key, seq);
    assert_int_equal(cxm_row_raw(txn, CXM_T_JOURNAL,
                                 (cxm_str_t) { 8, (const char *) key }, &raw),
                     CXM_OK);

    return raw;
}


static void
replay_gives_the_same_store(void **state)
{
    char               dir[400];
    uint64_t           seq, slot;
    cxm_str_t          raw;
    cxm_txn_t         *txn, *copy;
    cxm_store_t       *scratch;
    cxm_store_stat_t   a, b;

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    txn = unit_write(&unit, UNIT_NOW);
    slot = person(txn);
    assert_int_equal(unit_append(txn, "a", slot, "Ada", NULL), CXM_OK);
    assert_int_equal(unit_append(txn, "b", person(txn), "Bob", NULL), CXM_OK);
    ten(txn);
    unit_commit(txn);
    assert_int_equal(cxm_person_erase(unit.store, slot, &err), CXM_OK);

    (void) snprintf(dir, sizeof(dir), "%s/scratch", unit.root);
    assert_int_equal(cxm_store_scratch(unit.store, dir, &scratch, &err),
                     CXM_OK);
    txn = unit_read(&unit);
    assert_int_equal(cxm_txn_write(scratch, UNIT_NOW * 2, &copy, &err),
                     CXM_OK);
    unit_reactions = 0;

    assert_int_equal(cxm_journal_replay(copy, 2, raw_of(txn, 2), &err),
                     CXM_INTERNAL);
    assert_int_equal(cxm_journal_replay(copy, 1, raw_of(txn, 2), &err),
                     CXM_CORRUPT);
    assert_false(cxm_txn_dirty(copy));

    for (seq = 1; seq <= 12; seq++) {
        assert_int_equal(cxm_journal_replay(copy, seq, raw_of(txn, seq), &err),
                         CXM_OK);
        raw = raw_of(copy, seq);
        assert_true(cxm_str_eq(raw, raw_of(txn, seq)));
    }

    assert_int_equal(unit_reactions, 0);
    assert_memory_equal(&txn->state, &copy->state, sizeof(txn->state));
    assert_int_equal(copy->state.persons, 3);
    cxm_txn_end(txn);
    assert_int_equal(cxm_txn_commit(copy, &err), CXM_OK);

    assert_int_equal(cxm_store_stat(unit.store, &a, &err), CXM_OK);
    assert_int_equal(cxm_store_stat(scratch, &b, &err), CXM_OK);
    assert_memory_equal(a.rows, b.rows, sizeof(a.rows));
    assert_memory_equal(a.link, b.link, sizeof(a.link));
    cxm_store_close(scratch);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        UNIT_STORE_TEST(append_gives_a_place),
        UNIT_STORE_TEST(read_gives_what_was_appended),
        UNIT_STORE_TEST(an_entry_may_lack_a_body),
        UNIT_STORE_TEST(what_cannot_be_appended),
        UNIT_STORE_TEST(reactions),
        UNIT_STORE_TEST(walk_checks_the_links),
        UNIT_STORE_TEST(missing_entries_are_found),
        UNIT_STORE_TEST(entries_are_found_by_time),
        UNIT_STORE_TEST(every_flipped_bit_is_found),
        UNIT_STORE_TEST(newer_kinds_are_refused),
        UNIT_STORE_TEST(replay_gives_the_same_store)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
