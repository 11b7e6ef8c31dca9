/*
 * Blocks of the file before they are needed.
 *
 * A commit that writes behind the file's end takes blocks and a new size to
 * the disk as well as its pages: on ext4 a quarter more time and CPU than one
 * that writes to blocks which are there (docs/performance.md).  Zeros are
 * written for them, as PostgreSQL does for its log: blocks of fallocate() are
 * marked as unwritten, and taking that mark away costs the same.
 *
 * Only the writer does it, so nobody's pages are behind the end.
 */

#include <sys/stat.h>
#include <unistd.h>

#include "cxm_store_int.h"


#define CXM_GROW_BYTES  (1024 * 1024)
#define CXM_GROW_PIECE  (64 * 1024)

/* More than a commit of usual size takes. */
#define CXM_GROW_AHEAD  (256 * 1024)


static int
cxm_grow_disk_free(const cxm_store_t *store)
{
    uint64_t  bytes;

    return cxm_fault_disk_free(store, &bytes) == 0
           && bytes > store->min_free + 2 * CXM_GROW_BYTES;
}


/* What fails here fails for LMDB's pages, too, and is told there. */
static void
cxm_grow_write(cxm_store_t *store, int fd)
{
    uint64_t              end;
    static const uint8_t  zeros[CXM_GROW_PIECE];

    for (end = store->file_size + CXM_GROW_BYTES;
         store->file_size < end
         && pwrite(fd, zeros, sizeof(zeros), (off_t) store->file_size)
            == (ssize_t) sizeof(zeros);
         store->file_size += sizeof(zeros))
    {
        /* void */
    }
}


void
cxm_env_grow(cxm_store_t *store)
{
    uint64_t          used;
    MDB_stat          st;
    MDB_envinfo       info;
    struct stat       file;
    mdb_filehandle_t  fd;

    (void) mdb_env_info(store->env, &info);
    (void) mdb_env_stat(store->env, &st);

    used = (uint64_t) (info.me_last_pgno + 1) * st.ms_psize;

    if (used + CXM_GROW_AHEAD <= store->file_size) {
        return;
    }

    /* another process may have done it */

    if (mdb_env_get_fd(store->env, &fd) != MDB_SUCCESS
        || fstat(fd, &file) != 0)
    {
        return;
    }

    store->file_size = (uint64_t) file.st_size;

    if (used + CXM_GROW_AHEAD > store->file_size
        && store->file_size + CXM_GROW_BYTES <= info.me_mapsize
        && cxm_grow_disk_free(store))
    {
        cxm_grow_write(store, fd);
    }
}
