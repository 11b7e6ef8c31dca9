/*
 * Figures of a group of counts as JSON.
 */

#include "cxm_duration.h"
#include "cxm_score_int.h"


static void
put_boxes(cxm_score_json_t *out, const cxm_variant_t *variant,
    const cxm_figure_t *f)
{
    size_t                    i;
    static const char *const  names[2][3] = {
        { "positive", "neutral", "negative" },
        { "promoters", "passives", "detractors" }
    };

    i = variant->metric == CXM_METRIC_NPS;

    if (variant->shape == CXM_SHAPE_MEAN) {
        return;
    }

    cxm_score_put_count(out, names[i][0], f->plus);

    if (variant->shape == CXM_SHAPE_NET) {
        cxm_score_put_count(out, names[i][1], f->n - f->plus - f->minus);
        cxm_score_put_count(out, names[i][2], f->minus);
    }
}


/* --- points of a scale -------------------------------------------------- */

static size_t
scale_width(const cxm_score_query_t *query)
{
    return (size_t) (query->max - query->min) + 1;
}


static void
scale_add(const cxm_score_query_t *query, cxm_score_group_t *group,
    unsigned series, uint32_t point, uint64_t count)
{
    (void) series;

    if (point < scale_width(query)) {
        group[point] += count;
    }
}


static uint64_t
scale_n(const cxm_score_query_t *query, const cxm_score_group_t *group)
{
    size_t    i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < scale_width(query); i++) {
        n += group[i];
    }

    return n;
}


static void
scale_figure(const cxm_score_query_t *query, const cxm_score_group_t *group,
    cxm_figure_t *out)
{
    cxm_hist_t  hist;

    hist = (cxm_hist_t) { query->min, query->max, group };

    cxm_stat_figure(query->variant, &hist, out);
}


static void
scale_put(const cxm_score_query_t *query, const cxm_score_group_t *group,
    cxm_score_json_t *out)
{
    size_t        i;
    json_t       *scale;
    cxm_figure_t  f;

    scale_figure(query, group, &f);

    cxm_score_put_count(out, "n", f.n);
    put_boxes(out, query->variant, &f);
    cxm_score_put_figure(out, &f);

    scale = json_array();

    for (i = 0; i < scale_width(query); i++) {
        if (json_array_append_new(scale, json_integer((json_int_t) group[i]))
            != 0)
        {
            out->failed = 1;
        }
    }

    cxm_score_put(out, "scale", scale);
}


const cxm_score_form_t  cxm_score_form_scale = {
    scale_width, scale_add, scale_n, scale_figure, scale_put
};


/* --- indexes ------------------------------------------------------------ */

/* Places of a group: moments of the indexes, sums of the items' points. */
enum {
    CXM_CSI_N = 0,
    CXM_CSI_SUM,
    CXM_CSI_SQUARES,
    CXM_CSI_ITEM
};


static size_t
csi_width(const cxm_score_query_t *query)
{
    return CXM_CSI_ITEM + query->nitems;
}


static void
csi_add(const cxm_score_query_t *query, cxm_score_group_t *group,
    unsigned series, uint32_t point, uint64_t count)
{
    (void) query;

    if (series > 0) {
        group[CXM_CSI_ITEM + series - 1] += count * point;
        return;
    }

    group[CXM_CSI_N] += count;
    group[CXM_CSI_SUM] += count * point;
    group[CXM_CSI_SQUARES] += count * point * point;
}


static uint64_t
csi_n(const cxm_score_query_t *query, const cxm_score_group_t *group)
{
    (void) query;

    return group[CXM_CSI_N];
}


static void
put_questions(cxm_score_json_t *out, const cxm_score_query_t *query,
    int has, const double *means)
{
    unsigned           i;
    json_t            *list;
    cxm_str_t          id;
    cxm_score_json_t   question;

    list = json_array();

    for (i = 0; i < query->nitems; i++) {
        question = (cxm_score_json_t) { json_object(), NULL, 0 };
        id = query->items[i].id;

        cxm_score_put(&question, "id", json_stringn(id.data, id.len));
        cxm_score_put_real(&question, "mean", has, means[i]);
        cxm_score_put_real(&question, "weight", 1,
                           (double) query->items[i].csi.weight
                           / CXM_CSI_WEIGHT_ONE);

        if (json_array_append_new(list, question.object) != 0
            || question.failed)
        {
            out->failed = 1;
        }
    }

    cxm_score_put(out, "questions", list);
}


/* Means of the items' points, each on its scale. */
static void
csi_means(const cxm_score_query_t *query, const cxm_score_group_t *group,
    double means[CXM_CSI_MAX])
{
    unsigned  i;

    for (i = 0; i < query->nitems; i++) {
        means[i] = group[CXM_CSI_N] == 0 ? 0
                   : query->items[i].csi.min
                     + (double) group[CXM_CSI_ITEM + i]
                       / (double) group[CXM_CSI_N];
    }
}


static void
csi_figure(const cxm_score_query_t *query, const cxm_score_group_t *group,
    cxm_figure_t *out)
{
    double          means[CXM_CSI_MAX] = { 0 };
    unsigned        i;
    cxm_moments_t   tenths;
    cxm_csi_item_t  items[CXM_CSI_MAX];

    tenths = (cxm_moments_t) {
        group[CXM_CSI_N], group[CXM_CSI_SUM], group[CXM_CSI_SQUARES]
    };

    for (i = 0; i < query->nitems; i++) {
        items[i] = query->items[i].csi;
    }

    csi_means(query, group, means);
    cxm_stat_csi(items, query->nitems, means, &tenths, out);
}


static void
csi_put(const cxm_score_query_t *query, const cxm_score_group_t *group,
    cxm_score_json_t *out)
{
    double        means[CXM_CSI_MAX] = { 0 };
    cxm_figure_t  f;

    csi_figure(query, group, &f);
    csi_means(query, group, means);

    cxm_score_put_count(out, "n", f.n);
    cxm_score_put_figure(out, &f);
    put_questions(out, query, f.has_value, means);
}


const cxm_score_form_t  cxm_score_form_csi = {
    csi_width, csi_add, csi_n, csi_figure, csi_put
};


/* --- touchpoints -------------------------------------------------------- */

#define CXM_SCORE_TOUCH  2      /* people and bots; durations are behind */


static size_t
touch_width(const cxm_score_query_t *query)
{
    (void) query;

    return CXM_SCORE_TOUCH + CXM_DURATION_POINTS;
}


static void
touch_add(const cxm_score_query_t *query, cxm_score_group_t *group,
    unsigned series, uint32_t point, uint64_t count)
{
    (void) query;

    if (series == 0 && point < CXM_SCORE_TOUCH) {
        group[point] += count;

    } else if (series == 1 && point < CXM_DURATION_POINTS) {
        group[CXM_SCORE_TOUCH + point] += count;
    }
}


static uint64_t
touch_n(const cxm_score_query_t *query, const cxm_score_group_t *group)
{
    (void) query;

    return group[0] + group[1];
}


static void
put_latency(const cxm_score_group_t *durations, cxm_score_json_t *out)
{
    size_t             i;
    cxm_ms_t           duration;
    cxm_score_json_t   latency;

    static const struct {
        const char  *name;
        double       q;
    } quantiles[] = {
        { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }
    };

    latency = (cxm_score_json_t) { json_object(), NULL, 0 };

    for (i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        duration = cxm_duration_quantile(durations, quantiles[i].q);

        cxm_score_put(&latency, quantiles[i].name,
                      duration < 0 ? json_null() : json_integer(duration));
    }

    out->failed |= latency.failed;
    cxm_score_put(out, "latency", latency.object);
}


static void
touch_put(const cxm_score_query_t *query, const cxm_score_group_t *group,
    cxm_score_json_t *out)
{
    (void) query;

    cxm_score_put_count(out, "n", group[0] + group[1]);
    cxm_score_put_count(out, "bots", group[1]);
    put_latency(group + CXM_SCORE_TOUCH, out);
}


const cxm_score_form_t  cxm_score_form_touch = {
    touch_width, touch_add, touch_n, NULL, touch_put
};


/* --- any of them -------------------------------------------------------- */

int
cxm_score_withheld(const cxm_score_t *score, const cxm_score_group_t *group)
{
    uint64_t  n;

    n = score->form->n(score->query, group);

    return n > 0 && n < score->query->floor;
}


void
cxm_score_put_group(const cxm_score_t *score, const cxm_score_group_t *group,
    cxm_score_json_t *out)
{
    if (!cxm_score_withheld(score, group)) {
        score->form->put(score->query, group, out);
        return;
    }

    score->form->put(score->query, score->none, out);
    cxm_score_put_count(out, "n", score->form->n(score->query, group));
    cxm_score_put(out, "withheld", json_true());
}


void
cxm_score_figure(const cxm_score_t *score, const cxm_score_group_t *group,
    cxm_figure_t *out)
{
    score->form->figure(score->query, cxm_score_withheld(score, group)
                                      ? score->none : group, out);
}
