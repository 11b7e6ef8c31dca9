/*
 * Events by the names they give: what a journal reader makes of them, and
 * what takes it away again.
 */

#include "cxm_flow.h"
#include "cxm_json.h"
#include "cxm_touchpoint.h"
#include "cxm_touchpoint_person.h"
#include "tables_fixture.h"


static fixture_t    f;
static cxm_error_t  err;


static int
setup(void **state)
{
    (void) state;

    fixture_open(&f, &cxm_flow);
    cxm_error_init(&err);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    fixture_close(&f);

    return 0;
}


/* One entry of events of these customers and visitors ("c1 v2 -": nobody). */
static void
events(const char *names)
{
    int           duplicate;
    char          name[2];
    json_t       *input;
    cxm_buf_t     event;
    cxm_txn_t    *txn;
    cxm_caller_t  owner;

    cxm_caller_system(&owner);
    txn = fixture_write(&f);

    for (/* void */; *names != '\0'; names++) {
        if (*names == ' ') {
            continue;
        }

        name[0] = names[0] == '-' ? '-' : names[1];
        name[1] = '\0';
        input = json_pack("{ss}", "type", "view");

        if (*names != '-') {
            json_object_set_new(input, *names == 'c' ? "customer" : "visitor",
                                json_string(name));
            names++;
        }

        cxm_buf_init(&event, 1 << 20);
        assert_int_equal(cxm_event_make(f.store, &owner, FIXTURE_DAY, input,
                                        "", &event, &err), CXM_OK);
        assert_int_equal(cxm_touchpoint_add(txn, cxm_buf_str(&event),
                                            &duplicate, &err), CXM_OK);
        cxm_buf_free(&event);
        json_decref(input);
    }

    fixture_commit(txn);
}


static uint64_t
head(void)
{
    uint64_t    seq;
    cxm_txn_t  *txn;

    txn = fixture_read(&f);
    seq = cxm_txn_head(txn);
    cxm_txn_end(txn);

    return seq;
}


/* A run of the reader: whether it left something, and the entries it made. */
static int
run(unsigned entries)
{
    int         more;
    uint64_t    before;
    cxm_txn_t  *txn;

    before = head();
    txn = fixture_write(&f);
    assert_int_equal(cxm_readers_run(txn, &more, &err), CXM_OK);
    fixture_commit(txn);
    assert_int_equal(head() - before, entries);

    return more;
}


/* Rows of a namespace of `index`. */
static unsigned
rows(cxm_ns_t ns)
{
    cxm_rc_t        rc;
    unsigned        n;
    cxm_txn_t      *txn;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    txn = fixture_read(&f);
    cxm_row_key(&key);
    cxm_row_key_u8(&key, (uint8_t) ns);
    assert_int_equal(cxm_cursor_open(txn, CXM_T_INDEX, &cursor), CXM_OK);
    rc = cxm_cursor_seek(cursor, &key, &row);

    for (n = 0; rc == CXM_OK && cxm_row_within(&row, &key, 1); n++) {
        rc = cxm_cursor_next(cursor, &row);
    }

    cxm_cursor_close(cursor);
    cxm_txn_end(txn);

    return n;
}


/* Places of events of a customer in an entry, as "0 2 "; "" when none. */
static void
expect(const char *customer, uint64_t seq, const char *places)
{
    char           got[64] = "";
    size_t         n;
    uint8_t        hash[CXM_HASH_LEN];
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_txn_t     *txn;
    cxm_reader_t   rd;
    cxm_row_key_t  key;

    txn = fixture_read(&f);
    cxm_person_hash(f.store, CXM_PERSON_CUSTOMER_ID, cxm_strz(customer),
                    hash);
    cxm_touch_name_key(&key, hash, seq);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc == CXM_OK) {
        rd = cxm_reader(value.data, value.len);

        while (rd.pos != rd.end) {
            n = strlen(got);
            snprintf(got + n, sizeof(got) - n, "%d ",
                     (int) cxm_read_varint(&rd));
        }
    }

    assert_string_equal(got, places);
    cxm_txn_end(txn);
}


static cxm_reader_lag_t
lag(void)
{
    cxm_txn_t         *txn;
    cxm_reader_lag_t   out;

    txn = fixture_read(&f);
    assert_int_equal(cxm_reader_lag(txn, &cxm_touchpoint_reader, &out),
                     CXM_OK);
    cxm_txn_end(txn);

    return out;
}


/* --- tests -------------------------------------------------------------- */

static void
reading(void **state)
{
    uint64_t  first, second;

    (void) state;

    assert_false(run(0));
    assert_int_equal(lag().entries, 0);

    events("c1 - c2 c1 v1");
    first = head();
    events("c1");
    second = head();
    assert_int_equal(lag().entries, 2);
    assert_int_equal(lag().since, FIXTURE_DAY);

    assert_false(run(1));
    assert_int_equal(lag().entries, 0);
    expect("1", first, "0 3 ");
    expect("2", first, "2 ");
    expect("1", second, "0 ");
    expect("3", first, "");
    assert_int_equal(rows(CXM_NS_TOUCH_NAME), 4);
    assert_int_equal(rows(CXM_NS_TOUCH_ENTRY), 2);

    /* nothing is read twice, its own entry is nothing to read */

    assert_false(run(0));
    events("- -");
    assert_int_equal(lag().entries, 1);
    assert_false(run(1));
    assert_int_equal(lag().entries, 0);
    assert_false(run(0));
    assert_int_equal(rows(CXM_NS_TOUCH_NAME), 4);
}


static void
many(void **state)
{
    int       i, runs;
    uint64_t  from;

    (void) state;

    from = head();

    for (i = 0; i < 700; i++) {
        events("c1 v1 c2 v2");
    }

    for (runs = 1; run(1); runs++) {
        assert_true(lag().entries > 0);
    }

    assert_int_equal(runs, 2);
    assert_int_equal(head() - from, 700 + 2);
    assert_int_equal(rows(CXM_NS_TOUCH_NAME), 2800);
    expect("1", from + 1, "0 ");
    expect("2", from + 700, "2 ");
    fixture_verify(&f);
}


static void
dropped(void **state)
{
    uint64_t    first, second, third;
    cxm_txn_t  *txn;

    (void) state;

    events("c1 c2 v3");
    first = head();
    events("c1");
    second = head();
    events("c2");
    third = head();
    (void) run(1);

    txn = fixture_write(&f);
    assert_int_equal(cxm_touchpoint_names_drop(txn, 1, second), CXM_OK);
    fixture_commit(txn);

    expect("1", first, "");
    expect("2", first, "");
    expect("1", second, "");
    expect("2", third, "0 ");
    assert_int_equal(rows(CXM_NS_TOUCH_NAME), 1);
    assert_int_equal(rows(CXM_NS_TOUCH_ENTRY), 1);
}


/* Also of what was not read yet; what comes later is somebody else's. */
static void
forgotten(void **state)
{
    uint8_t     hash[CXM_HASH_LEN];
    uint64_t    slot, seq;
    cxm_txn_t   *txn;

    (void) state;

    events("c1 c2");
    seq = head();
    (void) run(1);
    events("c1");

    assert_int_equal(cxm_person_reserve(f.store, &err), CXM_OK);
    txn = fixture_write(&f);
    assert_int_equal(cxm_person_take(txn, &slot), CXM_OK);
    cxm_person_hash(f.store, CXM_PERSON_CUSTOMER_ID, cxm_str("1"), hash);
    assert_int_equal(cxm_person_apply(txn, slot, CXM_PERSON_CUSTOMER_ID,
                                      hash), CXM_OK);
    assert_int_equal(cxm_readers_forget(txn, slot, &err), CXM_OK);
    fixture_commit(txn);

    expect("1", seq, "");
    expect("2", seq, "1 ");
    assert_int_equal(rows(CXM_NS_TOUCH_NAME), 1);
    assert_int_equal(rows(CXM_NS_TOUCH_ENTRY), 1);

    events("c1");
    seq = head();
    (void) run(1);
    expect("1", seq, "0 ");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(reading, setup, teardown),
        cmocka_unit_test_setup_teardown(many, setup, teardown),
        cmocka_unit_test_setup_teardown(dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(forgotten, setup, teardown)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
