/*
 * Rows as CSV (RFC 4180): every value in one form, so that programs which
 * guess types guess right, and no cell that a spreadsheet would calculate.
 * What such programs may take for a separator or a quote is quoted too.
 */

#include "cxm_export.h"
#include "cxm_json.h"
#include "cxm_rows.h"


#define CXM_CSV_TEXT  (4u << 20)        /* of a cell that is JSON */


/* --- cells -------------------------------------------------------------- */

/* A number in the usual form calculates to itself. */
static int
csv_number(cxm_str_t s)
{
    size_t  i, digits, points;

    digits = 0;
    points = 0;

    for (i = s.data[0] == '-'; i < s.len; i++) {
        if (s.data[i] == '.') {
            points++;

        } else if (s.data[i] < '0' || s.data[i] > '9') {
            return 0;

        } else {
            digits++;
        }
    }

    return digits > 0 && points <= 1;
}


/*
 * Spreadsheets take a text that begins so for a formula (OWASP), and imports
 * one for none at all.  What looks like such a text with its "'" gets another,
 * so that there is a way back.
 */
static int
csv_formula(cxm_str_t s)
{
    while (s.len > 1 && s.data[0] == '\'') {
        s.data++;
        s.len--;
    }

    return cxm_str_eqz(s, CXM_ROWS_NULL)
           || (s.len > 0 && memchr("=+-@\t\r", s.data[0], 6) != NULL
               && !csv_number(s));
}


cxm_str_t
cxm_csv_plain(cxm_str_t cell)
{
    if (cell.len > 1 && cell.data[0] == '\'' && csv_formula(cell)) {
        cell.data++;
        cell.len--;
    }

    return cell;
}


static int
csv_quoted(cxm_str_t s)
{
    size_t  i;

    static const char  special[256] = {
        ['"'] = 1, ['\''] = 1, [','] = 1, [';'] = 1, ['|'] = 1,
        ['\t'] = 1, ['\r'] = 1, ['\n'] = 1
    };

    /* an empty text is not the same as none */

    if (s.len == 0 || s.data[0] == ' ' || s.data[s.len - 1] == ' ') {
        return 1;
    }

    for (i = 0; i < s.len; i++) {
        if (special[(uint8_t) s.data[i]]) {
            return 1;
        }
    }

    return 0;
}


/* What stands between quotes. */
static void
csv_put(cxm_buf_t *out, cxm_str_t s)
{
    size_t       from;
    const char  *quote;

    for (from = 0; from < s.len; from = (size_t) (quote - s.data) + 1) {
        quote = memchr(s.data + from, '"', s.len - from);

        if (quote == NULL) {
            cxm_buf_put(out, s.data + from, s.len - from);
            break;
        }

        cxm_buf_put(out, s.data + from, (size_t) (quote - s.data) + 1 - from);
        cxm_buf_putc(out, '"');
    }
}


static void
csv_text(cxm_buf_t *out, cxm_str_t s)
{
    int  formula;

    formula = csv_formula(s);

    if (!csv_quoted(s)) {
        if (formula) {
            cxm_buf_putc(out, '\'');
        }

        cxm_buf_put(out, s.data, s.len);
        return;
    }

    cxm_buf_puts(out, formula ? "\"'" : "\"");
    csv_put(out, s);
    cxm_buf_putc(out, '"');
}


static void
csv_json(cxm_buf_t *out, const cxm_value_t *value)
{
    cxm_buf_t  text;

    cxm_buf_init(&text, CXM_CSV_TEXT);
    cxm_value_json(&text, value);

    if (text.failed) {
        out->failed = text.failed;
    } else {
        csv_text(out, cxm_buf_str(&text));
    }

    cxm_buf_free(&text);
}


/*
 * Words, as choices are, with ";" between them; 0: they are something else,
 * or would be read as something else.
 */
static int
csv_words(cxm_buf_t *text, const cxm_value_t *array)
{
    cxm_str_t    word;
    cxm_items_t  items;
    cxm_value_t  value;

    cxm_items_begin(&items, array);

    while (cxm_items_next(&items, &value)) {

        word = value.type == CXM_VALUE_STRING ? value.u.string : cxm_str("");

        if (word.len == 0 || word.data[0] == '['
            || memchr(word.data, ';', word.len) != NULL
            || cxm_str_eqz(word, CXM_ROWS_NULL))
        {
            return 0;
        }

        if (text->len > 0) {
            cxm_buf_putc(text, ';');
        }

        cxm_buf_put(text, word.data, word.len);
    }

    return !items.failed;
}


static void
csv_array(cxm_buf_t *out, const cxm_value_t *value)
{
    cxm_buf_t  text;

    cxm_buf_init(&text, CXM_CSV_TEXT);

    if (!csv_words(&text, value) || text.failed) {
        csv_json(out, value);

    } else if (text.len > 0) {
        csv_text(out, cxm_buf_str(&text));
    }

    cxm_buf_free(&text);
}


static void
csv_cell(cxm_buf_t *out, const cxm_value_t *value)
{
    char  text[CXM_UUID_LEN + 1];

    switch (value->type) {

    case CXM_VALUE_ABSENT:
    case CXM_VALUE_NULL:
        break;

    case CXM_VALUE_STRING:
        csv_text(out, value->u.string);
        break;

    case CXM_VALUE_TIME:
        cxm_rfc3339_format(value->u.integer, text);
        cxm_buf_put(out, text, CXM_RFC3339_LEN);
        break;

    case CXM_VALUE_UUID:
        cxm_uuid_format(value->u.uuid, text);
        cxm_buf_put(out, text, CXM_UUID_LEN);
        break;

    case CXM_VALUE_PACKED_ARRAY:
        csv_array(out, value);
        break;

    case CXM_VALUE_MEMBERS:
    case CXM_VALUE_PACKED_OBJECT:
        csv_json(out, value);
        break;

    default:
        cxm_value_json(out, value);
    }
}


/* --- columns ------------------------------------------------------------ */

static int
csv_has_column(const cxm_export_t *export, unsigned field, cxm_str_t name)
{
    unsigned  i;

    for (i = 0; i < export->ncolumns; i++) {
        if (export->columns[i].field == field && export->columns[i].depth > 0
            && cxm_str_eq(export->columns[i].path[0], name))
        {
            return 1;
        }
    }

    return 0;
}


/* Members of a map that have no column of their own; none are no object. */
static cxm_value_t
csv_rest(const cxm_export_t *export, const cxm_column_t *column,
    const cxm_value_t *map, cxm_members_t *room, int *failed)
{
    size_t               i, from;
    const cxm_member_t  *list;

    from = room->n;

    if (map->type == CXM_VALUE_MEMBERS) {
        list = map->u.members.list;

        for (i = 0; i < map->u.members.n; i++) {
            if (!csv_has_column(export, column->field, list[i].name)) {
                *failed |= !cxm_members_add(room, list[i].name,
                                            list[i].value);
            }
        }
    }

    return room->n == from ? cxm_value_null()
                           : cxm_members_object(room, from);
}


void
cxm_csv_row(cxm_buf_t *out, const cxm_export_t *export,
    const cxm_value_t *values, cxm_members_t *room)
{
    int                  failed;
    size_t               taken;
    unsigned             i, j;
    cxm_value_t          value;
    const cxm_column_t  *column;

    failed = 0;
    taken = room->n;

    for (i = 0; i < export->ncolumns; i++) {
        column = &export->columns[i];
        value = values[column->field];

        for (j = 0; j < column->depth; j++) {
            failed |= cxm_value_open(&value, room) != CXM_OK;
            value = cxm_value_get(&value, column->path[j]);
        }

        if (column->rest) {
            failed |= cxm_value_open(&value, room) != CXM_OK;
            value = csv_rest(export, column, &value, room, &failed);
        }

        if (i > 0) {
            cxm_buf_putc(out, ',');
        }

        csv_cell(out, &value);
        room->n = taken;
    }

    cxm_buf_put(out, "\r\n", 2);
    out->failed |= failed;
}


/*
 * In quotes, whatever the names are: a program that guesses the format from
 * the first rows may meet the first quotes long after them.
 */
void
cxm_csv_head(cxm_buf_t *out, const cxm_export_t *export)
{
    unsigned             i, j;
    const cxm_column_t  *column;

    for (i = 0; i < export->ncolumns; i++) {
        column = &export->columns[i];

        cxm_buf_puts(out, i > 0 ? ",\"" : "\"");
        cxm_buf_puts(out, export->rows->fields->fields[column->field].name);

        for (j = 0; j < column->depth; j++) {
            cxm_buf_putc(out, '.');
            csv_put(out, column->path[j]);
        }

        cxm_buf_putc(out, '"');
    }

    cxm_buf_put(out, "\r\n", 2);
}
