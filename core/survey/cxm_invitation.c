/*
 * Invitations by exposures.
 */

#include "cxm_exposure.h"
#include "cxm_invitation.h"
#include "cxm_journal.h"
#include "cxm_json.h"
#include "cxm_ticket.h"


#define CXM_INVITATION_TOKEN  "exposure"


void
cxm_invitation_clear(cxm_invitation_t *invitation)
{
    json_decref(invitation->said);
    json_decref(invitation->asked);
    invitation->said = NULL;
    invitation->asked = NULL;
}


uint64_t
cxm_invitation_exposure(const cxm_invitation_t *invitation)
{
    return (uint64_t) cxm_json_get_int(invitation->asked, "no", 0);
}


void
cxm_exposure_token(const cxm_store_t *store, const cxm_survey_t *survey,
    uint64_t no, cxm_buf_t *out)
{
    uint8_t  content[CXM_VARINT_MAX], *end;

    end = cxm_put_varint(content, no);
    cxm_ticket_seal(store, CXM_INVITATION_TOKEN, survey->doc.no,
                    (cxm_str_t) { (size_t) (end - content),
                                  (const char *) content }, out);
}


/* Number of the exposure; CXM_NOT_FOUND. */
static cxm_rc_t
token_open(const cxm_store_t *store, const cxm_survey_t *survey,
    cxm_str_t token, uint64_t *no)
{
    cxm_rc_t       rc;
    cxm_buf_t      content;
    cxm_reader_t   rd;

    rc = cxm_ticket_open(store, CXM_INVITATION_TOKEN, survey->doc.no, token,
                         &content);

    if (rc == CXM_OK) {
        rd = cxm_reader(content.data, content.len);
        *no = cxm_read_varint(&rd);
        rc = rd.failed || rd.pos != rd.end ? CXM_NOT_FOUND : CXM_OK;
    }

    cxm_buf_free(&content);

    return rc;
}


static int
copy_member(json_t *out, const json_t *from, const char *name)
{
    json_t  *value;

    value = json_object_get(from, name);

    return value == NULL ? 0 : json_object_set(out, name, value);
}


/* What the entry knows of the members that an answer has as well. */
static json_t *
entry_said(const cxm_entry_t *entry)
{
    int            failed;
    json_t        *said;
    const json_t  *segments;

    said = json_object();
    segments = json_object_get(entry->body, "segments");

    failed = copy_member(said, segments, "channel")
             | copy_member(said, segments, "touchpoint")
             | copy_member(said, segments, "agent")
             | copy_member(said, entry->body, "interaction_id")
             | copy_member(said, entry->personal, "respondent")
             | copy_member(said, entry->personal, "claimed");

    if (failed) {
        json_decref(said);
        return NULL;
    }

    return said;
}


cxm_rc_t
cxm_exposure_read(cxm_txn_t *txn, const cxm_survey_t *survey, uint64_t no,
    cxm_invitation_t *out, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    memset(out, 0, sizeof(*out));
    memset(&entry, 0, sizeof(entry));
    rc = cxm_journal_read(txn, no, 1, &entry, NULL);

    if (rc == CXM_OK
        && (entry.kind != CXM_KIND_EXPOSURE
            || cxm_json_get_int(entry.body, "survey", 0)
               != (int64_t) survey->doc.no))
    {
        rc = CXM_CORRUPT;
    }

    if (rc == CXM_OK) {
        out->said = entry_said(&entry);
        out->asked = json_pack("{sI sI sO}", "no", (json_int_t) no,
                               "at", (json_int_t) cxm_entry_time(&entry),
                               "segments",
                               json_object_get(entry.body, "segments"));

        rc = out->said == NULL || out->asked == NULL ? CXM_INTERNAL : CXM_OK;
    }

    cxm_entry_clear(&entry);

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? rc : cxm_fail(err, rc, NULL, "The exposure cannot be read.");
}


cxm_rc_t
cxm_exposure_invites(cxm_txn_t *txn, const cxm_survey_t *survey,
    cxm_str_t token, cxm_invitation_t *out, cxm_error_t *err)
{
    uint64_t  no;
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));
    rc = token_open(cxm_txn_store(txn), survey, token, &no);

    return rc == CXM_OK ? cxm_exposure_read(txn, survey, no, out, err) : rc;
}


cxm_rc_t
cxm_invitation_open(const cxm_invitation_t *invitation,
    const cxm_survey_t *survey, cxm_ms_t now, cxm_error_t *err)
{
    if (invitation != NULL && invitation->asked != NULL) {
        return CXM_OK;
    }

    if (invitation != NULL && invitation->expires_at <= now) {
        return cxm_fail(err, CXM_CONFLICT, "link_expired",
                        "This link has expired.");
    }

    return cxm_survey_open(survey, err);
}
