/*
 * What happened with accounts.
 */

#include "cxm_account_event.h"
#include "cxm_counter.h"
#include "cxm_duration.h"
#include "cxm_json.h"
#include "cxm_person.h"


const char *const  cxm_account_events[CXM_ACCOUNT_EVENTS + 1] = {
    [CXM_ACCOUNT_REGISTERED] = "registered",
    [CXM_ACCOUNT_TAKEN] = "taken",
    [CXM_ACCOUNT_VERIFIED] = "verified",
    [CXM_ACCOUNT_SIGNED_IN] = "signed_in",
    [CXM_ACCOUNT_SIGN_IN_FAILED] = "sign_in_failed",
    [CXM_ACCOUNT_SIGNED_OUT] = "signed_out",
    [CXM_ACCOUNT_RESET_ASKED] = "reset_asked",
    [CXM_ACCOUNT_RESET_DONE] = "reset_done",
    [CXM_ACCOUNT_PASSWORD_CHANGED] = "password_changed",
    [CXM_ACCOUNT_TOTP_ON] = "totp_on",
    [CXM_ACCOUNT_TOTP_OFF] = "totp_off",
    [CXM_ACCOUNT_RECOVERY_USED] = "recovery_used",
    [CXM_ACCOUNT_EMAIL_ASKED] = "email_asked",
    [CXM_ACCOUNT_EMAIL_CHANGED] = "email_changed",
    [CXM_ACCOUNT_CLOSED] = "closed",
    [CXM_ACCOUNT_RESET_UNKNOWN] = "reset_unknown",
    [CXM_ACCOUNT_PROFILE_CHANGED] = "profile_changed",
    [CXM_ACCOUNT_EMAIL_REVERTED] = "email_reverted",
    [CXM_ACCOUNT_RECOVERY_RENEWED] = "recovery_renewed"
};

const char *const  cxm_account_reasons[CXM_ACCOUNT_REASON_N + 1] = {
    [CXM_ACCOUNT_UNKNOWN] = "unknown_address",
    [CXM_ACCOUNT_PASSWORD] = "wrong_password",
    [CXM_ACCOUNT_CODE] = "wrong_code"
};

/* What a step of a funnel counts its time as; 0: it is none. */
static const uint16_t  event_times[CXM_ACCOUNT_EVENTS] = {
    [CXM_ACCOUNT_VERIFIED] = CXM_ACCOUNT_VERIFY,
    [CXM_ACCOUNT_RESET_DONE] = CXM_ACCOUNT_RESETS
};


static unsigned
number_of(const char *const *names, unsigned n, cxm_str_t name)
{
    unsigned  i;

    for (i = 1; i < n; i++) {
        if (names[i] != NULL && cxm_str_eqz(name, names[i])) {
            return i;
        }
    }

    return 0;
}


cxm_account_event_t
cxm_account_event(const json_t *body)
{
    return (cxm_account_event_t) number_of(cxm_account_events,
                                           CXM_ACCOUNT_EVENTS,
                                           cxm_json_get_str(body, "event"));
}


/* --- apply -------------------------------------------------------------- */

static void
event_key(cxm_row_key_t *key, uint64_t slot, uint64_t seq)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_SIGNIN);
    cxm_row_key_u64(key, slot);
    cxm_row_key_u64(key, seq);
}


static cxm_rc_t
count(cxm_txn_t *txn, const cxm_entry_t *entry, uint16_t question,
    uint32_t point)
{
    cxm_series_t  series;

    memset(&series, 0, sizeof(series));
    series.survey = CXM_SERIES_ACCOUNT;
    series.question = question;

    return cxm_counter_add(txn, &series, cxm_entry_time(entry), point, 1);
}


static cxm_rc_t
apply_counters(cxm_txn_t *txn, const cxm_entry_t *entry, unsigned event)
{
    int64_t   seconds;
    cxm_rc_t  rc;
    unsigned  reason;

    rc = count(txn, entry, CXM_ACCOUNT_COUNT, event);
    reason = number_of(cxm_account_reasons, CXM_ACCOUNT_REASON_N,
                       cxm_json_get_str(entry->body, "reason"));

    if (rc == CXM_OK && reason != 0) {
        rc = count(txn, entry, CXM_ACCOUNT_REASONS, reason);
    }

    seconds = cxm_json_get_int(entry->body, "seconds", -1);

    return rc == CXM_OK && seconds >= 0 && event_times[event] != 0
           ? count(txn, entry, event_times[event],
                   cxm_duration_point((cxm_ms_t) seconds))
           : rc;
}


static cxm_rc_t
signin_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t       rc;
    unsigned       event;
    cxm_row_key_t  key;

    event = cxm_account_event(entry->body);

    if (event == 0 || entry->action != CXM_ACTION_ADD) {
        return CXM_CORRUPT;
    }

    rc = apply_counters(txn, entry, event);

    if (rc != CXM_OK || entry->subject == 0) {
        return rc;
    }

    rc = cxm_person_gone(txn, entry->subject, NULL);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    event_key(&key, entry->subject, entry->seq);

    return cxm_row_put(txn, CXM_T_INDEX, &key, cxm_str(""));
}


/* The newest fact of a slot below a number. */
static cxm_rc_t
event_before(cxm_txn_t *txn, uint64_t slot, uint64_t before, uint64_t *seq)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    rc = before == 0 ? CXM_NOT_FOUND
                     : cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    event_key(&key, slot, before - 1);
    rc = cxm_cursor_seek_back(cursor, &key, &row);

    if (rc == CXM_OK && !cxm_row_within(&row, &key, 1 + 8)) {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        *seq = cxm_get_u64((const uint8_t *) row.key.data + 1 + 8);
    }

    cxm_cursor_close(cursor);

    return rc;
}


static cxm_rc_t
signin_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    uint64_t       seq;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    for ( ;; ) {
        rc = event_before(txn, slot, UINT64_MAX, &seq);

        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_OK : rc;
        }

        event_key(&key, slot, seq);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);

        if (rc != CXM_OK) {
            return rc;
        }

        ++*kept;
    }
}


const cxm_kind_t  cxm_kind_signin = {
    .no = CXM_KIND_SIGNIN,
    .version = 1,
    .name = "signin",
    .apply = signin_apply,
    .forget = signin_forget,
    .keep = CXM_KEEP_JOURNAL
};


/* --- adding ------------------------------------------------------------- */

static json_t *
fact_body(cxm_txn_t *txn, const cxm_account_fact_t *fact)
{
    int      bad;
    json_t  *body;

    body = json_pack("{ss}", "event", cxm_account_events[fact->event]);
    bad = body == NULL;

    if (fact->reason != 0) {
        bad |= json_object_set_new(body, "reason", json_string(
                                   cxm_account_reasons[fact->reason]));
    }

    if (fact->since != 0) {
        bad |= cxm_json_set_int(body, "seconds",
                                (cxm_txn_now(txn) - fact->since)
                                / CXM_MS_SECOND);
    }

    if (fact->new_place) {
        bad |= json_object_set_new(body, "new_place", json_true());
    }

    if (fact->base.len > 0 || fact->path.len > 0) {
        bad |= cxm_json_set_str(body, "base", fact->base);
        bad |= cxm_json_set_str(body, "path", fact->path);
    }

    if (bad) {
        json_decref(body);
        return NULL;
    }

    return body;
}


static json_t *
fact_personal(const cxm_caller_t *caller, const cxm_account_fact_t *fact)
{
    int      bad;
    char     device[CXM_AGENT_NAME];
    json_t  *personal;

    personal = json_object();
    bad = personal == NULL;

    if (cxm_agent_name(caller->user_agent, device)) {
        bad |= cxm_json_set_str(personal, "device", cxm_strz(device));
    }

    if (caller->country.len > 0) {
        bad |= cxm_json_set_str(personal, "country", caller->country);
    }

    if (fact->email.len > 0) {
        bad |= cxm_json_set_str(personal, "email", fact->email);
    }

    if (bad) {
        json_decref(personal);
        return NULL;
    }

    return personal;
}


cxm_rc_t
cxm_account_add(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_account_fact_t *fact, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_SIGNIN;
    entry.action = CXM_ACTION_ADD;
    entry.actor = fact->account;
    entry.subject = fact->subject;
    entry.body = fact_body(txn, fact);
    entry.personal = fact->subject == 0 ? NULL : fact_personal(caller, fact);

    rc = entry.body == NULL || (fact->subject != 0 && entry.personal == NULL)
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_journal_append(txn, &entry, err);

    json_decref(entry.body);
    json_decref(entry.personal);

    return rc;
}


/* --- on timelines ------------------------------------------------------- */

static cxm_rc_t
events_show(cxm_timeline_source_t *source, cxm_ms_t *at, json_t **data)
{
    cxm_rc_t               rc;
    cxm_entry_t            entry;
    const cxm_timeline_t  *timeline;

    timeline = source->timeline;
    rc = cxm_journal_read(timeline->txn, source->no, timeline->may_personal,
                          &entry, timeline->err);

    if (rc != CXM_OK) {
        return rc;
    }

    *at = cxm_entry_time(&entry);
    *data = json_pack("{sO* sO* sO* sO* sO*}",
                      "event", json_object_get(entry.body, "event"),
                      "reason", json_object_get(entry.body, "reason"),
                      "new_place", json_object_get(entry.body, "new_place"),
                      "device", json_object_get(entry.personal, "device"),
                      "country", json_object_get(entry.personal, "country"));

    if (timeline->may_personal && json_object_size(entry.personal) > 0) {
        *timeline->personal = 1;
    }

    cxm_entry_clear(&entry);

    return *data == NULL
           ? cxm_fail(timeline->err, CXM_INTERNAL, NULL, "Not enough memory.")
           : CXM_OK;
}


const cxm_timeline_kind_t  cxm_timeline_account = {
    .name = "account",
    CXM_TIMELINE_PERSON(event_before),
    .show = events_show
};
