/*
 * What packing and unpacking share: the first byte of a value (cxm_pack.h).
 */

#ifndef CXM_PACK_INT_H
#define CXM_PACK_INT_H

#include "cxm_pack.h"
#include "cxm_value.h"


#define CXM_PACK_NULL       0x00
#define CXM_PACK_FALSE      0x01
#define CXM_PACK_TRUE       0x02
#define CXM_PACK_INTEGER    0x03
#define CXM_PACK_REAL       0x04
#define CXM_PACK_STRING     0x05
#define CXM_PACK_ARRAY      0x06
#define CXM_PACK_OBJECT     0x07
#define CXM_PACK_SMALL      0x40
#define CXM_PACK_SMALL_N    0x40
#define CXM_PACK_SHORT      0x80
#define CXM_PACK_SHORT_N    0x80


/*
 * The next value, without what is in it: of PACKED_ARRAY and PACKED_OBJECT
 * only *n is set, and items or members follow.  0: the bytes are no value.
 */
int cxm_unpack_head(cxm_reader_t *rd, cxm_value_t *value, uint64_t *n);

/* Name of the next member; 0: it is none. */
int cxm_unpack_name(cxm_reader_t *rd, cxm_str_t *name);

/* A name of the list by its number; NULL: there is no such number. */
const char *cxm_pack_listed(uint64_t number);


#endif /* CXM_PACK_INT_H */
