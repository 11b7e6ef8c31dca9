/*
 * Folding by libutf8proc.
 */

#include <utf8proc.h>

#include "cxm_fold.h"


#define CXM_FOLD_POINTS  1024

#define CXM_FOLD_OPTIONS                                                      \
    (UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)


typedef struct {
    utf8proc_ssize_t  n;
    utf8proc_int32_t  point[CXM_FOLD_POINTS];
} cxm_fold_t;


/* Letters with strokes and ligatures, which do not decompose. */
static const struct {
    utf8proc_int32_t  point;
    const char       *letters;
} cxm_fold_letters[] = {
    { 0xe6, "ae" },
    { 0xf0, "d" },      /* eth */
    { 0xf8, "o" },
    { 0xfe, "th" },     /* thorn */
    { 0x111, "d" },
    { 0x127, "h" },
    { 0x131, "i" },     /* without a dot */
    { 0x142, "l" },
    { 0x153, "oe" },
    { 0x167, "t" }
};

#define CXM_FOLD_LETTERS                                                      \
    (sizeof(cxm_fold_letters) / sizeof(cxm_fold_letters[0]))


/* Decomposed characters of s; 0 when they have no room. */
static int
cxm_fold_points(cxm_fold_t *fold, cxm_str_t s)
{
    fold->n = utf8proc_decompose((const utf8proc_uint8_t *) s.data,
                                 (utf8proc_ssize_t) s.len, fold->point,
                                 CXM_FOLD_POINTS,
                                 CXM_FOLD_OPTIONS | UTF8PROC_DECOMPOSE);

    return fold->n >= 0 && fold->n <= CXM_FOLD_POINTS;
}


static size_t
cxm_fold_encode(utf8proc_int32_t point, char *out)
{
    return (size_t) utf8proc_encode_char(point, (utf8proc_uint8_t *) out);
}


cxm_rc_t
cxm_fold(cxm_str_t s, char *out, size_t size, size_t *len)
{
    char              b[4];
    size_t            n, one;
    cxm_fold_t        fold;
    utf8proc_ssize_t  i, last;

    if (!cxm_fold_points(&fold, s)) {
        return CXM_TOO_LARGE;
    }

    last = utf8proc_normalize_utf32(fold.point, fold.n,
                                    UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    i = 0;
    n = 0;

    while (i < last && fold.point[i] == ' ') {
        i++;
    }

    while (last > i && fold.point[last - 1] == ' ') {
        last--;
    }

    for ( /* void */ ; i < last; i++) {
        one = cxm_fold_encode(fold.point[i], b);

        if (one > size - n) {
            return CXM_TOO_LARGE;
        }

        memcpy(out + n, b, one);
        n += one;
    }

    *len = n;

    return CXM_OK;
}


/* --- words -------------------------------------------------------------- */

typedef enum {
    CXM_POINT_BREAK = 0,
    CXM_POINT_LETTER,
    CXM_POINT_WORD,         /* a word of its own */
    CXM_POINT_NOTHING       /* as if it were not there */
} cxm_point_t;


static cxm_point_t
cxm_fold_point(utf8proc_int32_t point)
{
    /* accents are characters of their own once a text is decomposed */

    if (point == '\'' || point == 0x2019 || (point >= 0x300 && point < 0x370))
    {
        return CXM_POINT_NOTHING;
    }

    if ((point >= 0x3400 && point < 0xa000)
        || (point >= 0x20000 && point < 0x40000))
    {
        return CXM_POINT_WORD;
    }

    switch (utf8proc_category(point)) {

    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return CXM_POINT_LETTER;

    default:
        return CXM_POINT_BREAK;
    }
}


/* At most four bytes a character: text has room for all letters there are. */
static void
cxm_words_put(cxm_words_t *words, utf8proc_int32_t point)
{
    size_t  i, len;

    for (i = 0; i < CXM_FOLD_LETTERS; i++) {
        if (cxm_fold_letters[i].point == point) {
            break;
        }
    }

    if (i == CXM_FOLD_LETTERS) {
        len = cxm_fold_encode(point, words->text + words->len);

    } else {
        len = strlen(cxm_fold_letters[i].letters);
        memcpy(words->text + words->len, cxm_fold_letters[i].letters, len);
    }

    words->len += len;
    words->word[words->n - 1].len += len;
}


static void
cxm_words_collect(cxm_words_t *words, const cxm_fold_t *fold)
{
    unsigned          letters;
    cxm_point_t       what;
    utf8proc_ssize_t  i;

    letters = 0;

    for (i = 0; i < fold->n; i++) {
        what = cxm_fold_point(fold->point[i]);

        if (what == CXM_POINT_NOTHING) {
            continue;
        }

        if (what != CXM_POINT_LETTER) {
            letters = 0;
        }

        if (what == CXM_POINT_BREAK || letters == CXM_WORD_LETTERS) {
            continue;
        }

        if (letters == 0) {
            if (words->n == CXM_WORDS_MAX) {
                return;
            }

            if (words->n > 0) {
                words->text[words->len++] = ' ';
            }

            words->word[words->n++] = (cxm_str_t) { 0, words->text
                                                       + words->len };
        }

        cxm_words_put(words, fold->point[i]);
        letters = what == CXM_POINT_WORD ? 0 : letters + 1;
    }
}


void
cxm_words_split(cxm_str_t s, cxm_words_t *words)
{
    cxm_fold_t  fold;

    words->n = 0;
    words->len = 0;

    while (!cxm_fold_points(&fold, s)) {
        s.len = cxm_utf8_prefix(s.data, s.len / 2);
    }

    cxm_words_collect(words, &fold);
}


cxm_str_t
cxm_word_prefix(cxm_str_t word, unsigned n)
{
    size_t  i;

    for (i = 0; i < word.len; i++) {
        if ((word.data[i] & 0xc0) != 0x80 && n-- == 0) {
            break;
        }
    }

    return (cxm_str_t) { i, word.data };
}


unsigned
cxm_word_letters(cxm_str_t word)
{
    size_t    i;
    unsigned  n;

    n = 0;

    for (i = 0; i < word.len; i++) {
        n += (word.data[i] & 0xc0) != 0x80;
    }

    return n;
}
