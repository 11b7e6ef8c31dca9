/*
 * Which passwords may be chosen: any text that is long enough, but for what
 * an attacker tries first (ASVS 5.0, 6.2): common ones, and the person's own
 * names.  There are no rules of composition.
 *
 * A name inside a password is no fault by itself ("Ann" is in "savannah",
 * too), but it adds nothing that a guesser would not have.  So what is the
 * person's own is taken away, and what remains must be as long as a password
 * must be.  Parts under four letters are let pass: they are in everything.
 * Both are compared folded, without accents, signs and spaces.
 */

#include "cxm_breached.h"
#include "cxm_fold.h"
#include "cxm_password.h"


#define CXM_PASSWORD_PART    4                      /* letters */
#define CXM_PASSWORD_FOLDED  (4 * CXM_PASSWORD_MAX) /* bytes */


typedef struct {
    size_t  len;
    char    text[CXM_WORDS_MAX * CXM_WORD_LETTERS * 4];
} refuse_letters_t;


/* All words of a text in one. */
static void
refuse_join(const cxm_words_t *words, refuse_letters_t *out)
{
    unsigned  i;

    out->len = 0;

    for (i = 0; i < words->n; i++) {
        memcpy(out->text + out->len, words->word[i].data, words->word[i].len);
        out->len += words->word[i].len;
    }
}


static cxm_str_t
refuse_str(const refuse_letters_t *letters)
{
    return (cxm_str_t) { letters->len, letters->text };
}


/* Returns whether it was there. */
static int
refuse_take_away(refuse_letters_t *rest, cxm_str_t part)
{
    int    found;
    char  *at;

    if (cxm_word_letters(part) < CXM_PASSWORD_PART) {
        return 0;
    }

    found = 0;

    while ((at = memmem(rest->text, rest->len, part.data, part.len)) != NULL) {
        rest->len -= part.len;
        memmove(at, at + part.len, rest->len - (size_t) (at - rest->text));
        found = 1;
    }

    return found;
}


static int
refuse_similar(const refuse_letters_t *password, cxm_str_t own)
{
    int               found;
    unsigned          i;
    cxm_words_t       words;
    refuse_letters_t  all, rest;

    cxm_words_split(own, &words);
    refuse_join(&words, &all);

    if (password->len > 0
        && memmem(all.text, all.len, password->text, password->len) != NULL)
    {
        return 1;
    }

    rest = *password;
    found = refuse_take_away(&rest, refuse_str(&all));

    for (i = 0; i < words.n; i++) {
        found |= refuse_take_away(&rest, words.word[i]);
    }

    return found && cxm_word_letters(refuse_str(&rest)) < CXM_PASSWORD_MIN;
}


static cxm_rc_t
refuse_common(cxm_str_t password, const char *pointer, cxm_error_t *err)
{
    char    folded[CXM_PASSWORD_FOLDED];
    size_t  len;

    /* one that is too long when it is folded is not among them */

    if (cxm_fold(password, folded, sizeof(folded), &len) == CXM_OK
        && cxm_breached((cxm_str_t) { len, folded }))
    {
        return cxm_issue(err, pointer, "breached",
                         "This password is among the most common ones, which "
                         "attackers try first.");
    }

    return CXM_OK;
}


static cxm_rc_t
refuse_own(cxm_str_t password, const cxm_str_t *own, unsigned nown,
    const char *pointer, cxm_error_t *err)
{
    unsigned          i;
    cxm_words_t       words;
    refuse_letters_t  letters;

    cxm_words_split(password, &words);
    refuse_join(&words, &letters);

    for (i = 0; i < nown; i++) {
        if (refuse_similar(&letters, own[i])) {
            return cxm_issue(err, pointer, "similar",
                             "This password is too much like the e-mail "
                             "address or the name.");
        }
    }

    return CXM_OK;
}


cxm_rc_t
cxm_password_refuse(cxm_str_t password, const cxm_str_t *own, unsigned nown,
    const char *pointer, cxm_error_t *err)
{
    cxm_rc_t  common, similar;

    if (cxm_word_letters(password) < CXM_PASSWORD_MIN) {
        return cxm_issue(err, pointer, "too_short",
                         "A password has at least %d characters.",
                         CXM_PASSWORD_MIN);
    }

    if (password.len > CXM_PASSWORD_MAX) {
        return cxm_issue(err, pointer, "too_long",
                         "A password has at most %d bytes.",
                         CXM_PASSWORD_MAX);
    }

    common = refuse_common(password, pointer, err);
    similar = refuse_own(password, own, nown, pointer, err);

    return common != CXM_OK ? common : similar;
}
