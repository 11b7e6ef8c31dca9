/*
 * Lists of answers, newest first.
 *
 * A source gives the rows of one survey, or of one person, from the newest
 * down; a list takes the highest number of all sources, again and again.
 */

#include <stdlib.h>

#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_response_row.h"


#define CXM_LIST_ROWS  10000        /* looked at in one transaction */

typedef struct {
    uint64_t               survey;
    uint16_t               question;    /* filter; 0: none */
    int64_t                min, max;    /* points */
    unsigned               at;          /* rows of the block still to come */
    cxm_arena_t            arena;
    cxm_response_block_t  *block;
} cxm_source_t;

typedef struct {
    cxm_txn_t                   *txn;
    const cxm_caller_t          *caller;
    const cxm_response_query_t  *query;
    uint64_t                     before;
    unsigned                     looked;
    unsigned                     nsources;
    cxm_source_t                *sources;
    json_t                      *items;
    uint64_t                     next;
    int                         *personal;
    cxm_rc_t                     rc;
    cxm_error_t                 *err;
} cxm_list_t;


/* The source's block with rows below `before`; at is 0 when there is none. */
static cxm_rc_t
source_load(cxm_list_t *list, cxm_source_t *source, uint64_t before)
{
    cxm_rc_t  rc;
    unsigned  i;

    source->at = 0;

    if (before == 0) {
        return CXM_OK;
    }

    rc = cxm_response_block_read(list->txn, source->survey, before - 1,
                                 &source->arena, source->block);

    if (rc == CXM_NOT_FOUND) {
        return CXM_OK;
    }

    if (rc != CXM_OK) {
        return cxm_fail(list->err, rc, NULL, "Answers cannot be read.");
    }

    for (i = 0; i < source->block->nrows; i++) {
        if (source->block->rows[i].no < before) {
            source->at = i + 1;
        }
    }

    return CXM_OK;
}


static const cxm_response_row_t *
source_row(const cxm_source_t *source)
{
    return source->at == 0 ? NULL : &source->block->rows[source->at - 1];
}


static cxm_rc_t
source_step(cxm_list_t *list, cxm_source_t *source)
{
    if (--source->at > 0) {
        return CXM_OK;
    }

    return source_load(list, source, source->block->rows[0].no);
}


/* Below all rows that a source has given comes the highest of all. */
static cxm_source_t *
list_newest(cxm_list_t *list)
{
    unsigned       i;
    cxm_source_t  *newest, *source;

    newest = NULL;

    for (i = 0; i < list->nsources; i++) {
        source = &list->sources[i];

        if (source->at > 0 && (newest == NULL
            || source_row(source)->no > source_row(newest)->no))
        {
            newest = source;
        }
    }

    return newest;
}


static int
row_matches(const cxm_list_t *list, const cxm_source_t *source,
    const cxm_response_row_t *row)
{
    unsigned                     i;
    const cxm_response_query_t  *query;

    query = list->query;

    if (row->at < query->from || row->at >= query->to) {
        return 0;
    }

    if (query->status != CXM_STATUS_ANY
        && query->status != (row->flags & CXM_RESPONSE_PARTIAL
                             ? CXM_STATUS_PARTIAL : CXM_STATUS_COMPLETE))
    {
        return 0;
    }

    if (source->question == 0) {
        return 1;
    }

    for (i = 0; i < row->npairs; i++) {
        if (row->pairs[i].question == source->question
            && row->pairs[i].point >= source->min
            && row->pairs[i].point <= source->max)
        {
            return 1;
        }
    }

    return 0;
}


static cxm_rc_t
list_add(cxm_list_t *list, uint64_t survey, const cxm_response_row_t *row)
{
    json_t    *item;
    cxm_rc_t   rc;

    rc = cxm_response_row_json(list->txn, list->caller, survey, row, &item,
                               list->personal, list->err);

    if (rc == CXM_OK && json_array_append_new(list->items, item) != 0) {
        rc = cxm_fail(list->err, CXM_INTERNAL, NULL, "No memory.");
    }

    return rc;
}


static int
list_full(const cxm_list_t *list)
{
    return json_array_size(list->items) >= list->query->limit
           || list->looked >= CXM_LIST_ROWS;
}


static cxm_rc_t
list_sources(cxm_list_t *list)
{
    cxm_rc_t                   rc;
    unsigned                   i;
    cxm_source_t              *source;
    const cxm_response_row_t  *row;

    for (i = 0; i < list->nsources; i++) {
        rc = source_load(list, &list->sources[i], list->before);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    for (source = list_newest(list); source != NULL;
         source = list_newest(list))
    {
        row = source_row(source);

        if (list_full(list)) {
            list->next = list->before;
            return CXM_OK;
        }

        list->looked++;
        list->before = row->no;

        rc = row_matches(list, source, row)
             ? list_add(list, source->survey, row) : CXM_OK;

        if (rc == CXM_OK) {
            rc = source_step(list, source);
        }

        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
}


/*
 * Which question the bounds are of, as points; 0 when the survey cannot have
 * such an answer.
 */
static int
source_filter(cxm_list_t *list, cxm_source_t *source,
    const cxm_survey_t *survey)
{
    unsigned                     i;
    const cxm_question_t        *question;
    const cxm_response_query_t  *query;

    query = list->query;
    source->survey = survey->doc.no;
    source->question = 0;
    source->min = 0;
    source->max = INT64_MAX;
    question = NULL;

    if (query->question.data != NULL) {
        question = cxm_survey_question(survey, query->question);

    } else if (!query->has_min && !query->has_max) {
        return 1;
    }

    for (i = 0; query->question.data == NULL && question == NULL
                && i < survey->nquestions; i++)
    {
        if (cxm_question_scored(&survey->questions[i])) {
            question = &survey->questions[i];
        }
    }

    if (question == NULL) {
        return 0;
    }

    source->question = question->no;

    if (!query->has_min && !query->has_max) {
        return 1;
    }

    if (query->has_min) {
        source->min = query->min_score - question->min;
    }

    if (query->has_max) {
        source->max = query->max_score - question->min;
    }

    return cxm_question_scored(question);
}


static cxm_rc_t
source_add(cxm_list_t *list, const cxm_survey_t *survey)
{
    cxm_source_t  *sources, *source;

    sources = realloc(list->sources,
                      (list->nsources + 1) * sizeof(cxm_source_t));

    if (sources == NULL) {
        return cxm_fail(list->err, CXM_INTERNAL, NULL, "No memory.");
    }

    list->sources = sources;
    source = &sources[list->nsources];
    memset(source, 0, sizeof(*source));

    if (!source_filter(list, source, survey)) {
        return CXM_OK;
    }

    source->block = calloc(1, sizeof(cxm_response_block_t));

    if (source->block == NULL) {
        return cxm_fail(list->err, CXM_INTERNAL, NULL, "No memory.");
    }

    list->nsources++;

    return CXM_OK;
}


/* Each survey of a list of all: a cxm_doc_pt. */
static int
add_doc(void *ctx, const cxm_doc_t *doc)
{
    cxm_list_t          *list;
    const cxm_survey_t  *survey;

    list = ctx;
    list->rc = cxm_survey_by_no(list->txn, doc->no, &survey, list->err);

    if (list->rc == CXM_OK) {
        list->rc = source_add(list, survey);
    }

    return list->rc != CXM_OK;
}


static cxm_rc_t
find_sources(cxm_list_t *list)
{
    cxm_rc_t             rc;
    const cxm_survey_t  *survey;

    if (list->query->survey.data == NULL) {
        rc = cxm_doc_list(list->txn, CXM_KIND_SURVEY, 0, UINT32_MAX, add_doc,
                          list, list->err);

        return rc == CXM_OK ? list->rc : rc;
    }

    rc = cxm_survey_by_slug(list->txn, list->query->survey, &survey,
                            list->err);

    if (rc == CXM_NOT_FOUND) {
        cxm_error_init(list->err);
        return cxm_issue(list->err, "?survey", "not_found",
                         "There is no such survey.");
    }

    if (rc == CXM_OK && list->query->question.data != NULL
        && cxm_survey_question(survey, list->query->question) == NULL)
    {
        return cxm_issue(list->err, "?question", "not_found",
                         "This survey has no such question.");
    }

    return rc == CXM_OK ? source_add(list, survey) : rc;
}


/* One answer of a person; the sources only tell which surveys are wanted. */
static cxm_rc_t
person_answer(cxm_list_t *list, uint64_t survey, uint64_t no)
{
    cxm_rc_t             rc;
    unsigned             i;
    cxm_source_t        *source;
    cxm_response_row_t  *row;

    for (i = 0; i < list->nsources; i++) {
        source = &list->sources[i];

        if (source->survey != survey) {
            continue;
        }

        rc = cxm_response_row_find(list->txn, survey, no, &source->arena,
                                   source->block, &row);
        if (rc != CXM_OK) {
            return cxm_fail(list->err, CXM_CORRUPT, NULL,
                            "An answer is not where it should be.");
        }

        return row_matches(list, source, row) ? list_add(list, survey, row)
                                              : CXM_OK;
    }

    return CXM_OK;
}


static cxm_rc_t
list_person(cxm_list_t *list)
{
    uint8_t   hash[CXM_HASH_LEN];
    uint64_t  slot, survey, no;
    cxm_rc_t  rc;

    cxm_person_hash(cxm_txn_store(list->txn), list->query->person_class,
                    list->query->person, hash);

    rc = cxm_person_find(list->txn, list->query->person_class, hash, &slot);

    for ( ;; ) {
        if (rc == CXM_OK) {
            rc = cxm_response_of_person(list->txn, slot, list->before,
                                        &survey, &no);
        }

        if (rc == CXM_NOT_FOUND) {
            return CXM_OK;
        }

        if (rc != CXM_OK) {
            return cxm_fail(list->err, rc, NULL, "Answers cannot be read.");
        }

        if (list_full(list)) {
            list->next = list->before;
            return CXM_OK;
        }

        list->looked++;
        list->before = no;
        rc = person_answer(list, survey, no);

        if (rc != CXM_OK) {
            return rc;
        }
    }
}


cxm_rc_t
cxm_response_list(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_response_query_t *query, json_t **items, uint64_t *next,
    int *personal, cxm_error_t *err)
{
    cxm_rc_t    rc;
    unsigned    i;
    cxm_list_t  list;

    memset(&list, 0, sizeof(list));
    list.txn = txn;
    list.caller = caller;
    list.query = query;
    list.before = query->before == 0 ? UINT64_MAX : query->before;
    list.items = json_array();
    list.personal = personal;
    list.err = err;

    *items = NULL;
    *next = 0;
    *personal = 0;

    rc = find_sources(&list);

    if (rc == CXM_OK) {
        rc = query->person_class != 0 ? list_person(&list)
                                      : list_sources(&list);
    }

    for (i = 0; i < list.nsources; i++) {
        cxm_arena_free(&list.sources[i].arena);
        free(list.sources[i].block);
    }

    free(list.sources);

    if (rc != CXM_OK) {
        json_decref(list.items);
        return rc;
    }

    *items = list.items;
    *next = list.next;

    return CXM_OK;
}
