/*
 * Answers as JSON, piece by piece.
 */

#include <math.h>

#include "cxm_score_int.h"


void
cxm_score_put(cxm_score_json_t *out, const char *name, json_t *value)
{
    if (json_object_set_new_nocheck(out->object, name, value) != 0) {
        out->failed = 1;
    }
}


void
cxm_score_put_time(cxm_score_json_t *out, const char *name, int has,
    cxm_ms_t t)
{
    char  text[CXM_RFC3339_LEN + 1];

    if (!has) {
        cxm_score_put(out, name, json_null());
        return;
    }

    cxm_rfc3339_format(t, text);
    cxm_score_put(out, name, json_stringn_nocheck(text, CXM_RFC3339_LEN));
}


void
cxm_score_put_count(cxm_score_json_t *out, const char *name, uint64_t n)
{
    cxm_score_put(out, name, json_integer((json_int_t) n));
}


void
cxm_score_put_real(cxm_score_json_t *out, const char *name, int has,
    double v)
{
    v = round(v * CXM_SCORE_DECIMALS) / CXM_SCORE_DECIMALS;

    /* no negative zero */

    cxm_score_put(out, name, has ? json_real(v == 0 ? 0 : v) : json_null());
}


void
cxm_score_put_text(cxm_score_json_t *out, const char *name, cxm_str_t text)
{
    cxm_score_put(out, name, text.data == NULL
                             ? json_null()
                             : json_stringn(text.data, text.len));
}


void
cxm_score_put_figure(cxm_score_json_t *out, const cxm_figure_t *f)
{
    cxm_score_put_real(out, out->value, f->has_value, f->value);
    cxm_score_put(out, "display", f->has_value ? json_integer(f->display)
                                               : json_null());
    cxm_score_put_real(out, "margin", f->has_margin, f->margin);
    cxm_score_put_real(out, "center", f->has_value, f->center);
    cxm_score_put_real(out, "low", f->has_margin, f->low);
    cxm_score_put_real(out, "high", f->has_margin, f->high);
    cxm_score_put_real(out, "margin_normal", f->has_margin, f->margin_normal);
}


json_t *
cxm_score_figure_json(const cxm_figure_t *f)
{
    cxm_score_json_t  out;

    out = (cxm_score_json_t) { json_object(), "value", 0 };
    cxm_score_put_figure(&out, f);

    if (out.failed) {
        json_decref(out.object);
        return NULL;
    }

    return out.object;
}


void
cxm_score_put_comparison(cxm_score_json_t *out, const cxm_comparison_t *c)
{
    cxm_score_put_real(out, "difference", c->has_difference, c->difference);
    cxm_score_put_real(out, "z", c->has_z, c->z);
    cxm_score_put_real(out, "p", c->has_z, c->p);
    cxm_score_put(out, "significant", c->has_z ? json_boolean(c->significant)
                                               : json_null());
}


void
cxm_score_put_benchmark(cxm_score_json_t *out, const cxm_score_t *score)
{
    double                        low, high;
    cxm_figure_t                  figure;
    cxm_comparison_t              comparison;
    cxm_score_json_t              json;
    const cxm_score_query_t      *query;
    const cxm_score_benchmark_t  *benchmark;

    query = score->query;
    benchmark = query->benchmark;

    if (benchmark == NULL) {
        return;
    }

    cxm_score_figure(score, score->total, &figure);
    cxm_stat_bounds(query->variant, query->min, query->max, &low, &high);
    cxm_stat_against(&figure, benchmark->value, benchmark->n, low, high,
                     &comparison);

    json = (cxm_score_json_t) { json_object(), NULL, 0 };

    cxm_score_put_text(&json, "table", benchmark->table);
    cxm_score_put_text(&json, "row", benchmark->row);
    cxm_score_put_real(&json, "value", 1, benchmark->value);
    cxm_score_put(&json, "n", benchmark->n == 0
                              ? json_null()
                              : json_integer((json_int_t) benchmark->n));
    cxm_score_put_text(&json, "source", benchmark->source);
    cxm_score_put_text(&json, "date", benchmark->date);
    cxm_score_put_comparison(&json, &comparison);

    out->failed |= json.failed;
    cxm_score_put(out, "benchmark", json.object);
}


void
cxm_score_add(json_t *list, cxm_score_json_t *out, int *failed)
{
    *failed |= json_array_append_new(list, out->object) != 0 || out->failed;
}


void
cxm_score_put_head(cxm_score_json_t *out, const cxm_score_query_t *query)
{
    cxm_score_put(out, "metric", json_string(query->metric));
    cxm_score_put_text(out, "survey", query->survey_id);
    cxm_score_put_text(out, "question", query->question_id);

    if (query->variant != NULL && query->variant->metric != CXM_METRIC_NPS) {
        cxm_score_put(out, "variant", json_string(query->variant->name));
    }
}


void
cxm_score_put_range(cxm_score_json_t *out, const cxm_score_t *score)
{
    const cxm_score_query_t  *query;

    query = score->query;

    cxm_score_put_time(out, "from", score->any || query->has_from,
                       score->from);
    cxm_score_put_time(out, "to", score->any || query->has_to, score->to);
}


cxm_rc_t
cxm_score_end(cxm_score_json_t *answer, json_t **out, cxm_error_t *err)
{
    if (answer->failed) {
        json_decref(answer->object);
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    *out = answer->object;

    return CXM_OK;
}
