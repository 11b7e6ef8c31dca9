/*
 * Whether somebody is asked.
 */

#include "cxm_exposure.h"
#include "cxm_invitation.h"
#include "cxm_routes.h"


#define CXM_TOKEN_TEXT  200

static const cxm_field_t  decision_fields[] = {
    { .name = "ask", .type = CXM_FIELD_BOOL, .flags = CXM_FIELD_REQUIRED,
      .summary = "whether the survey is to be shown" },
    { .name = "token", .type = CXM_FIELD_STRING,
      .summary = "if it is: goes with the answer as `exposure`" },
    { .name = "reason", .type = CXM_FIELD_STRING,
      .summary = "if not: suppressed, quota, sampled_out or closed" },
    { .name = NULL }
};

static const cxm_fields_t  exposure_decision = {
    "ExposureDecision", decision_fields
};


static cxm_rc_t
reply_token(cxm_call_t *call, const cxm_survey_t *survey, uint64_t no)
{
    json_t     *output;
    cxm_buf_t   token;

    cxm_buf_init(&token, CXM_TOKEN_TEXT);
    cxm_exposure_token(call->store, survey, no, &token);

    output = token.failed
             ? NULL
             : json_pack("{sb ss%}", "ask", 1, "token",
                         (const char *) token.data, token.len);
    cxm_buf_free(&token);

    return cxm_call_reply(call, 200, output);
}


static cxm_rc_t
exposure_post_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t                rc;
    const cxm_survey_t     *survey;
    cxm_exposure_result_t   result;

    rc = cxm_survey_by_slug(txn, call->params[0], &survey, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_exposure_add(txn, &call->caller, survey, call->input,
                              call->fingerprint, &result, &call->err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    return result.outcome == CXM_EXPOSURE_ASKED
           ? reply_token(call, survey, result.no)
           : cxm_call_reply(call, 200,
                            json_pack("{sb ss}", "ask", 0, "reason",
                                      cxm_exposure_outcomes[result.outcome]));
}


const cxm_route_t  cxm_routes_exposure[] = {
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = "{survey}/exposures",
      .policy = CXM_PUBLIC,
      .input = &cxm_exposure_fields, .answers = CXM_200,
      .output = &exposure_decision,
      .write = exposure_post_write,
      .summary = "Decide whether to ask somebody, and count it" },
    { .path = NULL }
};
