/*
 * Searching records: sets of one range after the other, the newest first.
 */

#include "cxm_find.h"
#include "cxm_index_value.h"
#include "cxm_json.h"


typedef struct {
    cxm_txn_t         *txn;
    const cxm_find_t  *find;
    unsigned           first[CXM_FIND_END];     /* clause that left nothing
                                                   the last time */
    unsigned           rows;
    unsigned           docs;
    unsigned           left;    /* documents still wanted */
    int                stop;
    cxm_doc_pt         fn;
    void              *ctx;
    cxm_error_t       *err;
} cxm_finding_t;


/* --- asking ------------------------------------------------------------- */

/* Where words of fields are, personal ones or others. */
static unsigned
find_where(const cxm_fields_t *table, unsigned flags)
{
    unsigned            where, all;
    const cxm_field_t  *field;

    where = 0;

    for (field = table->fields; field->name != NULL; field++) {
        all = flags | field->flags;

        if (field->type == CXM_FIELD_OBJECT) {
            where |= find_where(field->object, all & CXM_FIELD_PERSONAL);

        } else if (field->flags & CXM_FIELD_WORDS) {
            where |= all & CXM_FIELD_PERSONAL ? CXM_FIND_PERSONAL
                                              : CXM_FIND_SHARED;
        }
    }

    return where;
}


cxm_rc_t
cxm_find_begin(cxm_find_t *find, cxm_txn_t *txn, const cxm_record_t *record,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    find->record = record;
    find->nwords = 0;
    find->nvalues = 0;
    find->nowners = 0;
    find->personal = 0;
    find->whole = 0;
    find->words.n = 0;

    rc = cxm_record_fields(txn, record, &find->fields, err);

    if (rc == CXM_OK) {
        find->words_where = find_where(find->fields, 0);
    }

    return rc;
}


void
cxm_find_copy(cxm_find_t *to, const cxm_find_t *from)
{
    unsigned  i;

    *to = *from;

    for (i = 0; i < from->words.n; i++) {
        to->words.word[i].data = to->words.text + (from->words.word[i].data
                                                   - from->words.text);
    }
}


void
cxm_find_words(cxm_find_t *find, cxm_str_t text)
{
    cxm_words_split(text, &find->words);
    find->nwords = find->words.n < CXM_FIND_WORDS ? find->words.n
                                                  : CXM_FIND_WORDS;
}


/*
 * The field at a path of names with dots between, NULL: there is none; flags
 * of all on the way are added up.
 */
static const cxm_field_t *
find_field(const cxm_fields_t *table, cxm_str_t path, unsigned *flags)
{
    cxm_str_t           name;
    const char         *dot;
    const cxm_field_t  *field;

    *flags = 0;

    for ( ;; ) {
        dot = path.len == 0 ? NULL : memchr(path.data, '.', path.len);
        name = (cxm_str_t) { dot == NULL ? path.len
                                         : (size_t) (dot - path.data),
                             path.data };
        field = cxm_field_find(table, name);
        *flags |= field == NULL ? 0 : field->flags;

        if (dot == NULL || field == NULL) {
            return field;
        }

        if (field->type != CXM_FIELD_OBJECT) {
            return NULL;
        }

        table = field->object;
        path = (cxm_str_t) { path.len - name.len - 1, dot + 1 };
    }
}


cxm_rc_t
cxm_find_value(cxm_find_t *find, cxm_txn_t *txn, cxm_str_t path,
    cxm_str_t value)
{
    char                form[CXM_INDEX_TEXT];
    json_t             *string;
    cxm_rc_t            rc;
    unsigned            flags;
    cxm_str_t           text;
    cxm_find_value_t   *out;
    const cxm_field_t  *field;

    field = find_field(find->fields, path, &flags);

    if (field == NULL || !(field->flags & CXM_FIELD_LOOKUP)) {
        return CXM_NOT_FOUND;
    }

    if (find->nvalues == CXM_FIND_VALUES) {
        return CXM_INVALID;
    }

    if (field->type == CXM_FIELD_ARRAY) {
        field = field->item;
    }

    find->personal |= (flags & CXM_FIELD_PERSONAL) != 0;
    string = json_stringn(value.data, value.len);

    if (string == NULL) {
        return CXM_INTERNAL;
    }

    /* what is too long to be indexed is the value of nothing */

    rc = cxm_index_text(field, string, form, &text);
    json_decref(string);

    if (rc != CXM_OK) {
        text = cxm_str("");
    }

    out = &find->value[find->nvalues++];
    out->where = flags & CXM_FIELD_PERSONAL ? CXM_FIND_PERSONAL
                                            : CXM_FIND_SHARED;
    cxm_index_term(cxm_txn_store(txn), CXM_TERM_VALUE, path, text,
                   &out->term);

    return CXM_OK;
}


cxm_rc_t
cxm_find_owner(cxm_find_t *find, cxm_txn_t *txn, const cxm_uuid_t *owner)
{
    char                  text[CXM_UUID_LEN + 1];
    cxm_rc_t              rc;
    unsigned              i;
    cxm_str_t             path;
    cxm_record_parts_t    parts;

    path = cxm_strz(find->record->owner->name);
    rc = cxm_record_parts(txn, find->record->owner, owner, &parts);

    for (i = 0; rc == CXM_OK && i < parts.n; i++) {
        cxm_uuid_format(&parts.id[i], text);
        cxm_index_term(cxm_txn_store(txn), CXM_TERM_VALUE, path,
                       cxm_strz(text), &find->owner[i]);
        find->nowners = i + 1;
    }

    return rc;
}


int
cxm_find_asks(const cxm_find_t *find)
{
    return find->nwords + find->nvalues > 0;
}


/* --- sets --------------------------------------------------------------- */

/* Adds what has the term, in shared members or personal ones. */
static cxm_rc_t
find_load(cxm_finding_t *run, uint32_t range, const cxm_term_t *term,
    unsigned where, cxm_postings_t *set)
{
    cxm_rc_t             rc;
    cxm_posting_place_t  place;

    rc = CXM_OK;
    place.kind = (uint8_t) run->find->record->kind;
    place.range = range;

    if (where & CXM_FIND_SHARED) {
        run->rows++;
        place.ns = CXM_NS_DOC_POSTINGS;
        rc = cxm_postings_load(run->txn, &place, term, set);
    }

    if (rc == CXM_OK && (where & CXM_FIND_PERSONAL)) {
        run->rows++;
        place.ns = CXM_NS_DOC_POSTINGS_PERSONAL;
        rc = cxm_postings_load(run->txn, &place, term, set);
    }

    return rc;
}


static cxm_rc_t
find_term(cxm_finding_t *run, uint32_t range, cxm_term_kind_t kind,
    cxm_str_t text, cxm_postings_t *set)
{
    cxm_term_t  term;

    cxm_index_term(cxm_txn_store(run->txn), kind, cxm_str(""), text, &term);

    return find_load(run, range, &term, run->find->words_where, set);
}


/* What has any of the owners, which are no personal members. */
static cxm_rc_t
find_owners(cxm_finding_t *run, uint32_t range, cxm_postings_t *set)
{
    cxm_rc_t  rc;
    unsigned  i;

    rc = CXM_OK;

    for (i = 0; i < run->find->nowners && rc == CXM_OK; i++) {
        rc = find_load(run, range, &run->find->owner[i], CXM_FIND_SHARED,
                       set);
    }

    return rc;
}


/*
 * What has the i-th thing that is asked for: values first, then owners, which
 * are one thing, then words.
 */
static cxm_rc_t
find_clause(cxm_finding_t *run, uint32_t range, cxm_find_level_t level,
    unsigned i, cxm_postings_t *set)
{
    cxm_rc_t           rc;
    cxm_str_t          word;
    const cxm_find_t  *find;

    find = run->find;
    memset(set, 0, sizeof(*set));

    if (i < find->nvalues) {
        return find_load(run, range, &find->value[i].term,
                         find->value[i].where, set);
    }

    i -= find->nvalues;

    if (find->nowners > 0 && i-- == 0) {
        return find_owners(run, range, set);
    }

    if (level == CXM_FIND_EXACT) {
        return find_term(run, range, CXM_TERM_EXACT,
                         (cxm_str_t) { find->words.len, find->words.text },
                         set);
    }

    word = find->words.word[i];
    rc = find_term(run, range, CXM_TERM_WORD, word, set);

    if (rc == CXM_OK && level == CXM_FIND_PREFIX
        && cxm_word_letters(word) >= CXM_INDEX_PREFIX_MIN)
    {
        rc = find_term(run, range, CXM_TERM_PREFIX,
                       cxm_word_prefix(word, CXM_INDEX_PREFIX_MAX), set);
    }

    return rc;
}


/*
 * All of a range that matches at a level; *any tells whether there is one.
 * What nobody had in the range before is asked for first.
 */
static cxm_rc_t
find_set(cxm_finding_t *run, uint32_t range, cxm_find_level_t level,
    cxm_postings_t *out, int *any)
{
    cxm_rc_t           rc;
    unsigned           i, n, clause, first;
    cxm_postings_t     one;
    const cxm_find_t  *find;

    find = run->find;
    n = find->nvalues + (find->nowners > 0)
        + (level == CXM_FIND_EXACT && find->nwords > 0 ? 1 : find->nwords);
    first = run->first[level];
    *any = 1;

    for (i = 0; i < n && *any; i++) {
        clause = i == 0 ? first : i <= first ? i - 1 : i;
        rc = find_clause(run, range, level, clause, i == 0 ? out : &one);

        if (rc != CXM_OK) {
            return rc;
        }

        if (i > 0) {
            cxm_postings_and(out, &one);
        }

        *any = !cxm_postings_empty(out);

        if (!*any) {
            run->first[level] = clause;
        }
    }

    return CXM_OK;
}


/* What matches at this level and not at the one before, which is stricter. */
static cxm_rc_t
find_range(cxm_finding_t *run, uint32_t range, cxm_find_level_t level,
    cxm_postings_t *out, int *any)
{
    int             stricter;
    cxm_rc_t        rc;
    cxm_postings_t  before;

    rc = find_set(run, range, level, out, any);

    if (rc != CXM_OK || !*any || level == CXM_FIND_EXACT
        || run->find->nwords == 0)
    {
        return rc;
    }

    rc = find_set(run, range, level - 1, &before, &stricter);

    if (rc == CXM_OK && stricter) {
        cxm_postings_less(out, &before);
    }

    return rc;
}


/* --- documents ---------------------------------------------------------- */

typedef struct {
    const cxm_find_t  *find;
    unsigned           seen;    /* bits of words */
} cxm_find_match_t;


/* A cxm_index_pt. */
static void
find_match(void *ctx, const cxm_index_value_t *value)
{
    unsigned           i, j;
    cxm_str_t          word, wanted;
    cxm_words_t        words;
    cxm_find_match_t  *match;

    match = ctx;

    if (!(value->flags & CXM_FIELD_WORDS)) {
        return;
    }

    cxm_words_split(cxm_json_str(value->value), &words);

    for (i = 0; i < words.n; i++) {
        word = words.word[i];

        for (j = 0; j < match->find->nwords; j++) {
            wanted = match->find->words.word[j];

            if (word.len >= wanted.len
                && memcmp(word.data, wanted.data, wanted.len) == 0)
            {
                match->seen |= 1u << j;
            }
        }
    }
}


/* Beginnings longer than those that are indexed are only seen here. */
static int
find_matches(const cxm_find_t *find, const cxm_doc_t *doc)
{
    cxm_find_match_t  match = { find, 0 };

    cxm_index_walk(find->fields, doc->body, find_match, &match);
    cxm_index_walk(find->fields, doc->personal, find_match, &match);

    return match.seen == (1u << find->nwords) - 1;
}


static int
find_in(const cxm_index_terms_t *terms, const cxm_term_t *term)
{
    size_t  i;

    for (i = 0; i < terms->nterms; i++) {
        if (memcmp(&terms->term[i], term, sizeof(*term)) == 0) {
            return 1;
        }
    }

    return 0;
}


int
cxm_find_has(const cxm_store_t *store, const cxm_find_t *find,
    const cxm_doc_t *doc)
{
    unsigned                 i;
    cxm_index_terms_t        shared, personal;
    const cxm_find_value_t  *value;

    if (!find_matches(find, doc)) {
        return 0;
    }

    if (find->nvalues == 0) {
        return 1;
    }

    cxm_index_collect(store, find->fields, doc->body, &shared);
    cxm_index_collect(store, find->fields, doc->personal, &personal);

    for (i = 0; i < find->nvalues; i++) {
        value = &find->value[i];

        if (!find_in(value->where & CXM_FIND_PERSONAL ? &personal : &shared,
                     &value->term))
        {
            return 0;
        }
    }

    return 1;
}


static cxm_rc_t
find_doc(cxm_finding_t *run, cxm_find_level_t level, uint32_t ordinal)
{
    uint64_t   no;
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    run->docs++;
    rc = cxm_index_doc(run->txn, run->find->record->kind, ordinal, &no);

    if (rc == CXM_OK) {
        rc = cxm_doc_get(run->txn, run->find->record->kind, no, &doc, NULL);
    }

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    if (level != CXM_FIND_PREFIX || find_matches(run->find, &doc)) {
        run->left--;
        run->stop = run->fn(run->ctx, &doc);
    }

    cxm_doc_clear(&doc);

    return CXM_OK;
}


static int
find_enough(const cxm_finding_t *run)
{
    return run->stop || run->left == 0 || run->rows >= CXM_FIND_ROWS
           || run->docs >= CXM_FIND_DOCS;
}


static cxm_rc_t
find_members(cxm_finding_t *run, cxm_find_place_t *place,
    const cxm_postings_t *set)
{
    int       bit;
    cxm_rc_t  rc;
    uint32_t  range;

    range = (place->below - 1) >> CXM_POSTING_BITS;
    rc = CXM_OK;

    while (rc == CXM_OK && !find_enough(run)) {
        bit = cxm_postings_last(set, place->below
                                     - (range << CXM_POSTING_BITS));

        place->below = range << CXM_POSTING_BITS;

        if (bit < 0) {
            return CXM_OK;
        }

        place->below += (uint32_t) bit;
        rc = find_doc(run, place->level, place->below);
    }

    return rc;
}


static cxm_rc_t
find_level(cxm_finding_t *run, cxm_find_place_t *place)
{
    int             any;
    cxm_rc_t        rc;
    cxm_postings_t  set;

    while (place->below > 1 && !find_enough(run)) {
        rc = find_range(run, (place->below - 1) >> CXM_POSTING_BITS,
                        place->level, &set, &any);

        if (rc == CXM_OK && any) {
            rc = find_members(run, place, &set);

        } else if (rc == CXM_OK) {
            place->below = (place->below - 1) >> CXM_POSTING_BITS
                           << CXM_POSTING_BITS;
        }

        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
}


cxm_rc_t
cxm_find_run(cxm_txn_t *txn, const cxm_find_t *find, cxm_find_place_t *place,
    unsigned limit, cxm_doc_pt fn, void *ctx, cxm_error_t *err)
{
    cxm_rc_t          rc;
    uint32_t          last;
    cxm_finding_t     run;
    cxm_find_level_t  last_level;

    memset(&run, 0, sizeof(run));
    run.txn = txn;
    run.find = find;
    run.left = limit;
    run.fn = fn;
    run.ctx = ctx;
    run.err = err;

    rc = cxm_index_last(txn, find->record->kind, &last);

    last_level = find->whole ? CXM_FIND_WORD : CXM_FIND_PREFIX;

    if (find->nwords == 0 && place->level < last_level) {
        place->level = last_level;
    }

    while (rc == CXM_OK && place->level != CXM_FIND_END) {

        if (place->below > last) {
            place->below = last + 1;
        }

        rc = find_level(&run, place);

        if (rc == CXM_OK && place->below > 1 && find_enough(&run)) {
            return CXM_OK;
        }

        place->level = place->level < last_level ? place->level + 1
                                                 : CXM_FIND_END;
        place->below = UINT32_MAX;
    }

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, "The index cannot be searched.");
}
