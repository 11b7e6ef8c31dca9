/*
 * Response rates: how many of those who were asked answer.
 *
 * Every rate names what it is of.  The response rate is started / shown: an
 * answer that is never completed is one too, and tells its scores.
 */

#include "cxm_score_int.h"


/* Places of a group; those of the points of `question` are behind. */
enum {
    CXM_RATE_COMPLETE = 0,          /* of those who were asked */
    CXM_RATE_PARTIAL,
    CXM_RATE_ALL_COMPLETE,          /* of anybody */
    CXM_RATE_ALL_PARTIAL,
    CXM_RATE_POINTS
};


static size_t
rate_width(const cxm_score_query_t *query)
{
    return CXM_RATE_POINTS + (size_t) query->max + 1;
}


static void
rate_add(const cxm_score_query_t *query, cxm_score_group_t *group,
    unsigned series, uint32_t point, uint64_t count)
{
    if (series == 0 && point <= (uint32_t) query->max) {
        group[CXM_RATE_POINTS + point] += count;

    } else if (series == 1 && point <= 1) {
        group[CXM_RATE_COMPLETE + point] += count;

    } else if (series == 2 && point <= 1) {
        group[CXM_RATE_ALL_COMPLETE + point] += count;
    }
}


static uint64_t
rate_exposures(const cxm_score_query_t *query, const cxm_score_group_t *group)
{
    int       i;
    uint64_t  n;

    n = 0;

    for (i = 0; i <= query->max; i++) {
        n += group[CXM_RATE_POINTS + i];
    }

    return n;
}


static uint64_t
rate_n(const cxm_score_query_t *query, const cxm_score_group_t *group)
{
    return rate_exposures(query, group) + group[CXM_RATE_ALL_COMPLETE]
           + group[CXM_RATE_ALL_PARTIAL];
}


static void
rate_figure(const cxm_score_query_t *query, const cxm_score_group_t *group,
    cxm_figure_t *out)
{
    (void) query;

    cxm_stat_share(group[CXM_RATE_COMPLETE] + group[CXM_RATE_PARTIAL],
                   group[CXM_RATE_POINTS], out);
}


static void
put_refused(cxm_score_json_t *out, const cxm_score_query_t *query,
    const cxm_score_group_t *group)
{
    int                i;
    cxm_score_json_t   refused;

    refused = (cxm_score_json_t) { json_object(), NULL, 0 };

    for (i = 1; i <= query->max; i++) {
        cxm_score_put_count(&refused, query->points[i],
                            group[CXM_RATE_POINTS + i]);
    }

    out->failed |= refused.failed;
    cxm_score_put(out, "refused", refused.object);
}


static void
put_rate(cxm_score_json_t *rates, const char *name, uint64_t part,
    const char *of, uint64_t n)
{
    cxm_figure_t      figure;
    cxm_score_json_t  rate;

    rate = (cxm_score_json_t) { json_object(), "value", 0 };
    cxm_stat_share(part, n, &figure);

    cxm_score_put(&rate, "of", json_string(of));
    cxm_score_put_count(&rate, "n", n);
    cxm_score_put_figure(&rate, &figure);

    rates->failed |= rate.failed;
    cxm_score_put(rates, name, rate.object);
}


static void
put_rates(cxm_score_json_t *out, const cxm_score_query_t *query,
    const cxm_score_group_t *group)
{
    uint64_t          exposures, shown, started, complete;
    cxm_score_json_t  rates;

    exposures = rate_exposures(query, group);
    shown = group[CXM_RATE_POINTS];
    complete = group[CXM_RATE_COMPLETE];
    started = complete + group[CXM_RATE_PARTIAL];

    rates = (cxm_score_json_t) { json_object(), NULL, 0 };

    put_rate(&rates, "asked", shown, "exposures", exposures);
    put_rate(&rates, "response", started, "shown", shown);
    put_rate(&rates, "complete", complete, "shown", shown);
    put_rate(&rates, "completion", complete, "started", started);

    out->failed |= rates.failed;
    cxm_score_put(out, "rates", rates.object);
}


static void
put_answers(cxm_score_json_t *out, const cxm_score_group_t *group)
{
    cxm_score_json_t  answers;

    answers = (cxm_score_json_t) { json_object(), NULL, 0 };

    cxm_score_put_count(&answers, "n", group[CXM_RATE_ALL_COMPLETE]
                                       + group[CXM_RATE_ALL_PARTIAL]);
    cxm_score_put_count(&answers, "partial", group[CXM_RATE_ALL_PARTIAL]);
    cxm_score_put_count(&answers, "complete", group[CXM_RATE_ALL_COMPLETE]);

    out->failed |= answers.failed;
    cxm_score_put(out, "answers", answers.object);
}


static void
rate_put(const cxm_score_query_t *query, const cxm_score_group_t *group,
    cxm_score_json_t *out)
{
    cxm_figure_t  figure;

    cxm_score_put_count(out, "exposures", rate_exposures(query, group));
    cxm_score_put_count(out, "shown", group[CXM_RATE_POINTS]);
    put_refused(out, query, group);
    cxm_score_put_count(out, "started", group[CXM_RATE_COMPLETE]
                                        + group[CXM_RATE_PARTIAL]);
    cxm_score_put_count(out, "partial", group[CXM_RATE_PARTIAL]);
    cxm_score_put_count(out, "complete", group[CXM_RATE_COMPLETE]);

    rate_figure(query, group, &figure);
    cxm_score_put_count(out, "n", figure.n);
    cxm_score_put_figure(out, &figure);

    put_rates(out, query, group);
    put_answers(out, group);
}


const cxm_score_form_t  cxm_score_form_rate = {
    rate_width, rate_add, rate_n, rate_figure, rate_put
};
