/*
 * Two figures of one metric, from different answers.
 */

#include "cxm_score_int.h"


/* What was counted of one side's value; nothing if there is none. */
static const cxm_score_group_t *
side_group(const cxm_score_t *score, uint32_t value)
{
    return score->values[value] != NULL ? score->values[value] : score->none;
}


static void
put_side(cxm_score_json_t *out, const char *name, const cxm_score_t *score,
    const cxm_score_group_t *group, int range)
{
    cxm_score_json_t  side;

    side = (cxm_score_json_t) { json_object(), "value", 0 };

    if (range) {
        cxm_score_put_range(&side, score);
    }

    cxm_score_put_group(score, group, &side);

    out->failed |= side.failed;
    cxm_score_put(out, name, side.object);
}


static void
put_difference(cxm_score_json_t *out, const cxm_score_t *a,
    const cxm_score_group_t *ga, const cxm_score_t *b,
    const cxm_score_group_t *gb)
{
    cxm_figure_t      fa, fb;
    cxm_comparison_t  comparison;

    cxm_score_figure(a, ga, &fa);
    cxm_score_figure(b, gb, &fb);
    cxm_stat_compare(&fa, &fb, &comparison);

    cxm_score_put_comparison(out, &comparison);
}


static cxm_rc_t
compare_segments(const cxm_score_t *a, const cxm_score_t *b, json_t *list,
    int *failed)
{
    size_t                    i, n;
    cxm_rc_t                  rc;
    uint32_t                  values[CXM_DICT_VALUES];
    cxm_score_json_t          out;
    const cxm_score_group_t  *ga, *gb;

    n = cxm_score_rank(a, b, values);

    for (i = 0, rc = CXM_OK; i < n && rc == CXM_OK; i++) {
        out = (cxm_score_json_t) { json_object(), NULL, 0 };
        ga = side_group(a, values[i]);
        gb = side_group(b, values[i]);

        rc = cxm_score_put_value(a, values[i], &out);

        put_side(&out, "a", a, ga, 0);
        put_side(&out, "b", b, gb, 0);
        put_difference(&out, a, ga, b, gb);

        cxm_score_add(list, &out, failed);
    }

    return rc;
}


static cxm_rc_t
compare_answer(const cxm_score_t *a, const cxm_score_t *b, json_t **out,
    cxm_error_t *err)
{
    json_t            *segments;
    cxm_rc_t           rc;
    cxm_score_json_t   answer;

    answer = (cxm_score_json_t) { json_object(), NULL, 0 };

    cxm_score_put_head(&answer, a->query);
    cxm_score_put_text(&answer, "tz", cxm_zone_name(a->query->zone));
    put_side(&answer, "a", a, a->total, 1);
    put_side(&answer, "b", b, b->total, 1);
    put_difference(&answer, a, a->total, b, b->total);

    segments = json_array();
    rc = compare_segments(a, b, segments, &answer.failed);
    cxm_score_put(&answer, "segments", segments);

    if (rc != CXM_OK) {
        json_decref(answer.object);
        return cxm_fail(err, rc, NULL, "Cannot read the segments.");
    }

    return cxm_score_end(&answer, out, err);
}


cxm_rc_t
cxm_score_compare(cxm_txn_t *txn, const cxm_score_query_t *a,
    const cxm_score_query_t *b, json_t **out, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_score_t  sa, sb;

    *out = NULL;
    memset(&sb, 0, sizeof(sb));

    rc = cxm_score_begin(&sa, cxm_score_form(a), txn, a, err);

    if (rc == CXM_OK) {
        rc = cxm_score_begin(&sb, cxm_score_form(b), txn, b, err);
    }

    if (rc == CXM_OK) {
        rc = compare_answer(&sa, &sb, out, err);
    }

    cxm_score_free(&sa);
    cxm_score_free(&sb);

    return rc;
}
