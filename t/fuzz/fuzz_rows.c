/*
 * CSV and NDJSON from anywhere: what is taken is an array of at most one row
 * more than were asked for; rows of CSV are objects that dump.
 */

#include <stdlib.h>

#include "cxm_benchmark.h"
#include "cxm_json.h"
#include "cxm_rows.h"


#define ROWS  20


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
look(json_t *rows, int objects)
{
    size_t     i;
    cxm_buf_t  text;

    if (!json_is_array(rows) || json_array_size(rows) > ROWS + 1) {
        abort();
    }

    for (i = 0; objects && i < json_array_size(rows); i++) {
        if (!json_is_object(json_array_get(rows, i))) {
            abort();
        }
    }

    cxm_buf_init(&text, 1 << 24);
    cxm_json_dump(&text, rows);

    if (text.failed) {
        abort();
    }

    cxm_buf_free(&text);
    json_decref(rows);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t              *rows;
    cxm_str_t            text;
    cxm_error_t          err;
    const cxm_field_t   *field;

    text = (cxm_str_t) { size, (const char *) data };
    field = cxm_field_find(&cxm_benchmark_fields, cxm_str("rows"));
    cxm_error_init(&err);

    if (cxm_rows_csv(text, field->item->object, ROWS, &rows, &err) == CXM_OK) {
        look(rows, 1);
    }

    cxm_error_init(&err);

    if (cxm_rows_ndjson(text, ROWS, &rows, &err) == CXM_OK) {
        look(rows, 0);
    }

    return 0;
}
