/*
 * Notices: queued once, cancelled, expired, gone with the person, rendered;
 * and the rows are nothing but the journal's memory.
 */

#include "tables_fixture.h"

#include "cxm_customer.h"
#include "cxm_due.h"
#include "cxm_erasure.h"
#include "cxm_flow.h"
#include "cxm_json.h"
#include "cxm_notice.h"
#include "cxm_person.h"
#include "cxm_verify.h"


static fixture_t     f;
static cxm_error_t   err;
static cxm_caller_t  staff;


static int
open_store(void **state)
{
    (void) state;

    fixture_open(&f, &cxm_flow);
    cxm_caller_system(&staff);
    cxm_error_init(&err);
    assert_int_equal(cxm_person_reserve(f.store, &err), CXM_OK);

    return 0;
}


static int
close_store(void **state)
{
    (void) state;

    fixture_close(&f);

    return 0;
}


static void
verify(void)
{
    char               scratch[96];
    cxm_verify_t       found;
    cxm_verify_opts_t  opts = { 0 };

    cxm_error_init(&err);
    snprintf(scratch, sizeof(scratch), "%s/scratch", f.root);
    opts.scratch = scratch;

    if (cxm_verify(f.store, &opts, &found, &err) != CXM_OK) {
        fail_msg("verify: %s %s", found.finding, err.detail);
    }
}


/* --- short hands -------------------------------------------------------- */

static cxm_rc_t
queue(cxm_txn_t *txn, const char *template, const char *fields,
    cxm_notice_t notice)
{
    json_t    *given;
    cxm_rc_t   rc;

    given = json_loads(fields, 0, NULL);
    assert_non_null(given);
    notice.template = template;
    notice.fields = given;

    if (notice.recipient.data == NULL) {
        notice.recipient = cxm_str("ann@example.org");
    }

    if (notice.base.data == NULL) {
        notice.base = cxm_str("https://a.example:8443");
    }

    cxm_error_init(&err);
    rc = cxm_notice_queue(txn, &notice, &err);
    json_decref(given);

    return rc;
}


static int
keep_last(void *ctx, const cxm_doc_t *doc)
{
    cxm_doc_t  *last = ctx;

    *last = *doc;
    json_incref(last->body);
    json_incref(last->personal);

    return 1;
}


static void
newest(cxm_txn_t *txn, cxm_doc_t *doc)
{
    memset(doc, 0, sizeof(*doc));
    assert_int_equal(cxm_record_list(txn, &cxm_record_message, NULL,
                                     UINT64_MAX, 1, keep_last, doc, &err),
                     CXM_OK);
    assert_int_not_equal(doc->no, 0);
}


static void
waits(uint64_t n, cxm_ms_t oldest)
{
    cxm_txn_t          *txn;
    cxm_notice_wait_t   wait;

    txn = fixture_read(&f);
    assert_int_equal(cxm_notice_wait(txn, &wait), CXM_OK);
    cxm_txn_end(txn);
    assert_int_equal(wait.queued, n);
    assert_int_equal(wait.oldest, oldest);
}


static void
has(const char *status, const char *reason)
{
    cxm_doc_t   doc;
    cxm_txn_t  *txn;

    txn = fixture_read(&f);
    newest(txn, &doc);
    assert_true(cxm_str_eqz(cxm_json_get_str(doc.body, "status"), status));
    assert_true(reason == NULL
                ? json_object_get(doc.body, "reason") == NULL
                : cxm_str_eqz(cxm_json_get_str(doc.body, "reason"), reason));
    assert_int_equal(json_object_get(doc.body, "ended_at") != NULL,
                     strcmp(status, "queued") != 0);
    cxm_doc_clear(&doc);
    cxm_txn_end(txn);
}


static unsigned
run_due(cxm_ms_t now)
{
    unsigned    ran;
    cxm_txn_t  *txn;

    assert_int_equal(cxm_txn_write(f.store, now, &txn, &err), CXM_OK);
    assert_int_equal(cxm_due_run(txn, now, 100, &ran, &err), CXM_OK);
    fixture_commit(txn);

    return ran;
}


/* --- the queue ---------------------------------------------------------- */

static void
once(void **state)
{
    cxm_doc_t    doc;
    cxm_txn_t   *txn;
    cxm_uuid_t   id;

    (void) state;

    waits(0, 0);
    txn = fixture_write(&f);
    assert_int_equal(queue(txn, "taken", "{}",
                           (cxm_notice_t) { .key = cxm_str("a") }), CXM_OK);
    assert_int_equal(queue(txn, "taken", "{}",
                           (cxm_notice_t) { .key = cxm_str("a") }), CXM_OK);
    assert_int_equal(queue(txn, "verify", "{\"link\":\"/v\"}",
                           (cxm_notice_t) { .key = cxm_str("a") }), CXM_OK);
    fixture_commit(txn);
    waits(1, FIXTURE_DAY);

    /* in another transaction, much later and once it was cancelled */

    txn = fixture_write(&f);
    newest(txn, &doc);
    assert_null(json_object_get(doc.body, "recipient"));
    id = doc.id;
    cxm_doc_clear(&doc);
    assert_int_equal(cxm_notice_cancel(txn, &staff, &id, CXM_VERSION_ANY,
                                       &doc, &err), CXM_OK);
    cxm_doc_clear(&doc);
    fixture_commit(txn);
    waits(0, 0);

    assert_int_equal(cxm_txn_write(f.store, FIXTURE_DAY + 90 * CXM_MS_DAY,
                                   &txn, &err), CXM_OK);
    assert_int_equal(queue(txn, "taken", "{}",
                           (cxm_notice_t) { .key = cxm_str("a") }), CXM_OK);
    fixture_commit(txn);
    waits(0, 0);

    /* keys differ in case, and what has none is always another */

    txn = fixture_write(&f);
    assert_int_equal(queue(txn, "taken", "{}",
                           (cxm_notice_t) { .key = cxm_str("A") }), CXM_OK);
    assert_int_equal(queue(txn, "taken", "{}", (cxm_notice_t) { 0 }), CXM_OK);
    assert_int_equal(queue(txn, "taken", "{}", (cxm_notice_t) { 0 }), CXM_OK);
    fixture_commit(txn);
    waits(3, FIXTURE_DAY);
    verify();
}


static void
refused(void **state)
{
    cxm_txn_t  *txn;

    (void) state;

    txn = fixture_write(&f);
    assert_int_equal(queue(txn, "none", "{}", (cxm_notice_t) { 0 }),
                     CXM_INTERNAL);
    assert_int_equal(queue(txn, "taken", "{}",
                           (cxm_notice_t) { .channel = cxm_str("fax") }),
                     CXM_INTERNAL);
    assert_int_equal(queue(txn, "taken", "{}",
        (cxm_notice_t) { .recipient = cxm_str("a@b\r\nBcc: c@d") }),
        CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/recipient");
    assert_int_equal(queue(txn, "taken", "{}",
        (cxm_notice_t) { .base = cxm_str("javascript:") }), CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/base");
    assert_int_equal(queue(txn, "verify", "{}", (cxm_notice_t) { 0 }),
                     CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/fields/link");
    assert_false(cxm_txn_dirty(txn));
    cxm_txn_end(txn);
}


static void
ends(void **state)
{
    cxm_doc_t     doc;
    cxm_txn_t    *txn;
    cxm_uuid_t    id, none = { { 1 } };

    (void) state;

    txn = fixture_write(&f);
    assert_int_equal(queue(txn, "taken", "{}",
        (cxm_notice_t) { .expires_at = FIXTURE_DAY + 1000 }), CXM_OK);
    newest(txn, &doc);
    id = doc.id;
    cxm_doc_clear(&doc);
    fixture_commit(txn);

    assert_int_equal(run_due(FIXTURE_DAY + 999), 0);
    has("queued", NULL);
    assert_int_equal(run_due(FIXTURE_DAY + 1000), 1);
    has("expired", NULL);
    waits(0, 0);
    assert_int_equal(run_due(FIXTURE_DAY + 9000), 0);

    txn = fixture_write(&f);
    assert_int_equal(cxm_notice_cancel(txn, &staff, &id, CXM_VERSION_ANY,
                                       &doc, &err), CXM_CONFLICT);
    assert_string_equal(err.code, "not_queued");
    assert_int_equal(cxm_notice_cancel(txn, &staff, &none, CXM_VERSION_ANY,
                                       &doc, &err), CXM_NOT_FOUND);

    /* without a time of its own it waits for a week */

    assert_int_equal(queue(txn, "taken", "{}", (cxm_notice_t) { 0 }), CXM_OK);
    newest(txn, &doc);
    id = doc.id;
    cxm_doc_clear(&doc);
    assert_int_equal(cxm_notice_cancel(txn, &staff, &id, 2, &doc, &err),
                     CXM_PRECONDITION);
    cxm_error_init(&err);
    assert_int_equal(cxm_notice_cancel(txn, &staff, &id, 1, &doc, &err),
                     CXM_OK);
    cxm_doc_clear(&doc);
    fixture_commit(txn);
    has("cancelled", "by_staff");
    assert_int_equal(run_due(FIXTURE_DAY + 30 * CXM_MS_DAY), 0);
    verify();
}


/* --- erasure ------------------------------------------------------------ */

static uint64_t
erase_begin(uint64_t slot)
{
    int                begun;
    uint64_t           no;
    cxm_doc_t          doc;
    cxm_txn_t         *txn;
    cxm_erasure_of_t   of = { .slot = slot };

    txn = fixture_write(&f);
    assert_int_equal(cxm_erasure_begin(txn, &staff, &of, &doc, &begun, &err),
                     CXM_OK);
    no = doc.no;
    cxm_doc_clear(&doc);
    fixture_commit(txn);

    return no;
}


static void
gone(void **state)
{
    uint64_t             slot, no;
    cxm_doc_t            doc;
    cxm_txn_t           *txn;
    cxm_gone_t           kept;
    cxm_notice_mail_t    mail;

    (void) state;

    txn = fixture_write(&f);
    assert_int_equal(cxm_person_take(txn, &slot), CXM_OK);
    assert_int_equal(queue(txn, "reset", "{\"link\":\"/r\",\"name\":\"Ann\"}",
        (cxm_notice_t) { .subject = slot, .key = cxm_str("a"),
                         .expires_at = FIXTURE_DAY + 1000 }), CXM_OK);
    fixture_commit(txn);
    assert_int_equal(run_due(FIXTURE_DAY + 1000), 1);

    txn = fixture_write(&f);
    assert_int_equal(queue(txn, "reset", "{\"link\":\"/r\",\"name\":\"Ann\"}",
        (cxm_notice_t) { .subject = slot, .key = cxm_str("b") }), CXM_OK);
    newest(txn, &doc);
    assert_int_equal(doc.subject, slot);
    cxm_doc_clear(&doc);
    fixture_commit(txn);
    waits(1, FIXTURE_DAY + 1000);

    /* cancelled as soon as it has begun, while the key is still there */

    no = erase_begin(slot);
    verify();
    assert_int_equal(run_due(FIXTURE_DAY + 1000), 1);
    has("cancelled", "person_erased");
    waits(0, 0);

    txn = fixture_write(&f);
    assert_int_equal(cxm_erasure_finish(txn, no, &doc, &err), CXM_OK);
    cxm_doc_clear(&doc);
    assert_int_equal(cxm_person_gone(txn, slot, &kept), CXM_OK);
    assert_int_equal(kept.kept[CXM_KIND_MESSAGE], 2);
    newest(txn, &doc);
    assert_true(doc.erased);
    assert_null(doc.personal);
    assert_int_equal(cxm_notice_render(txn, &doc, NULL, &mail, &err),
                     CXM_CONFLICT);
    cxm_notice_mail_free(&mail);
    cxm_doc_clear(&doc);

    /* nobody is told any more, and that is no failure */

    assert_int_equal(queue(txn, "reset", "{\"link\":\"/r\"}",
        (cxm_notice_t) { .subject = slot, .key = cxm_str("c") }), CXM_OK);
    fixture_commit(txn);
    waits(0, 0);
    verify();
}


/* --- timelines ---------------------------------------------------------- */

/* A customer of a message to its own slot, and of one to a linked slot. */
static void
timeline(void **state)
{
    int                  created, personal;
    json_t              *input, *items;
    uint64_t             slot;
    cxm_place_t          next;
    unsigned             i;
    cxm_doc_t            customer;
    cxm_txn_t           *txn;
    cxm_timeline_t       read;
    cxm_record_write_t   write;

    static const cxm_timeline_kind_t *const  kinds[] = {
        &cxm_timeline_message, NULL
    };

    static const struct {
        int          may;
        unsigned     limit;
        const char  *expect[2];         /* templates, newest first */
    } cases[] = {
        { 1, 9, { "reset", "taken" } },
        { 0, 9, { "reset", "taken" } },
        { 0, 1, { "reset", NULL } }
    };

    (void) state;

    txn = fixture_write(&f);
    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_customer;
    write.caller = &staff;
    write.if_match = CXM_VERSION_ANY;
    write.err = &err;
    input = json_object();
    assert_int_equal(cxm_record_put(&write, input, &customer, &created),
                     CXM_OK);
    json_decref(input);

    assert_int_equal(cxm_person_take(txn, &slot), CXM_OK);
    assert_int_equal(cxm_person_apply(txn, slot, 0, NULL), CXM_OK);
    assert_int_equal(cxm_person_link(txn, slot, customer.subject), CXM_OK);
    assert_int_equal(queue(txn, "taken", "{}",
                           (cxm_notice_t) { .subject = slot }), CXM_OK);
    assert_int_equal(queue(txn, "verify", "{\"link\":\"/v\"}",
                           (cxm_notice_t) { 0 }), CXM_OK);
    assert_int_equal(queue(txn, "reset", "{\"link\":\"/r\"}",
        (cxm_notice_t) { .subject = customer.subject }), CXM_OK);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        personal = 0;
        read = (cxm_timeline_t) {
            .txn = txn, .customer = &customer, .caller = &staff,
            .may_personal = cases[i].may, .personal = &personal,
            .from = CXM_MS_MIN, .to = CXM_MS_MAX,
            .before = { UINT64_MAX, 0 }, .limit = cases[i].limit,
            .err = &err
        };

        assert_int_equal(cxm_timeline_read(&read, kinds, &items, &next),
                         CXM_OK);
        assert_int_equal(personal, cases[i].may);
        assert_int_equal(next.no != 0, cases[i].expect[1] == NULL);
        assert_int_equal(json_array_size(items),
                         cases[i].expect[1] == NULL ? 1 : 2);

        for (created = 0; created < (int) json_array_size(items); created++) {
            input = json_object_get(json_array_get(items, (size_t) created),
                                    "data");
            assert_true(cxm_str_eqz(cxm_json_get_str(input, "template"),
                                    cases[i].expect[created]));
            assert_int_equal(json_object_get(input, "recipient") != NULL,
                             cases[i].may);
        }

        json_decref(items);
    }

    cxm_doc_clear(&customer);
    cxm_txn_end(txn);
}


/* --- as it goes out ----------------------------------------------------- */

static cxm_rc_t
secret(cxm_txn_t *txn, const cxm_uuid_t *token, cxm_buf_t *out)
{
    (void) txn;

    if (token->b[0] != 7) {
        return CXM_NOT_FOUND;
    }

    cxm_buf_puts(out, "s3cret");

    return CXM_OK;
}


static int
holds(const cxm_buf_t *buf, const char *part)
{
    return memmem(buf->data, buf->len, part, strlen(part)) != NULL;
}


static void
rendered(void **state)
{
    cxm_doc_t            doc;
    cxm_txn_t           *txn;
    cxm_uuid_t           token = { { 7 } }, used = { { 8 } };
    cxm_notice_mail_t    mail;

    (void) state;

    txn = fixture_write(&f);
    assert_int_equal(queue(txn, "reset",
        "{\"link\":\"/r\",\"name\":\"Ann\"}",
        (cxm_notice_t) { .token = &token, .language = cxm_str("de-AT"),
                         .expires_at = FIXTURE_DAY + 10 * CXM_MS_MINUTE }),
        CXM_OK);
    newest(txn, &doc);
    assert_int_equal(cxm_notice_render(txn, &doc, secret, &mail, &err),
                     CXM_OK);
    assert_string_equal(mail.language, "de");
    assert_true(holds(&mail.to, "ann@example.org"));
    assert_true(holds(&mail.subject, "Ein neues Passwort für "
                                     "a.example:8443"));
    assert_true(holds(&mail.text, "Guten Tag Ann,"));
    assert_true(holds(&mail.text, " 10 Minuten "));
    assert_true(holds(&mail.text, "\nhttps://a.example:8443/r#token=s3cret\n"));
    assert_int_equal(mail.html.len, 0);
    cxm_notice_mail_free(&mail);

    assert_int_equal(cxm_notice_render(txn, &doc, NULL, &mail, &err), CXM_OK);
    assert_true(holds(&mail.text, "/r#token=...\n"));
    cxm_notice_mail_free(&mail);
    cxm_doc_clear(&doc);

    /* what is not given, and a link that has a fragment already */

    assert_int_equal(queue(txn, "password-changed", "{}",
                           (cxm_notice_t) { .language = cxm_str("fr") }),
                     CXM_OK);
    newest(txn, &doc);
    assert_int_equal(cxm_notice_render(txn, &doc, secret, &mail, &err),
                     CXM_OK);
    assert_string_equal(mail.language, "en");
    assert_true(holds(&mail.text, "Hello ann@example.org,"));
    assert_true(holds(&mail.text, "When: 2026-11-22 00:00 UTC\n"));
    assert_true(holds(&mail.text, "Device: –\n"));
    assert_true(holds(&mail.text, "\nhttps://a.example:8443/\n"));
    cxm_notice_mail_free(&mail);
    cxm_doc_clear(&doc);

    assert_int_equal(queue(txn, "verify",
                           "{\"link\":\"https://b.example/#/v\"}",
                           (cxm_notice_t) { .token = &token }), CXM_OK);
    newest(txn, &doc);
    assert_int_equal(cxm_notice_render(txn, &doc, secret, &mail, &err),
                     CXM_OK);
    assert_true(holds(&mail.text, "\nhttps://b.example/#/v&token=s3cret\n"));
    assert_true(holds(&mail.text, " 168 hours"));
    cxm_notice_mail_free(&mail);
    cxm_doc_clear(&doc);

    assert_int_equal(queue(txn, "verify", "{\"link\":\"/v\"}",
                           (cxm_notice_t) { .token = &used }), CXM_OK);
    newest(txn, &doc);
    assert_int_equal(cxm_notice_render(txn, &doc, secret, &mail, &err),
                     CXM_NOT_FOUND);
    assert_string_equal(err.code, "token_used");
    cxm_notice_mail_free(&mail);
    cxm_doc_clear(&doc);
    cxm_txn_end(txn);
}


#define test(name)                                                            \
    cmocka_unit_test_setup_teardown(name, open_store, close_store)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(once),
        test(refused),
        test(ends),
        test(gone),
        test(timeline),
        test(rendered)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
