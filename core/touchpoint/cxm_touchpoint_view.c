/*
 * From a stored event to what staff see.
 */

#include "cxm_touchpoint_int.h"
#include "cxm_touchpoint_view.h"


#define CXM_EVENT_ID_SUB    0x0fff          /* highest place in an entry */
#define CXM_EVENT_ID_ENTRY  0xffffffffffULL

#define TEXT(member)                                                          \
    { .name = member, .type = CXM_FIELD_STRING, .flags = CXM_FIELD_NULLABLE }

#define PERSONAL(member, what)                                                \
    { .name = member, .type = CXM_FIELD_STRING,                               \
      .flags = CXM_FIELD_NULLABLE | CXM_FIELD_PERSONAL, .summary = what }

#define INTEGER(member, what)                                                 \
    { .name = member, .type = CXM_FIELD_INT, .flags = CXM_FIELD_NULLABLE,     \
      .summary = what }

static const cxm_field_t  shown_fields[] = {
    { .name = "id", .type = CXM_FIELD_UUID,
      .summary = "the store's own; that of the client is not kept" },
    { .name = "type", .type = CXM_FIELD_STRING },
    { .name = "created_at", .type = CXM_FIELD_TIME,
      .summary = "when it happened" },
    TEXT("touchpoint"),
    TEXT("product"),
    TEXT("url"),
    TEXT("referrer"),
    TEXT("title"),
    PERSONAL("visitor", "with personal_read"),
    PERSONAL("customer", "with personal_read"),
    PERSONAL("claimed", "a customer that nobody has proved"),
    PERSONAL("session", "with personal_read"),
    TEXT("device"),
    TEXT("country"),
    TEXT("region"),
    INTEGER("status", "of what the web server itself has served"),
    TEXT("status_class"),
    INTEGER("latency", "ms, of what the web server itself has served"),
    INTEGER("upstream", "ms of it that an upstream took"),
    { .name = "value", .type = CXM_FIELD_OBJECT,
      .flags = CXM_FIELD_NULLABLE, .object = &cxm_event_money },
    { .name = "props", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_NULLABLE },
    { .name = "unverified", .type = CXM_FIELD_BOOL,
      .flags = CXM_FIELD_NULLABLE,
      .summary = "the value is the word of a browser" },
    { .name = "bot", .type = CXM_FIELD_BOOL },
    { .name = "client_time", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_NULLABLE },
    { .name = NULL }
};

_Static_assert(sizeof(shown_fields) / sizeof(shown_fields[0])
               == CXM_EVENT_SHOWN_N + 1, "members");

const cxm_fields_t  cxm_touchpoint_shown = { "Touchpoint", shown_fields };


/* --- ids ---------------------------------------------------------------- */

/* All but version, variant and hash: time, sub and entry by their bits. */
static void
event_id(const cxm_store_t *store, cxm_ms_t at, const cxm_place_t *place,
    cxm_uuid_t *id)
{
    uint8_t               said[24], hash[CXM_HASH_LEN], *p;
    uint64_t              low;
    const cxm_keyring_t  *ring;

    ring = cxm_store_keyring(store);

    p = cxm_put_u64(said, (uint64_t) at);
    p = cxm_put_u64(p, place->no);
    (void) cxm_put_u64(p, place->sub);

    cxm_keyed_hash(&ring->k[CXM_SUBKEY_LOOKUP], cxm_str("touchpoint"),
                   (cxm_str_t) { sizeof(said), (const char *) said },
                   cxm_str(""), hash, sizeof(hash));

    low = cxm_get_u64(hash) << 40 | (place->no & CXM_EVENT_ID_ENTRY);
    low = (low & ~(3ULL << 62)) | 2ULL << 62;

    (void) cxm_put_u64(id->b, (uint64_t) at << 16 | 0x8000
                              | (place->sub & CXM_EVENT_ID_SUB));
    (void) cxm_put_u64(id->b + 8, low);
}


int
cxm_touchpoint_id_place(const cxm_store_t *store, const cxm_uuid_t *id,
    cxm_place_t *place, cxm_ms_t *at)
{
    cxm_uuid_t  same;

    *at = (cxm_ms_t) (cxm_get_u64(id->b) >> 16);
    place->sub = cxm_get_u64(id->b) & CXM_EVENT_ID_SUB;
    place->no = cxm_get_u64(id->b + 8) & CXM_EVENT_ID_ENTRY;

    event_id(store, *at, place, &same);

    return memcmp(&same, id, sizeof(same)) == 0;
}


/* --- members ------------------------------------------------------------ */

static cxm_value_t
member(const cxm_value_t *event, const char *name)
{
    cxm_value_t  value;

    value = cxm_value_get(event, cxm_strz(name));

    return value.type == CXM_VALUE_ABSENT ? cxm_value_null() : value;
}


/* The one that an import brought, or that of the place. */
static cxm_rc_t
view_id(const cxm_store_t *store, const cxm_value_t *event, cxm_ms_t at,
    const cxm_place_t *place, cxm_uuid_t *id)
{
    cxm_value_t  brought;

    brought = member(event, CXM_EVENT_BROUGHT);

    if (brought.type == CXM_VALUE_STRING) {
        return cxm_hex_decode(brought.u.string, id->b, sizeof(id->b));
    }

    event_id(store, at, place, id);

    return CXM_OK;
}


static void
view_stored(const cxm_value_t *event, int may_personal,
    cxm_touchpoint_view_t *out)
{
    unsigned            i;
    const cxm_field_t  *field;

    for (i = CXM_EVENT_SHOWN_STORED; i <= CXM_EVENT_SHOWN_PROPS; i++) {
        field = &shown_fields[i];

        if (!(field->flags & CXM_FIELD_PERSONAL)) {
            out->fields[i] = member(event, field->name);

        } else if (may_personal) {
            out->fields[i] = member(event, field->name);
            out->personal |= cxm_value_there(&out->fields[i]);
        }
    }
}


cxm_rc_t
cxm_touchpoint_view(const cxm_store_t *store, const cxm_entry_t *entry,
    uint64_t sub, const cxm_value_t *event, int may_personal,
    cxm_touchpoint_view_t *out)
{
    cxm_rc_t      rc;
    cxm_place_t   place;
    cxm_value_t   all, at, said, *fields;

    fields = out->fields;
    memset(fields, 0, sizeof(out->fields));
    out->personal = 0;
    out->room = (cxm_members_t) { out->members, 0, CXM_EVENT_MEMBERS };

    all = *event;
    rc = cxm_value_open(&all, &out->room);

    if (rc != CXM_OK) {
        return rc;
    }

    place = (cxm_place_t) { entry->seq, sub };
    at = member(&all, CXM_EVENT_AT);
    said = cxm_value_get(&all, cxm_str("client_time"));
    out->at = at.type == CXM_VALUE_INTEGER ? at.u.integer
                                           : cxm_entry_time(entry);

    rc = view_id(store, &all, cxm_entry_time(entry), &place, &out->id);

    fields[CXM_EVENT_SHOWN_ID] = cxm_value_uuid(&out->id);
    fields[CXM_EVENT_SHOWN_TYPE] = member(&all, "type");
    fields[CXM_EVENT_SHOWN_CREATED_AT] = cxm_value_time(out->at);
    view_stored(&all, may_personal, out);

    fields[CXM_EVENT_SHOWN_UNVERIFIED]
        = cxm_value_there(&fields[CXM_EVENT_SHOWN_VALUE])
          ? cxm_value_bool(member(&all, CXM_EVENT_UNVERIFIED).type
                           == CXM_VALUE_INTEGER)
          : cxm_value_null();
    fields[CXM_EVENT_SHOWN_BOT] = cxm_value_bool(
        member(&all, CXM_EVENT_BOT).type == CXM_VALUE_INTEGER);

    /* where it dated the event only the date is kept, unless said apart */

    fields[CXM_EVENT_SHOWN_CLIENT_TIME]
        = said.type != CXM_VALUE_ABSENT ? said
          : at.type == CXM_VALUE_INTEGER ? cxm_value_time(out->at)
          : cxm_value_null();

    return rc;
}
