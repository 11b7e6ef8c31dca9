/*
 * Segment values as numbers.
 */

#include "cxm_dict.h"
#include "cxm_row.h"


#define CXM_DICT_FIRST  2
#define CXM_DICT_END    (CXM_DICT_FIRST + CXM_DICT_MAX)

static const cxm_str_t  cxm_dict_other = { sizeof("(other)") - 1, "(other)" };


static void
dict_key(cxm_row_key_t *key, cxm_ns_t ns, uint64_t survey, uint16_t segment)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, (uint8_t) ns);
    cxm_row_key_u64(key, survey);
    cxm_row_key_u16(key, segment);
}


static void
dict_text_key(cxm_row_key_t *key, uint64_t survey, uint16_t segment,
    uint32_t value)
{
    dict_key(key, CXM_NS_DICT_TEXT, survey, segment);
    cxm_row_key_u32(key, value);
}


/* The number after the last one given. */
static cxm_rc_t
dict_next(cxm_txn_t *txn, uint64_t survey, uint16_t segment, uint32_t *next)
{
    size_t          prefix;
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    dict_text_key(&key, survey, segment, UINT32_MAX);
    prefix = key.len - sizeof(uint32_t);
    *next = CXM_DICT_FIRST;

    rc = cxm_cursor_seek_back(cursor, &key, &row);

    if (rc == CXM_NOT_FOUND
        || (rc == CXM_OK && !cxm_row_within(&row, &key, prefix)))
    {
        rc = CXM_OK;

    } else if (rc == CXM_OK && row.key.len != key.len) {
        rc = CXM_CORRUPT;

    } else if (rc == CXM_OK) {
        *next = cxm_get_u32((const uint8_t *) row.key.data + prefix) + 1;
    }

    cxm_cursor_close(cursor);

    return rc;
}


static cxm_rc_t
dict_give(cxm_txn_t *txn, uint64_t survey, uint16_t segment, cxm_str_t text,
    uint32_t value)
{
    uint8_t        number[sizeof(uint32_t)];
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    dict_key(&key, CXM_NS_DICT, survey, segment);
    cxm_row_key_bytes(&key, text.data, text.len);
    cxm_put_u32(number, value);

    rc = cxm_row_put(txn, CXM_T_INDEX, &key,
                     (cxm_str_t) { sizeof(number), (char *) number });
    if (rc != CXM_OK) {
        return rc;
    }

    dict_text_key(&key, survey, segment, value);

    return cxm_row_put(txn, CXM_T_INDEX, &key, text);
}


cxm_rc_t
cxm_dict_assign(cxm_txn_t *txn, uint64_t survey, uint16_t segment,
    cxm_str_t text, uint32_t *value)
{
    cxm_rc_t  rc;

    if (text.len > CXM_DICT_TEXT) {
        return CXM_INTERNAL;
    }

    rc = cxm_dict_find(txn, survey, segment, text, value);
    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    rc = dict_next(txn, survey, segment, value);
    if (rc != CXM_OK) {
        return rc;
    }

    if (*value >= CXM_DICT_END) {
        *value = CXM_DICT_OTHER;
        return CXM_OK;
    }

    return dict_give(txn, survey, segment, text, *value);
}


cxm_rc_t
cxm_dict_find(cxm_txn_t *txn, uint64_t survey, uint16_t segment,
    cxm_str_t text, uint32_t *value)
{
    cxm_rc_t       rc;
    cxm_str_t      number;
    cxm_row_key_t  key;

    if (text.data == NULL) {
        *value = CXM_DICT_NULL;
        return CXM_OK;
    }

    if (cxm_str_eq(text, cxm_dict_other)) {
        *value = CXM_DICT_OTHER;
        return CXM_OK;
    }

    if (text.len > CXM_DICT_TEXT) {
        return CXM_NOT_FOUND;
    }

    dict_key(&key, CXM_NS_DICT, survey, segment);
    cxm_row_key_bytes(&key, text.data, text.len);

    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &number);
    if (rc != CXM_OK) {
        return rc;
    }

    if (number.len != sizeof(uint32_t)) {
        return CXM_CORRUPT;
    }

    *value = cxm_get_u32((const uint8_t *) number.data);

    return CXM_OK;
}


cxm_rc_t
cxm_dict_text(cxm_txn_t *txn, uint64_t survey, uint16_t segment,
    uint32_t value, cxm_str_t *text)
{
    cxm_row_key_t  key;

    if (value == CXM_DICT_NULL) {
        *text = (cxm_str_t) { 0, NULL };
        return CXM_OK;
    }

    if (value == CXM_DICT_OTHER) {
        *text = cxm_dict_other;
        return CXM_OK;
    }

    dict_text_key(&key, survey, segment, value);

    return cxm_row_get(txn, CXM_T_INDEX, &key, text);
}
