/*
 * Rows and cursors: keys, MACs, seals, order.
 */

#include "unit_store.h"
#include "cxm_store_int.h"


static void
key_of(cxm_row_key_t *key, uint64_t v)
{
    cxm_row_key(key);
    cxm_row_key_u64(key, v);
}


static void
put(cxm_txn_t *txn, uint64_t no, const char *text)
{
    cxm_row_key_t  key;

    key_of(&key, no);
    assert_int_equal(cxm_row_put(txn, CXM_T_DOC, &key, cxm_strz(text)),
                     CXM_OK);
}


static void
keys_are_ordered_and_bounded(void **state)
{
    uint8_t        fill[CXM_ROW_KEY_MAX];
    cxm_row_key_t  a, b;

    (void) state;
    memset(fill, 1, sizeof(fill));

    cxm_row_key(&a);
    cxm_row_key_u8(&a, 1);
    cxm_row_key_u16(&a, 0x0203);
    cxm_row_key_u32(&a, 0x04050607);
    cxm_row_key_u64(&a, 0x08090a0b0c0d0e0fULL);
    assert_int_equal(a.len, 15);
    assert_memory_equal(a.b, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 15);

    cxm_row_key(&b);
    cxm_row_key_bytes(&b, fill, sizeof(fill));
    assert_false(b.failed);
    cxm_row_key_u8(&b, 1);
    assert_true(b.failed);
    assert_int_equal(b.len, CXM_ROW_KEY_MAX);

    cxm_row_key(&b);
    cxm_row_key_bytes(&b, NULL, 0);
    assert_int_equal(b.len, 0);
    assert_false(b.failed);
}


static void
get_gives_what_was_put(void **state)
{
    cxm_str_t       value;
    cxm_txn_t      *txn;
    cxm_row_key_t   key;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    assert_false(cxm_txn_dirty(txn));
    put(txn, 1, "one");
    put(txn, 2, "");
    assert_true(cxm_txn_dirty(txn));

    key_of(&key, 1);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_OK);
    assert_true(cxm_str_eqz(value, "one"));
    unit_commit(txn);

    txn = unit_read(&unit);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_OK);
    assert_true(cxm_str_eqz(value, "one"));

    key_of(&key, 2);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_OK);
    assert_int_equal(value.len, 0);

    key_of(&key, 3);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_row_get(txn, CXM_T_INDEX, &key, &value),
                     CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


static void
a_value_may_lie_in_the_table(void **state)
{
    int             i;
    cxm_str_t       value;
    cxm_txn_t      *txn;
    cxm_row_key_t   key;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);

    for (i = 0; i < 50; i++) {
        put(txn, (uint64_t) i, "some text that is long enough to move");
    }

    for (i = 0; i < 50; i++) {
        key_of(&key, (uint64_t) i);
        assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_OK);
        key_of(&key, (uint64_t) (1000 - i));
        assert_int_equal(cxm_row_put(txn, CXM_T_DOC, &key, value), CXM_OK);
    }

    for (i = 0; i < 50; i++) {
        key_of(&key, (uint64_t) (1000 - i));
        assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_OK);
        assert_true(cxm_str_eqz(value,
                                "some text that is long enough to move"));
    }

    cxm_txn_end(txn);
}


static void
delete(void **state)
{
    cxm_str_t       value;
    cxm_txn_t      *txn;
    cxm_row_key_t   key;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    key_of(&key, 1);
    assert_int_equal(cxm_row_del(txn, CXM_T_DOC, &key), CXM_NOT_FOUND);
    assert_false(cxm_txn_dirty(txn));
    put(txn, 1, "one");
    assert_int_equal(cxm_row_del(txn, CXM_T_DOC, &key), CXM_OK);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value),
                     CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


static void
bad_keys_and_read_transactions_write_nothing(void **state)
{
    uint8_t         fill[CXM_ROW_KEY_MAX + 1] = { 1 };
    cxm_str_t       value;
    cxm_txn_t      *txn;
    cxm_error_t     err;
    cxm_row_key_t   key;

    (void) state;
    txn = unit_read(&unit);
    key_of(&key, 1);
    assert_int_equal(cxm_row_put(txn, CXM_T_DOC, &key, cxm_str("x")),
                     CXM_INTERNAL);
    assert_int_equal(cxm_row_del(txn, CXM_T_DOC, &key), CXM_INTERNAL);
    cxm_txn_end(txn);

    txn = unit_write(&unit, UNIT_NOW);
    put(txn, 1, "one");
    cxm_row_key(&key);
    cxm_row_key_bytes(&key, fill, sizeof(fill));
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_INTERNAL);
    assert_int_equal(cxm_row_put(txn, CXM_T_DOC, &key, cxm_str("x")),
                     CXM_INTERNAL);

    /* whoever overlooks that cannot commit */

    assert_int_equal(cxm_txn_commit(txn, &err), CXM_INTERNAL);
    txn = unit_read(&unit);
    key_of(&key, 1);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value),
                     CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


static void
sealed_rows(void **state)
{
    cxm_str_t       raw;
    cxm_buf_t       out;
    cxm_txn_t      *txn;
    cxm_row_key_t   key;

    (void) state;
    cxm_buf_init(&out, 1024);
    txn = unit_write(&unit, UNIT_NOW);
    key_of(&key, 1);
    assert_int_equal(cxm_row_put_sealed(txn, CXM_T_DOC, &key,
                                        cxm_str("a secret text")), CXM_OK);
    assert_int_equal(cxm_row_get_sealed(txn, CXM_T_DOC, &key, &out), CXM_OK);
    assert_true(cxm_str_eqz(cxm_buf_str(&out), "a secret text"));

    assert_int_equal(cxm_row_raw(txn, CXM_T_DOC, cxm_row_key_str(&key), &raw),
                     CXM_OK);
    assert_int_equal(raw.len, 13 + CXM_SEAL_EXTRA);
    assert_null(memmem(raw.data, raw.len, "secret", 6));

    key_of(&key, 2);
    assert_int_equal(cxm_row_get_sealed(txn, CXM_T_DOC, &key, &out),
                     CXM_NOT_FOUND);
    cxm_txn_end(txn);
    cxm_buf_free(&out);
}


/* Puts bytes past the API, as damage would. */
static void
forge(cxm_txn_t *txn, cxm_table_t table, uint64_t no, cxm_str_t raw)
{
    uint8_t   key[8];
    MDB_val   k, v;

    cxm_put_u64(key, no);
    k = (MDB_val) { sizeof(key), key };
    v = (MDB_val) { raw.len, (void *) raw.data };
    assert_int_equal(mdb_put(txn->mdb, txn->store->dbi[table], &k, &v, 0), 0);
}


static void
every_flipped_bit_is_found(void **state)
{
    char            copy[64];
    size_t          i, len;
    cxm_buf_t       out;
    cxm_str_t       raw, value;
    cxm_txn_t      *txn;
    cxm_row_key_t   key;

    (void) state;
    cxm_buf_init(&out, 1024);
    txn = unit_write(&unit, UNIT_NOW);
    key_of(&key, 1);
    put(txn, 1, "text");
    assert_int_equal(cxm_row_raw(txn, CXM_T_DOC, cxm_row_key_str(&key), &raw),
                     CXM_OK);
    len = raw.len;
    memcpy(copy, raw.data, len);

    for (i = 0; i < len * 8; i++) {
        copy[i / 8] ^= (char) (1 << i % 8);
        forge(txn, CXM_T_DOC, 1, (cxm_str_t) { len, copy });
        assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value),
                         CXM_CORRUPT);
        copy[i / 8] ^= (char) (1 << i % 8);
    }

    assert_int_equal(unit_alerts, len * 8);
    assert_non_null(strstr(unit_alert, "\"doc\""));
    assert_non_null(strstr(unit_alert, "0000000000000001"));

    forge(txn, CXM_T_DOC, 1, (cxm_str_t) { 15, copy });
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_CORRUPT);

    /* a sound row in another place, of table or of key, is none */

    forge(txn, CXM_T_DOC, 2, (cxm_str_t) { len, copy });
    forge(txn, CXM_T_INDEX, 1, (cxm_str_t) { len, copy });
    assert_int_equal(cxm_row_get(txn, CXM_T_INDEX, &key, &value),
                     CXM_CORRUPT);
    key_of(&key, 2);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_CORRUPT);

    key_of(&key, 1);
    assert_int_equal(cxm_row_put_sealed(txn, CXM_T_DOC, &key, cxm_str("s")),
                     CXM_OK);
    assert_int_equal(cxm_row_raw(txn, CXM_T_DOC, cxm_row_key_str(&key), &raw),
                     CXM_OK);
    len = raw.len;
    memcpy(copy, raw.data, len);

    for (i = 0; i < len * 8; i++) {
        copy[i / 8] ^= (char) (1 << i % 8);
        forge(txn, CXM_T_DOC, 1, (cxm_str_t) { len, copy });
        assert_int_equal(cxm_row_get_sealed(txn, CXM_T_DOC, &key, &out),
                         CXM_CORRUPT);
        copy[i / 8] ^= (char) (1 << i % 8);
    }

    forge(txn, CXM_T_DOC, 7, (cxm_str_t) { len, copy });
    key_of(&key, 7);
    assert_int_equal(cxm_row_get_sealed(txn, CXM_T_DOC, &key, &out),
                     CXM_CORRUPT);
    assert_int_equal(out.len, 0);

    cxm_txn_end(txn);
    cxm_buf_free(&out);
}


static void
assert_row(cxm_txn_t *txn, const cxm_raw_row_t *row, uint64_t no)
{
    cxm_str_t  value;

    assert_int_equal(row->key.len, 8);
    assert_int_equal(cxm_get_u64((const uint8_t *) row->key.data), no);
    assert_int_equal(cxm_row_check(txn, CXM_T_DOC, row, &value), CXM_OK);
    assert_true(cxm_str_eqz(value, "v"));
}


static void
cursors(void **state)
{
    cxm_txn_t      *txn;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_cursor_open(txn, CXM_T_DOC, &cursor), CXM_OK);
    cxm_row_key(&key);
    assert_int_equal(cxm_cursor_seek(cursor, &key, &row), CXM_NOT_FOUND);
    key_of(&key, 1);
    assert_int_equal(cxm_cursor_seek_back(cursor, &key, &row),
                     CXM_NOT_FOUND);
    cxm_cursor_close(cursor);

    put(txn, 10, "v");
    put(txn, 20, "v");
    put(txn, 300, "v");
    unit_commit(txn);

    txn = unit_read(&unit);
    assert_int_equal(cxm_cursor_open(txn, CXM_T_DOC, &cursor), CXM_OK);

    cxm_row_key(&key);
    assert_int_equal(cxm_cursor_seek(cursor, &key, &row), CXM_OK);
    assert_row(txn, &row, 10);
    assert_int_equal(cxm_cursor_seek_back(cursor, &key, &row),
                     CXM_NOT_FOUND);

    key_of(&key, 11);
    assert_int_equal(cxm_cursor_seek(cursor, &key, &row), CXM_OK);
    assert_row(txn, &row, 20);
    assert_int_equal(cxm_cursor_next(cursor, &row), CXM_OK);
    assert_row(txn, &row, 300);
    assert_true(cxm_row_within(&row, &key, 6));
    assert_false(cxm_row_within(&row, &key, 7));
    assert_true(cxm_row_within(&row, &key, 0));
    assert_false(cxm_row_within(&row, &key, 9));
    assert_int_equal(cxm_cursor_next(cursor, &row), CXM_NOT_FOUND);

    key_of(&key, 20);
    assert_int_equal(cxm_cursor_seek_back(cursor, &key, &row), CXM_OK);
    assert_row(txn, &row, 20);
    key_of(&key, 299);
    assert_int_equal(cxm_cursor_seek_back(cursor, &key, &row), CXM_OK);
    assert_row(txn, &row, 20);
    assert_int_equal(cxm_cursor_prev(cursor, &row), CXM_OK);
    assert_row(txn, &row, 10);
    assert_int_equal(cxm_cursor_prev(cursor, &row), CXM_NOT_FOUND);
    key_of(&key, UINT64_MAX);
    assert_int_equal(cxm_cursor_seek_back(cursor, &key, &row), CXM_OK);
    assert_row(txn, &row, 300);
    key_of(&key, 9);
    assert_int_equal(cxm_cursor_seek_back(cursor, &key, &row),
                     CXM_NOT_FOUND);

    cxm_cursor_close(cursor);
    cxm_cursor_close(NULL);
    cxm_txn_end(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(keys_are_ordered_and_bounded),
        UNIT_STORE_TEST(get_gives_what_was_put),
        UNIT_STORE_TEST(a_value_may_lie_in_the_table),
        UNIT_STORE_TEST(delete),
        UNIT_STORE_TEST(bad_keys_and_read_transactions_write_nothing),
        UNIT_STORE_TEST(sealed_rows),
        UNIT_STORE_TEST(every_flipped_bit_is_found),
        UNIT_STORE_TEST(cursors)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
