/*
 * Sessions: finding them.
 */

#include <sodium.h>

#include "cxm_json.h"
#include "cxm_session_int.h"


#define CXM_SESSION_HASH  32


void
cxm_session_slug(const uint8_t secret[CXM_SESSION_SECRET],
    char slug[CXM_SESSION_SLUG + 1])
{
    uint8_t  hash[CXM_SESSION_HASH];

    (void) crypto_generichash(hash, sizeof(hash), secret, CXM_SESSION_SECRET,
                              NULL, 0);
    cxm_base32_encode(hash, sizeof(hash), slug);
}


static void
session_read(const cxm_doc_t *doc, cxm_ms_t now, cxm_session_t *out)
{
    memset(out, 0, sizeof(*out));

    out->no = doc->no;
    out->type = cxm_session_type(doc->body);
    out->owner = cxm_session_owner(doc->body);
    out->subject = doc->subject;
    out->seen_at = cxm_session_time(doc->body, "seen_at");
    out->ends_at = cxm_session_time(doc->body, "ends_at");
    out->half = cxm_json_get_bool(doc->body, "half", 0);
    out->failures = (unsigned) cxm_json_get_int(doc->body, "failures", 0);
    out->late = !out->half
                && now >= out->seen_at + cxm_session_noted(out->type);
}


static int
is_live(const cxm_doc_t *doc, cxm_ms_t now)
{
    return now < cxm_session_time(doc->body, "expires_at");
}


cxm_rc_t
cxm_session_find(cxm_txn_t *txn, cxm_session_type_t type, cxm_str_t token,
    cxm_ms_t now, cxm_session_t *out, cxm_error_t *err)
{
    char       slug[CXM_SESSION_SLUG + 1];
    uint8_t    secret[CXM_SESSION_SECRET];
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    if (cxm_base32_decode(token, secret, sizeof(secret)) != CXM_OK) {
        return CXM_NOT_FOUND;
    }

    cxm_session_slug(secret, slug);
    cxm_wipe(secret, sizeof(secret));

    rc = cxm_doc_by_name(txn, CXM_KIND_SESSION, cxm_strz(slug), &doc, err);

    if (rc == CXM_OK
        && (cxm_session_type(doc.body) != type || !is_live(&doc, now)))
    {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        session_read(&doc, now, out);
    }

    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_session_get(cxm_txn_t *txn, uint64_t no, cxm_ms_t now,
    cxm_session_t *out, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_get(txn, CXM_KIND_SESSION, no, &doc, err);

    if (rc == CXM_OK && !is_live(&doc, now)) {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        session_read(&doc, now, out);
    }

    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_session_check(cxm_txn_t *txn, uint64_t no, cxm_ms_t now,
    cxm_error_t *err)
{
    cxm_rc_t       rc;
    cxm_session_t  session;

    rc = cxm_session_get(txn, no, now, &session, err);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(err, CXM_UNAUTHORIZED, NULL, "The session has ended.")
           : rc;
}


cxm_rc_t
cxm_session_set(cxm_txn_t *txn, uint64_t owner, cxm_session_set_t *set,
    cxm_error_t *err)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    set->n = 0;
    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc == CXM_OK) {
        cxm_session_key(&key, owner, UINT64_MAX);
        rc = cxm_cursor_seek_back(cursor, &key, &row);

        while (rc == CXM_OK && cxm_row_within(&row, &key, 1 + 8)
               && set->n < CXM_SESSION_MAX + 1)
        {
            set->no[set->n++] = cxm_get_u64((const uint8_t *) row.key.data
                                            + 1 + 8);
            rc = cxm_cursor_prev(cursor, &row);
        }

        cxm_cursor_close(cursor);
    }

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK
           : cxm_fail(err, rc, NULL, "Sessions cannot be read.");
}


/* NULL in *out: a half one. */
static cxm_rc_t
session_json(cxm_txn_t *txn, uint64_t no, uint64_t own, json_t **out,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    *out = NULL;
    rc = cxm_doc_get(txn, CXM_KIND_SESSION, no, &doc, err);

    if (rc == CXM_OK && !cxm_json_get_bool(doc.body, "half", 0)) {
        *out = cxm_record_json(&doc, &cxm_session_fields,
                               cxm_record_see(&doc, 1));

        rc = json_object_set_new(*out, "current", json_boolean(no == own)) == 0
             ? CXM_OK
             : cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


cxm_rc_t
cxm_session_list(cxm_txn_t *txn, uint64_t owner, uint64_t own,
    json_t **items, cxm_error_t *err)
{
    size_t          i;
    json_t         *one;
    cxm_rc_t        rc;
    cxm_session_set_t   set;

    *items = json_array();
    rc = cxm_session_set(txn, owner, &set, err);

    for (i = 0; i < set.n && rc == CXM_OK; i++) {
        rc = session_json(txn, set.no[i], own, &one, err);

        if (rc == CXM_OK && one != NULL
            && json_array_append_new(*items, one) != 0)
        {
            rc = cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
        }
    }

    if (rc != CXM_OK) {
        json_decref(*items);
        *items = NULL;
    }

    return rc;
}


cxm_rc_t
cxm_session_by_id(cxm_txn_t *txn, cxm_session_type_t type, uint64_t owner,
    cxm_str_t id, uint64_t *no, cxm_error_t *err)
{
    cxm_rc_t    rc;
    cxm_doc_t   doc;
    cxm_uuid_t  uuid;

    if (cxm_uuid_parse(id, &uuid) != CXM_OK) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_doc_by_id(txn, CXM_KIND_SESSION, &uuid, &doc, err);

    if (rc == CXM_OK
        && (cxm_session_type(doc.body) != type
            || (owner != 0 && cxm_session_owner(doc.body) != owner)))
    {
        rc = CXM_NOT_FOUND;
    }

    *no = doc.no;
    cxm_doc_clear(&doc);

    return rc;
}
