/*
 * Events that are counted by name: how often, why not, and how long it takes
 * from one step to the next.
 */

#include "cxm_duration.h"
#include "cxm_score_int.h"


/* Places of a group: events, reasons, then durations of each funnel. */
#define CXM_EVENT_POINTS   64
#define CXM_EVENT_REASONS  32
#define CXM_EVENT_TIMES    (CXM_EVENT_POINTS + CXM_EVENT_REASONS)


static size_t
event_width(const cxm_score_query_t *query)
{
    return CXM_EVENT_TIMES
           + (size_t) (query->nitems - 1) * CXM_DURATION_POINTS;
}


static void
event_add(const cxm_score_query_t *query, cxm_score_group_t *group,
    unsigned series, uint32_t point, uint64_t count)
{
    (void) query;

    if (series == 0 && point < CXM_EVENT_POINTS) {
        group[point] += count;

    } else if (series == 1 && point < CXM_EVENT_REASONS) {
        group[CXM_EVENT_POINTS + point] += count;

    } else if (series > 1 && point < CXM_DURATION_POINTS) {
        group[CXM_EVENT_TIMES + (series - 2) * CXM_DURATION_POINTS + point]
            += count;
    }
}


static uint64_t
event_n(const cxm_score_query_t *query, const cxm_score_group_t *group)
{
    unsigned  i;
    uint64_t  n;

    (void) query;
    n = 0;

    for (i = 0; i < CXM_EVENT_POINTS; i++) {
        n += group[i];
    }

    return n;
}


/* Counts by name; number 0 is none. */
static void
put_names(cxm_score_json_t *out, const char *name, const char *const *names,
    const cxm_score_group_t *counts)
{
    unsigned           i;
    cxm_score_json_t   list;

    list = (cxm_score_json_t) { json_object(), NULL, 0 };

    for (i = 1; names[i] != NULL; i++) {
        cxm_score_put_count(&list, names[i], counts[i]);
    }

    out->failed |= list.failed;
    cxm_score_put(out, name, list.object);
}


static void
put_seconds(cxm_score_json_t *out, const cxm_score_group_t *durations)
{
    size_t             i;
    int64_t            seconds;
    cxm_score_json_t   list;

    static const struct {
        const char  *name;
        double       q;
    } quantiles[] = {
        { "p50", 0.5 }, { "p90", 0.9 }
    };

    list = (cxm_score_json_t) { json_object(), NULL, 0 };

    for (i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        seconds = cxm_duration_quantile(durations, quantiles[i].q);

        cxm_score_put(&list, quantiles[i].name,
                      seconds < 0 ? json_null() : json_integer(seconds));
    }

    out->failed |= list.failed;
    cxm_score_put(out, "seconds", list.object);
}


/*
 * Who ends a funnel may have entered it before the period: more may end than
 * enter, which is no share of anything.
 */
static void
put_funnel(cxm_score_json_t *out, const cxm_score_funnel_t *funnel,
    const cxm_score_group_t *group, const cxm_score_group_t *durations)
{
    uint64_t           first, last;
    cxm_figure_t       figure;
    cxm_score_json_t   one;

    one = (cxm_score_json_t) { json_object(), NULL, 0 };
    first = group[funnel->first];
    last = group[funnel->last];

    cxm_score_put_count(&one, funnel->first_name, first);
    cxm_score_put_count(&one, funnel->last_name, last);

    cxm_stat_share(last < first ? last : first, first, &figure);
    cxm_score_put(&one, "rate", cxm_score_figure_json(&figure));
    put_seconds(&one, durations);

    out->failed |= one.failed;
    cxm_score_put(out, funnel->name, one.object);
}


static void
event_put(const cxm_score_query_t *query, const cxm_score_group_t *group,
    cxm_score_json_t *out)
{
    unsigned                  i;
    const cxm_score_event_t  *event;

    event = query->event;
    cxm_score_put_count(out, "n", event_n(query, group));

    for (i = 0; i + 1 < query->nitems; i++) {
        put_funnel(out, &event->funnels[i], group,
                   group + CXM_EVENT_TIMES + i * CXM_DURATION_POINTS);
    }

    put_names(out, "events", event->names, group);
    put_names(out, "failures", event->reasons, group + CXM_EVENT_POINTS);
}


const cxm_score_form_t  cxm_score_form_event = {
    event_width, event_add, event_n, NULL, event_put
};
