/*
 * Postings: sets of one range, and their rows.
 */

#include <stdlib.h>

#include "cxm_posting.h"


#define CXM_POSTING_LIST    0
#define CXM_POSTING_MAP     1
#define CXM_POSTING_BYTES   (CXM_POSTING_RANGE / 8)
/* a list is cut off behind the word that makes it too long */
#define CXM_POSTING_ROW     (1 + CXM_POSTING_BYTES + 64 * 3)


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

/* Differences of the members; NULL when they take more than all bits. */
static uint8_t *
cxm_postings_list(const cxm_postings_t *set, uint8_t *p)
{
    size_t    i;
    int64_t   bit, last;
    uint8_t  *most;
    uint64_t  word;

    last = -1;
    most = p + CXM_POSTING_BYTES;

    for (i = 0; i < CXM_POSTING_WORDS && p <= most; i++) {

        for (word = set->word[i]; word != 0; word &= word - 1) {
            bit = (int64_t) (i * 64) + __builtin_ctzll(word);
            p = cxm_put_varint(p, (uint64_t) (bit - last));
            last = bit;
        }
    }

    return p <= most ? p : NULL;
}


void
cxm_postings_encode(const cxm_postings_t *set, cxm_buf_t *out)
{
    size_t    i;
    uint8_t   row[CXM_POSTING_ROW], *p;

    row[0] = CXM_POSTING_LIST;
    p = cxm_postings_list(set, row + 1);

    if (p == NULL) {
        row[0] = CXM_POSTING_MAP;
        p = row + 1;

        for (i = 0; i < CXM_POSTING_WORDS; i++) {
            p = cxm_put_u64(p, set->word[i]);
        }
    }

    cxm_buf_put(out, row, (size_t) (p - row));
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


/* CXM_NOT_FOUND: there is no such row. */
static cxm_rc_t
cxm_posting_read(cxm_txn_t *txn, const cxm_row_key_t *key,
    cxm_postings_t *set)
{
    cxm_rc_t   rc;
    cxm_str_t  value;

    rc = cxm_row_get(txn, CXM_T_INDEX, key, &value);

    return rc == CXM_OK ? cxm_postings_decode(value, set) : rc;
}


/* --- changes ------------------------------------------------------------ */

typedef struct {
    cxm_posting_place_t  place;
    cxm_term_t           term;
    uint32_t             order;     /* of changes of one row */
    uint16_t             bit;
    uint8_t              put;
} cxm_posting_change_t;

typedef struct {
    size_t                 n, size;
    cxm_posting_change_t  *list;
} cxm_posting_changes_t;


static void
cxm_posting_destroy(void *data)
{
    cxm_posting_changes_t  *changes;

    changes = data;
    free(changes->list);
}


/* Order of keys in the table. */
static int
cxm_posting_compare_row(const cxm_posting_change_t *a,
    const cxm_posting_change_t *b)
{
    int  order;

    order = (a->place.ns > b->place.ns) - (a->place.ns < b->place.ns);

    if (order == 0) {
        order = (a->place.kind > b->place.kind)
                - (a->place.kind < b->place.kind);
    }

    if (order == 0) {
        order = (a->place.range > b->place.range)
                - (a->place.range < b->place.range);
    }

    return order != 0 ? order : memcmp(&a->term, &b->term, sizeof(a->term));
}


static int
cxm_posting_compare(const void *a, const void *b)
{
    int                          order;
    const cxm_posting_change_t  *x = a;
    const cxm_posting_change_t  *y = b;

    order = cxm_posting_compare_row(x, y);

    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}


/* All changes of one row. */
static cxm_rc_t
cxm_posting_write(cxm_txn_t *txn, const cxm_posting_change_t *change,
    size_t n)
{
    int             there;
    size_t          i;
    cxm_rc_t        rc;
    uint64_t       *word, mask;
    cxm_buf_t       value;
    cxm_row_key_t   key;
    cxm_postings_t  set;

    memset(&set, 0, sizeof(set));
    cxm_posting_key(&key, &change->place, &change->term);
    rc = cxm_posting_read(txn, &key, &set);
    there = rc == CXM_OK;

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    for (i = 0; i < n; i++) {
        word = &set.word[change[i].bit / 64];
        mask = (uint64_t) 1 << change[i].bit % 64;
        *word = change[i].put ? *word | mask : *word & ~mask;
    }

    if (cxm_postings_empty(&set)) {
        return there ? cxm_row_del(txn, CXM_T_INDEX, &key) : CXM_OK;
    }

    cxm_buf_init(&value, CXM_POSTING_ROW);
    cxm_postings_encode(&set, &value);

    rc = value.failed ? CXM_INTERNAL
                      : cxm_row_put(txn, CXM_T_INDEX, &key,
                                    cxm_buf_str(&value));
    cxm_buf_free(&value);

    return rc;
}


/* In the order of the table, so that its pages are met once. */
static cxm_rc_t
cxm_posting_flush(cxm_txn_t *txn, void *data)
{
    size_t                  i, first;
    cxm_rc_t                rc;
    cxm_posting_changes_t  *changes;

    changes = data;
    rc = CXM_OK;

    if (changes->n > 0) {
        qsort(changes->list, changes->n, sizeof(*changes->list),
              cxm_posting_compare);
    }

    for (first = 0; first < changes->n && rc == CXM_OK; first = i) {

        for (i = first + 1; i < changes->n; i++) {
            if (cxm_posting_compare_row(&changes->list[first],
                                        &changes->list[i]) != 0)
            {
                break;
            }
        }

        rc = cxm_posting_write(txn, &changes->list[first], i - first);
    }

    changes->n = 0;

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_posting_changes_t *
cxm_posting_changes(cxm_txn_t *txn)
{
    return cxm_txn_slot(txn, CXM_SLOT_POSTING, sizeof(cxm_posting_changes_t),
                        cxm_posting_destroy);
}


static cxm_rc_t
cxm_posting_change(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, uint32_t ordinal, int put)
{
    size_t                  size;
    cxm_posting_change_t   *list, *change;
    cxm_posting_changes_t  *changes;

    changes = cxm_posting_changes(txn);

    if (changes == NULL) {
        return CXM_INTERNAL;
    }

    if (changes->n == changes->size) {
        size = changes->size == 0 ? 64 : 2 * changes->size;
        list = realloc(changes->list, size * sizeof(*list));

        if (list == NULL) {
            return CXM_INTERNAL;
        }

        changes->list = list;
        changes->size = size;
    }

    change = &changes->list[changes->n];
    change->place = *place;
    change->term = *term;
    change->order = (uint32_t) changes->n++;
    change->bit = (uint16_t) (ordinal % CXM_POSTING_RANGE);
    change->put = (uint8_t) put;

    cxm_txn_gather(txn, CXM_SLOT_POSTING, cxm_posting_flush);

    return CXM_OK;
}


cxm_rc_t
cxm_posting_put(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, uint32_t ordinal)
{
    return cxm_posting_change(txn, place, term, ordinal, 1);
}


cxm_rc_t
cxm_posting_del(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, uint32_t ordinal)
{
    return cxm_posting_change(txn, place, term, ordinal, 0);
}


cxm_rc_t
cxm_postings_load(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, cxm_postings_t *set)
{
    cxm_rc_t                rc;
    cxm_row_key_t           key;
    cxm_posting_changes_t  *changes;

    changes = cxm_txn_writable(txn) ? cxm_posting_changes(txn) : NULL;

    if (changes != NULL && changes->n > 0) {
        rc = cxm_posting_flush(txn, changes);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    cxm_posting_key(&key, place, term);
    rc = cxm_posting_read(txn, &key, set);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}
