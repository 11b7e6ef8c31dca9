/*
 * Packed JSON.
 */

#include <math.h>

#include "cxm_json.h"
#include "cxm_pack.h"


#define CXM_PACK_NULL       0x00
#define CXM_PACK_FALSE      0x01
#define CXM_PACK_TRUE       0x02
#define CXM_PACK_INTEGER    0x03
#define CXM_PACK_REAL       0x04
#define CXM_PACK_STRING     0x05
#define CXM_PACK_ARRAY      0x06
#define CXM_PACK_OBJECT     0x07
#define CXM_PACK_SMALL      0x40
#define CXM_PACK_SMALL_N    0x40
#define CXM_PACK_SHORT      0x80
#define CXM_PACK_SHORT_N    0x80

#define CXM_PACK_NAME_MAX   16      /* longest name of the list */


/* Part of the format: only ever add at the end. */
static const char *const  cxm_pack_names[] = {
    "survey", "answers", "answered", "segments", "at", "who", "fp",
    "complete", "client_time", "interaction_id", "csi",
    "channel", "touchpoint", "country", "device", "language", "agent",
    "product", "latency_band", "status_class",
    "respondent", "claimed", "attributes",
    "customer_id", "external_id", "email", "visitor", "name", "phone",
    "type", "k", "session", "customer", "url", "referrer", "title", "value",
    "amount", "currency", "props", "bot", "unverified",
    "nps", "csat", "ces", "why", "comment", "plan", "overall", "score",
    "slug", "role", "hash", "expires_at", "revoked_at", "created_by",
    "status", "headers", "body", "fingerprint", "route", "object",
    "questions", "id", "no", "text", "en", "scale", "min", "max",
    "required", "weight", "choices", "segment_by", "retired",
    "latency", "upstream"
};

#define CXM_PACK_NAMES  (sizeof(cxm_pack_names) / sizeof(cxm_pack_names[0]))


static int  cxm_pack_value(cxm_buf_t *buf, const json_t *value,
    unsigned depth);
static cxm_rc_t  cxm_unpack_value(cxm_reader_t *rd, unsigned depth,
    json_t **out);


/* Number of a name, or CXM_PACK_NAMES. */
static size_t
cxm_pack_find(const char *name, size_t len)
{
    size_t  i;

    if (len > CXM_PACK_NAME_MAX) {
        return CXM_PACK_NAMES;
    }

    for (i = 0; i < CXM_PACK_NAMES; i++) {
        if (cxm_pack_names[i][0] == name[0]
            && strncmp(cxm_pack_names[i], name, len) == 0
            && cxm_pack_names[i][len] == '\0')
        {
            break;
        }
    }

    return i;
}


static void
cxm_pack_name(cxm_buf_t *buf, const char *name, size_t len)
{
    size_t  i;

    i = cxm_pack_find(name, len);

    if (i < CXM_PACK_NAMES) {
        cxm_buf_varint(buf, i << 1 | 1);
        return;
    }

    cxm_buf_varint(buf, (uint64_t) len << 1);
    cxm_buf_put(buf, name, len);
}


static void
cxm_pack_string(cxm_buf_t *buf, cxm_str_t s)
{
    if (s.len < CXM_PACK_SHORT_N) {
        cxm_buf_putc(buf, (uint8_t) (CXM_PACK_SHORT + s.len));

    } else {
        cxm_buf_putc(buf, CXM_PACK_STRING);
        cxm_buf_varint(buf, s.len);
    }

    cxm_buf_put(buf, s.data, s.len);
}


static void
cxm_pack_integer(cxm_buf_t *buf, json_int_t v)
{
    if (v >= 0 && v < CXM_PACK_SMALL_N) {
        cxm_buf_putc(buf, (uint8_t) (CXM_PACK_SMALL + v));
        return;
    }

    cxm_buf_putc(buf, CXM_PACK_INTEGER);
    cxm_buf_varint(buf, cxm_zigzag(v));
}


static void
cxm_pack_real(cxm_buf_t *buf, double v)
{
    uint8_t   bytes[8];
    uint64_t  bits;

    memcpy(&bits, &v, sizeof(bits));
    (void) cxm_put_u64(bytes, bits);

    cxm_buf_putc(buf, CXM_PACK_REAL);
    cxm_buf_put(buf, bytes, sizeof(bytes));
}


static int
cxm_pack_array(cxm_buf_t *buf, const json_t *array, unsigned depth)
{
    size_t  i, n;

    n = json_array_size(array);

    cxm_buf_putc(buf, CXM_PACK_ARRAY);
    cxm_buf_varint(buf, n);

    for (i = 0; i < n; i++) {
        if (!cxm_pack_value(buf, json_array_get(array, i), depth)) {
            return 0;
        }
    }

    return 1;
}


static int
cxm_pack_object(cxm_buf_t *buf, json_t *object, unsigned depth)
{
    void  *iter;

    cxm_buf_putc(buf, CXM_PACK_OBJECT);
    cxm_buf_varint(buf, json_object_size(object));

    for (iter = json_object_iter(object);
         iter != NULL;
         iter = json_object_iter_next(object, iter))
    {
        cxm_pack_name(buf, json_object_iter_key(iter),
                      json_object_iter_key_len(iter));

        if (!cxm_pack_value(buf, json_object_iter_value(iter), depth)) {
            return 0;
        }
    }

    return 1;
}


/* 0: too deep. */
static int
cxm_pack_value(cxm_buf_t *buf, const json_t *value, unsigned depth)
{
    if (depth == 0) {
        return 0;
    }

    switch (json_typeof(value)) {

    case JSON_OBJECT:
        /* jansson's iterators take no const, and change nothing */
        return cxm_pack_object(buf, (json_t *) value, depth - 1);

    case JSON_ARRAY:
        return cxm_pack_array(buf, value, depth - 1);

    case JSON_STRING:
        cxm_pack_string(buf, cxm_json_str(value));
        break;

    case JSON_INTEGER:
        cxm_pack_integer(buf, json_integer_value(value));
        break;

    case JSON_REAL:
        cxm_pack_real(buf, json_real_value(value));
        break;

    case JSON_TRUE:
        cxm_buf_putc(buf, CXM_PACK_TRUE);
        break;

    case JSON_FALSE:
        cxm_buf_putc(buf, CXM_PACK_FALSE);
        break;

    default:
        cxm_buf_putc(buf, CXM_PACK_NULL);
    }

    return 1;
}


void
cxm_pack(cxm_buf_t *buf, const json_t *value)
{
    if (!cxm_pack_value(buf, value, CXM_PACK_DEPTH)) {
        buf->failed = 1;
    }
}


/* --- unpacking ---------------------------------------------------------- */

static cxm_rc_t
cxm_unpack_string(cxm_reader_t *rd, uint64_t len, json_t **out)
{
    const uint8_t  *p;

    p = len <= (uint64_t) (rd->end - rd->pos)
        ? cxm_read_bytes(rd, (size_t) len) : NULL;

    if (p == NULL || !cxm_utf8_valid((const char *) p, (size_t) len)) {
        return CXM_CORRUPT;
    }

    *out = json_stringn_nocheck((const char *) p, (size_t) len);

    return *out == NULL ? CXM_INTERNAL : CXM_OK;
}


static cxm_rc_t
cxm_unpack_real(cxm_reader_t *rd, json_t **out)
{
    double          v;
    uint64_t        bits;
    const uint8_t  *p;

    p = cxm_read_bytes(rd, sizeof(bits));

    if (p == NULL) {
        return CXM_CORRUPT;
    }

    bits = cxm_get_u64(p);
    memcpy(&v, &bits, sizeof(v));

    /* jansson has no infinity and no NaN: there was none to pack */

    if (!isfinite(v)) {
        return CXM_CORRUPT;
    }

    *out = json_real(v);

    return *out == NULL ? CXM_INTERNAL : CXM_OK;
}


static cxm_rc_t
cxm_unpack_array(cxm_reader_t *rd, unsigned depth, json_t **out)
{
    json_t    *item;
    cxm_rc_t   rc;
    uint64_t   n;

    n = cxm_read_varint(rd);

    if (rd->failed) {
        return CXM_CORRUPT;
    }

    *out = json_array();
    rc = *out == NULL ? CXM_INTERNAL : CXM_OK;

    for (/* void */; n > 0 && rc == CXM_OK; n--) {
        rc = cxm_unpack_value(rd, depth, &item);

        if (rc == CXM_OK && json_array_append_new(*out, item) != 0) {
            rc = CXM_INTERNAL;
        }
    }

    return rc;
}


static cxm_rc_t
cxm_unpack_name(cxm_reader_t *rd, cxm_str_t *name)
{
    uint64_t  n;

    n = cxm_read_varint(rd);

    if (rd->failed) {
        return CXM_CORRUPT;
    }

    if (n & 1) {
        if (n >> 1 >= CXM_PACK_NAMES) {
            return CXM_CORRUPT;
        }

        *name = cxm_strz(cxm_pack_names[n >> 1]);
        return CXM_OK;
    }

    n >>= 1;

    if (n > (uint64_t) (rd->end - rd->pos)) {
        return CXM_CORRUPT;
    }

    name->len = (size_t) n;
    name->data = n == 0 ? "" : (const char *) cxm_read_bytes(rd, name->len);

    return cxm_utf8_valid(name->data, name->len) ? CXM_OK : CXM_CORRUPT;
}


static cxm_rc_t
cxm_unpack_object(cxm_reader_t *rd, unsigned depth, json_t **out)
{
    json_t     *item;
    cxm_rc_t    rc;
    uint64_t    n;
    cxm_str_t   name;

    n = cxm_read_varint(rd);

    if (rd->failed) {
        return CXM_CORRUPT;
    }

    *out = json_object();
    rc = *out == NULL ? CXM_INTERNAL : CXM_OK;

    for (/* void */; n > 0 && rc == CXM_OK; n--) {
        rc = cxm_unpack_name(rd, &name);

        if (rc == CXM_OK) {
            rc = cxm_unpack_value(rd, depth, &item);
        }

        if (rc == CXM_OK
            && json_object_setn_new_nocheck(*out, name.data, name.len, item)
               != 0)
        {
            rc = CXM_INTERNAL;
        }
    }

    return rc;
}


static cxm_rc_t
cxm_unpack_scalar(cxm_reader_t *rd, uint8_t tag, json_t **out)
{
    uint64_t  n;

    switch (tag) {

    case CXM_PACK_NULL:
        *out = json_null();
        return CXM_OK;

    case CXM_PACK_FALSE:
    case CXM_PACK_TRUE:
        *out = json_boolean(tag == CXM_PACK_TRUE);
        return CXM_OK;

    case CXM_PACK_REAL:
        return cxm_unpack_real(rd, out);

    case CXM_PACK_INTEGER:
    case CXM_PACK_STRING:
        n = cxm_read_varint(rd);

        if (rd->failed) {
            return CXM_CORRUPT;
        }

        if (tag == CXM_PACK_STRING) {
            return cxm_unpack_string(rd, n, out);
        }

        *out = json_integer(cxm_unzigzag(n));
        return *out == NULL ? CXM_INTERNAL : CXM_OK;

    default:
        return CXM_CORRUPT;
    }
}


static cxm_rc_t
cxm_unpack_value(cxm_reader_t *rd, unsigned depth, json_t **out)
{
    uint8_t   tag;
    cxm_rc_t  rc;

    *out = NULL;
    tag = cxm_read_u8(rd);

    if (rd->failed || depth == 0) {
        return CXM_CORRUPT;
    }

    if (tag >= CXM_PACK_SHORT) {
        rc = cxm_unpack_string(rd, tag - CXM_PACK_SHORT, out);

    } else if (tag >= CXM_PACK_SMALL) {
        *out = json_integer(tag - CXM_PACK_SMALL);
        rc = *out == NULL ? CXM_INTERNAL : CXM_OK;

    } else if (tag == CXM_PACK_ARRAY) {
        rc = cxm_unpack_array(rd, depth - 1, out);

    } else if (tag == CXM_PACK_OBJECT) {
        rc = cxm_unpack_object(rd, depth - 1, out);

    } else {
        rc = cxm_unpack_scalar(rd, tag, out);
    }

    if (rc != CXM_OK) {
        json_decref(*out);
        *out = NULL;
    }

    return rc;
}


cxm_rc_t
cxm_unpack(cxm_str_t packed, json_t **out)
{
    cxm_rc_t      rc;
    cxm_reader_t  rd;

    rd = cxm_reader(packed.data, packed.len);
    rc = cxm_unpack_value(&rd, CXM_PACK_DEPTH, out);

    if (rc == CXM_OK && rd.pos != rd.end) {
        json_decref(*out);
        *out = NULL;
        rc = CXM_CORRUPT;
    }

    return rc;
}
