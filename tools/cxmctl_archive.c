/*
 * cxmctl archives.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxmctl.h"


typedef struct {
    cxm_store_t  *store;
    cxm_txn_t    *txn;
    char         *dir;                  /* of the volumes */
    cxm_rc_t      rc;
    cxm_error_t   err;
} cxmctl_archives_t;


static cxm_rc_t cxmctl_archives_print(cxmctl_archives_t *list);
static void cxmctl_archives_volume(cxmctl_archives_t *list,
    const cxm_volume_t *volume);
static void cxmctl_archives_tables(cxmctl_archives_t *list,
    const cxm_checkpoint_t *checkpoint);
static void cxmctl_archives_line(json_t *line, const char *dir,
    const char *name, const cxm_archive_sum_t *sum);
static void cxmctl_archives_state(json_t *line, cxm_rc_t rc,
    cxm_archive_reader_t *reader, const cxm_error_t *err);
static void cxmctl_archives_time(json_t *line, const char *name, cxm_ms_t at);


int
cxmctl_archives(cxmctl_t *ctl)
{
    int                  bad;
    const char          *dir;
    cxmctl_archives_t    list;

    bad = 0;
    dir = cxmctl_option(ctl, "--archive", &bad);

    if (bad || ctl->argc != 0) {
        return cxmctl_usage("archives [--archive DIR]");
    }

    memset(&list, 0, sizeof(cxmctl_archives_t));
    cxm_error_init(&list.err);

    list.store = cxmctl_open(ctl);

    if (list.store == NULL) {
        return CXMCTL_WRONG;
    }

    list.rc = cxm_txn_read(list.store, &list.txn, &list.err);

    if (list.rc == CXM_OK) {
        list.dir = dir != NULL ? strdup(dir) : cxm_history_dir(list.txn);
        list.rc = cxmctl_archives_print(&list);

        cxm_txn_end(list.txn);
        free(list.dir);
    }

    cxm_store_close(list.store);

    return list.rc == CXM_OK ? CXMCTL_DONE
                             : cxmctl_failed("archives", &list.err);
}


static cxm_rc_t
cxmctl_archives_print(cxmctl_archives_t *list)
{
    uint64_t       first;
    cxm_rc_t       rc;
    cxm_volume_t   volume;
    cxm_history_t  history;

    first = 1;

    for ( ;; ) {
        rc = cxm_history_volume(list->txn, first, &volume);

        if (rc != CXM_OK) {
            break;
        }

        cxmctl_archives_volume(list, &volume);
        first = volume.last + 1;
    }

    if (rc == CXM_NOT_FOUND) {
        rc = cxm_history_read(list->txn, &history);
    }

    if (rc != CXM_OK) {
        return cxm_fail(&list->err, rc, NULL,
                        "the list of archives cannot be read");
    }

    cxmctl_archives_tables(list, &history.previous);
    cxmctl_archives_tables(list, &history.newest);

    return CXM_OK;
}


static void
cxmctl_archives_volume(cxmctl_archives_t *list, const cxm_volume_t *volume)
{
    char                   name[CXM_HISTORY_NAME];
    json_t                *line;
    cxm_rc_t               rc;
    cxm_error_t            err;
    cxm_archive_reader_t  *reader;

    cxm_error_init(&err);
    cxm_history_volume_name(volume, name);

    line = json_object();
    (void) json_object_set_new(line, "type", json_string("journal"));
    (void) cxm_json_set_int(line, "first", (int64_t) volume->first);
    (void) cxm_json_set_int(line, "last", (int64_t) volume->last);
    cxmctl_archives_time(line, "from", volume->from);
    cxmctl_archives_time(line, "to", volume->to);
    cxmctl_archives_line(line, list->dir, name, &volume->sum);

    rc = cxm_history_open_volume(list->store, list->dir, volume, &reader,
                                 &err);
    cxmctl_archives_state(line, rc, reader, &err);
}


static void
cxmctl_archives_tables(cxmctl_archives_t *list,
    const cxm_checkpoint_t *checkpoint)
{
    char                   name[CXM_HISTORY_NAME];
    json_t                *line;
    cxm_rc_t               rc;
    cxm_error_t            err;
    cxm_archive_reader_t  *reader;

    if (checkpoint->seq == 0) {
        return;
    }

    cxm_error_init(&err);
    cxm_history_tables_name(checkpoint->seq, name);

    line = json_object();
    (void) json_object_set_new(line, "type", json_string("tables"));
    (void) cxm_json_set_int(line, "last", (int64_t) checkpoint->seq);
    cxmctl_archives_time(line, "to", checkpoint->at);
    cxmctl_archives_line(line, CXM_HISTORY_CHECKPOINT, name,
                         &checkpoint->sum);

    rc = cxm_history_open_tables(list->store, checkpoint, &reader, &err);
    cxmctl_archives_state(line, rc, reader, &err);
}


static void
cxmctl_archives_line(json_t *line, const char *dir, const char *name,
    const cxm_archive_sum_t *sum)
{
    char       hash[2 * CXM_ARCHIVE_HASH + 1];
    cxm_buf_t  path;

    cxm_hex_encode(sum->hash, CXM_ARCHIVE_HASH, hash);
    cxm_buf_init(&path, 4096 + CXM_HISTORY_NAME);
    cxm_buf_printf(&path, "%s/%s", dir, name);

    (void) cxm_json_set_str(line, "file", cxm_buf_str(&path));
    (void) cxm_json_set_int(line, "size", (int64_t) sum->size);
    (void) json_object_set_new(line, "hash", json_string(hash));

    cxm_buf_free(&path);
}


/* What a look at the length and the header tells; the line is printed. */

static void
cxmctl_archives_state(json_t *line, cxm_rc_t rc, cxm_archive_reader_t *reader,
    const cxm_error_t *err)
{
    (void) json_object_set_new(line, "present",
                               json_boolean(rc != CXM_NOT_FOUND));

    if (rc == CXM_OK) {
        cxm_archive_close(reader);

    } else if (rc != CXM_NOT_FOUND) {
        (void) json_object_set_new(line, "damage", json_string(err->detail));
    }

    cxmctl_print_json(line);
    json_decref(line);
}


static void
cxmctl_archives_time(json_t *line, const char *name, cxm_ms_t at)
{
    char  text[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(at, text);
    (void) json_object_set_new(line, name, json_string(text));
}
