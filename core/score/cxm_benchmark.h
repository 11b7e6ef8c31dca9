/*
 * Benchmarks: scores that others have published, to hold one's own against.
 *
 * Kind CXM_KIND_BENCHMARK, document named by its slug, a table as it was put:
 * {"slug", "title"?, "source"?, "source_date"?, "rows": [{"id"?, "industry",
 * "region"?, "metric", "variant"?, "scale"?, "value", "n"?, "source"?,
 * "source_date"?}]}.  Where and when a row was published is said by itself or
 * by its table.  A row is named by its id, else by its industry.
 */

#ifndef CXM_BENCHMARK_H
#define CXM_BENCHMARK_H

#include "cxm_access.h"
#include "cxm_arena.h"
#include "cxm_doc.h"
#include "cxm_field.h"
#include "cxm_score.h"


#define CXM_BENCHMARK_ROWS  1000

extern const cxm_kind_t    cxm_kind_benchmark;
extern const cxm_fields_t  cxm_benchmark_fields;        /* input of PUT */
extern const cxm_fields_t  cxm_benchmark_summary_fields;

/*
 * PUT: validates beyond the field table, which the input has passed: that
 * metric, variant and scale belong together, the value can be one, source
 * and date are there, and no two rows of a metric and variant have a name.
 */
cxm_rc_t cxm_benchmark_put(cxm_txn_t *txn, const cxm_caller_t *caller,
    cxm_str_t slug, const json_t *input, uint64_t if_match, cxm_doc_t *out,
    int *created, cxm_error_t *err);

/* As lists show a table: without its rows, with "row_count". */
json_t *cxm_benchmark_summary(const cxm_doc_t *doc);

/*
 * The row for a query's metric, variant and scale.  ref is "slug" or
 * "slug:name"; strings of *out are copies in the arena.  CXM_NOT_FOUND, err
 * not set: the table has no such row; CXM_INVALID with pointer "?benchmark":
 * there is no such table, several rows would do, or the one that is named is
 * of another scale.
 */
cxm_rc_t cxm_benchmark_find(cxm_txn_t *txn, cxm_arena_t *arena, cxm_str_t ref,
    const cxm_score_query_t *query, cxm_score_benchmark_t *out,
    cxm_error_t *err);


#endif /* CXM_BENCHMARK_H */
