/*
 * All tables into a file of tables (cxm_archive.h) and back.
 *
 * All but the journal, which has files of its own, and `meta`, of which the
 * row `state` alone belongs to the journal.
 *
 * Look-up rows are sealed with the key of their person (cxm_lookup.h), since
 * the files are kept: u8 0xff | the sealed row.  Those whose key is gone are
 * not loaded; replay, which has no key either, would not have made them.
 */

#ifndef CXM_TABLES_H
#define CXM_TABLES_H

#include "cxm_archive.h"
#include "cxm_long_read.h"
#include "cxm_row.h"


extern const cxm_table_t  cxm_tables_kept[];
#define CXM_TABLES_KEPT  6

/*
 * Writes what the transaction sees.  Each row must verify: CXM_CORRUPT, so
 * that damage does not become what later states are measured by.
 * CXM_UNAVAILABLE CXM_LONG_STOPPED.
 */
cxm_rc_t cxm_tables_save(cxm_txn_t *txn, cxm_archive_writer_t *writer,
    cxm_stopped_pt stopped, void *ctx, cxm_error_t *err);

/*
 * Fills an empty store of the same keys (cxm_store_scratch) to the end of the
 * file, in transactions of up to 10,000 rows.  A file that does not verify to
 * its end leaves rows behind.
 */
cxm_rc_t cxm_tables_load(cxm_store_t *store, cxm_archive_reader_t *reader,
    cxm_error_t *err);


#endif /* CXM_TABLES_H */
