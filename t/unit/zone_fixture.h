/*
 * Zones for units: those of the system, made ones, and what date(1) says.
 */

#ifndef ZONE_FIXTURE_H
#define ZONE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cxm_bucket.h"
#include "cxm_zoneinfo.h"


static cxm_zones_t  *zones;


static inline int
zones_open(void **state)
{
    (void) state;

    zones = cxm_zones_create();

    return zones == NULL;
}


static inline int
zones_close(void **state)
{
    (void) state;

    cxm_zones_free(zones);

    return 0;
}


static inline const cxm_zone_t *
zone_named(const char *name)
{
    const cxm_zone_t  *zone;

    if (cxm_zones_find(zones, cxm_strz(name), &zone) != CXM_OK) {
        fail_msg("no zone %s", name);
    }

    return zone;
}


static inline cxm_ms_t
at(const char *text)
{
    cxm_ms_t  t;

    assert_int_equal(cxm_rfc3339_parse(cxm_strz(text), &t), CXM_OK);

    return t;
}


/* Repeatable numbers: a failure must come again. */
static inline uint64_t
zone_random(uint64_t below)
{
    static uint64_t  state = 0x9e3779b97f4a7c15ULL;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;

    return (state >> 1) % below;
}


/* --- files -------------------------------------------------------------- */

typedef struct {
    const int64_t  *times;              /* seconds */
    const uint8_t  *types;              /* of each time */
    size_t          ntimes;
    const int32_t  *offsets;            /* of each type; the first: 0 */
    size_t          ntypes;
    uint32_t        nleaps;
    const char     *footer;
} tzif_t;


static inline void
tzif_u32(cxm_buf_t *out, uint32_t v)
{
    uint8_t  b[4];

    (void) cxm_put_u32(b, v);
    cxm_buf_put(out, b, 4);
}


/* A header and its block; times have size bytes. */
static inline void
tzif_block(cxm_buf_t *out, const tzif_t *tzif, char version, size_t size)
{
    size_t   i;
    uint8_t  b[8];

    cxm_buf_puts(out, "TZif");
    cxm_buf_putc(out, (uint8_t) version);
    cxm_buf_put(out, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    tzif_u32(out, 0);
    tzif_u32(out, 0);
    tzif_u32(out, tzif->nleaps);
    tzif_u32(out, (uint32_t) tzif->ntimes);
    tzif_u32(out, (uint32_t) tzif->ntypes);
    tzif_u32(out, 4);

    for (i = 0; i < tzif->ntimes; i++) {
        (void) cxm_put_u64(b, (uint64_t) tzif->times[i]);
        cxm_buf_put(out, b + 8 - size, size);
    }

    cxm_buf_put(out, tzif->types, tzif->ntimes);

    for (i = 0; i < tzif->ntypes; i++) {
        tzif_u32(out, (uint32_t) tzif->offsets[i]);
        cxm_buf_put(out, "\0", 2);
    }

    cxm_buf_put(out, "ABC", 4);

    for (i = 0; i < tzif->nleaps; i++) {
        cxm_buf_put(out, "\0\0\0\0\0\0\0\0\0\0\0", size + 4);
    }
}


static inline void
tzif_file(cxm_buf_t *out, const tzif_t *tzif)
{
    cxm_buf_init(out, CXM_ZONE_FILE_MAX);
    tzif_block(out, tzif, '3', 4);
    tzif_block(out, tzif, '3', 8);
    cxm_buf_printf(out, "\n%s\n", tzif->footer);
}


/* A zone of one rule; NULL when it is refused. */
static inline cxm_zone_t *
zone_of_rule(const char *rule, int32_t offset)
{
    tzif_t       tzif = { .offsets = &offset, .ntypes = 1, .footer = rule };
    cxm_buf_t    file;
    cxm_zone_t  *zone;

    tzif_file(&file, &tzif);
    (void) cxm_zone_parse(cxm_str("Test"), cxm_buf_str(&file), &zone);
    cxm_buf_free(&file);

    return zone;
}


/* --- date(1) ------------------------------------------------------------ */

typedef struct {
    FILE  *in;
    char   path[32];
    FILE  *out;
    char   line[256];
} date_t;


static inline void
date_open(date_t *date)
{
    int  fd;

    strcpy(date->path, "/tmp/cxm-date-XXXXXX");
    fd = mkstemp(date->path);
    assert_true(fd != -1);
    date->in = fdopen(fd, "w");
    assert_non_null(date->in);
}


/* One more instant to be told of. */
static inline void
date_put(date_t *date, cxm_ms_t t)
{
    fprintf(date->in, "@%lld\n",
            (long long) (cxm_floor(t, CXM_MS_SECOND) / CXM_MS_SECOND));
}


/* One process for all of them. */
static inline void
date_run(date_t *date, const char *tz, const char *format)
{
    char  command[512];

    assert_int_equal(fclose(date->in), 0);
    snprintf(command, sizeof(command), "LC_ALL=C TZ='%s' date -f %s '+%s'",
             tz, date->path, format);
    date->out = popen(command, "r");
    assert_non_null(date->out);
}


static inline const char *
date_next(date_t *date)
{
    assert_non_null(fgets(date->line, sizeof(date->line), date->out));
    date->line[strcspn(date->line, "\n")] = '\0';

    return date->line;
}


static inline void
date_close(date_t *date)
{
    assert_null(fgets(date->line, sizeof(date->line), date->out));
    assert_int_equal(pclose(date->out), 0);
    unlink(date->path);
}


#endif /* ZONE_FIXTURE_H */
