/*
 * Links and tickets: what they say comes back, and nothing else is taken.
 */

#include "exposure_fixture.h"

#include "cxm_link.h"
#include "cxm_ticket.h"


#define ANN_BY(more)  "{\"respondent\":{\"email\":\"ann@example.org\"}" more "}"

static cxm_buf_t  made;


static int
open_links(void **state)
{
    (void) open_asking(state);
    must_put("other", LIVE(Q_NPS, ""));
    cxm_buf_init(&made, CXM_LINK_TEXT);

    return 0;
}


static int
close_links(void **state)
{
    cxm_buf_free(&made);

    return survey_close(state);
}


static const cxm_survey_t *
survey_of(cxm_txn_t *txn, const char *slug)
{
    const cxm_survey_t  *survey;

    assert_int_equal(cxm_survey_by_slug(txn, cxm_strz(slug), &survey, NULL),
                     CXM_OK);

    return survey;
}


/* Into `made`; in a transaction that stays without a change. */
static cxm_rc_t
try_make(const char *slug, const char *text, cxm_ms_t *expires_at)
{
    json_t     *input;
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    input = parsed(text);
    cxm_buf_reset(&made);
    rc = cxm_field_check(&cxm_link_fields, input, "", &err);
    txn = fixture_write(&f);

    if (rc == CXM_OK) {
        rc = cxm_link_make(txn, survey_of(txn, slug), input, &made,
                           expires_at, &err);
    }

    assert_false(cxm_txn_dirty(txn));
    cxm_txn_end(txn);
    json_decref(input);

    return rc;
}


static cxm_ms_t
make(const char *slug, const char *text)
{
    cxm_ms_t  expires_at;

    if (try_make(slug, text, &expires_at) != CXM_OK) {
        print_error("%s: %s %s\n", text, pointer(), code());
        fail();
    }

    return expires_at;
}


static cxm_rc_t
open_link(const char *slug, cxm_str_t text, cxm_invitation_t *out)
{
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    cxm_error_init(&err);
    txn = fixture_read(&f);
    rc = cxm_link_open(txn, survey_of(txn, slug), text, out, &err);
    cxm_txn_end(txn);

    return rc;
}


static void
comes_back(void **state)
{
    size_t            i;
    cxm_ms_t          expires_at;
    cxm_uuid_t        first;
    cxm_invitation_t  link;

    (void) state;

    expires_at = make("plain", ANN_BY(",\"channel\":\"email\",\"touchpoint\":"
                      "\"buy\",\"interaction_id\":\"o-1\",\"agent\":\"Bo\","
                      "\"expires_in\":60"));
    assert_int_equal(expires_at, FIXTURE_DAY + CXM_MS_MINUTE);

    for (i = 0; i < made.len; i++) {
        assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
                               "mnopqrstuvwxyz0123456789-_", made.data[i]));
    }

    assert_int_equal(open_link("plain", cxm_buf_str(&made), &link), CXM_OK);
    assert_string_equal(text_of(link.said),
                        "{\"respondent\":{\"email\":\"ann@example.org\"},"
                        "\"channel\":\"email\",\"touchpoint\":\"buy\","
                        "\"interaction_id\":\"o-1\",\"agent\":\"Bo\"}");
    assert_int_equal(link.expires_at, expires_at);
    assert_null(link.asked);
    assert_int_equal(cxm_invitation_exposure(&link), 0);
    first = link.id;
    cxm_invitation_clear(&link);

    /* another one for the same person has another answer */

    expires_at = make("plain", ANN_BY(""));
    assert_int_equal(expires_at, FIXTURE_DAY + 30 * CXM_MS_DAY);
    assert_int_equal(open_link("plain", cxm_buf_str(&made), &link), CXM_OK);
    assert_string_equal(member(link.said, "channel"), "\"link\"");
    assert_memory_not_equal(&first, &link.id, sizeof(first));
    cxm_invitation_clear(&link);
}


static void
refusals(void **state)
{
    cxm_ms_t  expires_at;

    (void) state;

#define refused(text, at, why)                                                \
    do {                                                                      \
        assert_int_equal(try_make("plain", text, &expires_at), CXM_INVALID);  \
        assert_string_equal(pointer(), at);                                   \
        assert_string_equal(code(), why);                                     \
    } while (0)

    refused("{}", "/respondent", "required");
    refused("{\"respondent\":{}}", "/respondent", "invalid");
    refused("{\"respondent\":{\"visitor\":\"v\",\"email\":\"a@b.de\"}}",
            "/respondent", "invalid");
    refused(ANN_BY(",\"expires_in\":0"), "/expires_in", "out_of_range");
    refused(ANN_BY(",\"expires_in\":31536001"), "/expires_in",
            "out_of_range");
    refused(ANN_BY(",\"exposure\":\"AAAA\""), "/exposure", "invalid");
    refused(ANN_BY(",\"answers\":{}"), "/answers", "unknown_field");
}


/* Any other byte, survey or use makes it nothing. */
static void
sealed(void **state)
{
    char              c;
    size_t            i;
    cxm_buf_t         content;
    cxm_txn_t        *txn;
    cxm_invitation_t  link;

    (void) state;

    (void) make("plain", ANN_BY(""));
    assert_int_equal(open_link("other", cxm_buf_str(&made), &link),
                     CXM_NOT_FOUND);

    for (i = 0; i < made.len; i++) {
        c = (char) made.data[i];
        made.data[i] = c == 'A' ? 'Q' : 'A';
        assert_int_equal(open_link("plain", cxm_buf_str(&made), &link),
                         CXM_NOT_FOUND);
        cxm_invitation_clear(&link);
        made.data[i] = (uint8_t) c;
    }

    for (i = 0; i < made.len; i++) {
        assert_int_equal(open_link("plain", (cxm_str_t) {
            i, (const char *) made.data }, &link), CXM_NOT_FOUND);
    }

    txn = fixture_read(&f);
    assert_int_equal(cxm_ticket_open(f.store, "link",
                                     survey_of(txn, "plain")->doc.no,
                                     cxm_buf_str(&made), &content), CXM_OK);
    cxm_buf_free(&content);
    assert_int_equal(cxm_ticket_open(f.store, "exposure",
                                     survey_of(txn, "plain")->doc.no,
                                     cxm_buf_str(&made), &content),
                     CXM_NOT_FOUND);
    cxm_buf_free(&content);
    cxm_txn_end(txn);
}


/* The longest that the form allows fits. */
static void
longest(void **state)
{
    char              text[8192], part[1201];
    cxm_invitation_t  link;

    (void) state;

    /* U+1F600, four bytes a character */

    memset(part, 0, sizeof(part));

    while (strlen(part) + 4 < sizeof(part)) {
        strcat(part, "\xf0\x9f\x98\x80");
    }

    snprintf(text, sizeof(text), "{\"respondent\":{\"external_id\":\"%.800s\"}"
             ",\"touchpoint\":\"%.400s\",\"interaction_id\":\"%.800s\","
             "\"agent\":\"%.400s\"}", part, part, part, part);
    (void) make("plain", text);
    assert_int_equal(open_link("plain", cxm_buf_str(&made), &link), CXM_OK);
    assert_int_equal(json_string_length(json_object_get(link.said, "agent")),
                     400);
    cxm_invitation_clear(&link);
}


/* What the link says goes before what its exposure says. */
static void
of_an_exposure(void **state)
{
    char                   text[400];
    cxm_buf_t              token;
    cxm_txn_t             *txn;
    cxm_invitation_t       link;
    cxm_exposure_result_t  r;

    (void) state;

    r = expose(&server, "plain", "{\"respondent\":{\"customer_id\":\"ann\"},"
               "\"channel\":\"email\",\"agent\":\"Bo\"}", 0);
    txn = fixture_read(&f);
    cxm_buf_init(&token, 200);
    cxm_exposure_token(f.store, survey_of(txn, "plain"), r.no, &token);
    cxm_txn_end(txn);

    snprintf(text, sizeof(text), "{\"agent\":\"Cy\",\"exposure\":\"%.*s\"}",
             (int) token.len, (const char *) token.data);
    (void) make("plain", text);
    assert_int_equal(open_link("plain", cxm_buf_str(&made), &link), CXM_OK);
    assert_int_equal(cxm_invitation_exposure(&link), r.no);
    assert_string_equal(member(link.said, "agent"), "\"Cy\"");
    assert_string_equal(member(link.said, "channel"), "\"email\"");
    assert_string_equal(member(link.said, "respondent"),
                        "{\"customer_id\":\"ann\"}");
    cxm_invitation_clear(&link);
    cxm_buf_free(&token);

    /* nobody is known by an exposure that the public made */

    r = expose(&nobody, "plain", ANN, 0);
    txn = fixture_read(&f);
    cxm_buf_init(&token, 200);
    cxm_exposure_token(f.store, survey_of(txn, "plain"), r.no, &token);
    cxm_txn_end(txn);
    snprintf(text, sizeof(text), "{\"exposure\":\"%.*s\"}", (int) token.len,
             (const char *) token.data);
    cxm_buf_free(&token);
    assert_int_equal(try_make("plain", text, &(cxm_ms_t) { 0 }), CXM_INVALID);
    assert_string_equal(pointer(), "/respondent");
}


int
main(void)
{
#define linking(name)                                                         \
    cmocka_unit_test_setup_teardown(name, open_links, close_links)

    const struct CMUnitTest  tests[] = {
        linking(comes_back),
        linking(refusals),
        linking(sealed),
        linking(longest),
        linking(of_an_exposure)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
