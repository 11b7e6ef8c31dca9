/*
 * Blocks of rows of answers in the table `doc`.
 */

#include "cxm_due.h"
#include "cxm_response_row.h"


/* A block of rows that all have grown by replacement. */
#define CXM_BLOCK_MAX  (1u << 20)


void
cxm_response_block_key(cxm_row_key_t *key, uint64_t survey, uint64_t first)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_KIND_RESPONSE);
    cxm_row_key_u64(key, survey);
    cxm_row_key_u64(key, first);
}


/* The payload of a block, which has to begin with the key's first bytes. */
static cxm_rc_t
block_copy(cxm_txn_t *txn, const cxm_row_key_t *key, size_t within,
    const cxm_raw_row_t *row, cxm_buf_t *payload)
{
    cxm_rc_t   rc;
    cxm_str_t  value;

    if (row->key.len != CXM_BLOCK_KEY || !cxm_row_within(row, key, within)) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_row_check(txn, CXM_T_DOC, row, &value);

    if (rc == CXM_OK) {
        cxm_buf_put(payload, value.data, value.len);
        rc = payload->failed ? CXM_INTERNAL : CXM_OK;
    }

    return rc;
}


/*
 * Payload, a copy, of the block that may hold `no`, or with `next` of the one
 * that begins with it or behind it.
 */
static cxm_rc_t
block_load(cxm_txn_t *txn, uint64_t survey, uint64_t no, int next,
    cxm_buf_t *payload)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    cxm_response_block_key(&key, survey, no);

    rc = cxm_cursor_open(txn, CXM_T_DOC, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = next ? cxm_cursor_seek(cursor, &key, &row)
              : cxm_cursor_seek_back(cursor, &key, &row);

    if (rc == CXM_OK) {
        rc = block_copy(txn, &key, CXM_BLOCK_KEY_SURVEY, &row, payload);
    }

    cxm_cursor_close(cursor);

    return rc;
}


static cxm_rc_t
block_read(cxm_txn_t *txn, uint64_t survey, uint64_t no, int next,
    cxm_arena_t *arena, cxm_response_block_t *out)
{
    cxm_rc_t   rc;
    cxm_buf_t  payload;

    cxm_arena_free(arena);
    out->nrows = 0;
    cxm_buf_init(&payload, CXM_BLOCK_MAX);

    rc = block_load(txn, survey, no, next, &payload);

    if (rc == CXM_OK) {
        rc = cxm_response_block_decode(cxm_buf_str(&payload), arena, out);
    }

    cxm_buf_free(&payload);

    return rc;
}


cxm_rc_t
cxm_response_block_read(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_arena_t *arena, cxm_response_block_t *out)
{
    return block_read(txn, survey, no, 0, arena, out);
}


cxm_rc_t
cxm_response_block_next(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_arena_t *arena, cxm_response_block_t *out)
{
    return block_read(txn, survey, no, 1, arena, out);
}


cxm_rc_t
cxm_response_row_find(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_arena_t *arena, cxm_response_block_t *block, cxm_response_row_t **row)
{
    cxm_rc_t  rc;
    unsigned  i;

    rc = cxm_response_block_read(txn, survey, no, arena, block);
    if (rc != CXM_OK) {
        return rc;
    }

    for (i = 0; i < block->nrows; i++) {
        if (block->rows[i].no == no) {
            *row = &block->rows[i];
            return CXM_OK;
        }
    }

    return CXM_NOT_FOUND;
}


static cxm_rc_t
block_put(cxm_txn_t *txn, uint64_t survey, uint64_t first,
    const cxm_buf_t *payload)
{
    cxm_row_key_t  key;

    if (payload->failed) {
        return CXM_INTERNAL;
    }

    cxm_response_block_key(&key, survey, first);

    return cxm_row_put(txn, CXM_T_DOC, &key, cxm_buf_str(payload));
}


cxm_rc_t
cxm_response_row_append(cxm_txn_t *txn, uint64_t survey,
    const cxm_response_row_t *row)
{
    size_t                 before;
    uint64_t               first;
    cxm_rc_t               rc;
    cxm_buf_t              payload;
    cxm_arena_t            arena = { 0 };
    cxm_response_row_t    *last;
    cxm_response_block_t   block;

    cxm_buf_init(&payload, CXM_BLOCK_MAX);
    first = row->no;
    last = NULL;

    rc = block_load(txn, survey, UINT64_MAX, 0, &payload);

    if (rc == CXM_OK) {
        rc = cxm_response_block_decode(cxm_buf_str(&payload), &arena, &block);
        if (rc != CXM_OK) {
            goto done;
        }

        last = &block.rows[block.nrows - 1];

        if (last->no >= row->no) {
            rc = CXM_CORRUPT;
            goto done;
        }

        if (block.nrows < CXM_BLOCK_ROWS) {
            first = block.rows[0].no;
            before = payload.len;
            cxm_response_row_encode(&payload, row, last);

            if (payload.len <= CXM_BLOCK_BYTES) {
                rc = block_put(txn, survey, first, &payload);
                goto done;
            }

            payload.len = before;
            first = row->no;
        }

    } else if (rc != CXM_NOT_FOUND) {
        goto done;
    }

    cxm_buf_reset(&payload);
    cxm_response_row_encode(&payload, row, NULL);
    rc = block_put(txn, survey, first, &payload);

done:

    cxm_buf_free(&payload);
    cxm_arena_free(&arena);

    return rc;
}


cxm_rc_t
cxm_response_row_replace(cxm_txn_t *txn, uint64_t survey,
    const cxm_response_row_t *row)
{
    cxm_rc_t               rc;
    unsigned               i;
    cxm_buf_t              payload;
    cxm_arena_t            arena = { 0 };
    cxm_response_row_t    *old;
    cxm_response_block_t   block;

    cxm_buf_init(&payload, CXM_BLOCK_MAX);

    rc = cxm_response_row_find(txn, survey, row->no, &arena, &block, &old);

    if (rc == CXM_OK) {
        *old = *row;

        for (i = 0; i < block.nrows; i++) {
            cxm_response_row_encode(&payload, &block.rows[i],
                                    i == 0 ? NULL : &block.rows[i - 1]);
        }

        rc = block_put(txn, survey, block.rows[0].no, &payload);
    }

    cxm_buf_free(&payload);
    cxm_arena_free(&arena);

    return rc;
}


cxm_rc_t
cxm_response_row_known(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_arena_t *arena, cxm_response_block_t *block, cxm_response_row_t **row)
{
    cxm_rc_t  rc;

    rc = cxm_response_row_find(txn, survey, no, arena, block, row);

    return rc == CXM_NOT_FOUND
           && !cxm_history_gone(txn, CXM_KEEP_RESPONSES, no) ? CXM_CORRUPT
                                                             : rc;
}


/* --- dropping ----------------------------------------------------------- */

/* The first block of the first survey at or behind `survey` that has one. */
static cxm_rc_t
block_first(cxm_txn_t *txn, uint64_t *survey, uint64_t *first,
    cxm_buf_t *payload)
{
    cxm_rc_t        rc;
    const uint8_t  *p;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    cxm_response_block_key(&key, *survey, 0);

    rc = cxm_cursor_open(txn, CXM_T_DOC, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_seek(cursor, &key, &row);

    if (rc == CXM_OK) {
        rc = block_copy(txn, &key, 1, &row, payload);
    }

    if (rc == CXM_OK) {
        p = (const uint8_t *) row.key.data + 1;
        *survey = cxm_get_u64(p);
        *first = cxm_get_u64(p + 8);
    }

    cxm_cursor_close(cursor);

    return rc;
}


/* What leads to an answer or waits for it, but for its id, which is taken. */
static cxm_rc_t
row_unlink(cxm_txn_t *txn, const cxm_response_row_t *row)
{
    cxm_rc_t  rc;

    rc = row->subject == 0
         ? CXM_OK : cxm_response_unindex_person(txn, row->subject, row->no);

    if (rc == CXM_OK && (row->flags & CXM_RESPONSE_PARTIAL)) {
        rc = cxm_due_del(txn, row->due, CXM_DUE_PARTIAL, row->no);
    }

    return rc;
}


/* A survey's first block loses the rows up to `last`. */
static cxm_rc_t
block_drop(cxm_txn_t *txn, uint64_t survey, uint64_t first,
    cxm_buf_t *payload, uint64_t last)
{
    cxm_rc_t              rc;
    unsigned              i, left;
    cxm_arena_t           arena = { 0 };
    cxm_row_key_t         key;
    cxm_response_block_t  block;

    rc = cxm_response_block_decode(cxm_buf_str(payload), &arena, &block);

    for (left = 0; rc == CXM_OK && left < block.nrows
                   && block.rows[left].no <= last; left++)
    {
        rc = row_unlink(txn, &block.rows[left]);
    }

    if (rc == CXM_OK) {
        cxm_response_block_key(&key, survey, first);
        rc = cxm_row_del(txn, CXM_T_DOC, &key);
    }

    if (rc == CXM_OK && left < block.nrows) {
        cxm_buf_reset(payload);

        for (i = left; i < block.nrows; i++) {
            cxm_response_row_encode(payload, &block.rows[i],
                                    i == left ? NULL : &block.rows[i - 1]);
        }

        rc = block_put(txn, survey, block.rows[left].no, payload);
    }

    cxm_arena_free(&arena);

    return rc;
}


cxm_rc_t
cxm_response_drop(cxm_txn_t *txn, uint64_t first, uint64_t last)
{
    uint64_t   survey, no;
    cxm_rc_t   rc;
    cxm_buf_t  payload;

    (void) first;

    survey = 0;
    cxm_buf_init(&payload, CXM_BLOCK_MAX);

    do {
        cxm_buf_reset(&payload);
        rc = block_first(txn, &survey, &no, &payload);

        if (rc == CXM_OK && no > last) {
            survey++;

        } else if (rc == CXM_OK) {
            rc = block_drop(txn, survey, no, &payload, last);
        }

    } while (rc == CXM_OK);

    cxm_buf_free(&payload);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}
