/*
 * Personal links.
 */

#include "cxm_json.h"
#include "cxm_link.h"
#include "cxm_pack.h"
#include "cxm_said.h"
#include "cxm_ticket.h"


#define CXM_LINK_USE      "link"
#define CXM_LINK_CONTENT  4096
#define CXM_LINK_SECONDS  (365 * 86400)

static const cxm_field_t  link_fields[] = {
    CXM_FIELDS_SAID(0),
    { "exposure", CXM_FIELD_STRING, 0, 1, 500,
      NULL, NULL, NULL, "token of the exposure that it asks by; says what is "
      "left out here" },
    { "expires_in", CXM_FIELD_INT, 0, 1, CXM_LINK_SECONDS,
      NULL, NULL, NULL, "seconds; default 2592000, 30 days" },
    { .name = NULL }
};

const cxm_fields_t  cxm_link_fields = { "LinkInput", link_fields };

/* What of the input goes into the link. */
static const char *const  link_said[] = {
    "respondent", "channel", "touchpoint", "interaction_id", "agent"
};

#define CXM_LINK_SAID  (sizeof(link_said) / sizeof(link_said[0]))


/* --- making ------------------------------------------------------------- */

static json_t *
input_said(const json_t *input)
{
    size_t   i;
    json_t  *said, *value;

    said = json_object();

    for (i = 0; i < CXM_LINK_SAID; i++) {
        value = json_object_get(input, link_said[i]);

        if (value != NULL && json_object_set(said, link_said[i], value) != 0) {
            json_decref(said);
            return NULL;
        }
    }

    return said;
}


/* The exposure of the input's token; its number is 0 when there is none. */
static cxm_rc_t
input_exposure(cxm_txn_t *txn, const cxm_survey_t *survey,
    const json_t *input, cxm_invitation_t *exposure, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_str_t  token;

    memset(exposure, 0, sizeof(*exposure));
    token = cxm_json_get_str(input, "exposure");

    if (token.data == NULL) {
        return CXM_OK;
    }

    rc = cxm_exposure_invites(txn, survey, token, exposure, err);

    return rc == CXM_NOT_FOUND
           ? cxm_issue(err, "/exposure", "invalid",
                       "This is no token of an exposure of this survey.")
           : rc;
}


static cxm_rc_t
check_respondent(const json_t *input, const cxm_invitation_t *exposure,
    cxm_error_t *err)
{
    const json_t  *respondent;

    respondent = json_object_get(input, "respondent");

    if (respondent != NULL) {
        return cxm_said_respondent_check(respondent, err);
    }

    return json_object_get(exposure->said, "respondent") != NULL
           ? CXM_OK
           : cxm_issue(err, "/respondent", "required",
                       "A personal link is somebody's.");
}


static void
put_content(cxm_buf_t *content, const cxm_invitation_t *link,
    uint64_t exposure)
{
    cxm_buf_put(content, link->id.b, sizeof(link->id.b));
    cxm_buf_varint(content, (uint64_t) (link->expires_at / CXM_MS_SECOND));
    cxm_buf_varint(content, exposure);
    cxm_pack(content, link->said);
}


/* Where it is answered is by the link, unless somebody knows better. */
static cxm_rc_t
make(cxm_txn_t *txn, const cxm_survey_t *survey, const json_t *input,
    const cxm_invitation_t *exposure, cxm_invitation_t *link, cxm_buf_t *out)
{
    int        failed;
    cxm_ms_t   now;
    cxm_buf_t  content;

    now = cxm_txn_now(txn);
    link->said = input_said(input);
    failed = link->said == NULL;

    if (json_object_get(link->said, "channel") == NULL
        && json_object_get(exposure->said, "channel") == NULL)
    {
        failed |= cxm_json_set_str(link->said, "channel", cxm_str("link"));
    }

    cxm_uuid_make(&link->id, now);
    link->expires_at = CXM_MS_SECOND
                       * ((now + CXM_MS_SECOND - 1) / CXM_MS_SECOND
                          + cxm_json_get_int(input, "expires_in",
                                         CXM_LINK_DEFAULT / CXM_MS_SECOND));

    cxm_buf_init(&content, CXM_LINK_CONTENT);
    put_content(&content, link, cxm_invitation_exposure(exposure));

    if (!failed && !content.failed) {
        cxm_ticket_seal(cxm_txn_store(txn), CXM_LINK_USE, survey->doc.no,
                        cxm_buf_str(&content), out);
    }

    failed |= content.failed | out->failed;
    cxm_buf_free(&content);

    return failed ? CXM_INTERNAL : CXM_OK;
}


cxm_rc_t
cxm_link_make(cxm_txn_t *txn, const cxm_survey_t *survey,
    const json_t *input, cxm_buf_t *out, cxm_ms_t *expires_at,
    cxm_error_t *err)
{
    cxm_rc_t           rc;
    cxm_invitation_t   exposure, link;

    memset(&link, 0, sizeof(link));
    rc = input_exposure(txn, survey, input, &exposure, err);

    if (rc == CXM_OK) {
        rc = check_respondent(input, &exposure, err);
    }

    if (rc == CXM_OK) {
        rc = make(txn, survey, input, &exposure, &link, out);
        *expires_at = link.expires_at;
    }

    cxm_invitation_clear(&exposure);
    cxm_invitation_clear(&link);

    return rc == CXM_INTERNAL
           ? cxm_fail(err, rc, NULL, "The link cannot be made.") : rc;
}


/* --- opening ------------------------------------------------------------ */

static cxm_rc_t
content_read(cxm_str_t content, cxm_invitation_t *out, uint64_t *exposure)
{
    cxm_reader_t    rd;
    const uint8_t  *id;

    rd = cxm_reader(content.data, content.len);
    id = cxm_read_bytes(&rd, sizeof(out->id.b));

    if (id != NULL) {
        memcpy(out->id.b, id, sizeof(out->id.b));
    }

    out->expires_at = CXM_MS_SECOND * (cxm_ms_t)
                  cxm_read_varint_max(&rd, CXM_MS_MAX / CXM_MS_SECOND);
    *exposure = cxm_read_varint(&rd);

    if (rd.failed) {
        return CXM_NOT_FOUND;
    }

    return cxm_unpack((cxm_str_t) { (size_t) (rd.end - rd.pos),
                                    (const char *) rd.pos }, &out->said);
}


/*
 * What the link says goes before what its exposure says; if that is no longer
 * in the journal, the link does without.
 */
static cxm_rc_t
add_exposure(cxm_txn_t *txn, const cxm_survey_t *survey, uint64_t no,
    cxm_invitation_t *link, cxm_error_t *err)
{
    cxm_rc_t           rc;
    cxm_invitation_t   exposure;

    rc = cxm_exposure_read(txn, survey, no, &exposure, err);

    if (rc == CXM_OK) {
        link->asked = json_incref(exposure.asked);
        rc = json_object_update_missing(link->said, exposure.said) == 0
             ? CXM_OK : CXM_INTERNAL;
    }

    cxm_invitation_clear(&exposure);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_link_open(cxm_txn_t *txn, const cxm_survey_t *survey, cxm_str_t text,
    cxm_invitation_t *out, cxm_error_t *err)
{
    uint64_t   exposure;
    cxm_rc_t   rc;
    cxm_buf_t  content;

    memset(out, 0, sizeof(*out));
    exposure = 0;

    rc = cxm_ticket_open(cxm_txn_store(txn), CXM_LINK_USE, survey->doc.no,
                         text, &content);

    if (rc == CXM_OK) {
        rc = content_read(cxm_buf_str(&content), out, &exposure);
    }

    if (rc == CXM_OK && exposure != 0) {
        rc = add_exposure(txn, survey, exposure, out, err);
    }

    cxm_buf_free(&content);

    if (rc == CXM_NOT_FOUND && survey->status == CXM_SURVEY_DRAFT) {
        return cxm_survey_open(survey, err);
    }

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, rc == CXM_NOT_FOUND
                                     ? "There is no such link."
                                     : "The link cannot be read.");
}


cxm_rc_t
cxm_link_answered(cxm_txn_t *txn, const cxm_invitation_t *link,
    int *answered, cxm_error_t *err)
{
    uint64_t  survey, no;
    cxm_rc_t  rc;

    rc = cxm_said_locate(txn, CXM_KIND_RESPONSE, &link->id, &survey, &no);
    *answered = rc == CXM_OK;

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK : cxm_fail(err, rc, NULL, "The answer cannot be found.");
}
