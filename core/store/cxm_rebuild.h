/*
 * Rebuild: the tables made anew from the journal and the files of its history
 * (cxm_replay.h), in an environment of its own.
 *
 * It mends tables that are not what the journal gives; and since a fresh
 * environment has no free pages, it also gives back the space of a file that
 * was larger once.  What comes out is byte for byte what verify compares
 * with; rows of `meta` that belong to the host are taken over.
 *
 * In place: nobody else may have the store open (locks of <dir>/running,
 * which keep others out until it is done).  <dir>/data is replaced by rename
 * and stays as <dir>/data.old, which the operator removes.
 */

#ifndef CXM_REBUILD_H
#define CXM_REBUILD_H

#include "cxm_verify.h"


#define CXM_REBUILD_OLD  "data.old"

typedef struct {
    const char       *to;               /* directory of the copy, which gets
                                           `data`; NULL: in place */
    const char       *archive;          /* as in cxm_verify_opts_t, these */
    int               all;
    int               compare;          /* only if all rows are the same */
    cxm_progress_pt   progress;
    cxm_note_pt       note;
    void             *ctx;
} cxm_rebuild_opts_t;

/*
 * Results are those of cxm_verify(): CXM_CORRUPT with a finding means that
 * there is something that cannot be replayed (or, with compare, a row that is
 * another one); nothing has changed then.  CXM_CONFLICT "in_use": somebody
 * else has the store open; "exists": data.old, or a store in `to`.
 * A copy elsewhere may be made while nginx writes: it is of one view.
 * After success in place the handle still shows the old environment and keeps
 * others out: close it.
 */
cxm_rc_t cxm_rebuild(cxm_store_t *store, const cxm_rebuild_opts_t *opts,
    cxm_verify_t *out, cxm_error_t *err);


#endif /* CXM_REBUILD_H */
