/*
 * Merge patch, RFC 7396.
 */

#include "cxm_field.h"


static int
cxm_patch_member(json_t *target, const char *name, const json_t *patch)
{
    json_t  *member;

    if (json_is_null(patch)) {
        (void) json_object_del(target, name);
        return 0;
    }

    if (!json_is_object(patch)) {
        return json_object_set_new(target, name, json_deep_copy(patch));
    }

    /* also into a new object: the patch's nulls must not become members */

    member = json_object_get(target, name);

    if (!json_is_object(member)) {
        member = json_object();

        if (json_object_set_new(target, name, member) != 0) {
            return -1;
        }
    }

    return cxm_merge_patch(member, patch) == CXM_OK ? 0 : -1;
}


cxm_rc_t
cxm_merge_patch(json_t *target, const json_t *patch)
{
    json_t      *member;
    const char  *name;

    if (!json_is_object(target) || !json_is_object(patch)) {
        return CXM_INVALID;
    }

    json_object_foreach((json_t *) patch, name, member) {
        if (cxm_patch_member(target, name, member) != 0) {
            return CXM_INTERNAL;
        }
    }

    return CXM_OK;
}
