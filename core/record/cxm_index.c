/*
 * The rows of indexes, and what of them a document has.
 */

#include <stdlib.h>

#include "cxm_index_value.h"


/*
 * What comes from shared members, and what from personal ones: the values of
 * these begin with the person's slot, u64 (cxm_lookup.h).
 */
typedef struct {
    cxm_ns_t  keys, postings, terms;
    size_t    slot_len;
} cxm_index_part_t;

static const cxm_index_part_t  cxm_index_parts[] = {
    { CXM_NS_DOC_KEY, CXM_NS_DOC_POSTINGS, CXM_NS_DOC_TERMS, 0 },
    { CXM_NS_DOC_KEY_PERSONAL, CXM_NS_DOC_POSTINGS_PERSONAL,
      CXM_NS_DOC_TERMS_PERSONAL, 8 }
};

#define CXM_INDEX_SHARED    0
#define CXM_INDEX_PERSONAL  1
#define CXM_INDEX_PARTS     2

/* A document's indexes of one part while they change. */
typedef struct {
    cxm_txn_t               *txn;
    const cxm_index_part_t  *part;
    uint8_t                  kind;
    uint64_t                 no;
    uint64_t                 slot;
    uint64_t                 old_slot;
    uint32_t                 ordinal;   /* 0: none yet */
    cxm_index_terms_t        old;
    cxm_index_terms_t        now;
} cxm_indexing_t;


/* --- keys --------------------------------------------------------------- */

/* The number in a value, behind `skip` bytes. */
static cxm_rc_t
cxm_index_number(cxm_txn_t *txn, const cxm_row_key_t *key, size_t skip,
    uint64_t *no)
{
    cxm_rc_t   rc;
    cxm_str_t  value;

    rc = cxm_row_get(txn, CXM_T_INDEX, key, &value);

    if (rc == CXM_OK && value.len != skip + 8) {
        rc = CXM_CORRUPT;
    }

    if (rc == CXM_OK) {
        *no = cxm_get_u64((const uint8_t *) value.data + skip);
    }

    return rc;
}


static void
cxm_index_key_row(cxm_row_key_t *key, cxm_ns_t ns, unsigned kind,
    const uint8_t hash[CXM_HASH_LEN])
{
    cxm_row_key(key);
    cxm_row_key_u8(key, (uint8_t) ns);
    cxm_row_key_u8(key, (uint8_t) kind);
    cxm_row_key_bytes(key, hash, CXM_HASH_LEN);
}


static cxm_rc_t
cxm_index_key_add(cxm_indexing_t *doc, const void *item)
{
    uint8_t        b[16];
    uint64_t       other;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    cxm_index_key_row(&key, doc->part->keys, doc->kind, item);
    rc = cxm_index_number(doc->txn, &key, doc->part->slot_len, &other);

    if (rc != CXM_NOT_FOUND) {
        return rc == CXM_OK ? CXM_CORRUPT : rc;
    }

    cxm_put_u64(b, doc->slot);
    cxm_put_u64(b + doc->part->slot_len, doc->no);

    return cxm_row_put(doc->txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { doc->part->slot_len + 8,
                                     (const char *) b });
}


static cxm_rc_t
cxm_index_key_drop(cxm_indexing_t *doc, const void *item)
{
    cxm_row_key_t  key;

    cxm_index_key_row(&key, doc->part->keys, doc->kind, item);

    return cxm_row_del(doc->txn, CXM_T_INDEX, &key);
}


/* Of whichever part: which document has the value. */
static cxm_rc_t
cxm_index_holder(cxm_txn_t *txn, unsigned kind,
    const cxm_index_value_t *value, uint64_t *no)
{
    size_t         i;
    uint8_t        hash[CXM_HASH_LEN];
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    rc = cxm_index_hash(cxm_txn_store(txn), value, hash);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = CXM_NOT_FOUND;

    for (i = 0; i < CXM_INDEX_PARTS && rc == CXM_NOT_FOUND; i++) {
        cxm_index_key_row(&key, cxm_index_parts[i].keys, kind, hash);
        rc = cxm_index_number(txn, &key, cxm_index_parts[i].slot_len, no);
    }

    return rc;
}


cxm_rc_t
cxm_index_find(cxm_txn_t *txn, cxm_kind_no_t kind, const cxm_field_t *field,
    cxm_str_t value, uint64_t *no)
{
    cxm_rc_t           rc;
    cxm_index_value_t  sought;

    memset(&sought, 0, sizeof(sought));
    sought.field = field;
    sought.path = cxm_strz(field->name);
    sought.value = json_stringn(value.data, value.len);

    rc = sought.value == NULL ? CXM_NOT_FOUND
                              : cxm_index_holder(txn, kind, &sought, no);
    json_decref((json_t *) sought.value);

    return rc;
}


typedef struct {
    cxm_txn_t    *txn;
    uint8_t       kind;
    uint64_t      no;
    cxm_rc_t      rc;
    cxm_error_t  *err;
} cxm_index_taken_t;


/* A cxm_index_pt. */
static void
cxm_index_taken(void *ctx, const cxm_index_value_t *value)
{
    uint64_t            other;
    cxm_rc_t            rc;
    cxm_index_taken_t  *taken;

    taken = ctx;

    if (!(value->flags & CXM_FIELD_KEY)) {
        return;
    }

    rc = cxm_index_holder(taken->txn, taken->kind, value, &other);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        taken->rc = rc;

    } else if (rc == CXM_OK && other != taken->no) {
        if (taken->rc == CXM_OK) {
            taken->rc = cxm_fail(taken->err, CXM_CONFLICT, "value_taken",
                                 "Another one has this value.");
        }

        (void) cxm_issue(taken->err, value->pointer, "taken",
                         "Another one has this value.");
    }
}


cxm_rc_t
cxm_index_free(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no,
    const cxm_fields_t *table, const json_t *document, cxm_error_t *err)
{
    cxm_index_taken_t  taken;

    taken.txn = txn;
    taken.kind = (uint8_t) kind;
    taken.no = no;
    taken.rc = CXM_OK;
    taken.err = err;

    cxm_index_walk(table, document, cxm_index_taken, &taken);

    return taken.rc == CXM_OK || taken.rc == CXM_CONFLICT
           ? taken.rc
           : cxm_fail(err, taken.rc, NULL, "An index cannot be read.");
}


/* --- ordinals ----------------------------------------------------------- */

static void
cxm_index_ordinal_row(cxm_row_key_t *key, unsigned kind, uint32_t ordinal)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_DOC_ORDINAL);
    cxm_row_key_u8(key, (uint8_t) kind);
    cxm_row_key_u32(key, ordinal);
}


cxm_rc_t
cxm_index_last(cxm_txn_t *txn, cxm_kind_no_t kind, uint32_t *last)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    *last = 0;
    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_index_ordinal_row(&key, kind, UINT32_MAX);
    rc = cxm_cursor_seek_back(cursor, &key, &row);

    if (rc == CXM_OK && row.key.len == key.len
        && cxm_row_within(&row, &key, 2))
    {
        *last = cxm_get_u32((const uint8_t *) row.key.data + 2);
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_index_doc(cxm_txn_t *txn, cxm_kind_no_t kind, uint32_t ordinal,
    uint64_t *no)
{
    cxm_row_key_t  key;

    cxm_index_ordinal_row(&key, kind, ordinal);

    return cxm_index_number(txn, &key, 0, no);
}


static cxm_rc_t
cxm_index_next(cxm_indexing_t *doc)
{
    uint8_t        b[8];
    uint32_t       last;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    rc = cxm_index_last(doc->txn, doc->kind, &last);

    if (rc != CXM_OK || last == UINT32_MAX) {
        return rc == CXM_OK ? CXM_FULL : rc;
    }

    doc->ordinal = last + 1;
    cxm_index_ordinal_row(&key, doc->kind, doc->ordinal);
    cxm_put_u64(b, doc->no);

    return cxm_row_put(doc->txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { sizeof(b), (const char *) b });
}


/* --- terms -------------------------------------------------------------- */

static void
cxm_index_place(const cxm_indexing_t *doc, cxm_posting_place_t *place)
{
    place->ns = (uint8_t) doc->part->postings;
    place->kind = doc->kind;
    place->range = doc->ordinal >> CXM_POSTING_BITS;
}


static cxm_rc_t
cxm_index_term_add(cxm_indexing_t *doc, const void *item)
{
    cxm_posting_place_t  place;

    cxm_index_place(doc, &place);

    return cxm_posting_put(doc->txn, &place, item, doc->ordinal);
}


static cxm_rc_t
cxm_index_term_drop(cxm_indexing_t *doc, const void *item)
{
    cxm_posting_place_t  place;

    cxm_index_place(doc, &place);

    return cxm_posting_del(doc->txn, &place, item, doc->ordinal);
}


/* --- what a document has ------------------------------------------------ */

static void
cxm_index_terms_row(const cxm_indexing_t *doc, cxm_row_key_t *key)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, (uint8_t) doc->part->terms);
    cxm_row_key_u8(key, doc->kind);
    cxm_row_key_u64(key, doc->no);
}


static cxm_rc_t
cxm_index_decode(cxm_indexing_t *doc, cxm_str_t value)
{
    size_t          rest;
    cxm_reader_t    rd;
    const uint8_t  *slot, *keys, *terms;

    rd = cxm_reader(value.data, value.len);
    slot = cxm_read_bytes(&rd, doc->part->slot_len);
    doc->ordinal = (uint32_t) cxm_read_varint(&rd);
    doc->old.nkeys = cxm_read_varint(&rd);

    if (rd.failed || doc->old.nkeys > CXM_INDEX_KEYS) {
        return CXM_CORRUPT;
    }

    doc->old_slot = doc->part->slot_len == 0 ? 0 : cxm_get_u64(slot);
    keys = cxm_read_bytes(&rd, doc->old.nkeys * CXM_HASH_LEN);
    rest = (size_t) (rd.end - rd.pos);
    doc->old.nterms = rest / CXM_TERM_LEN;
    terms = cxm_read_bytes(&rd, rest);

    if (rd.failed || rest % CXM_TERM_LEN != 0
        || doc->old.nterms > CXM_INDEX_TERMS)
    {
        return CXM_CORRUPT;
    }

    memcpy(doc->old.key, keys, doc->old.nkeys * CXM_HASH_LEN);
    memcpy(doc->old.term, terms, rest);

    return CXM_OK;
}


/* CXM_NOT_FOUND leaves doc->old empty. */
static cxm_rc_t
cxm_index_read(cxm_indexing_t *doc)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    doc->old.nkeys = 0;
    doc->old.nterms = 0;
    doc->old_slot = doc->part->slot_len == 0 ? 0 : doc->slot;

    cxm_index_terms_row(doc, &key);
    rc = cxm_row_get(doc->txn, CXM_T_INDEX, &key, &value);

    return rc == CXM_OK ? cxm_index_decode(doc, value) : rc;
}


static cxm_rc_t
cxm_index_write(const cxm_indexing_t *doc)
{
    uint8_t        slot[8];
    cxm_rc_t       rc;
    cxm_buf_t      value;
    cxm_row_key_t  key;

    cxm_index_terms_row(doc, &key);
    cxm_buf_init(&value, 8 + 2 * CXM_VARINT_MAX + sizeof(doc->now));

    cxm_put_u64(slot, doc->slot);
    cxm_buf_put(&value, slot, doc->part->slot_len);
    cxm_buf_varint(&value, doc->ordinal);
    cxm_buf_varint(&value, doc->now.nkeys);
    cxm_buf_put(&value, doc->now.key, doc->now.nkeys * CXM_HASH_LEN);
    cxm_buf_put(&value, doc->now.term, doc->now.nterms * CXM_TERM_LEN);

    rc = value.failed ? CXM_INTERNAL
                      : cxm_row_put(doc->txn, CXM_T_INDEX, &key,
                                    cxm_buf_str(&value));
    cxm_buf_free(&value);

    return rc;
}


/* Ascending items of a size that a document has or shall have. */
typedef struct {
    const uint8_t  *item;
    const uint8_t  *end;
} cxm_index_items_t;


static cxm_index_items_t
cxm_index_items(const void *items, size_t n, size_t size)
{
    return (cxm_index_items_t) { items, (const uint8_t *) items + n * size };
}


/* What both have stays untouched. */
static cxm_rc_t
cxm_index_change(cxm_indexing_t *doc, cxm_index_items_t old,
    cxm_index_items_t now, size_t size,
    cxm_rc_t (*drop)(cxm_indexing_t *doc, const void *item),
    cxm_rc_t (*add)(cxm_indexing_t *doc, const void *item))
{
    int       order;
    cxm_rc_t  rc;

    rc = CXM_OK;

    while (rc == CXM_OK && (old.item < old.end || now.item < now.end)) {

        order = old.item == old.end ? 1
                : now.item == now.end ? -1
                : memcmp(old.item, now.item, size);

        if (order < 0) {
            rc = drop(doc, old.item);

        } else if (order > 0) {
            rc = add(doc, now.item);
        }

        old.item += order <= 0 ? size : 0;
        now.item += order >= 0 ? size : 0;
    }

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
cxm_index_update(cxm_indexing_t *doc)
{
    cxm_rc_t           rc;
    cxm_index_items_t  none = { NULL, NULL };

    /* keys tell whose they are: another person's are made anew */

    if (doc->part->slot_len > 0 && doc->old_slot != doc->slot) {
        rc = cxm_index_change(doc,
                 cxm_index_items(doc->old.key, doc->old.nkeys, CXM_HASH_LEN),
                 none, CXM_HASH_LEN, cxm_index_key_drop, cxm_index_key_add);

        if (rc != CXM_OK) {
            return rc;
        }

        doc->old.nkeys = 0;
    }

    rc = cxm_index_change(doc,
             cxm_index_items(doc->old.key, doc->old.nkeys, CXM_HASH_LEN),
             cxm_index_items(doc->now.key, doc->now.nkeys, CXM_HASH_LEN),
             CXM_HASH_LEN, cxm_index_key_drop, cxm_index_key_add);

    if (rc != CXM_OK) {
        return rc;
    }

    return cxm_index_change(doc,
               cxm_index_items(doc->old.term, doc->old.nterms, CXM_TERM_LEN),
               cxm_index_items(doc->now.term, doc->now.nterms, CXM_TERM_LEN),
               CXM_TERM_LEN, cxm_index_term_drop, cxm_index_term_add);
}


static int
cxm_index_same(const cxm_indexing_t *doc)
{
    const cxm_index_terms_t  *a, *b;

    a = &doc->old;
    b = &doc->now;

    return (doc->part->slot_len == 0 || doc->old_slot == doc->slot)
           && a->nkeys == b->nkeys && a->nterms == b->nterms
           && memcmp(a->key, b->key, a->nkeys * CXM_HASH_LEN) == 0
           && memcmp(a->term, b->term, a->nterms * CXM_TERM_LEN) == 0;
}


/*
 * The row of shared members is there as long as the document, since it has
 * the ordinal; that of personal ones as long as it says something.
 */
static cxm_rc_t
cxm_index_part(cxm_indexing_t *doc, size_t part, const cxm_fields_t *table,
    const json_t *members, int gone)
{
    int            keep, there;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    doc->part = &cxm_index_parts[part];
    rc = cxm_index_read(doc);
    there = rc == CXM_OK;

    if (rc == CXM_NOT_FOUND) {
        rc = doc->ordinal == 0 ? cxm_index_next(doc) : CXM_OK;
    }

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_index_collect(cxm_txn_store(doc->txn), table, members, &doc->now);
    rc = cxm_index_update(doc);

    if (rc != CXM_OK) {
        return rc;
    }

    keep = part == CXM_INDEX_SHARED
           ? !gone : doc->now.nkeys + doc->now.nterms > 0;

    if (keep) {
        return there && cxm_index_same(doc) ? CXM_OK : cxm_index_write(doc);
    }

    cxm_index_terms_row(doc, &key);
    rc = cxm_row_del(doc->txn, CXM_T_INDEX, &key);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_indexing_t *
cxm_indexing(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no, uint64_t slot)
{
    cxm_indexing_t  *doc;

    doc = malloc(sizeof(*doc));

    if (doc != NULL) {
        doc->txn = txn;
        doc->kind = (uint8_t) kind;
        doc->no = no;
        doc->slot = slot;
        doc->ordinal = 0;
    }

    return doc;
}


cxm_rc_t
cxm_index_apply(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no,
    uint64_t slot, const cxm_fields_t *table, const json_t *shared,
    const json_t *personal)
{
    int              gone;
    cxm_rc_t         rc;
    cxm_row_key_t    key;
    cxm_indexing_t  *doc;

    doc = cxm_indexing(txn, kind, no, slot);

    if (doc == NULL) {
        return CXM_INTERNAL;
    }

    gone = shared == NULL && personal == NULL;
    rc = cxm_index_part(doc, CXM_INDEX_SHARED, table, shared, gone);

    if (rc == CXM_OK) {
        rc = cxm_index_part(doc, CXM_INDEX_PERSONAL, table, personal, gone);
    }

    if (rc == CXM_OK && gone) {
        cxm_index_ordinal_row(&key, doc->kind, doc->ordinal);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);
    }

    free(doc);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


cxm_rc_t
cxm_index_forget(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no,
    uint64_t slot)
{
    cxm_rc_t         rc;
    cxm_row_key_t    key;
    cxm_indexing_t  *doc;

    doc = cxm_indexing(txn, kind, no, slot);

    if (doc == NULL) {
        return CXM_INTERNAL;
    }

    doc->part = &cxm_index_parts[CXM_INDEX_PERSONAL];
    doc->now.nkeys = 0;
    doc->now.nterms = 0;
    rc = cxm_index_read(doc);

    if (rc == CXM_OK) {
        rc = cxm_index_update(doc);
    }

    if (rc == CXM_OK) {
        cxm_index_terms_row(doc, &key);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);
    }

    free(doc);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_index_put_back(cxm_txn_t *txn, cxm_str_t key, cxm_str_t value)
{
    size_t           i;
    cxm_rc_t         rc;
    cxm_indexing_t  *doc;

    if ((uint8_t) key.data[0] != CXM_NS_DOC_TERMS_PERSONAL) {
        return CXM_OK;
    }

    if (key.len != 1 + 1 + 8) {
        return CXM_CORRUPT;
    }

    doc = cxm_indexing(txn, (uint8_t) key.data[1], 0, 0);

    if (doc == NULL) {
        return CXM_INTERNAL;
    }

    doc->part = &cxm_index_parts[CXM_INDEX_PERSONAL];
    rc = cxm_index_decode(doc, value);

    for (i = 0; rc == CXM_OK && i < doc->old.nterms; i++) {
        rc = cxm_index_term_add(doc, &doc->old.term[i]);
    }

    free(doc);

    return rc;
}
