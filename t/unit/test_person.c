/*
 * Persons: slots made ahead, keys, erasure, names.
 */

#include "unit_store.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "cxm_lookup.h"
#include "cxm_store_int.h"


static cxm_error_t   err;


static uint64_t
slots(void)
{
    char         path[400];
    struct stat  st;

    (void) snprintf(path, sizeof(path), "%s/keys", unit.dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size % CXM_PERSON_SLOT, 0);

    return (uint64_t) st.st_size / CXM_PERSON_SLOT;
}


/* Moves the next number, as an entry of this person would. */
static void
use(uint64_t slot)
{
    cxm_txn_t  *txn;

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_apply(txn, slot, 0, NULL), CXM_OK);
    unit_commit(txn);
}


static void
slots_are_made_ahead(void **state)
{
    uint64_t    slot;
    cxm_txn_t  *txn;

    (void) state;
    assert_int_equal(slots(), 1);
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_take(txn, &slot), CXM_UNAVAILABLE);
    cxm_txn_end(txn);

    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    assert_int_equal(slots(), 1 + CXM_PERSON_AHEAD);
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    assert_int_equal(slots(), 1 + CXM_PERSON_AHEAD);

    use(CXM_PERSON_AHEAD - CXM_PERSON_LOW);
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    assert_int_equal(slots(), 1 + CXM_PERSON_AHEAD);
    use(CXM_PERSON_AHEAD - CXM_PERSON_LOW + 1);
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    assert_int_equal(slots(), CXM_PERSON_AHEAD - CXM_PERSON_LOW + 2
                              + CXM_PERSON_AHEAD);
}


static void
numbers_are_taken_once(void **state)
{
    uint64_t    a, b;
    cxm_txn_t  *txn;

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_take(txn, &a), CXM_OK);
    assert_int_equal(cxm_person_take(txn, &b), CXM_OK);
    assert_int_equal(a, 1);
    assert_int_equal(b, 2);
    assert_false(cxm_txn_dirty(txn));
    cxm_txn_end(txn);

    /* what no entry used is free again */

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_take(txn, &a), CXM_OK);
    assert_int_equal(a, 1);
    assert_int_equal(unit_append(txn, "a", a, "Ada", NULL), CXM_OK);
    unit_commit(txn);

    unit_reopen(&unit);
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_take(txn, &a), CXM_OK);
    assert_int_equal(a, 2);
    cxm_txn_end(txn);

    txn = unit_read(&unit);
    assert_int_equal(cxm_person_take(txn, &a), CXM_INTERNAL);
    cxm_txn_end(txn);
}


static void
keys_differ_and_last(void **state)
{
    cxm_key_t  a, b, c;

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, 1, &a), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, 2, &b), CXM_OK);
    assert_memory_not_equal(a.b, b.b, sizeof(a.b));
    unit_reopen(&unit);
    assert_int_equal(cxm_person_key(unit.store, 1, &c), CXM_OK);
    assert_memory_equal(a.b, c.b, sizeof(a.b));

    assert_int_equal(unit_alerts, 0);
    assert_int_equal(cxm_person_key(unit.store, 0, &c), CXM_CORRUPT);
    assert_int_equal(cxm_person_key(unit.store, 1 + CXM_PERSON_AHEAD, &c),
                     CXM_CORRUPT);
    assert_int_equal(cxm_person_key(unit.store, UINT64_MAX, &c), CXM_CORRUPT);
    assert_int_equal(unit_alerts, 3);
}


static void
a_slot_in_another_place_is_damage(void **state)
{
    int        fd;
    char       path[400];
    uint8_t    b[CXM_PERSON_SLOT];
    cxm_key_t  key;

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    (void) snprintf(path, sizeof(path), "%s/keys", unit.dir);
    fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, b, sizeof(b), CXM_PERSON_SLOT), sizeof(b));
    assert_int_equal(close(fd), 0);
    unit_poke(&unit, "keys", 2 * CXM_PERSON_SLOT, b, sizeof(b));
    assert_int_equal(cxm_person_key(unit.store, 2, &key), CXM_CORRUPT);
}


static void
erasing_lasts(void **state)
{
    int        fd;
    char       path[400];
    uint8_t    before[CXM_PERSON_SLOT], after[CXM_PERSON_SLOT];
    cxm_key_t  key;

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    (void) snprintf(path, sizeof(path), "%s/keys", unit.dir);
    fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, before, 128, 5 * 128), 128);

    assert_int_equal(cxm_person_erase(unit.store, 5, &err), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, 5, &key), CXM_NOT_FOUND);
    assert_int_equal(cxm_person_erase(unit.store, 5, &err), CXM_OK);
    assert_int_equal(pread(fd, after, 128, 5 * 128), 128);
    assert_int_equal(close(fd), 0);
    assert_int_equal(after[0], 2);
    assert_memory_not_equal(before + 8, after + 8, 72);
    assert_int_equal(cxm_person_key(unit.store, 4, &key), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, 6, &key), CXM_OK);

    unit_reopen(&unit);
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, 5, &key), CXM_NOT_FOUND);

    assert_int_equal(cxm_person_erase(unit.store, 0, &err), CXM_NOT_FOUND);
    assert_int_equal(cxm_person_erase(unit.store, 9999, &err), CXM_NOT_FOUND);
}


static void
half_made_slots_are_made_anew(void **state)
{
    char       path[400];
    cxm_key_t  key, used, kept;
    uint8_t    zero[CXM_PERSON_SLOT] = { 0 };

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    use(3);
    assert_int_equal(cxm_person_key(unit.store, 3, &used), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, 11, &kept), CXM_OK);

    cxm_store_close(unit.store);
    unit_poke(&unit, "keys", 2 * CXM_PERSON_SLOT, zero, sizeof(zero));
    unit_poke(&unit, "keys", 10 * CXM_PERSON_SLOT, zero, sizeof(zero));
    unit_poke(&unit, "keys", 12 * CXM_PERSON_SLOT + 40, zero, 20);
    (void) snprintf(path, sizeof(path), "%s/keys", unit.dir);
    assert_int_equal(truncate(path, 4000 * CXM_PERSON_SLOT + 60), 0);
    unit_open(&unit);
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);

    assert_int_equal(cxm_person_key(unit.store, 10, &key), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, 12, &key), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, 3, &key), CXM_OK);
    assert_memory_equal(key.b, used.b, sizeof(key.b));
    assert_int_equal(cxm_person_key(unit.store, 11, &key), CXM_OK);
    assert_memory_equal(key.b, kept.b, sizeof(key.b));

    /* a slot that was taken is never made anew: it is damage */

    assert_int_equal(cxm_person_key(unit.store, 2, &key), CXM_CORRUPT);

    /* growing over the torn end */

    unit_reopen(&unit);
    use(2100);
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    assert_int_equal(slots(), 2101 + CXM_PERSON_AHEAD);
    assert_int_equal(cxm_person_key(unit.store, 3999, &key), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, 4000, &key), CXM_OK);
    assert_int_equal(cxm_person_key(unit.store, slots() - 1, &key), CXM_OK);
}


/* In a child: takes persons and lets entries use them. */
static int
child(int n)
{
    int           i;
    uint64_t      slot;
    cxm_txn_t    *txn;
    cxm_store_t  *store;

    if (cxm_store_open(&unit.opts, &store, &err) != CXM_OK) {
        return 1;
    }

    for (i = 0; i < n; i++) {

        if (cxm_person_reserve(store, &err) != CXM_OK
            || cxm_txn_write(store, UNIT_NOW, &txn, &err) != CXM_OK)
        {
            return 2;
        }

        /* the others may have used up what was made ahead meanwhile */

        if (cxm_person_take(txn, &slot) == CXM_UNAVAILABLE) {
            cxm_txn_end(txn);
            i--;
            continue;
        }

        if (unit_append(txn, "p", slot, "name", NULL) != CXM_OK
            || cxm_person_apply(txn, slot + 96, 0, NULL) != CXM_OK
            || cxm_txn_commit(txn, &err) != CXM_OK)
        {
            return 3;
        }
    }

    return 0;
}


static void
processes_share_the_slots(void **state)
{
    int           i, status;
    pid_t         pid[3];
    uint64_t      seq;
    cxm_txn_t    *txn;
    cxm_entry_t   entry;

    (void) state;
    cxm_store_close(unit.store);
    unit.store = NULL;

    for (i = 0; i < 3; i++) {
        pid[i] = fork();

        if (pid[i] == 0) {
            _exit(child(60));
        }
    }

    for (i = 0; i < 3; i++) {
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_int_equal(status, 0);
    }

    unit_open(&unit);
    txn = unit_read(&unit);
    assert_int_equal(txn->state.persons, 1 + 180 * 97);

    for (seq = 1; seq <= 180; seq++) {
        assert_int_equal(cxm_journal_read(txn, seq, 1, &entry, &err), CXM_OK);
        assert_non_null(entry.personal);
        assert_int_equal(entry.subject, 1 + (seq - 1) * 97);
        cxm_entry_clear(&entry);
    }

    cxm_txn_end(txn);
}


static void
hash(unsigned person_class, const char *name, uint8_t out[CXM_HASH_LEN])
{
    cxm_person_hash(unit.store, person_class, cxm_strz(name), out);
}


static void
assert_same(unsigned ca, const char *a, unsigned cb, const char *b, int same)
{
    uint8_t  ha[CXM_HASH_LEN], hb[CXM_HASH_LEN];

    hash(ca, a, ha);
    hash(cb, b, hb);
    assert_int_equal(memcmp(ha, hb, sizeof(ha)) == 0, same);
}


static void
names_are_folded_as_their_class_says(void **state)
{
    char  longer[600];

    (void) state;
    assert_same(CXM_PERSON_EMAIL, " Ada@Example.ORG  ", CXM_PERSON_EMAIL,
                "ada@example.org", 1);
    assert_same(CXM_PERSON_EMAIL | CXM_PERSON_CLAIMED, "ADA@example.org",
                CXM_PERSON_EMAIL | CXM_PERSON_CLAIMED, "ada@example.org", 1);
    assert_same(CXM_PERSON_EMAIL | CXM_PERSON_CLAIMED, "ada@example.org",
                CXM_PERSON_EMAIL, "ada@example.org", 0);
    assert_same(CXM_PERSON_EXTERNAL_ID, "Ada", CXM_PERSON_EXTERNAL_ID, "ada",
                0);
    assert_same(CXM_PERSON_VISITOR, "ada", CXM_PERSON_CUSTOMER_ID, "ada", 0);
    assert_same(CXM_PERSON_EMAIL, "", CXM_PERSON_EMAIL, "   ", 1);

    memset(longer, 'A', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_same(CXM_PERSON_EMAIL, longer, CXM_PERSON_EMAIL, longer, 1);
}


static void
names_lead_to_persons(void **state)
{
    uint8_t     h[CXM_HASH_LEN];
    uint64_t    slot;
    cxm_txn_t  *txn;

    (void) state;
    hash(CXM_PERSON_EMAIL, "ada@example.org", h);
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, h, &slot),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_person_apply(txn, 7, CXM_PERSON_EMAIL, h), CXM_OK);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, h, &slot),
                     CXM_OK);
    assert_int_equal(slot, 7);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_VISITOR, h, &slot),
                     CXM_NOT_FOUND);
    unit_commit(txn);

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_apply(txn, 7, CXM_PERSON_EMAIL, h), CXM_OK);
    assert_int_equal(cxm_person_apply(txn, 3, 0, NULL), CXM_OK);
    assert_false(cxm_txn_dirty(txn));
    assert_int_equal(txn->state.persons, 8);
    assert_int_equal(cxm_person_apply(txn, 3, CXM_PERSON_EMAIL, h), CXM_OK);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, h, &slot),
                     CXM_OK);
    assert_int_equal(slot, 3);
    cxm_txn_end(txn);
}


/* Rows of `index` in a namespace. */
static unsigned
rows_of(cxm_txn_t *txn, uint8_t ns)
{
    unsigned        n;
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    cxm_row_key(&key);
    cxm_row_key_u8(&key, ns);
    assert_int_equal(cxm_cursor_open(txn, CXM_T_INDEX, &cursor), CXM_OK);
    n = 0;

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && cxm_row_within(&row, &key, key.len);
         rc = cxm_cursor_next(cursor, &row))
    {
        n++;
    }

    cxm_cursor_close(cursor);

    return n;
}


static void
the_gone_stay_gone(void **state)
{
    uint8_t      a[CXM_HASH_LEN], b[CXM_HASH_LEN];
    uint64_t     slot;
    cxm_txn_t   *txn;
    cxm_gone_t   gone;

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    hash(CXM_PERSON_EMAIL, "ada@example.org", a);
    hash(CXM_PERSON_VISITOR, "v1", b);

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_apply(txn, 3, CXM_PERSON_EMAIL, a), CXM_OK);
    assert_int_equal(cxm_person_apply(txn, 3, CXM_PERSON_VISITOR, a), CXM_OK);
    assert_int_equal(cxm_person_apply(txn, 4, CXM_PERSON_VISITOR, b), CXM_OK);
    assert_int_equal(rows_of(txn, CXM_NS_PERSON), 3);
    assert_int_equal(rows_of(txn, CXM_NS_PERSON_NAME), 3);
    assert_int_equal(cxm_person_gone(txn, 3, &gone), CXM_NOT_FOUND);

    assert_int_equal(cxm_person_forget(txn, 3, 77), CXM_OK);
    assert_int_equal(cxm_person_forget(txn, 3, 78), CXM_CORRUPT);
    assert_int_equal(cxm_person_gone(txn, 3, &gone), CXM_OK);
    assert_int_equal(gone.erasure, 77);
    assert_int_equal(rows_of(txn, CXM_NS_PERSON), 1);
    assert_int_equal(rows_of(txn, CXM_NS_PERSON_NAME), 1);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_VISITOR, b, &slot),
                     CXM_OK);

    /* its key is there yet, but nothing more is said with it or leads to it */

    assert_int_equal(unit_append(txn, "x", 3, "Ada", NULL), CXM_CONFLICT);
    assert_int_equal(unit_append(txn, "x", 3, NULL, NULL), CXM_OK);
    assert_int_equal(cxm_person_apply(txn, 3, CXM_PERSON_EMAIL, a), CXM_OK);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, a, &slot),
                     CXM_NOT_FOUND);

    /* the name of somebody else, later */

    assert_int_equal(cxm_person_apply(txn, 5, CXM_PERSON_EMAIL, a), CXM_OK);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, a, &slot),
                     CXM_OK);
    assert_int_equal(slot, 5);

    /* also a number that was never given is passed */

    assert_int_equal(cxm_person_forget(txn, 900, 79), CXM_OK);
    assert_int_equal(cxm_txn_persons(txn), 901);
    cxm_txn_end(txn);
}


/* The first row of a namespace. */
static void
first_row(cxm_txn_t *txn, uint8_t ns, cxm_raw_row_t *row)
{
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;

    cxm_row_key(&key);
    cxm_row_key_u8(&key, ns);
    assert_int_equal(cxm_cursor_open(txn, CXM_T_INDEX, &cursor), CXM_OK);
    assert_int_equal(cxm_cursor_seek(cursor, &key, row), CXM_OK);
    assert_true(cxm_row_within(row, &key, 1));
    cxm_cursor_close(cursor);
}


static void
look_ups_go_with_the_key(void **state)
{
    size_t          i;
    uint8_t         h[CXM_HASH_LEN];
    uint64_t        slot;
    cxm_txn_t      *txn;
    cxm_buf_t       sealed[2];
    cxm_str_t       bad;
    cxm_raw_row_t   row;

    static const uint8_t  ns[] = { CXM_NS_PERSON, CXM_NS_PERSON_NAME };

    (void) state;
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    hash(CXM_PERSON_EMAIL, "ada@example.org", h);
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_apply(txn, 3, CXM_PERSON_EMAIL, h), CXM_OK);

    for (i = 0; i < 2; i++) {
        cxm_buf_init(&sealed[i], CXM_LOOKUP_MAX);
        first_row(txn, ns[i], &row);
        assert_int_equal(cxm_lookup_row(&unit_flow, CXM_T_INDEX, row.key),
                         CXM_LOOKUP_OWNED);
        assert_int_equal(cxm_lookup_row(&unit_flow, CXM_T_DOC, row.key),
                         CXM_LOOKUP_NONE);
        assert_int_equal(cxm_lookup_seal(unit.store, row.key, row.raw,
                                         &sealed[i]), CXM_OK);
        assert_null(memmem(sealed[i].data, sealed[i].len, h, sizeof(h)));
    }

    cxm_txn_end(txn);

    /* into a store that has none of it */

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, h, &slot),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_lookup_put(txn, cxm_buf_str(&sealed[0])), CXM_OK);
    assert_int_equal(cxm_lookup_put(txn, cxm_buf_str(&sealed[1])), CXM_OK);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, h, &slot),
                     CXM_OK);
    assert_int_equal(slot, 3);
    assert_int_equal(cxm_person_forget(txn, 3, 7), CXM_OK);
    assert_int_equal(rows_of(txn, CXM_NS_PERSON), 0);
    assert_int_equal(rows_of(txn, CXM_NS_PERSON_NAME), 0);

    bad = cxm_buf_str(&sealed[1]);
    sealed[1].data[bad.len - 1] ^= 1;
    assert_int_equal(cxm_lookup_put(txn, bad), CXM_CORRUPT);
    bad.len = 9;
    assert_int_equal(cxm_lookup_put(txn, bad), CXM_CORRUPT);

    assert_int_equal(cxm_person_erase(unit.store, 3, &err), CXM_OK);
    assert_int_equal(cxm_lookup_put(txn, cxm_buf_str(&sealed[0])),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_lookup_row(&unit_flow, CXM_T_INDEX,
                                    cxm_str("\xf0")), CXM_LOOKUP_NONE);
    assert_int_equal(cxm_lookup_row(&unit_flow, CXM_T_INDEX, cxm_str("")),
                     CXM_LOOKUP_NONE);

    cxm_buf_free(&sealed[0]);
    cxm_buf_free(&sealed[1]);
    cxm_txn_end(txn);
}


/* Names, folded; an answer's old slot found under the new one. */
static void
linked_slots_are_one_person(void **state)
{
    uint8_t              mail[CXM_HASH_LEN], other[CXM_HASH_LEN];
    uint64_t             slot;
    cxm_txn_t           *txn;
    cxm_person_slots_t   slots;

    (void) state;

    cxm_person_hash(unit.store, CXM_PERSON_EMAIL, cxm_str("J\xc3\x89@x.de "),
                    mail);
    cxm_person_hash(unit.store, CXM_PERSON_EMAIL,
                    cxm_str("je\xcc\x81@X.DE"), other);
    assert_memory_equal(mail, other, sizeof(mail));
    cxm_person_hash(unit.store, CXM_PERSON_EMAIL, cxm_str("je@x.de"), other);
    assert_memory_not_equal(mail, other, sizeof(mail));
    cxm_person_hash(unit.store, CXM_PERSON_PHONE, cxm_str("+49 30 123456"),
                    mail);
    cxm_person_hash(unit.store, CXM_PERSON_PHONE, cxm_str("004930123456"),
                    other);
    assert_memory_equal(mail, other, sizeof(mail));

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_person_apply(txn, 3, CXM_PERSON_EMAIL, mail),
                     CXM_OK);
    assert_int_equal(cxm_person_apply(txn, 5, CXM_PERSON_PHONE, other),
                     CXM_OK);

    /* 3 -> 4 -> 5 */

    assert_int_equal(cxm_person_link(txn, 3, 4), CXM_OK);
    assert_int_equal(cxm_person_link(txn, 4, 5), CXM_OK);
    assert_int_equal(cxm_person_link(txn, 3, 9), CXM_CORRUPT);
    assert_int_equal(cxm_person_link(txn, 5, 3), CXM_CORRUPT);
    assert_int_equal(cxm_person_link(txn, 7, 7), CXM_CORRUPT);

    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, mail, &slot),
                     CXM_OK);
    assert_int_equal(slot, 5);
    assert_int_equal(cxm_person_slots(txn, 5, &slots), CXM_OK);
    assert_int_equal(slots.n, 3);
    assert_int_equal(slots.slot[0], 5);
    assert_int_equal(slots.slot[1], 4);
    assert_int_equal(slots.slot[2], 3);

    /* a name that leads there already stays where it is */

    assert_int_equal(cxm_person_apply(txn, 5, CXM_PERSON_EMAIL, mail),
                     CXM_OK);
    assert_int_equal(cxm_person_unlink(txn, 4), CXM_OK);
    assert_int_equal(cxm_person_unlink(txn, 4), CXM_CORRUPT);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, mail, &slot),
                     CXM_OK);
    assert_int_equal(slot, 4);
    assert_int_equal(cxm_person_slots(txn, 5, &slots), CXM_OK);
    assert_int_equal(slots.n, 1);
    unit_commit(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        UNIT_STORE_TEST(slots_are_made_ahead),
        UNIT_STORE_TEST(numbers_are_taken_once),
        UNIT_STORE_TEST(keys_differ_and_last),
        UNIT_STORE_TEST(a_slot_in_another_place_is_damage),
        UNIT_STORE_TEST(erasing_lasts),
        UNIT_STORE_TEST(half_made_slots_are_made_anew),
        UNIT_STORE_TEST(processes_share_the_slots),
        UNIT_STORE_TEST(names_are_folded_as_their_class_says),
        UNIT_STORE_TEST(names_lead_to_persons),
        UNIT_STORE_TEST(the_gone_stay_gone),
        UNIT_STORE_TEST(look_ups_go_with_the_key),
        UNIT_STORE_TEST(linked_slots_are_one_person)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
