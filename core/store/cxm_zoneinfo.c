/*
 * Reading time zones, and the set that keeps them.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_log.h"
#include "cxm_zoneinfo.h"


#define CXM_ZONEINFO_DIR  "/usr/share/zoneinfo"

struct cxm_zones_s {
    char              *dir;
    pthread_mutex_t    mutex;       /* over all that follows */
    cxm_zone_t       **zones;
    size_t             n;
};


cxm_zones_t *
cxm_zones_create(void)
{
    const char   *dir;
    cxm_zones_t  *zones;

    dir = getenv("TZDIR");
    zones = calloc(1, sizeof(*zones));

    if (zones == NULL || pthread_mutex_init(&zones->mutex, NULL) != 0) {
        free(zones);
        return NULL;
    }

    zones->dir = strdup(dir != NULL && *dir != '\0' ? dir : CXM_ZONEINFO_DIR);
    zones->zones = calloc(CXM_ZONES_MAX, sizeof(cxm_zone_t *));

    if (zones->dir == NULL || zones->zones == NULL) {
        cxm_zones_free(zones);
        return NULL;
    }

    return zones;
}


void
cxm_zones_free(cxm_zones_t *zones)
{
    size_t  i;

    if (zones == NULL) {
        return;
    }

    for (i = 0; i < zones->n; i++) {
        cxm_zone_free(zones->zones[i]);
    }

    (void) pthread_mutex_destroy(&zones->mutex);
    free(zones->zones);
    free(zones->dir);
    free(zones);
}


/* --- reading ------------------------------------------------------------ */

static cxm_rc_t
zones_read_fd(int fd, cxm_buf_t *out)
{
    ssize_t      n;
    uint8_t     *p;
    struct stat  st;

    if (fstat(fd, &st) != 0) {
        return CXM_IO;
    }

    /* the folders of the names are no zones */

    if (!S_ISREG(st.st_mode) || st.st_size > CXM_ZONE_FILE_MAX) {
        return CXM_NOT_FOUND;
    }

    p = cxm_buf_space(out, (size_t) st.st_size);

    if (p == NULL) {
        return CXM_INTERNAL;
    }

    n = read(fd, p, out->len);

    return n >= 0 && (size_t) n == out->len ? CXM_OK : CXM_IO;
}


static cxm_rc_t
zones_read(const cxm_zones_t *zones, cxm_str_t name, cxm_buf_t *out)
{
    int       fd;
    char      path[PATH_MAX];
    cxm_rc_t  rc;

    if ((size_t) snprintf(path, sizeof(path), "%s/%.*s", zones->dir,
                          (int) name.len, name.data) >= sizeof(path))
    {
        return CXM_NOT_FOUND;
    }

    /* not to wait for a writer should it be a fifo */

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd == -1) {
        return errno == ENOENT || errno == ENOTDIR ? CXM_NOT_FOUND : CXM_IO;
    }

    rc = zones_read_fd(fd, out);
    (void) close(fd);

    return rc;
}


static cxm_rc_t
zones_load(const cxm_zones_t *zones, cxm_str_t name, cxm_zone_t **out)
{
    cxm_rc_t   rc;
    cxm_buf_t  file;

    cxm_buf_init(&file, CXM_ZONE_FILE_MAX);
    rc = zones_read(zones, name, &file);

    if (rc == CXM_OK) {
        rc = cxm_zone_parse(name, cxm_buf_str(&file), out);
    }

    cxm_buf_free(&file);

    if (rc == CXM_IO || rc == CXM_BAD_REQUEST) {
        cxm_log(CXM_LOG_WARN, "time zone \"%.*s\" in %s cannot be %s",
                (int) name.len, name.data, zones->dir,
                rc == CXM_IO ? "read" : "used: it is no TZif of version 2 or "
                                        "later without leap seconds");
        return CXM_NOT_FOUND;
    }

    return rc;
}


/* --- the set ------------------------------------------------------------ */

static cxm_rc_t
zones_get(cxm_zones_t *zones, cxm_str_t name, const cxm_zone_t **out)
{
    size_t    i;
    cxm_rc_t  rc;

    for (i = 0; i < zones->n; i++) {
        if (cxm_str_eq(cxm_zone_name(zones->zones[i]), name)) {
            *out = zones->zones[i];
            return CXM_OK;
        }
    }

    if (zones->n == CXM_ZONES_MAX) {
        return CXM_NOT_FOUND;
    }

    rc = zones_load(zones, name, &zones->zones[zones->n]);

    if (rc == CXM_OK) {
        *out = zones->zones[zones->n++];
    }

    return rc;
}


cxm_rc_t
cxm_zones_find(cxm_zones_t *zones, cxm_str_t name, const cxm_zone_t **out)
{
    cxm_rc_t  rc;

    if (cxm_str_eq(name, cxm_zone_name(cxm_zone_utc()))) {
        *out = cxm_zone_utc();
        return CXM_OK;
    }

    if (zones == NULL || !cxm_zone_name_valid(name)) {
        return CXM_NOT_FOUND;
    }

    (void) pthread_mutex_lock(&zones->mutex);
    rc = zones_get(zones, name, out);
    (void) pthread_mutex_unlock(&zones->mutex);

    return rc;
}
