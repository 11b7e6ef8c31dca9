/*
 * Profiles: what customers see of their own record, and may write of it.
 *
 * There is no copy: a profile is the record of kind CXM_KIND_CUSTOMER shown
 * through another table, and has its id and version.  What is not in the
 * table (tags, attributes, identifiers other than the address) is the
 * site's; what is READONLY there, the server's.
 *
 * A telephone number that somebody gives for oneself proves nothing, so it
 * becomes no identifier: it leads to nobody, and nobody learns from it who
 * else has it.
 */

#ifndef CXM_PROFILE_H
#define CXM_PROFILE_H

#include "cxm_customer.h"


extern const cxm_fields_t  cxm_profile_fields;

/* As answered, a new reference. */
json_t *cxm_profile_json(const cxm_doc_t *customer);

/*
 * What a merge patch of a profile is as one of the record, a new reference:
 * only what it changes.  CXM_INVALID with pointers.
 */
cxm_rc_t cxm_profile_patch(const cxm_doc_t *customer, const json_t *patch,
    json_t **out, cxm_error_t *err);

/*
 * Of the changes of a version (cxm_record_version_t) those that a profile
 * shows, by its names: a new reference.
 */
json_t *cxm_profile_changes(const json_t *changes);

/* The address of a list of identifiers: the first proved one, or the first. */
cxm_str_t cxm_profile_email(const json_t *identifiers, int *verified);


#endif /* CXM_PROFILE_H */
