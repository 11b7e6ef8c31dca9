/*
 * Lines.
 */

#include "cxm_lines.h"


void
cxm_lines_init(cxm_lines_t *lines, size_t max)
{
    memset(lines, 0, sizeof(*lines));
    lines->max = max;
    cxm_buf_init(&lines->text, SIZE_MAX / 2);
}


void
cxm_lines_free(cxm_lines_t *lines)
{
    cxm_buf_free(&lines->text);
}


void
cxm_lines_put(cxm_lines_t *lines, cxm_str_t block)
{
    cxm_buf_t  *text;

    text = &lines->text;

    /* what is left is a part of a line */

    text->len -= lines->at;

    if (text->len > 0) {
        memmove(text->data, text->data + lines->at, text->len);
    }

    lines->at = 0;
    cxm_buf_put(text, block.data, block.len);
}


/*
 * Where a record of CSV ends: only what begins a cell is a quote around it.
 * NULL: that is not there yet.
 */
static const char *
record_end(cxm_str_t rest)
{
    int          cell;          /* at its beginning */
    const char  *p, *end;

    cell = 1;
    end = rest.data + rest.len;

    for (p = rest.data; p < end; p++) {
        if (*p == '\n') {
            return p;
        }

        if (*p == '"' && cell) {
            do {
                p = memchr(p + 1, '"', (size_t) (end - p - 1));
            } while (p != NULL && p + 1 < end && p[1] == '"' && p++);

            if (p == NULL) {
                return NULL;
            }
        }

        cell = *p == ',';
    }

    return NULL;
}


/*
 * A record that is too long, as with a quote that nothing closes, is only its
 * first line.  `last`: no more of it will come.
 */
static const char *
lines_end(const cxm_lines_t *lines, cxm_str_t rest, int last)
{
    const char  *p;

    if (lines->csv && rest.len > 0) {
        p = record_end(rest);

        if (p == NULL ? !last : (size_t) (p - rest.data) <= lines->max) {
            return p;
        }
    }

    return memchr(rest.data, '\n', rest.len);
}


static int
lines_give(cxm_lines_t *lines, cxm_str_t rest, size_t len, cxm_str_t *line)
{
    size_t  i;

    lines->line += 1 + lines->more;
    lines->more = 0;
    *line = (cxm_str_t) { len, rest.data };

    for (i = 0; lines->csv && i < len; i++) {
        lines->more += rest.data[i] == '\n';
    }

    if (len > lines->max) {
        *line = (cxm_str_t) { 0, NULL };
    }

    return 1;
}


int
cxm_lines_next(cxm_lines_t *lines, int end, cxm_str_t *line)
{
    int          passing;
    size_t       len;
    cxm_str_t    rest;
    const char  *p;

    for ( ;; ) {
        rest = cxm_str("");

        if (lines->at < lines->text.len) {
            rest.data = (const char *) lines->text.data + lines->at;
            rest.len = lines->text.len - lines->at;
        }

        p = lines_end(lines, rest, end || rest.len > lines->max);

        if (p == NULL) {
            break;
        }

        len = (size_t) (p - rest.data);
        lines->at += len + 1;
        passing = lines->passing;
        lines->passing = 0;

        if (!passing) {
            return lines_give(lines, rest, len, line);
        }
    }

    if (!end && rest.len <= lines->max) {
        return 0;
    }

    /* it has no end, or is too long already: told once */

    passing = lines->passing;
    lines->at = lines->text.len;
    lines->passing = !end;

    return rest.len > 0 && !passing
           ? lines_give(lines, rest, rest.len, line) : 0;
}
