/*
 * JSON packed: the coding of every body that the store seals.
 *
 * About half as long as the text, and quicker both ways.  One byte says what
 * follows; lengths and counts are varints:
 *
 *   0x00 null, 0x01 false, 0x02 true
 *   0x03 integer: zigzag varint        0x04 real: 8 bytes, IEEE 754
 *   0x05 string: length, bytes         0x06 array: count, values
 *   0x07 object: count, (name, value) each, in the order of insertion
 *   0x40 + n  integer 0 <= n < 64      0x80 + n  string of n < 128 bytes
 *
 * A name is a varint n: odd, the name number n >> 1 of a fixed list; even,
 * n >> 1 bytes that follow.  The list only grows at its end: its numbers are
 * part of the format.
 */

#ifndef CXM_PACK_H
#define CXM_PACK_H

#include <jansson.h>

#include "cxm_str.h"


#define CXM_PACK_DEPTH  64

/* Appends the packed value; sets buf->failed, also when it is too deep. */
void cxm_pack(cxm_buf_t *buf, const json_t *value);

/*
 * An object of at most CXM_PACK_MEMBERS members, one after the other, without
 * a tree: begin, members of different names, end.  Nothing else may be added
 * to the buffer meanwhile.
 */
#define CXM_PACK_MEMBERS  127

typedef struct {
    cxm_buf_t  *buf;
    size_t      count;          /* where it lies */
    unsigned    n;
} cxm_pack_object_t;

void cxm_pack_begin(cxm_pack_object_t *object, cxm_buf_t *buf);
void cxm_pack_json(cxm_pack_object_t *object, cxm_str_t name,
    const json_t *value);
void cxm_pack_str(cxm_pack_object_t *object, cxm_str_t name, cxm_str_t value);
void cxm_pack_int(cxm_pack_object_t *object, cxm_str_t name, int64_t value);
void cxm_pack_end(cxm_pack_object_t *object);

/* What stands before the items of an array: its tag and their number. */
#define CXM_PACK_ARRAY_HEAD  11

size_t cxm_pack_array_head(uint8_t head[CXM_PACK_ARRAY_HEAD], uint64_t n);

/*
 * *out is a new reference.  CXM_CORRUPT when the bytes are not one packed
 * value, CXM_INTERNAL without memory.
 */
cxm_rc_t cxm_unpack(cxm_str_t packed, json_t **out);


#endif /* CXM_PACK_H */
