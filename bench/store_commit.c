/*
 * What a batch costs: 64 operations with one entry of about 200 bytes each,
 * committed and synced; where the time goes, against a bare write + fdatasync
 * of the same bytes in the same run.
 *
 *   store_commit [batches]
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cxm_batch.h"
#include "cxm_counter.h"
#include "cxm_journal.h"
#include "cxm_json.h"
#include "cxm_once.h"
#include "cxm_row.h"


#define OPS  64

static int       with_tables;
static uint64_t  serial;


static double
now_us(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec * 1e6 + (double) ts.tv_nsec / 1e3;
}


static cxm_rc_t
apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    uint8_t        hash[CXM_HASH_LEN], row[24] = { 0 };
    cxm_rc_t       rc;
    cxm_row_key_t  key;
    cxm_series_t   series = { CXM_SERIES_TOUCHPOINT, 1, 0, 0 };

    if (!with_tables) {
        return CXM_OK;
    }

    cxm_row_key(&key);
    cxm_row_key_u64(&key, entry->seq);
    rc = cxm_row_put(txn, CXM_T_DOC, &key,
                     (cxm_str_t) { sizeof(row), (const char *) row });

    if (rc == CXM_OK && with_tables > 1) {
        memcpy(hash, entry->id.b, sizeof(hash));
        rc = cxm_once_put(txn, CXM_ONCE_EVENT, hash, cxm_entry_time(entry),
                          cxm_str("12345678"));
    }

    return rc == CXM_OK
           ? cxm_counter_add(txn, &series, cxm_entry_time(entry), 1, 1)
           : rc;
}


static const cxm_kind_t  kind = {
    .no = CXM_KIND_TOUCHPOINT, .version = 1, .name = "touchpoint",
    .apply = apply
};

static const cxm_flow_t  flow = {
    .kinds = { [CXM_KIND_TOUCHPOINT] = &kind }
};


static cxm_rc_t
run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_TOUCHPOINT;
    entry.action = CXM_ACTION_ADD;
    cxm_random(entry.id.b, sizeof(entry.id.b));
    entry.body = json_pack("{s:s, s:s, s:s, s:s, s:I, s:{s:s, s:i}}",
                           "type", "page_view", "channel", "web",
                           "path", "/products/espresso-machines/model-7",
                           "visitor", "0b8a4d3e-2f1c-4a57-9d0e-6b1f2c3d4e5f",
                           "serial", (json_int_t) serial++,
                           "data", "referrer", "https://example.org/search",
                           "duration_ms", 1234);
    (void) data;

    rc = cxm_journal_append(txn, &entry, err);
    json_decref(entry.body);

    return rc;
}


static void
measure(cxm_store_t *store, const char *name, int batches)
{
    int               i, b;
    double            start, total, commit;
    cxm_op_t          op[OPS], *list[OPS];
    cxm_error_t       err;
    cxm_batch_stat_t  stat;

    for (i = 0; i < OPS; i++) {
        op[i] = (cxm_op_t) { .run = run, .err = &err };
        list[i] = &op[i];
    }

    commit = 0;
    start = now_us();

    for (b = 0; b < batches; b++) {
        cxm_batch_run(store, list, OPS, &stat);
        commit += (double) stat.commit_us;

        if (stat.committed != OPS) {
            (void) fprintf(stderr, "batch failed: %s\n", err.detail);
            exit(1);
        }
    }

    total = now_us() - start;
    (void) printf("%-32s %7.0f us a batch: %5.0f operations (%.1f each), "
                  "%5.0f commit\n", name, total / batches,
                  (total - commit) / batches, (total - commit) / batches / OPS,
                  commit / batches);
}


static void
bare(const char *dir, int batches)
{
    int     fd, b;
    char    path[300], block[64 * 512] = { 1 };
    double  start;

    (void) snprintf(path, sizeof(path), "%s/bare", dir);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    start = now_us();

    for (b = 0; b < batches; b++) {
        if (write(fd, block, sizeof(block)) != sizeof(block)
            || fdatasync(fd) != 0)
        {
            exit(1);
        }
    }

    (void) printf("%-32s %7.0f us a batch\n", "bare append of 32 KiB, synced",
                  (now_us() - start) / batches);
    (void) close(fd);
    (void) unlink(path);
}


int
main(int argc, char **argv)
{
    int               batches;
    char              root[] = "cxm-bench-XXXXXX", dir[300], command[400];
    cxm_error_t       err;
    cxm_store_t      *store;
    cxm_store_opts_t  opts;

    batches = argc > 1 ? atoi(argv[1]) : 1000;

    if (batches < 1 || mkdtemp(root) == NULL) {
        return 1;
    }

    (void) snprintf(dir, sizeof(dir), "%s/store", root);
    memset(&opts, 0, sizeof(opts));
    opts.dir = dir;
    opts.flow = &flow;

    if (cxm_store_init(&opts, (unsigned) -1, (unsigned) -1, &err) != CXM_OK
        || cxm_store_open(&opts, &store, &err) != CXM_OK)
    {
        (void) fprintf(stderr, "%s\n", err.detail);
        return 1;
    }

    bare(root, batches);
    measure(store, "journal only", batches);
    with_tables = 1;
    measure(store, "journal, row, counter", batches);
    with_tables = 2;
    measure(store, "journal, row, counter, once", batches);
    cxm_store_close(store);

    (void) snprintf(command, sizeof(command), "rm -rf '%s'", root);

    return system(command) == 0 ? 0 : 1;
}
