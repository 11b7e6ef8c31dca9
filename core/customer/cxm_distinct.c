/*
 * Customers who are not the same person.
 */

#include "cxm_duplicate.h"
#include "cxm_json.h"


static void
distinct_key(cxm_row_key_t *key, const cxm_uuid_t *a, const cxm_uuid_t *b)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_DISTINCT);
    cxm_row_key_bytes(key, a->b, sizeof(a->b));
    cxm_row_key_bytes(key, b->b, sizeof(b->b));
}


/* --- the kind ----------------------------------------------------------- */

static cxm_rc_t
apply_way(cxm_txn_t *txn, const cxm_uuid_t *a, const cxm_uuid_t *b,
    uint64_t seq, int distinct)
{
    uint8_t        value[CXM_VARINT_MAX], *end;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    distinct_key(&key, a, b);

    if (distinct) {
        end = cxm_put_varint(value, seq);

        return cxm_row_put(txn, CXM_T_INDEX, &key,
                           (cxm_str_t) { (size_t) (end - value),
                                         (const char *) value });
    }

    rc = cxm_row_del(txn, CXM_T_INDEX, &key);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
distinct_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    int           distinct;
    json_t       *both;
    cxm_rc_t      rc;
    cxm_uuid_t    a, b;

    both = json_object_get(entry->body, "customers");
    distinct = cxm_json_get_bool(entry->body, "distinct", 0);

    if (entry->action != CXM_ACTION_ADD
        || cxm_uuid_parse(cxm_json_str(json_array_get(both, 0)), &a) != CXM_OK
        || cxm_uuid_parse(cxm_json_str(json_array_get(both, 1)), &b) != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    rc = apply_way(txn, &a, &b, entry->seq, distinct);

    return rc == CXM_OK ? apply_way(txn, &b, &a, entry->seq, distinct) : rc;
}


const cxm_kind_t  cxm_kind_distinct = {
    .no = CXM_KIND_DISTINCT,
    .version = 1,
    .name = "distinct",
    .apply = distinct_apply
};


/* --- asking ------------------------------------------------------------- */

cxm_rc_t
cxm_distinct_said(cxm_txn_t *txn, const cxm_uuid_t *a, const cxm_uuid_t *b,
    uint64_t *seq)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_reader_t   rd;
    cxm_row_key_t  key;

    distinct_key(&key, a, b);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc != CXM_OK) {
        return rc;
    }

    rd = cxm_reader(value.data, value.len);
    *seq = cxm_read_varint(&rd);

    return rd.failed || rd.pos != rd.end ? CXM_CORRUPT : CXM_OK;
}


/* Who is not the other is not who the other was merged into, either. */
cxm_rc_t
cxm_distinct(cxm_txn_t *txn, const cxm_uuid_t *a, const cxm_uuid_t *b)
{
    uint64_t             seq;
    cxm_rc_t             rc;
    unsigned             i, j;
    cxm_record_parts_t   of_a, of_b;

    rc = cxm_record_parts(txn, &cxm_record_customer, a, &of_a);

    if (rc == CXM_OK) {
        rc = cxm_record_parts(txn, &cxm_record_customer, b, &of_b);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    rc = CXM_NOT_FOUND;

    for (i = 0; i < of_a.n && rc == CXM_NOT_FOUND; i++) {
        for (j = 0; j < of_b.n && rc == CXM_NOT_FOUND; j++) {
            rc = cxm_distinct_said(txn, &of_a.id[i], &of_b.id[j], &seq);
        }
    }

    return rc;
}


cxm_rc_t
cxm_distinct_set(cxm_txn_t *txn, uint64_t actor, const cxm_uuid_t *a,
    const cxm_uuid_t *b, int distinct, int *changed, cxm_error_t *err)
{
    char      x[CXM_UUID_LEN + 1], y[CXM_UUID_LEN + 1];
    cxm_rc_t  rc;
    uint64_t  seq;

    rc = cxm_distinct_said(txn, a, b, &seq);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return cxm_fail(err, rc, NULL, "Two customers cannot be looked up.");
    }

    *changed = distinct != (rc == CXM_OK);

    if (!*changed) {
        return CXM_OK;
    }

    cxm_uuid_format(a, x);
    cxm_uuid_format(b, y);

    return cxm_journal_add(txn, CXM_KIND_DISTINCT, actor,
                           json_pack("{s[ss] sb}", "customers", x, y,
                                     "distinct", distinct), err);
}


cxm_rc_t
cxm_distinct_each(cxm_txn_t *txn, const cxm_uuid_t *customer,
    const cxm_uuid_t *after, unsigned limit, cxm_distinct_pt fn, void *ctx)
{
    cxm_rc_t        rc;
    cxm_str_t       value;
    cxm_uuid_t      other;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;
    cxm_reader_t    rd;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    distinct_key(&key, customer, after);

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && limit > 0 && row.key.len == key.len
             && cxm_row_within(&row, &key, key.len - sizeof(other.b));
         rc = cxm_cursor_next(cursor, &row))
    {
        memcpy(other.b, row.key.data + key.len - sizeof(other.b),
               sizeof(other.b));

        if (memcmp(&other, after, sizeof(other)) == 0) {
            continue;
        }

        rc = cxm_row_check(txn, CXM_T_INDEX, &row, &value);
        rd = cxm_reader(value.data, rc == CXM_OK ? value.len : 0);
        limit--;

        if (rc != CXM_OK || fn(ctx, &other, cxm_read_varint(&rd))) {
            break;
        }
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}
