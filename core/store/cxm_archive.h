/*
 * Sealed files: what the store keeps beside its environment, and the only
 * coding of it.
 *
 * Two types: a volume of the journal, whole, as it was before retention
 * dropped entries of it; and all tables as they were behind an entry.
 * cxm_history.h says which there are, where, and what their hash is.
 *
 *   header, 64 bytes in clear: "cxmarch1" | u8 format | u8 type | 6 zeros
 *     | uuid(16) of the store | u64 sequence | 24 bytes that begin the stream
 *   frames, each: u32 length | so many bytes, a message of libsodium's
 *     secretstream (XChaCha20-Poly1305, every message chained to those
 *     before it) under CXM_SUBKEY_ARCHIVE; associated data of all: the
 *     header's first 40 bytes; the last frame is tagged as the last
 *   text of a frame: records, each a varint length and its bytes
 *
 * Nothing follows the last frame, so a file that is cut, altered, put
 * together anew or another store's does not read to its end.  The hash of a
 * file is BLAKE2b-256 without key: `b2sum -l 256` gives the same.  Mode 0600.
 *
 * Records of a journal volume are the values of entries `seq`, seq + 1 ...
 * as they lie in the journal; of tables (`seq` is the last entry that they
 * know of): the value of the row `state`, then for each row u8 table | varint
 * length of key | key | value, as they lie in the environment.
 *
 * Memory is bounded by the largest record.  A writer or reader belongs to
 * one thread.
 */

#ifndef CXM_ARCHIVE_H
#define CXM_ARCHIVE_H

#include "cxm_crypto.h"
#include "cxm_id.h"


#define CXM_ARCHIVE_FORMAT   1
#define CXM_ARCHIVE_HEADER   64
#define CXM_ARCHIVE_HASH     32
#define CXM_ARCHIVE_FRAME    (64u * 1024)       /* text that is enough */
#define CXM_ARCHIVE_RECORD   ((4u << 20) + 8192)    /* longest */

typedef enum {
    CXM_ARCHIVE_JOURNAL = 1,
    CXM_ARCHIVE_TABLES
} cxm_archive_type_t;

typedef struct {
    uint64_t  size;
    uint8_t   hash[CXM_ARCHIVE_HASH];
} cxm_archive_sum_t;

/* What a file must be; it does not open as anything else. */
typedef struct {
    cxm_archive_type_t        type;
    cxm_uuid_t                uuid;
    uint64_t                  seq;
    const cxm_key_t          *key;      /* outlives writer and reader */
    const cxm_archive_sum_t  *sum;      /* the same; of a reader: what the
                                           file must add up to, NULL: any */
} cxm_archive_id_t;

typedef struct cxm_archive_writer_s  cxm_archive_writer_t;
typedef struct cxm_archive_reader_s  cxm_archive_reader_t;

/*
 * Begins a file in the directory under a temporary name; what an interrupted
 * writer left there is written over, so there must be one writer a directory
 * and type.  CXM_FULL: it would leave less than min_free bytes; CXM_IO.
 */
cxm_rc_t cxm_archive_create(const char *dir, const cxm_archive_id_t *id,
    uint64_t min_free, cxm_archive_writer_t **out, cxm_error_t *err);
cxm_rc_t cxm_archive_put(cxm_archive_writer_t *writer, cxm_str_t record,
    cxm_error_t *err);

/* Bytes of the records so far. */
uint64_t cxm_archive_written(const cxm_archive_writer_t *writer);

/*
 * Puts the file on stable storage under its name, in the place of one that
 * has it: CXM_CONFLICT when that is another store's.  The writer is gone in
 * any case.
 */
cxm_rc_t cxm_archive_finish(cxm_archive_writer_t *writer, const char *name,
    cxm_archive_sum_t *sum, cxm_error_t *err);
void cxm_archive_abort(cxm_archive_writer_t *writer);   /* NULL is allowed */

/*
 * Removes the store's files in the directory whose names begin so, but for
 * those of keep (NULL ends): what no entry names.
 */
void cxm_archive_remove(const char *dir, const char *begin,
    const cxm_uuid_t *uuid, const char *const *keep);

/*
 * CXM_NOT_FOUND: there is no such file; CXM_CORRUPT: it is not what id says;
 * CXM_FORMAT; CXM_IO.  The second form takes the descriptor over.
 */
cxm_rc_t cxm_archive_open(const char *path, const cxm_archive_id_t *id,
    cxm_archive_reader_t **out, cxm_error_t *err);
cxm_rc_t cxm_archive_open_fd(int fd, const char *path,
    const cxm_archive_id_t *id, cxm_archive_reader_t **out, cxm_error_t *err);

/*
 * The next record, valid until the next call.  CXM_NOT_FOUND behind the last
 * one, once the whole file has verified; CXM_CORRUPT.
 */
cxm_rc_t cxm_archive_next(cxm_archive_reader_t *reader, cxm_str_t *record,
    cxm_error_t *err);
void cxm_archive_close(cxm_archive_reader_t *reader);   /* NULL is allowed */


#endif /* CXM_ARCHIVE_H */
