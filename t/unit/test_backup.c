/*
 * Copies for a backup and what a restore makes of them: rows, look-ups,
 * person keys, and directories.
 */

#include "unit_store.h"

#include <unistd.h>

#include "cxm_backup.h"
#include "cxm_lookup.h"
#include "cxm_restore.h"
#include "cxm_store_int.h"
#include "cxm_verify.h"


static cxm_error_t   err;
static char          target[400], staging[440], path[480];
static uint64_t      last_done, last_total;


static void
on_progress(void *ctx, uint64_t done, uint64_t total)
{
    (void) ctx;
    assert_true(done >= last_done && done <= total);
    last_done = done;
    last_total = total;
}


/* Three persons, each with a name; the second is gone. */
static int
setup(void **state)
{
    uint8_t       hash[CXM_HASH_LEN];
    uint64_t      slot;
    cxm_txn_t    *txn;

    (void) state;
    unit_start(&unit);
    cxm_error_init(&err);
    last_done = last_total = 0;
    snprintf(target, sizeof(target), "%s/target", unit.root);
    snprintf(staging, sizeof(staging), "%s/%s", target, CXM_RESTORE_DIR);

    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    txn = unit_write(&unit, UNIT_NOW);

    for (slot = 1; slot <= 3; slot++) {
        assert_int_equal(unit_append(txn, "p", slot, "name", NULL), CXM_OK);
        memset(hash, (int) slot, sizeof(hash));
        assert_int_equal(cxm_person_apply(txn, slot, CXM_PERSON_EMAIL, hash),
                         CXM_OK);
    }

    unit_commit(txn);
    assert_int_equal(cxm_person_erase(unit.store, 2, &err), CXM_OK);

    return 0;
}


static const char *
in(const char *dir, const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);

    return path;
}


/* Bytes of a file. */
static char *
bytes_of(const char *dir, const char *name, size_t *len)
{
    FILE  *f;
    char  *bytes;

    f = fopen(in(dir, name), "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *len = (size_t) ftell(f);
    rewind(f);
    bytes = malloc(*len);
    assert_int_equal(fread(bytes, 1, *len, f), *len);
    fclose(f);

    return bytes;
}


/* Opens what was unpacked to staging, with the keys of the live store. */
static cxm_store_t *
open_staging(void)
{
    char               key[400];
    cxm_store_t       *store;
    cxm_store_opts_t   opts;

    snprintf(key, sizeof(key), "%s/master.key", unit.dir);
    opts = unit.opts;
    opts.dir = staging;
    opts.key_file = key;

    if (cxm_store_open(&opts, &store, &err) != CXM_OK) {
        fail_msg("%s", err.detail);
    }

    return store;
}


static void
copy_data(cxm_backup_t *out)
{
    assert_int_equal(cxm_restore_target(target, (unsigned) -1, (unsigned) -1,
                                        &err), CXM_OK);

    if (cxm_backup_data(unit.store, in(staging, "data"), on_progress, NULL,
                        out, &err)
        != CXM_OK)
    {
        fail_msg("%s", err.detail);
    }
}


static void
no_look_up_lies_in_a_copy(void **state)
{
    int             i;
    char           *bytes;
    size_t          len;
    uint8_t         hash[CXM_HASH_LEN];
    cxm_txn_t      *txn;
    cxm_backup_t    copied;

    (void) state;
    copy_data(&copied);
    assert_int_equal(last_done, last_total);

    txn = unit_read(&unit);
    assert_int_equal(copied.head, txn->state.head);
    assert_memory_equal(copied.link, txn->state.link, CXM_MAC_LEN);
    assert_int_equal(copied.persons, 4);
    cxm_txn_end(txn);

    bytes = bytes_of(staging, "data", &len);

    for (i = 1; i <= 3; i++) {
        memset(hash, i, sizeof(hash));
        assert_null(memmem(bytes, len, hash, sizeof(hash)));
    }

    free(bytes);

    /* it is a new file, or none */

    assert_int_equal(cxm_backup_data(unit.store, in(staging, "data"), NULL,
                                     NULL, &copied, &err), CXM_IO);
    assert_int_equal(cxm_backup_data(unit.store, in(staging, "no/data"), NULL,
                                     NULL, &copied, &err), CXM_IO);
}


/* A whole restore; names of whom there are keys of come back. */
static void
look_ups_come_back_with_the_keys(void **state)
{
    int               i;
    uint8_t           hash[CXM_HASH_LEN];
    uint32_t          epoch;
    uint64_t          next, lost, slot;
    cxm_txn_t        *txn;
    cxm_store_t      *store;
    cxm_backup_t      copied;
    cxm_store_stat_t  stat;

    (void) state;
    copy_data(&copied);
    assert_int_equal(cxm_backup_keys(unit.store, in(staging, "keys"), &err),
                     CXM_OK);
    assert_int_equal(cxm_restore_keys(staging, &unit.store->uuid,
                                      copied.persons, &next, &lost, &err),
                     CXM_OK);
    assert_int_equal(next, 1 + CXM_PERSON_AHEAD);
    assert_int_equal(lost, 0);

    epoch = unit.store->epoch;
    store = open_staging();
    assert_int_equal(cxm_restore_renew(store, next, &err), CXM_OK);
    assert_int_equal(cxm_restore_lookups(store, &err), CXM_OK);

    assert_int_equal(cxm_store_stat(store, &stat, &err), CXM_OK);
    assert_true(stat.epoch != epoch && stat.epoch > 0);
    assert_int_equal(stat.persons, next);
    assert_int_equal(stat.rows[CXM_T_INDEX], 2 * 2);

    assert_int_equal(cxm_txn_read(store, &txn, &err), CXM_OK);

    for (i = 1; i <= 3; i++) {
        memset(hash, i, sizeof(hash));
        assert_int_equal(cxm_person_find(txn, CXM_PERSON_EMAIL, hash, &slot),
                         i == 2 ? CXM_NOT_FOUND : CXM_OK);
    }

    cxm_txn_end(txn);
    cxm_store_close(store);

    assert_int_equal(cxm_restore_settle(target, &err), CXM_OK);
    assert_int_equal(access(in(target, "data"), F_OK), 0);
    assert_int_equal(access(in(target, "keys"), F_OK), 0);
    assert_int_equal(access(staging, F_OK), -1);
    assert_int_equal(cxm_restore_target(target, (unsigned) -1, (unsigned) -1,
                                        &err), CXM_CONFLICT);
}


static void
keys_that_are_lost(void **state)
{
    uint64_t        next, lost;
    cxm_key_t       key;
    cxm_store_t    *store;
    cxm_backup_t    copied;

    (void) state;
    copy_data(&copied);
    assert_int_equal(cxm_restore_keys(staging, &unit.store->uuid,
                                      copied.persons, &next, &lost, &err),
                     CXM_OK);
    assert_int_equal(next, copied.persons + CXM_PERSON_AHEAD);
    assert_int_equal(lost, 3);

    store = open_staging();
    assert_int_equal(cxm_restore_renew(store, next, &err), CXM_OK);
    assert_int_equal(cxm_restore_lookups(store, &err), CXM_OK);
    assert_int_equal(cxm_person_key(store, 1, &key), CXM_NOT_FOUND);
    assert_int_equal(cxm_person_reserve(store, &err), CXM_OK);
    assert_int_equal(cxm_person_key(store, next, &key), CXM_OK);
    cxm_store_close(store);
}


static void
keys_of_another_store(void **state)
{
    uint64_t        next, lost;
    cxm_uuid_t      other;
    cxm_backup_t    copied;

    (void) state;
    copy_data(&copied);
    assert_int_equal(cxm_backup_keys(unit.store, in(staging, "keys"), &err),
                     CXM_OK);
    other = unit.store->uuid;
    other.b[3] ^= 1;
    assert_int_equal(cxm_restore_keys(staging, &other, copied.persons, &next,
                                      &lost, &err), CXM_CORRUPT);
}


/* A list overwrites what an older copy still has. */
static void
lists_erase_in_copies(void **state)
{
    char     *bytes;
    size_t    len;
    json_t   *slots;

    (void) state;
    assert_int_equal(cxm_backup_keys(unit.store, in(unit.root, "copy"), &err),
                     CXM_OK);
    slots = json_pack("[iii]", 3, 2, 999999);
    assert_int_equal(cxm_backup_erase(in(unit.root, "copy"), slots, &err),
                     CXM_OK);
    json_decref(slots);

    bytes = bytes_of(unit.root, "copy", &len);
    assert_int_equal(len, (1 + CXM_PERSON_AHEAD) * CXM_PERSON_SLOT);
    assert_int_equal(bytes[1 * CXM_PERSON_SLOT], 1);
    assert_int_equal(bytes[2 * CXM_PERSON_SLOT], 2);
    assert_int_equal(bytes[3 * CXM_PERSON_SLOT], 2);
    assert_int_equal(bytes[4 * CXM_PERSON_SLOT], 1);
    free(bytes);
}


static void
targets(void **state)
{
    FILE  *f;

    (void) state;

    /* what an interrupted restore has left is no obstacle */

    assert_int_equal(cxm_restore_target(target, (unsigned) -1, (unsigned) -1,
                                        &err), CXM_OK);
    f = fopen(in(staging, "data"), "w");
    fclose(f);
    f = fopen(in(target, "keys"), "w");
    fclose(f);
    assert_int_equal(cxm_restore_target(target, (unsigned) -1, (unsigned) -1,
                                        &err), CXM_OK);
    assert_int_equal(access(in(target, "keys"), F_OK), -1);
    assert_int_equal(access(in(staging, "data"), F_OK), -1);

    /* but without our directory, or with a store, it is somebody's */

    f = fopen(in(target, "data"), "w");
    fclose(f);
    assert_int_equal(cxm_restore_target(target, (unsigned) -1, (unsigned) -1,
                                        &err), CXM_CONFLICT);
    unlink(in(target, "data"));
    cxm_restore_abandon(target);
    f = fopen(in(target, "keys"), "w");
    fclose(f);
    assert_int_equal(cxm_restore_target(target, (unsigned) -1, (unsigned) -1,
                                        &err), CXM_CONFLICT);
    assert_int_equal(access(in(target, "keys"), F_OK), 0);
}


#define STORE_TEST(f)  cmocka_unit_test_setup_teardown(f, setup, unit_teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        STORE_TEST(no_look_up_lies_in_a_copy),
        STORE_TEST(look_ups_come_back_with_the_keys),
        STORE_TEST(keys_that_are_lost),
        STORE_TEST(keys_of_another_store),
        STORE_TEST(lists_erase_in_copies),
        STORE_TEST(targets)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
