/*
 * Surveys and answers, for their units: from JSON texts, one transaction
 * each.
 */

#ifndef SURVEY_FIXTURE_H
#define SURVEY_FIXTURE_H

#include "tables_fixture.h"

#include "cxm_counter.h"
#include "cxm_dict.h"
#include "cxm_flow.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_response.h"
#include "cxm_survey.h"
#include "cxm_verify.h"


#define Q_NPS   "{\"id\":\"nps\",\"type\":\"nps\",\"text\":{\"en\":\"N?\"}}"
#define Q_WHY   "{\"id\":\"why\",\"type\":\"text\",\"text\":{\"en\":\"W?\"}}"

#define LIVE(questions, more)                                                 \
    "{\"title\":\"T\",\"status\":\"live\",\"questions\":[" questions "]"      \
    more "}"

static fixture_t     f;
static cxm_error_t   err;
static cxm_caller_t  nobody;        /* the public */
static cxm_caller_t  staff;


static inline int
survey_open(void **state)
{
    (void) state;

    fixture_open(&f, &cxm_flow);
    assert_int_equal(cxm_person_reserve(f.store, NULL), CXM_OK);
    memset(&nobody, 0, sizeof(nobody));
    cxm_caller_system(&staff);

    return 0;
}


/* Every table is what the journal says, or the test fails. */
static inline int
survey_close(void **state)
{
    char               scratch[128];
    cxm_verify_t       verify;
    cxm_verify_opts_t  opts = { 0 };

    (void) state;

    snprintf(scratch, sizeof(scratch), "%s/scratch", f.root);
    cxm_error_init(&err);

    opts.scratch = scratch;

    if (cxm_verify(f.store, &opts, &verify, &err) != CXM_OK) {
        print_error("verify: %s %s %s\n", verify.finding, err.code,
                    err.detail);
        return -1;
    }

    fixture_close(&f);

    return 0;
}


static inline json_t *
parsed(const char *text)
{
    json_t  *out;

    cxm_error_init(&err);

    if (cxm_json_load(cxm_strz(text), &out, &err) != CXM_OK) {
        print_error("%s\n%s\n", text, err.detail);
        fail();
    }

    return out;
}


static inline cxm_rc_t
put(const char *slug, const char *text)
{
    int         created;
    json_t     *input;
    cxm_rc_t    rc;
    cxm_doc_t   doc;
    cxm_txn_t  *txn;

    input = parsed(text);
    memset(&doc, 0, sizeof(doc));
    rc = cxm_field_check(&cxm_survey_fields, input, "", &err);

    if (rc == CXM_OK) {
        txn = fixture_write(&f);
        rc = cxm_survey_put(txn, &staff, cxm_strz(slug), input,
                            CXM_VERSION_ANY, &doc, &created, &err);
        cxm_doc_clear(&doc);

        if (rc == CXM_OK) {
            fixture_commit(txn);
        } else {
            cxm_txn_end(txn);
        }
    }

    json_decref(input);

    return rc;
}


static inline void
must_put(const char *slug, const char *text)
{
    if (put(slug, text) != CXM_OK) {
        print_error("%s: %s %s %s\n", text, err.code, err.detail,
                    err.issues[0].pointer);
        fail();
    }
}


static inline const char *
pointer(void)
{
    return err.nissues > 0 ? err.issues[0].pointer : "none";
}


static inline const char *
code(void)
{
    return err.nissues > 0 ? err.issues[0].code : err.code;
}


static inline cxm_rc_t
answer_as(const cxm_caller_t *caller, const char *slug, const char *text,
    cxm_response_result_t *result)
{
    json_t              *input;
    uint8_t              fingerprint[CXM_HASH_LEN];
    cxm_rc_t             rc;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;
    cxm_response_new_t   given = { NULL, fingerprint, NULL };

    input = parsed(text);
    given.input = input;
    memset(result, 0, sizeof(*result));
    cxm_keyed_hash(&cxm_store_keyring(f.store)->k[CXM_SUBKEY_FINGERPRINT],
                   cxm_strz(text), cxm_str(""), cxm_str(""), fingerprint,
                   sizeof(fingerprint));

    rc = cxm_field_check(&cxm_response_fields, input, "", &err);
    txn = fixture_write(&f);

    if (rc == CXM_OK) {
        rc = cxm_survey_by_slug(txn, cxm_strz(slug), &survey, &err);
    }

    if (rc == CXM_OK) {
        rc = cxm_response_add(txn, caller, survey, &given, result, &err);
    }

    if (rc == CXM_OK) {
        fixture_commit(txn);
    } else {
        cxm_txn_end(txn);
    }

    json_decref(input);

    return rc;
}


static inline cxm_rc_t
answer(const char *slug, const char *text)
{
    cxm_response_result_t  result;

    return answer_as(&nobody, slug, text, &result);
}


static inline cxm_uuid_t
must_answer_as(const cxm_caller_t *caller, const char *slug, const char *text)
{
    cxm_response_result_t  result;

    if (answer_as(caller, slug, text, &result) != CXM_OK) {
        print_error("%s: %s %s %s\n", text, err.code, err.detail, pointer());
        fail();
    }

    return result.id;
}


static inline cxm_uuid_t
must_answer(const char *slug, const char *text)
{
    return must_answer_as(&nobody, slug, text);
}


static inline json_t *
response(const cxm_caller_t *caller, const cxm_uuid_t *id)
{
    int         personal;
    json_t     *out;
    cxm_txn_t  *txn;

    cxm_error_init(&err);
    txn = fixture_read(&f);

    if (cxm_response_json(txn, caller, id, &out, &personal, &err) != CXM_OK) {
        print_error("%s\n", err.detail);
        fail();
    }

    cxm_txn_end(txn);

    return out;
}


/* The value as compact JSON, for comparing; valid until the next call. */
static inline const char *
text_of(const json_t *value)
{
    static cxm_buf_t  buf = { .max = 1 << 20 };

    cxm_buf_reset(&buf);

    if (value == NULL) {
        return "absent";
    }

    cxm_json_dump(&buf, value);
    cxm_buf_putc(&buf, 0);

    return (const char *) buf.data;
}


static inline const char *
member(const json_t *object, const char *name)
{
    return text_of(json_object_get(object, name));
}


static inline void
count_cell(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    uint64_t  *sums = ctx;

    (void) value;
    (void) at;

    sums[point] += count;
}


/* Answers at a point of a question, of all or of a segment's value. */
static inline uint64_t
count(const char *slug, unsigned question, const char *segment,
    const char *value, unsigned point)
{
    cxm_rc_t              rc;
    uint64_t              sums[CXM_POINT_MAX + 1] = { 0 };
    cxm_txn_t            *txn;
    const cxm_survey_t   *survey;
    cxm_counter_query_t   query;

    memset(&query, 0, sizeof(query));
    query.to = FIXTURE_DAY + 10 * CXM_MS_DAY;

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_strz(slug), &survey, NULL),
                     CXM_OK);

    query.series.survey = survey->doc.no;
    query.series.question = (uint16_t) question;
    rc = CXM_OK;

    if (segment != NULL) {
        query.series.segment = cxm_survey_segment(survey, cxm_strz(segment));
        rc = cxm_dict_find(txn, survey->doc.no, query.series.segment,
                           (cxm_str_t) { value == NULL ? 0 : strlen(value),
                                         value }, &query.series.value);
    }

    if (rc == CXM_OK) {
        rc = cxm_counter_scan(txn, &query, count_cell, sums);
        assert_int_equal(rc, CXM_OK);
    }

    cxm_txn_end(txn);

    return sums[point];
}


#endif /* SURVEY_FIXTURE_H */
