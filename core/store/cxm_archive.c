/*
 * Sealed files: writing and reading them.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cxm_archive.h"
#include "cxm_log.h"


#define CXM_ARCHIVE_MAGIC    "cxmarch1"
#define CXM_ARCHIVE_UUID_AT  16
#define CXM_ARCHIVE_SEQ_AT   32
#define CXM_ARCHIVE_AD       40         /* of the header */

#define CXM_STREAM(name)     crypto_secretstream_xchacha20poly1305_##name

/* The most that a frame is: text that was not enough yet, and one record. */
#define CXM_ARCHIVE_TEXT_MAX                                                  \
    ((size_t) CXM_ARCHIVE_FRAME + CXM_ARCHIVE_RECORD + CXM_VARINT_MAX)

_Static_assert(CXM_ARCHIVE_HEADER
               == CXM_ARCHIVE_AD + CXM_STREAM(HEADERBYTES), "header");
_Static_assert(CXM_KEY_LEN == CXM_STREAM(KEYBYTES), "key");

struct cxm_archive_writer_s {
    int                       fd;
    char                     *dir;
    char                     *path;     /* temporary */
    uint64_t                  min_free;
    uint64_t                  written;
    cxm_uuid_t                uuid;
    cxm_buf_t                 text;
    cxm_buf_t                 frame;
    cxm_archive_sum_t         sum;
    uint8_t                   header[CXM_ARCHIVE_HEADER];
    crypto_generichash_state  hash;
    CXM_STREAM(state)         stream;
};

struct cxm_archive_reader_s {
    int                       fd;
    int                       last;     /* the frame tagged so was read */
    char                     *path;
    cxm_buf_t                 text;
    cxm_buf_t                 frame;
    cxm_reader_t              rd;       /* of text */
    uint64_t                  size;     /* read so far */
    const cxm_archive_sum_t  *sum;
    uint8_t                   header[CXM_ARCHIVE_HEADER];
    crypto_generichash_state  hash;
    CXM_STREAM(state)         stream;
};


/* All but what begins the stream. */
static void
archive_header(uint8_t header[CXM_ARCHIVE_HEADER], const cxm_archive_id_t *id)
{
    memset(header, 0, CXM_ARCHIVE_HEADER);
    memcpy(header, CXM_ARCHIVE_MAGIC, sizeof(CXM_ARCHIVE_MAGIC) - 1);
    header[8] = CXM_ARCHIVE_FORMAT;
    header[9] = (uint8_t) id->type;
    memcpy(header + CXM_ARCHIVE_UUID_AT, id->uuid.b, sizeof(id->uuid.b));
    cxm_put_u64(header + CXM_ARCHIVE_SEQ_AT, id->seq);
}


static cxm_rc_t
archive_io(int error, const char *what, const char *path, cxm_error_t *err)
{
    return cxm_fail(err, error == ENOSPC || error == EDQUOT ? CXM_FULL
                                                            : CXM_IO,
                    NULL, "%s(\"%.160s\") failed: %s", what, path,
                    strerror(error));
}


/* A state of BLAKE2b wants more than malloc's alignment. */
static void *
archive_alloc(size_t align, size_t size)
{
    void  *p;

    p = aligned_alloc(align, size);

    return p == NULL ? NULL : memset(p, 0, size);
}


/* --- writing ------------------------------------------------------------ */

static void
archive_writer_free(cxm_archive_writer_t *writer)
{
    if (writer->fd != -1) {
        (void) close(writer->fd);
    }

    cxm_buf_free(&writer->text);
    cxm_buf_free(&writer->frame);
    cxm_wipe(&writer->stream, sizeof(writer->stream));
    free(writer->path);
    free(writer->dir);
    free(writer);
}


static cxm_rc_t
archive_write(cxm_archive_writer_t *writer, const uint8_t *data, size_t len,
    cxm_error_t *err)
{
    ssize_t         n;
    struct statvfs  fs;

    if (fstatvfs(writer->fd, &fs) == 0
        && (uint64_t) fs.f_bavail * fs.f_frsize < writer->min_free + len)
    {
        return cxm_fail(err, CXM_FULL, NULL, "\"%.160s\" would leave less "
                        "than %llu bytes free", writer->path,
                        (unsigned long long) writer->min_free);
    }

    (void) crypto_generichash_update(&writer->hash, data, len);
    writer->sum.size += len;

    while (len > 0) {
        n = write(writer->fd, data, len);

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            return archive_io(n == 0 ? ENOSPC : errno, "write", writer->path,
                              err);
        }

        data += n;
        len -= (size_t) n;
    }

    return CXM_OK;
}


cxm_rc_t
cxm_archive_create(const char *dir, const cxm_archive_id_t *id,
    uint64_t min_free, cxm_archive_writer_t **out, cxm_error_t *err)
{
    cxm_rc_t               rc;
    cxm_archive_writer_t  *writer;

    writer = archive_alloc(_Alignof(cxm_archive_writer_t), sizeof(*writer));

    if (writer == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    cxm_buf_init(&writer->text, CXM_ARCHIVE_TEXT_MAX);
    cxm_buf_init(&writer->frame, 4 + CXM_ARCHIVE_TEXT_MAX
                                 + CXM_STREAM(ABYTES));
    writer->fd = -1;
    writer->min_free = min_free;
    writer->uuid = id->uuid;
    writer->dir = strdup(dir);

    if (asprintf(&writer->path, "%s/new-%u.tmp", dir, id->type) < 0) {
        writer->path = NULL;
    }

    if (writer->dir == NULL || writer->path == NULL) {
        archive_writer_free(writer);
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    writer->fd = open(writer->path,
                      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                      0600);

    if (writer->fd == -1) {
        rc = archive_io(errno, "open", writer->path, err);
        archive_writer_free(writer);
        return rc;
    }

    archive_header(writer->header, id);
    (void) CXM_STREAM(init_push)(&writer->stream,
                                 writer->header + CXM_ARCHIVE_AD, id->key->b);
    (void) crypto_generichash_init(&writer->hash, NULL, 0, CXM_ARCHIVE_HASH);

    rc = archive_write(writer, writer->header, CXM_ARCHIVE_HEADER, err);

    if (rc != CXM_OK) {
        cxm_archive_abort(writer);
        return rc;
    }

    *out = writer;

    return CXM_OK;
}


static cxm_rc_t
archive_frame(cxm_archive_writer_t *writer, uint8_t tag, cxm_error_t *err)
{
    uint8_t  *p;
    size_t    len;

    len = writer->text.len + CXM_STREAM(ABYTES);

    cxm_buf_reset(&writer->frame);
    p = cxm_buf_space(&writer->frame, 4 + len);

    if (p == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    (void) CXM_STREAM(push)(&writer->stream, cxm_put_u32(p, (uint32_t) len),
                            NULL, writer->text.data, writer->text.len,
                            writer->header, CXM_ARCHIVE_AD, tag);
    cxm_buf_reset(&writer->text);

    return archive_write(writer, writer->frame.data, writer->frame.len, err);
}


cxm_rc_t
cxm_archive_put(cxm_archive_writer_t *writer, cxm_str_t record,
    cxm_error_t *err)
{
    if (record.len > CXM_ARCHIVE_RECORD) {
        return cxm_fail(err, CXM_TOO_LARGE, NULL,
                        "A record of %zu bytes does not fit into \"%.160s\".",
                        record.len, writer->path);
    }

    cxm_buf_varint(&writer->text, record.len);
    cxm_buf_put(&writer->text, record.data, record.len);

    if (writer->text.failed) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    writer->written += record.len;

    return writer->text.len < CXM_ARCHIVE_FRAME
           ? CXM_OK : archive_frame(writer, CXM_STREAM(TAG_MESSAGE), err);
}


uint64_t
cxm_archive_written(const cxm_archive_writer_t *writer)
{
    return writer->written;
}


/* 1: it is a file of this store; 0: it is another's; -1: errno. */
static int
archive_ours(int dir, const char *name, const cxm_uuid_t *uuid)
{
    int      fd, same;
    uint8_t  header[CXM_ARCHIVE_HEADER];

    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd == -1) {
        return -1;
    }

    same = read(fd, header, sizeof(header)) == (ssize_t) sizeof(header)
           && memcmp(header, CXM_ARCHIVE_MAGIC,
                     sizeof(CXM_ARCHIVE_MAGIC) - 1) == 0
           && memcmp(header + CXM_ARCHIVE_UUID_AT, uuid->b, sizeof(uuid->b))
              == 0;
    (void) close(fd);

    return same;
}


static cxm_rc_t
archive_settle(cxm_archive_writer_t *writer, const char *path,
    cxm_error_t *err)
{
    int  fd, error, ours;

    /* one of the same name may be ours, from before a crash */

    ours = archive_ours(AT_FDCWD, path, &writer->uuid);

    if (ours == -1 && errno != ENOENT) {
        return archive_io(errno, "open", path, err);
    }

    if (ours == 0) {
        return cxm_fail(err, CXM_CONFLICT, NULL, "\"%.160s\" is there and not "
                        "of this store", path);
    }

    if (fchmod(writer->fd, 0600) != 0 || fsync(writer->fd) != 0) {
        return archive_io(errno, "fsync", writer->path, err);
    }

    if (rename(writer->path, path) != 0) {
        return archive_io(errno, "rename", path, err);
    }

    /* the name must last as well */

    fd = open(writer->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = fd == -1 || fsync(fd) != 0 ? errno : 0;

    if (fd != -1) {
        (void) close(fd);
    }

    return error == 0 ? CXM_OK : archive_io(error, "fsync", writer->dir, err);
}


cxm_rc_t
cxm_archive_finish(cxm_archive_writer_t *writer, const char *name,
    cxm_archive_sum_t *sum, cxm_error_t *err)
{
    char      *path;
    cxm_rc_t   rc;

    rc = archive_frame(writer, CXM_STREAM(TAG_FINAL), err);

    if (asprintf(&path, "%s/%s", writer->dir, name) < 0) {
        path = NULL;
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    if (rc == CXM_OK) {
        (void) crypto_generichash_final(&writer->hash, writer->sum.hash,
                                        CXM_ARCHIVE_HASH);
        *sum = writer->sum;
        rc = archive_settle(writer, path, err);
    }

    free(path);

    if (rc != CXM_OK) {
        cxm_archive_abort(writer);
        return rc;
    }

    archive_writer_free(writer);

    return CXM_OK;
}


void
cxm_archive_abort(cxm_archive_writer_t *writer)
{
    if (writer != NULL) {
        (void) unlink(writer->path);
        archive_writer_free(writer);
    }
}


static int
archive_listed(const char *name, const char *const *list)
{
    for (/* void */; *list != NULL; list++) {
        if (strcmp(name, *list) == 0) {
            return 1;
        }
    }

    return 0;
}


void
cxm_archive_remove(const char *dir, const char *begin, const cxm_uuid_t *uuid,
    const char *const *keep)
{
    DIR            *list;
    struct dirent  *entry;

    list = opendir(dir);

    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (strncmp(entry->d_name, begin, strlen(begin)) == 0
            && !archive_listed(entry->d_name, keep)
            && archive_ours(dirfd(list), entry->d_name, uuid) == 1
            && unlinkat(dirfd(list), entry->d_name, 0) != 0)
        {
            cxm_log(CXM_LOG_WARN, "cannot remove \"%s/%s\": %s", dir,
                    entry->d_name, strerror(errno));
        }
    }

    if (list != NULL) {
        (void) closedir(list);
    }
}


/* --- reading ------------------------------------------------------------ */

static cxm_rc_t
archive_damage(const cxm_archive_reader_t *reader, const char *what,
    cxm_error_t *err)
{
    cxm_log(CXM_LOG_ALERT, "file \"%s\" is damaged: %s", reader->path, what);

    return cxm_fail(err, CXM_CORRUPT, NULL, "File \"%.160s\": %s.",
                    reader->path, what);
}


/* Exactly len bytes; CXM_NOT_FOUND at the end of the file. */
static cxm_rc_t
archive_read(cxm_archive_reader_t *reader, uint8_t *data, size_t len,
    cxm_error_t *err)
{
    size_t   got;
    ssize_t  n;

    for (got = 0; got < len; got += (size_t) n) {
        n = read(reader->fd, data + got, len - got);

        if (n == -1 && errno == EINTR) {
            n = 0;
            continue;
        }

        if (n == -1) {
            return archive_io(errno, "read", reader->path, err);
        }

        if (n == 0) {
            return got == 0 ? CXM_NOT_FOUND
                            : archive_damage(reader, "it is cut", err);
        }
    }

    (void) crypto_generichash_update(&reader->hash, data, len);
    reader->size += len;

    return CXM_OK;
}


static cxm_rc_t
archive_read_header(cxm_archive_reader_t *reader, const cxm_archive_id_t *id,
    cxm_error_t *err)
{
    uint8_t   expect[CXM_ARCHIVE_HEADER];
    cxm_rc_t  rc;

    (void) crypto_generichash_init(&reader->hash, NULL, 0, CXM_ARCHIVE_HASH);
    rc = archive_read(reader, reader->header, CXM_ARCHIVE_HEADER, err);

    if (rc == CXM_NOT_FOUND) {
        return archive_damage(reader, "it is empty", err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    archive_header(expect, id);

    if (memcmp(reader->header, expect, 8) == 0
        && reader->header[8] > CXM_ARCHIVE_FORMAT)
    {
        return cxm_fail(err, CXM_FORMAT, NULL,
                        "File \"%.160s\" has the newer format %u.",
                        reader->path, reader->header[8]);
    }

    if (memcmp(reader->header, expect, CXM_ARCHIVE_AD) != 0
        || CXM_STREAM(init_pull)(&reader->stream,
                                 reader->header + CXM_ARCHIVE_AD, id->key->b)
           != 0)
    {
        return archive_damage(reader, "it is not the file that it should be",
                              err);
    }

    return CXM_OK;
}


cxm_rc_t
cxm_archive_open_fd(int fd, const char *path, const cxm_archive_id_t *id,
    cxm_archive_reader_t **out, cxm_error_t *err)
{
    cxm_rc_t               rc;
    struct stat            st;
    cxm_archive_reader_t  *reader;

    reader = archive_alloc(_Alignof(cxm_archive_reader_t), sizeof(*reader));

    if (reader == NULL) {
        (void) close(fd);
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    reader->fd = fd;
    reader->sum = id->sum;
    reader->path = strdup(path);
    cxm_buf_init(&reader->text, CXM_ARCHIVE_TEXT_MAX);
    cxm_buf_init(&reader->frame, CXM_ARCHIVE_TEXT_MAX + CXM_STREAM(ABYTES));

    if (reader->path == NULL) {
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");

    } else if (fstat(fd, &st) != 0) {
        rc = archive_io(errno, "fstat", path, err);

    } else if (!S_ISREG(st.st_mode)) {
        rc = archive_damage(reader, "it is not a regular file", err);

    } else if (id->sum != NULL && (uint64_t) st.st_size != id->sum->size) {
        rc = archive_damage(reader, "its length is not what was recorded",
                            err);

    } else {
        rc = archive_read_header(reader, id, err);
    }

    if (rc != CXM_OK) {
        cxm_archive_close(reader);
        return rc;
    }

    *out = reader;

    return CXM_OK;
}


cxm_rc_t
cxm_archive_open(const char *path, const cxm_archive_id_t *id,
    cxm_archive_reader_t **out, cxm_error_t *err)
{
    int  fd;

    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd == -1 && errno == ENOENT) {
        return cxm_fail(err, CXM_NOT_FOUND, NULL, "There is no \"%.160s\".",
                        path);
    }

    if (fd == -1) {
        return archive_io(errno, "open", path, err);
    }

    return cxm_archive_open_fd(fd, path, id, out, err);
}


/* Into text; CXM_NOT_FOUND at the end of the file. */
static cxm_rc_t
archive_read_frame(cxm_archive_reader_t *reader, cxm_error_t *err)
{
    size_t     len;
    uint8_t    head[4], tag, *text, *frame;
    cxm_rc_t   rc;

    rc = archive_read(reader, head, sizeof(head), err);

    if (rc != CXM_OK) {
        return rc;
    }

    len = cxm_get_u32(head);

    if (len < CXM_STREAM(ABYTES)
        || len > CXM_ARCHIVE_TEXT_MAX + CXM_STREAM(ABYTES))
    {
        return archive_damage(reader, "a frame has an impossible length", err);
    }

    cxm_buf_reset(&reader->frame);
    cxm_buf_reset(&reader->text);
    frame = cxm_buf_space(&reader->frame, len);
    text = cxm_buf_space(&reader->text, len - CXM_STREAM(ABYTES));

    /* an empty last frame has no text, and so no memory for it */

    if (frame == NULL || (text == NULL && len > CXM_STREAM(ABYTES))) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    rc = archive_read(reader, frame, len, err);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? archive_damage(reader, "it is cut", err)
                                   : rc;
    }

    if (reader->last
        || CXM_STREAM(pull)(&reader->stream, text, NULL, &tag, frame, len,
                            reader->header, CXM_ARCHIVE_AD)
           != 0)
    {
        return archive_damage(reader, "a frame does not verify", err);
    }

    reader->last = tag == CXM_STREAM(TAG_FINAL);
    reader->rd = cxm_reader(reader->text.data, reader->text.len);

    return CXM_OK;
}


static cxm_rc_t
archive_end(cxm_archive_reader_t *reader, cxm_error_t *err)
{
    cxm_archive_sum_t  sum;

    if (!reader->last) {
        return archive_damage(reader, "it is cut", err);
    }

    if (reader->sum == NULL) {
        return CXM_NOT_FOUND;
    }

    (void) crypto_generichash_final(&reader->hash, sum.hash,
                                    CXM_ARCHIVE_HASH);

    if (reader->size != reader->sum->size
        || memcmp(sum.hash, reader->sum->hash, CXM_ARCHIVE_HASH) != 0)
    {
        return archive_damage(reader, "its hash is not what was recorded",
                              err);
    }

    reader->sum = NULL;

    return CXM_NOT_FOUND;
}


cxm_rc_t
cxm_archive_next(cxm_archive_reader_t *reader, cxm_str_t *record,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    while (reader->rd.pos == reader->rd.end) {
        rc = archive_read_frame(reader, err);

        if (rc == CXM_NOT_FOUND) {
            return archive_end(reader, err);
        }

        if (rc != CXM_OK) {
            return rc;
        }
    }

    record->len = cxm_read_varint(&reader->rd);
    record->data = (const char *) cxm_read_bytes(&reader->rd, record->len);

    return reader->rd.failed
           ? archive_damage(reader, "a record is longer than its frame", err)
           : CXM_OK;
}


void
cxm_archive_close(cxm_archive_reader_t *reader)
{
    if (reader == NULL) {
        return;
    }

    (void) close(reader->fd);
    cxm_buf_free(&reader->text);
    cxm_buf_free(&reader->frame);
    cxm_wipe(&reader->stream, sizeof(reader->stream));
    free(reader->path);
    free(reader);
}
