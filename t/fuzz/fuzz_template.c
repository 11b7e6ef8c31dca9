/*
 * Texts of templates: one that is taken is as long a line, and as many tags
 * and quotes, whatever is filled in.
 *
 * Input: a part (0, 1 or 2), a text, NUL, the value of its fields.
 */

#include <stdlib.h>

#include "cxm_template.h"


#define MAX  (1u << 20)

#define check(condition)  do { if (!(condition)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static size_t
count(cxm_str_t text, const char *any)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < text.len; i++) {
        n += text.data[i] != '\0' && strchr(any, text.data[i]) != NULL;
    }

    return n;
}


static void
fill(cxm_part_t part, cxm_str_t text, cxm_str_t value)
{
    unsigned                i;
    cxm_buf_t               out;
    cxm_template_values_t   values;

    for (i = 0; i < CXM_TEMPLATE_FIELDS; i++) {
        cxm_buf_init(&values.value[i], MAX);
        cxm_buf_put(&values.value[i], value.data, value.len);
    }

    cxm_buf_init(&out, MAX);
    cxm_template_fill(part, text, &values, &out);

    if (!out.failed) {
        check(part == CXM_PART_HTML
              ? count(cxm_buf_str(&out), "<>\"'") == count(text, "<>\"'")
              : count(cxm_buf_str(&out), "\r\n") == count(text, "\r\n"));
    }

    cxm_buf_free(&out);

    for (i = 0; i < CXM_TEMPLATE_FIELDS; i++) {
        cxm_buf_free(&values.value[i]);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cxm_str_t              rest, text;
    cxm_part_t             part;
    cxm_error_t            err;
    const cxm_template_t  *template;

    if (size == 0 || data[0] < '0' || data[0] > '2') {
        return 0;
    }

    part = (cxm_part_t) (data[0] - '0');
    rest = (cxm_str_t) { size - 1, (const char *) data + 1 };
    text = cxm_str_cut(&rest, '\0');
    template = cxm_template_find(cxm_str("signin-new-place"));
    cxm_error_init(&err);

    if (cxm_template_check_part(template, part, text, "/x", &err) != CXM_OK) {
        check(err.nissues > 0);
        return 0;
    }

    fill(part, text, rest);

    return 0;
}
