/*
 * Entries of the journal as server-sent events.
 */

#include <inttypes.h>
#include <stdlib.h>

#include "cxm_flow.h"
#include "cxm_json.h"
#include "cxm_pack.h"
#include "cxm_stream.h"
#include "cxm_survey.h"
#include "cxm_touchpoint.h"


#define CXM_STREAM_MAC  8       /* bytes of an id's */
#define CXM_STREAM_MAX  (8u << 20)      /* of a piece: one entry may be long */

typedef struct {
    cxm_kind_no_t   kind;
    unsigned        scopes;     /* who may see it */

    /*
     * Adds members to data; index counts the events of an entry, whose body
     * may be NULL.  CXM_NOT_FOUND: there are no more of them.  NULL: one
     * event, nothing to add.
     */
    cxm_rc_t      (*show)(cxm_txn_t *txn, const json_t *body, unsigned index,
                          json_t *data);
} cxm_stream_kind_t;


static void
copy_members(json_t *data, const json_t *from, const char *const *names)
{
    json_t  *value;

    for ( /* void */ ; *names != NULL; names++) {
        value = json_object_get(from, *names);

        if (value != NULL) {
            (void) json_object_set(data, *names, value);
        }
    }
}


/* What a document is called, whose it is, and how it stands. */
static cxm_rc_t
show_named(cxm_txn_t *txn, const json_t *body, unsigned index, json_t *data)
{
    static const char *const  names[] = {
        "slug", "title", "status", "customer", "purpose", "granted",
        "channel", "priority", "assignee", "due_at", "overdue", "tags",
        "merged_into", "into", "from", "customers", "distinct",
        "template", NULL
    };

    (void) txn;

    if (index > 0) {
        return CXM_NOT_FOUND;
    }

    copy_members(data, body, names);

    return CXM_OK;
}


static cxm_rc_t
show_survey_of(cxm_txn_t *txn, const json_t *body, json_t *data)
{
    cxm_rc_t             rc;
    const cxm_survey_t  *survey;

    rc = cxm_survey_by_no(txn, (uint64_t) cxm_json_get_int(body, "survey", 0),
                          &survey, NULL);

    if (rc == CXM_OK) {
        (void) cxm_json_set_str(data, "survey", survey->slug);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
show_response(cxm_txn_t *txn, const json_t *body, unsigned index,
    json_t *data)
{
    static const char *const  names[] = { "answers", "segments", NULL };

    if (index > 0) {
        return CXM_NOT_FOUND;
    }

    (void) json_object_set_new(data, "status",
                               json_string(cxm_json_get_bool(body, "complete",
                                                             1)
                                           ? "complete" : "partial"));
    copy_members(data, body, names);

    return show_survey_of(txn, body, data);
}


static cxm_rc_t
show_exposure(cxm_txn_t *txn, const json_t *body, unsigned index,
    json_t *data)
{
    static const char *const  names[] = { "reason", "segments", NULL };

    if (index > 0) {
        return CXM_NOT_FOUND;
    }

    copy_members(data, body, names);

    return show_survey_of(txn, body, data);
}


static cxm_rc_t
show_touchpoint(cxm_txn_t *txn, const json_t *body, unsigned index,
    json_t *data)
{
    const json_t  *event;

    static const char *const  names[] = {
        "type", "touchpoint", "product", "url", "title", "country", "region",
        "device", "bot", "status", "latency", "upstream", "value",
        "unverified", NULL
    };

    (void) txn;

    event = json_array_get(body, index);

    if (event == NULL) {
        return CXM_NOT_FOUND;
    }

    copy_members(data, event, names);

    return CXM_OK;
}


static const cxm_stream_kind_t  stream_kinds[] = {
    { CXM_KIND_SURVEY, CXM_SCOPE_SURVEY_READ, show_named },
    { CXM_KIND_RESPONSE, CXM_SCOPE_RESPONSE_READ, show_response },
    { CXM_KIND_EXPOSURE, CXM_SCOPE_METRICS_READ, show_exposure },
    { CXM_KIND_TOUCHPOINT, CXM_SCOPE_METRICS_READ, show_touchpoint },
    { CXM_KIND_KEY, CXM_SCOPE_KEY_ADMIN, NULL },
    { CXM_KIND_ACCESS, CXM_SCOPE_KEY_ADMIN, NULL },
    { CXM_KIND_ERASURE, CXM_SCOPE_PRIVACY_ERASE, NULL },
    { CXM_KIND_CUSTOMER, CXM_SCOPE_CUSTOMER_READ, show_named },
    { CXM_KIND_NOTE, CXM_SCOPE_CUSTOMER_READ, show_named },
    { CXM_KIND_TASK, CXM_SCOPE_CUSTOMER_READ, show_named },
    { CXM_KIND_CONSENT, CXM_SCOPE_CUSTOMER_READ, show_named },
    { CXM_KIND_FIELDS, CXM_SCOPE_CUSTOMER_READ, show_named },
    { CXM_KIND_MERGE, CXM_SCOPE_CUSTOMER_READ, show_named },
    { CXM_KIND_DISTINCT, CXM_SCOPE_CUSTOMER_READ, show_named },
    { CXM_KIND_MESSAGE, CXM_SCOPE_CUSTOMER_READ, show_named },
    { CXM_KIND_TEMPLATE, CXM_SCOPE_CUSTOMER_READ, show_named },
    { CXM_KIND_STAFF, CXM_SCOPE_STAFF_ADMIN, show_named }
};

#define CXM_STREAM_KINDS  (sizeof(stream_kinds) / sizeof(stream_kinds[0]))


/* --- kinds -------------------------------------------------------------- */

static cxm_kinds_t
kind_bit(unsigned kind)
{
    return (cxm_kinds_t) 1 << kind;
}


static const cxm_stream_kind_t *
kind_find(unsigned kind)
{
    size_t  i;

    for (i = 0; i < CXM_STREAM_KINDS; i++) {
        if ((unsigned) stream_kinds[i].kind == kind) {
            return &stream_kinds[i];
        }
    }

    return NULL;
}


cxm_kinds_t
cxm_stream_allowed(const cxm_caller_t *caller)
{
    size_t       i;
    cxm_kinds_t  kinds;

    kinds = 0;

    for (i = 0; i < CXM_STREAM_KINDS; i++) {
        if (stream_kinds[i].kind != CXM_KIND_TOUCHPOINT
            && cxm_may(caller, stream_kinds[i].scopes))
        {
            kinds |= kind_bit(stream_kinds[i].kind);
        }
    }

    return kinds;
}


/* By the names that flow's kinds have. */
static const cxm_stream_kind_t *
kind_named(cxm_str_t name)
{
    size_t             i;
    const cxm_kind_t  *kind;

    for (i = 0; i < CXM_STREAM_KINDS; i++) {
        kind = cxm_flow.kinds[stream_kinds[i].kind];

        if (cxm_str_eqz(name, kind->name)) {
            return &stream_kinds[i];
        }
    }

    return NULL;
}


cxm_rc_t
cxm_stream_kinds(const cxm_caller_t *caller, cxm_str_t names,
    cxm_kinds_t *out, cxm_error_t *err)
{
    cxm_str_t                 name;
    const cxm_stream_kind_t  *kind;

    *out = 0;

    do {
        name = cxm_str_cut(&names, ',');
        kind = kind_named(name);

        if (kind == NULL) {
            return cxm_issue(err, "?kinds", "not_allowed",
                             "There is no kind \"%.*s\" in a stream.",
                             (int) (name.len > 40 ? 40 : name.len),
                             name.data == NULL ? "" : name.data);
        }

        if (!cxm_may(caller, kind->scopes)) {
            return cxm_require(caller, kind->scopes, err);
        }

        *out |= kind_bit(kind->kind);

    } while (names.data != NULL);

    return CXM_OK;
}


/* --- places ------------------------------------------------------------- */

static void
place_mac(const cxm_store_t *store, const cxm_event_place_t *place,
    char hex[2 * CXM_STREAM_MAC + 1])
{
    uint8_t  hash[CXM_HASH_LEN], bytes[12];

    (void) cxm_put_u32(cxm_put_u64(bytes, place->seq), place->index);

    cxm_keyed_hash(&cxm_store_keyring(store)->k[CXM_SUBKEY_CURSOR],
                   cxm_str("stream"),
                   (cxm_str_t) { sizeof(bytes), (const char *) bytes },
                   cxm_str(""), hash, sizeof(hash));
    cxm_hex_encode(hash, CXM_STREAM_MAC, hex);
}


static void
place_id(const cxm_store_t *store, const cxm_event_place_t *place,
    char out[CXM_STREAM_ID_MAX])
{
    char  mac[2 * CXM_STREAM_MAC + 1];

    place_mac(store, place, mac);
    (void) snprintf(out, CXM_STREAM_ID_MAX, "%" PRIu64 "-%u-%s", place->seq,
                    place->index, mac);
}


void
cxm_stream_id_before(const cxm_store_t *store, const cxm_event_place_t *place,
    char out[CXM_STREAM_ID_MAX])
{
    cxm_event_place_t  before;

    before = *place;

    if (before.index > 0) {
        before.index--;

    } else {
        before.seq--;
        before.index = CXM_STREAM_WHOLE;
    }

    place_id(store, &before, out);
}


/* What is written back as the same text is one of ours. */
cxm_rc_t
cxm_stream_behind(const cxm_store_t *store, cxm_str_t id,
    cxm_event_place_t *out)
{
    int   end;
    char  text[CXM_STREAM_ID_MAX], again[CXM_STREAM_ID_MAX];

    if (id.len == 0 || id.len >= sizeof(text)) {
        return CXM_BAD_REQUEST;
    }

    memcpy(text, id.data, id.len);
    text[id.len] = '\0';
    end = 0;

    if (sscanf(text, "%" SCNu64 "-%u-%n", &out->seq, &out->index, &end) != 2
        || end == 0)
    {
        return CXM_BAD_REQUEST;
    }

    place_id(store, out, again);

    if (strlen(again) != id.len || !cxm_equal(again, text, id.len)) {
        return CXM_BAD_REQUEST;
    }

    if (out->index++ == CXM_STREAM_WHOLE) {
        out->seq++;
        out->index = 0;
    }

    return CXM_OK;
}


/* --- events ------------------------------------------------------------- */

void
cxm_stream_piece_init(cxm_stream_piece_t *piece)
{
    memset(piece, 0, offsetof(cxm_stream_piece_t, err));
    cxm_buf_init(&piece->text, CXM_STREAM_MAX);
}


void
cxm_stream_piece_free(cxm_stream_piece_t *piece)
{
    cxm_buf_free(&piece->text);
    free(piece->events);
}


static cxm_rc_t
piece_add(cxm_stream_piece_t *piece, const cxm_event_place_t *place,
    unsigned kind, size_t start)
{
    size_t               size;
    cxm_stream_event_t  *events;

    if (piece->n == piece->size) {
        size = piece->size == 0 ? 64 : piece->size * 2;
        events = realloc(piece->events, size * sizeof(cxm_stream_event_t));

        if (events == NULL) {
            return CXM_INTERNAL;
        }

        piece->events = events;
        piece->size = size;
    }

    piece->events[piece->n++] = (cxm_stream_event_t) {
        *place, kind_bit(kind), start, piece->text.len - start
    };

    return CXM_OK;
}


/* What every event says. */
static json_t *
event_begin(const cxm_entry_t *entry)
{
    char     id[CXM_UUID_LEN + 1], at[CXM_RFC3339_LEN + 1];
    json_t  *data;

    static const char *const  actions[] = { NULL, "put", "delete", "add" };

    cxm_uuid_format(&entry->id, id);
    cxm_rfc3339_format(cxm_entry_time(entry), at);

    data = json_pack("{ss so ss ss}", "kind",
                     cxm_flow.kinds[entry->kind]->name, "id",
                     cxm_uuid_is_nil(&entry->id) ? json_null()
                                                 : json_string(id),
                     "action", actions[entry->action], "at", at);

    if (data != NULL && entry->action == CXM_ACTION_PUT) {
        (void) cxm_json_set_int(data, "version",
                                (int64_t) entry->replaces + 1);
    }

    return data;
}


static cxm_rc_t
event_add(cxm_txn_t *txn, cxm_stream_piece_t *piece,
    const cxm_stream_kind_t *kind, const cxm_entry_t *entry,
    const json_t *body, const cxm_event_place_t *place)
{
    char      id[CXM_STREAM_ID_MAX];
    size_t    start;
    json_t   *data;
    cxm_rc_t  rc;

    data = event_begin(entry);

    rc = data == NULL ? CXM_INTERNAL
         : kind->show != NULL ? kind->show(txn, body, place->index, data)
         : place->index == 0 ? CXM_OK : CXM_NOT_FOUND;

    if (rc == CXM_OK) {
        start = piece->text.len;
        place_id(cxm_txn_store(txn), place, id);

        cxm_buf_puts(&piece->text, "id: ");
        cxm_buf_puts(&piece->text, id);
        cxm_buf_puts(&piece->text, "\ndata: ");
        cxm_json_dump(&piece->text, data);
        cxm_buf_puts(&piece->text, "\n\n");

        rc = piece->text.failed ? CXM_INTERNAL
                                : piece_add(piece, place, entry->kind, start);
    }

    json_decref(data);

    return rc;
}


/* The events of one entry behind a place. */
static cxm_rc_t
entry_add(cxm_txn_t *txn, cxm_stream_piece_t *piece,
    const cxm_entry_packed_t *packed, cxm_event_place_t *place)
{
    json_t                   *body;
    cxm_rc_t                  rc;
    const cxm_stream_kind_t  *kind;

    kind = kind_find(packed->entry.kind);
    body = NULL;

    if (packed->body.len > 0) {
        rc = cxm_unpack(packed->body, &body);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    do {
        rc = event_add(txn, piece, kind, &packed->entry, body, place);
        place->index++;
    } while (rc == CXM_OK);

    json_decref(body);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
piece_fill(cxm_txn_t *txn, cxm_stream_piece_t *piece)
{
    unsigned              i;
    uint64_t              head;
    cxm_rc_t              rc;
    cxm_entry_packed_t    packed;
    cxm_event_place_t  place;

    head = cxm_txn_head(txn);
    place = piece->next;
    rc = CXM_OK;

    for (i = 0; i < CXM_STREAM_ENTRIES && rc == CXM_OK; i++) {

        if (place.seq > head || place.seq > piece->to
            || piece->text.len >= CXM_STREAM_PIECE)
        {
            break;
        }

        rc = cxm_journal_read_packed(txn, place.seq, 0, &packed,
                                     &piece->err);

        if (rc == CXM_OK && (piece->kinds & kind_bit(packed.entry.kind))) {
            rc = entry_add(txn, piece, &packed, &place);
        }

        place.seq++;
        place.index = 0;
        piece->next = place;
    }

    return rc;
}


void
cxm_stream_fill(cxm_stream_piece_t *piece, cxm_store_t *store)
{
    uint64_t    whole;
    cxm_txn_t  *txn;

    cxm_error_init(&piece->err);
    cxm_buf_reset(&piece->text);
    piece->n = 0;
    piece->next = piece->from;
    piece->rc = cxm_txn_read(store, &txn, &piece->err);

    if (piece->rc != CXM_OK) {
        return;
    }

    piece->rc = cxm_journal_whole(txn, &whole, &piece->err);

    if (piece->rc == CXM_OK && piece->from.seq < whole) {
        piece->rc = CXM_NOT_FOUND;
    }

    if (piece->rc == CXM_OK) {
        piece->rc = piece_fill(txn, piece);
    }

    cxm_txn_end(txn);
}
