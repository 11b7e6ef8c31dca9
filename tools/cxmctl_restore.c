/*
 * cxmctl restore.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cxm_backup.h"
#include "cxm_erasure.h"
#include "cxm_restore.h"
#include "cxmctl.h"
#include "cxmctl_file.h"
#include "cxmctl_tar.h"


/* A file that is read; opened before we become the owner of the target. */
typedef struct {
    const char  *name;                  /* NULL: it was not given */
    int          fd;
} cxmctl_input_t;

typedef struct {
    cxmctl_t         *ctl;
    const char       *user;
    cxmctl_input_t    data, keys, erasures;
    char             *dir;              /* where it is unpacked */
    cxm_manifest_t    manifest;         /* of the data */
    json_t           *erased;           /* slots, from all lists */
    uint64_t          next;             /* first slot that nobody gave */
    uint64_t          lost;             /* keys that there are not */
    cxm_store_t      *store;
    cxm_verify_t      verify;
    cxm_error_t       err;
} cxmctl_restore_t;


static int cxmctl_restore_inputs(cxmctl_restore_t *restore);
static int cxmctl_restore_begin(cxmctl_restore_t *restore);
static int cxmctl_restore_all(cxmctl_restore_t *restore);
static cxm_rc_t cxmctl_restore_run(cxmctl_restore_t *restore);
static cxm_rc_t cxmctl_restore_unpack(cxmctl_restore_t *restore);
static cxm_rc_t cxmctl_restore_keys(cxmctl_restore_t *restore);
static cxm_rc_t cxmctl_restore_list(cxmctl_restore_t *restore);
static cxm_rc_t cxmctl_restore_same(cxmctl_restore_t *restore,
    const cxmctl_input_t *input, cxm_manifest_t *list);
static cxm_rc_t cxmctl_restore_open(cxmctl_restore_t *restore);
static cxm_rc_t cxmctl_restore_complete(cxmctl_restore_t *restore);
static cxm_rc_t cxmctl_restore_verify(cxmctl_restore_t *restore);
static void cxmctl_restore_tell(const cxmctl_restore_t *restore);


int
cxmctl_restore(cxmctl_t *ctl)
{
    int                bad, rc;
    cxmctl_restore_t   restore;

    bad = 0;
    memset(&restore, 0, sizeof(cxmctl_restore_t));
    cxm_error_init(&restore.err);
    restore.ctl = ctl;
    restore.data.fd = restore.keys.fd = restore.erasures.fd = -1;

    restore.keys.name = cxmctl_option(ctl, "--keys", &bad);
    restore.erasures.name = cxmctl_option(ctl, "--erasures", &bad);
    restore.user = cxmctl_option(ctl, "--user", &bad);

    if (bad || ctl->argc != 1) {
        return cxmctl_usage("restore FILE [--keys FILE] [--erasures FILE] "
                            "[--user USER]");
    }

    restore.data.name = ctl->argv[0];
    restore.erased = json_array();

    rc = cxmctl_restore_inputs(&restore) == 0
         && cxmctl_restore_begin(&restore) == 0
         ? cxmctl_restore_all(&restore) : CXMCTL_WRONG;

    cxm_manifest_clear(&restore.manifest);
    json_decref(restore.erased);
    free(restore.dir);

    return rc;
}


static int
cxmctl_restore_all(cxmctl_restore_t *restore)
{
    cxm_rc_t  rc;

    rc = cxmctl_restore_run(restore);
    cxm_store_close(restore->store);

    if (rc != CXM_OK) {
        cxm_restore_abandon(restore->ctl->dir);

    } else {
        rc = cxm_restore_settle(restore->ctl->dir, &restore->err);
    }

    if (rc != CXM_OK) {
        return cxmctl_failed("restore", &restore->err);
    }

    cxmctl_restore_tell(restore);

    return CXMCTL_DONE;
}


static int
cxmctl_restore_inputs(cxmctl_restore_t *restore)
{
    size_t           i;
    cxmctl_input_t  *inputs[3];

    inputs[0] = &restore->data;
    inputs[1] = &restore->keys;
    inputs[2] = &restore->erasures;

    for (i = 0; i < 3; i++) {

        if (inputs[i]->name == NULL) {
            continue;
        }

        inputs[i]->fd = open(inputs[i]->name, O_RDONLY | O_CLOEXEC);

        if (inputs[i]->fd == -1) {
            fprintf(stderr, "cxmctl: restore: cannot open \"%s\": %s\n",
                    inputs[i]->name, strerror(errno));
            return -1;
        }
    }

    return 0;
}


/* The target, the master key of the lost store, and whose it is to be. */

static int
cxmctl_restore_begin(cxmctl_restore_t *restore)
{
    uid_t         uid;
    gid_t         gid;
    cxmctl_t     *ctl;
    cxm_error_t  *err;

    ctl = restore->ctl;
    err = &restore->err;

    if (cxmctl_owner(restore->user, &uid, &gid) != 0) {
        return -1;
    }

    if (asprintf(&restore->dir, "%s/%s", ctl->dir, CXM_RESTORE_DIR) < 0) {
        restore->dir = NULL;
        (void) cxm_fail(err, CXM_INTERNAL, NULL, "no memory");

    } else if (cxm_restore_target(ctl->dir, uid, gid, err) == CXM_OK) {
        return cxmctl_read_key(ctl) == 0
               && cxmctl_become_owner(ctl->dir, 1) == 0 ? 0 : -1;
    }

    (void) cxmctl_failed("restore", err);

    return -1;
}


static cxm_rc_t
cxmctl_restore_run(cxmctl_restore_t *restore)
{
    cxm_rc_t  rc;

    rc = cxmctl_restore_unpack(restore);

    if (rc == CXM_OK) {
        rc = cxmctl_restore_keys(restore);
    }

    if (rc == CXM_OK) {
        rc = cxmctl_restore_list(restore);
    }

    if (rc == CXM_OK) {
        rc = cxmctl_restore_open(restore);
    }

    if (rc == CXM_OK) {
        rc = cxmctl_restore_complete(restore);
    }

    return rc == CXM_OK ? cxmctl_restore_verify(restore) : rc;
}


static cxm_rc_t
cxmctl_restore_unpack(cxmctl_restore_t *restore)
{
    cxm_rc_t      rc;
    cxm_error_t  *err;

    err = &restore->err;
    rc = cxmctl_untar(restore->data.fd, restore->data.name, restore->dir,
                      CXM_MANIFEST_DATA, cxmctl_progress(),
                      &restore->manifest, err);

    if (rc == CXM_OK
        && json_array_extend(restore->erased, restore->manifest.erased) != 0)
    {
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    return rc;
}


static cxm_rc_t
cxmctl_restore_keys(cxmctl_restore_t *restore)
{
    cxm_rc_t         rc;
    cxm_error_t     *err;
    cxm_manifest_t   keys;

    rc = CXM_OK;
    err = &restore->err;

    if (restore->keys.name != NULL) {
        rc = cxmctl_untar(restore->keys.fd, restore->keys.name, restore->dir,
                          CXM_MANIFEST_KEYS, NULL, &keys, err);

        if (rc == CXM_OK) {
            rc = cxmctl_restore_same(restore, &restore->keys, &keys);
        }
    }

    return rc == CXM_OK
           ? cxm_restore_keys(restore->dir, &restore->manifest.uuid,
                              restore->manifest.persons, &restore->next,
                              &restore->lost, err)
           : rc;
}


static cxm_rc_t
cxmctl_restore_list(cxmctl_restore_t *restore)
{
    cxm_rc_t         rc;
    cxm_buf_t        text;
    cxm_error_t     *err;
    cxm_manifest_t   list;

    if (restore->erasures.name == NULL) {
        return CXM_OK;
    }

    err = &restore->err;
    cxm_buf_init(&text, CXM_MANIFEST_MAX + 1);

    rc = cxmctl_file_read(restore->erasures.fd, restore->erasures.name,
                          CXM_MANIFEST_MAX, &text, err);

    if (rc == CXM_OK) {
        rc = cxm_manifest_load(cxm_buf_str(&text), CXM_MANIFEST_ERASURES,
                               &list, err);
    }

    cxm_buf_free(&text);

    return rc == CXM_OK
           ? cxmctl_restore_same(restore, &restore->erasures, &list) : rc;
}


/* Takes the slots of a list of the same store; the list is cleared. */

static cxm_rc_t
cxmctl_restore_same(cxmctl_restore_t *restore, const cxmctl_input_t *input,
    cxm_manifest_t *list)
{
    cxm_rc_t  rc;

    if (memcmp(list->uuid.b, restore->manifest.uuid.b, sizeof(list->uuid.b))
        != 0)
    {
        rc = cxm_fail(&restore->err, CXM_CORRUPT, "manifest",
                      "\"%s\" is of another store", input->name);

    } else if (json_array_extend(restore->erased, list->erased) != 0) {
        rc = cxm_fail(&restore->err, CXM_INTERNAL, NULL, "no memory");

    } else {
        rc = CXM_OK;
    }

    cxm_manifest_clear(list);

    return rc;
}


/* Keys that are known to be erased go before anything else is done. */

static cxm_rc_t
cxmctl_restore_open(cxmctl_restore_t *restore)
{
    char         *keys;
    cxm_rc_t      rc;
    cxm_error_t  *err;

    err = &restore->err;
    restore->store = cxmctl_open_store(restore->ctl, restore->dir, err);

    if (restore->store == NULL) {
        return err->rc;
    }

    if (asprintf(&keys, "%s/keys", restore->dir) < 0) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    rc = cxm_erasure_slots(restore->store, restore->erased, err);

    if (rc == CXM_OK) {
        rc = cxm_backup_erase(keys, restore->erased, err);
    }

    free(keys);

    return rc;
}


static cxm_rc_t
cxmctl_restore_complete(cxmctl_restore_t *restore)
{
    cxm_rc_t      rc;
    cxm_error_t  *err;

    err = &restore->err;
    rc = cxm_restore_renew(restore->store, restore->next, err);

    if (rc == CXM_OK) {
        rc = cxm_restore_lookups(restore->store, err);
    }

    return rc == CXM_OK
           ? cxm_erasure_repeat(restore->store, restore->erased, err) : rc;
}


static cxm_rc_t
cxmctl_restore_verify(cxmctl_restore_t *restore)
{
    cxm_rc_t            rc;
    cxm_verify_opts_t   opts;

    memset(&opts, 0, sizeof(cxm_verify_opts_t));
    opts.scratch = restore->dir;
    opts.expect_seq = restore->manifest.head;
    opts.expect_link = restore->manifest.link;
    opts.progress = cxmctl_progress();

    rc = cxm_verify(restore->store, &opts, &restore->verify, &restore->err);

    return rc == CXM_CORRUPT && restore->verify.finding[0] != '\0'
           ? cxm_fail(&restore->err, rc, "not_sound", "%s",
                      restore->verify.finding)
           : rc;
}


static void
cxmctl_restore_tell(const cxmctl_restore_t *restore)
{
    char  link[2 * CXM_MAC_LEN + 1];

    if (restore->lost > 0) {
        fprintf(stderr, "cxmctl: restore: the keys of %llu persons are not "
                "there: what is personal of theirs cannot be read\n",
                (unsigned long long) restore->lost);
    }

    cxm_hex_encode(restore->verify.link, CXM_MAC_LEN, link);
    printf("restored: %llu entries, %zu erased persons\nhead %llu:%s\n",
           (unsigned long long) restore->verify.entries,
           json_array_size(restore->erased),
           (unsigned long long) restore->verify.head, link);
}
