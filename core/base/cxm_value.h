/*
 * Values as they are shown: what lists, exports and single records are made
 * of, without a tree in between.
 *
 * A value owns nothing: strings, ids and packed parts lie in memory of
 * somebody else, which must outlive it.
 */

#ifndef CXM_VALUE_H
#define CXM_VALUE_H

#include <jansson.h>

#include "cxm_id.h"
#include "cxm_str.h"
#include "cxm_time.h"


typedef enum {
    CXM_VALUE_ABSENT = 0,       /* a member that is left out */
    CXM_VALUE_NULL,
    CXM_VALUE_BOOL,
    CXM_VALUE_INTEGER,
    CXM_VALUE_REAL,
    CXM_VALUE_STRING,
    CXM_VALUE_TIME,             /* shown as RFC 3339 */
    CXM_VALUE_UUID,
    CXM_VALUE_MEMBERS,          /* an object */
    CXM_VALUE_PACKED_ARRAY,     /* still packed (cxm_pack.h), tag and all */
    CXM_VALUE_PACKED_OBJECT
} cxm_value_type_t;

typedef struct cxm_member_s  cxm_member_t;

typedef struct {
    cxm_value_type_t         type;
    union {
        int64_t              integer;   /* also BOOL; TIME in ms */
        double               real;
        cxm_str_t            string;    /* also what is packed */
        const cxm_uuid_t    *uuid;

        struct {
            size_t               n;
            const cxm_member_t  *list;
        } members;
    } u;
} cxm_value_t;

struct cxm_member_s {
    cxm_str_t    name;
    cxm_value_t  value;
};

/* Room for members of objects; taken from the front, never given back. */
typedef struct {
    cxm_member_t  *list;
    size_t         n, max;
} cxm_members_t;


static inline cxm_value_t
cxm_value_null(void)
{
    return (cxm_value_t) { .type = CXM_VALUE_NULL };
}

static inline cxm_value_t
cxm_value_bool(int v)
{
    return (cxm_value_t) { CXM_VALUE_BOOL, { .integer = v != 0 } };
}

static inline cxm_value_t
cxm_value_integer(int64_t v)
{
    return (cxm_value_t) { CXM_VALUE_INTEGER, { .integer = v } };
}

static inline cxm_value_t
cxm_value_string(cxm_str_t v)
{
    return (cxm_value_t) { CXM_VALUE_STRING, { .string = v } };
}

static inline cxm_value_t
cxm_value_time(cxm_ms_t v)
{
    return (cxm_value_t) { CXM_VALUE_TIME, { .integer = v } };
}

static inline cxm_value_t
cxm_value_uuid(const cxm_uuid_t *v)
{
    return (cxm_value_t) { CXM_VALUE_UUID, { .uuid = v } };
}

/* 0, NULL and empty are all false. */
static inline int
cxm_value_there(const cxm_value_t *value)
{
    return value->type > CXM_VALUE_NULL;
}

/*
 * One packed value; the members of an object come out as MEMBERS in room,
 * what is nested in them stays packed.  CXM_CORRUPT: it is no packed value,
 * or has more members than there is room for.
 */
cxm_rc_t cxm_value_unpack(cxm_str_t packed, cxm_members_t *room,
    cxm_value_t *out);

/* The same for a value that was nested; one that is no object is as it was. */
cxm_rc_t cxm_value_open(cxm_value_t *value, cxm_members_t *room);

/* A member of MEMBERS; ABSENT when there is none, or it is no such value. */
cxm_value_t cxm_value_get(const cxm_value_t *object, cxm_str_t name);

/* The same of a string, data NULL: none; and of an integer. */
static inline cxm_str_t
cxm_value_get_str(const cxm_value_t *object, cxm_str_t name)
{
    cxm_value_t  value;

    value = cxm_value_get(object, name);

    return value.type == CXM_VALUE_STRING ? value.u.string
                                          : (cxm_str_t) { 0, NULL };
}

static inline int64_t
cxm_value_get_int(const cxm_value_t *object, cxm_str_t name, int64_t none)
{
    cxm_value_t  value;

    value = cxm_value_get(object, name);

    return value.type == CXM_VALUE_INTEGER ? value.u.integer : none;
}

/*
 * Items of PACKED_ARRAY, one after the other, nested ones packed.  next: 0,
 * there are no more; items->failed: the array is damaged.
 */
typedef struct {
    cxm_reader_t  rd;
    uint64_t      left;
    int           failed;
} cxm_items_t;

void cxm_items_begin(cxm_items_t *items, const cxm_value_t *array);
int cxm_items_next(cxm_items_t *items, cxm_value_t *out);

/*
 * Adds a member to those that were begun at room->list + from; 0 without
 * room.
 */
int cxm_members_add(cxm_members_t *room, cxm_str_t name, cxm_value_t value);

/* Members from `from` on, as one object. */
cxm_value_t cxm_members_object(const cxm_members_t *room, size_t from);

/* Appends compact JSON; ABSENT is null.  Sets buf->failed. */
void cxm_value_json(cxm_buf_t *buf, const cxm_value_t *value);

/* A new reference; NULL when memory is short or a packed part is damaged. */
json_t *cxm_value_tree(const cxm_value_t *value);


#endif /* CXM_VALUE_H */
