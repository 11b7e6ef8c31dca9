/*
 * Folding of Unicode text, so that what people write in different ways is
 * found under one form.  Texts are valid UTF-8.  Nothing is allocated.
 *
 * The folded form decides where look-ups lead and is part of the format:
 * Unicode promises that neither normalization nor case folding of characters
 * that are assigned ever changes.
 */

#ifndef CXM_FOLD_H
#define CXM_FOLD_H

#include "cxm_str.h"


/*
 * Puts s into out in NFKC, case folded and without ignorable characters
 * (what Unicode calls NFKC_Casefold), spaces around it dropped.
 * CXM_TOO_LARGE when it does not fit in `size` bytes or in 1,024 characters.
 */
cxm_rc_t cxm_fold(cxm_str_t s, char *out, size_t size, size_t *len);

#define CXM_WORDS_MAX     16        /* later ones are not looked at */
#define CXM_WORD_LETTERS  64        /* of a word; the rest is cut off */

/*
 * The words of a text: runs of letters and digits, folded, accents taken off
 * ("Søren O'Brien-Peña" is soren, obrien, pena); each ideograph is a word.
 */
typedef struct {
    unsigned   n;
    cxm_str_t  word[CXM_WORDS_MAX];     /* in text */
    size_t     len;                     /* of text: all, a space between */
    char       text[CXM_WORDS_MAX * (CXM_WORD_LETTERS * 4 + 1)];
} cxm_words_t;

void cxm_words_split(cxm_str_t s, cxm_words_t *words);

/* The first n characters of a word; shorter if it has no more. */
cxm_str_t cxm_word_prefix(cxm_str_t word, unsigned n);
unsigned cxm_word_letters(cxm_str_t word);


#endif /* CXM_FOLD_H */
