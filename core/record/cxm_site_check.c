/*
 * Fields that a site defines: which definitions are taken.
 */

#include <stdio.h>

#include "cxm_json.h"
#include "cxm_site_int.h"


typedef struct {
    const json_t  *field;
    int            in_use;      /* what is wrong is so by what there is */
    cxm_error_t   *err;
    cxm_rc_t       rc;
    char           pointer[CXM_ERROR_POINTER_LEN];
} cxm_site_checking_t;


static void
site_issue(cxm_site_checking_t *check, const char *member, const char *code,
    const char *detail)
{
    size_t  before;

    if (check->rc == CXM_OK) {
        check->rc = check->in_use
                    ? cxm_fail(check->err, CXM_CONFLICT, "field_in_use",
                               "There are documents that this would make "
                               "wrong.")
                    : CXM_INVALID;
    }

    before = strlen(check->pointer);
    cxm_pointer_push(check->pointer, sizeof(check->pointer),
                     cxm_strz(member));
    (void) cxm_issue(check->err, check->pointer, code, "%s", detail);
    check->pointer[before] = '\0';
}


static void
site_place(cxm_site_checking_t *check, const json_t *field, size_t i)
{
    check->field = field;
    (void) snprintf(check->pointer, sizeof(check->pointer), "/fields/%zu", i);
}


static const json_t *
site_find(const json_t *fields, cxm_str_t name)
{
    size_t         i;
    const json_t  *field;

    for (i = 0; i < json_array_size(fields); i++) {
        field = json_array_get(fields, i);

        if (cxm_str_eq(cxm_json_get_str(field, "name"), name)) {
            return field;
        }
    }

    return NULL;
}


/* --- by itself ---------------------------------------------------------- */

static int
site_name_valid(cxm_str_t name)
{
    size_t  i;
    char    c;

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if (!(c >= 'a' && c <= 'z')
            && (i == 0 || !((c >= '0' && c <= '9') || c == '_')))
        {
            return 0;
        }
    }

    return name.len > 0;
}


static void
check_bounds(cxm_site_checking_t *check, const cxm_site_type_t *type)
{
    int64_t  min, max;

    if (!(type->may & CXM_SITE_BOUNDS)) {
        if (json_object_get(check->field, "min") != NULL) {
            site_issue(check, "min", "not_allowed", "This type has no min.");
        }

        if (json_object_get(check->field, "max") != NULL) {
            site_issue(check, "max", "not_allowed", "This type has no max.");
        }

        return;
    }

    cxm_site_bounds(check->field, &min, &max);

    if (type->most > 0 && (min < 0 || min > type->most)) {
        site_issue(check, "min", "out_of_range",
                   "It must not be below 0 or above the most that the type "
                   "may have.");

    } else if (type->most > 0 && (max < 1 || max > type->most)) {
        site_issue(check, "max", "out_of_range",
                   "It must not be below 1 or above the most that the type "
                   "may have.");

    } else if (min > max) {
        site_issue(check, "max", "out_of_range", "It must not be below min.");
    }
}


static void
check_field(cxm_site_checking_t *check)
{
    unsigned                needs;
    const json_t           *values;
    const cxm_site_type_t  *type;

    type = cxm_site_type(check->field);
    values = json_object_get(check->field, "values");

    if (!site_name_valid(cxm_json_get_str(check->field, "name"))) {
        site_issue(check, "name", "invalid",
                   "A name is a letter a-z, then a-z, 0-9 and _.");
    }

    if (type == NULL) {
        return;
    }

    if ((type->may & CXM_SITE_VALUES) && values == NULL) {
        site_issue(check, "values", "required", "An enum has values.");
    }

    if (!(type->may & CXM_SITE_VALUES) && values != NULL) {
        site_issue(check, "values", "not_allowed",
                   "Only an enum has values.");
    }

    (void) cxm_site_index(check->field, &needs);

    if ((type->may & needs) != needs) {
        site_issue(check, "index", "not_allowed",
                   "This type cannot have such an index.");
    }

    check_bounds(check, type);
}


cxm_rc_t
cxm_site_check(const json_t *body, cxm_error_t *err)
{
    size_t                i;
    const json_t         *fields, *field;
    cxm_site_checking_t   check;

    check.err = err;
    check.rc = CXM_OK;
    check.in_use = 0;
    fields = json_object_get(body, "fields");

    for (i = 0; i < json_array_size(fields); i++) {
        field = json_array_get(fields, i);
        site_place(&check, field, i);

        if (site_find(fields, cxm_json_get_str(field, "name")) != field) {
            site_issue(&check, "name", "duplicate",
                       "Another field has this name.");
        }

        check_field(&check);
    }

    return check.rc;
}


/* --- after another ------------------------------------------------------ */

static int
values_kept(const json_t *old, const json_t *now)
{
    size_t         i, j;
    const json_t  *had, *has;

    had = json_object_get(old, "values");
    has = json_object_get(now, "values");

    for (i = 0; i < json_array_size(had); i++) {
        for (j = 0; j < json_array_size(has); j++) {
            if (json_equal(json_array_get(had, i), json_array_get(has, j))) {
                break;
            }
        }

        if (j == json_array_size(has)) {
            return 0;
        }
    }

    return 1;
}


static int
bounds_kept(const json_t *old, const json_t *now)
{
    int64_t  old_min, old_max, min, max;

    cxm_site_bounds(old, &old_min, &old_max);
    cxm_site_bounds(now, &min, &max);

    if (min == 0 && max == 0) {
        return 1;
    }

    return (old_min != 0 || old_max != 0) && min <= old_min && max >= old_max;
}


static void
fits_field(cxm_site_checking_t *check, const json_t *old)
{
    unsigned  needs;

    if (!cxm_str_eq(cxm_json_get_str(old, "type"),
                    cxm_json_get_str(check->field, "type")))
    {
        site_issue(check, "type", "in_use", "Its type cannot change: give "
                   "the new field another name.");
        return;
    }

    if (cxm_json_get_bool(old, "personal", 0)
        != cxm_json_get_bool(check->field, "personal", 0))
    {
        site_issue(check, "personal", "in_use",
                   "Whether it is personal cannot change.");
    }

    if (cxm_site_index(old, &needs)
        != cxm_site_index(check->field, &needs))
    {
        site_issue(check, "index", "in_use", "Its index cannot change.");
    }

    if (!bounds_kept(old, check->field)) {
        site_issue(check, "max", "in_use", "Its bounds can only widen.");
    }

    if (!values_kept(old, check->field)) {
        site_issue(check, "values", "in_use", "Values can only be added.");
    }

    if (cxm_json_get_bool(check->field, "required", 0)
        && !cxm_json_get_bool(old, "required", 0))
    {
        site_issue(check, "required", "in_use",
                   "Documents that lack it would be wrong.");
    }
}


cxm_rc_t
cxm_site_fits(const json_t *old, const json_t *now, cxm_error_t *err)
{
    size_t                i;
    cxm_str_t             name;
    const json_t         *fields, *field, *before;
    cxm_site_checking_t   check;

    check.err = err;
    check.rc = CXM_OK;
    check.in_use = 1;
    fields = json_object_get(now, "fields");

    for (i = 0; i < json_array_size(fields); i++) {
        field = json_array_get(fields, i);
        name = cxm_json_get_str(field, "name");
        before = site_find(json_object_get(old, "fields"), name);

        if (before == NULL) {
            before = site_find(json_object_get(old, "retired"), name);
        }

        site_place(&check, field, i);

        if (before != NULL) {
            fits_field(&check, before);

        } else if (cxm_json_get_bool(field, "required", 0)) {
            site_issue(&check, "required", "in_use",
                       "Documents that lack it would be wrong.");
        }
    }

    return check.rc;
}
