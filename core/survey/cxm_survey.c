/*
 * Survey definitions: loading them, and the cache of a transaction.
 */

#include "cxm_doc_history.h"
#include "cxm_survey_int.h"


/* Old ones stay allocated to the end: somebody may still hold them. */
typedef struct cxm_survey_cached_s  cxm_survey_cached_t;

struct cxm_survey_cached_s {
    cxm_survey_cached_t  *next;
    int                   stale;
    cxm_survey_t          survey;
};

typedef struct {
    cxm_arena_t           arena;
    cxm_survey_cached_t  *first;
} cxm_survey_cache_t;


static void
cache_destroy(void *data)
{
    cxm_survey_cache_t   *cache;
    cxm_survey_cached_t  *cached;

    cache = data;

    for (cached = cache->first; cached != NULL; cached = cached->next) {
        cxm_doc_clear(&cached->survey.doc);
    }

    cxm_arena_free(&cache->arena);
}


static cxm_survey_cache_t *
cache_of(cxm_txn_t *txn)
{
    return cxm_txn_slot(txn, CXM_SLOT_SURVEY, sizeof(cxm_survey_cache_t),
                        cache_destroy);
}


/* Takes the document over. */
static cxm_rc_t
cache_add(cxm_survey_cache_t *cache, cxm_doc_t *doc, const cxm_survey_t **out)
{
    cxm_rc_t              rc;
    cxm_survey_cached_t  *cached;

    cached = cxm_arena_alloc(&cache->arena, sizeof(*cached));

    if (cached == NULL) {
        cxm_doc_clear(doc);
        return CXM_INTERNAL;
    }

    cached->survey.doc = *doc;
    cached->next = cache->first;
    cache->first = cached;

    rc = cxm_survey_parse(&cache->arena, &cached->survey);
    cached->stale = rc != CXM_OK;
    *out = &cached->survey;

    return rc;
}


static cxm_rc_t
not_found(cxm_error_t *err)
{
    return cxm_fail(err, CXM_NOT_FOUND, NULL, "There is no such survey.");
}


cxm_rc_t
cxm_survey_by_slug(cxm_txn_t *txn, cxm_str_t slug, const cxm_survey_t **out,
    cxm_error_t *err)
{
    cxm_rc_t              rc;
    cxm_doc_t             doc;
    cxm_survey_cache_t   *cache;
    cxm_survey_cached_t  *cached;

    if (!cxm_slug_valid(slug)) {
        return not_found(err);
    }

    cache = cache_of(txn);

    if (cache == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    for (cached = cache->first; cached != NULL; cached = cached->next) {
        if (!cached->stale && cxm_str_eq(cached->survey.slug, slug)) {
            *out = &cached->survey;
            return CXM_OK;
        }
    }

    rc = cxm_doc_by_name(txn, CXM_KIND_SURVEY, slug, &doc, err);

    if (rc == CXM_NOT_FOUND) {
        return not_found(err);
    }

    if (rc == CXM_OK) {
        rc = cache_add(cache, &doc, out);
    }

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, "The definition cannot be read.");
}


cxm_rc_t
cxm_survey_by_no(cxm_txn_t *txn, uint64_t no, const cxm_survey_t **out,
    cxm_error_t *err)
{
    cxm_rc_t              rc;
    cxm_doc_t             doc;
    cxm_survey_cache_t   *cache;
    cxm_survey_cached_t  *cached;

    cache = cache_of(txn);

    if (cache == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    for (cached = cache->first; cached != NULL; cached = cached->next) {
        if (!cached->stale && cached->survey.doc.no == no) {
            *out = &cached->survey;
            return CXM_OK;
        }
    }

    rc = cxm_doc_get(txn, CXM_KIND_SURVEY, no, &doc, err);

    if (rc == CXM_NOT_FOUND) {
        return not_found(err);
    }

    if (rc == CXM_OK) {
        rc = cache_add(cache, &doc, out);
    }

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, "The definition cannot be read.");
}


static cxm_rc_t
survey_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_survey_cache_t   *cache;
    cxm_survey_cached_t  *cached;

    cache = cache_of(txn);

    if (cache == NULL) {
        return CXM_INTERNAL;
    }

    for (cached = cache->first; cached != NULL; cached = cached->next) {
        if (memcmp(&cached->survey.doc.id, &entry->id, sizeof(entry->id))
            == 0)
        {
            cached->stale = 1;
        }
    }

    return cxm_doc_history_apply(txn, entry);
}


const cxm_kind_t  cxm_kind_survey = {
    .no = CXM_KIND_SURVEY,
    .version = 1,
    .name = "survey",
    .apply = survey_apply
};


cxm_rc_t
cxm_survey_open(const cxm_survey_t *survey, cxm_error_t *err)
{
    switch (survey->status) {

    case CXM_SURVEY_LIVE:
        return CXM_OK;

    case CXM_SURVEY_PAUSED:
        return cxm_fail(err, CXM_CONFLICT, "paused",
                        "This survey takes no answers for now.");

    case CXM_SURVEY_CLOSED:
        return cxm_fail(err, CXM_CONFLICT, "closed",
                        "This survey takes no more answers.");

    case CXM_SURVEY_DRAFT:
        break;
    }

    return not_found(err);
}
