/*
 * The forms that strings of a field may have.
 */

#ifndef CXM_FIELD_TEXT_H
#define CXM_FIELD_TEXT_H

#include "cxm_field.h"


/*
 * Checks a string against a field of a string type (STRING .. ENUM) or of
 * type SCALAR; adds at most one issue.
 */
cxm_rc_t cxm_field_text_check(const cxm_field_t *field, cxm_str_t s,
    const char *pointer, cxm_error_t *err);


#endif /* CXM_FIELD_TEXT_H */
