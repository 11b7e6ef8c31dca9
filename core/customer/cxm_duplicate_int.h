/*
 * What the files of duplicates share.
 */

#ifndef CXM_DUPLICATE_INT_H
#define CXM_DUPLICATE_INT_H

#include "cxm_duplicate.h"
#include "cxm_fold.h"


#define CXM_MAILBOX  600

/* A mailbox without dots and tag, and the domain behind it. */
typedef struct {
    cxm_str_t  box;                     /* data NULL: it tells nobody */
    cxm_str_t  domain;
    char       text[CXM_MAILBOX];
} cxm_mailbox_t;

void cxm_mailbox_split(cxm_str_t address, cxm_mailbox_t *out);

/* The last eight digits; len 0: there are not so many. */
cxm_str_t cxm_phone_tail(cxm_str_t number);

/* The words of who it is: of "name", else of the other two. */
void cxm_name_words(const json_t *customer, cxm_words_t *words);


#endif /* CXM_DUPLICATE_INT_H */
