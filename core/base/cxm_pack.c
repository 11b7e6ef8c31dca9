/*
 * Packed JSON: packing.
 */

#include "cxm_json.h"
#include "cxm_pack_int.h"


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
    "latency", "upstream", "region"
};

#define CXM_PACK_NAMES  (sizeof(cxm_pack_names) / sizeof(cxm_pack_names[0]))


static int  cxm_pack_value(cxm_buf_t *buf, const json_t *value,
    unsigned depth);


const char *
cxm_pack_listed(uint64_t number)
{
    return number < CXM_PACK_NAMES ? cxm_pack_names[number] : NULL;
}


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


/* --- member by member --------------------------------------------------- */

void
cxm_pack_begin(cxm_pack_object_t *object, cxm_buf_t *buf)
{
    object->buf = buf;
    object->n = 0;

    cxm_buf_putc(buf, CXM_PACK_OBJECT);
    object->count = buf->len;
    cxm_buf_putc(buf, 0);
}


static void
cxm_pack_next(cxm_pack_object_t *object, cxm_str_t name)
{
    object->n++;
    cxm_pack_name(object->buf, name.data, name.len);
}


void
cxm_pack_json(cxm_pack_object_t *object, cxm_str_t name, const json_t *value)
{
    cxm_pack_next(object, name);

    if (!cxm_pack_value(object->buf, value, CXM_PACK_DEPTH - 1)) {
        object->buf->failed = 1;
    }
}


void
cxm_pack_str(cxm_pack_object_t *object, cxm_str_t name, cxm_str_t value)
{
    cxm_pack_next(object, name);
    cxm_pack_string(object->buf, value);
}


void
cxm_pack_int(cxm_pack_object_t *object, cxm_str_t name, int64_t value)
{
    cxm_pack_next(object, name);
    cxm_pack_integer(object->buf, value);
}


void
cxm_pack_end(cxm_pack_object_t *object)
{
    if (object->n > CXM_PACK_MEMBERS) {
        object->buf->failed = 1;
    }

    /* a varint of one byte, up to that number */

    if (!object->buf->failed) {
        object->buf->data[object->count] = (uint8_t) object->n;
    }
}


size_t
cxm_pack_array_head(uint8_t head[CXM_PACK_ARRAY_HEAD], uint64_t n)
{
    head[0] = CXM_PACK_ARRAY;

    return (size_t) (cxm_put_varint(head + 1, n) - head);
}
