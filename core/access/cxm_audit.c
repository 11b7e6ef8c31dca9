/*
 * The audit: who read personal fields, when, by which route.
 *
 * Body: {"what", "role", "object"}; actor and time are the entry's own.
 */

#include "cxm_access.h"
#include "cxm_json.h"


cxm_rc_t
cxm_audit(cxm_txn_t *txn, const cxm_caller_t *caller, const char *what,
    json_t *object, cxm_error_t *err)
{
    cxm_rc_t           rc;
    cxm_entry_t        entry;
    const cxm_role_t  *role;

    role = caller->principal.role;

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_ACCESS;
    entry.action = CXM_ACTION_ADD;
    entry.actor = caller->principal.actor;
    entry.body = json_pack("{ss ss? sO?}", "what", what,
                           "role", role == NULL ? NULL : role->name,
                           "object", object);

    rc = entry.body == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_journal_append(txn, &entry, err);

    json_decref(entry.body);

    return rc;
}


/* The entry itself is the record: no table needs it. */
static cxm_rc_t
cxm_audit_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    (void) txn;

    return cxm_json_get_str(entry->body, "what").len > 0 ? CXM_OK
                                                         : CXM_CORRUPT;
}


const cxm_kind_t  cxm_kind_access = {
    .no = CXM_KIND_ACCESS,
    .version = 1,
    .name = "access",
    .apply = cxm_audit_apply
};
