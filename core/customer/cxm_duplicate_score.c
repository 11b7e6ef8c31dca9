/*
 * Duplicates: what two customers have in common, and what it says.
 */

#include "cxm_duplicate_int.h"
#include "cxm_json.h"


typedef struct {
    const json_t  *a, *b;
    cxm_words_t    name_a, name_b;      /* in order */
} pair_t;


/* --- single values ------------------------------------------------------ */

/* 1: the same, -1: both have one, 0: not both have one. */
static int
compare_member(const pair_t *pair, const char *name)
{
    cxm_str_t  a, b;

    a = cxm_json_get_str(pair->a, name);
    b = cxm_json_get_str(pair->b, name);

    return a.len == 0 || b.len == 0 ? 0 : cxm_str_eq(a, b) ? 1 : -1;
}


static int
country_same(const pair_t *pair)
{
    return compare_member(pair, "country") > 0;
}


static int
country_differs(const pair_t *pair)
{
    return compare_member(pair, "country") < 0;
}


static int
birthdate_same(const pair_t *pair)
{
    return compare_member(pair, "birthdate") > 0;
}


static int
birthdate_differs(const pair_t *pair)
{
    return compare_member(pair, "birthdate") < 0;
}


static int
company_same(const pair_t *pair)
{
    cxm_words_t  a, b;

    cxm_words_split(cxm_json_get_str(pair->a, "company"), &a);
    cxm_words_split(cxm_json_get_str(pair->b, "company"), &b);

    return a.n > 0 && a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}


/* --- identifiers -------------------------------------------------------- */

typedef int (*identifiers_pt)(cxm_str_t a, cxm_str_t b);


/* Whether any of the one and any of the other of a type go together. */
static int
any_identifiers(const pair_t *pair, const char *type, identifiers_pt fn)
{
    size_t   i, j;
    json_t  *list_a, *list_b, *a, *b;

    list_a = json_object_get(pair->a, "identifiers");
    list_b = json_object_get(pair->b, "identifiers");

    for (i = 0; i < json_array_size(list_a); i++) {
        a = json_array_get(list_a, i);

        if (!cxm_str_eqz(cxm_json_get_str(a, "type"), type)) {
            continue;
        }

        for (j = 0; j < json_array_size(list_b); j++) {
            b = json_array_get(list_b, j);

            if (cxm_str_eqz(cxm_json_get_str(b, "type"), type)
                && fn(cxm_json_get_str(a, "value"),
                      cxm_json_get_str(b, "value")))
            {
                return 1;
            }
        }
    }

    return 0;
}


static int
boxes_alike(cxm_str_t a, cxm_str_t b)
{
    cxm_mailbox_t  x, y;

    cxm_mailbox_split(a, &x);
    cxm_mailbox_split(b, &y);

    return x.box.len > 0 && cxm_str_eq(x.box, y.box);
}


static int
mailboxes_alike(cxm_str_t a, cxm_str_t b)
{
    cxm_mailbox_t  x, y;

    cxm_mailbox_split(a, &x);
    cxm_mailbox_split(b, &y);

    return x.box.len > 0 && cxm_str_eq(x.box, y.box)
           && cxm_str_eq(x.domain, y.domain);
}


static int
phones_alike(cxm_str_t a, cxm_str_t b)
{
    cxm_str_t  x, y;

    x = cxm_phone_tail(a);
    y = cxm_phone_tail(b);

    return x.len > 0 && cxm_str_eq(x, y);
}


static int
email_same(const pair_t *pair)
{
    return any_identifiers(pair, "email", mailboxes_alike);
}


static int
email_elsewhere(const pair_t *pair)
{
    return any_identifiers(pair, "email", boxes_alike);
}


static int
phone_same(const pair_t *pair)
{
    return any_identifiers(pair, "phone", phones_alike);
}


/* --- names -------------------------------------------------------------- */

static int
name_same(const pair_t *pair)
{
    unsigned  i;

    if (pair->name_a.n < 2 || pair->name_a.n != pair->name_b.n) {
        return 0;
    }

    for (i = 0; i < pair->name_a.n; i++) {
        if (!cxm_str_eq(pair->name_a.word[i], pair->name_b.word[i])) {
            return 0;
        }
    }

    return 1;
}


/* One letter more, less or another one in a word of four or more. */
static int
one_letter(cxm_str_t a, cxm_str_t b)
{
    size_t     i, j;
    cxm_str_t  shorter, longer;

    shorter = a.len <= b.len ? a : b;
    longer = a.len <= b.len ? b : a;

    if (shorter.len < 4 || longer.len - shorter.len > 1) {
        return 0;
    }

    for (i = 0; i < shorter.len && shorter.data[i] == longer.data[i]; i++) {
        /* void */
    }

    j = i + 1;
    i += shorter.len == longer.len;

    return shorter.len - i == longer.len - j
           && memcmp(shorter.data + i, longer.data + j, shorter.len - i) == 0;
}


static int
words_alike(cxm_str_t a, cxm_str_t b)
{
    return cxm_str_eq(a, b) || one_letter(a, b)
           || ((a.len == 1 || b.len == 1) && a.data[0] == b.data[0]);
}


/* Each word of the shorter name is one of the longer name, or like one. */
static int
name_similar(const pair_t *pair)
{
    unsigned            i, j;
    const cxm_words_t  *shorter, *longer;

    shorter = pair->name_a.n <= pair->name_b.n ? &pair->name_a
                                               : &pair->name_b;
    longer = shorter == &pair->name_a ? &pair->name_b : &pair->name_a;

    for (i = 0; i < shorter->n; i++) {
        for (j = 0; j < longer->n; j++) {
            if (words_alike(shorter->word[i], longer->word[j])) {
                break;
            }
        }

        if (j == longer->n) {
            return 0;
        }
    }

    return shorter->n >= 2;
}


/* --- the rule ----------------------------------------------------------- */

/*
 * Of each group the first row that holds counts.  The points are a judgement
 * of how seldom two strangers have it in common:
 *
 *   50 is enough.  So is one address in two spellings, or one number; a name
 *   needs something beside it, were it the country, for namesakes are many;
 *   a name that is only similar needs two more.
 *   Another date of birth outweighs all of a name: parents and children have
 *   one name, one address and often one telephone.
 */
typedef struct {
    const char  *reason;
    int          group;
    int          points;
    int        (*holds)(const pair_t *pair);
} rule_t;

static const rule_t  rules[] = {
    { "email_same", 1, 60, email_same },
    { "email_elsewhere", 1, 35, email_elsewhere },
    { "phone_same", 2, 50, phone_same },
    { "name_same", 3, 40, name_same },
    { "name_similar", 3, 25, name_similar },
    { "birthdate_same", 4, 30, birthdate_same },
    { "birthdate_differs", 4, -50, birthdate_differs },
    { "company_same", 5, 15, company_same },
    { "country_same", 6, 10, country_same },
    { "country_differs", 6, -10, country_differs }
};

#define RULES  (sizeof(rules) / sizeof(rules[0]))


int
cxm_duplicate_score(const json_t *a, const json_t *b, json_t **reasons)
{
    int      bad, group, score;
    size_t   i;
    pair_t   pair = { .a = a, .b = b };

    bad = 0;
    group = 0;
    score = 0;
    *reasons = json_array();
    cxm_name_words(a, &pair.name_a);
    cxm_name_words(b, &pair.name_b);

    for (i = 0; i < RULES; i++) {

        if (rules[i].group == group || !rules[i].holds(&pair)) {
            continue;
        }

        group = rules[i].group;
        score += rules[i].points;
        bad |= json_array_append_new(*reasons,
                   json_pack("{ss si}", "reason", rules[i].reason, "points",
                             rules[i].points));
    }

    if (bad) {
        json_decref(*reasons);
        *reasons = NULL;
    }

    return score < 0 ? 0 : score > 100 ? 100 : score;
}
