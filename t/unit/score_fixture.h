/*
 * Counters of one question and one segment, and queries of them, for the
 * units of scores.
 */

#ifndef SCORE_FIXTURE_H
#define SCORE_FIXTURE_H

#include <math.h>

#include "cxm_counter.h"
#include "cxm_dict.h"
#include "cxm_flow.h"
#include "cxm_json.h"
#include "cxm_score.h"
#include "tables_fixture.h"


#define SURVEY    7
#define QUESTION  1
#define SEGMENT   20

static fixture_t          f;
static cxm_score_query_t  query;
static cxm_error_t        err;


static inline cxm_ms_t
at(const char *text)
{
    cxm_ms_t  t;

    assert_int_equal(cxm_rfc3339_parse(cxm_strz(text), &t), CXM_OK);

    return t;
}


/* Answers with the score `point` + min, with that value (NULL: none). */
static inline void
count(uint16_t question, const char *when, uint32_t point, int64_t n,
    const char *value)
{
    cxm_txn_t     *txn;
    cxm_series_t   series = { SURVEY, question, 0, 0 };

    txn = fixture_write(&f);
    assert_int_equal(cxm_counter_add(txn, &series, at(when), point, n),
                     CXM_OK);

    series.segment = SEGMENT;
    assert_int_equal(cxm_dict_assign(txn, SURVEY, SEGMENT,
                                     (cxm_str_t) { value == NULL ? 0
                                                   : strlen(value), value },
                                     &series.value), CXM_OK);
    assert_int_equal(cxm_counter_add(txn, &series, at(when), point, n),
                     CXM_OK);
    fixture_commit(txn);
}


static inline void
nps_question(void)
{
    memset(&query, 0, sizeof(query));
    query.metric = "nps";
    query.survey_id = cxm_str("demo");
    query.question_id = cxm_str("q");
    query.survey = SURVEY;
    query.question = QUESTION;
    query.max = 10;
    query.zone = cxm_zone_utc();
    query.variant = cxm_variant_find(CXM_METRIC_NPS, NULL);
}


static inline void
scale(cxm_metric_t metric, const char *variant, int min, int max)
{
    nps_question();
    query.metric = "x";
    query.min = min;
    query.max = max;
    query.variant = cxm_variant_find(metric, variant);
    assert_non_null(query.variant);
}


static inline void
range(const char *from, const char *to)
{
    query.has_from = from != NULL;
    query.has_to = to != NULL;
    query.from = from == NULL ? 0 : at(from);
    query.to = to == NULL ? 0 : at(to);
}


static inline json_t *
run(void)
{
    json_t     *out;
    cxm_txn_t  *txn;

    cxm_error_init(&err);
    txn = fixture_read(&f);

    if (cxm_score_run(txn, &query, &out, &err) != CXM_OK) {
        print_error("%s: %s\n", err.code, err.detail);
        fail();
    }

    cxm_txn_end(txn);

    return out;
}


static inline void
refused(const char *pointer, const char *code)
{
    json_t     *out;
    cxm_txn_t  *txn;

    cxm_error_init(&err);
    txn = fixture_read(&f);
    assert_int_equal(cxm_score_run(txn, &query, &out, &err), CXM_INVALID);
    assert_null(out);
    assert_string_equal(err.issues[0].pointer, pointer);
    assert_string_equal(err.issues[0].code, code);
    cxm_txn_end(txn);
}


static inline void
answered(json_t *json, const char *name, const char *expect, int line)
{
    json_t    *value;
    cxm_buf_t  buf;

    value = json_object_get(json, name);
    cxm_buf_init(&buf, 1 << 20);

    if (value == NULL) {
        cxm_buf_puts(&buf, "absent");

    } else {
        cxm_json_dump(&buf, value);
    }

    cxm_buf_putc(&buf, 0);

    if (strcmp((char *) buf.data, expect) != 0) {
        print_error("line %d: %s is %s, not %s\n", line, name, buf.data,
                    expect);
        fail();
    }

    cxm_buf_free(&buf);
}

#define has(json, name, expect)  answered(json, name, expect, __LINE__)


static inline void
near(json_t *json, const char *name, double expect, int line)
{
    double  v;

    v = json_number_value(json_object_get(json, name));

    if (!json_is_number(json_object_get(json, name))
        || fabs(v - expect) > 0.005 + 1e-9)
    {
        print_error("line %d: %s is %f, not %f\n", line, name, v, expect);
        fail();
    }
}

#define is(json, name, expect)  near(json, name, expect, __LINE__)


static inline int
start(void **state)
{
    (void) state;

    fixture_open(&f, &cxm_flow);

    return 0;
}


static inline int
end(void **state)
{
    (void) state;

    fixture_close(&f);

    return 0;
}


#define test(name)  cmocka_unit_test_setup_teardown(name, start, end)


#endif /* SCORE_FIXTURE_H */
