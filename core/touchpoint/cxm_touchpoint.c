/*
 * Events of one commit: gathered, then packed into entries.
 */

#include <stdlib.h>

#include "cxm_journal.h"
#include "cxm_json.h"
#include "cxm_once.h"
#include "cxm_pack.h"
#include "cxm_touchpoint.h"
#include "cxm_touchpoint_int.h"


/*
 * What an entry as stored holds beside its packed body, at most: four
 * bytes, seven varints of up to 10, the time, the id, two lengths, the link.
 */
#define CXM_TOUCH_EXTRA   (4 + 7 * 10 + 8 + 16 + 4 + CXM_MAC_LEN             \
                           + CXM_SEAL_EXTRA)
#define CXM_TOUCH_BODY    (CXM_ENTRY_PAGE - CXM_TOUCH_EXTRA)

#define CXM_TOUCH_START   64            /* places; a power of two */
#define CXM_TOUCH_ARRAY   4             /* tag and count of the events */


static void
touch_drop_events(cxm_touch_t *touch)
{
    size_t  i;

    for (i = 0; i < touch->n; i++) {
        json_decref(touch->events[i]);
    }

    touch->n = 0;
}


static void
touch_destroy(void *data)
{
    cxm_touch_t  *touch = data;

    touch_drop_events(touch);
    free(touch->events);
    free(touch->seen);
}


cxm_touch_t *
cxm_touch_of(cxm_txn_t *txn)
{
    return cxm_txn_slot(txn, CXM_SLOT_TOUCHPOINT, sizeof(cxm_touch_t),
                        touch_destroy);
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
    size_t    size;
    json_t  **events;

    if (touch->n < touch->size) {
        return CXM_OK;
    }

    size = touch->size == 0 ? CXM_TOUCH_START : touch->size * 2;
    events = realloc(touch->events, size * sizeof(json_t *));

    if (events == NULL) {
        return CXM_INTERNAL;
    }

    touch->events = events;
    touch->size = size;

    return CXM_OK;
}


static cxm_rc_t
touch_gather(cxm_txn_t *txn, json_t *event)
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
        rc = cxm_touch_key(event, &key);
    }

    if (rc == CXM_OK) {
        rc = seen_add(txn, touch, key.once_class, key.hash);
    }

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    cxm_txn_touch(txn);
    touch->events[touch->n++] = json_incref(event);

    return CXM_OK;
}


cxm_rc_t
cxm_touchpoint_add(cxm_txn_t *txn, json_t *event, int *duplicate,
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

/* Bytes of an event in an entry; scratch is the caller's. */
static size_t
event_size(cxm_buf_t *scratch, const json_t *event)
{
    cxm_buf_reset(scratch);
    cxm_pack(scratch, event);

    return scratch->len;
}


static cxm_rc_t
flush_entry(cxm_txn_t *txn, json_t *const *events, size_t n, cxm_error_t *err)
{
    size_t   i;
    json_t  *body;

    body = json_array();

    for (i = 0; i < n && body != NULL; i++) {
        if (json_array_append(body, events[i]) != 0) {
            json_decref(body);
            body = NULL;
        }
    }

    return cxm_journal_add(txn, CXM_KIND_TOUCHPOINT, 0, body, err);
}


cxm_rc_t
cxm_touchpoint_flush(cxm_txn_t *txn, cxm_error_t *err)
{
    size_t        first, next, size, total;
    cxm_rc_t      rc;
    cxm_buf_t     scratch;
    cxm_touch_t  *touch;

    touch = cxm_touch_of(txn);

    if (touch == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    rc = CXM_OK;
    size = 0;
    cxm_buf_init(&scratch, CXM_ENTRY_MAX);

    for (first = 0; first < touch->n && rc == CXM_OK; first = next) {

        /* the one that ended the entry before has been measured */

        total = CXM_TOUCH_ARRAY
                + (first == 0 ? event_size(&scratch, touch->events[0]) : size);

        for (next = first + 1; next < touch->n; next++) {
            size = event_size(&scratch, touch->events[next]);

            if (total + size > CXM_TOUCH_BODY) {
                break;
            }

            total += size;
        }

        rc = flush_entry(txn, &touch->events[first], next - first, err);
    }

    cxm_buf_free(&scratch);
    touch_drop_events(touch);

    return rc;
}
