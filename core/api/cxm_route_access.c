/*
 * Routes of API keys.
 */

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_routes.h"


static const cxm_field_t  cxm_key_input_fields[] = {
    { .name = "role", .type = CXM_FIELD_ENUM, .flags = CXM_FIELD_REQUIRED,
      .values = cxm_role_names, .summary = "What the key may do." },
    { .name = "name", .type = CXM_FIELD_STRING, .max = 100,
      .summary = "For people; may be empty." },
    { .name = "expires_at", .type = CXM_FIELD_TIME,
      .summary = "From then on it is refused; default never." },
    { .name = NULL }
};

static const cxm_fields_t  cxm_key_input = {
    "KeyInput", cxm_key_input_fields
};

static const cxm_field_t  cxm_key_fields[] = {
    { .name = "slug", .type = CXM_FIELD_SLUG,
      .summary = "The id within the key's text." },
    { .name = "name", .type = CXM_FIELD_STRING },
    { .name = "role", .type = CXM_FIELD_ENUM, .values = cxm_role_names },
    { .name = "expires_at", .type = CXM_FIELD_TIME },
    { .name = "revoked_at", .type = CXM_FIELD_TIME },
    { .name = "created_by", .type = CXM_FIELD_SLUG,
      .flags = CXM_FIELD_NULLABLE, .summary = "The key that made it." },
    CXM_FIELDS_DOC,
    { .name = NULL }
};

static const cxm_fields_t  cxm_key_output = { "Key", cxm_key_fields };

static const cxm_field_t  cxm_key_made_fields[] = {
    { .name = "id", .type = CXM_FIELD_SLUG },
    { .name = "role", .type = CXM_FIELD_ENUM, .values = cxm_role_names },
    { .name = "token", .type = CXM_FIELD_STRING,
      .summary = "The key itself, told this once." },
    { .name = NULL }
};

static const cxm_fields_t  cxm_key_made = { "KeyMade", cxm_key_made_fields };

static const cxm_field_t  cxm_key_list_query[] = {
    CXM_QUERY_PAGE,
    { .name = NULL }
};


/* --- list --------------------------------------------------------------- */

static cxm_rc_t
cxm_key_list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_page_docs(call, txn, CXM_KIND_KEY, cxm_key_json);
}


/* --- create and revoke -------------------------------------------------- */

static cxm_rc_t
cxm_key_create_prepare(cxm_call_t *call)
{
    cxm_ms_t   at;
    cxm_str_t  text;

    text = cxm_json_get_str(call->input, "expires_at");

    if (text.data != NULL
        && (cxm_rfc3339_parse(text, &at) != CXM_OK || at <= call->now))
    {
        return cxm_issue(&call->err, "/expires_at", "out_of_range",
                         "Must lie in the future.");
    }

    return CXM_OK;
}


static cxm_rc_t
cxm_key_create_write(cxm_call_t *call, cxm_txn_t *txn)
{
    char            token[CXM_TOKEN_LEN + 1];
    cxm_rc_t        rc;
    cxm_str_t       id;
    cxm_key_spec_t  spec;

    memset(&spec, 0, sizeof(spec));
    spec.role = cxm_json_get_str(call->input, "role");
    spec.name = cxm_json_get_str(call->input, "name");
    (void) cxm_rfc3339_parse(cxm_json_get_str(call->input, "expires_at"),
                             &spec.expires_at);

    rc = cxm_key_create(txn, &call->caller, &spec, token, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    id = (cxm_str_t) { 13, token + 4 };
    cxm_call_location(call, id);

    rc = cxm_call_reply(call, 201,
                        json_pack("{ss% ss% ss}", "id", id.data, id.len,
                                  "role", spec.role.data, spec.role.len,
                                  "token", token));
    cxm_wipe(token, sizeof(token));

    return rc;
}


static cxm_rc_t
cxm_key_revoke_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t  rc;

    rc = cxm_key_revoke(txn, &call->caller, call->params[0], &call->err);

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


const cxm_route_t  cxm_routes_access[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = "keys",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_KEY_ADMIN,
      .query = cxm_key_list_query, .answers = CXM_200,
      .output = &cxm_key_output, .read = cxm_key_list_read,
      .summary = "List API keys, revoked ones too" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_POST, .path = "keys",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_KEY_ADMIN,
      .flags = CXM_ROUTE_SECRET,
      .input = &cxm_key_input, .answers = CXM_201, .output = &cxm_key_made,
      .prepare = cxm_key_create_prepare, .write = cxm_key_create_write,
      .summary = "Make an API key; its text is told once" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_DELETE,
      .path = "keys/{id}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_KEY_ADMIN,
      .answers = CXM_204, .write = cxm_key_revoke_write,
      .summary = "Revoke an API key" },
    { .path = NULL }
};
