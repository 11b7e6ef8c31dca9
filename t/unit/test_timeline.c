/*
 * Timelines: the order of events of several kinds, bounds, pages.
 */

#include "tables_fixture.h"

#include "cxm_journal.h"
#include "cxm_json.h"
#include "cxm_timeline.h"


#define EVENTS  12          /* one a second; their kinds take turns */

static fixture_t    f;
static cxm_error_t  err;
static uint64_t     first;          /* number of event 0 */
static uint64_t     hole;           /* not kept any more */
static uint64_t     damaged;
static unsigned     shown;


/* --- a journal ---------------------------------------------------------- */

static cxm_rc_t
event_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    (void) txn;
    (void) entry;

    return CXM_OK;
}


static const cxm_kind_t  kind_event = {
    .no = CXM_KIND_ACCESS, .version = 1, .name = "event", .apply = event_apply
};

static const cxm_due_class_t *const  no_due[] = { NULL };

static const cxm_flow_t  flow = {
    .kinds = { [CXM_KIND_ACCESS] = &kind_event },
    .due = no_due
};


static cxm_ms_t
time_of(unsigned event)
{
    return FIXTURE_DAY + 1000 * (cxm_ms_t) event;
}


static int
open_events(void **state)
{
    unsigned    i;
    cxm_txn_t  *txn;

    (void) state;

    fixture_open(&f, &flow);

    for (i = 0; i < EVENTS; i++) {
        cxm_error_init(&err);
        assert_int_equal(cxm_txn_write(f.store, time_of(i), &txn, &err),
                         CXM_OK);
        assert_int_equal(cxm_journal_add(txn, CXM_KIND_ACCESS, 0,
                                         json_object(), &err), CXM_OK);
        first = i == 0 ? cxm_txn_head(txn) : first;
        fixture_commit(txn);
    }

    return 0;
}


static int
close_events(void **state)
{
    (void) state;

    fixture_close(&f);

    return 0;
}


/* --- kinds of every third event ----------------------------------------- */

static cxm_rc_t
third_begin(cxm_timeline_source_t *source, uint64_t before)
{
    *(uint64_t *) source->state = before < first + EVENTS ? before
                                                          : first + EVENTS;
    return CXM_OK;
}


static cxm_rc_t
third_next(cxm_timeline_source_t *source)
{
    uint64_t  *below;

    below = source->state;

    while (*below > first) {
        source->no = --*below;

        if ((source->no - first) % 3
            == (uint64_t) (source->kind->name[0] - 'a'))
        {
            return CXM_OK;
        }
    }

    return CXM_NOT_FOUND;
}


static cxm_rc_t
third_show(cxm_timeline_source_t *source, cxm_ms_t *at, json_t **data)
{
    shown++;

    if (source->no == damaged) {
        return CXM_CORRUPT;
    }

    if (source->no == hole) {
        return CXM_NOT_FOUND;
    }

    *at = time_of((unsigned) (source->no - first));
    *data = json_integer((json_int_t) (source->no - first));

    return CXM_OK;
}


#define THIRD(name_)                                                          \
    { .name = name_, .state = sizeof(uint64_t), .begin = third_begin,         \
      .next = third_next, .show = third_show }

static const cxm_timeline_kind_t  a = THIRD("a"), b = THIRD("b"),
                                  c = THIRD("c");
/* --- four events of one entry ------------------------------------------- */

#define FOUR  4

static cxm_rc_t
four_begin(cxm_timeline_source_t *source, uint64_t before)
{
    (void) before;

    *(uint64_t *) source->state = source->below.no > first + FOUR ? FOUR
                                  : source->below.no == first + FOUR
                                    ? source->below.sub : 0;
    return CXM_OK;
}


static cxm_rc_t
four_next(cxm_timeline_source_t *source)
{
    uint64_t  *left;

    left = source->state;

    if (*left == 0) {
        return CXM_NOT_FOUND;
    }

    source->no = first + FOUR;
    source->sub = --*left;

    return CXM_OK;
}


static cxm_rc_t
four_show(cxm_timeline_source_t *source, cxm_ms_t *at, json_t **data)
{
    *at = time_of(FOUR);
    *data = json_integer((json_int_t) source->sub);

    return CXM_OK;
}


static const cxm_timeline_kind_t  d = {
    .name = "d", .state = sizeof(uint64_t), .begin = four_begin,
    .next = four_next, .show = four_show
};

static const cxm_timeline_kind_t *const  a_and_d[] = { &a, &d, NULL };
static const cxm_timeline_kind_t *const  all[] = { &c, &a, &b, NULL };
static const cxm_timeline_kind_t *const  only_b[] = { &b, NULL };
static const cxm_timeline_kind_t *const  none[] = { NULL };


/* --- reading ------------------------------------------------------------ */

static const cxm_place_t  newest = { UINT64_MAX, 0 };


static cxm_rc_t
get(const cxm_timeline_kind_t *const *kinds, cxm_ms_t from, cxm_ms_t to,
    unsigned limit, cxm_place_t before, json_t **items, cxm_place_t *next)
{
    int             personal;
    cxm_rc_t        rc;
    cxm_timeline_t  timeline = {
        .personal = &personal, .from = from, .to = to, .before = before,
        .limit = limit, .err = &err
    };

    cxm_error_init(&err);
    shown = 0;
    timeline.txn = fixture_read(&f);
    rc = cxm_timeline_read(&timeline, kinds, items, next);
    cxm_txn_end(timeline.txn);

    return rc;
}


/* As "b10 a9 ", and "+" where there is another page. */
static void
expect(const cxm_timeline_kind_t *const *kinds, cxm_ms_t from, cxm_ms_t to,
    unsigned limit, const char *text)
{
    char      got[200];
    size_t    i, n;
    json_t   *items, *item;
    cxm_place_t  next;

    assert_int_equal(get(kinds, from, to, limit, newest, &items, &next),
                     CXM_OK);
    n = 0;
    got[0] = '\0';

    json_array_foreach(items, i, item) {
        n += (size_t) snprintf(got + n, sizeof(got) - n, "%s%lld ",
                 json_string_value(json_object_get(item, "kind")),
                 (long long) json_integer_value(json_object_get(item,
                                                                "data")));
    }

    (void) snprintf(got + n, sizeof(got) - n, "%s", next.no != 0 ? "+" : "");
    assert_string_equal(got, text);
    json_decref(items);
}


static void
order(void **state)
{
    (void) state;

    expect(all, CXM_MS_MIN, CXM_MS_MAX, 50,
           "c11 b10 a9 c8 b7 a6 c5 b4 a3 c2 b1 a0 ");
    expect(only_b, CXM_MS_MIN, CXM_MS_MAX, 50, "b10 b7 b4 b1 ");
    expect(none, CXM_MS_MIN, CXM_MS_MAX, 50, "");
}


static void
times(void **state)
{
    (void) state;

    expect(all, time_of(9), CXM_MS_MAX, 50, "c11 b10 a9 ");
    expect(all, time_of(9) + 1, CXM_MS_MAX, 50, "c11 b10 ");
    expect(all, CXM_MS_MIN, time_of(2), 50, "b1 a0 ");
    expect(all, CXM_MS_MIN, time_of(2) + 1, 50, "c2 b1 a0 ");
    expect(all, time_of(4), time_of(6), 50, "c5 b4 ");
    expect(all, time_of(4), time_of(4), 50, "");
    expect(all, time_of(EVENTS), CXM_MS_MAX, 50, "");

    /* nothing is read that is not shown */

    expect(only_b, time_of(4), time_of(5), 50, "b4 ");
    assert_int_equal(shown, 1);
}


static void
pages(void **state)
{
    json_t       *items;
    unsigned      limit, n;
    cxm_place_t   next;

    (void) state;

    for (limit = 1; limit <= EVENTS + 1; limit++) {
        next = newest;
        n = 0;

        while (next.no != 0) {
            assert_int_equal(get(all, CXM_MS_MIN, CXM_MS_MAX, limit, next,
                                 &items, &next), CXM_OK);
            assert_in_range(json_array_size(items), 1, limit);
            assert_int_equal(json_integer_value(json_object_get(
                                 json_array_get(items, 0), "data")),
                             EVENTS - 1 - n);
            n += (unsigned) json_array_size(items);
            json_decref(items);
        }

        assert_int_equal(n, EVENTS);
    }

    /* a page that is full to the bound of time is the last one */

    expect(all, time_of(9), CXM_MS_MAX, 3, "c11 b10 a9 ");
    expect(all, time_of(9), CXM_MS_MAX, 2, "c11 b10 +");
}


/* Also in the middle of an entry. */
static void
places(void **state)
{
    char          got[64], kind;
    json_t       *items, *item;
    size_t        i, n;
    unsigned      limit;
    cxm_place_t   next;

    (void) state;

    for (limit = 1; limit <= 3; limit++) {
        next = newest;
        n = 0;

        while (next.no != 0) {
            assert_int_equal(get(a_and_d, CXM_MS_MIN, time_of(7), limit, next,
                                 &items, &next), CXM_OK);

            for (i = 0; i < json_array_size(items); i++) {
                item = json_array_get(items, i);
                kind = cxm_json_get_str(item, "kind").data[0];
                n += (size_t) snprintf(got + n, sizeof(got) - n, "%c%d ",
                         kind, (int) json_integer_value(
                                         json_object_get(item, "data")));
            }

            json_decref(items);
        }

        assert_string_equal(got, "a6 d3 d2 d1 d0 a3 a0 ");
    }

    expect(a_and_d, time_of(FOUR), time_of(FOUR + 1), 50, "d3 d2 d1 d0 ");
}


static void
not_kept(void **state)
{
    (void) state;

    hole = first + 10;
    expect(all, CXM_MS_MIN, CXM_MS_MAX, 3, "c11 a9 c8 +");
    hole = 0;
}


static void
failure(void **state)
{
    json_t       *items;
    cxm_place_t   next;

    (void) state;

    damaged = first + 5;
    assert_int_equal(get(all, CXM_MS_MIN, CXM_MS_MAX, 50, newest, &items,
                         &next), CXM_CORRUPT);
    assert_null(items);
    assert_int_equal(err.rc, CXM_CORRUPT);
    expect(all, time_of(9), CXM_MS_MAX, 50, "c11 b10 a9 ");
    damaged = 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(times),
        cmocka_unit_test(pages),
        cmocka_unit_test(places),
        cmocka_unit_test(not_kept),
        cmocka_unit_test(failure)
    };

    return cmocka_run_group_tests(tests, open_events, close_events);
}
