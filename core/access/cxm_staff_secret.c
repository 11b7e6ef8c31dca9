/*
 * What members of the staff sign in with.
 */

#include "cxm_json.h"
#include "cxm_password.h"
#include "cxm_staff.h"
#include "cxm_totp.h"


cxm_rc_t
cxm_staff_secret(cxm_txn_t *txn, const cxm_doc_t *member, json_t **secret,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    *secret = NULL;
    rc = cxm_doc_by_id(txn, CXM_KIND_STAFF_SECRET, &member->id, &doc, err);

    if (rc == CXM_OK) {
        *secret = json_deep_copy(doc.body);
        rc = *secret == NULL
             ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
             : CXM_OK;
    }

    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_staff_secret_keep(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, json_t *secret, cxm_error_t *err)
{
    int              created;
    cxm_rc_t         rc;
    cxm_doc_t        doc;
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_STAFF_SECRET;
    write.id = member->id;
    write.if_match = CXM_VERSION_ANY;
    write.actor = caller->principal.actor;
    write.body = secret;

    rc = cxm_doc_put(txn, &write, &doc, &created, err);
    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_staff_password_refuse(cxm_str_t password, const cxm_staff_spec_t *own,
    const char *pointer, cxm_error_t *err)
{
    cxm_str_t  names[3] = { own->slug, own->name, own->email };

    return cxm_password_refuse(password, names, 3, pointer, err);
}


void
cxm_staff_spec_of(const cxm_doc_t *member, cxm_staff_spec_t *spec)
{
    memset(spec, 0, sizeof(*spec));

    spec->slug = cxm_json_get_str(member->body, "slug");
    spec->name = cxm_json_get_str(member->body, "name");
    spec->email = cxm_json_get_str(member->body, "email");
}


/* To be changed, also of a member that has none yet. */
static cxm_rc_t
secret_begin(cxm_txn_t *txn, const cxm_doc_t *member, json_t **secret,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_staff_secret(txn, member, secret, err);

    if (rc == CXM_NOT_FOUND) {
        *secret = json_object();
        rc = *secret == NULL
             ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
             : CXM_OK;
    }

    return rc;
}


/* Steals the secret; others who signed in with what it was are out. */
static cxm_rc_t
secret_end(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, json_t *secret, int bad, cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = bad ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
             : cxm_staff_secret_keep(txn, caller, member, secret, err);
    json_decref(secret);

    return rc == CXM_OK
           ? cxm_staff_end_sessions(txn, caller, member->no, err) : rc;
}


cxm_rc_t
cxm_staff_set_password(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, const char *hash, cxm_error_t *err)
{
    json_t    *secret;
    cxm_rc_t   rc;

    rc = secret_begin(txn, member, &secret, err);

    return rc == CXM_OK
           ? secret_end(txn, caller, member, secret,
                        cxm_json_set_str(secret, "password", cxm_strz(hash)),
                        err)
           : rc;
}


/* The member tells whether there is one. */
static cxm_rc_t
show_totp(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, int on, cxm_error_t *err)
{
    json_t              *patch;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    write = cxm_staff_write(txn, caller, member, err);

    patch = json_pack("{sb}", "totp", on);
    rc = patch == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_record_patch(&write, patch, &doc);

    if (rc == CXM_OK) {
        cxm_doc_clear(&doc);
    }

    json_decref(patch);

    return rc;
}


/* One that was begun goes with it. */
cxm_rc_t
cxm_staff_set_totp(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, json_t *totp, cxm_error_t *err)
{
    int        bad, on;
    json_t    *secret;
    cxm_rc_t   rc;

    rc = secret_begin(txn, member, &secret, err);

    if (rc != CXM_OK) {
        return rc;
    }

    on = cxm_totp_on(totp);
    (void) json_object_del(secret, "totp");
    (void) json_object_del(secret, CXM_STAFF_TOTP_NEXT);
    bad = totp != NULL && json_object_set(secret, "totp", totp) != 0;

    rc = secret_end(txn, caller, member, secret, bad, err);

    return rc == CXM_OK && on != cxm_json_get_bool(member->body, "totp", 0)
           ? show_totp(txn, caller, member, on, err) : rc;
}
