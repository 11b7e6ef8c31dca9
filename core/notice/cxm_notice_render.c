/*
 * Notices: from a message to what goes out.
 */

#include "cxm_json.h"
#include "cxm_notice_render.h"


#define CXM_NOTICE_MAX     (1u << 20)   /* bytes of a part */
#define CXM_NOTICE_VALUE   (8u << 10)   /* bytes of a value, links among it */
#define CXM_NOTICE_NONE    "–"          /* what is not known */
#define CXM_NOTICE_HIDDEN  "..."

static const cxm_field_t  mail_fields[] = {
    { .name = "to", .type = CXM_FIELD_EMAIL },
    { .name = "language", .type = CXM_FIELD_LANGUAGE,
      .summary = "that of the text" },
    { .name = "subject", .type = CXM_FIELD_STRING, .max = CXM_NOTICE_MAX },
    { .name = "text", .type = CXM_FIELD_TEXT, .max = CXM_NOTICE_MAX },
    { .name = "html", .type = CXM_FIELD_TEXT, .max = CXM_NOTICE_MAX,
      .flags = CXM_FIELD_NULLABLE, .summary = "null: there is no such part" },
    { .name = NULL }
};

const cxm_fields_t  cxm_notice_mail_fields = { "Mail", mail_fields };


/* --- values ------------------------------------------------------------- */

static cxm_str_t
host_of(cxm_str_t base)
{
    size_t  i;

    for (i = 0; i + 2 < base.len; i++) {
        if (memcmp(base.data + i, "://", 3) == 0) {
            return (cxm_str_t) { base.len - i - 3, base.data + i + 3 };
        }
    }

    return base;
}


/* A path is the site's; a token goes behind "#", which no server gets. */
static void
put_link(const cxm_notice_letter_t *letter, cxm_buf_t *out)
{
    int        fragment;
    cxm_str_t  link;

    link = cxm_json_get_str(letter->fields, "link");
    link = link.len == 0 ? cxm_str("/") : link;

    if (link.data[0] == '/') {
        cxm_buf_put(out, letter->base.data, letter->base.len);
    }

    cxm_buf_put(out, link.data, link.len);

    if (letter->secret.len > 0) {
        fragment = memchr(link.data, '#', link.len) != NULL;
        cxm_buf_puts(out, fragment ? "&token=" : "#token=");
        cxm_buf_put(out, letter->secret.data, letter->secret.len);
    }
}


/* "2026-01-31 09:30 UTC"; of what names no time, that of the message. */
static void
put_time(const cxm_notice_letter_t *letter, const char *name, cxm_buf_t *out)
{
    char      text[CXM_RFC3339_LEN + 1];
    cxm_ms_t  at;

    if (cxm_rfc3339_parse(cxm_json_get_str(letter->fields, name), &at)
        != CXM_OK)
    {
        at = letter->queued_at;
    }

    cxm_rfc3339_format(at, text);
    cxm_buf_put(out, text, sizeof("2026-01-31") - 1);
    cxm_buf_putc(out, ' ');
    cxm_buf_put(out, text + sizeof("2026-01-31"), sizeof("09:30") - 1);
    cxm_buf_puts(out, " UTC");
}


/* Whole ones, rounded up: of a message that is read when it is sent. */
static void
put_left(const cxm_notice_letter_t *letter, cxm_ms_t unit, cxm_buf_t *out)
{
    cxm_ms_t  left;

    left = letter->expires_at - letter->queued_at;

    cxm_buf_printf(out, "%lld",
                   (long long) (left > 0 ? (left + unit - 1) / unit : 0));
}


static void
put_string(const cxm_notice_letter_t *letter, const char *name,
    cxm_str_t absent, cxm_buf_t *out)
{
    cxm_str_t  value;

    value = cxm_json_get_str(letter->fields, name);
    value = value.len == 0 ? absent : value;
    cxm_buf_put(out, value.data, value.len);
}


static void
put_value(const cxm_notice_letter_t *letter, cxm_template_field_no_t no,
    cxm_buf_t *out)
{
    cxm_str_t    host;
    const char  *name;

    name = cxm_template_field[no].field.name;

    switch (no) {

    case CXM_TEMPLATE_SITE:
        host = host_of(letter->base);
        cxm_buf_put(out, host.data, host.len);
        break;

    case CXM_TEMPLATE_RECIPIENT:
        cxm_buf_put(out, letter->recipient.data, letter->recipient.len);
        break;

    case CXM_TEMPLATE_MINUTES:
        put_left(letter, CXM_MS_MINUTE, out);
        break;

    case CXM_TEMPLATE_HOURS:
        put_left(letter, CXM_MS_HOUR, out);
        break;

    case CXM_TEMPLATE_LINK:
        put_link(letter, out);
        break;

    case CXM_TEMPLATE_AT:
        put_time(letter, name, out);
        break;

    case CXM_TEMPLATE_NAME:
        put_string(letter, name, letter->recipient, out);
        break;

    default:
        put_string(letter, name, cxm_str(CXM_NOTICE_NONE), out);
        break;
    }
}


/* --- the letter --------------------------------------------------------- */

static cxm_rc_t
choose_text(cxm_txn_t *txn, const cxm_notice_letter_t *letter,
    cxm_template_chosen_t *out, cxm_error_t *err)
{
    cxm_rc_t  rc;
    unsigned  i;

    rc = cxm_template_choose(txn, letter->template, letter->language, out,
                             err);

    if (rc != CXM_OK || letter->draft == NULL) {
        return rc;
    }

    if (letter->language.len > 0) {
        out->language = letter->language;
    }

    for (i = 0; i < CXM_PARTS; i++) {
        out->part[i] = cxm_json_get_str(letter->draft, cxm_part_names[i]);
    }

    return CXM_OK;
}


cxm_rc_t
cxm_notice_write(cxm_txn_t *txn, const cxm_notice_letter_t *letter,
    cxm_notice_mail_t *out, cxm_error_t *err)
{
    int                     failed;
    cxm_rc_t                rc;
    unsigned                i;
    cxm_buf_t              *parts[CXM_PARTS];
    cxm_template_chosen_t   chosen;
    cxm_template_values_t   values;

    rc = choose_text(txn, letter, &chosen, err);

    if (rc != CXM_OK) {
        return rc;
    }

    parts[CXM_PART_SUBJECT] = &out->subject;
    parts[CXM_PART_TEXT] = &out->text;
    parts[CXM_PART_HTML] = &out->html;
    failed = 0;

    for (i = 0; i < CXM_TEMPLATE_FIELDS; i++) {
        cxm_buf_init(&values.value[i], CXM_NOTICE_VALUE);
        put_value(letter, (cxm_template_field_no_t) i, &values.value[i]);
        failed |= values.value[i].failed;
    }

    for (i = 0; i < CXM_PARTS; i++) {
        cxm_template_fill((cxm_part_t) i, chosen.part[i], &values, parts[i]);
        failed |= parts[i]->failed;
    }

    cxm_buf_put(&out->to, letter->recipient.data, letter->recipient.len);
    (void) snprintf(out->language, sizeof(out->language), "%.*s",
                    (int) chosen.language.len, chosen.language.data);

    for (i = 0; i < CXM_TEMPLATE_FIELDS; i++) {
        cxm_buf_free(&values.value[i]);
    }

    cxm_template_chosen_clear(&chosen);

    return failed || out->to.failed
           ? cxm_fail(err, CXM_INTERNAL, NULL, "A message cannot be written.")
           : CXM_OK;
}


void
cxm_notice_mail_init(cxm_notice_mail_t *mail)
{
    memset(mail, 0, sizeof(*mail));
    cxm_buf_init(&mail->to, CXM_NOTICE_VALUE);
    cxm_buf_init(&mail->subject, CXM_NOTICE_MAX);
    cxm_buf_init(&mail->text, CXM_NOTICE_MAX);
    cxm_buf_init(&mail->html, CXM_NOTICE_MAX);
}


void
cxm_notice_mail_free(cxm_notice_mail_t *mail)
{
    cxm_buf_free(&mail->to);
    cxm_buf_free(&mail->subject);
    cxm_buf_free(&mail->text);
    cxm_buf_free(&mail->html);
}


/* --- of a message ------------------------------------------------------- */

static cxm_rc_t
secret_of(cxm_txn_t *txn, const cxm_doc_t *message,
    cxm_notice_secret_pt secret, cxm_buf_t *out, cxm_error_t *err)
{
    cxm_rc_t    rc;
    cxm_str_t   text;
    cxm_uuid_t  token;

    text = cxm_json_get_str(message->body, "token");

    if (text.len == 0) {
        return CXM_OK;
    }

    if (secret == NULL) {
        cxm_buf_puts(out, CXM_NOTICE_HIDDEN);
        return CXM_OK;
    }

    rc = cxm_uuid_parse(text, &token);

    if (rc == CXM_OK) {
        rc = secret(txn, &token, out);
    }

    return rc == CXM_OK
           ? CXM_OK
           : cxm_fail(err, rc, rc == CXM_NOT_FOUND ? "token_used" : NULL,
                      "The token of this message does no more.");
}


cxm_rc_t
cxm_notice_render(cxm_txn_t *txn, const cxm_doc_t *message,
    cxm_notice_secret_pt secret, cxm_notice_mail_t *out, cxm_error_t *err)
{
    cxm_rc_t              rc;
    cxm_buf_t             token;
    cxm_notice_letter_t   letter;

    cxm_notice_mail_init(out);
    memset(&letter, 0, sizeof(letter));
    letter.template = cxm_template_find(cxm_json_get_str(message->body,
                                                         "template"));

    if (message->erased) {
        return cxm_fail(err, CXM_CONFLICT, "person_erased",
                        "This person has been erased.");
    }

    if (letter.template == NULL
        || cxm_rfc3339_parse(cxm_json_get_str(message->body, "expires_at"),
                             &letter.expires_at) != CXM_OK)
    {
        return cxm_fail(err, CXM_CORRUPT, NULL, "A message is damaged.");
    }

    cxm_buf_init(&token, CXM_NOTICE_VALUE);
    rc = secret_of(txn, message, secret, &token, err);

    if (rc == CXM_OK) {
        letter.recipient = cxm_json_get_str(message->personal, "recipient");
        letter.language = cxm_json_get_str(message->body, "language");
        letter.base = cxm_json_get_str(message->body, "base");
        letter.secret = cxm_buf_str(&token);
        letter.fields = json_object_get(message->personal, "fields");
        letter.queued_at = message->created_at;

        rc = cxm_notice_write(txn, &letter, out, err);
    }

    cxm_buf_free(&token);

    return rc;
}


json_t *
cxm_notice_mail_json(const cxm_notice_mail_t *mail)
{
    json_t  *html;

    html = mail->html.len == 0
           ? json_null()
           : json_stringn((const char *) mail->html.data, mail->html.len);

    return json_pack("{ss% ss ss% ss% so}",
                     "to", mail->to.data, mail->to.len,
                     "language", mail->language,
                     "subject", mail->subject.data, mail->subject.len,
                     "text", mail->text.data, mail->text.len,
                     "html", html);
}
