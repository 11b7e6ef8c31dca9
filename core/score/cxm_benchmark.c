/*
 * Benchmarks: tables of published scores.
 */

#include <stdio.h>

#include "cxm_benchmark.h"
#include "cxm_json.h"


#define CXM_BENCHMARK_SCALE_MAX  10000
#define CXM_BENCHMARK_N_MAX      1000000000000

typedef struct {
    const json_t         *table;
    const json_t         *row;
    size_t                no;
    cxm_metric_t          metric;
    const cxm_variant_t  *variant;      /* NULL: of a CSI */
    int                   has_scale;
    int                   min, max;
    json_t               *seen;         /* names, as members */
    cxm_error_t          *err;
} cxm_checking_t;


static const char *const  variant_values[] = {
    "net", "top2", "mean", "agree", NULL
};

static const cxm_field_t  scale_fields[] = {
    { "min", CXM_FIELD_INT, CXM_FIELD_REQUIRED, 0, CXM_BENCHMARK_SCALE_MAX,
      NULL, NULL, NULL, "lowest score" },
    { "max", CXM_FIELD_INT, CXM_FIELD_REQUIRED, 0, CXM_BENCHMARK_SCALE_MAX,
      NULL, NULL, NULL, "highest score" },
    { .name = NULL }
};

static const cxm_fields_t  scale_table = { "BenchmarkScale", scale_fields };

static const cxm_field_t  row_fields[] = {
    { "id", CXM_FIELD_SLUG, 0, 0, 0,
      NULL, NULL, NULL, "name of the row; default its industry" },
    { "industry", CXM_FIELD_STRING, CXM_FIELD_REQUIRED, 1, 100,
      NULL, NULL, NULL, "whose score it is" },
    { "region", CXM_FIELD_STRING, 0, 1, 100, NULL, NULL, NULL, "where" },
    { "metric", CXM_FIELD_ENUM, CXM_FIELD_REQUIRED, 0, 0,
      cxm_metric_names, NULL, NULL, "nps, csat, ces or csi" },
    { "variant", CXM_FIELD_ENUM, 0, 0, 0,
      variant_values, NULL, NULL, "default that of the metric" },
    { "scale", CXM_FIELD_OBJECT, 0, 0, 0,
      NULL, &scale_table, NULL, "of the question; required with means" },
    { "value", CXM_FIELD_NUMBER, CXM_FIELD_REQUIRED, 0, 0,
      NULL, NULL, NULL, "the score" },
    { "n", CXM_FIELD_INT, 0, 1, CXM_BENCHMARK_N_MAX,
      NULL, NULL, NULL, "answers that it rests on" },
    { "source", CXM_FIELD_STRING, 0, 1, 500,
      NULL, NULL, NULL, "who published it; default the table's" },
    { "source_date", CXM_FIELD_DATE, 0, 0, 0,
      NULL, NULL, NULL, "when; default the table's" },
    { .name = NULL }
};

static const cxm_fields_t  row_table = { "BenchmarkRow", row_fields };

static const cxm_field_t  row_item = {
    .type = CXM_FIELD_OBJECT, .object = &row_table
};

#define BENCHMARK_HEAD                                                        \
    { "slug", CXM_FIELD_SLUG, CXM_FIELD_READONLY, 0, 0,                       \
      NULL, NULL, NULL, "its name" },                                         \
    { "title", CXM_FIELD_STRING, 0, 1, 200, NULL, NULL, NULL, "for people" }, \
    { "source", CXM_FIELD_STRING, 0, 1, 500,                                  \
      NULL, NULL, NULL, "of rows that name none" },                           \
    { "source_date", CXM_FIELD_DATE, 0, 0, 0,                                 \
      NULL, NULL, NULL, "of rows that name none" }

static const cxm_field_t  benchmark_fields[] = {
    BENCHMARK_HEAD,
    { "rows", CXM_FIELD_ARRAY, CXM_FIELD_REQUIRED, 1, CXM_BENCHMARK_ROWS,
      NULL, NULL, &row_item, "published scores" },
    CXM_FIELDS_DOC,
    { .name = NULL }
};

const cxm_fields_t  cxm_benchmark_fields = { "Benchmark", benchmark_fields };

static const cxm_field_t  summary_fields[] = {
    BENCHMARK_HEAD,
    { .name = "row_count", .type = CXM_FIELD_INT,
      .flags = CXM_FIELD_REQUIRED, .summary = "rows that it has" },
    CXM_FIELDS_DOC,
    { .name = NULL }
};

const cxm_fields_t  cxm_benchmark_summary_fields = {
    "BenchmarkSummary", summary_fields
};


/* --- rows --------------------------------------------------------------- */

static cxm_str_t
row_name(const json_t *row)
{
    cxm_str_t  id;

    id = cxm_json_get_str(row, "id");

    return id.data != NULL ? id : cxm_json_get_str(row, "industry");
}


/* Of the row, or of its table. */
static cxm_str_t
row_text(const json_t *table, const json_t *row, const char *member)
{
    cxm_str_t  text;

    text = cxm_json_get_str(row, member);

    return text.data != NULL ? text : cxm_json_get_str(table, member);
}


/* Metric and variant; -1 when there is no such variant. */
static int
row_variant(const json_t *row, cxm_metric_t *metric,
    const cxm_variant_t **variant)
{
    cxm_str_t    name;
    const char  *text;

    name = cxm_json_get_str(row, "metric");
    text = json_string_value(json_object_get(row, "variant"));

    for (*metric = 0; *metric < CXM_METRIC_N; ++*metric) {
        if (cxm_str_eqz(name, cxm_metric_names[*metric])) {
            break;
        }
    }

    *variant = NULL;

    if (*metric == CXM_METRIC_CSI) {
        return text == NULL ? 0 : -1;
    }

    *variant = cxm_variant_find(*metric, text);

    return *variant == NULL ? -1 : 0;
}


static int
row_scale(const json_t *row, int *min, int *max)
{
    const json_t  *scale;

    scale = json_object_get(row, "scale");
    *min = (int) cxm_json_get_int(scale, "min", 0);
    *max = (int) cxm_json_get_int(scale, "max", 0);

    return scale != NULL;
}


/* --- checks ------------------------------------------------------------- */

static void
row_issue(const cxm_checking_t *check, const char *member, const char *code,
    const char *detail)
{
    char  pointer[64];

    (void) snprintf(pointer, sizeof(pointer), "/rows/%zu/%s", check->no,
                    member);
    (void) cxm_issue(check->err, pointer, code, "%s", detail);
}


static void
check_source(const cxm_checking_t *check)
{
    if (row_text(check->table, check->row, "source").data == NULL) {
        row_issue(check, "source", "required", "Say who published it.");
    }

    if (row_text(check->table, check->row, "source_date").data == NULL) {
        row_issue(check, "source_date", "required",
                  "Say when it was published.");
    }
}


static void
check_value(const cxm_checking_t *check)
{
    double  low, high, value;

    if (check->variant != NULL && check->variant->shape == CXM_SHAPE_MEAN
        && !check->has_scale)
    {
        row_issue(check, "scale", "required",
                  "A mean says nothing without its scale.");
        return;
    }

    cxm_stat_bounds(check->variant, check->min, check->max, &low, &high);
    value = json_number_value(json_object_get(check->row, "value"));

    if (value < low || value > high) {
        row_issue(check, "value", "out_of_range",
                  "The metric cannot have this value.");
    }
}


/* By a set of what was seen: a table has a thousand rows. */
static void
check_name(const cxm_checking_t *check)
{
    char       key[512];
    cxm_str_t  name;

    name = row_name(check->row);

    (void) snprintf(key, sizeof(key), "%s %s %.*s",
                    cxm_metric_names[check->metric],
                    check->variant == NULL ? "" : check->variant->name,
                    (int) name.len, name.data);

    if (json_object_get(check->seen, key) != NULL) {
        row_issue(check, "id", "duplicate",
                  "Another row of this metric has this name: give both an "
                  "id.");
    }

    (void) json_object_set_new(check->seen, key, json_true());
}


static void
check_row(cxm_checking_t *check)
{
    if (row_variant(check->row, &check->metric, &check->variant) != 0) {
        row_issue(check, "variant", "not_allowed",
                  "The metric has no such variant.");
        return;
    }

    check->has_scale = row_scale(check->row, &check->min, &check->max);

    if (check->has_scale && check->min >= check->max) {
        row_issue(check, "scale/max", "out_of_range", "Must be above min.");
    }

    check_value(check);
    check_source(check);
    check_name(check);
}


static cxm_rc_t
benchmark_check(const json_t *table, cxm_error_t *err)
{
    const json_t    *rows;
    cxm_checking_t   check;

    memset(&check, 0, sizeof(check));
    check.table = table;
    check.seen = json_object();
    check.err = err;
    rows = json_object_get(table, "rows");

    for (check.no = 0; check.no < json_array_size(rows); check.no++) {
        check.row = json_array_get(rows, check.no);
        check_row(&check);
    }

    json_decref(check.seen);

    return err->rc;
}


/* --- tables ------------------------------------------------------------- */

cxm_rc_t
cxm_benchmark_put(cxm_txn_t *txn, const cxm_caller_t *caller, cxm_str_t slug,
    const json_t *input, uint64_t if_match, cxm_doc_t *out, int *created,
    cxm_error_t *err)
{
    cxm_rc_t         rc;
    cxm_doc_write_t  write;

    if (!cxm_slug_valid(slug)) {
        return cxm_fail(err, CXM_INVALID, "invalid_slug",
                        "A table's name is made of a-z, 0-9 and -, begins "
                        "with no -, and has at most 63 characters.");
    }

    rc = benchmark_check(input, err);

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_BENCHMARK;
    write.slug = slug;
    write.if_match = if_match;
    write.actor = caller->principal.actor;
    write.body = json_copy((json_t *) input);

    if (write.body == NULL || cxm_json_set_str(write.body, "slug", slug) != 0)
    {
        json_decref(write.body);
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    rc = cxm_doc_put(txn, &write, out, created, err);
    json_decref(write.body);

    return rc;
}


json_t *
cxm_benchmark_summary(const cxm_doc_t *doc)
{
    json_t  *out;

    out = cxm_doc_json(doc);

    if (cxm_json_set_int(out, "row_count", (int64_t) json_array_size(
                                 json_object_get(out, "rows"))) != 0)
    {
        json_decref(out);
        return NULL;
    }

    (void) json_object_del(out, "rows");

    return out;
}


const cxm_kind_t  cxm_kind_benchmark = {
    .no = CXM_KIND_BENCHMARK,
    .version = 1,
    .name = "benchmark",
    .apply = cxm_doc_apply
};


/* --- finding a row ------------------------------------------------------ */

static int
row_is_for(const json_t *row, const cxm_score_query_t *query, cxm_str_t name)
{
    cxm_metric_t          metric;
    const cxm_variant_t  *variant;

    return row_variant(row, &metric, &variant) == 0
           && variant == query->variant
           && strcmp(cxm_metric_names[metric], query->metric) == 0
           && (name.data == NULL || cxm_str_eq(name, row_name(row)));
}


static cxm_rc_t
row_find(const json_t *table, const cxm_score_query_t *query, cxm_str_t name,
    const json_t **out, cxm_error_t *err)
{
    int            min, max;
    size_t         i;
    const json_t  *rows, *row;

    *out = NULL;
    rows = json_object_get(table, "rows");

    for (i = 0; i < json_array_size(rows); i++) {
        row = json_array_get(rows, i);

        if (!row_is_for(row, query, name)) {
            continue;
        }

        if (*out != NULL) {
            return cxm_issue(err, "?benchmark", "ambiguous",
                             "Several rows are of this metric: name one "
                             "behind a colon.");
        }

        *out = row;
    }

    if (*out == NULL) {
        return CXM_NOT_FOUND;
    }

    if (query->nitems == 0 && row_scale(*out, &min, &max)
        && (min != query->min || max != query->max))
    {
        return cxm_issue(err, "?benchmark", "other_scale",
                         "It is of a scale from %d to %d.", min, max);
    }

    return CXM_OK;
}


static cxm_rc_t
row_copy(const json_t *table, const json_t *row, cxm_arena_t *arena,
    cxm_score_benchmark_t *out)
{
    out->table = cxm_arena_str(arena, cxm_json_get_str(table, "slug"));
    out->row = cxm_arena_str(arena, row_name(row));
    out->source = cxm_arena_str(arena, row_text(table, row, "source"));
    out->date = cxm_arena_str(arena, row_text(table, row, "source_date"));
    out->value = json_number_value(json_object_get(row, "value"));
    out->n = (uint64_t) cxm_json_get_int(row, "n", 0);

    return out->table.data == NULL || out->row.data == NULL
           || out->source.data == NULL || out->date.data == NULL
           ? CXM_INTERNAL : CXM_OK;
}


cxm_rc_t
cxm_benchmark_find(cxm_txn_t *txn, cxm_arena_t *arena, cxm_str_t ref,
    const cxm_score_query_t *query, cxm_score_benchmark_t *out,
    cxm_error_t *err)
{
    cxm_rc_t       rc;
    cxm_doc_t      doc;
    cxm_str_t      name;
    const char    *colon;
    const json_t  *row;

    name = (cxm_str_t) { 0, NULL };
    colon = ref.len == 0 ? NULL : memchr(ref.data, ':', ref.len);

    if (colon != NULL) {
        name.data = colon + 1;
        name.len = ref.len - (size_t) (name.data - ref.data);
        ref.len = (size_t) (colon - ref.data);
    }

    rc = cxm_doc_by_name(txn, CXM_KIND_BENCHMARK, ref, &doc, err);

    if (rc == CXM_NOT_FOUND) {
        return cxm_issue(err, "?benchmark", "not_found",
                         "There is no such table.");
    }

    if (rc != CXM_OK) {
        return rc;
    }

    rc = row_find(doc.body, query, name, &row, err);

    if (rc == CXM_OK) {
        rc = row_copy(doc.body, row, arena, out);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_INTERNAL
           ? cxm_fail(err, rc, NULL, "Not enough memory.") : rc;
}
