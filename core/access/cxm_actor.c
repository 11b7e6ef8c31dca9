/*
 * Actors: who did something, told to people; and whether who lasts is still
 * one.
 */

#include "cxm_access.h"
#include "cxm_session.h"
#include "cxm_staff.h"


/* Of kinds whose numbers an actor may be: all come from one sequence. */
static const struct {
    cxm_kind_no_t  kind;
    const char    *name;
} actor_kinds[] = {
    { CXM_KIND_STAFF, "staff" },
    { CXM_KIND_KEY, "key" },
    { CXM_KIND_ACCOUNT, "account" }
};

#define ACTOR_KINDS  (sizeof(actor_kinds) / sizeof(actor_kinds[0]))


/* By the name that they go by; accounts have none but their id. */
static json_t *
actor_json(const cxm_doc_t *doc, const char *kind)
{
    char     id[CXM_UUID_LEN + 1];
    json_t  *slug;

    slug = json_object_get(doc->body, "slug");
    cxm_uuid_format(&doc->id, id);

    return json_pack("{ss so sO?}", "kind", kind,
                     "id", slug != NULL ? json_incref(slug) : json_string(id),
                     "name", json_object_get(doc->body, "name"));
}


json_t *
cxm_actor_json(cxm_txn_t *txn, uint64_t actor)
{
    size_t      i;
    json_t     *out;
    cxm_doc_t   doc;

    for (i = 0; actor != 0 && i < ACTOR_KINDS; i++) {

        if (cxm_doc_get(txn, actor_kinds[i].kind, actor, &doc, NULL)
            != CXM_OK)
        {
            continue;
        }

        out = actor_json(&doc, actor_kinds[i].name);
        cxm_doc_clear(&doc);

        return out;
    }

    return json_null();
}


/* --- whether one may go on ---------------------------------------------- */

static cxm_rc_t
member_check(cxm_txn_t *txn, const cxm_principal_t *was, cxm_ms_t now)
{
    cxm_rc_t         rc;
    cxm_doc_t        doc;
    cxm_principal_t  is;

    rc = was->session == 0 ? CXM_OK
                           : cxm_session_check(txn, was->session, now, NULL);

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&is, 0, sizeof(is));
    rc = cxm_doc_get(txn, CXM_KIND_STAFF, was->actor, &doc, NULL);

    if (rc == CXM_OK) {
        rc = cxm_staff_principal(&doc, &is);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_OK && is.role != was->role ? CXM_UNAUTHORIZED : rc;
}


cxm_rc_t
cxm_principal_check(cxm_txn_t *txn, const cxm_principal_t *principal,
    cxm_ms_t now)
{
    cxm_rc_t  rc;

    rc = principal->kind == CXM_PRINCIPAL_STAFF
         ? member_check(txn, principal, now)
         : cxm_key_check(txn, principal->actor, now);

    return rc == CXM_NOT_FOUND ? CXM_UNAUTHORIZED : rc;
}
