/*
 * Segments of scores: by and where become numbers.
 */

#include "cxm_dict.h"
#include "cxm_scoring.h"
#include "cxm_touchpoint.h"


/* What is said of an agent must rest on so many answers. */
#define CXM_AGENT_FLOOR   5


static int
score_counted(const cxm_scoring_t *scoring, uint16_t segment)
{
    const uint16_t  *counted;

    if (scoring->segments == NULL) {
        return 1;
    }

    for (counted = scoring->segments; *counted != 0; counted++) {
        if (*counted == segment) {
            return 1;
        }
    }

    return 0;
}


static cxm_rc_t
score_segment(cxm_scoring_t *scoring, const char *pointer, cxm_str_t name,
    uint16_t *segment)
{
    *segment = scoring->survey == NULL
               ? cxm_touch_segment(name)
               : cxm_survey_segment(scoring->survey, name);

    if (*segment == 0 || !score_counted(scoring, *segment)) {
        return cxm_issue(&scoring->call->err, pointer, "no_such_segment",
                         "There is no such segment here.");
    }

    if (scoring->survey != NULL && *segment == CXM_SEGMENT_AGENT) {
        scoring->query.floor = CXM_AGENT_FLOOR;
    }

    return CXM_OK;
}


/* The filter of a segment: the one it has, or a new one. */
static cxm_filter_t *
score_filter(cxm_scoring_t *scoring, uint16_t segment)
{
    unsigned       i;
    cxm_filter_t  *filter;

    for (i = 0; i < scoring->query.nfilters; i++) {
        if (scoring->filters[i].segment == segment) {
            return &scoring->filters[i];
        }
    }

    filter = &scoring->filters[scoring->query.nfilters++];
    filter->segment = segment;
    filter->values = cxm_arena_alloc(&scoring->call->arena,
                                     CXM_QUERY_ARGS * sizeof(uint32_t));

    return filter->values == NULL ? NULL : filter;
}


/* A value that is named twice would be counted twice. */
static void
score_filter_value(cxm_filter_t *filter, uint32_t value)
{
    unsigned  i;

    for (i = 0; i < filter->nvalues; i++) {
        if (filter->values[i] == value) {
            return;
        }
    }

    filter->values[filter->nvalues++] = value;
}


/* "segment:value"; nothing behind the colon is null. */
static cxm_rc_t
score_where(cxm_scoring_t *scoring, cxm_str_t arg)
{
    size_t         len;
    cxm_rc_t       rc;
    uint16_t       segment;
    uint32_t       number;
    cxm_str_t      value;
    const char    *colon;
    cxm_filter_t  *filter;

    colon = arg.len == 0 ? NULL : memchr(arg.data, ':', arg.len);

    if (colon == NULL) {
        return cxm_issue(&scoring->call->err, "?where", "invalid",
                         "Must be a segment, a colon and a value.");
    }

    len = (size_t) (colon - arg.data);
    value = (cxm_str_t) { arg.len - len - 1, colon + 1 };
    arg.len = len;

    if (value.len == 0) {
        value.data = NULL;
    }

    rc = score_segment(scoring, "?where", arg, &segment);

    if (rc != CXM_OK) {
        return rc;
    }

    filter = score_filter(scoring, segment);

    if (filter == NULL) {
        return cxm_fail(&scoring->call->err, CXM_INTERNAL, NULL,
                        "Not enough memory.");
    }

    rc = cxm_dict_find(scoring->txn, scoring->query.survey, segment, value,
                       &number);

    if (rc == CXM_OK) {
        score_filter_value(filter, number);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_scoring_segments(cxm_scoring_t *scoring)
{
    cxm_rc_t     rc;
    unsigned     i;
    cxm_str_t    by;
    cxm_call_t  *call;

    call = scoring->call;
    by = cxm_call_arg(call, "by");
    rc = CXM_OK;

    scoring->filters = cxm_arena_alloc(&call->arena, CXM_QUERY_ARGS
                                                     * sizeof(cxm_filter_t));
    scoring->query.filters = scoring->filters;

    if (scoring->filters == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    if (by.data != NULL) {
        rc = score_segment(scoring, "?by", by, &scoring->query.by);
    }

    for (i = 0; i < call->nargs && rc == CXM_OK; i++) {
        if (cxm_str_eqz(call->args[i].name, "where")) {
            rc = score_where(scoring, call->args[i].value);
        }
    }

    return rc;
}
