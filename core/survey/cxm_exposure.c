/*
 * Exposures: from an input to a decision.
 */

#include "cxm_exposure_row.h"
#include "cxm_json.h"
#include "cxm_said.h"


typedef struct {
    cxm_said_t  said;
    cxm_ms_t    now;
} cxm_exposing_t;


const char *const  cxm_exposure_outcomes[CXM_EXPOSURE_OUTCOMES] = {
    "asked", "suppressed", "quota", "sampled_out", "closed"
};

static const cxm_field_t  exposure_fields[] = {
    { "id", CXM_FIELD_UUID, 0, 0, 0,
      NULL, NULL, NULL, "the client's; a repeat of it is decided once" },
    CXM_FIELDS_SAID(0),
    { .name = NULL }
};

const cxm_fields_t  cxm_exposure_fields = {
    "ExposureInput", exposure_fields
};


/* --- the decision ------------------------------------------------------- */

/* Sets *suppressed when the clock of a slot has not run for long enough. */
static cxm_rc_t
check_clock(const cxm_exposing_t *ex, uint64_t slot, uint64_t survey,
    cxm_ms_t quiet, int *suppressed)
{
    cxm_ms_t  at;
    cxm_rc_t  rc;

    if (quiet == 0) {
        return CXM_OK;
    }

    rc = cxm_clock_get(ex->said.txn, slot, survey, &at);

    if (rc == CXM_OK && ex->now - at < quiet) {
        *suppressed = 1;
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* By one name, under all that the person has; else never asked. */
static cxm_rc_t
check_person(const cxm_exposing_t *ex, unsigned who, cxm_str_t name,
    int *suppressed)
{
    uint8_t               hash[CXM_HASH_LEN];
    uint64_t              slot;
    cxm_rc_t              rc;
    unsigned              i;
    const cxm_survey_t   *survey;
    cxm_person_slots_t    slots;

    survey = ex->said.survey;
    cxm_person_hash(cxm_txn_store(ex->said.txn), who, name, hash);
    rc = cxm_person_find(ex->said.txn, who, hash, &slot);

    if (rc == CXM_NOT_FOUND) {
        return CXM_OK;
    }

    if (rc == CXM_OK) {
        rc = cxm_person_slots(ex->said.txn, slot, &slots);
    }

    for (i = 0; rc == CXM_OK && i < slots.n; i++) {
        rc = check_clock(ex, slots.slot[i], survey->doc.no,
                         survey->suppress_same, suppressed);

        if (rc == CXM_OK) {
            rc = check_clock(ex, slots.slot[i], 0, survey->suppress_any,
                             suppressed);
        }
    }

    return rc;
}


/*
 * A visitor is the same one whether a server says so or the browser itself.
 * What the public claims of others is not asked about: the reply would tell
 * strangers who has answered what.
 */
static cxm_rc_t
check_suppressed(const cxm_exposing_t *ex, int *suppressed)
{
    cxm_rc_t             rc;
    unsigned             who;
    cxm_str_t            name;
    const cxm_survey_t  *survey;

    *suppressed = 0;
    survey = ex->said.survey;
    who = cxm_said_respondent(ex->said.personal, &name);

    if ((survey->suppress_same == 0 && survey->suppress_any == 0)
        || !cxm_clock_kept(who))
    {
        return CXM_OK;
    }

    rc = check_person(ex, who, name, suppressed);

    if (rc == CXM_OK && !*suppressed
        && (who & ~CXM_PERSON_CLAIMED) == CXM_PERSON_VISITOR)
    {
        rc = check_person(ex, who ^ CXM_PERSON_CLAIMED, name, suppressed);
    }

    return rc;
}


static cxm_rc_t
check_quota(const cxm_exposing_t *ex, int *full)
{
    cxm_rc_t             rc;
    cxm_quota_t          quota;
    const cxm_survey_t  *survey;

    *full = 0;
    survey = ex->said.survey;

    if (survey->quota == 0) {
        return CXM_OK;
    }

    rc = cxm_quota_get(ex->said.txn, survey->doc.no, &quota);
    *full = quota.held + quota.answers >= survey->quota;

    return rc;
}


/* Whether lots are drawn against it: a number of 53 bits below 1. */
static int
sampled_out(const cxm_survey_t *survey)
{
    uint64_t  lot;

    if (survey->sample >= 1) {
        return 0;
    }

    cxm_random(&lot, sizeof(lot));

    return (double) (lot >> 11) / 9007199254740992.0 >= survey->sample;
}


/* Lots come last: they are drawn among those who could be asked. */
static cxm_rc_t
decide(const cxm_exposing_t *ex, cxm_exposure_outcome_t *outcome)
{
    int       suppressed, full;
    cxm_rc_t  rc;

    if (ex->said.survey->status == CXM_SURVEY_CLOSED) {
        *outcome = CXM_EXPOSURE_CLOSED;
        return CXM_OK;
    }

    rc = check_suppressed(ex, &suppressed);

    if (rc == CXM_OK) {
        rc = check_quota(ex, &full);
    }

    if (rc != CXM_OK) {
        return cxm_fail(ex->said.err, rc, NULL,
                        "It cannot be told who was asked.");
    }

    *outcome = suppressed ? CXM_EXPOSURE_SUPPRESSED
               : full ? CXM_EXPOSURE_QUOTA
               : sampled_out(ex->said.survey) ? CXM_EXPOSURE_SAMPLED_OUT
               : CXM_EXPOSURE_ASKED;

    return CXM_OK;
}


/* --- the entry ---------------------------------------------------------- */

static cxm_rc_t
append(cxm_exposing_t *ex, const cxm_uuid_t *id, const char *fp,
    cxm_exposure_result_t *out)
{
    cxm_rc_t      rc;
    cxm_said_t   *said;
    cxm_entry_t   entry;

    said = &ex->said;
    said->failed |= cxm_json_set_int(said->body, "outcome",
                                     out->outcome) != 0;

    if (out->outcome == CXM_EXPOSURE_ASKED) {
        said->failed |= cxm_json_set_int(said->body, "until",
                                  ex->now + said->survey->partial_timeout)
                        != 0;

        if (fp != NULL) {
            cxm_said_fingerprint(said, fp);
        }

    } else {
        (void) json_object_clear(said->personal);
        (void) json_object_del(said->body, "interaction_id");
    }

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_EXPOSURE;
    entry.action = CXM_ACTION_ADD;
    entry.id = *id;

    rc = cxm_said_append(said, &entry);
    out->no = entry.seq;

    return rc;
}


/*
 * CXM_OK: *out is what was decided for this id; CXM_NOT_FOUND: nothing yet.
 * Who is not asked left no fingerprint, but got no token either.
 */
static cxm_rc_t
repeated(const cxm_said_t *said, const cxm_uuid_t *id, const char *fp,
    cxm_exposure_result_t *out)
{
    int          same;
    uint64_t     survey;
    cxm_rc_t     rc;
    cxm_entry_t  first;

    rc = cxm_said_locate(said->txn, CXM_KIND_EXPOSURE, id, &survey, &out->no);

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&first, 0, sizeof(first));
    rc = cxm_journal_read(said->txn, out->no, 1, &first, NULL);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    out->outcome = (cxm_exposure_outcome_t)
                   cxm_json_get_int(first.body, "outcome", 0);
    same = rc == CXM_OK && survey == said->survey->doc.no
           && (out->outcome != CXM_EXPOSURE_ASKED
               || cxm_said_same(&first, fp));

    cxm_entry_clear(&first);

    return same ? CXM_OK
           : cxm_fail(said->err, CXM_CONFLICT, "id_taken",
                      "Another exposure has this id.");
}


static cxm_rc_t
expose(cxm_exposing_t *ex, const char *fp, cxm_exposure_result_t *out)
{
    int          given;
    cxm_rc_t     rc;
    cxm_uuid_t   id;
    cxm_said_t  *said;

    said = &ex->said;
    rc = cxm_said_id(said, &id, &given);

    if (rc == CXM_OK && given && said->survey->status != CXM_SURVEY_DRAFT) {
        rc = repeated(said, &id, fp, out);

        if (rc != CXM_NOT_FOUND) {
            return rc;
        }

        rc = CXM_OK;
    }

    if (rc == CXM_OK && said->survey->status != CXM_SURVEY_CLOSED) {
        rc = cxm_survey_open(said->survey, said->err);
    }

    if (rc == CXM_OK) {
        cxm_said_take(said);
        rc = said->err->rc;
    }

    if (rc == CXM_OK) {
        rc = decide(ex, &out->outcome);
    }

    return rc == CXM_OK ? append(ex, &id, given ? fp : NULL, out) : rc;
}


cxm_rc_t
cxm_exposure_add(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_survey_t *survey, const json_t *input,
    const uint8_t fingerprint[CXM_HASH_LEN], cxm_exposure_result_t *out,
    cxm_error_t *err)
{
    char            fp[2 * CXM_HASH_LEN + 1];
    cxm_rc_t        rc;
    cxm_exposing_t  ex;

    memset(&ex, 0, sizeof(ex));
    ex.now = cxm_txn_now(txn);
    ex.said.txn = txn;
    ex.said.caller = caller;
    ex.said.survey = survey;
    ex.said.input = input;
    ex.said.err = err;

    cxm_hex_encode(fingerprint, CXM_HASH_LEN, fp);
    cxm_said_begin(&ex.said);
    rc = expose(&ex, fp, out);
    cxm_said_end(&ex.said);

    return rc;
}
