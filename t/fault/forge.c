/*
 * forge: reaches into a store behind the journal's back, with its keys.
 *
 *   forge DIR dump            every row as "table key value", in hex
 *   forge DIR text            every journal entry that the keys open, as JSON
 *   forge DIR tables          records of the newest checkpoint's tables, in hex
 *   forge DIR checkpoint      takes a checkpoint
 *   forge DIR counter         counts one more in the first counter there is
 *   forge DIR index           deletes the first row of `index`
 *   forge DIR drop SEQ        deletes a journal entry
 *   forge DIR format N KNOWN  a program that knows KNOWN says that it has N
 *   forge DIR upgrade N       raises it as the program that knows N does
 *   forge DIR due MINUTES     runs what is due within so many
 *
 * What it changed is printed as "table key".
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxm.h"
#include "cxm_checkpoint.h"
#include "cxm_counter.h"
#include "cxm_journal.h"


static const char *const  forge_tables[CXM_T_N] = {
    "journal", "doc", "id", "index", "counter", "once", "due", "meta"
};

typedef struct {
    unsigned     known;         /* newest format; 0: this program's */
    uint64_t     seq;
    cxm_rc_t   (*show)(cxm_txn_t *txn);
    cxm_rc_t   (*make)(cxm_store_t *store, cxm_error_t *err);
    cxm_rc_t   (*change)(cxm_txn_t *txn, uint64_t seq);
} forge_t;


static void
forge_hex(cxm_str_t s, const char *end)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        printf("%02x", (unsigned char) s.data[i]);
    }

    printf("%s", end);
}


static cxm_rc_t
forge_dump(cxm_txn_t *txn)
{
    int             i;
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    for (i = 0; i < CXM_T_N; i++) {
        rc = cxm_cursor_open(txn, (cxm_table_t) i, &cursor);
        if (rc != CXM_OK) {
            return rc;
        }

        cxm_row_key(&key);

        for (rc = cxm_cursor_seek(cursor, &key, &row); rc == CXM_OK;
             rc = cxm_cursor_next(cursor, &row))
        {
            printf("%s ", forge_tables[i]);
            forge_hex(row.key, " ");
            forge_hex(row.raw, "\n");
        }

        cxm_cursor_close(cursor);

        if (rc != CXM_NOT_FOUND) {
            return rc;
        }
    }

    return CXM_OK;
}


static void
forge_json(const json_t *json)
{
    cxm_buf_t  text;

    cxm_buf_init(&text, CXM_ENTRY_MAX);

    if (json != NULL) {
        cxm_json_dump(&text, json);
    }

    printf(" %.*s", (int) text.len, (const char *) text.data);
    cxm_buf_free(&text);
}


static cxm_rc_t
forge_text(cxm_txn_t *txn)
{
    uint64_t      seq;
    cxm_rc_t      rc;
    cxm_entry_t   entry;

    rc = CXM_OK;

    for (seq = 1; seq <= cxm_txn_head(txn) && rc == CXM_OK; seq++) {
        rc = cxm_journal_read(txn, seq, 1, &entry, NULL);

        if (rc == CXM_OK) {
            printf("%llu %u", (unsigned long long) seq, entry.kind);
            forge_json(entry.body);
            forge_json(entry.personal);
            printf("\n");
            cxm_entry_clear(&entry);
        }
    }

    return rc;
}


/* What the file says, opened with the store's key. */
static cxm_rc_t
forge_tables_file(cxm_txn_t *txn)
{
    cxm_rc_t               rc;
    cxm_str_t              record;
    cxm_error_t            err;
    cxm_history_t          history;
    cxm_archive_reader_t  *reader;

    cxm_error_init(&err);
    rc = cxm_history_read(txn, &history);

    if (rc == CXM_OK) {
        rc = cxm_history_open_tables(cxm_txn_store(txn), &history.newest,
                                     &reader, &err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    while ((rc = cxm_archive_next(reader, &record, &err)) == CXM_OK) {
        forge_hex(record, "\n");
    }

    cxm_archive_close(reader);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
forge_checkpoint(cxm_store_t *store, cxm_error_t *err)
{
    int       held;
    char      archive[4096];
    cxm_rc_t  rc;

    snprintf(archive, sizeof(archive), "%s/%s", cxm_store_dir(store),
             CXM_HISTORY_ARCHIVE);
    rc = cxm_history_hold(store, 1, &held, err);

    if (rc == CXM_OK) {
        rc = cxm_checkpoint_make(store, archive, cxm_now(), NULL, NULL, err);
        cxm_history_release(held);
    }

    return rc;
}


/* The key of a table's first row. */
static cxm_rc_t
forge_first(cxm_txn_t *txn, cxm_table_t table, cxm_row_key_t *key)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, table, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(key);
    rc = cxm_cursor_seek(cursor, key, &row);

    if (rc == CXM_OK) {
        cxm_row_key(key);
        cxm_row_key_bytes(key, row.key.data, row.key.len);
        printf("%s ", forge_tables[table]);
        forge_hex(row.key, "\n");
    }

    cxm_cursor_close(cursor);

    return rc;
}


/* Key of a counter row: level | survey | question | segment | value | day */
static cxm_rc_t
forge_counter(cxm_txn_t *txn, uint64_t seq)
{
    cxm_rc_t        rc;
    const uint8_t  *p;
    cxm_series_t    series;
    cxm_row_key_t   key;

    (void) seq;

    rc = forge_first(txn, CXM_T_COUNTER, &key);
    if (rc != CXM_OK) {
        return rc;
    }

    p = key.b + 1;
    series.survey = cxm_get_u64(p);
    series.question = cxm_get_u16(p + 8);
    series.segment = cxm_get_u16(p + 10);
    series.value = cxm_get_u32(p + 12);

    return cxm_counter_add(txn, &series, cxm_get_u32(p + 16) * CXM_MS_DAY, 0,
                           1);
}


static cxm_rc_t
forge_index(cxm_txn_t *txn, uint64_t seq)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    (void) seq;

    rc = forge_first(txn, CXM_T_INDEX, &key);

    return rc == CXM_OK ? cxm_row_del(txn, CXM_T_INDEX, &key) : rc;
}


static cxm_rc_t
forge_drop(cxm_txn_t *txn, uint64_t seq)
{
    cxm_row_key_t  key;

    cxm_row_key(&key);
    cxm_row_key_u64(&key, seq);

    printf("journal ");
    forge_hex(cxm_row_key_str(&key), "\n");

    return cxm_row_del(txn, CXM_T_JOURNAL, &key);
}


static cxm_rc_t
forge_due(cxm_txn_t *txn, uint64_t minutes)
{
    unsigned     ran;
    cxm_rc_t     rc;
    cxm_error_t  err;

    cxm_error_init(&err);
    rc = cxm_due_run(txn, cxm_txn_now(txn)
                          + (cxm_ms_t) minutes * CXM_MS_MINUTE,
                     1000, &ran, &err);
    printf("due %u\n", ran);

    return rc;
}


static cxm_rc_t
forge_format(cxm_txn_t *txn, uint64_t format)
{
    uint8_t        b;
    cxm_row_key_t  key;

    b = (uint8_t) format;
    cxm_row_key(&key);
    cxm_row_key_bytes(&key, "format", 6);

    return cxm_row_put(txn, CXM_T_META, &key,
                       (cxm_str_t) { 1, (const char *) &b });
}


static cxm_rc_t
forge_upgrade(cxm_store_t *store, cxm_error_t *err)
{
    unsigned  from;
    cxm_rc_t  rc;

    rc = cxm_store_upgrade(store, &from, err);

    if (rc == CXM_OK) {
        printf("from %u\n", from);
    }

    return rc;
}


static cxm_rc_t
forge_run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    forge_t  *forge = data;

    (void) err;

    return forge->change(txn, forge->seq);
}


static cxm_rc_t
forge_change(cxm_store_t *store, forge_t *forge, cxm_error_t *err)
{
    cxm_op_t   op, *ops[1];

    memset(&op, 0, sizeof(op));
    op.run = forge_run;
    op.data = forge;
    op.err = err;
    ops[0] = &op;

    cxm_batch_run(store, ops, 1, NULL);

    return op.rc;
}


static int
forge_command(int argc, char **argv, forge_t *forge)
{
    memset(forge, 0, sizeof(*forge));

    if (argc == 3 && strcmp(argv[2], "dump") == 0) {
        forge->show = forge_dump;
        return 0;
    }

    if (argc == 3 && strcmp(argv[2], "tables") == 0) {
        forge->show = forge_tables_file;
        return 0;
    }

    if (argc == 3 && strcmp(argv[2], "checkpoint") == 0) {
        forge->make = forge_checkpoint;
        return 0;
    }

    if (argc == 3 && strcmp(argv[2], "text") == 0) {
        forge->show = forge_text;
        return 0;
    }

    if (argc == 3 && strcmp(argv[2], "counter") == 0) {
        forge->change = forge_counter;
        return 0;
    }

    if (argc == 3 && strcmp(argv[2], "index") == 0) {
        forge->change = forge_index;
        return 0;
    }

    if (argc == 4 && strcmp(argv[2], "due") == 0) {
        forge->change = forge_due;
        forge->seq = strtoull(argv[3], NULL, 10);
        return 0;
    }

    if (argc == 5 && strcmp(argv[2], "format") == 0) {
        forge->change = forge_format;
        forge->seq = strtoull(argv[3], NULL, 10);
        forge->known = (unsigned) strtoul(argv[4], NULL, 10);
        return 0;
    }

    if (argc == 4 && strcmp(argv[2], "upgrade") == 0) {
        forge->make = forge_upgrade;
        forge->known = (unsigned) strtoul(argv[3], NULL, 10);
        return 0;
    }

    if (argc == 4 && strcmp(argv[2], "drop") == 0) {
        forge->change = forge_drop;
        forge->seq = strtoull(argv[3], NULL, 10);
        return 0;
    }

    return -1;
}


int
main(int argc, char **argv)
{
    forge_t            forge;
    cxm_rc_t           rc;
    cxm_txn_t         *txn;
    cxm_error_t        err;
    cxm_store_t       *store;
    cxm_store_opts_t   opts;

    if (forge_command(argc, argv, &forge) != 0) {
        return 2;
    }

    memset(&opts, 0, sizeof(opts));
    opts.dir = argv[1];
    opts.flow = &cxm_flow;
    opts.known = forge.known;

    cxm_error_init(&err);
    rc = cxm_store_open(&opts, &store, &err);

    if (rc == CXM_OK && forge.change != NULL) {
        rc = forge_change(store, &forge, &err);

    } else if (rc == CXM_OK && forge.make != NULL) {
        rc = forge.make(store, &err);

    } else if (rc == CXM_OK) {
        rc = cxm_txn_read(store, &txn, &err);

        if (rc == CXM_OK) {
            rc = forge.show(txn);
            cxm_txn_end(txn);
        }
    }

    if (rc != CXM_OK) {
        fprintf(stderr, "%s: %s\n", cxm_rc_name(rc), err.detail);
        return 1;
    }

    cxm_store_close(store);

    return 0;
}
