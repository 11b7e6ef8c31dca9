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
 * *out is a new reference.  CXM_CORRUPT when the bytes are not one packed
 * value, CXM_INTERNAL without memory.
 */
cxm_rc_t cxm_unpack(cxm_str_t packed, json_t **out);


#endif /* CXM_PACK_H */
