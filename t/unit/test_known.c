/*
 * Customers of the site's tokens: whom claims lead to, when a record is made,
 * and what is said further of them.
 */

#include "survey_fixture.h"

#include "cxm_customer.h"
#include "cxm_known.h"
#include "cxm_person_score.h"


static cxm_customer_claims_t  claims;
static cxm_caller_t           signed_in;
static cxm_known_t            known;


static int
open_known(void **state)
{
    (void) survey_open(state);
    must_put("shop", LIVE(Q_NPS "," Q_WHY, ""));
    must_put("care", LIVE("{\"id\":\"ok\",\"type\":\"csat\","
                          "\"text\":{\"en\":\"O?\"}}", ""));
    memset(&claims, 0, sizeof(claims));
    memset(&signed_in, 0, sizeof(signed_in));
    signed_in.claims = &claims;

    return 0;
}


static void
claim(const char *sub, const char *email, const char *name)
{
    (void) snprintf(claims.sub, sizeof(claims.sub), "%s", sub);
    (void) snprintf(claims.email, sizeof(claims.email), "%s", email);
    (void) snprintf(claims.name, sizeof(claims.name), "%s", name);
    signed_in.who = CXM_PERSON_EXTERNAL_ID;
    signed_in.who_name = cxm_strz(claims.sub);
}


/* Number of the record of the claims, which is made if there is none. */
static uint64_t
record(void)
{
    uint64_t    no;
    cxm_txn_t  *txn;

    cxm_error_init(&err);
    txn = fixture_write(&f);
    assert_int_equal(cxm_customer_for_claims(txn, &signed_in, &no, &err),
                     CXM_OK);
    assert_int_equal(err.rc, CXM_OK);
    fixture_commit(txn);

    return no;
}


static uint64_t
found(void)
{
    uint64_t    no;
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    txn = fixture_read(&f);
    rc = cxm_customer_of_claims(txn, &claims, &no);
    cxm_txn_end(txn);
    assert_true(rc == CXM_OK || rc == CXM_NOT_FOUND);

    return rc == CXM_OK ? no : 0;
}


/* "email a@b!,..." of a record; ! where it is verified. */
static const char *
identifiers(uint64_t no)
{
    size_t        i;
    json_t       *list;
    cxm_doc_t     doc;
    cxm_txn_t    *txn;
    cxm_buf_t     buf;
    static char   text[1000];

    txn = fixture_read(&f);
    assert_int_equal(cxm_doc_get(txn, CXM_KIND_CUSTOMER, no, &doc, &err),
                     CXM_OK);
    cxm_buf_init(&buf, sizeof(text));
    list = json_object_get(doc.personal, "identifiers");

    for (i = 0; i < json_array_size(list); i++) {
        cxm_buf_printf(&buf, "%s%s %s%s", i > 0 ? "," : "",
                       json_string_value(json_object_get(
                           json_array_get(list, i), "type")),
                       json_string_value(json_object_get(
                           json_array_get(list, i), "value")),
                       cxm_json_get_bool(json_array_get(list, i), "verified",
                                         0) ? "!" : "");
    }

    cxm_buf_putc(&buf, '\0');
    (void) snprintf(text, sizeof(text), "%s", (const char *) buf.data);
    cxm_buf_free(&buf);
    cxm_doc_clear(&doc);
    cxm_txn_end(txn);

    return text;
}


/* One whom staff have entered, with an address. */
static void
entered(const char *email)
{
    int                  created;
    json_t              *input;
    cxm_doc_t            doc;
    cxm_txn_t           *txn;
    cxm_record_write_t   write;

    input = json_pack("{s[{ssss}]}", "identifiers", "type", "email", "value",
                      email);
    txn = fixture_write(&f);
    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_customer;
    write.caller = &staff;
    write.if_match = CXM_VERSION_ANY;
    write.err = &err;
    assert_int_equal(cxm_record_put(&write, input, &doc, &created), CXM_OK);
    cxm_doc_clear(&doc);
    json_decref(input);
    fixture_commit(txn);
}


static const cxm_known_t *
read_known(const cxm_customer_claims_t *of)
{
    cxm_request_t  request;

    memset(&request, 0, sizeof(request));
    request.claims = of;
    cxm_error_init(&err);
    assert_int_equal(cxm_known_read(f.store, &request, &known, &err), CXM_OK);

    return &known;
}


/* --- records ------------------------------------------------------------ */

static void
made_once(void **state)
{
    uint64_t  no;

    (void) state;

    claim("4711", "ann@example.org", "Ann");
    assert_int_equal(found(), 0);
    no = record();
    assert_int_not_equal(no, 0);
    assert_int_equal(record(), no);
    assert_int_equal(found(), no);
    assert_string_equal(identifiers(no),
                        "external_id 4711!,email ann@example.org!");

    /* without the address, and by another one */

    claim("4711", "", "");
    assert_int_equal(record(), no);
    claim("4711", "Ann@Other.example", "");
    assert_int_equal(record(), no);
    assert_string_equal(identifiers(no),
                        "external_id 4711!,email ann@example.org!,"
                        "email Ann@Other.example!");
}


static void
found_by_address(void **state)
{
    uint64_t  no;

    (void) state;

    entered("bea@example.org");
    claim("12", "", "");
    assert_int_equal(found(), 0);
    claim("12", "BEA@example.org", "");
    no = found();
    assert_int_not_equal(no, 0);
    assert_int_equal(record(), no);
    claim("12", "", "");
    assert_int_equal(found(), no);
}


static void
nothing_is_taken(void **state)
{
    uint64_t  ann;

    (void) state;

    entered("bea@example.org");
    claim("4711", "", "");
    ann = record();
    claim("4711", "bea@example.org", "");
    assert_int_equal(record(), ann);
    assert_string_equal(identifiers(ann), "external_id 4711!");
}


/* --- what is said ------------------------------------------------------- */

static void
nobody_needs_no_store(void **state)
{
    cxm_request_t  request;

    (void) state;

    memset(&request, 0, sizeof(request));
    cxm_error_init(&err);
    assert_int_equal(cxm_known_read(NULL, &request, &known, &err), CXM_OK);
    assert_string_equal(known.id, "");

    claim("4711", "", "");
    request.claims = &claims;
    assert_int_equal(cxm_known_read(NULL, &request, &known, &err),
                     CXM_UNAVAILABLE);
    assert_string_equal(known.id, "");
}


static void
last_score(void **state)
{
    unsigned  i;

    (void) state;

    claim("4711", "", "");
    assert_string_equal(read_known(&claims)->nps, "");

    /* also before there is a record */

    (void) must_answer_as(&signed_in, "shop", "{\"answers\":{\"nps\":10}}");
    assert_string_equal(read_known(&claims)->nps, "10");
    assert_string_equal(known.id, "");
    assert_int_not_equal(record(), 0);
    assert_string_equal(read_known(&claims)->nps, "10");
    assert_int_equal(strlen(known.id), CXM_UUID_LEN);

    (void) must_answer_as(&signed_in, "shop", "{\"answers\":{\"nps\":0}}");
    (void) must_answer_as(&signed_in, "shop", "{\"answers\":{\"why\":\"x\"}}");
    assert_string_equal(read_known(&claims)->nps, "0");

    /* as far back as the score is read */

    for (i = 0; i < CXM_PERSON_LOOKED - 2; i++) {
        (void) must_answer_as(&signed_in, "care", "{\"answers\":{\"ok\":3}}");
    }

    assert_string_equal(read_known(&claims)->nps, "0");
    (void) must_answer_as(&signed_in, "care", "{\"answers\":{\"ok\":3}}");
    assert_string_equal(read_known(&claims)->nps, "");

    /* nor is it anybody else's */

    claim("4712", "", "");
    assert_string_equal(read_known(&claims)->nps, "");
}


/* --- whose answers are -------------------------------------------------- */

static void
respondent(void **state)
{
    json_t      *shown;
    cxm_uuid_t   id;

    (void) state;

    claim("4711", "", "");
    id = must_answer_as(&signed_in, "shop",
                        "{\"answers\":{\"nps\":9},\"agent\":\"Bob\","
                        "\"respondent\":{\"email\":\"bea@example.org\"}}");
    shown = response(&staff, &id);
    assert_string_equal(member(shown, "respondent"),
                        "{\"external_id\":\"4711\"}");
    assert_string_equal(member(shown, "claimed"),
                        "{\"respondent\":{\"email\":\"bea@example.org\"}}");
    json_decref(shown);
}


int
main(void)
{
#define knowing(name)                                                         \
    cmocka_unit_test_setup_teardown(name, open_known, survey_close)

    const struct CMUnitTest  tests[] = {
        knowing(made_once),
        knowing(found_by_address),
        knowing(nothing_is_taken),
        knowing(nobody_needs_no_store),
        knowing(last_score),
        knowing(respondent)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
