/*
 * Time: the clock, the calendar, RFC 3339.
 */

#include <stdio.h>
#include <time.h>

#include "cxm_time.h"


static cxm_ms_t
cxm_floor_div(cxm_ms_t a, cxm_ms_t b)
{
    return a / b - (a % b < 0);
}


cxm_ms_t
cxm_now(void)
{
    struct timespec  ts;

    /* cannot fail: the clock exists and the address is ours */

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (cxm_ms_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


uint64_t
cxm_monotonic_us(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}


uint64_t
cxm_thread_us(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}


cxm_ms_t
cxm_floor(cxm_ms_t t, cxm_ms_t unit)
{
    return cxm_floor_div(t, unit) * unit;
}


int32_t
cxm_day_of(cxm_ms_t t)
{
    return (int32_t) cxm_floor_div(t, CXM_MS_DAY);
}


unsigned
cxm_quarter_of(cxm_ms_t t)
{
    cxm_ms_t  quarter;

    quarter = cxm_floor_div(t, CXM_MS_QUARTER);

    return (unsigned) (quarter - cxm_floor_div(quarter, 96) * 96);
}


/* 1970-01-01 was a Thursday. */
unsigned
cxm_weekday(int32_t days)
{
    return (unsigned) ((days % 7 + 7 + 4) % 7);
}


/* In both: an era is 400 years, and a year starts in March. */

int32_t
cxm_days_from_civil(int year, unsigned month, unsigned day)
{
    int       era;
    unsigned  yoe, doy, doe;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    yoe = (unsigned) (year - era * 400);
    doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + (int32_t) doe - 719468;
}


void
cxm_civil_from_days(int32_t days, int *year, unsigned *month, unsigned *day)
{
    int64_t   z, era;
    unsigned  doe, yoe, doy, mp;

    z = (int64_t) days + 719468;
    era = (z >= 0 ? z : z - 146096) / 146097;
    doe = (unsigned) (z - era * 146097);
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;

    *day = doy - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = (int) (yoe + era * 400 + (*month <= 2));
}


static unsigned
cxm_month_days(int year, unsigned month)
{
    static const uint8_t  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) {
        return 29;
    }

    return days[month - 1];
}


/* Exactly n digits, then `after` unless that is 0. */
static unsigned
cxm_read_digits(cxm_reader_t *rd, unsigned n, char after)
{
    uint8_t   c;
    unsigned  v;

    for (v = 0; n > 0; n--) {
        c = cxm_read_u8(rd);

        if (c < '0' || c > '9') {
            rd->failed = 1;
            return 0;
        }

        v = v * 10 + (c - '0');
    }

    if (after != '\0' && cxm_read_u8(rd) != (uint8_t) after) {
        rd->failed = 1;
    }

    return v;
}


/* "YYYY-MM-DD" as the milliseconds of its midnight. */
static cxm_ms_t
cxm_read_date(cxm_reader_t *rd)
{
    int       year;
    unsigned  month, day;

    year = (int) cxm_read_digits(rd, 4, '-');
    month = cxm_read_digits(rd, 2, '-');
    day = cxm_read_digits(rd, 2, '\0');

    if (month < 1 || month > 12 || day < 1
        || day > cxm_month_days(year, month))
    {
        rd->failed = 1;
        return 0;
    }

    return cxm_days_from_civil(year, month, day) * CXM_MS_DAY;
}


/* What may follow the seconds: "." and 1..9 digits, cut to three. */
static unsigned
cxm_read_fraction(cxm_reader_t *rd)
{
    unsigned  ms, n, digit;

    if (rd->pos == rd->end || *rd->pos != '.') {
        return 0;
    }

    (void) cxm_read_u8(rd);
    ms = 0;

    for (n = 0; rd->pos < rd->end && *rd->pos >= '0' && *rd->pos <= '9'; n++) {
        digit = cxm_read_u8(rd) - '0';

        if (n < 3) {
            ms = ms * 10 + digit;
        }
    }

    if (n < 1 || n > 9) {
        rd->failed = 1;
    }

    for (/* void */; n < 3; n++) {
        ms *= 10;
    }

    return ms;
}


static cxm_ms_t
cxm_read_clock(cxm_reader_t *rd)
{
    unsigned  hour, minute, second, ms;

    hour = cxm_read_digits(rd, 2, ':');
    minute = cxm_read_digits(rd, 2, ':');
    second = cxm_read_digits(rd, 2, '\0');
    ms = cxm_read_fraction(rd);

    if (hour > 23 || minute > 59 || second > 60) {
        rd->failed = 1;
        return 0;
    }

    /* our time has no leap seconds: it stays in its minute */

    if (second == 60) {
        second = 59;
        ms = 999;
    }

    return hour * CXM_MS_HOUR + minute * CXM_MS_MINUTE
           + second * CXM_MS_SECOND + ms;
}


static cxm_ms_t
cxm_read_offset(cxm_reader_t *rd)
{
    uint8_t   sign;
    cxm_ms_t  offset;
    unsigned  hour, minute;

    sign = cxm_read_u8(rd);

    if (sign == 'Z' || sign == 'z') {
        return 0;
    }

    hour = cxm_read_digits(rd, 2, ':');
    minute = cxm_read_digits(rd, 2, '\0');

    if ((sign != '+' && sign != '-') || hour > 23 || minute > 59) {
        rd->failed = 1;
    }

    offset = hour * CXM_MS_HOUR + minute * CXM_MS_MINUTE;

    return sign == '-' ? -offset : offset;
}


cxm_rc_t
cxm_rfc3339_parse(cxm_str_t s, cxm_ms_t *out)
{
    uint8_t       c;
    cxm_ms_t      t;
    cxm_reader_t  rd;

    rd = cxm_reader(s.data, s.len);

    t = cxm_read_date(&rd);
    c = cxm_read_u8(&rd);
    t += cxm_read_clock(&rd);
    t -= cxm_read_offset(&rd);

    if (rd.failed || rd.pos != rd.end || (c != 'T' && c != 't')
        || t < CXM_MS_MIN || t > CXM_MS_MAX)
    {
        return CXM_BAD_REQUEST;
    }

    *out = t;

    return CXM_OK;
}


cxm_rc_t
cxm_date_parse(cxm_str_t s, int32_t *day)
{
    cxm_ms_t      t;
    cxm_reader_t  rd;

    rd = cxm_reader(s.data, s.len);
    t = cxm_read_date(&rd);

    if (rd.failed || rd.pos != rd.end) {
        return CXM_BAD_REQUEST;
    }

    *day = cxm_day_of(t);

    return CXM_OK;
}


static char *
cxm_put_digits(char *p, unsigned v, unsigned n, char after)
{
    unsigned  i;

    for (i = n; i > 0; i--) {
        p[i - 1] = (char) ('0' + v % 10);
        v /= 10;
    }

    p[n] = after;

    return p + n + 1;
}


void
cxm_rfc3339_format(cxm_ms_t t, char out[CXM_RFC3339_LEN + 1])
{
    int       year;
    char     *p;
    int32_t   days;
    unsigned  month, day, ms;

    if (t < CXM_MS_YEAR_0) {
        t = CXM_MS_YEAR_0;
    }

    if (t > CXM_MS_MAX) {
        t = CXM_MS_MAX;
    }

    days = cxm_day_of(t);
    ms = (unsigned) (t - days * CXM_MS_DAY);
    cxm_civil_from_days(days, &year, &month, &day);

    /* not snprintf(): every row of a list carries two or three of these */

    p = cxm_put_digits(out, (unsigned) year, 4, '-');
    p = cxm_put_digits(p, month, 2, '-');
    p = cxm_put_digits(p, day, 2, 'T');
    p = cxm_put_digits(p, ms / CXM_MS_HOUR, 2, ':');
    p = cxm_put_digits(p, ms / CXM_MS_MINUTE % 60, 2, ':');
    p = cxm_put_digits(p, ms / CXM_MS_SECOND % 60, 2, '.');
    p = cxm_put_digits(p, ms % CXM_MS_SECOND, 3, 'Z');
    *p = '\0';
}
