/*
 * Language tags of texts and answers.
 */

#ifndef CXM_LANGUAGE_H
#define CXM_LANGUAGE_H

#include "cxm_str.h"


#define CXM_LANGUAGE_MAX  35

/* The form of BCP 47: "de", "pt-BR", "zh-Hant-TW". */
int cxm_language_valid(cxm_str_t tag);

/* Written from right to left: by its script, else by what is usual. */
int cxm_language_rtl(cxm_str_t tag);

/* The same tag, or the same first part ("de-AT" and "de"): 2, 1 or 0. */
int cxm_language_match(cxm_str_t a, cxm_str_t b);

/*
 * Index of the language to answer in: `wanted` if it is there, else the best
 * of an Accept-Language, else 0.
 */
unsigned cxm_language_choose(const cxm_str_t *have, unsigned n,
    cxm_str_t wanted, cxm_str_t accept);


#endif /* CXM_LANGUAGE_H */
