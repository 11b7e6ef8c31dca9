/*
 * Scripts that sites embed, served below the surveys' location.
 */

#ifndef CXM_SCRIPT_H
#define CXM_SCRIPT_H

#include <stddef.h>


typedef struct {
    const char  *name;      /* also the path: "cxm.js" */
    const char  *hash;      /* of the text: its ETag */
    size_t       len;
    const char  *text;
} cxm_script_t;

/* Ends with a NULL name. */
extern const cxm_script_t  cxm_scripts[];


#endif /* CXM_SCRIPT_H */
