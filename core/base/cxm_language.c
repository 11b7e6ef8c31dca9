/*
 * Language tags: their form, and the choice of one.
 */

#include "cxm_language.h"


static int
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


static char
fold(char c)
{
    return (char) (c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}


int
cxm_language_valid(cxm_str_t tag)
{
    size_t  i, part;
    int     first;

    part = 0;
    first = 1;

    if (tag.len > CXM_LANGUAGE_MAX) {
        return 0;
    }

    for (i = 0; i < tag.len; i++) {
        if (tag.data[i] == '-') {
            if (part == 0 || (first && part < 2)) {
                return 0;
            }

            part = 0;
            first = 0;

        } else if (is_letter(tag.data[i])
                   || (!first && tag.data[i] >= '0' && tag.data[i] <= '9'))
        {
            if (++part > 8) {
                return 0;
            }

        } else {
            return 0;
        }
    }

    return first ? part >= 2 : part > 0;
}


static int
is_one_of(cxm_str_t part, const char *const *names)
{
    for ( /* void */ ; *names != NULL; names++) {
        if (cxm_str_ieqz(part, *names)) {
            return 1;
        }
    }

    return 0;
}


int
cxm_language_rtl(cxm_str_t tag)
{
    cxm_str_t  language, part;

    static const char *const  scripts[] = {
        "Adlm", "Arab", "Aran", "Hebr", "Mand", "Nkoo", "Rohg", "Samr",
        "Syrc", "Thaa", NULL
    };
    static const char *const  languages[] = {
        "ar", "arc", "ckb", "dv", "fa", "glk", "he", "iw", "ks", "lrc", "mzn",
        "nqo", "pnb", "ps", "sd", "syr", "ug", "ur", "yi", NULL
    };

    language = cxm_str_cut(&tag, '-');

    while (tag.len > 0) {
        part = cxm_str_cut(&tag, '-');

        if (part.len == 4 && is_letter(part.data[0])) {
            return is_one_of(part, scripts);
        }
    }

    return is_one_of(language, languages);
}


static size_t
same_prefix(cxm_str_t a, cxm_str_t b)
{
    size_t  i;

    for (i = 0; i < a.len && i < b.len; i++) {
        if (fold(a.data[i]) != fold(b.data[i])) {
            break;
        }
    }

    return i;
}


int
cxm_language_match(cxm_str_t a, cxm_str_t b)
{
    size_t  n;

    n = same_prefix(a, b);

    if (n == a.len && n == b.len) {
        return n > 0 ? 2 : 0;
    }

    /* the first part of both ends here, or it ended before */

    if (n < a.len && a.data[n] != '-' && memchr(a.data, '-', n) == NULL) {
        return 0;
    }

    if (n < b.len && b.data[n] != '-' && memchr(b.data, '-', n) == NULL) {
        return 0;
    }

    return n >= 2;
}


/* The quality of "de;q=0.8" in thousandths, its tag in *tag. */
static int
accept_item(cxm_str_t item, cxm_str_t *tag)
{
    int     q, digit;
    size_t  i;

    while (item.len > 0 && (item.data[0] == ' ' || item.data[0] == '\t')) {
        item.data++;
        item.len--;
    }

    for (i = 0; i < item.len; i++) {
        if (item.data[i] == ';' || item.data[i] == ' ') {
            break;
        }
    }

    *tag = (cxm_str_t) { i, item.data };

    while (i < item.len && item.data[i] != '=') {
        i++;
    }

    if (i + 1 >= item.len) {
        return 1000;
    }

    q = 0;
    digit = 1000;

    for (i++; i < item.len && digit > 0; i++) {
        if (item.data[i] >= '0' && item.data[i] <= '9') {
            q += digit * (item.data[i] - '0');
            digit /= 10;
        }
    }

    return q > 1000 ? 1000 : q;
}


unsigned
cxm_language_choose(const cxm_str_t *have, unsigned n, cxm_str_t wanted,
    cxm_str_t accept)
{
    int        q, score, best_score;
    unsigned   i, best;
    cxm_str_t  tag;

    best = 0;
    best_score = 0;

    for (i = 0; i < n; i++) {
        score = cxm_language_match(have[i], wanted);

        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }

    if (best_score > 0) {
        return best;
    }

    while (accept.len > 0) {
        q = accept_item(cxm_str_cut(&accept, ','), &tag);

        for (i = 0; i < n; i++) {
            score = 2 * q + cxm_language_match(have[i], tag) - 2;

            if (q > 0 && cxm_language_match(have[i], tag) > 0
                && score > best_score)
            {
                best = i;
                best_score = score;
            }
        }
    }

    return best;
}
