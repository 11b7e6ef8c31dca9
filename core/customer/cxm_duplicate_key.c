/*
 * Duplicates: keys that they have in common.
 */

#include <stdlib.h>

#include "cxm_duplicate_int.h"
#include "cxm_json.h"


#define CXM_MAILBOX_MIN   5     /* shorter ones are many people's */
#define CXM_PHONE_TAIL    8
#define CXM_KEY_WORDS     4     /* of a name */
#define CXM_KEY_TEXT      5000

/* Mailboxes that a house has and no person. */
static const char *const  shared_boxes[] = {
    "admin", "billing", "contact", "hello", "info", "kontakt", "mailbox",
    "marketing", "office", "noreply", "postmaster", "sales", "service",
    "support", "webmaster", NULL
};


/* --- parts of identifiers ----------------------------------------------- */

static int
is_shared(cxm_str_t box)
{
    size_t  i;

    for (i = 0; shared_boxes[i] != NULL; i++) {
        if (cxm_str_eqz(box, shared_boxes[i])) {
            return 1;
        }
    }

    return 0;
}


void
cxm_mailbox_split(cxm_str_t address, cxm_mailbox_t *out)
{
    char         folded[CXM_MAILBOX];
    size_t       i, len, n;
    const char  *at;

    memset(out, 0, sizeof(*out));

    if (cxm_fold(address, folded, sizeof(folded), &len) != CXM_OK) {
        return;
    }

    at = memrchr(folded, '@', len);

    if (at == NULL) {
        return;
    }

    n = 0;

    for (i = 0; folded + i < at && folded[i] != '+'; i++) {
        if (strchr("._-", folded[i]) == NULL) {
            out->text[n++] = folded[i];
        }
    }

    out->domain = (cxm_str_t) { len - (size_t) (at - folded) - 1,
                                out->text + n };
    memcpy(out->text + n, at + 1, out->domain.len);

    if (n >= CXM_MAILBOX_MIN
        && !is_shared((cxm_str_t) { n, out->text }))
    {
        out->box = (cxm_str_t) { n, out->text };
    }
}


cxm_str_t
cxm_phone_tail(cxm_str_t number)
{
    return number.len > CXM_PHONE_TAIL
           ? (cxm_str_t) { CXM_PHONE_TAIL,
                           number.data + number.len - CXM_PHONE_TAIL }
           : (cxm_str_t) { 0, NULL };
}


/* --- names -------------------------------------------------------------- */

static int
compare_words(const void *a, const void *b)
{
    int               order;
    const cxm_str_t  *x = a, *y = b;

    order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}


void
cxm_name_words(const json_t *customer, cxm_words_t *words)
{
    char       text[1024];
    cxm_str_t  name, given, family;

    name = cxm_json_get_str(customer, "name");

    if (name.len == 0) {
        given = cxm_json_get_str(customer, "given_name");
        family = cxm_json_get_str(customer, "family_name");
        name.len = (size_t) snprintf(text, sizeof(text), "%.*s %.*s",
                                     (int) given.len, given.data,
                                     (int) family.len, family.data);
        name.data = text;
    }

    cxm_words_split(name, words);
    qsort(words->word, words->n, sizeof(words->word[0]), compare_words);
}


/* --- keys --------------------------------------------------------------- */

static int
add_key(json_t *keys, const cxm_buf_t *key)
{
    size_t   i;
    json_t  *string;

    string = json_stringn((const char *) key->data, key->len);

    for (i = 0; i < json_array_size(keys); i++) {
        if (json_equal(json_array_get(keys, i), string)) {
            json_decref(string);
            return 0;
        }
    }

    return json_array_append_new(keys, string);
}


static int
add_identifier(json_t *keys, cxm_buf_t *key, const json_t *item)
{
    cxm_str_t       type, value;
    cxm_mailbox_t   mail;

    type = cxm_json_get_str(item, "type");
    value = cxm_json_get_str(item, "value");
    cxm_buf_reset(key);

    if (cxm_str_eqz(type, "email")) {
        cxm_mailbox_split(value, &mail);
        value = mail.box;
        cxm_buf_puts(key, "mail ");

    } else if (cxm_str_eqz(type, "phone")) {
        value = cxm_phone_tail(value);
        cxm_buf_puts(key, "phone ");

    } else {
        return 0;
    }

    cxm_buf_put(key, value.data, value.len);

    return value.len == 0 ? 0 : add_key(keys, key);
}


/*
 * A name alone is that of many, and not always written alike: so each word of
 * it, with what few have that share the word.
 */
static int
add_name(json_t *keys, cxm_buf_t *key, const cxm_words_t *name,
    const char *kind, cxm_str_t with)
{
    int       bad;
    unsigned  i;

    bad = 0;

    for (i = 0; i < name->n && i < CXM_KEY_WORDS && with.len > 0; i++) {
        cxm_buf_reset(key);
        cxm_buf_puts(key, kind);
        cxm_buf_put(key, name->word[i].data, name->word[i].len);
        cxm_buf_putc(key, ' ');
        cxm_buf_put(key, with.data, with.len);
        bad |= add_key(keys, key);
    }

    return bad;
}


json_t *
cxm_duplicate_keys(const json_t *customer)
{
    int            bad;
    size_t         i;
    json_t        *keys;
    cxm_buf_t      key;
    cxm_words_t    name, company;
    const json_t  *list;

    bad = 0;
    keys = json_array();
    list = json_object_get(customer, "identifiers");
    cxm_buf_init(&key, CXM_KEY_TEXT);

    for (i = 0; i < json_array_size(list); i++) {
        bad |= add_identifier(keys, &key, json_array_get(list, i));
    }

    cxm_name_words(customer, &name);
    cxm_words_split(cxm_json_get_str(customer, "company"), &company);
    bad |= add_name(keys, &key, &name, "born ",
                    cxm_json_get_str(customer, "birthdate"));
    bad |= add_name(keys, &key, &name, "firm ",
                    (cxm_str_t) { company.len, company.text });
    bad |= key.failed == CXM_BUF_MEMORY;
    cxm_buf_free(&key);

    if (bad) {
        json_decref(keys);
        return NULL;
    }

    return keys;
}
