/*
 * Templates: placeholders, where they may stand, and filling them in.
 */

#include "cxm_json.h"
#include "cxm_template.h"


const char *const  cxm_part_names[CXM_PARTS] = { "subject", "text", "html" };


/* --- pieces ------------------------------------------------------------- */

/* What comes next of a text: something to copy, or a placeholder's name. */
typedef struct {
    cxm_str_t  text;
    int        placeholder;
    int        unclosed;
} piece_t;


static const char *
find_two(cxm_str_t s, char c)
{
    size_t  i;

    for (i = 0; i + 1 < s.len; i++) {
        if (s.data[i] == c && s.data[i + 1] == c) {
            return s.data + i;
        }
    }

    return NULL;
}


/* Cuts the next piece off *rest, which is not empty. */
static piece_t
piece_next(cxm_str_t *rest)
{
    size_t       skip;
    piece_t      piece;
    const char  *end;

    memset(&piece, 0, sizeof(piece));
    end = find_two(*rest, '{');

    if (end == rest->data) {
        piece.placeholder = 1;
        rest->data += 2;
        rest->len -= 2;
        end = find_two(*rest, '}');
        piece.unclosed = end == NULL;
        skip = end == NULL ? 0 : 2;

    } else {
        skip = 0;
    }

    end = end == NULL ? rest->data + rest->len : end;
    piece.text = (cxm_str_t) { (size_t) (end - rest->data), rest->data };
    rest->data = end + skip;
    rest->len -= piece.text.len + skip;

    return piece;
}


/* CXM_TEMPLATE_FIELDS: there is none of this name. */
static unsigned
field_no(cxm_str_t name)
{
    unsigned  i;

    for (i = 0; i < CXM_TEMPLATE_FIELDS; i++) {
        if (cxm_str_eqz(name, cxm_template_field[i].field.name)) {
            break;
        }
    }

    return i;
}


/* --- where in HTML ------------------------------------------------------ */

typedef enum {
    HTML_TEXT = 0,
    HTML_TAG,                   /* behind "<", outside of quotes */
    HTML_QUOTED,                /* an attribute's value */
    HTML_COMMENT,
    HTML_RAW                    /* of script and style: not text */
} html_state_t;

typedef struct {
    html_state_t  state;
    char          quote;
    int           first;        /* right behind the quote */
    int           raw;          /* the tag begins such an element */
} html_place_t;


static int
begins(cxm_str_t s, const char *with)
{
    size_t  len;

    len = strlen(with);

    return s.len >= len && cxm_str_ieqz((cxm_str_t) { len, s.data }, with);
}


static void
html_open(html_place_t *place, cxm_str_t at)
{
    static const char *const  marks[] = { "<!--", "<script", "<style" };

    char  c;

    if (begins(at, marks[0])) {
        place->state = HTML_COMMENT;
        return;
    }

    c = at.len > 1 ? at.data[1] : ' ';

    if (c == '/' || c == '!' || c == '?' || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z'))
    {
        place->state = HTML_TAG;
        place->raw = begins(at, marks[1]) || begins(at, marks[2]);
    }
}


/* One character on; `at` begins with it. */
static void
html_step(html_place_t *place, cxm_str_t at)
{
    char  c;

    c = at.data[0];
    place->first = 0;

    switch (place->state) {

    case HTML_TEXT:
        if (c == '<') {
            html_open(place, at);
        }

        break;

    case HTML_TAG:
        if (c == '"' || c == '\'') {
            place->state = HTML_QUOTED;
            place->quote = c;
            place->first = 1;

        } else if (c == '>') {
            place->state = place->raw ? HTML_RAW : HTML_TEXT;
        }

        break;

    case HTML_QUOTED:
        place->state = c == place->quote ? HTML_TAG : HTML_QUOTED;
        break;

    case HTML_COMMENT:
        place->state = begins(at, "-->") ? HTML_TEXT : HTML_COMMENT;
        break;

    case HTML_RAW:
        if (begins(at, "</script") || begins(at, "</style")) {
            place->state = HTML_TAG;
            place->raw = 0;
        }

        break;
    }
}


static int
html_allows(const html_place_t *place, unsigned field)
{
    return place->state == HTML_TEXT
           || (place->state == HTML_QUOTED && place->first
               && cxm_template_field[field].field.type == CXM_FIELD_URL);
}


/* --- checking ----------------------------------------------------------- */

typedef struct {
    const cxm_template_t  *template;
    cxm_part_t             part;
    const char            *pointer;
    cxm_error_t           *err;
    html_place_t           place;
    unsigned               seen;        /* bits of fields */
} part_check_t;


static cxm_rc_t
check_placeholder(part_check_t *check, const piece_t *piece)
{
    unsigned  no;

    if (piece->unclosed) {
        return cxm_issue(check->err, check->pointer, "unclosed",
                         "\"{{\" has no \"}}\".");
    }

    no = field_no(piece->text);

    if (no == CXM_TEMPLATE_FIELDS || !cxm_template_has(check->template, no)) {
        return cxm_issue(check->err, check->pointer, "unknown_field",
                         "This template has no field \"%.*s\".",
                         (int) cxm_utf8_prefix(piece->text.data,
                                               piece->text.len > 40
                                               ? 40 : piece->text.len),
                         piece->text.data);
    }

    check->seen |= 1u << no;

    if (check->part == CXM_PART_HTML && !html_allows(&check->place, no)) {
        return cxm_issue(check->err, check->pointer, "misplaced",
                         "{{%s}} may not stand there: fields stand in text, "
                         "links also where a quoted attribute begins.",
                         cxm_template_field[no].field.name);
    }

    check->place.first = 0;

    return CXM_OK;
}


/* The markup before the next placeholder, as far as the rest tells it. */
static void
check_markup(part_check_t *check, const piece_t *piece, cxm_str_t rest)
{
    size_t     i;
    cxm_str_t  at;

    for (i = 0; i < piece->text.len; i++) {
        at.data = piece->text.data + i;
        at.len = piece->text.len - i + rest.len;
        html_step(&check->place, at);
    }
}


static cxm_rc_t
check_required(const part_check_t *check)
{
    cxm_rc_t  rc;
    unsigned  i;

    rc = CXM_OK;

    for (i = 0; i < CXM_TEMPLATE_FIELDS; i++) {
        if (cxm_template_field[i].field.type == CXM_FIELD_URL
            && (check->template->required & ~check->seen) >> i & 1)
        {
            rc = cxm_issue(check->err, check->pointer, "required",
                           "{{%s}} is missing.",
                           cxm_template_field[i].field.name);
        }
    }

    return rc;
}


cxm_rc_t
cxm_template_check_part(const cxm_template_t *template, cxm_part_t part,
    cxm_str_t text, const char *pointer, cxm_error_t *err)
{
    cxm_rc_t      rc, bad;
    piece_t       piece;
    part_check_t  check;

    memset(&check, 0, sizeof(check));
    check.template = template;
    check.part = part;
    check.pointer = pointer;
    check.err = err;
    rc = CXM_OK;

    while (text.len > 0) {
        piece = piece_next(&text);

        if (piece.placeholder) {
            bad = check_placeholder(&check, &piece);
            rc = bad != CXM_OK ? bad : rc;

        } else if (part == CXM_PART_HTML) {
            check_markup(&check, &piece, text);
        }
    }

    bad = part == CXM_PART_SUBJECT ? CXM_OK : check_required(&check);

    return bad != CXM_OK ? bad : rc;
}


cxm_rc_t
cxm_template_check_text(const cxm_template_t *template, const json_t *text,
    const char *pointer, cxm_error_t *err)
{
    char      place[CXM_ERROR_POINTER_LEN];
    cxm_rc_t  rc, bad;
    unsigned  i;

    rc = CXM_OK;

    for (i = 0; i < CXM_PARTS; i++) {

        if (json_object_get(text, cxm_part_names[i]) == NULL) {
            continue;
        }

        (void) snprintf(place, sizeof(place), "%s", pointer);
        cxm_pointer_push(place, sizeof(place), cxm_strz(cxm_part_names[i]));

        bad = cxm_template_check_part(template, (cxm_part_t) i,
                  cxm_json_get_str(text, cxm_part_names[i]), place, err);
        rc = bad != CXM_OK ? bad : rc;
    }

    return rc;
}


cxm_rc_t
cxm_template_check_fields(const cxm_template_t *template,
    const json_t *fields, const char *pointer, cxm_error_t *err)
{
    char           place[CXM_ERROR_POINTER_LEN];
    unsigned       no;
    cxm_rc_t       rc, bad;
    const char    *name;
    const json_t  *value;

    rc = CXM_OK;

    json_object_foreach((json_t *) fields, name, value) {
        no = field_no(cxm_strz(name));
        (void) snprintf(place, sizeof(place), "%s", pointer);
        cxm_pointer_push(place, sizeof(place), cxm_strz(name));

        bad = no < CXM_TEMPLATE_FIELDS && (template->fields >> no & 1)
              ? cxm_field_check_value(&cxm_template_field[no].field, value,
                                      place, err)
              : cxm_issue(err, place, "unknown_field",
                          "This template is given no such field.");
        rc = bad != CXM_OK ? bad : rc;
    }

    for (no = 0; no < CXM_TEMPLATE_FIELDS; no++) {
        name = cxm_template_field[no].field.name;

        if ((template->required >> no & 1)
            && json_object_get(fields, name) == NULL)
        {
            (void) snprintf(place, sizeof(place), "%s/%s", pointer, name);
            rc = cxm_issue(err, place, "required", "Must be there.");
        }
    }

    return rc;
}


/* --- filling in --------------------------------------------------------- */

/* Values of one line, whatever they hold: a header must not be broken. */
static void
put_line(cxm_buf_t *out, cxm_str_t value)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < value.len; i++) {
        c = (unsigned char) value.data[i];
        cxm_buf_putc(out, c < 0x20 || c == 0x7f ? ' ' : c);
    }
}


void
cxm_template_fill(cxm_part_t part, cxm_str_t text,
    const cxm_template_values_t *values, cxm_buf_t *out)
{
    piece_t    piece;
    unsigned   no;
    cxm_str_t  value;

    while (text.len > 0) {
        piece = piece_next(&text);

        if (!piece.placeholder) {
            cxm_buf_put(out, piece.text.data, piece.text.len);
            continue;
        }

        no = field_no(piece.text);

        if (no == CXM_TEMPLATE_FIELDS) {
            continue;
        }

        value = cxm_buf_str(&values->value[no]);

        if (part == CXM_PART_HTML) {
            cxm_buf_html(out, value);

        } else {
            put_line(out, value);
        }
    }
}
