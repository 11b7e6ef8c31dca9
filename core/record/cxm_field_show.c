/*
 * Records that are shown: values by their table.
 */

#include "cxm_field.h"
#include "cxm_json.h"


void
cxm_field_json(cxm_buf_t *buf, const cxm_fields_t *table,
    const cxm_value_t *values)
{
    char                 between;
    const cxm_field_t   *field;

    between = '{';

    for (field = table->fields; field->name != NULL; field++, values++) {

        if (values->type == CXM_VALUE_ABSENT) {
            continue;
        }

        cxm_buf_putc(buf, (uint8_t) between);
        cxm_json_put_str(buf, cxm_strz(field->name));
        cxm_buf_putc(buf, ':');
        cxm_value_json(buf, values);
        between = ',';
    }

    cxm_buf_puts(buf, between == '{' ? "{}" : "}");
}


json_t *
cxm_field_tree(const cxm_fields_t *table, const cxm_value_t *values)
{
    json_t             *out;
    const cxm_field_t  *field;

    out = json_object();

    for (field = table->fields; field->name != NULL; field++, values++) {

        if (values->type != CXM_VALUE_ABSENT
            && json_object_set_new(out, field->name, cxm_value_tree(values))
               != 0)
        {
            json_decref(out);
            return NULL;
        }
    }

    return out;
}
