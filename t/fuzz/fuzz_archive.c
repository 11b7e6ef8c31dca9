/*
 * Sealed files from anywhere: nothing is read beyond the end, and what is not
 * sealed with our key gives no record.  The first byte tells whether the rest
 * is a whole file or the text of a frame that was sealed properly.
 */

#include <sodium.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cxm_archive.h"


#define FUZZ_HEADER_AD  40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const cxm_key_t  fuzz_key = { "a key that everybody may know..." };


/* Makes the file that a writer would have made of one frame. */
static int
fuzz_seal(int fd, const uint8_t *text, size_t len)
{
    int       rc;
    uint8_t   header[CXM_ARCHIVE_HEADER] = "cxmarch1\1\1", *frame;
    size_t    size;
    crypto_secretstream_xchacha20poly1305_state  stream;

    crypto_secretstream_xchacha20poly1305_init_push(
        &stream, header + FUZZ_HEADER_AD, fuzz_key.b);

    size = len + crypto_secretstream_xchacha20poly1305_ABYTES;
    frame = malloc(4 + size);

    if (frame == NULL) {
        return -1;
    }

    cxm_put_u32(frame, (uint32_t) size);
    crypto_secretstream_xchacha20poly1305_push(
        &stream, frame + 4, NULL, text, len, header, FUZZ_HEADER_AD,
        crypto_secretstream_xchacha20poly1305_TAG_FINAL);

    rc = write(fd, header, sizeof(header)) == (ssize_t) sizeof(header)
         && write(fd, frame, 4 + size) == (ssize_t) (4 + size) ? 0 : -1;
    free(frame);

    return rc;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                    fd, sealed;
    size_t                 total;
    cxm_rc_t               rc;
    cxm_str_t              record;
    cxm_archive_id_t       id = { CXM_ARCHIVE_JOURNAL, { { 0 } }, 0,
                                  &fuzz_key, NULL };
    cxm_archive_reader_t  *reader;

    if (size == 0 || cxm_crypto_init() != CXM_OK) {
        return 0;
    }

    sealed = data[0] & 1;
    fd = memfd_create("fuzz", 0);

    if (fd == -1) {
        abort();
    }

    if ((sealed ? fuzz_seal(fd, data + 1, size - 1)
                : (int) write(fd, data + 1, size - 1)) < 0
        || lseek(fd, 0, SEEK_SET) != 0)
    {
        abort();
    }

    if (cxm_archive_open_fd(fd, "fuzz", &id, &reader, NULL) != CXM_OK) {
        return 0;
    }

    total = 0;

    for ( ;; ) {
        rc = cxm_archive_next(reader, &record, NULL);

        if (rc != CXM_OK) {
            break;
        }

        total += record.len;

        if (total > size) {
            abort();
        }
    }

    /* a frame that is sealed holds records to its end, or is damaged */

    if (rc != CXM_CORRUPT && rc != CXM_NOT_FOUND) {
        abort();
    }

    cxm_archive_close(reader);

    return 0;
}
