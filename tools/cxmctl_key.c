/*
 * cxmctl key create | list | revoke.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxmctl.h"


typedef struct {
    const cxm_key_spec_t  *spec;
    cxm_str_t              id;
    char                   token[CXM_TOKEN_LEN + 1];
} cxmctl_key_op_t;


static cxm_rc_t cxmctl_key_create_run(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static cxm_rc_t cxmctl_key_revoke_run(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static int cxmctl_key_print(void *ctx, const cxm_doc_t *doc);


int
cxmctl_key_create(cxmctl_t *ctl)
{
    int              bad, rc;
    char            *end;
    long             days;
    const char      *role, *name, *days_text;
    cxm_store_t     *store;
    cxm_key_spec_t   spec;

    bad = 0;
    days = 0;

    role = cxmctl_option(ctl, "--role", &bad);
    name = cxmctl_option(ctl, "--name", &bad);
    days_text = cxmctl_option(ctl, "--days", &bad);

    if (days_text != NULL) {
        days = strtol(days_text, &end, 10);
        bad |= *end != '\0' || days < 1 || days > 36500;
    }

    if (bad || role == NULL || ctl->argc != 0) {
        return cxmctl_usage("key create --role ROLE [--name NAME] [--days N]");
    }

    if (cxm_role_find(cxm_strz(role)) == NULL) {
        return cxmctl_usage("there is no such role");
    }

    memset(&spec, 0, sizeof(cxm_key_spec_t));
    spec.role = cxm_strz(role);
    spec.name = cxm_strz(name);
    spec.expires_at = days != 0 ? cxm_now() + days * CXM_MS_DAY : 0;

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    rc = cxmctl_print_key(store, &spec);

    cxm_store_close(store);

    return rc;
}


int
cxmctl_print_key(cxm_store_t *store, const cxm_key_spec_t *spec)
{
    cxm_error_t      err;
    cxmctl_key_op_t  op;

    cxm_error_init(&err);
    memset(&op, 0, sizeof(cxmctl_key_op_t));
    op.spec = spec;

    if (cxmctl_write(store, cxmctl_key_create_run, &op, &err) != CXM_OK) {
        return cxmctl_failed("key create", &err);
    }

    printf("%s\n", op.token);
    cxm_wipe(op.token, sizeof(op.token));

    return CXMCTL_DONE;
}


static cxm_rc_t
cxmctl_key_create_run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxm_caller_t      caller;
    cxmctl_key_op_t  *op = data;

    cxm_caller_system(&caller);

    return cxm_key_create(txn, &caller, op->spec, op->token, err);
}


int
cxmctl_key_list(cxmctl_t *ctl)
{
    return cxmctl_list(ctl, "key list", CXM_KIND_KEY, cxmctl_key_print);
}


static int
cxmctl_key_print(void *ctx, const cxm_doc_t *doc)
{
    json_t  *json;

    (void) ctx;

    json = cxm_key_json(doc);
    cxmctl_print_json(json);
    json_decref(json);

    return 0;
}


int
cxmctl_key_revoke(cxmctl_t *ctl)
{
    cxm_rc_t          rc;
    cxm_error_t       err;
    cxm_store_t      *store;
    cxmctl_key_op_t   op;

    if (ctl->argc != 1) {
        return cxmctl_usage("key revoke ID");
    }

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&err);
    memset(&op, 0, sizeof(cxmctl_key_op_t));
    op.id = cxm_strz(ctl->argv[0]);

    rc = cxmctl_write(store, cxmctl_key_revoke_run, &op, &err);

    cxm_store_close(store);

    return rc == CXM_OK ? CXMCTL_DONE : cxmctl_failed("key revoke", &err);
}


static cxm_rc_t
cxmctl_key_revoke_run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxm_caller_t      caller;
    cxmctl_key_op_t  *op = data;

    cxm_caller_system(&caller);

    return cxm_key_revoke(txn, &caller, op->id, err);
}
