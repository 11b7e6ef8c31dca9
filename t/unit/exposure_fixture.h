/*
 * Surveys that ask, for their units: exposures at any time of a store.
 */

#ifndef EXPOSURE_FIXTURE_H
#define EXPOSURE_FIXTURE_H

#include "survey_fixture.h"

#include "cxm_due.h"
#include "cxm_exposure_row.h"


#define ID1  "0190a000-0000-7000-8000-000000000001"
#define ID2  "0190a000-0000-7000-8000-000000000002"

#define ANN       "{\"respondent\":{\"customer_id\":\"ann\"}}"
#define BOB       "{\"respondent\":{\"email\":\"bob@example.org\"}}"
#define VISITOR   "{\"respondent\":{\"visitor\":\"v1\"}}"
#define DAYS(n)   ((n) * CXM_MS_DAY)

static cxm_caller_t  server;


static inline int
open_asking(void **state)
{
    (void) survey_open(state);

    memset(&server, 0, sizeof(server));
    server.principal.scopes = CXM_SCOPE_INGEST;
    must_put("plain", LIVE(Q_NPS, ""));

    return 0;
}


static inline cxm_txn_t *
write_at(cxm_ms_t at)
{
    cxm_txn_t  *txn;

    cxm_error_init(&err);
    assert_int_equal(cxm_txn_write(f.store, FIXTURE_DAY + at, &txn, &err),
                     CXM_OK);

    return txn;
}


static inline cxm_rc_t
try_expose(const cxm_caller_t *caller, const char *slug, const char *text,
    cxm_ms_t at, cxm_exposure_result_t *result)
{
    json_t              *input;
    uint8_t              fingerprint[CXM_HASH_LEN];
    cxm_rc_t             rc;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    input = parsed(text);
    cxm_keyed_hash(&cxm_store_keyring(f.store)->k[CXM_SUBKEY_FINGERPRINT],
                   cxm_strz(text), cxm_str(""), cxm_str(""), fingerprint,
                   sizeof(fingerprint));

    txn = write_at(at);
    rc = cxm_field_check(&cxm_exposure_fields, input, "", &err);

    if (rc == CXM_OK) {
        rc = cxm_survey_by_slug(txn, cxm_strz(slug), &survey, &err);
    }

    if (rc == CXM_OK) {
        rc = cxm_exposure_add(txn, caller, survey, input, fingerprint, result,
                              &err);
    }

    if (rc == CXM_OK) {
        fixture_commit(txn);
    } else {
        cxm_txn_end(txn);
    }

    json_decref(input);

    return rc;
}


static inline cxm_exposure_result_t
expose(const cxm_caller_t *caller, const char *slug, const char *text,
    cxm_ms_t at)
{
    cxm_exposure_result_t  result;

    if (try_expose(caller, slug, text, at, &result) != CXM_OK) {
        print_error("%s: %s %s %s\n", text, err.code, err.detail, pointer());
        fail();
    }

    return result;
}


static inline const char *
asked(const cxm_caller_t *caller, const char *slug, const char *text,
    cxm_ms_t at)
{
    return cxm_exposure_outcomes[expose(caller, slug, text, at).outcome];
}


static inline void
run_due(cxm_ms_t at, unsigned expect)
{
    unsigned    ran;
    cxm_txn_t  *txn;

    txn = write_at(at);
    assert_int_equal(cxm_due_run(txn, FIXTURE_DAY + at, 1000, &ran, &err),
                     CXM_OK);
    assert_int_equal(ran, expect);
    fixture_commit(txn);
}


static inline cxm_quota_t
quota(const char *slug)
{
    cxm_txn_t           *txn;
    cxm_quota_t          out;
    const cxm_survey_t  *survey;

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_strz(slug), &survey, NULL),
                     CXM_OK);
    assert_int_equal(cxm_quota_get(txn, survey->doc.no, &out), CXM_OK);
    cxm_txn_end(txn);

    return out;
}


#endif /* EXPOSURE_FIXTURE_H */
