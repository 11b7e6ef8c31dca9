/*
 * cxmctl erase | erasures.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxm_erasure.h"
#include "cxm_manifest.h"
#include "cxmctl.h"
#include "cxmctl_file.h"


typedef struct {
    cxm_erasure_of_t  of;
    uint64_t          no;
    json_t           *receipt;          /* as it is by now */
} cxmctl_erase_t;


static int cxmctl_erase_of(cxmctl_t *ctl, cxm_erasure_of_t *of);
static cxm_rc_t cxmctl_erase_begin(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static cxm_rc_t cxmctl_erase_finish(cxm_txn_t *txn, void *data,
    cxm_error_t *err);


int
cxmctl_erase(cxmctl_t *ctl)
{
    cxm_op_t         op, *ops[1];
    cxm_error_t      err;
    cxm_store_t     *store;
    cxmctl_erase_t   erase;

    memset(&erase, 0, sizeof(cxmctl_erase_t));

    if (cxmctl_erase_of(ctl, &erase.of) != 0 || ctl->argc != 0) {
        return cxmctl_usage("erase --customer_id ID | --external_id ID | "
                            "--email ADDRESS | --visitor ID | --slot N");
    }

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&err);
    memset(&op, 0, sizeof(cxm_op_t));
    op.run = cxmctl_erase_begin;
    op.then = cxmctl_erase_finish;
    op.data = &erase;
    op.err = &err;
    ops[0] = &op;

    cxm_batch_run(store, ops, 1, NULL);
    cxm_store_close(store);

    if (op.rc == CXM_OK) {
        cxmctl_print_json(erase.receipt);

        if (op.then_rc != CXM_OK) {
            fprintf(stderr, "cxmctl: erase: begun, but not done yet: a server "
                    "of this store will do it, or the same call again\n");
        }
    }

    json_decref(erase.receipt);

    if (op.rc != CXM_OK) {
        return cxmctl_failed("erase", &err);
    }

    return op.then_rc == CXM_OK ? CXMCTL_DONE : CXMCTL_WRONG;
}


/* Exactly one option says who. */

static int
cxmctl_erase_of(cxmctl_t *ctl, cxm_erasure_of_t *of)
{
    int          bad, n;
    char         option[32], *end;
    unsigned     i;
    const char  *value;

    bad = 0;
    n = 0;

    for (i = CXM_PERSON_CUSTOMER_ID; i < CXM_PERSON_CLASSES; i++) {
        (void) snprintf(option, sizeof(option), "--%s", cxm_person_names[i]);
        value = cxmctl_option(ctl, option, &bad);

        if (value != NULL) {
            of->person_class = i;
            of->name = cxm_strz(value);
            bad |= *value == '\0';
            n++;
        }
    }

    value = cxmctl_option(ctl, "--slot", &bad);

    if (value != NULL) {
        of->slot = strtoull(value, &end, 10);
        bad |= *end != '\0' || of->slot == 0;
        n++;
    }

    return bad || n != 1;
}


static cxm_rc_t
cxmctl_erase_keep(cxmctl_erase_t *erase, cxm_doc_t *doc)
{
    json_decref(erase->receipt);

    erase->no = doc->no;
    erase->receipt = cxm_erasure_json(doc);
    cxm_doc_clear(doc);

    return erase->receipt != NULL ? CXM_OK : CXM_INTERNAL;
}


static cxm_rc_t
cxmctl_erase_begin(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    int              begun;
    cxm_rc_t         rc;
    cxm_doc_t        doc;
    cxm_caller_t     caller;
    cxmctl_erase_t  *erase = data;

    cxm_caller_system(&caller);
    rc = cxm_erasure_begin(txn, &caller, &erase->of, &doc, &begun, err);

    return rc == CXM_OK ? cxmctl_erase_keep(erase, &doc) : rc;
}


static cxm_rc_t
cxmctl_erase_finish(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxm_rc_t         rc;
    cxm_doc_t        doc;
    cxmctl_erase_t  *erase = data;

    rc = cxm_erasure_finish(txn, erase->no, &doc, err);

    return rc == CXM_OK ? cxmctl_erase_keep(erase, &doc) : rc;
}


int
cxmctl_erasures(cxmctl_t *ctl)
{
    cxm_rc_t         rc;
    cxm_buf_t        text;
    cxm_error_t      err;
    cxm_store_t     *store;
    cxm_manifest_t   list;

    if (ctl->argc > 1) {
        return cxmctl_usage("erasures [FILE]");
    }

    store = cxmctl_open_apart(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&err);
    cxm_buf_init(&text, CXM_MANIFEST_MAX);
    rc = cxm_manifest_make(store, CXM_MANIFEST_ERASURES, &list, &err);

    if (rc == CXM_OK) {
        rc = cxm_erasure_slots(store, list.erased, &err);
    }

    if (rc == CXM_OK) {
        cxm_manifest_dump(&list, &text);
        rc = text.failed ? cxm_fail(&err, CXM_INTERNAL, NULL, "no memory")
                         : CXM_OK;
    }

    if (rc == CXM_OK && ctl->argc == 1) {
        rc = cxmctl_file_write(ctl->argv[0], cxm_buf_str(&text), &err);

    } else if (rc == CXM_OK) {
        printf("%.*s", (int) text.len, (const char *) text.data);
    }

    cxm_manifest_clear(&list);
    cxm_buf_free(&text);
    cxm_store_close(store);

    return rc == CXM_OK ? CXMCTL_DONE : cxmctl_failed("erasures", &err);
}
