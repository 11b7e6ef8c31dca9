/*
 * Rules of POSIX TZ.
 */

#include "cxm_zone_rule.h"


#define CXM_ZONE_NAME_MIN     3         /* characters of "CET" */
#define CXM_ZONE_OFFSET_HOURS 24
#define CXM_ZONE_TIME_HOURS   167       /* POSIX alone: 0..24 */
#define CXM_ZONE_TIME_DEFAULT (2 * CXM_MS_HOUR)


/* --- reading ------------------------------------------------------------ */

static int
rule_next_is(const cxm_reader_t *rd, char c)
{
    return rd->pos < rd->end && *rd->pos == (uint8_t) c;
}


/* Whether that character was next; it is skipped then. */
static int
rule_skip(cxm_reader_t *rd, char c)
{
    if (!rule_next_is(rd, c)) {
        return 0;
    }

    rd->pos++;

    return 1;
}


static void
rule_expect(cxm_reader_t *rd, char c)
{
    if (!rule_skip(rd, c)) {
        rd->failed = 1;
    }
}


/* One to three digits. */
static unsigned
rule_number(cxm_reader_t *rd, unsigned min, unsigned max)
{
    unsigned  v, n;

    v = 0;

    for (n = 0; n < 3 && rd->pos < rd->end && *rd->pos >= '0'
                && *rd->pos <= '9'; n++)
    {
        v = v * 10 + (*rd->pos++ - '0');
    }

    if (n == 0 || v < min || v > max) {
        rd->failed = 1;
        return min;
    }

    return v;
}


static int
rule_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}


/* "CET", or "<+0545>"; what it is called is of no use here. */
static void
rule_name(cxm_reader_t *rd)
{
    int       quoted;
    uint8_t   c;
    unsigned  n;

    quoted = rule_skip(rd, '<');

    for (n = 0; rd->pos < rd->end; n++) {
        c = *rd->pos;

        if (!rule_letter(c)
            && !(quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-')))
        {
            break;
        }

        rd->pos++;
    }

    if (quoted) {
        rule_expect(rd, '>');
    }

    if (n < CXM_ZONE_NAME_MIN) {
        rd->failed = 1;
    }
}


/* [+|-]hh[:mm[:ss]] */
static cxm_ms_t
rule_clock(cxm_reader_t *rd, unsigned max_hours)
{
    int       negative;
    cxm_ms_t  t;

    negative = rule_skip(rd, '-');

    if (!negative) {
        (void) rule_skip(rd, '+');
    }

    t = rule_number(rd, 0, max_hours) * CXM_MS_HOUR;

    if (rule_skip(rd, ':')) {
        t += rule_number(rd, 0, 59) * CXM_MS_MINUTE;

        if (rule_skip(rd, ':')) {
            t += rule_number(rd, 0, 59) * CXM_MS_SECOND;
        }
    }

    return negative ? -t : t;
}


/* ",date[/time]" */
static void
rule_day(cxm_reader_t *rd, cxm_zone_day_t *day)
{
    rule_expect(rd, ',');

    if (rule_skip(rd, 'J')) {
        day->form = CXM_ZONE_DAY_JULIAN;
        day->day = rule_number(rd, 1, 365);

    } else if (rule_skip(rd, 'M')) {
        day->form = CXM_ZONE_DAY_OF_MONTH;
        day->month = rule_number(rd, 1, 12);
        rule_expect(rd, '.');
        day->week = rule_number(rd, 1, 5);
        rule_expect(rd, '.');
        day->day = rule_number(rd, 0, 6);

    } else {
        day->form = CXM_ZONE_DAY_OF_YEAR;
        day->day = rule_number(rd, 0, 365);
    }

    day->time = rule_skip(rd, '/') ? rule_clock(rd, CXM_ZONE_TIME_HOURS)
                                   : CXM_ZONE_TIME_DEFAULT;
}


cxm_rc_t
cxm_zone_rule_parse(cxm_str_t text, cxm_zone_rule_t *rule)
{
    cxm_reader_t  rd;

    memset(rule, 0, sizeof(*rule));
    rd = cxm_reader(text.data, text.len);

    /* POSIX counts offsets west of Greenwich */

    rule_name(&rd);
    rule->standard = -rule_clock(&rd, CXM_ZONE_OFFSET_HOURS);

    if (rd.pos < rd.end) {
        rule->has_daylight = 1;
        rule_name(&rd);

        rule->daylight = rule_next_is(&rd, ',')
                         ? rule->standard + CXM_MS_HOUR
                         : -rule_clock(&rd, CXM_ZONE_OFFSET_HOURS);

        rule_day(&rd, &rule->begin);
        rule_day(&rd, &rule->end);
    }

    return rd.failed || rd.pos < rd.end ? CXM_BAD_REQUEST : CXM_OK;
}


/* --- the days of a year ------------------------------------------------- */

/* The w-th weekday of a month, or its last. */
static int32_t
rule_weekday(const cxm_zone_day_t *day, int year)
{
    int32_t   first, next, date;
    unsigned  weekday;

    first = cxm_days_from_civil(year, day->month, 1);
    next = day->month == 12 ? cxm_days_from_civil(year + 1, 1, 1)
                            : cxm_days_from_civil(year, day->month + 1, 1);

    weekday = cxm_weekday(first);
    date = first + (int32_t) ((day->day + 7 - weekday) % 7
                              + 7 * (day->week - 1));

    return date < next ? date : date - 7;
}


/* Midnight of the day and the time after it, by the clock that is meant. */
static cxm_ms_t
rule_local(const cxm_zone_day_t *day, int year)
{
    int32_t  date;

    date = cxm_days_from_civil(year, 1, 1);

    switch (day->form) {

    case CXM_ZONE_DAY_JULIAN:

        /* of 59 days in front of March 1, a leap year has one more */

        date = day->day <= 59
               ? date + (int32_t) day->day - 1
               : cxm_days_from_civil(year, 3, 1) + (int32_t) day->day - 60;
        break;

    case CXM_ZONE_DAY_OF_YEAR:
        date += (int32_t) day->day;
        break;

    case CXM_ZONE_DAY_OF_MONTH:
        date = rule_weekday(day, year);
        break;
    }

    return date * CXM_MS_DAY + day->time;
}


void
cxm_zone_rule_year(const cxm_zone_rule_t *rule, int year, cxm_ms_t *begin,
    cxm_ms_t *end)
{
    *begin = rule_local(&rule->begin, year) - rule->standard;
    *end = rule_local(&rule->end, year) - rule->daylight;
}
