/*
 * Lines of imports.
 */

#include "cxm_import.h"
#include "cxm_json.h"


static void
import_drop_nulls(json_t *row)
{
    void        *tmp;
    json_t      *value;
    const char  *name;

    json_object_foreach_safe(row, tmp, name, value) {
        if (json_is_null(value)) {
            (void) json_object_del(row, name);
        }
    }
}


cxm_rc_t
cxm_import_row(const cxm_fields_t *fields, cxm_str_t line, json_t **out,
    cxm_error_t *err)
{
    json_t    *row;
    cxm_rc_t   rc;

    *out = NULL;

    rc = cxm_json_load(line, &row, err);

    if (rc != CXM_OK) {
        return rc;
    }

    import_drop_nulls(row);
    rc = cxm_field_check(fields, row, "", err);

    if (rc != CXM_OK) {
        json_decref(row);
        return rc;
    }

    *out = row;

    return CXM_OK;
}


cxm_ms_t
cxm_import_time(const json_t *row, const char *name, cxm_ms_t def)
{
    cxm_ms_t   at;
    cxm_str_t  text;

    text = cxm_json_get_str(row, name);

    return text.data != NULL && cxm_rfc3339_parse(text, &at) == CXM_OK
           ? at : def;
}
