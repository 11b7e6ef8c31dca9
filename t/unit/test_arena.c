/*
 * cxm_arena: alignment, zeroes, many sizes, lack of memory.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdalign.h>

#include "cxm_arena.h"


static void
pieces_are_zeroed_aligned_and_apart(void **state)
{
    size_t       i, j, sum;
    uint8_t     *p[400];
    cxm_arena_t  arena;

    (void) state;

    memset(&arena, 0, sizeof(arena));
    sum = 0;

    for (i = 0; i < 400; i++) {
        p[i] = cxm_arena_alloc(&arena, i * 7);
        sum += i * 7;
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t) p[i] % alignof(max_align_t), 0);

        for (j = 0; j < i * 7; j++) {
            assert_int_equal(p[i][j], 0);
        }

        if (i != 0) {
            memset(p[i], (int) i, i * 7);
        }
    }

    for (i = 1; i < 400; i++) {
        for (j = 0; j < i * 7; j++) {
            assert_int_equal(p[i][j], (uint8_t) i);
        }
    }

    assert_in_range(arena.total, sum, sum + 1);
    cxm_arena_free(&arena);
}


static void
free_may_be_called_again(void **state)
{
    cxm_arena_t  arena;

    (void) state;

    memset(&arena, 0, sizeof(arena));
    cxm_arena_free(&arena);
    assert_non_null(cxm_arena_alloc(&arena, 100000));
    cxm_arena_free(&arena);
    cxm_arena_free(&arena);
    assert_int_equal(arena.total, 0);
    assert_non_null(cxm_arena_alloc(&arena, 1));
    cxm_arena_free(&arena);
}


static void
too_much_is_null(void **state)
{
    cxm_arena_t  arena;

    (void) state;

    memset(&arena, 0, sizeof(arena));
    assert_null(cxm_arena_alloc(&arena, SIZE_MAX));
    assert_null(cxm_arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(cxm_arena_str(&arena, (cxm_str_t) { SIZE_MAX, "" }).data);
    assert_non_null(cxm_arena_alloc(&arena, 8));
    cxm_arena_free(&arena);
}


static void
copies_end_in_nul(void **state)
{
    cxm_str_t    s;
    cxm_arena_t  arena;

    (void) state;

    memset(&arena, 0, sizeof(arena));

    s = cxm_arena_str(&arena, (cxm_str_t) { 3, "abcdef" });
    assert_int_equal(s.len, 3);
    assert_string_equal(s.data, "abc");

    s = cxm_arena_str(&arena, (cxm_str_t) { 0, NULL });
    assert_int_equal(s.len, 0);
    assert_string_equal(s.data, "");

    assert_string_equal(cxm_arena_printf(&arena, "%s-%d", "a", 42), "a-42");
    cxm_arena_free(&arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(free_may_be_called_again),
        cmocka_unit_test(too_much_is_null),
        cmocka_unit_test(copies_end_in_nul)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
