/*
 * Routes of benchmarks.
 */

#include "cxm_benchmark.h"
#include "cxm_routes.h"


static cxm_rc_t
benchmark_list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_page_docs(call, txn, CXM_KIND_BENCHMARK,
                         cxm_benchmark_summary);
}


static cxm_rc_t
benchmark_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_by_name(txn, CXM_KIND_BENCHMARK, call->params[0], &doc,
                         &call->err);

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(&call->err, rc, NULL, "There is no such table.");
    }

    if (rc == CXM_OK) {
        rc = cxm_call_reply_doc(call, &doc, 0);
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
benchmark_put_write(cxm_call_t *call, cxm_txn_t *txn)
{
    int        created;
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    memset(&doc, 0, sizeof(doc));

    rc = cxm_benchmark_put(txn, &call->caller, call->params[0], call->input,
                           call->if_match, &doc, &created, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_call_reply_doc(call, &doc, created);
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
benchmark_delete_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t         rc;
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_BENCHMARK;
    write.slug = call->params[0];
    write.if_match = call->if_match;
    write.actor = call->caller.principal.actor;

    rc = cxm_doc_delete(txn, &write, &call->err);

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(&call->err, rc, NULL, "There is no such table.");
    }

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


static const cxm_field_t  list_query[] = {
    CXM_QUERY_PAGE,
    { .name = NULL }
};


const cxm_route_t  cxm_routes_benchmark[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = "benchmarks",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_METRICS_READ,
      .query = list_query, .answers = CXM_200,
      .output = &cxm_benchmark_summary_fields, .read = benchmark_list_read,
      .summary = "List tables of published scores, without their rows" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "benchmarks/{slug}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_METRICS_READ,
      .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_DOC, .answers = CXM_200,
      .output = &cxm_benchmark_fields, .read = benchmark_read,
      .summary = "A table of published scores" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_PUT,
      .path = "benchmarks/{slug}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_BENCHMARK_WRITE,
      .flags = CXM_ROUTE_BIG | CXM_ROUTE_ROWS | CXM_ROUTE_DOC,
      .input = &cxm_benchmark_fields, .answers = CXM_200 | CXM_201,
      .output = &cxm_benchmark_fields,
      .write = benchmark_put_write,
      .summary = "Import a table of published scores, or replace it" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_DELETE,
      .path = "benchmarks/{slug}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_BENCHMARK_WRITE,
      .flags = CXM_ROUTE_DOC, .answers = CXM_204,
      .write = benchmark_delete_write,
      .summary = "Delete a table of published scores" },
    { .path = NULL }
};
