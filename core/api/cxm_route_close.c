/*
 * Routes of leaving: all that is kept of who calls, and the end of the
 * account.
 *
 * What is given out is all that concerns the person (GDPR, article 15): the
 * record, choices and sessions, and every event of the timeline.  What staff
 * have noted is among it, since opinions about somebody are personal data of
 * theirs; who noted it is not, that is data of another.  Tasks are not: they
 * say what staff have to do.
 */

#include "cxm_account_call.h"
#include "cxm_cookie.h"
#include "cxm_erasure.h"
#include "cxm_json.h"
#include "cxm_merge.h"
#include "cxm_preference.h"
#include "cxm_routes.h"
#include "cxm_self.h"


#define CXM_DATA_EVENTS  5000           /* of one answer */
#define CXM_DATA_FRESH   (10 * CXM_MS_MINUTE)

static const cxm_field_t  data_query[] = {
    { .name = "from", .type = CXM_FIELD_TIME,
      .summary = "Events taken in at that time or later." },
    { .name = "to", .type = CXM_FIELD_TIME,
      .summary = "Events taken in before that time." },
    CXM_QUERY_CURSOR,
    { .name = NULL }
};

static const cxm_field_t  event_item = {
    .type = CXM_FIELD_OBJECT, .object = &cxm_timeline_fields
};

static const cxm_field_t  session_item = {
    .type = CXM_FIELD_OBJECT, .object = &cxm_session_fields
};

static const cxm_field_t  consent_item = {
    .type = CXM_FIELD_OBJECT, .object = &cxm_consent_state_fields
};

static const cxm_field_t  data_fields[] = {
    { .name = "at", .type = CXM_FIELD_TIME, .summary = "when it was read" },
    { .name = "customer", .type = CXM_FIELD_ANY,
      .summary = "the record, with identifiers and attributes" },
    { .name = "preferences", .type = CXM_FIELD_OBJECT,
      .object = &cxm_preference_fields },
    { .name = "consents", .type = CXM_FIELD_MAP, .item = &consent_item,
      .summary = "how each purpose stands" },
    { .name = "sessions", .type = CXM_FIELD_ARRAY, .item = &session_item },
    { .name = "events", .type = CXM_FIELD_ARRAY, .item = &event_item,
      .summary = "answers, touchpoints, messages, notes, changes, ...; "
                 "newest first" },
    { .name = "next", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_NULLABLE,
      .summary = "there are older events: the cursor that they are had with" },
    { .name = NULL }
};

static const cxm_fields_t  data_output = { "OwnData", data_fields };

static const char *const  closed_states[] = { "closed", NULL };

static const cxm_field_t  close_fields[] = {
    { .name = "password", .type = CXM_FIELD_STRING, .max = CXM_PASSWORD_MAX,
      .flags = CXM_FIELD_REQUIRED, .summary = "the account's" },
    { .name = "erase", .type = CXM_FIELD_BOOL,
      .summary = "also erase all that is personal, for good" },
    { .name = NULL }
};

static const cxm_fields_t  close_input = { "CloseAccount", close_fields };

static const cxm_field_t  closed_fields[] = {
    { .name = "status", .type = CXM_FIELD_ENUM, .values = closed_states },
    { .name = "erasure", .type = CXM_FIELD_ANY,
      .summary = "the receipt, as of /admin/privacy/erasures" },
    { .name = NULL }
};

static const cxm_fields_t  closed_output = { "AccountClosed", closed_fields };


/* --- own data ----------------------------------------------------------- */

/* Whose browser it is may have changed since somebody signed in to it. */
static cxm_rc_t
fresh(cxm_call_t *call, cxm_txn_t *txn)
{
    int        late;
    cxm_rc_t   rc;
    cxm_doc_t  session;

    if (call->caller.claims != NULL) {
        return CXM_OK;
    }

    rc = cxm_doc_get(txn, CXM_KIND_SESSION, call->caller.principal.session,
                     &session, &call->err);
    late = rc == CXM_OK && call->now - session.created_at > CXM_DATA_FRESH;
    cxm_doc_clear(&session);

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL, "Sign in first.");
    }

    return late ? cxm_fail(&call->err, CXM_FORBIDDEN, "sign_in_again",
                           "This is given to who signed in within the last "
                           "ten minutes.")
                : rc;
}


static int
is_given(const cxm_timeline_kind_t *kind)
{
    return kind != &cxm_timeline_task;
}


/* Names of others go out. */
static void
strip(json_t *object)
{
    size_t  i;

    static const char *const  others[] = { "actor", "author", "undone_by" };

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        (void) json_object_del(object, others[i]);
    }
}


static void
strip_events(json_t *events)
{
    json_t  *event, *data;
    size_t   i;

    for (i = 0; i < json_array_size(events); i++) {
        event = json_array_get(events, i);
        data = json_object_get(event, "data");
        strip(data);

        /* what became of one's own record is told by its versions */

        if (cxm_str_eqz(cxm_json_get_str(event, "kind"),
                        cxm_timeline_merge.name))
        {
            (void) json_object_del(data, "changes");
            (void) json_object_del(data, "conflicts");
        }
    }
}


static void
strip_consents(json_t *consents)
{
    json_t      *state;
    const char  *purpose;

    json_object_foreach(consents, purpose, state) {
        strip(state);
    }
}


static cxm_rc_t
add_events(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *customer,
    json_t *out)
{
    int                         bad;
    json_t                     *events, *cursor;
    size_t                      i, n;
    cxm_rc_t                    rc;
    cxm_page_t                  page;
    cxm_place_t                 next;
    cxm_caller_t                server;
    cxm_timeline_t              timeline;
    const cxm_timeline_kind_t  *kinds[CXM_TIMELINE_KINDS + 1];

    for (i = 0, n = 0; cxm_timeline_kinds[i] != NULL; i++) {
        if (is_given(cxm_timeline_kinds[i])) {
            kinds[n++] = cxm_timeline_kinds[i];
        }
    }

    kinds[n] = NULL;
    rc = cxm_page_begin(call, &page);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_caller_system(&server);
    timeline = (cxm_timeline_t) {
        .txn = txn,
        .customer = customer,
        .caller = &server,
        .may_personal = 1,
        .personal = &call->audit,
        .from = cxm_call_time(call, "from", CXM_MS_MIN),
        .to = cxm_call_time(call, "to", CXM_MS_MAX),
        .before = cxm_timeline_place(&page),
        .limit = CXM_DATA_EVENTS,
        .bytes = CXM_PAGE_BYTES,
        .err = &call->err
    };

    rc = cxm_timeline_read(&timeline, kinds, &events, &next);

    if (rc != CXM_OK) {
        return rc;
    }

    strip_events(events);
    bad = json_object_set_new(out, "events", events);
    cxm_timeline_page(&page, &next);
    rc = cxm_page_next(call, &page, &cursor);

    if (rc == CXM_OK) {
        bad |= json_object_set_new(out, "next", cursor);
    }

    return rc == CXM_OK && bad ? CXM_INTERNAL : rc;
}


static cxm_rc_t
add_customer(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *customer,
    json_t *out)
{
    json_t              *consents;
    cxm_rc_t             rc;
    cxm_preference_t     preference;
    const cxm_fields_t  *fields;

    rc = cxm_record_fields(txn, &cxm_record_customer, &fields, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_consent_json(txn, &customer->id, &consents, &call->err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    strip_consents(consents);

    if (json_object_set_new(out, "customer",
                            cxm_record_json(customer, fields,
                                            cxm_record_see(customer, 1))) != 0
        || json_object_set_new(out, "consents", consents) != 0)
    {
        return CXM_INTERNAL;
    }

    rc = cxm_preference_load(txn, &customer->id, &preference, &call->err);

    if (rc == CXM_OK
        && json_object_set_new(out, "preferences",
               cxm_preference_json(&preference,
                                   cxm_json_get_str(customer->body,
                                                    "language"),
                                   call->accept_language)) != 0)
    {
        rc = CXM_INTERNAL;
    }

    cxm_preference_clear(&preference);

    return rc;
}


static cxm_rc_t
add_sessions(cxm_call_t *call, cxm_txn_t *txn, json_t *out)
{
    json_t    *sessions;
    cxm_rc_t   rc;

    rc = cxm_session_list(txn, call->caller.principal.actor,
                          call->caller.principal.session, &sessions,
                          &call->err);

    return rc == CXM_OK && json_object_set_new(out, "sessions", sessions) != 0
           ? CXM_INTERNAL : rc;
}


static cxm_rc_t
data_add(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *customer,
    json_t *out)
{
    char      at[CXM_RFC3339_LEN + 1];
    cxm_rc_t  rc;

    cxm_rfc3339_format(call->now, at);
    rc = out == NULL || cxm_json_set_str(out, "at", cxm_strz(at)) != 0
         ? CXM_INTERNAL : add_customer(call, txn, customer, out);

    if (rc == CXM_OK) {
        rc = add_sessions(call, txn, out);
    }

    if (rc == CXM_OK) {
        rc = add_events(call, txn, customer, out);
    }

    return rc == CXM_INTERNAL
           ? cxm_fail(&call->err, rc, NULL, "Not enough memory.") : rc;
}


static cxm_rc_t
data_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t    *out;
    cxm_rc_t   rc;
    cxm_doc_t  customer;

    rc = fresh(call, txn);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_self_customer(call, txn, &customer);

    if (rc == CXM_OK) {
        out = json_object();
        rc = data_add(call, txn, &customer, out);

        if (rc == CXM_OK) {
            call->audit = 1;
            cxm_call_header(call, "Content-Disposition",
                            cxm_str("attachment; filename=\"data.json\""));
            rc = cxm_call_reply(call, 200, out);

        } else {
            json_decref(out);
        }
    }

    cxm_doc_clear(&customer);

    return rc;
}


/* --- closing ------------------------------------------------------------ */

static cxm_rc_t
close_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_credential_account(call, txn, call->caller.principal.actor);
}


static cxm_rc_t
close_hash(cxm_call_t *call)
{
    return cxm_credential_check(call, "password");
}


/*
 * The owner is told while there still is an address.  Nothing that could be
 * signed in with stays, and the address is free for another account.
 */
static cxm_rc_t
close_account(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t  rc;
    unsigned  n;

    rc = cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                           .event = CXM_ACCOUNT_CLOSED });

    if (rc == CXM_OK) {
        rc = cxm_token_end_every(txn, account->no, account->subject,
                                 &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_session_end_all(txn, account->no, account->no, 0, &n,
                                 &call->err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    return cxm_account_patch(txn,
                             json_pack("{ss sn sn sn sn}", "status", "closed",
                                       "email", "password", "totp",
                                       "networks"),
                             account, &call->err);
}


static cxm_rc_t
closed_reply(cxm_call_t *call, int status, const cxm_doc_t *erasure)
{
    return cxm_call_reply(call, status,
               json_pack("{ss so*}", "status", closed_states[0], "erasure",
                         erasure == NULL ? NULL
                                         : cxm_erasure_json(erasure)));
}


/* By now it has begun; `after` tells of its end. */
static cxm_rc_t
erase(cxm_call_t *call, cxm_txn_t *txn, uint64_t slot)
{
    int                begun;
    cxm_rc_t           rc;
    cxm_doc_t          doc;
    cxm_erasure_of_t   of;

    memset(&of, 0, sizeof(of));
    of.slot = slot;
    rc = cxm_erasure_begin(txn, &call->caller, &of, &doc, &begun, &call->err);

    if (rc == CXM_OK) {
        call->number = doc.no;
        rc = closed_reply(call, 202, &doc);
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
leave(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t  rc;

    rc = close_account(call, txn, account);

    if (rc != CXM_OK) {
        return rc;
    }

    call->number = 0;
    cxm_call_set_cookie(call, CXM_COOKIE_CUSTOMER, "", 0);

    return cxm_json_get_bool(call->input, "erase", 0)
           ? erase(call, txn, account->subject)
           : closed_reply(call, 200, NULL);
}


static cxm_rc_t
close_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_self_with_password(call, txn, "/password", leave);
}


static cxm_rc_t
close_after(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    if (call->number == 0) {
        return closed_reply(call, 200, NULL);
    }

    rc = cxm_erasure_finish(txn, call->number, &doc, &call->err);

    if (rc == CXM_OK) {
        rc = closed_reply(call, 200, &doc);
        cxm_doc_clear(&doc);
    }

    return rc;
}


const cxm_route_t  cxm_routes_close[] = {
    { CXM_SELF(CXM_GET, "data", CXM_CUSTOMER), .flags = CXM_ROUTE_PERSONAL,
      .query = data_query, .answers = CXM_200 | CXM_403 | CXM_404,
      .output = &data_output, .read = data_read, .write = cxm_write_audit,
      .summary = "All that is kept of oneself, as a file" },
    { CXM_SELF(CXM_POST, "close", CXM_CUSTOMER),
      .flags = CXM_SELF_SECRET | CXM_ROUTE_BOUNDED, .input = &close_input,
      .answers = CXM_200 | CXM_202 | CXM_429, .output = &closed_output,
      .read = close_read, .hash = close_hash, .write = close_write,
      .after = close_after,
      .summary = "Close the account: nobody signs in to it again" },
    { .path = NULL }
};
