/*
 * Files of imports: whatever a line is, it is taken or refused with a code,
 * and what was taken goes out as lines that, brought again, are known.
 *
 * The first byte chooses: bit 0 the kind, the others how long the blocks are
 * that the text comes in.  Every transaction is aborted.
 */

#include "fuzz_store.h"

#include "cxm_json.h"
#include "cxm_lines.h"
#include "cxm_person.h"
#include "cxm_response.h"
#include "cxm_survey.h"
#include "cxm_touchpoint.h"


#define MAX  4096               /* of a line */

static const char  survey_text[] =
    "{\"title\":\"T\",\"status\":\"live\",\"segment_by\":[\"plan\"],"
    "\"questions\":["
    "{\"id\":\"nps\",\"type\":\"nps\",\"text\":{\"en\":\"a\"}},"
    "{\"id\":\"why\",\"type\":\"text\",\"text\":{\"en\":\"b\"},"
    "\"show_if\":{\"question\":\"nps\",\"op\":\"lte\",\"value\":6}},"
    "{\"id\":\"many\",\"type\":\"multi\",\"text\":{\"en\":\"c\"},"
    "\"choices\":[{\"id\":\"x\",\"text\":{\"en\":\"x\"}},"
    "{\"id\":\"y\",\"text\":{\"en\":\"y\"}}]},"
    "{\"id\":\"who\",\"type\":\"contact\",\"text\":{\"en\":\"d\"}}]}";


/* The survey that answers are to; once. */
static void
put_survey(void)
{
    int           created;
    json_t       *input;
    cxm_doc_t     doc;
    cxm_txn_t    *txn;
    cxm_caller_t  staff;
    cxm_error_t   err;

    static int    there;

    if (there) {
        return;
    }

    there = 1;
    cxm_error_init(&err);
    cxm_caller_system(&staff);

    must(cxm_person_reserve(store, &err) == CXM_OK);
    must(cxm_json_load(cxm_strz(survey_text), &input, &err) == CXM_OK);
    must(cxm_txn_write(store, NOW, &txn, &err) == CXM_OK);
    must(cxm_survey_put(txn, &staff, cxm_str("demo"), input, CXM_VERSION_ANY,
                        &doc, &created, &err) == CXM_OK);
    must(cxm_txn_commit(txn, &err) == CXM_OK);
    cxm_doc_clear(&doc);
    json_decref(input);
}


/* 1: the row was new.  Of a refused one nothing is there. */
static int
take(cxm_txn_t *txn, const cxm_import_kind_t *kind, cxm_str_t line,
    int *known)
{
    json_t               *row;
    cxm_rc_t              rc;
    cxm_error_t           err;
    cxm_caller_t          owner;
    cxm_import_t          import;
    cxm_import_result_t   result;

    cxm_error_init(&err);
    cxm_caller_system(&owner);
    import = (cxm_import_t) { txn, &owner, 0, &err };
    result = CXM_IMPORT_UNCHANGED;
    rc = cxm_import_row(kind->fields, line, &row, &err);

    if (rc == CXM_OK) {
        rc = kind->add(&import, row, &result);
    }

    *known = result == CXM_IMPORT_UNCHANGED;
    json_decref(row);

    if (rc == CXM_OK) {
        return !*known;
    }

    must(rc == CXM_BAD_REQUEST || rc == CXM_INVALID || rc == CXM_CONFLICT);
    must(err.rc == rc && (err.code[0] != '\0' || err.nissues > 0));

    return 0;
}


/* What is there, as its export has it. */
static unsigned
bring_again(cxm_txn_t *txn, const cxm_import_kind_t *kind, int touchpoints)
{
    int                     known;
    unsigned                n;
    cxm_str_t               line;
    cxm_error_t             err;
    cxm_lines_t             lines;
    cxm_piece_t             piece;
    cxm_export_t           *export;
    cxm_response_query_t    answers = { .from = INT64_MIN, .to = INT64_MAX };
    cxm_touchpoint_query_t  events = { .from = INT64_MIN, .to = INT64_MAX };

    cxm_error_init(&err);
    export = cxm_export_create(touchpoints ? &cxm_touchpoint_rows
                                           : &cxm_response_rows,
                               CXM_EXPORT_NDJSON, 1, cxm_txn_head(txn) + 1);
    must(export != NULL);
    must((touchpoints ? cxm_touchpoint_export(txn, &events, export, &err)
                      : cxm_response_export(txn, &answers, export, &err))
         == CXM_OK);

    cxm_piece_init(&piece);
    cxm_lines_init(&lines, CXM_IMPORT_LINE);
    must(cxm_export_next(export, &piece));
    piece.left = CXM_EXPORT_ROWS;
    must(export->rows->walk(txn, export, &piece) == CXM_OK);
    cxm_lines_put(&lines, cxm_buf_str(&piece.out));

    for (n = 0; cxm_lines_next(&lines, 1, &line); n++) {
        must(!take(txn, kind, line, &known) && known);
    }

    cxm_lines_free(&lines);
    cxm_piece_free(&piece);
    cxm_export_free(export);

    return n;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                       known, touchpoints;
    size_t                    at, n, block;
    unsigned                  taken;
    cxm_str_t                 line;
    cxm_txn_t                *txn;
    cxm_lines_t               lines;
    cxm_error_t               err;
    const cxm_import_kind_t  *kind;

    if (size == 0) {
        return 0;
    }

    put_survey();
    touchpoints = data[0] & 1;
    block = 1 + (data[0] >> 1);
    kind = touchpoints ? &cxm_touchpoint_import : &cxm_response_import;
    taken = 0;

    cxm_error_init(&err);
    cxm_lines_init(&lines, MAX);
    must(cxm_txn_write(store, NOW, &txn, &err) == CXM_OK);

    for (at = 1; at <= size; at += block) {
        n = size - at < block ? size - at : block;
        cxm_lines_put(&lines, (cxm_str_t) { n, (const char *) data + at });

        while (cxm_lines_next(&lines, n < block, &line)) {
            must(line.len <= MAX);

            if (line.data != NULL) {
                taken += (unsigned) take(txn, kind, line, &known);
            }
        }
    }

    must(cxm_touchpoint_flush(txn, &err) == CXM_OK);
    must(bring_again(txn, kind, touchpoints) == taken);

    cxm_txn_end(txn);
    cxm_lines_free(&lines);

    return 0;
}
