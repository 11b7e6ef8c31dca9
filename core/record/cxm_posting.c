/*
 * Postings: sets of one range, and their rows.
 */

#include "cxm_posting.h"


#define CXM_POSTING_LIST    0
#define CXM_POSTING_MAP     1
#define CXM_POSTING_BYTES   (CXM_POSTING_RANGE / 8)
#define CXM_POSTING_ROW     (2 * CXM_POSTING_BYTES)     /* a list cut off */


/* --- sets --------------------------------------------------------------- */

int
cxm_postings_empty(const cxm_postings_t *set)
{
    size_t    i;
    uint64_t  any;

    any = 0;

    for (i = 0; i < CXM_POSTING_WORDS; i++) {
        any |= set->word[i];
    }

    return any == 0;
}


void
cxm_postings_and(cxm_postings_t *set, const cxm_postings_t *other)
{
    size_t  i;

    for (i = 0; i < CXM_POSTING_WORDS; i++) {
        set->word[i] &= other->word[i];
    }
}


void
cxm_postings_less(cxm_postings_t *set, const cxm_postings_t *other)
{
    size_t  i;

    for (i = 0; i < CXM_POSTING_WORDS; i++) {
        set->word[i] &= ~other->word[i];
    }
}


int
cxm_postings_last(const cxm_postings_t *set, unsigned below)
{
    size_t    i;
    uint64_t  word;

    for (i = (below + 63) / 64; i > 0; i--) {
        word = set->word[i - 1];

        if (below < i * 64) {
            word &= ((uint64_t) 1 << below % 64) - 1;
        }

        if (word != 0) {
            return (int) (i * 64) - 1 - __builtin_clzll(word);
        }
    }

    return -1;
}


static void
cxm_postings_set(cxm_postings_t *set, unsigned bit)
{
    set->word[bit / 64] |= (uint64_t) 1 << bit % 64;
}


/* --- the payload -------------------------------------------------------- */

void
cxm_postings_encode(const cxm_postings_t *set, cxm_buf_t *out)
{
    size_t    i, start;
    int64_t   bit, last;
    uint8_t   b[8];
    uint64_t  word;

    start = out->len;
    last = -1;
    cxm_buf_putc(out, CXM_POSTING_LIST);

    for (i = 0; i < CXM_POSTING_WORDS; i++) {

        for (word = set->word[i]; word != 0; word &= word - 1) {
            bit = (int64_t) (i * 64) + __builtin_ctzll(word);
            cxm_buf_varint(out, (uint64_t) (bit - last));
            last = bit;
        }

        if (out->len - start > CXM_POSTING_BYTES) {
            break;
        }
    }

    if (i == CXM_POSTING_WORDS || out->failed) {
        return;
    }

    out->len = start;
    cxm_buf_putc(out, CXM_POSTING_MAP);

    for (i = 0; i < CXM_POSTING_WORDS; i++) {
        cxm_put_u64(b, set->word[i]);
        cxm_buf_put(out, b, sizeof(b));
    }
}


cxm_rc_t
cxm_postings_decode(cxm_str_t payload, cxm_postings_t *set)
{
    size_t          i;
    uint8_t         form;
    uint64_t        bit, step;
    cxm_reader_t    rd;
    const uint8_t  *p;

    rd = cxm_reader(payload.data, payload.len);
    form = cxm_read_u8(&rd);

    if (form == CXM_POSTING_MAP) {
        p = cxm_read_bytes(&rd, CXM_POSTING_BYTES);

        for (i = 0; p != NULL && i < CXM_POSTING_WORDS; i++) {
            set->word[i] |= cxm_get_u64(p + 8 * i);
        }

        return rd.failed || rd.pos != rd.end ? CXM_CORRUPT : CXM_OK;
    }

    bit = (uint64_t) -1;

    while (rd.pos != rd.end && form == CXM_POSTING_LIST) {
        step = cxm_read_varint(&rd);
        bit += step;

        if (step == 0 || step > CXM_POSTING_RANGE || bit >= CXM_POSTING_RANGE)
        {
            return CXM_CORRUPT;
        }

        cxm_postings_set(set, (unsigned) bit);
    }

    return rd.failed || form != CXM_POSTING_LIST ? CXM_CORRUPT : CXM_OK;
}


/* --- rows --------------------------------------------------------------- */

static void
cxm_posting_key(cxm_row_key_t *key, const cxm_posting_place_t *place,
    const cxm_term_t *term)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, place->ns);
    cxm_row_key_u8(key, place->kind);
    cxm_row_key_u32(key, place->range);
    cxm_row_key_bytes(key, term->b, sizeof(term->b));
}


cxm_rc_t
cxm_postings_load(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, cxm_postings_t *set)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    cxm_posting_key(&key, place, term);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    return rc == CXM_OK ? cxm_postings_decode(value, set)
           : rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
cxm_posting_store(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, const cxm_postings_t *set)
{
    cxm_rc_t       rc;
    cxm_buf_t      value;
    cxm_row_key_t  key;

    cxm_posting_key(&key, place, term);

    if (cxm_postings_empty(set)) {
        return cxm_row_del(txn, CXM_T_INDEX, &key);
    }

    cxm_buf_init(&value, CXM_POSTING_ROW);
    cxm_postings_encode(set, &value);

    rc = value.failed ? CXM_INTERNAL
                      : cxm_row_put(txn, CXM_T_INDEX, &key,
                                    cxm_buf_str(&value));
    cxm_buf_free(&value);

    return rc;
}


cxm_rc_t
cxm_posting_put(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, uint32_t ordinal)
{
    cxm_rc_t        rc;
    cxm_postings_t  set;

    memset(&set, 0, sizeof(set));
    rc = cxm_postings_load(txn, place, term, &set);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_postings_set(&set, ordinal % CXM_POSTING_RANGE);

    return cxm_posting_store(txn, place, term, &set);
}


cxm_rc_t
cxm_posting_del(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, uint32_t ordinal)
{
    cxm_rc_t        rc;
    unsigned        bit;
    cxm_postings_t  set;

    memset(&set, 0, sizeof(set));
    rc = cxm_postings_load(txn, place, term, &set);

    if (rc != CXM_OK) {
        return rc;
    }

    bit = ordinal % CXM_POSTING_RANGE;
    set.word[bit / 64] &= ~((uint64_t) 1 << bit % 64);

    return cxm_posting_store(txn, place, term, &set);
}
