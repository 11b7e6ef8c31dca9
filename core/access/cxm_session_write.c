/*
 * Sessions: beginning, changing, ending.
 */

#include "cxm_json.h"
#include "cxm_session_int.h"


static void
make_token(char token[CXM_SESSION_TOKEN + 1], char slug[CXM_SESSION_SLUG + 1])
{
    uint8_t  secret[CXM_SESSION_SECRET];

    cxm_random(secret, sizeof(secret));
    cxm_base32_encode(secret, sizeof(secret), token);
    cxm_session_slug(secret, slug);
    cxm_wipe(secret, sizeof(secret));
}


static cxm_rc_t
session_write(cxm_txn_t *txn, uint64_t actor, cxm_doc_t *doc, json_t *body,
    cxm_error_t *err)
{
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_SESSION;
    write.if_match = CXM_VERSION_ANY;
    write.actor = actor;
    write.subject = doc->subject;
    write.id = doc->id;
    write.body = body;
    write.personal = doc->personal;

    return cxm_doc_replace(txn, &write, doc, err);
}


/* seen_at is now, and what follows from it. */
static int
set_seen(json_t *body, cxm_ms_t now)
{
    int       bad;
    cxm_ms_t  ends, idle;

    ends = cxm_session_time(body, "ends_at");
    idle = now + cxm_session_types[cxm_session_type(body)].idle;

    bad = cxm_session_set_time(body, "seen_at", now);
    bad |= cxm_session_set_time(body, "expires_at", idle < ends ? idle : ends);

    return bad;
}


static json_t *
session_body(const cxm_session_spec_t *spec, const char *slug, cxm_ms_t now)
{
    int      bad;
    json_t  *body;

    body = json_pack("{ss ss sI}", "slug", slug,
                     "for", cxm_session_types[spec->type].name,
                     "owner", (json_int_t) spec->owner);

    if (spec->half) {
        bad = json_object_set_new(body, "half", json_true());
        bad |= cxm_session_set_time(body, "ends_at", now + CXM_SESSION_HALF);

    } else {
        bad = cxm_session_set_time(body, "ends_at",
                       now + cxm_session_types[spec->type].absolute);
    }

    bad |= set_seen(body, now);

    if (bad) {
        json_decref(body);
        return NULL;
    }

    return body;
}


/* Where there is no key of a person they stay with the store's. */
static int
set_device(const cxm_caller_t *caller, json_t *part)
{
    int   bad;
    char  device[CXM_AGENT_NAME];

    bad = 0;

    if (cxm_agent_name(caller->user_agent, device)) {
        bad |= cxm_json_set_str(part, "device", cxm_strz(device));
    }

    if (caller->country.len > 0) {
        bad |= cxm_json_set_str(part, "country", caller->country);
    }

    return bad;
}


/* The one that was used longest ago goes when there are too many. */
static cxm_rc_t
make_room(cxm_txn_t *txn, const cxm_session_spec_t *spec, cxm_error_t *err)
{
    size_t          i;
    uint64_t        oldest;
    cxm_ms_t        seen, first;
    cxm_rc_t        rc;
    cxm_doc_t       doc;
    cxm_session_set_t   set;

    rc = cxm_session_set(txn, spec->owner, &set, err);
    oldest = 0;
    first = 0;

    if (rc != CXM_OK || set.n < CXM_SESSION_MAX) {
        return rc;
    }

    for (i = 0; i < set.n && rc == CXM_OK; i++) {
        rc = cxm_doc_get(txn, CXM_KIND_SESSION, set.no[i], &doc, err);
        seen = cxm_session_time(doc.body, "seen_at");
        cxm_doc_clear(&doc);

        if (oldest == 0 || seen < first) {
            oldest = set.no[i];
            first = seen;
        }
    }

    return rc == CXM_OK ? cxm_session_end(txn, spec->owner, oldest, err) : rc;
}


cxm_rc_t
cxm_session_begin(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_session_spec_t *spec, char token[CXM_SESSION_TOKEN + 1],
    cxm_error_t *err)
{
    char        slug[CXM_SESSION_SLUG + 1];
    json_t     *body;
    cxm_rc_t    rc;
    cxm_doc_t   doc;

    rc = make_room(txn, spec, err);

    if (rc != CXM_OK) {
        return rc;
    }

    make_token(token, slug);

    memset(&doc, 0, sizeof(doc));
    doc.subject = spec->subject;
    doc.personal = spec->subject == 0 ? NULL : json_object();
    body = session_body(spec, slug, cxm_txn_now(txn));

    rc = body == NULL
         || set_device(caller, spec->subject == 0 ? body : doc.personal)
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : session_write(txn, spec->owner, &doc, body, err);

    json_decref(body);
    cxm_doc_clear(&doc);

    return rc;
}


/* Changes the document by fn, which tells 0 when there is nothing to do. */
static cxm_rc_t
session_change(cxm_txn_t *txn, uint64_t actor, uint64_t no,
    int (*fn)(cxm_txn_t *txn, json_t *body, const void *data),
    const void *data, cxm_error_t *err)
{
    json_t     *body;
    cxm_rc_t    rc;
    cxm_doc_t   doc;

    rc = cxm_doc_get(txn, CXM_KIND_SESSION, no, &doc, err);

    if (rc != CXM_OK) {
        return rc;
    }

    body = json_copy(doc.body);

    rc = body == NULL || fn(txn, body, data)
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : session_write(txn, actor, &doc, body, err);

    json_decref(body);
    cxm_doc_clear(&doc);

    return rc;
}


static int
note_seen(cxm_txn_t *txn, json_t *body, const void *data)
{
    cxm_ms_t  next;

    (void) data;

    next = cxm_session_time(body, "seen_at")
           + cxm_session_noted(cxm_session_type(body));

    return cxm_txn_now(txn) >= next
           && set_seen(body, cxm_txn_now(txn));
}


cxm_rc_t
cxm_session_seen(cxm_txn_t *txn, uint64_t no, cxm_error_t *err)
{
    return session_change(txn, 0, no, note_seen, NULL, err);
}


static int
set_slug(cxm_txn_t *txn, json_t *body, const void *data)
{
    (void) txn;

    return cxm_json_set_str(body, "slug", cxm_strz(data));
}


cxm_rc_t
cxm_session_rotate(cxm_txn_t *txn, uint64_t actor, uint64_t no,
    char token[CXM_SESSION_TOKEN + 1], cxm_error_t *err)
{
    char  slug[CXM_SESSION_SLUG + 1];

    make_token(token, slug);

    return session_change(txn, actor, no, set_slug, slug, err);
}


static int
count_failure(cxm_txn_t *txn, json_t *body, const void *data)
{
    (void) txn;
    (void) data;

    return cxm_json_set_int(body, "failures",
                            cxm_json_get_int(body, "failures", 0) + 1);
}


cxm_rc_t
cxm_session_failed(cxm_txn_t *txn, uint64_t no, cxm_error_t *err)
{
    cxm_rc_t   rc;
    int64_t    failures;
    cxm_doc_t  doc;

    rc = cxm_doc_get(txn, CXM_KIND_SESSION, no, &doc, err);

    if (rc != CXM_OK) {
        return rc;
    }

    failures = cxm_json_get_int(doc.body, "failures", 0);
    cxm_doc_clear(&doc);

    return failures + 1 < CXM_SESSION_FAILURES
           ? session_change(txn, 0, no, count_failure, NULL, err)
           : cxm_session_end(txn, 0, no, err);
}


cxm_rc_t
cxm_session_end(cxm_txn_t *txn, uint64_t actor, uint64_t no,
    cxm_error_t *err)
{
    cxm_rc_t         rc;
    cxm_doc_t        doc;
    cxm_doc_write_t  write;

    rc = cxm_doc_get(txn, CXM_KIND_SESSION, no, &doc, err);

    if (rc == CXM_OK) {
        memset(&write, 0, sizeof(write));
        write.kind = CXM_KIND_SESSION;
        write.id = doc.id;
        write.if_match = CXM_VERSION_ANY;
        write.actor = actor;
        rc = cxm_doc_delete(txn, &write, err);
    }

    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_session_end_all(cxm_txn_t *txn, uint64_t actor, uint64_t owner,
    uint64_t but, unsigned *n, cxm_error_t *err)
{
    size_t          i;
    cxm_rc_t        rc;
    cxm_session_set_t   set;

    *n = 0;
    rc = cxm_session_set(txn, owner, &set, err);

    for (i = 0; i < set.n && rc == CXM_OK; i++) {
        if (set.no[i] != but) {
            rc = cxm_session_end(txn, actor, set.no[i], err);
            ++*n;
        }
    }

    return rc;
}
