/*
 * The one map of result to HTTP status.
 */

#include "cxm_status.h"


/*
 * detail NULL: the error's own.  What fails inside is told to the log; a
 * client learns no path and no errno.
 */
static const struct {
    int          status;
    const char  *detail;
} cxm_statuses[] = {
    [CXM_OK] = { 200, NULL },
    [CXM_BAD_REQUEST] = { 400, NULL },
    [CXM_INVALID] = { 422, NULL },
    [CXM_UNAUTHORIZED] = { 401, NULL },
    [CXM_FORBIDDEN] = { 403, NULL },
    [CXM_NOT_FOUND] = { 404, NULL },
    [CXM_MOVED] = { 308, NULL },
    [CXM_METHOD] = { 405, NULL },
    [CXM_NOT_ACCEPTABLE] = { 406, NULL },
    [CXM_CONFLICT] = { 409, NULL },
    [CXM_PRECONDITION] = { 412, NULL },
    [CXM_TOO_LARGE] = { 413, NULL },
    [CXM_MEDIA_TYPE] = { 415, NULL },
    [CXM_TOO_MANY] = { 429, NULL },
    [CXM_INTERNAL] = { 500, "Something went wrong here." },
    [CXM_UNAVAILABLE] = { 503, NULL },
    [CXM_FULL] = { 503, "There is no room for more at the moment." },
    [CXM_LATCHED] = { 503, "The store is read-only at the moment." },
    [CXM_OUTCOME_UNKNOWN] = { 503, "It may be stored or not; a retry with the "
                                   "same id or key is safe." },
    [CXM_CORRUPT] = { 500, "Something went wrong here." },
    [CXM_IO] = { 503, "The store does not answer at the moment." },
    [CXM_FORMAT] = { 503, "The store was written by a newer version." }
};

#define CXM_STATUSES  (sizeof(cxm_statuses) / sizeof(cxm_statuses[0]))


/* In the order of their bits. */
static const int  cxm_status_bits[] = {
    200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 406, 409, 412, 413, 415,
    422, 429, 503, 308
};

#define CXM_STATUS_BITS  (sizeof(cxm_status_bits) / sizeof(cxm_status_bits[0]))


int
cxm_status_of(cxm_rc_t rc)
{
    return (size_t) rc < CXM_STATUSES ? cxm_statuses[rc].status : 500;
}


const char *
cxm_status_detail(cxm_rc_t rc)
{
    return cxm_statuses[(size_t) rc < CXM_STATUSES ? rc : CXM_INTERNAL].detail;
}


int
cxm_status_at(unsigned i)
{
    return i < CXM_STATUS_BITS ? cxm_status_bits[i] : 0;
}


unsigned
cxm_status_bit(int status)
{
    unsigned  i;

    for (i = 0; i < CXM_STATUS_BITS; i++) {
        if (cxm_status_bits[i] == status) {
            return 1u << i;
        }
    }

    return 0;
}
