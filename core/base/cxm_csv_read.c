/*
 * Reading CSV.
 */

#include "cxm_csv_read.h"


cxm_csv_t
cxm_csv(cxm_str_t text)
{
    cxm_csv_t  csv;

    csv = (cxm_csv_t) { text.data, text.data, 0 };

    if (text.len > 0) {
        csv.end += text.len;
    }

    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        csv.pos += 3;
    }

    return csv;
}


static cxm_rc_t
csv_plain(cxm_csv_t *csv, cxm_buf_t *cell)
{
    const char  *start;

    start = csv->pos;

    while (csv->pos < csv->end && *csv->pos != ',' && *csv->pos != '\n') {
        if (*csv->pos == '"') {
            return CXM_BAD_REQUEST;
        }

        csv->pos++;
    }

    cxm_buf_put(cell, start, (size_t) (csv->pos - start));

    /* the end of a line may be two characters */

    if (cell->len > 0 && cell->data[cell->len - 1] == '\r'
        && (csv->pos == csv->end || *csv->pos == '\n'))
    {
        cell->len--;
    }

    return CXM_OK;
}


/* From the opening quote to behind the closing one. */
static cxm_rc_t
csv_quoted(cxm_csv_t *csv, cxm_buf_t *cell)
{
    const char  *quote;

    for ( ;; ) {
        csv->pos++;
        quote = memchr(csv->pos, '"', (size_t) (csv->end - csv->pos));

        if (quote == NULL) {
            return CXM_BAD_REQUEST;
        }

        cxm_buf_put(cell, csv->pos, (size_t) (quote - csv->pos));
        csv->pos = quote + 1;

        if (csv->pos == csv->end || *csv->pos != '"') {
            break;
        }

        cxm_buf_putc(cell, '"');
    }

    if (csv->end - csv->pos >= 2 && csv->pos[0] == '\r' && csv->pos[1] == '\n')
    {
        csv->pos++;
    }

    return csv->pos == csv->end || *csv->pos == ',' || *csv->pos == '\n'
           ? CXM_OK : CXM_BAD_REQUEST;
}


cxm_rc_t
cxm_csv_next(cxm_csv_t *csv, cxm_buf_t *cell, int *last)
{
    cxm_rc_t  rc;

    cxm_buf_reset(cell);

    if (csv->pos == csv->end && !csv->open) {
        return CXM_NOT_FOUND;
    }

    rc = csv->pos < csv->end && *csv->pos == '"' ? csv_quoted(csv, cell)
                                                 : csv_plain(csv, cell);
    if (rc != CXM_OK) {
        return rc;
    }

    csv->open = csv->pos < csv->end && *csv->pos == ',';
    *last = !csv->open;

    if (csv->pos < csv->end) {
        csv->pos++;
    }

    return cell->failed ? CXM_INTERNAL : CXM_OK;
}
