/*
 * Arguments of scores: names become numbers.
 */

#include "cxm_dict.h"
#include "cxm_scoring.h"
#include "cxm_touchpoint.h"


/* What is said of an agent must rest on so many answers. */
#define CXM_AGENT_FLOOR   5


/* --- arguments ---------------------------------------------------------- */

static cxm_rc_t
score_time(cxm_call_t *call, const char *name, int *has, cxm_ms_t *t)
{
    char      pointer[16];
    cxm_rc_t  rc;

    *has = cxm_call_has_arg(call, name);
    rc = cxm_call_time(call, name, 0, t);

    if (rc != CXM_OK || *t % CXM_MS_QUARTER == 0) {
        return rc;
    }

    (void) snprintf(pointer, sizeof(pointer), "?%s", name);

    return cxm_issue(&call->err, pointer, "not_on_quarter_hour",
                     "Must be on a quarter of an hour.");
}


static cxm_rc_t
score_zone(cxm_call_t *call)
{
    cxm_str_t  zone;

    zone = cxm_call_arg(call, "tz");

    if (zone.data == NULL || cxm_str_eqz(zone, "UTC")
        || cxm_str_eqz(zone, "Etc/UTC"))
    {
        return CXM_OK;
    }

    return cxm_issue(&call->err, "?tz", "not_supported",
                     "Only UTC for now.");
}


static cxm_rc_t
score_bucket(cxm_call_t *call, cxm_bucket_t *bucket)
{
    int        found;
    cxm_str_t  name;

    name = cxm_call_arg(call, "bucket");
    found = name.data == NULL ? CXM_BUCKET_NONE : cxm_bucket_find(name);

    if (found < 0) {
        return cxm_issue(&call->err, "?bucket", "not_allowed",
                         "Must be none, hour, day, week, month, quarter or "
                         "year.");
    }

    *bucket = (cxm_bucket_t) found;

    return CXM_OK;
}


/* Every one is looked at, so that a caller learns of all that is wrong. */
cxm_rc_t
cxm_scoring_args(cxm_scoring_t *scoring)
{
    int                 bad;
    cxm_call_t         *call;
    cxm_score_query_t  *query;

    call = scoring->call;
    query = &scoring->query;

    bad = score_time(call, "from", &query->has_from, &query->from) != CXM_OK;
    bad |= score_time(call, "to", &query->has_to, &query->to) != CXM_OK;
    bad |= score_zone(call) != CXM_OK;
    bad |= score_bucket(call, &query->bucket) != CXM_OK;

    return bad ? CXM_INVALID : CXM_OK;
}


/* --- segments ----------------------------------------------------------- */

static cxm_rc_t
score_segment(cxm_scoring_t *scoring, const char *pointer, cxm_str_t name,
    uint16_t *segment)
{
    *segment = scoring->survey == NULL
               ? cxm_touch_segment(name)
               : cxm_survey_segment(scoring->survey, name);

    if (*segment == 0) {
        return cxm_issue(&scoring->call->err, pointer, "no_such_segment",
                         "There is no such segment here.");
    }

    if (scoring->survey != NULL && *segment == CXM_SEGMENT_AGENT) {
        scoring->query.floor = CXM_AGENT_FLOOR;
    }

    return CXM_OK;
}


static cxm_rc_t
score_where_one(cxm_scoring_t *scoring)
{
    size_t              len;
    cxm_rc_t            rc;
    cxm_str_t           arg, value;
    const char         *colon;
    cxm_score_query_t  *query;

    query = &scoring->query;
    arg = cxm_call_arg(scoring->call, "where");
    colon = arg.len == 0 ? NULL : memchr(arg.data, ':', arg.len);

    if (colon == NULL) {
        return cxm_issue(&scoring->call->err, "?where", "invalid",
                         "Must be a segment, a colon and a value.");
    }

    len = (size_t) (colon - arg.data);
    value = (cxm_str_t) { arg.len - len - 1, colon + 1 };
    arg.len = len;

    rc = score_segment(scoring, "?where", arg, &query->where);

    if (rc != CXM_OK || value.len == 0) {
        query->where_value = CXM_DICT_NULL;
        return rc;
    }

    rc = cxm_dict_find(scoring->txn, query->survey, query->where, value,
                       &query->where_value);

    query->where_none = rc == CXM_NOT_FOUND;

    return query->where_none ? CXM_OK : rc;
}


/* Counters know one segment at a time. */
cxm_rc_t
cxm_scoring_segments(cxm_scoring_t *scoring)
{
    cxm_rc_t     rc;
    unsigned     i, n;
    cxm_str_t    by;
    cxm_call_t  *call;

    call = scoring->call;
    by = cxm_call_arg(call, "by");
    n = 0;

    for (i = 0; i < call->nargs; i++) {
        n += cxm_str_eqz(call->args[i].name, "where");
    }

    if (n > 1 || (n == 1 && by.data != NULL)) {
        return cxm_issue(&call->err, "?where", "not_supported",
                         "Only one of by and where for now, once.");
    }

    rc = CXM_OK;

    if (by.data != NULL) {
        rc = score_segment(scoring, "?by", by, &scoring->query.by);
    }

    return rc == CXM_OK && n == 1 ? score_where_one(scoring) : rc;
}
