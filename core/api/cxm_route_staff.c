/*
 * Routes of members of the staff, for who looks after them.
 */

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_password.h"
#include "cxm_resource.h"
#include "cxm_route_session.h"
#include "cxm_routes.h"
#include "cxm_session.h"
#include "cxm_staff.h"


static const cxm_field_t  member_fields[] = {
    { .name = "slug", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_REQUIRED,
      .summary = "the name to sign in with" },
    { .name = "name", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .summary = "as others see it" },
    { .name = "email", .type = CXM_FIELD_EMAIL,
      .summary = "may be used to sign in, too" },
    { .name = "role", .type = CXM_FIELD_ENUM, .flags = CXM_FIELD_REQUIRED,
      .values = cxm_role_names },
    { .name = "totp_optional", .type = CXM_FIELD_BOOL,
      .summary = "without it, a member that has no second factor can do "
                 "nothing but get one" },
    { .name = "password", .type = CXM_FIELD_STRING, .max = CXM_PASSWORD_MAX,
      .summary = "for who is not told by the site (cxm_staff_identity)" },
    { .name = NULL }
};

static const cxm_fields_t  member_input = { "StaffMemberNew", member_fields };

static const cxm_field_t  password_fields[] = {
    { .name = "password", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .max = CXM_PASSWORD_MAX },
    { .name = NULL }
};

static const cxm_fields_t  password_input = {
    "StaffPassword", password_fields
};


/* Hash phase of what sets a password: call->data is the hash. */
static cxm_rc_t
password_hash(cxm_call_t *call)
{
    cxm_str_t  password;

    password = cxm_json_get_str(call->input, "password");

    if (password.data == NULL) {
        return CXM_OK;
    }

    call->data = cxm_arena_alloc(&call->arena, CXM_PASSWORD_HASH);

    return call->data == NULL
           ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
           : cxm_password_hash(password, call->data, &call->err);
}


static cxm_rc_t
reply_member(cxm_call_t *call, const cxm_doc_t *doc, int created)
{
    return cxm_call_reply_shown(call, doc,
                                cxm_record_json(doc, &cxm_staff_fields,
                                                CXM_SEE_SHARED),
                                created);
}


/* --- new members -------------------------------------------------------- */

static void
member_spec(const cxm_call_t *call, cxm_staff_spec_t *spec)
{
    memset(spec, 0, sizeof(*spec));

    spec->slug = cxm_json_get_str(call->input, "slug");
    spec->name = cxm_json_get_str(call->input, "name");
    spec->email = cxm_json_get_str(call->input, "email");
    spec->role = cxm_json_get_str(call->input, "role");
    spec->totp_optional = cxm_json_get_bool(call->input, "totp_optional", 0);
    spec->password = call->data;
}


static cxm_rc_t
member_post_prepare(cxm_call_t *call)
{
    cxm_str_t         password;
    cxm_staff_spec_t  own;

    member_spec(call, &own);
    password = cxm_json_get_str(call->input, "password");

    return password.data == NULL
           ? CXM_OK
           : cxm_staff_password_refuse(password, &own, "/password",
                                       &call->err);
}


static cxm_rc_t
member_post_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t          rc;
    cxm_doc_t         doc;
    cxm_staff_spec_t  spec;

    member_spec(call, &spec);
    rc = cxm_staff_add(txn, &call->caller, &spec, &doc, &call->err);

    if (rc == CXM_OK) {
        rc = reply_member(call, &doc, 1);
    }

    cxm_doc_clear(&doc);

    return rc;
}


/* --- changes ------------------------------------------------------------ */

static cxm_rc_t
member_patch_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    memset(&doc, 0, sizeof(doc));
    rc = cxm_resource_write(call, txn, 1, &write);

    if (rc == CXM_OK) {
        rc = cxm_staff_patch(&write, call->input, &doc);
    }

    if (rc == CXM_OK) {
        rc = reply_member(call, &doc, 0);
    }

    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
member_password_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t          rc;
    cxm_doc_t         doc;
    cxm_staff_spec_t  own;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc == CXM_OK) {
        cxm_staff_spec_of(&doc, &own);
        rc = cxm_staff_password_refuse(cxm_json_get_str(call->input,
                                                        "password"),
                                       &own, "/password", &call->err);
    }

    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
member_password_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc == CXM_OK) {
        rc = cxm_staff_set_password(txn, &call->caller, &doc, call->data,
                                    &call->err);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


static cxm_rc_t
member_totp_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc == CXM_OK) {
        rc = cxm_staff_set_totp(txn, &call->caller, &doc, NULL, &call->err);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


/* --- sessions ----------------------------------------------------------- */

static cxm_rc_t
member_sessions_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc == CXM_OK) {
        rc = cxm_sessions_reply(call, txn, doc.no);
    }

    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
member_sessions_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc == CXM_OK) {
        rc = cxm_staff_end_sessions(txn, &call->caller, doc.no, &call->err);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


#define ROW(method_, path_, flags_)                                           \
    CXM_RESOURCE_ROW(method_, path_, CXM_SCOPE_STAFF_ADMIN, staff, flags_)

const cxm_route_t  cxm_routes_staff[] = {
    { ROW(CXM_GET, "staff", 0), .query = cxm_resource_page,
      .answers = CXM_200, .output = &cxm_staff_fields,
      .read = cxm_resource_list, .summary = "List the staff, newest first" },
    { ROW(CXM_POST, "staff", CXM_ROUTE_NAMED), .input = &member_input,
      .answers = CXM_201, .output = &cxm_staff_fields,
      .prepare = member_post_prepare, .hash = password_hash,
      .write = member_post_write, .summary = "Let somebody sign in" },
    { ROW(CXM_GET, "staff/{slug}", CXM_ROUTE_BOUNDED | CXM_ROUTE_DOC),
      .answers = CXM_200, .output = &cxm_staff_fields,
      .read = cxm_resource_get, .summary = "Show a member" },
    { ROW(CXM_GET, "staff/{slug}/history", 0), .query = cxm_resource_page,
      .answers = CXM_200, .output = &cxm_resource_version,
      .read = cxm_resource_history,
      .summary = "Show what was changed of a member, when and by whom" },
    { ROW(CXM_PATCH, "staff/{slug}", CXM_ROUTE_MERGE | CXM_ROUTE_DOC),
      .input = &cxm_staff_fields, .answers = CXM_200 | CXM_409,
      .output = &cxm_staff_fields, .write = member_patch_write,
      .summary = "Change a member; another role ends its sessions" },
    { ROW(CXM_PUT, "staff/{slug}/password",
          CXM_ROUTE_BOUNDED | CXM_ROUTE_NAMED),
      .input = &password_input, .answers = CXM_204,
      .read = member_password_read, .hash = password_hash,
      .write = member_password_write,
      .summary = "Give a member another password; its sessions end" },
    { ROW(CXM_DELETE, "staff/{slug}/totp", 0), .answers = CXM_204,
      .write = member_totp_write,
      .summary = "Take a second factor that was lost away; sessions end" },
    { ROW(CXM_GET, "staff/{slug}/sessions", CXM_ROUTE_BOUNDED),
      .query = cxm_resource_page, .answers = CXM_200,
      .output = &cxm_session_fields, .read = member_sessions_read,
      .summary = "List where a member is signed in, newest first" },
    { ROW(CXM_DELETE, "staff/{slug}/sessions", 0), .answers = CXM_204,
      .write = member_sessions_write,
      .summary = "End all sessions of a member, but for one's own" },
    { .path = NULL }
};
