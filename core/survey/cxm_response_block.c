/*
 * Blocks of rows of answers in the table `doc`.
 */

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


/* Payload of the block that may hold `no`: a copy. */
static cxm_rc_t
block_load(cxm_txn_t *txn, uint64_t survey, uint64_t no, cxm_buf_t *payload)
{
    cxm_rc_t        rc;
    cxm_str_t       value;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    cxm_response_block_key(&key, survey, no);

    rc = cxm_cursor_open(txn, CXM_T_DOC, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_seek_back(cursor, &key, &row);

    if (rc == CXM_OK && (row.key.len != CXM_BLOCK_KEY
        || !cxm_row_within(&row, &key, CXM_BLOCK_KEY_SURVEY)))
    {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        rc = cxm_row_check(txn, CXM_T_DOC, &row, &value);
    }

    if (rc == CXM_OK) {
        cxm_buf_put(payload, value.data, value.len);
        rc = payload->failed ? CXM_INTERNAL : CXM_OK;
    }

    cxm_cursor_close(cursor);

    return rc;
}


cxm_rc_t
cxm_response_block_read(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_arena_t *arena, cxm_response_block_t *out)
{
    cxm_rc_t   rc;
    cxm_buf_t  payload;

    cxm_arena_free(arena);
    out->nrows = 0;
    cxm_buf_init(&payload, CXM_BLOCK_MAX);

    rc = block_load(txn, survey, no, &payload);

    if (rc == CXM_OK) {
        rc = cxm_response_block_decode(cxm_buf_str(&payload), arena, out);
    }

    cxm_buf_free(&payload);

    return rc;
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

    rc = block_load(txn, survey, UINT64_MAX, &payload);

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
