/*
 * The write phase behind an Idempotency-Key.
 *
 * Look-up, write and keeping happen in one transaction, so of two requests
 * with one key that run at once the second gets the first one's reply.  A
 * write that fails keeps nothing: the key is free for another try.
 *
 * Kept: {"status", "headers": {name: value}, "body": json}, or instead of
 * the body "type" and "raw" (base64url).  A reply with a secret is kept
 * without any of them.
 */

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_reply_once.h"


static void
cxm_idempotent_key(const cxm_call_t *call, cxm_reply_key_t *key)
{
    uint8_t           actor[8], scope[CXM_HASH_LEN];
    const cxm_key_t  *hash_key;

    hash_key = &cxm_store_keyring(call->store)->k[CXM_SUBKEY_FINGERPRINT];

    key->once_class = CXM_ONCE_REPLY;
    memcpy(key->fingerprint, call->fingerprint, CXM_HASH_LEN);

    /* with the address: the same body to two surveys is two answers */

    cxm_put_u64(actor, call->caller.principal.actor);
    cxm_keyed_hash(hash_key,
                   (cxm_str_t) { sizeof(actor), (const char *) actor },
                   cxm_strz(call->route->path), call->path, scope,
                   sizeof(scope));

    /* customers who are no actors, as those of tokens, are told by a name */

    if (call->caller.who != 0 && call->caller.principal.actor == 0) {
        cxm_keyed_hash(hash_key, cxm_str("customer"), call->caller.who_name,
                       (cxm_str_t) { sizeof(scope), (const char *) scope },
                       scope, sizeof(scope));
    }

    cxm_keyed_hash(hash_key, cxm_str("idempotency"),
                   (cxm_str_t) { sizeof(scope), (const char *) scope },
                   call->idempotency_key, key->hash, CXM_HASH_LEN);
}


static int
cxm_idempotent_raw(const cxm_call_t *call, json_t *reply)
{
    int        bad;
    cxm_buf_t  text;

    cxm_buf_init(&text, 2 * CXM_REPLY_MAX);
    cxm_base64url_encode(&text, call->reply.body.data, call->reply.body.len);

    bad = text.failed
          || cxm_json_set_str(reply, "type", call->reply.content_type)
          || cxm_json_set_str(reply, "raw", cxm_buf_str(&text));

    cxm_buf_free(&text);

    return bad;
}


static json_t *
cxm_idempotent_pack(const cxm_call_t *call)
{
    int       bad;
    json_t   *reply, *headers;
    unsigned  i;

    reply = json_object();

    if (call->route->flags & CXM_ROUTE_SECRET) {
        return reply;
    }

    headers = json_object();
    bad = cxm_json_set_int(reply, "status", call->reply.status);
    bad |= json_object_set_new(reply, "headers", headers);

    for (i = 0; i < call->reply.nheaders; i++) {
        bad |= cxm_json_set_str(headers, call->reply.headers[i].name,
                                call->reply.headers[i].value);
    }

    if (call->output != NULL) {
        bad |= json_object_set(reply, "body", call->output);

    } else if (call->reply.content_type.data != NULL) {
        bad |= cxm_idempotent_raw(call, reply);
    }

    if (bad) {
        json_decref(reply);
        return NULL;
    }

    return reply;
}


static cxm_rc_t
cxm_idempotent_replay(cxm_call_t *call, const json_t *reply)
{
    json_t      *value;
    cxm_str_t    name, raw;
    const char  *key;

    if (call->route->flags & CXM_ROUTE_SECRET) {
        return cxm_fail(&call->err, CXM_CONFLICT, "already_done",
                        "This was done before; its secret is told once.");
    }

    json_object_foreach(json_object_get(reply, "headers"), key, value) {
        name = cxm_arena_str(&call->arena, cxm_strz(key));

        if (name.data != NULL) {
            cxm_call_header(call, name.data, cxm_json_str(value));
        }
    }

    call->reply.status = (int) cxm_json_get_int(reply, "status", 0);
    call->output = json_incref(json_object_get(reply, "body"));

    raw = cxm_json_get_str(reply, "raw");

    if (raw.data != NULL) {
        call->reply.content_type = cxm_arena_str(&call->arena,
                                            cxm_json_get_str(reply, "type"));
        (void) cxm_base64url_decode(raw, &call->reply.body);
    }

    cxm_call_header(call, "Idempotent-Replayed", cxm_str("true"));

    return CXM_OK;
}


cxm_rc_t
cxm_idempotent_keep(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t           *reply;
    cxm_rc_t          rc;
    cxm_reply_key_t   key;

    if (call->idempotency_key.data == NULL || call->reply.status >= 500
        || call->denied != CXM_OK)
    {
        return CXM_OK;
    }

    cxm_idempotent_key(call, &key);
    reply = cxm_idempotent_pack(call);

    rc = reply == NULL
         ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_reply_keep(txn, &key, reply, call->caller.principal.actor,
                          call->subject, &call->err);

    json_decref(reply);

    return rc;
}


static cxm_rc_t
cxm_idempotent_first(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t  rc;

    rc = cxm_call_first(call, txn);

    return rc == CXM_OK ? cxm_idempotent_keep(call, txn) : rc;
}


cxm_rc_t
cxm_idempotent_write(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t           *reply;
    cxm_rc_t          rc;
    cxm_reply_key_t   key;

    if (call->idempotency_key.data == NULL) {
        return cxm_call_first(call, txn);
    }

    cxm_idempotent_key(call, &key);
    rc = cxm_reply_find(txn, &key, &reply, &call->err);

    if (rc == CXM_NOT_FOUND) {
        return cxm_idempotent_first(call, txn);
    }

    if (rc == CXM_OK) {
        rc = cxm_idempotent_replay(call, reply);
        json_decref(reply);
    }

    return rc;
}
