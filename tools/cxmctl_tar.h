/*
 * Backups as tar files (pax where a size needs it): writing one member after
 * the other with its sum, and unpacking into a directory.
 */

#ifndef CXMCTL_TAR_H
#define CXMCTL_TAR_H

#include "cxm.h"
#include "cxm_manifest.h"


typedef struct cxmctl_tar_s  cxmctl_tar_t;

/*
 * A new file of mode 0600 under a temporary name beside `path`, held by a
 * lock: CXM_UNAVAILABLE when another process writes there.
 */
cxm_rc_t cxmctl_tar_create(const char *path, cxmctl_tar_t **out,
    cxm_error_t *err);

/* Adds a file, and what it is to the manifest. */
cxm_rc_t cxmctl_tar_add(cxmctl_tar_t *tar, const char *path, const char *name,
    cxm_manifest_t *manifest, cxm_error_t *err);

/* The same for all files below a directory; none is no error. */
cxm_rc_t cxmctl_tar_add_all(cxmctl_tar_t *tar, const char *path,
    const char *name, cxm_manifest_t *manifest, cxm_error_t *err);

/* Adds the manifest, syncs, and gives the file its name. */
cxm_rc_t cxmctl_tar_finish(cxmctl_tar_t *tar, const cxm_manifest_t *manifest,
    cxm_error_t *err);

/* Removes what was not finished; NULL is allowed. */
void cxmctl_tar_close(cxmctl_tar_t *tar);


/*
 * Unpacks a backup into a directory that is empty or has other members:
 * regular files under the names of its kind and nothing else, each synced.
 * Nothing is to be trusted until this is CXM_OK: the manifest is the last.
 */
cxm_rc_t cxmctl_untar(int fd, const char *name, const char *dir,
    cxm_manifest_what_t what, cxm_progress_pt progress,
    cxm_manifest_t *manifest, cxm_error_t *err);


#endif /* CXMCTL_TAR_H */
