/*
 * Lists of erased persons: out of a store, and into one that is restored.
 */

#include "cxm_batch.h"
#include "cxm_erasure.h"


#define CXM_ERASURE_PAGE   1000         /* documents of a read transaction */
#define CXM_ERASURE_SLOTS  1000         /* of an erasure made by a restore */


/* --- out of a store ----------------------------------------------------- */

typedef struct {
    json_t    *slots;
    uint64_t   last;
    unsigned   n;
    int        failed;
} erasure_list_t;


/* A cxm_doc_pt. */
static int
list_doc(void *ctx, const cxm_doc_t *doc)
{
    erasure_list_t  *list;

    list = ctx;
    list->last = doc->no;
    list->n++;
    list->failed |= json_array_extend(list->slots,
                                      json_object_get(doc->body, "slots"));

    return list->failed;
}


cxm_rc_t
cxm_erasure_slots(cxm_store_t *store, json_t *slots, cxm_error_t *err)
{
    cxm_rc_t         rc;
    cxm_txn_t       *txn;
    erasure_list_t   list = { .slots = slots };

    do {
        list.n = 0;
        rc = cxm_txn_read(store, &txn, err);

        if (rc == CXM_OK) {
            rc = cxm_doc_list(txn, CXM_KIND_ERASURE, list.last,
                              CXM_ERASURE_PAGE, list_doc, &list, err);
            cxm_txn_end(txn);
        }
    } while (rc == CXM_OK && !list.failed && list.n == CXM_ERASURE_PAGE);

    return rc == CXM_OK && list.failed
           ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.") : rc;
}


/* --- into one ----------------------------------------------------------- */

typedef struct {
    json_t    *slots;                   /* of one erasure */
    uint64_t   no;                      /* its document; 0: none was begun */
} erasure_repeat_t;


static cxm_rc_t
repeat_begin(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    int                begun;
    cxm_rc_t           rc;
    cxm_doc_t          doc;
    erasure_repeat_t  *repeat;

    repeat = data;
    rc = cxm_erasure_begin_list(txn, repeat->slots, &doc, &begun, err);
    repeat->no = begun ? doc.no : 0;
    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
repeat_finish(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxm_rc_t           rc;
    cxm_doc_t          doc;
    erasure_repeat_t  *repeat;

    repeat = data;

    if (repeat->no == 0) {
        return CXM_OK;
    }

    rc = cxm_erasure_finish(txn, repeat->no, &doc, err);

    if (rc == CXM_OK) {
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
repeat_some(cxm_store_t *store, json_t *slots, cxm_error_t *err)
{
    cxm_op_t           op, *ops[1];
    erasure_repeat_t   repeat = { slots, 0 };

    memset(&op, 0, sizeof(op));
    op.run = repeat_begin;
    op.then = repeat_finish;
    op.data = &repeat;
    op.err = err;
    ops[0] = &op;

    cxm_batch_run(store, ops, 1, NULL);

    if (op.rc == CXM_OK && op.then_rc != CXM_OK) {
        return cxm_fail(err, op.then_rc, NULL, "An erasure has begun, but "
                        "could not be finished.");
    }

    return op.rc;
}


cxm_rc_t
cxm_erasure_repeat(cxm_store_t *store, const json_t *slots, cxm_error_t *err)
{
    int        bad;
    size_t     i;
    json_t    *some;
    cxm_rc_t   rc;

    rc = CXM_OK;

    for (i = 0; i < json_array_size(slots) && rc == CXM_OK; /* void */) {
        some = json_array();
        bad = some == NULL;

        while (!bad && i < json_array_size(slots)
               && json_array_size(some) < CXM_ERASURE_SLOTS)
        {
            bad = json_array_append(some, json_array_get(slots, i++)) != 0;
        }

        rc = bad ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
                 : repeat_some(store, some, err);

        json_decref(some);
    }

    return rc;
}
