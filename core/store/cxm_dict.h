/*
 * Segment values as numbers: bounded, given once, never reused.
 *
 * 0 is null (the answer has no such value), 1 is "(other)", 2.. are values in
 * the order they first came.  Beyond CXM_DICT_MAX values of a segment and
 * survey every new one is (other); the row of an answer keeps its number.
 */

#ifndef CXM_DICT_H
#define CXM_DICT_H

#include "cxm_store.h"


#define CXM_DICT_NULL   0
#define CXM_DICT_OTHER  1
#define CXM_DICT_MAX    1000
#define CXM_DICT_TEXT   400             /* longest value, bytes: 100
                                           characters of any script */

/* Only in apply: gives a number to a new value; text.data NULL is null. */
cxm_rc_t cxm_dict_assign(cxm_txn_t *txn, uint64_t survey, uint16_t segment,
    cxm_str_t text, uint32_t *value);

/* CXM_NOT_FOUND when the value has no number; "(other)" finds 1. */
cxm_rc_t cxm_dict_find(cxm_txn_t *txn, uint64_t survey, uint16_t segment,
    cxm_str_t text, uint32_t *value);

/* Text of a number; {0, NULL} for null. */
cxm_rc_t cxm_dict_text(cxm_txn_t *txn, uint64_t survey, uint16_t segment,
    uint32_t value, cxm_str_t *text);


#endif /* CXM_DICT_H */
