/*
 * The coding of counter rows, against a plain array of the same cells.
 */

#include "tables_fixture.h"

#include "cxm_counter_codec.h"


static cxm_rc_t
merge(cxm_str_t payload, uint32_t cell, int64_t delta, cxm_buf_t *out)
{
    cxm_cell_delta_t  d = { cell, delta };

    cxm_buf_init(out, CXM_CELLS_BYTES);

    return cxm_cells_merge(payload, CXM_CELLS_DAY, &d, 1, out);
}


static void
codec_keeps_one_form(void **state)
{
    cxm_buf_t  a, b, c;

    (void) state;

    assert_int_equal(merge(cxm_str(""), 9, 1, &a), CXM_OK);
    assert_int_equal(a.len, 2);
    assert_memory_equal(a.data, "\x09\x01", 2);

    assert_int_equal(merge(cxm_buf_str(&a), 0, 200, &b), CXM_OK);
    assert_int_equal(b.len, 5);
    assert_memory_equal(b.data, "\x00\xc8\x01\x09\x01", 5);

    assert_int_equal(merge(cxm_buf_str(&b), 0, -200, &c), CXM_OK);
    assert_true(cxm_str_eq(cxm_buf_str(&c), cxm_buf_str(&a)));
    cxm_buf_free(&b);

    assert_int_equal(merge(cxm_buf_str(&a), 9, -1, &b), CXM_OK);
    assert_int_equal(b.len, 0);
    cxm_buf_free(&b);

    assert_int_equal(merge(cxm_buf_str(&a), 9, -2, &b), CXM_CORRUPT);
    cxm_buf_free(&b);

    assert_int_equal(merge(cxm_buf_str(&a), 8, -1, &b), CXM_CORRUPT);
    cxm_buf_free(&b);

    assert_int_equal(merge(cxm_buf_str(&a), 9, INT64_MAX, &b), CXM_CORRUPT);

    cxm_buf_free(&a);
    cxm_buf_free(&b);
    cxm_buf_free(&c);
}


static void
codec_refuses_what_it_would_not_write(void **state)
{
    size_t     i;
    cxm_buf_t  out;

    static const cxm_str_t  bad[] = {
        { 1, "\x01" },                          /* no count */
        { 2, "\x01\x00" },                      /* a count of 0 */
        { 4, "\x01\x01\x00\x01" },              /* a cell twice */
        { 3, "\x80\x10\x01" },                  /* cell 2048 of a day */
        { 5, "\xff\x0f\x01\x01\x01" },          /* 2047, then 2048 */
        { 2, "\x01\x80" },                      /* an unfinished number */
        { 11, "\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01" },
        { 12, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x01" },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(merge(bad[i], 3, 1, &out), CXM_CORRUPT);
        cxm_buf_free(&out);
    }
}


static void
codec_agrees_with_an_array(void **state)
{
    int               i, j, n;
    uint64_t          model[CXM_CELLS_DAY];
    cxm_buf_t         row, next;
    cxm_cells_t       cells;
    cxm_cell_delta_t  d[40];

    (void) state;
    memset(model, 0, sizeof(model));
    cxm_buf_init(&row, CXM_CELLS_BYTES);

    for (i = 0; i < 500; i++) {
        n = 0;

        for (j = (int) fixture_random(100); j < (int) CXM_CELLS_DAY && n < 40;
             j += 1 + (int) fixture_random(100))
        {
            d[n].cell = (uint32_t) j;
            d[n].delta = fixture_random(3) == 0 ? -(int64_t) model[j]
                                                : fixture_random(1000);
            model[j] += (uint64_t) d[n].delta;
            n++;
        }

        cxm_buf_init(&next, CXM_CELLS_BYTES);
        assert_int_equal(cxm_cells_merge(cxm_buf_str(&row), CXM_CELLS_DAY, d,
                                         (size_t) n, &next), CXM_OK);
        cxm_buf_free(&row);
        row = next;
    }

    cells = cxm_cells(cxm_buf_str(&row), CXM_CELLS_DAY);

    while (cxm_cells_next(&cells) == CXM_OK) {
        assert_int_equal(cells.count, model[cells.cell]);
        model[cells.cell] = 0;
    }

    for (i = 0; i < (int) CXM_CELLS_DAY; i++) {
        assert_int_equal(model[i], 0);
    }

    cxm_buf_free(&row);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(codec_keeps_one_form),
        cmocka_unit_test(codec_refuses_what_it_would_not_write),
        cmocka_unit_test(codec_agrees_with_an_array)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
