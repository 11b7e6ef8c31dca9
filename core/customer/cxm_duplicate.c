/*
 * Duplicates: finding candidates, and the best of them.
 */

#include "cxm_duplicate_int.h"
#include "cxm_find.h"
#include "cxm_json.h"


#define CXM_CANDIDATES      200     /* compared with one customer */
#define CXM_CANDIDATES_KEY  20      /* of them, by one key */
#define CXM_CANDIDATES_NAME 50      /* by one name; the newest of its kind */

typedef struct {
    cxm_txn_t            *txn;
    const cxm_doc_t      *customer;
    const cxm_fields_t   *fields;
    json_t               *whole;        /* of the customer */
    uint64_t              below;
    unsigned              nseen;
    uint64_t              seen[CXM_CANDIDATES];
    cxm_duplicates_t     *out;
    cxm_rc_t              rc;
    cxm_error_t          *err;
} finding_t;


/* --- the best ones ------------------------------------------------------ */

/* Steals reasons. */
static void
keep(cxm_duplicates_t *out, uint64_t no, int score, json_t *reasons)
{
    unsigned  i;

    if (out->n == CXM_DUPLICATES) {

        if (out->of[out->n - 1].score >= score) {
            json_decref(reasons);
            return;
        }

        json_decref(out->of[--out->n].reasons);
    }

    for (i = out->n++; i > 0; i--) {

        if (out->of[i - 1].score > score
            || (out->of[i - 1].score == score && out->of[i - 1].no > no))
        {
            break;
        }

        out->of[i] = out->of[i - 1];
    }

    out->of[i].no = no;
    out->of[i].score = score;
    out->of[i].reasons = reasons;
}


void
cxm_duplicates_clear(cxm_duplicates_t *duplicates)
{
    unsigned  i;

    for (i = 0; i < duplicates->n; i++) {
        json_decref(duplicates->of[i].reasons);
    }

    duplicates->n = 0;
}


/* --- candidates --------------------------------------------------------- */

static int
is_seen(const finding_t *finding, uint64_t no)
{
    unsigned  i;

    for (i = 0; i < finding->nseen; i++) {
        if (finding->seen[i] == no) {
            return 1;
        }
    }

    return 0;
}


static cxm_rc_t
compare(finding_t *finding, const cxm_doc_t *doc)
{
    int        score;
    json_t    *other, *reasons;
    cxm_rc_t   rc;

    other = cxm_field_join(finding->fields, doc->body, doc->personal,
                           CXM_SEE_ALL);

    if (other == NULL) {
        return CXM_INTERNAL;
    }

    score = cxm_duplicate_score(finding->whole, other, &reasons);
    json_decref(other);

    if (reasons == NULL) {
        return CXM_INTERNAL;
    }

    if (score < CXM_DUPLICATE_SCORE) {
        json_decref(reasons);
        return CXM_OK;
    }

    rc = cxm_distinct(finding->txn, &finding->customer->id, &doc->id);

    if (rc == CXM_NOT_FOUND) {
        keep(finding->out, doc->no, score, reasons);
        return CXM_OK;
    }

    json_decref(reasons);

    return rc;
}


/* A cxm_doc_pt. */
static int
candidate(void *ctx, const cxm_doc_t *doc)
{
    finding_t  *finding;

    finding = ctx;

    if (doc->no == finding->customer->no || doc->no >= finding->below
        || is_seen(finding, doc->no))
    {
        return 0;
    }

    finding->seen[finding->nseen++] = doc->no;
    finding->rc = compare(finding, doc);

    return finding->rc != CXM_OK || finding->nseen == CXM_CANDIDATES;
}


static cxm_rc_t
run(finding_t *finding, const cxm_find_t *find, unsigned limit)
{
    cxm_rc_t          rc;
    cxm_find_place_t  place = { CXM_FIND_EXACT, UINT32_MAX };

    if (finding->nseen == CXM_CANDIDATES) {
        return CXM_OK;
    }

    rc = cxm_find_run(finding->txn, find, &place, limit, candidate, finding,
                      finding->err);

    return rc == CXM_OK ? finding->rc : rc;
}


static cxm_rc_t
find_keys(finding_t *finding)
{
    size_t       i;
    json_t      *keys;
    cxm_rc_t     rc;
    cxm_find_t   find;

    keys = json_object_get(finding->customer->personal, CXM_DUPLICATE_KEYS);
    rc = CXM_OK;

    for (i = 0; i < json_array_size(keys) && rc == CXM_OK; i++) {
        rc = cxm_find_begin(&find, finding->txn, &cxm_record_customer,
                            finding->err);

        if (rc == CXM_OK) {
            rc = cxm_find_value(&find, finding->txn,
                                cxm_str(CXM_DUPLICATE_KEYS),
                                cxm_json_str(json_array_get(keys, i)));
        }

        if (rc == CXM_OK) {
            rc = run(finding, &find, CXM_CANDIDATES_KEY);
        }
    }

    return rc;
}


static cxm_rc_t
find_words(finding_t *finding, cxm_str_t text)
{
    cxm_rc_t    rc;
    cxm_find_t  find;

    rc = cxm_find_begin(&find, finding->txn, &cxm_record_customer,
                        finding->err);

    if (rc == CXM_OK) {
        cxm_find_words(&find, text);
        find.whole = 1;
        rc = find.nwords < 2 ? CXM_OK
                             : run(finding, &find, CXM_CANDIDATES_NAME);
    }

    return rc;
}


/* By all words of the name, and by the first and the last of more. */
static cxm_rc_t
find_names(finding_t *finding)
{
    char         text[2 * CXM_WORD_LETTERS * 4 + 2];
    cxm_rc_t     rc;
    cxm_str_t    name, first, last;
    cxm_words_t  words;

    name = cxm_json_get_str(finding->whole, "name");

    if (name.len == 0) {
        first = cxm_json_get_str(finding->whole, "given_name");
        last = cxm_json_get_str(finding->whole, "family_name");

    } else {
        rc = find_words(finding, name);

        if (rc != CXM_OK) {
            return rc;
        }

        cxm_words_split(name, &words);

        if (words.n < 3) {
            return CXM_OK;
        }

        first = words.word[0];
        last = words.word[words.n - 1];
    }

    (void) snprintf(text, sizeof(text), "%.*s %.*s", (int) first.len,
                    first.data, (int) last.len, last.data);

    return find_words(finding, cxm_strz(text));
}


cxm_rc_t
cxm_duplicates(cxm_txn_t *txn, const cxm_doc_t *customer, uint64_t below,
    cxm_duplicates_t *out, cxm_error_t *err)
{
    cxm_rc_t    rc;
    finding_t   finding = {
        .txn = txn, .customer = customer, .below = below, .out = out,
        .err = err
    };

    out->n = 0;

    if (customer->erased) {
        return CXM_OK;
    }

    rc = cxm_record_fields(txn, &cxm_record_customer, &finding.fields, err);

    if (rc != CXM_OK) {
        return rc;
    }

    finding.whole = cxm_field_join(finding.fields, customer->body,
                                   customer->personal, CXM_SEE_ALL);

    rc = finding.whole == NULL ? CXM_INTERNAL : find_keys(&finding);

    if (rc == CXM_OK) {
        rc = find_names(&finding);
    }

    json_decref(finding.whole);

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, "Duplicates cannot be looked for.");
}
