/*
 * Members of the staff.
 */

#include "cxm_index.h"
#include "cxm_json.h"
#include "cxm_session.h"
#include "cxm_staff.h"


#define CXM_STAFF_ADMIN  "admin"


static const cxm_field_t  staff_fields[] = {
    { .name = "slug", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_READONLY,
      .summary = "the name to sign in with" },
    { .name = "name", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .summary = "as others see it" },
    { .name = "email", .type = CXM_FIELD_EMAIL, .flags = CXM_FIELD_KEY,
      .summary = "may be used to sign in, too" },
    { .name = "role", .type = CXM_FIELD_ENUM, .flags = CXM_FIELD_REQUIRED,
      .values = cxm_role_names, .summary = "what the member may do" },
    { .name = "disabled", .type = CXM_FIELD_BOOL,
      .summary = "may not sign in, nor go on" },
    { .name = "totp_optional", .type = CXM_FIELD_BOOL,
      .summary = "without it, a member that has no second factor can do "
                 "nothing but get one" },
    { .name = "totp", .type = CXM_FIELD_BOOL, .flags = CXM_FIELD_READONLY,
      .summary = "signs in with a second factor" },
    CXM_FIELDS_DOC,
    { .name = NULL }
};

const cxm_fields_t  cxm_staff_fields = { "StaffMember", staff_fields };


/* --- admins ------------------------------------------------------------- */

static int
is_admin(const json_t *member)
{
    return cxm_str_eqz(cxm_json_get_str(member, "role"), CXM_STAFF_ADMIN)
           && !cxm_json_get_bool(member, "disabled", 0);
}


typedef struct {
    uint64_t  except;
    unsigned  n;
} staff_admins_t;


static int
count_admin(void *ctx, const cxm_doc_t *doc)
{
    staff_admins_t  *admins = ctx;

    admins->n += doc->no != admins->except && is_admin(doc->body);

    return 0;
}


cxm_rc_t
cxm_staff_admins(cxm_txn_t *txn, uint64_t except, unsigned *n,
    cxm_error_t *err)
{
    cxm_rc_t        rc;
    staff_admins_t  admins;

    admins.except = except;
    admins.n = 0;
    rc = cxm_doc_list(txn, CXM_KIND_STAFF, 0, UINT32_MAX, count_admin,
                      &admins, err);
    *n = admins.n;

    return rc;
}


static cxm_rc_t
staff_check(cxm_record_write_t *write)
{
    cxm_rc_t  rc;
    unsigned  others;

    if (write->ours || !is_admin(write->before) || is_admin(write->document)) {
        return CXM_OK;
    }

    rc = cxm_staff_admins(write->txn, write->old->no, &others, write->err);

    return rc == CXM_OK && others == 0
           ? cxm_fail(write->err, CXM_CONFLICT, "last_admin",
                      "No other admin could sign in then.")
           : rc;
}


/* --- the kinds ---------------------------------------------------------- */

const cxm_record_t  cxm_record_staff = {
    .kind = CXM_KIND_STAFF,
    .name = "member",
    .fields = &cxm_staff_fields,
    .flags = CXM_RECORD_NAMED | CXM_RECORD_SEARCHED | CXM_RECORD_HISTORY,
    .check = staff_check
};


static cxm_rc_t
staff_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    return cxm_record_apply(txn, entry, &cxm_record_staff, NULL);
}


const cxm_kind_t  cxm_kind_staff = {
    .no = CXM_KIND_STAFF,
    .version = 1,
    .name = "staff",
    .apply = staff_apply
};

const cxm_kind_t  cxm_kind_staff_secret = {
    .no = CXM_KIND_STAFF_SECRET,
    .version = 1,
    .name = "staff_secret",
    .apply = cxm_doc_apply,
    .keep = CXM_KEEP_JOURNAL
};


/* --- members ------------------------------------------------------------ */

cxm_rc_t
cxm_staff_find(cxm_txn_t *txn, cxm_str_t name, cxm_doc_t *out,
    cxm_error_t *err)
{
    uint64_t  no;
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));

    if (cxm_slug_valid(name)) {
        return cxm_doc_by_name(txn, CXM_KIND_STAFF, name, out, err);
    }

    rc = cxm_index_find(txn, CXM_KIND_STAFF,
                        cxm_field_find(&cxm_staff_fields, cxm_str("email")),
                        name, &no);

    return rc == CXM_OK ? cxm_doc_get(txn, CXM_KIND_STAFF, no, out, err)
           : rc == CXM_NOT_FOUND ? rc
           : cxm_fail(err, rc, NULL, "A member cannot be found.");
}


static cxm_rc_t
staff_free(cxm_txn_t *txn, cxm_str_t slug, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    if (!cxm_slug_valid(slug)) {
        return cxm_issue(err, "/slug", "invalid",
                         "Must be 1 to 63 of a-z, 0-9 and hyphens.");
    }

    rc = cxm_doc_by_name(txn, CXM_KIND_STAFF, slug, &doc, err);
    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND ? CXM_OK
           : rc == CXM_OK ? cxm_fail(err, CXM_CONFLICT, "slug_taken",
                                     "Another member has this name.")
           : rc;
}


/* NULL without memory. */
static json_t *
staff_body(const cxm_staff_spec_t *spec)
{
    int      bad;
    json_t  *body;

    body = json_object();
    bad = cxm_json_set_str(body, "role", spec->role);

    if (spec->name.len > 0) {
        bad |= cxm_json_set_str(body, "name", spec->name);
    }

    if (spec->email.len > 0) {
        bad |= cxm_json_set_str(body, "email", spec->email);
    }

    if (spec->totp_optional) {
        bad |= json_object_set_new(body, "totp_optional", json_true());
    }

    if (bad) {
        json_decref(body);
        return NULL;
    }

    return body;
}


cxm_rc_t
cxm_staff_add(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_staff_spec_t *spec, cxm_doc_t *out, cxm_error_t *err)
{
    int                  created;
    json_t              *body;
    cxm_rc_t             rc;
    cxm_record_write_t   write;

    memset(out, 0, sizeof(*out));
    rc = staff_free(txn, spec->slug, err);

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_staff;
    write.caller = caller;
    write.actor = caller->principal.actor;
    write.slug = spec->slug;
    write.if_match = CXM_VERSION_NONE;
    write.err = err;

    body = staff_body(spec);
    rc = body == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_record_put(&write, body, out, &created);
    json_decref(body);

    return rc == CXM_OK && spec->password != NULL
           ? cxm_staff_set_password(txn, caller, out, spec->password, err)
           : rc;
}


cxm_rc_t
cxm_staff_end_sessions(cxm_txn_t *txn, const cxm_caller_t *caller,
    uint64_t member, cxm_error_t *err)
{
    unsigned  n;

    return cxm_session_end_all(txn, caller->principal.actor, member,
                               caller->principal.session, &n, err);
}


/* Whether the member may do the same after it as before. */
static int
same_rights(const cxm_doc_t *a, const cxm_doc_t *b)
{
    return cxm_str_eq(cxm_json_get_str(a->body, "role"),
                      cxm_json_get_str(b->body, "role"))
           && cxm_json_get_bool(a->body, "disabled", 0)
              == cxm_json_get_bool(b->body, "disabled", 0)
           && cxm_json_get_bool(a->body, "totp_optional", 0)
              == cxm_json_get_bool(b->body, "totp_optional", 0);
}


cxm_record_write_t
cxm_staff_write(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, cxm_error_t *err)
{
    return (cxm_record_write_t) {
        .txn = txn,
        .record = &cxm_record_staff,
        .caller = caller,
        .actor = caller->principal.actor,
        .slug = cxm_json_get_str(member->body, "slug"),
        .if_match = CXM_VERSION_ANY,
        .ours = 1,
        .err = err
    };
}


cxm_rc_t
cxm_staff_patch(cxm_record_write_t *write, const json_t *patch,
    cxm_doc_t *out)
{
    cxm_rc_t   rc;
    cxm_doc_t  before;

    rc = cxm_doc_by_name(write->txn, CXM_KIND_STAFF, write->slug, &before,
                         write->err);

    if (rc == CXM_OK) {
        rc = cxm_record_patch(write, patch, out);
    }

    if (rc == CXM_OK && !same_rights(&before, out)) {
        rc = cxm_staff_end_sessions(write->txn, write->caller, out->no,
                                    write->err);
    }

    cxm_doc_clear(&before);

    return rc;
}


int
cxm_staff_owes_totp(const cxm_doc_t *member)
{
    return !cxm_json_get_bool(member->body, "totp", 0)
           && !cxm_json_get_bool(member->body, "totp_optional", 0);
}


cxm_rc_t
cxm_staff_principal(const cxm_doc_t *member, cxm_principal_t *principal)
{
    const cxm_role_t  *role;

    role = cxm_role_find(cxm_json_get_str(member->body, "role"));

    if (role == NULL || cxm_json_get_bool(member->body, "disabled", 0)) {
        return CXM_UNAUTHORIZED;
    }

    principal->kind = CXM_PRINCIPAL_STAFF;
    principal->actor = member->no;
    principal->role = role;
    principal->scopes = role->scopes;

    return CXM_OK;
}
