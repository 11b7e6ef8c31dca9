/*
 * Inflating over zlib, which finds out by itself whether it is gzip or zlib.
 */

#define ZLIB_CONST
#include <zlib.h>

#include "cxm_inflate.h"


#define CXM_INFLATE_STEP    16384u
#define CXM_INFLATE_DETECT  32          /* zlib: added to the window's bits */


int
cxm_inflate_magic(cxm_str_t data)
{
    const uint8_t  *p;

    p = (const uint8_t *) data.data;

    if (data.len >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == Z_DEFLATED) {
        return 1;
    }

    return data.len >= 2 && p[0] == 0x78
           && (p[1] == 0x01 || p[1] == 0x5e || p[1] == 0x9c || p[1] == 0xda);
}


/*
 * One step into fresh room of out.  One byte more than may come is asked
 * for, so that text of just max bytes is told from longer text.
 */
static int
inflate_step(z_stream *z, size_t max, size_t start, cxm_buf_t *out)
{
    int       zrc;
    size_t    room;
    uint8_t  *p;

    room = max - (out->len - start);
    room = room < CXM_INFLATE_STEP ? room + 1 : CXM_INFLATE_STEP;

    p = cxm_buf_space(out, room);

    if (p == NULL) {
        return Z_MEM_ERROR;
    }

    z->next_out = p;
    z->avail_out = (uInt) room;

    zrc = inflate(z, Z_NO_FLUSH);
    out->len -= z->avail_out;

    return zrc;
}


static cxm_rc_t
inflate_all(z_stream *z, size_t max, cxm_buf_t *out)
{
    int     zrc;
    size_t  start;

    start = out->len;

    for ( ;; ) {
        zrc = inflate_step(z, max, start, out);

        if (zrc == Z_MEM_ERROR) {
            return CXM_INTERNAL;
        }

        if (out->len - start > max) {
            return CXM_TOO_LARGE;
        }

        if (zrc == Z_OK) {
            continue;
        }

        if (zrc != Z_STREAM_END) {
            return CXM_BAD_REQUEST;
        }

        if (z->avail_in == 0) {
            return CXM_OK;
        }

        /* only gzip has members */

        if (z->avail_in < 2 || z->next_in[0] != 0x1f
            || z->next_in[1] != 0x8b || inflateReset(z) != Z_OK)
        {
            return CXM_BAD_REQUEST;
        }
    }
}


cxm_rc_t
cxm_inflate(cxm_str_t data, size_t max, cxm_buf_t *out)
{
    cxm_rc_t  rc;
    z_stream  z;

    if (!cxm_inflate_magic(data)) {
        return CXM_BAD_REQUEST;
    }

    if (data.len > UINT32_MAX) {
        return CXM_TOO_LARGE;
    }

    memset(&z, 0, sizeof(z));
    z.next_in = (const Bytef *) data.data;
    z.avail_in = (uInt) data.len;

    if (inflateInit2(&z, MAX_WBITS + CXM_INFLATE_DETECT) != Z_OK) {
        return CXM_INTERNAL;
    }

    rc = inflate_all(&z, max, out);

    (void) inflateEnd(&z);

    return rc;
}
