/*
 * Answers as staff see them.
 */

#include "cxm_json.h"
#include "cxm_response_view.h"
#include "cxm_said.h"


cxm_rc_t
cxm_response_row_json(cxm_txn_t *txn, const cxm_caller_t *caller,
    uint64_t survey, const cxm_response_row_t *row, json_t **out,
    int *personal, cxm_error_t *err)
{
    cxm_rc_t             rc;
    cxm_response_view_t  view;

    *out = NULL;

    rc = cxm_response_view(txn, survey, row,
                           cxm_may(caller, CXM_SCOPE_PERSONAL_READ), &view,
                           err);
    if (rc != CXM_OK) {
        return rc;
    }

    *personal |= view.personal;
    *out = cxm_field_tree(&cxm_response_shown, view.fields);

    return *out != NULL ? CXM_OK
           : cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
}


cxm_rc_t
cxm_response_json(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_uuid_t *id, json_t **out, int *personal, cxm_error_t *err)
{
    uint64_t               survey, no;
    cxm_rc_t               rc;
    cxm_arena_t            arena = { 0 };
    cxm_response_row_t    *row;
    cxm_response_block_t   block;

    *personal = 0;
    row = NULL;

    rc = cxm_response_locate(txn, id, &survey, &no);

    if (rc == CXM_OK) {
        rc = cxm_response_row_known(txn, survey, no, &arena, &block, &row);
    }

    rc = rc == CXM_OK
         ? cxm_response_row_json(txn, caller, survey, row, out, personal, err)
         : cxm_fail(err, rc, NULL, rc == CXM_NOT_FOUND
                                   ? "There is no such answer."
                                   : "The answer cannot be read.");

    cxm_arena_free(&arena);

    return rc;
}


cxm_rc_t
cxm_response_newest(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_entry_t *entry, cxm_error_t *err)
{
    cxm_rc_t               rc;
    cxm_arena_t            arena = { 0 };
    cxm_response_row_t    *row;
    cxm_response_block_t   block;

    memset(entry, 0, sizeof(*entry));
    rc = cxm_response_row_known(txn, survey, no, &arena, &block, &row);

    rc = rc == CXM_OK
         ? cxm_journal_read(txn, row->entry, 1, entry, err)
         : cxm_fail(err, rc, NULL, rc == CXM_NOT_FOUND
                                   ? "The answer is no longer kept."
                                   : "The answer cannot be read.");

    cxm_arena_free(&arena);

    return rc;
}


cxm_rc_t
cxm_response_repeated(cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_uuid_t *id, const char *fp, cxm_response_result_t *out,
    cxm_error_t *err)
{
    int            same;
    uint64_t       home, no;
    cxm_rc_t       rc;
    cxm_entry_t    first, newest;

    rc = cxm_response_locate(txn, id, &home, &no);
    if (rc != CXM_OK) {
        return rc;
    }

    memset(&first, 0, sizeof(first));
    rc = cxm_journal_read(txn, no, 1, &first, NULL);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    same = rc == CXM_OK && home == survey->doc.no
           && (fp == NULL || cxm_said_same(&first, fp));

    if (same) {
        out->id = *id;
        out->no = no;
        out->subject = first.subject;
        out->partial = !cxm_json_get_bool(first.body, "complete", 1);
        out->repeated = 1;
    }

    cxm_entry_clear(&first);

    if (!same) {
        return cxm_fail(err, CXM_CONFLICT, "id_taken",
                        "Another answer has this id.");
    }

    rc = cxm_response_newest(txn, home, no, &newest, err);

    if (rc == CXM_OK) {
        out->version = newest.replaces + 1;
        cxm_entry_clear(&newest);
    }

    return rc;
}


void
cxm_response_token(const cxm_store_t *store, const cxm_uuid_t *id,
    char out[CXM_RESPONSE_TOKEN_LEN + 1])
{
    uint8_t  hash[CXM_HASH_LEN];

    cxm_keyed_hash(&cxm_store_keyring(store)->k[CXM_SUBKEY_TOKEN],
                   cxm_str("response"),
                   (cxm_str_t) { sizeof(id->b), (const char *) id->b },
                   cxm_str(""), hash, sizeof(hash));
    cxm_hex_encode(hash, sizeof(hash), out);
}
