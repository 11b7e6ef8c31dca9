/*
 * Packed JSON: unpacking, as a tree or as values.
 */

#include <math.h>

#include "cxm_pack_int.h"


static cxm_rc_t  cxm_unpack_tree(cxm_reader_t *rd, unsigned depth,
    json_t **out);


/* --- one value after the other ------------------------------------------ */

static int
cxm_unpack_string(cxm_reader_t *rd, uint64_t len, cxm_value_t *value)
{
    if (rd->failed || len > (uint64_t) (rd->end - rd->pos)) {
        return 0;
    }

    value->type = CXM_VALUE_STRING;
    value->u.string.len = (size_t) len;
    value->u.string.data = len == 0
                           ? ""
                           : (const char *) cxm_read_bytes(rd, (size_t) len);

    return 1;
}


static int
cxm_unpack_real(cxm_reader_t *rd, cxm_value_t *value)
{
    uint64_t        bits;
    const uint8_t  *p;

    p = cxm_read_bytes(rd, sizeof(bits));

    if (p == NULL) {
        return 0;
    }

    bits = cxm_get_u64(p);
    memcpy(&value->u.real, &bits, sizeof(bits));
    value->type = CXM_VALUE_REAL;

    /* jansson has no infinity and no NaN: there was none to pack */

    return isfinite(value->u.real);
}


int
cxm_unpack_head(cxm_reader_t *rd, cxm_value_t *value, uint64_t *n)
{
    uint8_t  tag;

    tag = cxm_read_u8(rd);

    if (rd->failed) {
        return 0;
    }

    if (tag >= CXM_PACK_SHORT) {
        return cxm_unpack_string(rd, tag - CXM_PACK_SHORT, value);
    }

    if (tag >= CXM_PACK_SMALL) {
        *value = cxm_value_integer(tag - CXM_PACK_SMALL);
        return 1;
    }

    switch (tag) {

    case CXM_PACK_NULL:
        *value = cxm_value_null();
        return 1;

    case CXM_PACK_FALSE:
    case CXM_PACK_TRUE:
        *value = cxm_value_bool(tag == CXM_PACK_TRUE);
        return 1;

    case CXM_PACK_INTEGER:
        *value = cxm_value_integer(cxm_unzigzag(cxm_read_varint(rd)));
        return !rd->failed;

    case CXM_PACK_REAL:
        return cxm_unpack_real(rd, value);

    case CXM_PACK_STRING:
        return cxm_unpack_string(rd, cxm_read_varint(rd), value);

    case CXM_PACK_ARRAY:
    case CXM_PACK_OBJECT:
        value->type = tag == CXM_PACK_ARRAY ? CXM_VALUE_PACKED_ARRAY
                                            : CXM_VALUE_PACKED_OBJECT;
        *n = cxm_read_varint(rd);
        return !rd->failed;

    default:
        return 0;
    }
}


int
cxm_unpack_name(cxm_reader_t *rd, cxm_str_t *name)
{
    uint64_t     n;
    const char  *listed;
    cxm_value_t  text;

    n = cxm_read_varint(rd);

    if (rd->failed) {
        return 0;
    }

    if (n & 1) {
        listed = cxm_pack_listed(n >> 1);
        *name = cxm_strz(listed);

        return listed != NULL;
    }

    if (!cxm_unpack_string(rd, n >> 1, &text)) {
        return 0;
    }

    *name = text.u.string;

    return 1;
}


/* --- as a tree ---------------------------------------------------------- */

static cxm_rc_t
cxm_unpack_items(cxm_reader_t *rd, uint64_t n, unsigned depth, json_t **out)
{
    json_t    *item;
    cxm_rc_t   rc;

    *out = json_array();
    rc = *out == NULL ? CXM_INTERNAL : CXM_OK;

    for (/* void */; n > 0 && rc == CXM_OK; n--) {
        rc = cxm_unpack_tree(rd, depth, &item);

        if (rc == CXM_OK && json_array_append_new(*out, item) != 0) {
            rc = CXM_INTERNAL;
        }
    }

    return rc;
}


static cxm_rc_t
cxm_unpack_members(cxm_reader_t *rd, uint64_t n, unsigned depth,
    json_t **out)
{
    json_t     *item;
    cxm_rc_t    rc;
    cxm_str_t   name;

    *out = json_object();
    rc = *out == NULL ? CXM_INTERNAL : CXM_OK;

    for (/* void */; n > 0 && rc == CXM_OK; n--) {

        if (!cxm_unpack_name(rd, &name)
            || !cxm_utf8_valid(name.data, name.len))
        {
            return CXM_CORRUPT;
        }

        rc = cxm_unpack_tree(rd, depth, &item);

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
cxm_unpack_scalar(const cxm_value_t *value, json_t **out)
{
    cxm_str_t  s;

    switch (value->type) {

    case CXM_VALUE_BOOL:
        *out = json_boolean(value->u.integer);
        break;

    case CXM_VALUE_INTEGER:
        *out = json_integer(value->u.integer);
        break;

    case CXM_VALUE_REAL:
        *out = json_real(value->u.real);
        break;

    case CXM_VALUE_STRING:
        s = value->u.string;

        if (!cxm_utf8_valid(s.data, s.len)) {
            return CXM_CORRUPT;
        }

        *out = json_stringn_nocheck(s.data, s.len);
        break;

    default:
        *out = json_null();
    }

    return *out == NULL ? CXM_INTERNAL : CXM_OK;
}


static cxm_rc_t
cxm_unpack_tree(cxm_reader_t *rd, unsigned depth, json_t **out)
{
    cxm_rc_t     rc;
    uint64_t     n;
    cxm_value_t  value;

    *out = NULL;

    if (depth == 0 || !cxm_unpack_head(rd, &value, &n)) {
        return CXM_CORRUPT;
    }

    if (value.type == CXM_VALUE_PACKED_ARRAY) {
        rc = cxm_unpack_items(rd, n, depth - 1, out);

    } else if (value.type == CXM_VALUE_PACKED_OBJECT) {
        rc = cxm_unpack_members(rd, n, depth - 1, out);

    } else {
        rc = cxm_unpack_scalar(&value, out);
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
    rc = cxm_unpack_tree(&rd, CXM_PACK_DEPTH, out);

    if (rc == CXM_OK && rd.pos != rd.end) {
        json_decref(*out);
        *out = NULL;
        rc = CXM_CORRUPT;
    }

    return rc;
}


/* --- as values ---------------------------------------------------------- */

/* A value with all that is in it, whose items stay as they are. */
static int
cxm_unpack_whole(cxm_reader_t *rd, unsigned depth, cxm_value_t *value)
{
    uint64_t        n;
    cxm_str_t       name;
    cxm_value_t     item;
    const uint8_t  *start;

    start = rd->pos;

    if (depth == 0 || !cxm_unpack_head(rd, value, &n)) {
        return 0;
    }

    if (value->type < CXM_VALUE_PACKED_ARRAY) {
        return 1;
    }

    for (/* void */; n > 0; n--) {
        if ((value->type == CXM_VALUE_PACKED_OBJECT
             && !cxm_unpack_name(rd, &name))
            || !cxm_unpack_whole(rd, depth - 1, &item))
        {
            return 0;
        }
    }

    value->u.string.data = (const char *) start;
    value->u.string.len = (size_t) (rd->pos - start);

    return 1;
}


/* Behind the head of an object: its members. */
static int
cxm_unpack_level(cxm_reader_t *rd, uint64_t n, cxm_members_t *room,
    cxm_value_t *out)
{
    size_t        from;
    cxm_str_t     name;
    cxm_value_t   value;

    from = room->n;

    for (/* void */; n > 0; n--) {
        if (!cxm_unpack_name(rd, &name)
            || !cxm_unpack_whole(rd, CXM_PACK_DEPTH - 1, &value)
            || !cxm_members_add(room, name, value))
        {
            return 0;
        }
    }

    *out = cxm_members_object(room, from);

    return 1;
}


cxm_rc_t
cxm_value_unpack(cxm_str_t packed, cxm_members_t *room, cxm_value_t *out)
{
    int            good;
    uint64_t       n;
    cxm_reader_t   rd;

    rd = cxm_reader(packed.data, packed.len);

    if (!cxm_unpack_head(&rd, out, &n)) {
        return CXM_CORRUPT;
    }

    if (out->type == CXM_VALUE_PACKED_OBJECT) {
        good = cxm_unpack_level(&rd, n, room, out);

    } else if (out->type == CXM_VALUE_PACKED_ARRAY) {
        rd = cxm_reader(packed.data, packed.len);
        good = cxm_unpack_whole(&rd, CXM_PACK_DEPTH, out);

    } else {
        good = 1;
    }

    return good && rd.pos == rd.end ? CXM_OK : CXM_CORRUPT;
}


cxm_rc_t
cxm_value_open(cxm_value_t *value, cxm_members_t *room)
{
    return value->type == CXM_VALUE_PACKED_OBJECT
           ? cxm_value_unpack(value->u.string, room, value) : CXM_OK;
}


void
cxm_items_begin(cxm_items_t *items, const cxm_value_t *array)
{
    cxm_value_t  head;

    memset(items, 0, sizeof(*items));

    if (array->type == CXM_VALUE_PACKED_ARRAY) {
        items->rd = cxm_reader(array->u.string.data, array->u.string.len);
        items->failed = !cxm_unpack_head(&items->rd, &head, &items->left);
    }
}


int
cxm_items_next(cxm_items_t *items, cxm_value_t *out)
{
    if (items->left == 0 || items->failed) {
        return 0;
    }

    items->left--;
    items->failed = !cxm_unpack_whole(&items->rd, CXM_PACK_DEPTH - 1, out);

    return !items->failed;
}
