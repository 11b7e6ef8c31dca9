/*
 * Time zones from anywhere.  Behind a first byte "Z" comes a file, else a
 * rule that is put into one.  What is taken answers for any time, and its
 * buckets lie end to end.
 */

#include <stdlib.h>

#include "cxm_bucket.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define need(condition)  if (!(condition)) abort()


/* A header and a block of one type, as both versions have it. */
static void
zone_block(cxm_buf_t *file)
{
    static const uint8_t  block[44 + 6 + 4] = {
        'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4
    };

    cxm_buf_put(file, block, sizeof(block));
}


static void
ask(const cxm_zone_t *zone, cxm_ms_t t)
{
    int              i;
    cxm_ms_t         start, next;
    cxm_zone_span_t  span;

    span = cxm_zone_span(zone, t);
    need(span.start <= t && t < span.end);
    need(span.offset > -25 * CXM_MS_HOUR && span.offset < 26 * CXM_MS_HOUR);

    for (i = CXM_BUCKET_NONE; i <= CXM_BUCKET_YEAR; i++) {
        start = cxm_bucket_start(zone, (cxm_bucket_t) i, t);
        next = cxm_bucket_next(zone, (cxm_bucket_t) i, start);
        need(start <= t && t < next);

        if (i >= CXM_BUCKET_DAY) {
            need(cxm_bucket_start(zone, (cxm_bucket_t) i, start) == start);
            need(cxm_bucket_start(zone, (cxm_bucket_t) i, next - 1) == start);
            need(cxm_bucket_start(zone, (cxm_bucket_t) i, next) == next);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cxm_ms_t     t;
    cxm_buf_t    file;
    cxm_zone_t  *zone;

    if (size == 0) {
        return 0;
    }

    cxm_buf_init(&file, 2 * CXM_ZONE_FILE_MAX);

    if (data[0] == 'Z') {
        cxm_buf_put(&file, data + 1, size - 1);

    } else {
        zone_block(&file);
        zone_block(&file);
        cxm_buf_putc(&file, '\n');
        cxm_buf_put(&file, data, size);
        cxm_buf_putc(&file, '\n');
    }

    if (cxm_zone_parse(cxm_str("Fuzz"), cxm_buf_str(&file), &zone) == CXM_OK) {

        for (t = CXM_MS_MIN; t < CXM_MS_MAX; t += CXM_MS_MAX / 101) {
            ask(zone, t);
        }

        /* both sides of a change, where it has one */

        t = cxm_zone_span(zone, CXM_MS_DAY).end;

        if (t < CXM_MS_MAX) {
            ask(zone, t - 1);
            ask(zone, t);
        }

        cxm_zone_free(zone);
    }

    cxm_buf_free(&file);

    return 0;
}
