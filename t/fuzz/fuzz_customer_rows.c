/*
 * Rows of customers, as CSV or NDJSON: whatever they are, each is taken or
 * refused with a code, and what was taken goes out as rows that, brought
 * again in the same form, change nothing.
 *
 * The first byte chooses: bit 0 the form, the others how long the blocks are
 * that the text comes in.  Every transaction is aborted.
 */

#include "fuzz_store.h"

#include "cxm_customer.h"
#include "cxm_field_site.h"
#include "cxm_json.h"
#include "cxm_person.h"


static const char  site_text[] =
    "{\"fields\":["
    "{\"name\":\"plan\",\"type\":\"enum\",\"values\":[\"free\",\"pro\"],"
    "\"index\":\"lookup\"},"
    "{\"name\":\"seats\",\"type\":\"integer\",\"min\":0,\"max\":9},"
    "{\"name\":\"rate\",\"type\":\"number\"},"
    "{\"name\":\"on\",\"type\":\"boolean\"},"
    "{\"name\":\"code\",\"type\":\"string\",\"index\":\"unique\"},"
    "{\"name\":\"said\",\"type\":\"text\",\"personal\":true}]}";

typedef struct {
    cxm_import_reader_t  reader;
    cxm_import_t         import;
    cxm_caller_t         staff;
    cxm_error_t          err;
    unsigned             results[CXM_IMPORT_RESULTS];
    unsigned             refused;
} taking_t;


/* The site's fields; once. */
static void
put_fields(void)
{
    int                  created;
    json_t              *input;
    cxm_doc_t            doc;
    cxm_txn_t           *txn;
    cxm_caller_t         staff;
    cxm_error_t          err;
    cxm_record_write_t   write;

    static int           there;

    if (there) {
        return;
    }

    there = 1;
    cxm_error_init(&err);
    cxm_caller_system(&staff);
    memset(&write, 0, sizeof(write));

    must(cxm_person_reserve(store, &err) == CXM_OK);
    must(cxm_json_load(cxm_strz(site_text), &input, &err) == CXM_OK);
    must(cxm_txn_write(store, NOW, &txn, &err) == CXM_OK);

    write.txn = txn;
    write.record = &cxm_record_site;
    write.caller = &staff;
    write.slug = cxm_str("customer");
    write.if_match = CXM_VERSION_ANY;
    write.err = &err;

    must(cxm_record_put(&write, input, &doc, &created) == CXM_OK);
    must(cxm_txn_commit(txn, &err) == CXM_OK);
    cxm_doc_clear(&doc);
    json_decref(input);
}


static void
taking_begin(taking_t *taking, cxm_txn_t *txn, int csv)
{
    memset(taking, 0, sizeof(*taking));
    cxm_import_reader_init(&taking->reader, &cxm_customer_import, csv);
    cxm_caller_system(&taking->staff);
    taking->import = (cxm_import_t) { txn, &taking->staff, 0, &taking->err };
}


static void
take(taking_t *taking, cxm_str_t line)
{
    json_t               *row;
    cxm_rc_t              rc;
    cxm_import_result_t   result;

    cxm_error_init(&taking->err);
    rc = cxm_import_read(&taking->reader, store, line, &row, &taking->err);

    if (rc == CXM_OK && row == NULL) {
        return;
    }

    if (rc == CXM_OK) {
        rc = cxm_customer_import.add(&taking->import, row, &result);
    }

    json_decref(row);

    if (rc == CXM_OK) {
        taking->results[result]++;
        return;
    }

    must(cxm_import_refused(rc));
    must(taking->err.rc == rc
         && (taking->err.code[0] != '\0' || taking->err.nissues > 0));
    taking->refused++;
}


/* Block by block; without a head nothing can be read. */
static void
take_text(taking_t *taking, const char *text, size_t size, size_t block)
{
    size_t     at, n;
    cxm_str_t  line;

    for (at = 0; at <= size; at += block) {
        n = size - at < block ? size - at : block;
        cxm_lines_put(&taking->reader.lines, (cxm_str_t) { n, text + at });

        while (cxm_lines_next(&taking->reader.lines, n < block, &line)) {
            take(taking, line);

            if (!cxm_import_readable(&taking->reader)) {
                return;
            }
        }
    }
}


/* Customers that there are, as their export has them. */
static void
bring_again(cxm_txn_t *txn, int csv, unsigned created)
{
    taking_t       taking;
    cxm_find_t     find;
    cxm_piece_t    piece;
    cxm_error_t    err;
    cxm_export_t  *export;

    cxm_error_init(&err);
    export = cxm_export_create(&cxm_customer_rows,
                               csv ? CXM_EXPORT_CSV : CXM_EXPORT_NDJSON, 1,
                               cxm_txn_head(txn) + 1);
    must(export != NULL);
    must(cxm_find_begin(&find, txn, &cxm_record_customer, &err) == CXM_OK);
    must(cxm_customer_export(&find, export, &err) == CXM_OK);

    cxm_piece_init(&piece);
    must(cxm_export_next(export, &piece));
    piece.end = cxm_txn_head(txn) + 1;
    piece.left = CXM_EXPORT_ROWS;
    must(export->rows->walk(txn, export, &piece) == CXM_OK);

    taking_begin(&taking, txn, csv);
    take_text(&taking, piece.out.len == 0 ? ""
                                          : (const char *) piece.out.data,
              piece.out.len, piece.out.len + 1);
    must(taking.results[CXM_IMPORT_UNCHANGED] == created
         && taking.results[CXM_IMPORT_CREATED] == 0
         && taking.results[CXM_IMPORT_UPDATED] == 0 && taking.refused == 0);

    cxm_import_reader_free(&taking.reader);
    cxm_piece_free(&piece);
    cxm_export_free(export);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cxm_txn_t    *txn;
    taking_t      taking;
    cxm_error_t   err;

    if (size == 0) {
        return 0;
    }

    put_fields();
    cxm_error_init(&err);
    must(cxm_txn_write(store, NOW, &txn, &err) == CXM_OK);

    taking_begin(&taking, txn, data[0] & 1);
    take_text(&taking, (const char *) data + 1, size - 1,
              1 + (size_t) (data[0] >> 1));

    bring_again(txn, 0, taking.results[CXM_IMPORT_CREATED]);
    bring_again(txn, 1, taking.results[CXM_IMPORT_CREATED]);

    cxm_txn_end(txn);
    cxm_import_reader_free(&taking.reader);

    return 0;
}
