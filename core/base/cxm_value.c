/*
 * Values: members, and what they look like as JSON.
 */

#include "cxm_json.h"
#include "cxm_pack_int.h"


cxm_value_t
cxm_value_get(const cxm_value_t *object, cxm_str_t name)
{
    size_t               i;
    const cxm_member_t  *list;

    if (object->type == CXM_VALUE_MEMBERS) {
        list = object->u.members.list;

        for (i = 0; i < object->u.members.n; i++) {
            if (cxm_str_eq(list[i].name, name)) {
                return list[i].value;
            }
        }
    }

    return (cxm_value_t) { .type = CXM_VALUE_ABSENT };
}


int
cxm_members_add(cxm_members_t *room, cxm_str_t name, cxm_value_t value)
{
    if (room->n == room->max) {
        return 0;
    }

    room->list[room->n++] = (cxm_member_t) { name, value };

    return 1;
}


cxm_value_t
cxm_members_object(const cxm_members_t *room, size_t from)
{
    cxm_value_t  object;

    object.type = CXM_VALUE_MEMBERS;
    object.u.members.n = room->n - from;
    object.u.members.list = room->list + from;

    return object;
}


/* --- JSON --------------------------------------------------------------- */

static void
value_put_time(cxm_buf_t *buf, cxm_ms_t t)
{
    char  text[CXM_RFC3339_LEN + 3];

    cxm_rfc3339_format(t, text + 1);
    text[0] = '"';
    text[CXM_RFC3339_LEN + 1] = '"';
    cxm_buf_put(buf, text, CXM_RFC3339_LEN + 2);
}


static void
value_put_uuid(cxm_buf_t *buf, const cxm_uuid_t *id)
{
    char  text[CXM_UUID_LEN + 3];

    cxm_uuid_format(id, text + 1);
    text[0] = '"';
    text[CXM_UUID_LEN + 1] = '"';
    cxm_buf_put(buf, text, CXM_UUID_LEN + 2);
}


static void
value_put_scalar(cxm_buf_t *buf, const cxm_value_t *value)
{
    switch (value->type) {

    case CXM_VALUE_BOOL:
        cxm_buf_puts(buf, value->u.integer ? "true" : "false");
        break;

    case CXM_VALUE_INTEGER:
        cxm_json_put_integer(buf, value->u.integer);
        break;

    case CXM_VALUE_REAL:
        cxm_json_put_real(buf, value->u.real);
        break;

    case CXM_VALUE_STRING:
        cxm_json_put_str(buf, value->u.string);
        break;

    case CXM_VALUE_TIME:
        value_put_time(buf, value->u.integer);
        break;

    case CXM_VALUE_UUID:
        value_put_uuid(buf, value->u.uuid);
        break;

    default:
        cxm_buf_puts(buf, "null");
    }
}


static int
value_put_packed(cxm_buf_t *buf, cxm_reader_t *rd, unsigned depth)
{
    int          object;
    uint64_t     i, n;
    cxm_str_t    name;
    cxm_value_t  value;

    if (depth == 0 || buf->failed || !cxm_unpack_head(rd, &value, &n)) {
        return 0;
    }

    if (value.type < CXM_VALUE_PACKED_ARRAY) {
        value_put_scalar(buf, &value);
        return 1;
    }

    object = value.type == CXM_VALUE_PACKED_OBJECT;
    cxm_buf_putc(buf, object ? '{' : '[');

    for (i = 0; i < n; i++) {
        if (i > 0) {
            cxm_buf_putc(buf, ',');
        }

        if (object) {
            if (!cxm_unpack_name(rd, &name)) {
                return 0;
            }

            cxm_json_put_str(buf, name);
            cxm_buf_putc(buf, ':');
        }

        if (!value_put_packed(buf, rd, depth - 1)) {
            return 0;
        }
    }

    cxm_buf_putc(buf, object ? '}' : ']');

    return 1;
}


static void
value_put_members(cxm_buf_t *buf, const cxm_value_t *value)
{
    size_t               i;
    const cxm_member_t  *member;

    cxm_buf_putc(buf, '{');

    for (i = 0; i < value->u.members.n; i++) {
        member = &value->u.members.list[i];

        if (i > 0) {
            cxm_buf_putc(buf, ',');
        }

        cxm_json_put_str(buf, member->name);
        cxm_buf_putc(buf, ':');
        cxm_value_json(buf, &member->value);
    }

    cxm_buf_putc(buf, '}');
}


void
cxm_value_json(cxm_buf_t *buf, const cxm_value_t *value)
{
    cxm_reader_t  rd;

    if (value->type < CXM_VALUE_MEMBERS) {
        value_put_scalar(buf, value);

    } else if (value->type == CXM_VALUE_MEMBERS) {
        value_put_members(buf, value);

    } else {
        rd = cxm_reader(value->u.string.data, value->u.string.len);

        if (!value_put_packed(buf, &rd, CXM_PACK_DEPTH)) {
            buf->failed = 1;
        }
    }
}


/* --- trees -------------------------------------------------------------- */

static json_t *
value_tree_members(const cxm_value_t *value)
{
    size_t               i;
    json_t              *out;
    const cxm_member_t  *member;

    out = json_object();

    for (i = 0; i < value->u.members.n; i++) {
        member = &value->u.members.list[i];

        if (json_object_setn_new(out, member->name.data, member->name.len,
                                 cxm_value_tree(&member->value))
            != 0)
        {
            json_decref(out);
            return NULL;
        }
    }

    return out;
}


json_t *
cxm_value_tree(const cxm_value_t *value)
{
    char     text[CXM_UUID_LEN + 1];
    json_t  *out;

    switch (value->type) {

    case CXM_VALUE_BOOL:
        return json_boolean(value->u.integer);

    case CXM_VALUE_INTEGER:
        return json_integer(value->u.integer);

    case CXM_VALUE_REAL:
        return json_real(value->u.real);

    case CXM_VALUE_STRING:
        return json_stringn(value->u.string.data, value->u.string.len);

    case CXM_VALUE_TIME:
        cxm_rfc3339_format(value->u.integer, text);
        return json_string(text);

    case CXM_VALUE_UUID:
        cxm_uuid_format(value->u.uuid, text);
        return json_string(text);

    case CXM_VALUE_MEMBERS:
        return value_tree_members(value);

    case CXM_VALUE_PACKED_ARRAY:
    case CXM_VALUE_PACKED_OBJECT:
        return cxm_unpack(value->u.string, &out) == CXM_OK ? out : NULL;

    default:
        return json_null();
    }
}
