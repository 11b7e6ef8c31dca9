/*
 * Tables to a file and back.
 */

#include "cxm_lookup.h"
#include "cxm_store_int.h"
#include "cxm_tables.h"


#define CXM_TABLES_ROWS    10000        /* of one transaction */
#define CXM_TABLES_BYTES   (16u << 20)
#define CXM_TABLES_LOOKUP  0xff         /* in the place of a table's number */

const cxm_table_t  cxm_tables_kept[CXM_TABLES_KEPT] = {
    CXM_T_DOC, CXM_T_ID, CXM_T_INDEX, CXM_T_COUNTER, CXM_T_ONCE, CXM_T_DUE
};


/* --- saving ------------------------------------------------------------- */

typedef struct {
    cxm_txn_t             *txn;
    cxm_archive_writer_t  *writer;
    cxm_stopped_pt         stopped;
    void                  *ctx;
    cxm_buf_t              record;
    cxm_buf_t              text;        /* of a sealed row */
    cxm_error_t           *err;
} cxm_tables_save_t;


/* The record of a row; CXM_NOT_FOUND: there is none to be kept. */
static cxm_rc_t
save_encode(cxm_tables_save_t *save, cxm_table_t table,
    const cxm_raw_row_t *row)
{
    cxm_buf_t     *record;
    cxm_store_t   *store;
    cxm_lookup_t   lookup;

    store = save->txn->store;
    record = &save->record;
    cxm_buf_reset(record);

    lookup = cxm_lookup_row(store->flow, table, row->key);

    if (lookup == CXM_LOOKUP_SHARED) {
        return CXM_NOT_FOUND;
    }

    if (lookup == CXM_LOOKUP_OWNED) {
        cxm_buf_putc(record, CXM_TABLES_LOOKUP);
        return cxm_lookup_seal(store, row->key, row->raw, record);
    }

    cxm_buf_putc(record, (uint8_t) table);
    cxm_buf_varint(record, row->key.len);
    cxm_buf_put(record, row->key.data, row->key.len);
    cxm_buf_put(record, row->raw.data, row->raw.len);

    return record->failed ? CXM_INTERNAL : CXM_OK;
}


static cxm_rc_t
save_row(cxm_tables_save_t *save, cxm_table_t table, const cxm_raw_row_t *row)
{
    cxm_rc_t  rc;

    rc = cxm_row_prove(save->txn, table, row, &save->text);

    if (rc != CXM_OK) {
        return cxm_fail(save->err, rc, NULL,
                        "A row of the table %s is damaged.",
                        cxm_table_name(table));
    }

    rc = save_encode(save, table, row);

    if (rc == CXM_NOT_FOUND) {
        return CXM_OK;
    }

    return rc == CXM_OK
           ? cxm_archive_put(save->writer, cxm_buf_str(&save->record),
                             save->err)
           : cxm_fail(save->err, rc, NULL, "A row cannot be saved.");
}


static cxm_rc_t
save_table(cxm_tables_save_t *save, cxm_table_t table)
{
    unsigned        n;
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(save->txn, table, &cursor);

    if (rc != CXM_OK) {
        return cxm_fail(save->err, rc, NULL, "Cannot read the table %s.",
                        cxm_table_name(table));
    }

    cxm_row_key(&key);
    rc = cxm_cursor_seek(cursor, &key, &row);

    for (n = 1; rc == CXM_OK; n++) {
        rc = save_row(save, table, &row);

        if (rc == CXM_OK && n % CXM_TABLES_ROWS == 0) {
            rc = cxm_long_stopped(save->stopped, save->ctx, save->err);
        }

        if (rc != CXM_OK) {
            cxm_cursor_close(cursor);
            return rc;
        }

        rc = cxm_cursor_next(cursor, &row);
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK
           : cxm_fail(save->err, rc, NULL, "Cannot read the table %s.",
                      cxm_table_name(table));
}


cxm_rc_t
cxm_tables_save(cxm_txn_t *txn, cxm_archive_writer_t *writer,
    cxm_stopped_pt stopped, void *ctx, cxm_error_t *err)
{
    unsigned           i;
    uint8_t            state[CXM_STATE_LEN];
    cxm_rc_t           rc;
    cxm_tables_save_t  save = { txn, writer, stopped, ctx, { 0 }, { 0 }, err };

    cxm_buf_init(&save.record, CXM_ARCHIVE_RECORD);
    cxm_buf_init(&save.text, CXM_ARCHIVE_RECORD);

    cxm_state_encode(&txn->state, state);
    rc = cxm_archive_put(writer, (cxm_str_t) { sizeof(state),
                                               (const char *) state }, err);

    for (i = 0; i < CXM_TABLES_KEPT && rc == CXM_OK; i++) {
        rc = save_table(&save, cxm_tables_kept[i]);
    }

    cxm_buf_free(&save.record);
    cxm_buf_free(&save.text);

    return rc;
}


/* --- loading ------------------------------------------------------------ */

/* The row in a record; CXM_CORRUPT.  Points into the record. */
static cxm_rc_t
load_record(cxm_str_t record, cxm_table_t *table, cxm_raw_row_t *row)
{
    unsigned       i;
    cxm_reader_t   rd;

    rd = cxm_reader(record.data, record.len);

    *table = (cxm_table_t) cxm_read_u8(&rd);
    row->key.len = cxm_read_varint(&rd);
    row->key.data = (const char *) cxm_read_bytes(&rd, row->key.len);
    row->raw.len = (size_t) (rd.end - rd.pos);
    row->raw.data = (const char *) rd.pos;

    if (rd.failed || row->key.len == 0 || row->key.len > CXM_ROW_KEY_MAX) {
        return CXM_CORRUPT;
    }

    for (i = 0; i < CXM_TABLES_KEPT; i++) {
        if (cxm_tables_kept[i] == *table) {
            return CXM_OK;
        }
    }

    return CXM_CORRUPT;
}


static cxm_rc_t
load_row(cxm_txn_t *txn, cxm_str_t record, cxm_error_t *err)
{
    cxm_rc_t       rc;
    cxm_table_t    table;
    cxm_raw_row_t  row;

    if (record.len > 0 && (uint8_t) record.data[0] == CXM_TABLES_LOOKUP) {
        rc = cxm_lookup_put(txn, (cxm_str_t) { record.len - 1,
                                               record.data + 1 });
        rc = rc == CXM_NOT_FOUND ? CXM_OK : rc;

    } else {
        rc = load_record(record, &table, &row);

        if (rc == CXM_OK) {
            rc = cxm_row_put_raw(txn, table, &row);
        }
    }

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, "A row of a checkpoint's tables cannot "
                      "be put back.");
}


/* One transaction; CXM_NOT_FOUND at the end of the file. */
static cxm_rc_t
load_some(cxm_txn_t *txn, cxm_archive_reader_t *reader, cxm_error_t *err)
{
    size_t     bytes;
    cxm_rc_t   rc;
    unsigned   n;
    cxm_str_t  record;

    bytes = 0;
    rc = CXM_OK;

    for (n = 0; n < CXM_TABLES_ROWS && bytes < CXM_TABLES_BYTES
                && rc == CXM_OK; n++)
    {
        rc = cxm_archive_next(reader, &record, err);

        if (rc == CXM_OK) {
            bytes += record.len;
            rc = load_row(txn, record, err);
        }
    }

    return rc;
}


cxm_rc_t
cxm_tables_load(cxm_store_t *store, cxm_archive_reader_t *reader,
    cxm_error_t *err)
{
    int           end;
    cxm_rc_t      rc;
    cxm_str_t     record;
    cxm_txn_t    *txn;
    cxm_state_t   state;

    rc = cxm_archive_next(reader, &record, err);

    if (rc == CXM_NOT_FOUND
        || (rc == CXM_OK && cxm_state_decode(record, &state) != CXM_OK))
    {
        return cxm_fail(err, CXM_CORRUPT, NULL,
                        "A checkpoint's tables have no state.");
    }

    for (end = 0; rc == CXM_OK && !end; /* void */) {
        rc = cxm_txn_write(store, cxm_now(), &txn, err);

        if (rc != CXM_OK) {
            break;
        }

        rc = load_some(txn, reader, err);
        end = rc == CXM_NOT_FOUND;

        if (end) {
            txn->state = state;
            rc = cxm_state_write(txn);
        }

        if (rc != CXM_OK) {
            cxm_txn_end(txn);
            break;
        }

        rc = cxm_txn_commit(txn, err);
    }

    return rc;
}
