/*
 * Long reads: many rows in many short transactions.
 *
 * A snapshot that is held keeps LMDB from using pages again, and a core that
 * reads is missing where answers come in.  So a long read goes on to a new
 * snapshot every CXM_LONG_ROWS rows, and takes no more than one part in
 * CXM_LONG_SHARE of a core as long as anybody writes.
 *
 *   do {
 *       read rows, counting them in read.rows, until they are CXM_LONG_ROWS;
 *       close cursors, remember the place;
 *   } while (there is more && cxm_long_read_next(&read, err) == CXM_OK);
 */

#ifndef CXM_LONG_READ_H
#define CXM_LONG_READ_H

#include "cxm_store.h"


#define CXM_LONG_ROWS   10000
#define CXM_LONG_SHARE  20

#define CXM_LONG_STOPPED  "stopped"     /* code of a read that was stopped */

/* Whether nobody waits for the result any more. */
typedef int (*cxm_stopped_pt)(void *ctx);

/* CXM_UNAVAILABLE CXM_LONG_STOPPED if so; stopped may be NULL. */
cxm_rc_t cxm_long_stopped(cxm_stopped_pt stopped, void *ctx,
    cxm_error_t *err);

typedef struct {
    cxm_txn_t       *txn;
    cxm_stopped_pt   stopped;           /* NULL: never */
    void            *ctx;
    unsigned         rows;              /* read in this snapshot */
    uint64_t         since;             /* of the thread, us */
    uint64_t         head;              /* of the first snapshot: what came
                                           later may be left out */
    int              busy;              /* somebody writes */
} cxm_long_read_t;

void cxm_long_read_begin(cxm_long_read_t *read, cxm_txn_t *txn,
    cxm_stopped_pt stopped, void *ctx);

static inline int
cxm_long_read_full(const cxm_long_read_t *read)
{
    return read->rows >= CXM_LONG_ROWS;
}

/* The next snapshot.  CXM_UNAVAILABLE CXM_LONG_STOPPED: it is to end. */
cxm_rc_t cxm_long_read_next(cxm_long_read_t *read, cxm_error_t *err);


#endif /* CXM_LONG_READ_H */
