/*
 * Buckets of a zone's calendar.
 */

#include "cxm_bucket.h"


/* No local midnight is further from the same one in UTC. */
#define CXM_BUCKET_AROUND  (26 * CXM_MS_HOUR)


static const char *const  cxm_bucket_names[] = {
    [CXM_BUCKET_NONE] = "none",
    [CXM_BUCKET_HOUR] = "hour",
    [CXM_BUCKET_DAY] = "day",
    [CXM_BUCKET_WEEK] = "week",
    [CXM_BUCKET_MONTH] = "month",
    [CXM_BUCKET_QUARTER] = "quarter",
    [CXM_BUCKET_YEAR] = "year"
};

#define CXM_BUCKET_N  (sizeof(cxm_bucket_names) / sizeof(cxm_bucket_names[0]))


int
cxm_bucket_find(cxm_str_t name)
{
    size_t  i;

    for (i = 0; i < CXM_BUCKET_N; i++) {
        if (cxm_str_eqz(name, cxm_bucket_names[i])) {
            return (int) i;
        }
    }

    return -1;
}


const char *
cxm_bucket_name(cxm_bucket_t bucket)
{
    return (size_t) bucket < CXM_BUCKET_N ? cxm_bucket_names[bucket] : "none";
}


/* --- hours -------------------------------------------------------------- */

static cxm_ms_t
bucket_hour_start(const cxm_zone_t *zone, cxm_ms_t t)
{
    cxm_ms_t         hour;
    cxm_zone_span_t  span;

    span = cxm_zone_span(zone, t);
    hour = cxm_floor(t + span.offset, CXM_MS_HOUR) - span.offset;

    return hour > span.start ? hour : span.start;
}


static cxm_ms_t
bucket_hour_next(const cxm_zone_t *zone, cxm_ms_t start)
{
    cxm_ms_t         hour;
    cxm_zone_span_t  span;

    span = cxm_zone_span(zone, start);
    hour = cxm_floor(start + span.offset, CXM_MS_HOUR) + CXM_MS_HOUR
           - span.offset;

    return hour < span.end ? hour : span.end;
}


/* --- days and what is made of them -------------------------------------- */

/*
 * The first instant at which the date is this or a later one: a zone may
 * leave out midnight, or the whole day.
 */
static cxm_ms_t
bucket_day_start(const cxm_zone_t *zone, int32_t day)
{
    cxm_ms_t         midnight, start;
    cxm_zone_span_t  span;

    midnight = day * CXM_MS_DAY;
    span = cxm_zone_span(zone, midnight - CXM_BUCKET_AROUND);

    while (span.end != CXM_ZONE_MAX && span.end + span.offset <= midnight) {
        span = cxm_zone_span(zone, span.end);
    }

    start = midnight - span.offset;

    return start > span.start ? start : span.start;
}


/*
 * The day that has begun last.  It is the date that clocks show, but where
 * they are set back over midnight.
 */
static int32_t
bucket_day(const cxm_zone_t *zone, cxm_ms_t t)
{
    int32_t  day;

    day = cxm_day_of(t + cxm_zone_span(zone, t).offset);

    while (bucket_day_start(zone, day + 1) <= t) {
        day++;
    }

    return day;
}


/* The first day of the period of 1, 3 or 12 months, or of the one after. */
static int32_t
bucket_months(int32_t day, unsigned period, unsigned after)
{
    int       year;
    unsigned  month, date;

    cxm_civil_from_days(day, &year, &month, &date);

    month = (month - 1) / period * period + after * period;
    year += (int) (month / 12);

    return cxm_days_from_civil(year, month % 12 + 1, 1);
}


/* The first day of the bucket that the day is in, or of the one after. */
static int32_t
bucket_first(cxm_bucket_t bucket, int32_t day, unsigned after)
{
    switch (bucket) {

    case CXM_BUCKET_WEEK:
        return day - (int32_t) ((cxm_weekday(day) + 6) % 7)
               + 7 * (int32_t) after;

    case CXM_BUCKET_MONTH:
        return bucket_months(day, 1, after);

    case CXM_BUCKET_QUARTER:
        return bucket_months(day, 3, after);

    case CXM_BUCKET_YEAR:
        return bucket_months(day, 12, after);

    default:
        return day + (int32_t) after;
    }
}


cxm_ms_t
cxm_bucket_start(const cxm_zone_t *zone, cxm_bucket_t bucket, cxm_ms_t t)
{
    if (bucket == CXM_BUCKET_NONE) {
        return CXM_MS_MIN;
    }

    if (bucket == CXM_BUCKET_HOUR) {
        return bucket_hour_start(zone, t);
    }

    return bucket_day_start(zone,
                            bucket_first(bucket, bucket_day(zone, t), 0));
}


cxm_ms_t
cxm_bucket_next(const cxm_zone_t *zone, cxm_bucket_t bucket, cxm_ms_t start)
{
    if (bucket == CXM_BUCKET_NONE) {
        return CXM_MS_MAX + 1;
    }

    if (bucket == CXM_BUCKET_HOUR) {
        return bucket_hour_next(zone, start);
    }

    return bucket_day_start(zone, bucket_first(bucket,
                                               bucket_day(zone, start), 1));
}
