/*
 * TZif (RFC 9636) into a table of changes, and look-ups in it.
 *
 * The footer's rule is written into the table too, for as long as the
 * calendar takes to repeat itself (400 years): a time behind that is looked
 * up as many whole periods earlier.
 */

#include <stdlib.h>

#include "cxm_zone.h"
#include "cxm_zone_rule.h"


#define CXM_ZONE_PERIOD_YEARS  400
#define CXM_ZONE_PERIOD        (146097 * CXM_MS_DAY)

/*
 * Of the rule: a period, and two years more at each end of it, since a rule
 * may move a change over the end of its year.
 */
#define CXM_ZONE_RULE_YEARS    (CXM_ZONE_PERIOD_YEARS + 4)

/* Bounds of the table in the file: those of today have 236 and 18. */
#define CXM_ZONE_CHANGES       2000
#define CXM_ZONE_TYPES         256

/* What RFC 9636 allows: -25 h < offset < 26 h. */
#define CXM_ZONE_WEST          (-25 * CXM_MS_HOUR)
#define CXM_ZONE_EAST          (26 * CXM_MS_HOUR)

typedef struct {
    cxm_ms_t  at;
    cxm_ms_t  offset;               /* from then on */
} cxm_zone_change_t;

struct cxm_zone_s {
    char               name[CXM_ZONE_NAME_MAX + 1];
    cxm_ms_t           last;        /* times from here on lie in a period
                                       before; CXM_ZONE_MAX: none do */
    size_t             n;
    cxm_zone_change_t  changes[];   /* the first is at CXM_ZONE_MIN; each has
                                       another offset than the one before */
};

/* The counts of a TZif header. */
typedef struct {
    uint32_t  isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt;
} cxm_zone_header_t;

#define CXM_ZONE_HEADER  44


int
cxm_zone_name_valid(cxm_str_t name)
{
    int     empty;
    char    c;
    size_t  i;

    empty = 1;

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if (c == '/' && !empty) {
            empty = 1;
            continue;
        }

        if (!(((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
              || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-'))
        {
            return 0;
        }

        empty = 0;
    }

    return !empty && name.len <= CXM_ZONE_NAME_MAX;
}


const cxm_zone_t *
cxm_zone_utc(void)
{
    static const cxm_zone_t  utc = {
        "UTC", CXM_ZONE_MAX, 1, { { CXM_ZONE_MIN, 0 } }
    };

    return &utc;
}


cxm_str_t
cxm_zone_name(const cxm_zone_t *zone)
{
    return cxm_strz(zone->name);
}


void
cxm_zone_free(cxm_zone_t *zone)
{
    free(zone);
}


/* --- the table ---------------------------------------------------------- */

/* Of two changes at one time the later one counts; none goes back in time. */
static void
zone_put(cxm_zone_t *zone, cxm_ms_t at, cxm_ms_t offset)
{
    cxm_zone_change_t  *last;

    last = &zone->changes[zone->n - 1];

    if (at < last->at) {
        return;
    }

    if (at == last->at) {
        last->offset = offset;
        zone->n -= zone->n > 1 && last[-1].offset == offset;
        return;
    }

    if (last->offset != offset) {
        last[1] = (cxm_zone_change_t) { at, offset };
        zone->n++;
    }
}


static int
zone_year(cxm_ms_t t)
{
    int       year;
    unsigned  month, day;

    cxm_civil_from_days(cxm_day_of(t), &year, &month, &day);

    return year;
}


static cxm_ms_t
zone_year_start(int year)
{
    return cxm_days_from_civil(year, 1, 1) * CXM_MS_DAY;
}


/* From the table's last change on, the rule says. */
static void
zone_put_rule(cxm_zone_t *zone, const cxm_zone_rule_t *rule, cxm_ms_t from)
{
    int        i, year;
    cxm_ms_t   begin, end;

    if (!rule->has_daylight) {
        return;
    }

    year = zone_year(from);

    for (i = 0; i < CXM_ZONE_RULE_YEARS; i++) {
        cxm_zone_rule_year(rule, year + i, &begin, &end);

        /* the order is another one south of the equator */

        if (begin < end && begin > from) {
            zone_put(zone, begin, rule->daylight);
        }

        if (begin != end && end > from) {
            zone_put(zone, end, rule->standard);
        }

        if (begin > end && begin > from) {
            zone_put(zone, begin, rule->daylight);
        }
    }

    /* the year that would go on with the last one's end is not there */

    end = zone_year_start(year + CXM_ZONE_RULE_YEARS - 1);

    while (zone->n > 1 && zone->changes[zone->n - 1].at > end) {
        zone->n--;
    }

    /* a rule of daylight time all year leaves no change */

    end = zone_year_start(year + CXM_ZONE_PERIOD_YEARS + 2);

    if (zone->changes[zone->n - 1].at > end) {
        zone->last = end;
    }
}


cxm_zone_span_t
cxm_zone_span(const cxm_zone_t *zone, cxm_ms_t t)
{
    size_t           low, high, middle;
    cxm_ms_t         shift;
    cxm_zone_span_t  span;

    shift = t < zone->last
            ? 0 : ((t - zone->last) / CXM_ZONE_PERIOD + 1) * CXM_ZONE_PERIOD;
    t -= shift;

    low = 0;
    high = zone->n;

    while (high - low > 1) {
        middle = low + (high - low) / 2;

        if (zone->changes[middle].at <= t) {
            low = middle;

        } else {
            high = middle;
        }
    }

    span.start = zone->changes[low].at;
    span.end = high < zone->n ? zone->changes[high].at : CXM_ZONE_MAX;
    span.offset = zone->changes[low].offset;

    if (shift != 0) {
        span.start += shift;
        span.end += shift;
    }

    return span;
}


/* --- the file ----------------------------------------------------------- */

static void
zone_read_header(cxm_reader_t *rd, cxm_zone_header_t *header)
{
    const uint8_t  *p;

    memset(header, 0, sizeof(*header));
    p = cxm_read_bytes(rd, CXM_ZONE_HEADER);

    if (p == NULL || memcmp(p, "TZif", 4) != 0 || p[4] < '2') {
        rd->failed = 1;
        return;
    }

    header->isutcnt = cxm_get_u32(p + 20);
    header->isstdcnt = cxm_get_u32(p + 24);
    header->leapcnt = cxm_get_u32(p + 28);
    header->timecnt = cxm_get_u32(p + 32);
    header->typecnt = cxm_get_u32(p + 36);
    header->charcnt = cxm_get_u32(p + 40);
}


static int
zone_header_valid(const cxm_zone_header_t *header)
{
    return header->leapcnt == 0
           && header->timecnt <= CXM_ZONE_CHANGES
           && header->typecnt > 0
           && header->typecnt <= CXM_ZONE_TYPES
           && header->charcnt > 0
           && (header->isutcnt == 0 || header->isutcnt == header->typecnt)
           && (header->isstdcnt == 0 || header->isstdcnt == header->typecnt);
}


/* What stands behind the types: their names and two indicators. */
static void
zone_skip_rest(cxm_reader_t *rd, const cxm_zone_header_t *header)
{
    (void) cxm_read_bytes(rd, (size_t) header->charcnt + header->isstdcnt
                              + header->isutcnt);
}


/*
 * What comes first is for readers of version 1, with times of 32 bits; all
 * of it is said again behind.
 */
static void
zone_skip_block(cxm_reader_t *rd)
{
    cxm_zone_header_t  header;

    zone_read_header(rd, &header);
    (void) cxm_read_bytes(rd, 5 * (size_t) header.timecnt
                              + 6 * (size_t) header.typecnt
                              + 8 * (size_t) header.leapcnt);
    zone_skip_rest(rd, &header);
}


/* The offset of a type: 4 bytes of seconds; daylight and name follow. */
static cxm_ms_t
zone_type_offset(cxm_reader_t *rd, const uint8_t *types, unsigned type)
{
    cxm_ms_t  offset;

    offset = (int32_t) cxm_get_u32(types + 6 * (size_t) type) * CXM_MS_SECOND;

    if (offset <= CXM_ZONE_WEST || offset >= CXM_ZONE_EAST) {
        rd->failed = 1;
    }

    return offset;
}


/* The time of the last change; what is not in order fails. */
static cxm_ms_t
zone_read_changes(cxm_reader_t *rd, const cxm_zone_header_t *header,
    cxm_zone_t *zone)
{
    int64_t         before, seconds;
    cxm_ms_t        at;
    uint32_t        i;
    const uint8_t  *times, *indexes, *types;

    times = cxm_read_bytes(rd, 8 * (size_t) header->timecnt);
    indexes = cxm_read_bytes(rd, header->timecnt);
    types = cxm_read_bytes(rd, 6 * (size_t) header->typecnt);
    at = CXM_MS_YEAR_0;
    seconds = INT64_MIN;

    if (rd->failed) {
        return at;
    }

    zone->n = 1;
    zone->changes[0].at = CXM_ZONE_MIN;
    zone->changes[0].offset = zone_type_offset(rd, types, 0);

    for (i = 0; i < header->timecnt; i++) {

        before = seconds;
        seconds = (int64_t) cxm_get_u64(times + 8 * (size_t) i);

        if ((i > 0 && seconds <= before) || indexes[i] >= header->typecnt
            || seconds > CXM_MS_MAX / CXM_MS_SECOND)
        {
            rd->failed = 1;
            break;
        }

        /* what came earlier is in force when the years begin */

        at = seconds < CXM_MS_YEAR_0 / CXM_MS_SECOND
             ? CXM_MS_YEAR_0 : seconds * CXM_MS_SECOND;
        zone_put(zone, at, zone_type_offset(rd, types, indexes[i]));
    }

    return at;
}


/* The rule between two line breaks, which ends the file; it may be empty. */
static void
zone_read_footer(cxm_reader_t *rd, cxm_zone_t *zone, cxm_ms_t from)
{
    size_t           len;
    const uint8_t   *p;
    cxm_zone_rule_t  rule;

    len = (size_t) (rd->end - rd->pos);
    p = cxm_read_bytes(rd, len);

    if (p == NULL || len < 2 || p[0] != '\n' || p[len - 1] != '\n') {
        rd->failed = 1;
        return;
    }

    if (len == 2) {
        return;
    }

    if (cxm_zone_rule_parse((cxm_str_t) { len - 2, (const char *) p + 1 },
                            &rule) != CXM_OK)
    {
        rd->failed = 1;
        return;
    }

    zone_put_rule(zone, &rule, from);
}


cxm_rc_t
cxm_zone_parse(cxm_str_t name, cxm_str_t tzif, cxm_zone_t **out)
{
    size_t              room;
    cxm_ms_t            last;
    cxm_zone_t         *zone;
    cxm_reader_t        rd;
    cxm_zone_header_t   header;

    *out = NULL;

    if (!cxm_zone_name_valid(name) || tzif.len > CXM_ZONE_FILE_MAX) {
        return CXM_BAD_REQUEST;
    }

    rd = cxm_reader(tzif.data, tzif.len);

    zone_skip_block(&rd);
    zone_read_header(&rd, &header);

    if (rd.failed || !zone_header_valid(&header)) {
        return CXM_BAD_REQUEST;
    }

    room = 1 + header.timecnt + 2 * CXM_ZONE_RULE_YEARS;
    zone = calloc(1, sizeof(*zone) + room * sizeof(zone->changes[0]));

    if (zone == NULL) {
        return CXM_INTERNAL;
    }

    memcpy(zone->name, name.data, name.len);
    zone->last = CXM_ZONE_MAX;

    last = zone_read_changes(&rd, &header, zone);
    zone_skip_rest(&rd, &header);
    zone_read_footer(&rd, zone, last);

    if (rd.failed) {
        free(zone);
        return CXM_BAD_REQUEST;
    }

    *out = zone;

    return CXM_OK;
}
