/*
 * Entries of events become counts and ids that were seen.
 */

#include <stdlib.h>

#include "cxm_counter.h"
#include "cxm_dict.h"
#include "cxm_duration.h"
#include "cxm_journal.h"
#include "cxm_once.h"
#include "cxm_touchpoint.h"
#include "cxm_touchpoint_int.h"
#include "cxm_touchpoint_person.h"
#include "cxm_touchpoint_view.h"


typedef struct {
    cxm_touch_segment_t  no;
    const char          *name;          /* also the member of an event */
} cxm_touch_name_t;


static const cxm_touch_name_t  cxm_touch_names[] = {
    { CXM_TOUCH_TYPE, "type" },
    { CXM_TOUCH_TOUCHPOINT, "touchpoint" },
    { CXM_TOUCH_COUNTRY, "country" },
    { CXM_TOUCH_DEVICE, "device" },
    { CXM_TOUCH_STATUS_CLASS, "status_class" }
};

#define CXM_TOUCH_NAMES                                                       \
    (sizeof(cxm_touch_names) / sizeof(cxm_touch_names[0]))


uint16_t
cxm_touch_segment(cxm_str_t name)
{
    size_t  i;

    for (i = 0; i < CXM_TOUCH_NAMES; i++) {
        if (cxm_str_eqz(name, cxm_touch_names[i].name)) {
            return (uint16_t) cxm_touch_names[i].no;
        }
    }

    return 0;
}


const char *
cxm_touch_segment_name(uint16_t segment)
{
    size_t  i;

    for (i = 0; i < CXM_TOUCH_NAMES; i++) {
        if (cxm_touch_names[i].no == (cxm_touch_segment_t) segment) {
            return cxm_touch_names[i].name;
        }
    }

    return NULL;
}


cxm_rc_t
cxm_touch_key(const cxm_value_t *event, cxm_touch_key_t *key)
{
    cxm_str_t  text;

    text = cxm_value_get_str(event, cxm_str(CXM_EVENT_KEY));
    key->once_class = CXM_ONCE_EVENT;

    if (text.data == NULL) {
        text = cxm_value_get_str(event, cxm_str(CXM_EVENT_BROUGHT));
        key->once_class = CXM_ONCE_IMPORT;
    }

    if (text.data == NULL) {
        return CXM_NOT_FOUND;
    }

    return cxm_hex_decode(text, key->hash, sizeof(key->hash)) == CXM_OK
           ? CXM_OK : CXM_CORRUPT;
}


static int
key_order(const void *a, const void *b)
{
    const cxm_touch_key_t  *x, *y;

    x = a;
    y = b;

    return x->once_class != y->once_class
           ? (x->once_class > y->once_class) - (x->once_class < y->once_class)
           : memcmp(x->hash, y->hash, CXM_HASH_LEN);
}


/* Of what an import has brought it is also kept where it is. */
static cxm_rc_t
key_put(cxm_txn_t *txn, const cxm_entry_t *entry, const cxm_touch_key_t *key)
{
    uint8_t    place[2 * CXM_VARINT_MAX], *end;
    cxm_str_t  value;

    end = place;

    if (key->once_class == CXM_ONCE_IMPORT) {
        end = cxm_put_varint(cxm_put_varint(place, entry->seq), key->sub);
    }

    value = (cxm_str_t) { (size_t) (end - place), (const char *) place };

    return cxm_once_put(txn, key->once_class, key->hash,
                        cxm_entry_time(entry), value);
}


/* In order of their keys, so that neighbours meet in the same page. */
static cxm_rc_t
apply_keys(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_touch_key_t *keys,
    size_t n)
{
    size_t    i;
    cxm_rc_t  rc;

    qsort(keys, n, sizeof(cxm_touch_key_t), key_order);
    rc = CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {
        rc = key_put(txn, entry, &keys[i]);
    }

    return rc;
}


static cxm_touch_value_t *
value_place(cxm_touch_t *touch, uint16_t segment, cxm_str_t text)
{
    size_t    i;
    uint32_t  h;

    h = segment;

    for (i = 0; i < text.len; i++) {
        h = (h ^ (uint8_t) text.data[i]) * 16777619u;
    }

    return &touch->values[(h ^ h >> 16) & (CXM_TOUCH_CACHE - 1)];
}


static cxm_rc_t
value_find(cxm_txn_t *txn, uint16_t segment, cxm_str_t text, uint32_t *value)
{
    cxm_rc_t  rc;

    if (cxm_txn_writable(txn)) {
        return cxm_dict_assign(txn, CXM_SERIES_TOUCHPOINT, segment, text,
                               value);
    }

    rc = cxm_dict_find(txn, CXM_SERIES_TOUCHPOINT, segment, text, value);

    if (rc == CXM_NOT_FOUND) {
        *value = CXM_DICT_OTHER;
        return CXM_OK;
    }

    return rc;
}


cxm_rc_t
cxm_touch_number(cxm_txn_t *txn, uint16_t segment, cxm_str_t text,
    uint32_t *value)
{
    cxm_rc_t            rc;
    cxm_touch_t        *touch;
    cxm_touch_value_t  *place;

    if (text.len == 0) {
        *value = CXM_DICT_NULL;
        return CXM_OK;
    }

    touch = cxm_touch_of(txn);

    if (touch == NULL) {
        return CXM_INTERNAL;
    }

    place = value_place(touch, segment, text);

    if (place->segment == segment
        && cxm_str_eq(text, (cxm_str_t) { place->len, place->text }))
    {
        *value = place->value;
        return CXM_OK;
    }

    rc = value_find(txn, segment, text, value);

    if (rc == CXM_OK && text.len <= CXM_TOUCH_TEXT) {
        place->segment = segment;
        place->value = *value;
        place->len = (uint16_t) text.len;
        memcpy(place->text, text.data, text.len);
    }

    return rc;
}


/* What an event counts under every segment. */
typedef struct {
    cxm_ms_t  at;
    uint32_t  point;
    int64_t   latency;                  /* -1: none */
} cxm_touch_count_t;


static cxm_rc_t
count_event(cxm_txn_t *txn, cxm_series_t *series,
    const cxm_touch_count_t *count)
{
    cxm_rc_t  rc;

    series->question = CXM_TOUCH_EVENTS;
    rc = cxm_counter_add(txn, series, count->at, count->point, 1);

    if (rc != CXM_OK || count->latency < 0) {
        return rc;
    }

    series->question = CXM_TOUCH_LATENCY;

    return cxm_counter_add(txn, series, count->at,
                           cxm_duration_point(count->latency), 1);
}


static cxm_rc_t
apply_counts(cxm_txn_t *txn, const cxm_value_t *event, cxm_ms_t entered)
{
    size_t             i;
    cxm_rc_t           rc;
    cxm_series_t       series;
    cxm_touch_count_t  count;

    count.at = cxm_value_get_int(event, cxm_str(CXM_EVENT_AT), entered);
    count.point = CXM_TOUCH_PEOPLE;
    count.latency = cxm_value_get_int(event, cxm_str(CXM_EVENT_LATENCY), -1);

    if (cxm_value_get_int(event, cxm_str(CXM_EVENT_BOT), 0) != 0) {
        count.point = CXM_TOUCH_BOTS;
        count.latency = -1;
    }

    memset(&series, 0, sizeof(series));
    series.survey = CXM_SERIES_TOUCHPOINT;

    rc = count_event(txn, &series, &count);

    for (i = 0; i < CXM_TOUCH_NAMES && rc == CXM_OK; i++) {
        series.segment = (uint16_t) cxm_touch_names[i].no;

        rc = cxm_touch_number(txn, series.segment,
                              cxm_value_get_str(event,
                                         cxm_strz(cxm_touch_names[i].name)),
                              &series.value);

        if (rc == CXM_OK) {
            rc = count_event(txn, &series, &count);
        }
    }

    return rc;
}


/* Keys of those that have one go behind the *n that are there. */
static cxm_rc_t
apply_event(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_value_t event,
    uint64_t sub, cxm_touch_key_t *keys, size_t *n)
{
    cxm_rc_t       rc;
    cxm_member_t   members[CXM_EVENT_MEMBERS];
    cxm_members_t  room = { members, 0, CXM_EVENT_MEMBERS };

    rc = cxm_value_open(&event, &room);

    if (rc == CXM_OK && event.type != CXM_VALUE_MEMBERS) {
        rc = CXM_CORRUPT;
    }

    if (rc == CXM_OK) {
        rc = cxm_touch_key(&event, &keys[*n]);
    }

    if (rc == CXM_OK) {
        keys[(*n)++].sub = sub;

    } else if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    return apply_counts(txn, &event, cxm_entry_time(entry));
}


static cxm_rc_t
apply_events(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_items_t *items,
    cxm_touch_key_t *keys)
{
    size_t       n;
    uint64_t     sub;
    cxm_rc_t     rc;
    cxm_value_t  event;

    rc = CXM_OK;
    n = 0;

    for (sub = 0; rc == CXM_OK && cxm_items_next(items, &event); sub++) {
        rc = apply_event(txn, entry, event, sub, keys, &n);
    }

    if (rc == CXM_OK && items->failed) {
        rc = CXM_CORRUPT;
    }

    return rc == CXM_OK ? apply_keys(txn, entry, keys, n) : rc;
}


static cxm_rc_t
touchpoint_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_items_t       items;
    cxm_value_t       body;
    cxm_members_t     none = { NULL, 0, 0 };
    cxm_touch_key_t  *keys;

    if (entry->action != CXM_ACTION_ADD
        || cxm_value_unpack(entry->packed, &none, &body) != CXM_OK
        || body.type != CXM_VALUE_PACKED_ARRAY)
    {
        return CXM_CORRUPT;
    }

    cxm_items_begin(&items, &body);

    /* an item has a byte at least */

    if (items.left > entry->packed.len) {
        return CXM_CORRUPT;
    }

    keys = malloc((items.left + 1) * sizeof(cxm_touch_key_t));

    if (keys == NULL) {
        return CXM_INTERNAL;
    }

    rc = apply_events(txn, entry, &items, keys);
    free(keys);

    return rc;
}


const cxm_kind_t  cxm_kind_touchpoint = {
    .no = CXM_KIND_TOUCHPOINT,
    .version = 1,
    .name = "touchpoint",
    .packed = 1,
    .apply = touchpoint_apply,
    .keep = CXM_KEEP_TOUCHPOINTS,
    .drop = cxm_touchpoint_names_drop
};
