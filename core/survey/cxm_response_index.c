/*
 * Ways to an answer: from its id, and from a person.
 */

#include "cxm_response_row.h"
#include "cxm_said.h"


cxm_rc_t
cxm_response_locate(cxm_txn_t *txn, const cxm_uuid_t *id, uint64_t *survey,
    uint64_t *no)
{
    return cxm_said_locate(txn, CXM_KIND_RESPONSE, id, survey, no);
}


static void
person_key(cxm_row_key_t *key, uint64_t slot, uint64_t no)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_PERSON_RESPONSE);
    cxm_row_key_u64(key, slot);
    cxm_row_key_u64(key, no);
}


cxm_rc_t
cxm_response_index_person(cxm_txn_t *txn, uint64_t slot, uint64_t survey,
    uint64_t no)
{
    uint8_t        value[CXM_VARINT_MAX], *end;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    rc = cxm_person_gone(txn, slot, NULL);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    person_key(&key, slot, no);
    end = cxm_put_varint(value, survey);

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { (size_t) (end - value),
                                     (const char *) value });
}


cxm_rc_t
cxm_response_unindex_person(cxm_txn_t *txn, uint64_t slot, uint64_t no)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    person_key(&key, slot, no);
    rc = cxm_row_del(txn, CXM_T_INDEX, &key);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* The answer at `at`, or the next one there is in that direction. */
static cxm_rc_t
person_answer(cxm_txn_t *txn, uint64_t slot, uint64_t at, int down,
    uint64_t *survey, uint64_t *no)
{
    cxm_rc_t        rc;
    cxm_str_t       value;
    cxm_reader_t    rd;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    person_key(&key, slot, at);

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = down ? cxm_cursor_seek_back(cursor, &key, &row)
              : cxm_cursor_seek(cursor, &key, &row);

    if (rc == CXM_OK && (row.key.len != key.len
                         || !cxm_row_within(&row, &key, 1 + 8)))
    {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        rc = cxm_row_check(txn, CXM_T_INDEX, &row, &value);
    }

    if (rc == CXM_OK) {
        rd = cxm_reader(value.data, value.len);
        *survey = cxm_read_varint(&rd);
        rc = rd.failed || rd.pos != rd.end ? CXM_CORRUPT : CXM_OK;
    }

    if (rc == CXM_OK) {
        *no = cxm_get_u64((const uint8_t *) row.key.data + 1 + 8);
    }

    cxm_cursor_close(cursor);

    return rc;
}


cxm_rc_t
cxm_response_of_person(cxm_txn_t *txn, uint64_t slot, uint64_t before,
    uint64_t *survey, uint64_t *no)
{
    return before == 0 ? CXM_NOT_FOUND
                       : person_answer(txn, slot, before - 1, 1, survey, no);
}


cxm_rc_t
cxm_response_of_person_from(cxm_txn_t *txn, uint64_t slot, uint64_t from,
    uint64_t *survey, uint64_t *no)
{
    return person_answer(txn, slot, from, 0, survey, no);
}


cxm_rc_t
cxm_response_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    uint64_t       survey, no;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    no = UINT64_MAX;

    for ( ;; ) {
        rc = cxm_response_of_person(txn, slot, no, &survey, &no);

        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_OK : rc;
        }

        person_key(&key, slot, no);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);

        if (rc != CXM_OK) {
            return rc;
        }

        ++*kept;
    }
}
