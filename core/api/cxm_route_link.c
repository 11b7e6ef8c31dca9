/*
 * Personal links: made for staff, opened by the public as pages are.
 */

#include "cxm_link.h"
#include "cxm_query.h"
#include "cxm_response.h"
#include "cxm_route_page.h"
#include "cxm_routes.h"


#define CXM_LINK_URL  8192

static const cxm_field_t  made_fields[] = {
    { .name = "url", .type = CXM_FIELD_URL,
      .summary = "?score= chooses a score of the first scored question" },
    { .name = "expires_at", .type = CXM_FIELD_TIME },
    { .name = NULL }
};

static const cxm_fields_t  link_made = { "LinkMade", made_fields };


static cxm_rc_t
reply_link(cxm_call_t *call, const cxm_survey_t *survey, cxm_str_t link,
    cxm_ms_t expires_at)
{
    char        until[CXM_RFC3339_LEN + 1];
    json_t     *output;
    cxm_buf_t   url;

    cxm_rfc3339_format(expires_at, until);
    cxm_buf_init(&url, CXM_LINK_URL);
    cxm_buf_put(&url, call->base.data, call->base.len);
    cxm_query_encode(&url, call->surveys, 1);
    cxm_buf_put(&url, survey->slug.data, survey->slug.len);
    cxm_buf_puts(&url, "/l/");
    cxm_buf_put(&url, link.data, link.len);

    output = url.failed
             ? NULL
             : json_pack("{ss% ss}", "url", (const char *) url.data, url.len,
                         "expires_at", until);
    cxm_buf_free(&url);

    return cxm_call_reply(call, 201, output);
}


static cxm_rc_t
link_post_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_ms_t             expires_at;
    cxm_rc_t             rc;
    cxm_buf_t            link;
    const cxm_survey_t  *survey;

    rc = cxm_survey_by_slug(txn, call->params[0], &survey, &call->err);

    if (rc == CXM_OK && survey->status == CXM_SURVEY_CLOSED) {
        rc = cxm_survey_open(survey, &call->err);
    }

    if (rc == CXM_OK && call->surveys.len == 0) {
        rc = cxm_fail(&call->err, CXM_CONFLICT, "no_survey_pages",
                      "No location of this site has cxm_surveys.");
    }

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_buf_init(&link, CXM_LINK_TEXT);
    rc = cxm_link_make(txn, survey, call->input, &link, &expires_at,
                       &call->err);

    if (rc == CXM_OK) {
        rc = reply_link(call, survey, cxm_buf_str(&link), expires_at);
    }

    cxm_buf_free(&link);

    return rc;
}


const cxm_route_t  cxm_routes_link[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_POST,
      .path = "surveys/{slug}/links",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_LINK_MINT,
      .flags = CXM_ROUTE_SECRET,
      .input = &cxm_link_fields, .answers = CXM_201, .output = &link_made,
      .write = link_post_write,
      .summary = "Make a personal link to a survey" },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_GET,
      .path = CXM_LINK_PATH,
      .policy = CXM_PUBLIC,
      .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_OPEN,
      .query = cxm_survey_page_query, CXM_PAGE_ANSWERS,
      .read = cxm_survey_page_read, .problem_html = cxm_survey_problem_html,
      .summary = "A survey's page for one person; records nothing" },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = CXM_LINK_PATH,
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_FORM,
      .input = &cxm_response_fields, .answers = CXM_200 | CXM_201 | CXM_303,
      .output = &cxm_response_made,
      .prepare = cxm_call_join, .write = cxm_response_post_write,
      .problem_html = cxm_survey_problem_html,
      .summary = "Answer a survey by a personal link, once" },
    { .path = NULL }
};
