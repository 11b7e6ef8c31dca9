/*
 * Events of one commit: gathered, then packed into entries.
 */

#include <stdlib.h>

#include "cxm_journal.h"
#include "cxm_once.h"
#include "cxm_pack.h"
#include "cxm_touchpoint.h"
#include "cxm_touchpoint_int.h"
#include "cxm_touchpoint_view.h"


/*
 * What an entry as stored holds beside its packed body, at most: four
 * bytes, seven varints of up to 10, the time, the id, two lengths, the link.
 */
#define CXM_TOUCH_EXTRA   (4 + 7 * 10 + 8 + 16 + 4 + CXM_MAC_LEN             \
                           + CXM_SEAL_EXTRA)
#define CXM_TOUCH_BODY    (CXM_ENTRY_PAGE - CXM_TOUCH_EXTRA                  \
                           - CXM_PACK_ARRAY_HEAD)

#define CXM_TOUCH_START   64            /* places; a power of two */
#define CXM_TOUCH_BATCH   (1u << 30)    /* bytes; calls have been bounded */


static void
touch_destroy(void *data)
{
    cxm_touch_t  *touch = data;

    cxm_buf_free(&touch->events);
    free(touch->ends);
    free(touch->seen);
}


cxm_touch_t *
cxm_touch_of(cxm_txn_t *txn)
{
    cxm_touch_t  *touch;

    touch = cxm_txn_slot(txn, CXM_SLOT_TOUCHPOINT, sizeof(cxm_touch_t),
                         touch_destroy);

    if (touch != NULL) {
        touch->events.max = CXM_TOUCH_BATCH;
    }

    return touch;
}


/* --- gathering ---------------------------------------------------------- */

/* The place of a hash: its own or a free one.  There is always a free one. */
static uint8_t *
seen_place(const cxm_touch_t *touch, const uint8_t hash[CXM_HASH_LEN])
{
    size_t                i;
    uint8_t              *place;
    static const uint8_t  none[CXM_HASH_LEN];

    /* by the keyed part: nobody outside can choose where it goes */

    for (i = cxm_get_u32(hash + CXM_TOUCH_PREFIX); ; i++) {
        place = touch->seen[i & (touch->seen_size - 1)];

        if (memcmp(place, none, CXM_HASH_LEN) == 0
            || memcmp(place, hash, CXM_HASH_LEN) == 0)
        {
            return place;
        }
    }
}


/* Keeps half of the places free. */
static cxm_rc_t
seen_room(cxm_touch_t *touch)
{
    size_t                i;
    cxm_touch_t           larger;
    static const uint8_t  none[CXM_HASH_LEN];

    if (touch->nseen < touch->seen_size / 2) {
        return CXM_OK;
    }

    larger.seen_size = touch->seen_size == 0 ? CXM_TOUCH_START
                                             : touch->seen_size * 2;
    larger.seen = calloc(larger.seen_size, CXM_HASH_LEN);

    if (larger.seen == NULL) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < touch->seen_size; i++) {
        if (memcmp(touch->seen[i], none, CXM_HASH_LEN) != 0) {
            memcpy(seen_place(&larger, touch->seen[i]), touch->seen[i],
                   CXM_HASH_LEN);
        }
    }

    free(touch->seen);
    touch->seen = larger.seen;
    touch->seen_size = larger.seen_size;

    return CXM_OK;
}


/* CXM_CONFLICT when the id was seen, else it is from now on. */
static cxm_rc_t
seen_add(cxm_txn_t *txn, cxm_touch_t *touch, cxm_once_class_t once_class,
    const uint8_t hash[CXM_HASH_LEN])
{
    uint8_t    *place;
    cxm_rc_t    rc;
    cxm_str_t   value;

    rc = seen_room(touch);

    if (rc != CXM_OK) {
        return rc;
    }

    place = seen_place(touch, hash);

    if (memcmp(place, hash, CXM_HASH_LEN) == 0) {
        return CXM_CONFLICT;
    }

    rc = cxm_once_get(txn, once_class, hash, cxm_txn_now(txn), &value);

    if (rc != CXM_NOT_FOUND) {
        return rc == CXM_OK ? CXM_CONFLICT : rc;
    }

    memcpy(place, hash, CXM_HASH_LEN);
    touch->nseen++;

    return CXM_OK;
}


static cxm_rc_t
touch_room(cxm_touch_t *touch)
{
    size_t  size, *ends;

    if (touch->n < touch->size) {
        return CXM_OK;
    }

    size = touch->size == 0 ? CXM_TOUCH_START : touch->size * 2;
    ends = realloc(touch->ends, size * sizeof(size_t));

    if (ends == NULL) {
        return CXM_INTERNAL;
    }

    touch->ends = ends;
    touch->size = size;

    return CXM_OK;
}


static cxm_rc_t
event_key(cxm_str_t event, cxm_touch_key_t *key)
{
    cxm_rc_t       rc;
    cxm_value_t    value;
    cxm_member_t   members[CXM_EVENT_MEMBERS];
    cxm_members_t  room = { members, 0, CXM_EVENT_MEMBERS };

    rc = cxm_value_unpack(event, &room, &value);

    return rc == CXM_OK ? cxm_touch_key(&value, key) : rc;
}


static cxm_rc_t
touch_gather(cxm_txn_t *txn, cxm_str_t event)
{
    cxm_rc_t          rc;
    cxm_touch_t      *touch;
    cxm_touch_key_t   key;

    touch = cxm_touch_of(txn);

    if (touch == NULL) {
        return CXM_INTERNAL;
    }

    rc = touch_room(touch);

    if (rc == CXM_OK) {
        rc = event_key(event, &key);
    }

    if (rc == CXM_OK) {
        rc = seen_add(txn, touch, key.once_class, key.hash);
    }

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    cxm_txn_touch(txn);
    cxm_buf_put(&touch->events, event.data, event.len);
    touch->ends[touch->n++] = touch->events.len;

    return touch->events.failed ? CXM_INTERNAL : CXM_OK;
}


cxm_rc_t
cxm_touchpoint_add(cxm_txn_t *txn, cxm_str_t event, int *duplicate,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = touch_gather(txn, event);
    *duplicate = rc == CXM_CONFLICT;

    if (rc == CXM_OK || *duplicate) {
        return CXM_OK;
    }

    return cxm_fail(err, rc, NULL, "The event could not be gathered.");
}


/* --- entries ------------------------------------------------------------ */

/* Events from byte `start` up to `end`, n of them, as one entry. */
static cxm_rc_t
flush_entry(cxm_txn_t *txn, cxm_buf_t *body, size_t n, const uint8_t *start,
    const uint8_t *end, cxm_error_t *err)
{
    uint8_t      head[CXM_PACK_ARRAY_HEAD];
    cxm_entry_t  entry;

    cxm_buf_reset(body);
    cxm_buf_put(body, head, cxm_pack_array_head(head, n));
    cxm_buf_put(body, start, (size_t) (end - start));

    if (body->failed) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_TOUCHPOINT;
    entry.action = CXM_ACTION_ADD;
    entry.packed = cxm_buf_str(body);

    return cxm_journal_append(txn, &entry, err);
}


cxm_rc_t
cxm_touchpoint_flush(cxm_txn_t *txn, cxm_error_t *err)
{
    size_t        first, next, start;
    cxm_rc_t      rc;
    cxm_buf_t     body;
    cxm_touch_t  *touch;

    touch = cxm_touch_of(txn);

    if (touch == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    rc = CXM_OK;
    start = 0;
    cxm_buf_init(&body, CXM_ENTRY_MAX);

    for (first = 0; first < touch->n && rc == CXM_OK; first = next) {

        next = first + 1;

        while (next < touch->n && touch->ends[next] - start <= CXM_TOUCH_BODY)
        {
            next++;
        }

        rc = flush_entry(txn, &body, next - first, touch->events.data + start,
                         touch->events.data + touch->ends[next - 1], err);
        start = touch->ends[next - 1];
    }

    cxm_buf_free(&body);
    cxm_buf_reset(&touch->events);
    touch->n = 0;

    return rc;
}
