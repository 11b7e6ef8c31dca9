/*
 * The beacon from request to transaction: whatever the body is, the call
 * ends in one of few statuses, and what would be stored is a sound event.
 *
 * The first byte chooses: bits 0-1 the content type, bit 2 Content-Encoding,
 * bit 3 a pixel's query instead of a body, bit 4 privacy.  The rest is the
 * body.  Every transaction is aborted.
 */

#include "fuzz_store.h"

#include "cxm_api.h"
#include "cxm_json.h"
#include "cxm_touchpoint.h"


static void
check_status(const cxm_call_t *call, int pixel)
{
    static const int  statuses[] = { 200, 204, 400, 413, 415, 422, 0 };
    int               i;

    for (i = 0; statuses[i] != call->reply.status; i++) {
        must(statuses[i] != 0);
    }

    if (call->reply.status == 204) {
        must(!pixel && call->reply.body.len == 0);
    }

    if (call->reply.status >= 400) {
        must(cxm_str_eqz(call->reply.content_type,
                         "application/problem+json"));
    }

    if (call->reply.status == 200 && pixel) {
        must(call->reply.body.len == 43);
    }
}


/* What a transaction gathered must also become entries and counts. */
static void
run_write(cxm_call_t *call)
{
    cxm_op_t     *op;
    cxm_txn_t    *txn;
    cxm_error_t   err;

    op = cxm_call_op(call);
    must(cxm_txn_write(store, NOW, &txn, &err) == CXM_OK);

    op->rc = op->run(txn, op->data, op->err);
    must(op->rc == CXM_OK);
    must(cxm_touchpoint_flush(txn, &err) == CXM_OK);

    cxm_txn_end(txn);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cxm_str_t       text;
    cxm_call_t     *call;
    cxm_request_t   request;
    static const cxm_str_t  types[] = {
        { 10, "text/plain" }, { 16, "application/json" }, { 0, NULL },
        { 33, "application/x-www-form-urlencoded" }
    };

    if (size == 0) {
        return 0;
    }

    text = (cxm_str_t) { size - 1, (const char *) data + 1 };

    memset(&request, 0, sizeof(request));
    request.endpoint = CXM_ENDPOINT_BEACON;
    request.now = NOW;
    request.prefix = cxm_str("/b");
    request.base = cxm_str("http://localhost");
    request.content_type = types[data[0] & 3];

    if (data[0] & 8) {
        request.method = CXM_GET;
        request.query = text;

    } else {
        request.method = CXM_POST;
        request.body = text;
        request.content_encoding = data[0] & 4 ? cxm_str("gzip")
                                               : cxm_str("");
    }

    if (data[0] & 16) {
        request.sec_gpc = cxm_str("1");
    }

    call = cxm_call_create(store);
    must(call != NULL);

    if (cxm_call_begin(call, &request) == CXM_NEXT_WRITE) {
        run_write(call);
    }

    cxm_call_end(call);
    check_status(call, request.method == CXM_GET);
    cxm_call_free(call);

    return 0;
}
