/*
 * cxm_zoneinfo: a set of zones from files of a folder of our own.
 */

#include <pthread.h>
#include <sys/stat.h>

#include "cxm_log.h"
#include "zone_fixture.h"


static char  dir[32];
static char  logged[512];


static void
keep_log(cxm_log_level_t level, const char *message)
{
    assert_int_equal(level, CXM_LOG_WARN);
    snprintf(logged, sizeof(logged), "%s", message);
}


/* TZDIR/name with that rule; what is not one makes a file that is none. */
static void
put_zone(const char *name, const char *rule, int32_t offset)
{
    char       path[96];
    FILE      *out;
    tzif_t     tzif = { .offsets = &offset, .ntypes = 1, .footer = rule };
    cxm_buf_t  file;

    tzif_file(&file, &tzif);
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(file.data, 1, file.len, out), file.len);
    assert_int_equal(fclose(out), 0);
    cxm_buf_free(&file);
}


static int
folder_make(void **state)
{
    char  path[96];

    strcpy(dir, "/tmp/cxm-zones-XXXXXX");

    if (mkdtemp(dir) == NULL) {
        return -1;
    }

    snprintf(path, sizeof(path), "%s/Area", dir);
    mkdir(path, 0700);
    setenv("TZDIR", dir, 1);
    logged[0] = '\0';
    cxm_log_to(keep_log);

    return zones_open(state);
}


static int
folder_remove(void **state)
{
    char  command[64];

    cxm_log_to(NULL);
    unsetenv("TZDIR");
    snprintf(command, sizeof(command), "rm -rf %s", dir);

    return system(command) | zones_close(state);
}


static void
offset_is(const char *name, int64_t offset)
{
    assert_int_equal(cxm_zone_span(zone_named(name), 0).offset / 1000,
                     offset);
}


static void
not_found(const char *name)
{
    const cxm_zone_t  *zone;

    assert_int_equal(cxm_zones_find(zones, cxm_strz(name), &zone),
                     CXM_NOT_FOUND);
}


static void
zones_are_kept(void **state)
{
    cxm_zones_t       *later;
    const cxm_zone_t  *zone;

    (void) state;

    put_zone("Area/Place", "ABC-1", 3600);
    zone = zone_named("Area/Place");
    offset_is("Area/Place", 3600);

    /* a new file is of a new set */

    put_zone("Area/Place", "ABC-2", 7200);
    assert_ptr_equal(zone_named("Area/Place"), zone);
    offset_is("Area/Place", 3600);

    later = zones;
    zones = cxm_zones_create();
    assert_non_null(zones);
    offset_is("Area/Place", 7200);
    cxm_zones_free(later);
}


static void
what_is_no_zone(void **state)
{
    const cxm_zone_t  *zone;

    (void) state;

    not_found("Area/Place");
    not_found("Area");
    not_found("Area/Place/Deeper");
    not_found("../zoneinfo/UTC");
    not_found("");
    assert_string_equal(logged, "");

    /* what was not there may come */

    put_zone("Area/Place", "ABC-1", 3600);
    offset_is("Area/Place", 3600);

    put_zone("Broken", "ABC", 0);
    not_found("Broken");
    assert_non_null(strstr(logged, "time zone \"Broken\""));

    /* UTC needs no file, nor a set */

    assert_ptr_equal(zone_named("UTC"), cxm_zone_utc());
    assert_int_equal(cxm_zones_find(NULL, cxm_str("UTC"), &zone), CXM_OK);
    assert_int_equal(cxm_zones_find(NULL, cxm_str("Area/Place"), &zone),
                     CXM_NOT_FOUND);
}


static void *
ask_often(void *data)
{
    int                i;
    char               name[16];
    size_t             wrong;
    const cxm_zone_t  *zone;

    wrong = 0;

    for (i = 0; i < 4000; i++) {
        snprintf(name, sizeof(name), "Z%d", (i * 7) % 40);
        wrong += cxm_zones_find(zones, cxm_strz(name), &zone) != CXM_OK
                 || !cxm_str_eqz(cxm_zone_name(zone), name)
                 || cxm_zone_span(zone, 0).offset
                    != (i * 7) % 40 * CXM_MS_MINUTE;
    }

    *(size_t *) data = wrong;

    return NULL;
}


static void
from_many_threads(void **state)
{
    int        i;
    char       name[16];
    size_t     wrong[4];
    pthread_t  threads[4];

    (void) state;

    for (i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "Z%d", i);
        put_zone(name, "", i * 60);
    }

    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often,
                                        &wrong[i]), 0);
    }

    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(wrong[i], 0);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(zones_are_kept, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(what_is_no_zone, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(from_many_threads, folder_make,
                                        folder_remove)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
