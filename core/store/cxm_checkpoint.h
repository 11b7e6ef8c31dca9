/*
 * Checkpoints: the journal goes into volumes, the tables into a file.
 *
 * Kind CXM_KIND_CHECKPOINT, ADD.  Body: {"seq", "link": of the last entry
 * that it covers, and either "archive": {"size", "hash", "first", "from",
 * "to"}: the volume that ends there (times in ms), or "tables": {"size",
 * "hash"}: the file of tables as they were behind it}.  Apply keeps both in
 * the history (cxm_history.h).
 */

#ifndef CXM_CHECKPOINT_H
#define CXM_CHECKPOINT_H

#include "cxm_history.h"
#include "cxm_long_read.h"


#define CXM_VOLUME_BYTES  (1ULL << 30)     /* of entries in a file */

extern const cxm_kind_t  cxm_kind_checkpoint;

/*
 * Archives the journal to its end and takes a checkpoint there.  The files
 * are on stable storage before an entry names them; a crash in between leaves
 * files that no entry names.  The caller holds the history alone.
 * Reads the journal as a long read; the tables in one snapshot, as long as
 * their file takes.  archive: directory of the volumes, made when it is not
 * there.  CXM_UNAVAILABLE CXM_LONG_STOPPED, CXM_FULL, CXM_CORRUPT.
 */
cxm_rc_t cxm_checkpoint_make(cxm_store_t *store, const char *archive,
    cxm_ms_t now, cxm_stopped_pt stopped, void *ctx, cxm_error_t *err);


#endif /* CXM_CHECKPOINT_H */
