/*
 * API keys: made, told once, checked, revoked.
 */

#include <sodium.h>

#include "cxm_access.h"
#include "cxm_json.h"


#define CXM_APIKEY_ID      8
#define CXM_APIKEY_SECRET  32
#define CXM_APIKEY_HASH    32

#define CXM_APIKEY_ID_TEXT      13
#define CXM_APIKEY_SECRET_TEXT  52
#define CXM_APIKEY_PREFIX       "cxm_"


typedef struct {
    cxm_str_t  id;
    uint8_t    secret[CXM_APIKEY_SECRET];
} cxm_apikey_t;


static void
cxm_apikey_hash(const uint8_t secret[CXM_APIKEY_SECRET],
    uint8_t hash[CXM_APIKEY_HASH])
{
    (void) crypto_generichash(hash, CXM_APIKEY_HASH, secret,
                              CXM_APIKEY_SECRET, NULL, 0);
}


static cxm_rc_t
cxm_apikey_parse(cxm_str_t token, cxm_apikey_t *out)
{
    size_t     skip;
    uint8_t    id[CXM_APIKEY_ID];
    cxm_str_t  secret;

    skip = sizeof(CXM_APIKEY_PREFIX) - 1;

    if (token.len != CXM_TOKEN_LEN
        || memcmp(token.data, CXM_APIKEY_PREFIX, skip) != 0
        || token.data[skip + CXM_APIKEY_ID_TEXT] != '_')
    {
        return CXM_UNAUTHORIZED;
    }

    out->id = (cxm_str_t) { CXM_APIKEY_ID_TEXT, token.data + skip };
    secret = (cxm_str_t) { CXM_APIKEY_SECRET_TEXT,
                           token.data + skip + CXM_APIKEY_ID_TEXT + 1 };

    if (cxm_base32_decode(out->id, id, sizeof(id)) != CXM_OK
        || cxm_base32_decode(secret, out->secret, sizeof(out->secret))
           != CXM_OK)
    {
        return CXM_UNAUTHORIZED;
    }

    return CXM_OK;
}


static int
cxm_apikey_expired(const json_t *body, cxm_ms_t now)
{
    cxm_ms_t   at;
    cxm_str_t  expires;

    expires = cxm_json_get_str(body, "expires_at");

    return expires.data != NULL
           && (cxm_rfc3339_parse(expires, &at) != CXM_OK || at <= now);
}


static int
cxm_apikey_live(const json_t *body, cxm_ms_t now)
{
    return cxm_json_get_str(body, "revoked_at").data == NULL
           && !cxm_apikey_expired(body, now);
}


/* body is NULL for an unknown key, which takes as long as a known one. */
static int
cxm_apikey_good(const cxm_apikey_t *key, const json_t *body, cxm_ms_t now)
{
    int      same, known;
    uint8_t  hash[CXM_APIKEY_HASH], kept[CXM_APIKEY_HASH];

    memset(kept, 0, sizeof(kept));
    known = cxm_hex_decode(cxm_json_get_str(body, "hash"), kept, sizeof(kept))
            == CXM_OK;

    cxm_apikey_hash(key->secret, hash);
    same = cxm_equal(hash, kept, sizeof(hash));

    return known && same && cxm_apikey_live(body, now);
}


static cxm_rc_t
cxm_apikey_check(cxm_txn_t *txn, const cxm_apikey_t *key, cxm_ms_t now,
    cxm_principal_t *principal, cxm_error_t *err)
{
    cxm_rc_t           rc;
    cxm_doc_t          doc;
    const cxm_role_t  *role;

    rc = cxm_doc_by_name(txn, CXM_KIND_KEY, key->id, &doc, err);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    role = cxm_role_find(cxm_json_get_str(doc.body, "role"));
    rc = CXM_UNAUTHORIZED;

    if (cxm_apikey_good(key, doc.body, now) && role != NULL) {
        principal->kind = CXM_PRINCIPAL_KEY;
        principal->actor = doc.no;
        principal->role = role;
        principal->scopes = role->scopes;
        rc = CXM_OK;
    }

    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_authenticate(cxm_txn_t *txn, cxm_str_t token, cxm_ms_t now,
    cxm_principal_t *principal, cxm_error_t *err)
{
    cxm_rc_t      rc;
    cxm_apikey_t  key;

    memset(principal, 0, sizeof(*principal));
    rc = cxm_apikey_parse(token, &key);

    if (rc == CXM_OK) {
        rc = cxm_apikey_check(txn, &key, now, principal, err);
    }

    cxm_wipe(&key, sizeof(key));

    if (rc == CXM_UNAUTHORIZED) {
        return cxm_fail(err, rc, NULL, "The API key is not valid.");
    }

    return rc;
}


cxm_rc_t
cxm_key_check(cxm_txn_t *txn, uint64_t no, cxm_ms_t now)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_get(txn, CXM_KIND_KEY, no, &doc, NULL);

    if (rc == CXM_OK) {
        rc = cxm_apikey_live(doc.body, now) ? CXM_OK : CXM_UNAUTHORIZED;
        cxm_doc_clear(&doc);
    }

    return rc;
}


/* --- keeping ------------------------------------------------------------ */

/* Id text of the key that acts; null for the system. */
static json_t *
cxm_apikey_actor(cxm_txn_t *txn, const cxm_caller_t *caller)
{
    json_t  *actor, *id;

    actor = cxm_actor_json(txn, caller->principal.actor);
    id = json_is_null(actor) ? json_null()
                             : json_incref(json_object_get(actor, "id"));
    json_decref(actor);

    return id;
}


static json_t *
cxm_apikey_body(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_key_spec_t *spec, const char *id, const uint8_t *secret)
{
    int      bad;
    char     hex[2 * CXM_APIKEY_HASH + 1], time[CXM_RFC3339_LEN + 1];
    uint8_t  hash[CXM_APIKEY_HASH];
    json_t  *body;

    cxm_apikey_hash(secret, hash);
    cxm_hex_encode(hash, sizeof(hash), hex);

    body = json_object();
    bad = json_object_set_new(body, "slug", json_string(id));
    bad |= cxm_json_set_str(body, "name", spec->name);
    bad |= cxm_json_set_str(body, "role", spec->role);
    bad |= json_object_set_new(body, "hash", json_string(hex));

    if (spec->expires_at != 0) {
        cxm_rfc3339_format(spec->expires_at, time);
        bad |= json_object_set_new(body, "expires_at", json_string(time));
    }

    bad |= json_object_set_new(body, "created_by",
                               cxm_apikey_actor(txn, caller));

    if (bad) {
        json_decref(body);
        return NULL;
    }

    return body;
}


static cxm_rc_t
cxm_apikey_put(cxm_txn_t *txn, const cxm_caller_t *caller, json_t *body,
    uint64_t version, cxm_error_t *err)
{
    int              created;
    cxm_rc_t         rc;
    cxm_doc_t        doc;
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_KEY;
    write.slug = cxm_json_get_str(body, "slug");
    write.if_match = version;
    write.actor = caller->principal.actor;
    write.body = body;

    rc = cxm_doc_put(txn, &write, &doc, &created, err);
    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_key_create(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_key_spec_t *spec, char token[CXM_TOKEN_LEN + 1],
    cxm_error_t *err)
{
    char      id_text[CXM_APIKEY_ID_TEXT + 1];
    char      secret_text[CXM_APIKEY_SECRET_TEXT + 1];
    json_t   *body;
    uint8_t   id[CXM_APIKEY_ID], secret[CXM_APIKEY_SECRET];
    cxm_rc_t  rc;

    rc = cxm_require(caller, CXM_SCOPE_KEY_ADMIN, err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (cxm_role_find(spec->role) == NULL) {
        return cxm_issue(err, "/role", "not_allowed",
                         "There is no such role.");
    }

    cxm_random(id, sizeof(id));
    cxm_random(secret, sizeof(secret));
    cxm_base32_encode(id, sizeof(id), id_text);
    cxm_base32_encode(secret, sizeof(secret), secret_text);

    body = cxm_apikey_body(txn, caller, spec, id_text, secret);

    rc = body == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_apikey_put(txn, caller, body, CXM_VERSION_NONE, err);

    if (rc == CXM_OK) {
        (void) snprintf(token, CXM_TOKEN_LEN + 1, "%s%s_%s",
                        CXM_APIKEY_PREFIX, id_text, secret_text);
    }

    json_decref(body);
    cxm_wipe(secret, sizeof(secret));
    cxm_wipe(secret_text, sizeof(secret_text));

    return rc;
}


static cxm_rc_t
cxm_apikey_end(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *doc, cxm_error_t *err)
{
    char      time[CXM_RFC3339_LEN + 1];
    json_t   *body;
    cxm_rc_t  rc;

    if (cxm_json_get_str(doc->body, "revoked_at").data != NULL) {
        return CXM_OK;
    }

    cxm_rfc3339_format(cxm_txn_now(txn), time);
    body = json_copy(doc->body);

    rc = json_object_set_new(body, "revoked_at", json_string(time)) == 0
         ? cxm_apikey_put(txn, caller, body, doc->version, err)
         : cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");

    json_decref(body);

    return rc;
}


cxm_rc_t
cxm_key_revoke(cxm_txn_t *txn, const cxm_caller_t *caller, cxm_str_t id,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_require(caller, CXM_SCOPE_KEY_ADMIN, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_doc_by_name(txn, CXM_KIND_KEY, id, &doc, err);

    if (rc == CXM_OK) {
        rc = cxm_apikey_end(txn, caller, &doc, err);
    }

    cxm_doc_clear(&doc);

    return rc;
}


json_t *
cxm_key_json(const cxm_doc_t *doc)
{
    json_t  *out;

    out = cxm_doc_json(doc);
    (void) json_object_del(out, "hash");

    return out;
}


const cxm_kind_t  cxm_kind_key = {
    .no = CXM_KIND_KEY,
    .version = 1,
    .name = "key",
    .apply = cxm_doc_apply,
    .keep = CXM_KEEP_JOURNAL
};
