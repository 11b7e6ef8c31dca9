/*
 * Files that last: written under a temporary name, synced, then named.
 */

#ifndef CXMCTL_FILE_H
#define CXMCTL_FILE_H

#include "cxm.h"


/*
 * A new file of mode 0600 under the name `path`.new, held by a lock:
 * CXM_UNAVAILABLE when another process writes there.  What an interrupted
 * one has left is written over.
 */
typedef struct {
    char  *path;
    char  *temp;                        /* NULL: it has its name */
    int    fd;
} cxmctl_file_t;

cxm_rc_t cxmctl_file_create(const char *path, cxmctl_file_t *file,
    cxm_error_t *err);

/* Syncs it and gives it its name, in the place of what has it. */
cxm_rc_t cxmctl_file_finish(cxmctl_file_t *file, cxm_error_t *err);

/* Removes what was not finished; may be called after a failed create. */
void cxmctl_file_close(cxmctl_file_t *file);

/* All of that for a text. */
cxm_rc_t cxmctl_file_write(const char *path, cxm_str_t text,
    cxm_error_t *err);

/* Reads all of a file of at most `max` bytes. */
cxm_rc_t cxmctl_file_read(int fd, const char *name, size_t max,
    cxm_buf_t *out, cxm_error_t *err);

/* What errno says of a file; CXM_FULL or CXM_IO. */
cxm_rc_t cxmctl_file_fail(const char *what, const char *path,
    cxm_error_t *err);


#endif /* CXMCTL_FILE_H */
