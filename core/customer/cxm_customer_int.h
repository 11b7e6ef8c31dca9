/*
 * What the files of customers share.
 */

#ifndef CXM_CUSTOMER_INT_H
#define CXM_CUSTOMER_INT_H

#include "cxm_customer.h"


#define CXM_IDENTITY_NAMES    2     /* of one identifier, at most */
#define CXM_IDENTITY_ACCOUNT  4     /* index of this type */

/* What a type of identifiers looks like and which names it gives. */
typedef struct {
    cxm_field_t  field;
    unsigned     names[CXM_IDENTITY_NAMES];     /* person classes; 0: none */
} cxm_identity_type_t;

extern const cxm_identity_type_t  cxm_identity_types[];

/* Index of a type by name; -1. */
int cxm_identity_type(cxm_str_t name);

/* The hash that tells an identifier from others of its type. */
void cxm_identity_hash(const cxm_store_t *store, int type,
    const json_t *item, uint8_t hash[CXM_HASH_LEN]);

/* The one of a list that has type and hash; NULL: none has. */
const json_t *cxm_identity_in(const cxm_store_t *store, const json_t *list,
    int type, const uint8_t hash[CXM_HASH_LEN]);

/* Whether a slot is in a list of them. */
int cxm_identity_person(const json_t *persons, uint64_t slot);


#endif /* CXM_CUSTOMER_INT_H */
