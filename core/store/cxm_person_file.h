/*
 * The file of person keys, for the files of core/store that write it or a
 * copy of it; cxm_person.h has the form.
 */

#ifndef CXM_PERSON_FILE_H
#define CXM_PERSON_FILE_H

#include "cxm_store_int.h"


enum {
    CXM_PERSON_NONE = 0,
    CXM_PERSON_LIVE = 1,
    CXM_PERSON_ERASED = 2,
    CXM_PERSON_LOST = 3
};

static inline off_t
cxm_person_offset(uint64_t slot)
{
    return (off_t) (slot * CXM_PERSON_SLOT);
}

/* All give 0 or errno; ENODATA: there is no such slot. */
int cxm_person_pread(int fd, uint64_t slot, uint8_t out[CXM_PERSON_SLOT]);
int cxm_person_pwrite(int fd, const uint8_t *data, size_t len, off_t offset);
int cxm_person_overwrite(int fd, uint64_t slot);        /* no sync */

void cxm_person_header(const cxm_uuid_t *uuid, uint8_t out[CXM_PERSON_SLOT]);


#endif /* CXM_PERSON_FILE_H */
