/*
 * Exports: cells and columns of CSV, and pieces that put together are all
 * rows, whoever fills which when.
 */

#include "tables_fixture.h"

#include "cxm_export.h"
#include "cxm_flow.h"
#include "cxm_journal.h"
#include "cxm_json.h"
#include "cxm_pack.h"


#define ROOM  64

static const cxm_field_t  any_item = { .type = CXM_FIELD_ANY };

static const cxm_field_t  size_fields[] = {
    { .name = "width", .type = CXM_FIELD_INT },
    { .name = "unit", .type = CXM_FIELD_STRING },
    { .name = NULL }
};

static const cxm_fields_t  size_table = { "Size", size_fields };

enum { THING_N, THING_TEXT, THING_SIZE, THING_MORE, THING_WHO, THING_FIELDS };

static const cxm_field_t  thing_fields[] = {
    { .name = "n", .type = CXM_FIELD_INT },
    { .name = "text", .type = CXM_FIELD_STRING },
    { .name = "size", .type = CXM_FIELD_OBJECT, .object = &size_table },
    { .name = "more", .type = CXM_FIELD_MAP, .item = &any_item },
    { .name = "who", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_PERSONAL },
    { .name = NULL }
};

static const cxm_fields_t  thing_table = { "Thing", thing_fields };

/* There are n % 3 things of number n, of so many bytes. */
typedef struct {
    size_t  bytes;
} things_t;

static fixture_t     f;
static cxm_member_t  members[ROOM];


static int
start(void **state)
{
    (void) state;
    fixture_open(&f, &cxm_flow);

    return 0;
}


static int
end(void **state)
{
    (void) state;
    fixture_close(&f);

    return 0;
}


/* --- a made-up kind ----------------------------------------------------- */

static cxm_rc_t
things_walk(cxm_txn_t *txn, const cxm_export_t *export, cxm_piece_t *piece)
{
    int              more;
    char            *text;
    things_t        *things = export->query;
    cxm_value_t      values[THING_FIELDS] = { 0 };
    cxm_members_t    room = { members, 0, ROOM };

    (void) txn;

    text = malloc(things->bytes);
    assert_non_null(text);
    memset(text, 'x', things->bytes);
    values[THING_TEXT] = cxm_value_string(
        (cxm_str_t) { things->bytes, text });

    for (more = 1; more && piece->at.no < piece->end; piece->at.sub++) {

        if (piece->at.sub >= piece->at.no % 3) {
            piece->at = (cxm_place_t) { piece->at.no + 1, (uint64_t) -1 };
            continue;
        }

        if (!cxm_export_look(piece)) {
            break;
        }

        values[THING_N] = cxm_value_integer(
            (int64_t) (piece->at.no * 10 + piece->at.sub));
        more = cxm_export_row(export, piece, values, &room);
    }

    if (piece->at.sub == (uint64_t) -1) {
        piece->at.sub = 0;
    }

    free(text);

    return CXM_OK;
}


static void
things_free(void *query)
{
    free(query);
}


static const cxm_export_rows_t  thing_rows = {
    .fields = &thing_table, .walk = things_walk, .free = things_free
};


static cxm_export_t *
things(cxm_export_format_t format, int personal, uint64_t last, size_t bytes)
{
    cxm_export_t  *export;

    export = cxm_export_create(&thing_rows, format, personal, last + 1);
    assert_non_null(export);
    export->query = malloc(sizeof(things_t));
    assert_non_null(export->query);
    ((things_t *) export->query)->bytes = bytes;

    return export;
}


/* --- pieces ------------------------------------------------------------- */

/* Adds what a piece has; numbers must come in order, none left out. */
static void
check_rows(cxm_str_t text, uint64_t *no, uint64_t *sub)
{
    json_t       *row;
    cxm_str_t     line;
    cxm_error_t   err;

    cxm_error_init(&err);

    while (text.len > 0) {
        line = text;
        line.len = (size_t) ((char *) memchr(text.data, '\n', text.len)
                             - text.data);
        text.data += line.len + 1;
        text.len -= line.len + 1;

        while (*sub >= *no % 3) {
            (*no)++;
            *sub = 0;
        }

        assert_int_equal(cxm_json_load(line, &row, &err), CXM_OK);
        assert_int_equal(cxm_json_get_int(row, "n", -1), *no * 10 + *sub);
        json_decref(row);
        (*sub)++;
    }
}


/* Three pieces, filled in any order and any number of times. */
static void
check_whole(cxm_export_t *export, uint64_t last)
{
    uint64_t     no, sub, rows;
    unsigned     head, lane, fills;
    cxm_piece_t  pieces[3];
    int          there[3];

    no = export->at.no;
    sub = export->at.sub;
    rows = 0;
    fills = 0;

    for (lane = 0; lane < 3; lane++) {
        cxm_piece_init(&pieces[lane]);
        there[lane] = cxm_export_next(export, &pieces[lane]);
    }

    for (head = 0; there[head]; fills++) {
        lane = fixture_random(3);

        if (there[lane] && pieces[lane].out.len < CXM_EXPORT_BYTES) {
            cxm_export_fill(export, f.store, &pieces[lane]);
            assert_int_equal(pieces[lane].rc, CXM_OK);
        }

        if (fixture_random(2)) {
            continue;
        }

        check_rows(cxm_buf_str(&pieces[head].out), &no, &sub);
        cxm_buf_reset(&pieces[head].out);

        if (cxm_piece_done(&pieces[head])) {
            rows += pieces[head].rows;
            pieces[head].rows = 0;
            there[head] = cxm_export_next(export, &pieces[head]);
            head = (head + 1) % 3;
        }
    }

    assert_false(there[0] || there[1] || there[2]);
    assert_int_equal(no * 10 + sub, last);
    assert_true(rows > 0);

    for (lane = 0; lane < 3; lane++) {
        cxm_piece_free(&pieces[lane]);
    }
}


static void
whole(void **state)
{
    unsigned       i;
    cxm_export_t  *export;

    static const struct {
        uint64_t  last;
        size_t    bytes;
    } cases[] = {
        { 2, 1 }, { 3002, 1 }, { 40001, 1 }, { 3002, 3000 },
        { 200, 100000 }, { 8, CXM_EXPORT_BYTES * 2 }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        export = things(CXM_EXPORT_NDJSON, 0, cases[i].last, cases[i].bytes);
        check_whole(export, cases[i].last * 10 + 2);
        cxm_export_free(export);
    }
}


/* Behind a place in the middle of a number. */
static void
resumed(void **state)
{
    cxm_export_t  *export;

    (void) state;

    export = things(CXM_EXPORT_NDJSON, 0, 3002, 10);
    export->at = (cxm_place_t) { 1001, 1 };
    check_whole(export, 30022);
    cxm_export_free(export);
}


/* Spans follow what rows there are, so a piece is about one buffer. */
static void
spans(void **state)
{
    int            i;
    cxm_piece_t    piece;
    cxm_export_t  *export;

    (void) state;

    export = things(CXM_EXPORT_NDJSON, 0, 1000000, 1000);
    cxm_piece_init(&piece);

    for (i = 0; i < 10; i++) {
        assert_true(cxm_export_next(export, &piece));

        while (!cxm_piece_done(&piece)) {
            cxm_export_fill(export, f.store, &piece);
            cxm_buf_reset(&piece.out);
        }
    }

    assert_in_range(piece.span, 200, 260);      /* a kilobyte a number */
    cxm_piece_free(&piece);
    cxm_export_free(export);
}


/* What nobody writes during is not busy; what somebody does is. */
static cxm_rc_t
busy_walk(cxm_txn_t *txn, const cxm_export_t *export, cxm_piece_t *piece)
{
    cxm_txn_t  *write;

    (void) txn;

    if (export->personal) {
        write = fixture_write(&f);
        fixture_append(write);
        fixture_commit(write);
    }

    piece->at.no = piece->end;

    return CXM_OK;
}


static const cxm_export_rows_t  busy_rows = {
    .fields = &thing_table, .walk = busy_walk
};


static void
busy(void **state)
{
    int            writes;
    cxm_piece_t    piece;
    cxm_export_t  *export;

    (void) state;

    for (writes = 0; writes < 2; writes++) {
        export = cxm_export_create(&busy_rows, CXM_EXPORT_NDJSON, writes, 2);
        assert_non_null(export);
        cxm_piece_init(&piece);
        assert_true(cxm_export_next(export, &piece));
        cxm_export_fill(export, f.store, &piece);
        assert_int_equal(piece.rc, CXM_OK);
        assert_int_equal(piece.busy, writes);
        cxm_piece_free(&piece);
        cxm_export_free(export);
    }
}


/* --- CSV ---------------------------------------------------------------- */

/* The row of a document, without its end. */
static void
csv(const cxm_export_t *export, const char *json, char *out, size_t size)
{
    unsigned       i;
    json_t        *tree;
    cxm_buf_t      packed;
    cxm_piece_t    piece;
    cxm_value_t    row, values[THING_FIELDS];
    cxm_members_t  room = { members, 0, ROOM };

    cxm_buf_init(&packed, 1 << 20);
    cxm_piece_init(&piece);
    assert_int_equal(cxm_json_load(cxm_strz(json), &tree, NULL), CXM_OK);
    cxm_pack(&packed, tree);
    json_decref(tree);

    assert_int_equal(cxm_value_unpack(cxm_buf_str(&packed), &room, &row),
                     CXM_OK);

    for (i = 0; i < THING_FIELDS; i++) {
        values[i] = cxm_value_get(&row, cxm_strz(thing_fields[i].name));
    }

    assert_true(cxm_export_row(export, &piece, values, &room));
    assert_memory_equal(piece.out.data + piece.out.len - 2, "\r\n", 2);
    snprintf(out, size, "%.*s", (int) piece.out.len - 2,
             (char *) piece.out.data);

    cxm_piece_free(&piece);
    cxm_buf_free(&packed);
}


static void
cells(void **state)
{
    size_t         i;
    char           found[200];
    cxm_export_t  *export;

    static const struct {
        const char  *json, *csv;
    } rows[] = {
        { "{}", ",,,,," },
        { "{\"n\":null,\"text\":null,\"more\":null}", ",,,,," },
        { "{\"n\":-5,\"text\":\"\"}", "-5,\"\",,,," },
        { "{\"text\":\"plain\"}", ",plain,,,," },
        { "{\"text\":\" pad\"}", ",\" pad\",,,," },
        { "{\"text\":\"pad \"}", ",\"pad \",,,," },
        { "{\"text\":\"a,b\"}", ",\"a,b\",,,," },
        { "{\"text\":\"a;b|c\"}", ",\"a;b|c\",,,," },
        { "{\"text\":\"say \\\"x\\\"\"}", ",\"say \"\"x\"\"\",,,," },
        { "{\"text\":\"\\\"\"}", ",\"\"\"\",,,," },
        { "{\"text\":\"a\\nb\\r\\nc\"}", ",\"a\nb\r\nc\",,,," },
        { "{\"text\":\"o'clock\"}", ",\"o'clock\",,,," },
        { "{\"text\":\"\\u20ac\"}", ",\xe2\x82\xac,,,," },

        /* no spreadsheet calculates */

        { "{\"text\":\"=1+1\"}", ",'=1+1,,,," },
        { "{\"text\":\"+1\"}", ",'+1,,,," },
        { "{\"text\":\"@SUM(A1)\"}", ",'@SUM(A1),,,," },
        { "{\"text\":\"\\tx\"}", ",\"'\tx\",,,," },
        { "{\"text\":\"\\r\"}", ",\"'\r\",,,," },
        { "{\"text\":\"-x, y\"}", ",\"'-x, y\",,,," },
        { "{\"text\":\"-\"}", ",'-,,,," },
        { "{\"text\":\"-1-1\"}", ",'-1-1,,,," },
        { "{\"text\":\"-1.2.3\"}", ",'-1.2.3,,,," },
        { "{\"text\":\"-.\"}", ",'-.,,,," },
        { "{\"text\":\"-12.5\"}", ",-12.5,,,," },
        { "{\"text\":\"a=1\"}", ",a=1,,,," },

        /* what has columns of its own, and what has none */

        { "{\"size\":{\"width\":-7,\"unit\":\"=m\"}}", ",,-7,'=m,," },
        { "{\"more\":{\"colour\":\"red\"}}", ",,,,red," },
        { "{\"more\":{\"a\":1,\"colour\":\"red\",\"b\":[]}}",
          ",,,,red,\"{\"\"a\"\":1,\"\"b\"\":[]}\"" },
        { "{\"more\":{\"colour\":[\"a\",\"b\"]}}", ",,,,\"a;b\"," },
        { "{\"more\":{\"colour\":[\"=a\",\"b\"]}}", ",,,,\"'=a;b\"," },
        { "{\"more\":{\"colour\":[]}}", ",,,,," },
        { "{\"more\":{\"colour\":[1,2]}}", ",,,,\"[1,2]\"," },
        { "{\"more\":{\"colour\":[\"a;b\"]}}", ",,,,\"[\"\"a;b\"\"]\"," },
        { "{\"more\":{\"colour\":{\"x\":true}}}",
          ",,,,\"{\"\"x\"\":true}\"," },
        { "{\"more\":{\"colour\":true}}", ",,,,true," },
        { "{\"more\":{\"colour\":0.5}}", ",,,,0.5," },
        { "{\"who\":\"not shown\"}", ",,,,," }
    };

    (void) state;

    export = things(CXM_EXPORT_CSV, 0, 1, 1);
    assert_int_equal(cxm_export_column(export, THING_MORE, cxm_str("colour"),
                                       NULL), CXM_OK);
    assert_int_equal(cxm_export_rest(export, THING_MORE), CXM_OK);
    assert_int_equal(cxm_export_ready(export), CXM_OK);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        csv(export, rows[i].json, found, sizeof(found));
        assert_string_equal(found, rows[i].csv);
    }

    cxm_export_free(export);
}


static void
columns(void **state)
{
    int            i;
    cxm_piece_t    piece;
    cxm_export_t  *export;

    (void) state;

    export = things(CXM_EXPORT_CSV, 1, 0, 1);

    /* asked for twice is one */

    for (i = 0; i < 2; i++) {
        assert_int_equal(cxm_export_column(export, THING_MORE,
                                           cxm_str("b\"b"), NULL), CXM_OK);
        assert_int_equal(cxm_export_column(export, THING_MORE, cxm_str("a"),
                                           "phone"), CXM_OK);
    }

    assert_int_equal(cxm_export_ready(export), CXM_OK);

    /* an export without rows has a first line, and one */

    cxm_piece_init(&piece);
    assert_true(cxm_export_next(export, &piece));
    cxm_export_fill(export, f.store, &piece);
    assert_int_equal(piece.rc, CXM_OK);
    assert_true(cxm_str_eqz(cxm_buf_str(&piece.out),
                "\"n\",\"text\",\"size.width\",\"size.unit\",\"more.b\"\"b\","
                "\"more.a.phone\",\"who\"\r\n"));
    assert_false(cxm_export_next(export, &piece));
    cxm_piece_free(&piece);
    cxm_export_free(export);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(resumed),
        cmocka_unit_test(spans),
        cmocka_unit_test(busy),
        cmocka_unit_test(cells),
        cmocka_unit_test(columns)
    };

    return cmocka_run_group_tests(tests, start, end);
}
