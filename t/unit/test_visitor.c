/*
 * Visitors and their keys: the same for a day, for all handles, and gone
 * afterwards from every file of the store.
 */

#include <dirent.h>

#include "cxm_backup.h"
#include "cxm_visitor.h"
#include "cxm_visitor_key.h"
#include "unit_store.h"


#define DAY  ((cxm_ms_t) 20000 * CXM_MS_DAY)


static void
upkeep(cxm_ms_t now)
{
    cxm_error_t  err;

    cxm_error_init(&err);
    assert_int_equal(cxm_visitor_upkeep(unit.store, now, &err), CXM_OK);
}


static cxm_rc_t
key_of(cxm_ms_t now, cxm_key_t *key)
{
    return cxm_visitor_key(unit.store, now, key);
}


/* Whether the bytes lie in any file of the store. */
static int
on_disk(const void *bytes, size_t len)
{
    int             found;
    DIR            *dir;
    char            path[512];
    FILE           *file;
    size_t          n;
    uint8_t        *data;
    struct dirent  *entry;

    dir = opendir(cxm_store_dir(unit.store));
    assert_non_null(dir);
    data = malloc(64 << 20);
    found = 0;

    while ((entry = readdir(dir)) != NULL) {
        (void) snprintf(path, sizeof(path), "%s/%s",
                        cxm_store_dir(unit.store), entry->d_name);
        file = fopen(path, "rb");

        if (file == NULL) {
            continue;
        }

        n = fread(data, 1, 64 << 20, file);
        found |= n >= len && memmem(data, n, bytes, len) != NULL;
        (void) fclose(file);
    }

    free(data);
    (void) closedir(dir);

    return found;
}


/* Beside the store's other files: the data without free pages. */
static void
compact_copy(void)
{
    char          path[512];
    cxm_error_t   err;
    cxm_backup_t  copy;

    cxm_error_init(&err);
    (void) snprintf(path, sizeof(path), "%s/copy", cxm_store_dir(unit.store));
    assert_int_equal(cxm_backup_data(unit.store, path, NULL, NULL, &copy,
                                     &err), CXM_OK);
}


static void
a_day_has_one_key(void **state)
{
    cxm_key_t  first, second, next;

    (void) state;

    assert_int_equal(key_of(DAY, &first), CXM_NOT_FOUND);

    upkeep(DAY + 5 * CXM_MS_HOUR);
    assert_int_equal(key_of(DAY, &first), CXM_OK);
    assert_int_equal(key_of(DAY + CXM_MS_DAY - 1, &second), CXM_OK);
    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(key_of(DAY + CXM_MS_DAY, &next), CXM_NOT_FOUND);

    upkeep(DAY + 22 * CXM_MS_HOUR);
    assert_int_equal(key_of(DAY + CXM_MS_DAY, &next), CXM_NOT_FOUND);

    /* the next day's is there before it begins */

    upkeep(DAY + CXM_MS_DAY - CXM_MS_MINUTE);
    assert_int_equal(key_of(DAY, &second), CXM_OK);
    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(key_of(DAY + CXM_MS_DAY, &next), CXM_OK);
    assert_memory_not_equal(&first, &next, sizeof(first));
}


/* Opening looks at the clock: a day that ends meanwhile is tried again. */
static void
others_find_it(void **state)
{
    cxm_ms_t   now;
    cxm_rc_t   rc;
    cxm_key_t  first, second;

    (void) state;

    do {
        now = cxm_now();
        upkeep(now);
        assert_int_equal(key_of(now, &first), CXM_OK);
        unit_reopen(&unit);
        rc = key_of(now, &second);
    } while (cxm_day_of(cxm_now()) != cxm_day_of(now));

    assert_int_equal(rc, CXM_OK);
    assert_memory_equal(&first, &second, sizeof(first));
}


static void
it_is_destroyed(void **state)
{
    char        path[512];
    FILE       *file;
    cxm_key_t   key;
    uint8_t     slots[2][CXM_VISITOR_SLOT];

    (void) state;

    upkeep(DAY);
    assert_int_equal(key_of(DAY, &key), CXM_OK);
    assert_false(on_disk(&key, sizeof(key)));

    (void) snprintf(path, sizeof(path), "%s/visitors",
                    cxm_store_dir(unit.store));
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(slots, 1, sizeof(slots), file), sizeof(slots));
    (void) fclose(file);
    assert_int_equal(cxm_get_u32(slots[0]), 20000);
    assert_true(on_disk(slots[0] + 4, 72));

    /* it was sealed with what nobody keeps a second time */

    upkeep(DAY + CXM_MS_DAY);
    compact_copy();
    assert_int_equal(key_of(DAY, &key), CXM_NOT_FOUND);
    assert_false(on_disk(slots[0] + 4, 24));
    assert_false(on_disk(&key, sizeof(key)));
}


static void
damage_costs_a_day(void **state)
{
    cxm_key_t  first, second;

    (void) state;

    upkeep(DAY);
    assert_int_equal(key_of(DAY, &first), CXM_OK);

    unit_poke(&unit, "visitors", 40, "\x55\xaa", 2);

    upkeep(DAY);
    assert_int_equal(key_of(DAY, &second), CXM_OK);
    assert_memory_not_equal(&first, &second, sizeof(first));
}


static void
derived(void **state)
{
    char          one[CXM_VISITOR_LEN + 1], other[CXM_VISITOR_LEN + 1];
    cxm_caller_t  caller;

    (void) state;

    memset(&caller, 0, sizeof(caller));
    caller.host = cxm_str("a.example");
    caller.address = (cxm_str_t) { 4, "\x7f\x00\x00\x01" };
    caller.user_agent = cxm_str("Agent/1");

    assert_int_equal(cxm_visitor_derive(unit.store, &caller, DAY, one),
                     CXM_NOT_FOUND);
    assert_string_equal(one, "");

    upkeep(DAY);
    assert_int_equal(cxm_visitor_derive(unit.store, &caller, DAY, one),
                     CXM_OK);
    assert_int_equal(strlen(one), CXM_VISITOR_LEN);
    assert_int_equal(cxm_visitor_derive(unit.store, &caller, DAY + 1, other),
                     CXM_OK);
    assert_string_equal(one, other);

    caller.user_agent = cxm_str("Agent/2");
    assert_int_equal(cxm_visitor_derive(unit.store, &caller, DAY, other),
                     CXM_OK);
    assert_string_not_equal(one, other);

    caller.user_agent = cxm_str("Agent/1");
    caller.host = cxm_str("b.example");
    assert_int_equal(cxm_visitor_derive(unit.store, &caller, DAY, other),
                     CXM_OK);
    assert_string_not_equal(one, other);

    caller.host = cxm_str("a.example");
    upkeep(DAY + CXM_MS_DAY);
    assert_int_equal(cxm_visitor_derive(unit.store, &caller,
                                        DAY + CXM_MS_DAY, other), CXM_OK);
    assert_string_not_equal(one, other);

    caller.private = 1;
    assert_int_equal(cxm_visitor_derive(unit.store, &caller,
                                        DAY + CXM_MS_DAY, other),
                     CXM_NOT_FOUND);
    caller.private = 0;
    caller.address.len = 0;
    assert_int_equal(cxm_visitor_derive(unit.store, &caller,
                                        DAY + CXM_MS_DAY, other),
                     CXM_NOT_FOUND);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        UNIT_STORE_TEST(a_day_has_one_key),
        UNIT_STORE_TEST(others_find_it),
        UNIT_STORE_TEST(it_is_destroyed),
        UNIT_STORE_TEST(damage_costs_a_day),
        UNIT_STORE_TEST(derived)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
