/*
 * Touchpoints by names: the reader, and rows.
 */

#include <stdlib.h>

#include "cxm_json.h"
#include "cxm_touchpoint_person.h"
#include "cxm_touchpoint_view.h"


#define CXM_TOUCH_RUN  2000             /* names of events in a run */

/* An event under one name. */
typedef struct {
    uint8_t   name[CXM_TOUCH_NAME];
    uint64_t  seq;
    uint64_t  sub;
} cxm_touch_named_t;

typedef struct {
    const cxm_store_t  *store;
    cxm_touch_named_t  *list;
    size_t              n, size;
} cxm_touch_names_t;

static const struct {
    const char  *member;
    unsigned     person_class;
} named[] = {
    { "customer", CXM_PERSON_CUSTOMER_ID },
    { "visitor", CXM_PERSON_VISITOR }
};

#define CXM_TOUCH_NAMED  (sizeof(named) / sizeof(named[0]))


int
cxm_touch_name_class(unsigned person_class)
{
    size_t  i;

    for (i = 0; i < CXM_TOUCH_NAMED; i++) {
        if (named[i].person_class == person_class) {
            return 1;
        }
    }

    return 0;
}


void
cxm_touch_name_key(cxm_row_key_t *key, const uint8_t name[CXM_TOUCH_NAME],
    uint64_t seq)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_TOUCH_NAME);
    cxm_row_key_bytes(key, name, CXM_TOUCH_NAME);
    cxm_row_key_u64(key, seq);
}


static void
entry_key(cxm_row_key_t *key, uint64_t seq)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_TOUCH_ENTRY);
    cxm_row_key_u64(key, seq);
}


/* --- the reader --------------------------------------------------------- */

static cxm_rc_t
names_room(cxm_touch_names_t *names)
{
    size_t              size;
    cxm_touch_named_t  *more;

    if (names->n + CXM_TOUCH_NAMED <= names->size) {
        return CXM_OK;
    }

    size = names->size == 0 ? 256 : 2 * names->size;
    more = realloc(names->list, size * sizeof(*more));

    if (more == NULL) {
        return CXM_INTERNAL;
    }

    names->list = more;
    names->size = size;

    return CXM_OK;
}


static cxm_rc_t
names_event(cxm_touch_names_t *names, const cxm_value_t *packed,
    uint64_t seq, uint64_t sub)
{
    size_t              i;
    uint8_t             hash[CXM_HASH_LEN];
    cxm_rc_t            rc;
    cxm_value_t         event, value;
    cxm_member_t        members[CXM_EVENT_MEMBERS];
    cxm_members_t       room = { members, 0, CXM_EVENT_MEMBERS };
    cxm_touch_named_t  *one;

    event = *packed;
    rc = cxm_value_open(&event, &room);

    if (rc == CXM_OK) {
        rc = names_room(names);
    }

    for (i = 0; i < CXM_TOUCH_NAMED && rc == CXM_OK; i++) {
        value = cxm_value_get(&event, cxm_strz(named[i].member));

        if (value.type != CXM_VALUE_STRING) {
            continue;
        }

        cxm_person_hash(names->store, named[i].person_class, value.u.string,
                        hash);
        one = &names->list[names->n++];
        memcpy(one->name, hash, CXM_TOUCH_NAME);
        one->seq = seq;
        one->sub = sub;
    }

    return rc;
}


static cxm_rc_t
names_entry(cxm_touch_names_t *names, const cxm_entry_packed_t *entry)
{
    uint64_t       sub;
    cxm_rc_t       rc;
    cxm_value_t    body, event;
    cxm_items_t    items;
    cxm_members_t  none = { NULL, 0, 0 };

    rc = cxm_value_unpack(entry->body, &none, &body);

    if (rc == CXM_OK && body.type != CXM_VALUE_PACKED_ARRAY) {
        rc = CXM_CORRUPT;
    }

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_items_begin(&items, &body);

    for (sub = 0; rc == CXM_OK && cxm_items_next(&items, &event); sub++) {
        rc = names_event(names, &event, entry->entry.seq, sub);
    }

    return rc == CXM_OK && items.failed ? CXM_CORRUPT : rc;
}


static int
named_order(const void *a, const void *b)
{
    int                       order;
    const cxm_touch_named_t  *x, *y;

    x = a;
    y = b;
    order = memcmp(x->name, y->name, CXM_TOUCH_NAME);

    return order != 0 ? order
           : x->seq != y->seq ? (x->seq > y->seq) - (x->seq < y->seq)
           : (x->sub > y->sub) - (x->sub < y->sub);
}


static json_t *
names_json(const cxm_touch_names_t *names)
{
    int                       bad;
    char                      hex[2 * CXM_TOUCH_NAME + 1];
    size_t                    i;
    json_t                   *rows, *row;
    const cxm_touch_named_t  *one, *last;

    rows = json_array();
    row = NULL;
    last = NULL;
    bad = 0;

    for (i = 0; i < names->n && !bad; i++) {
        one = &names->list[i];

        if (last == NULL || one->seq != last->seq
            || memcmp(one->name, last->name, CXM_TOUCH_NAME) != 0)
        {
            cxm_hex_encode(one->name, CXM_TOUCH_NAME, hex);
            row = json_pack("[sI]", hex, (json_int_t) one->seq);
            bad = json_array_append_new(rows, row);

        } else if (one->sub == last->sub) {
            continue;                   /* one person by the same hash twice */
        }

        bad = bad || json_array_append_new(row,
                         json_integer((json_int_t) one->sub));
        last = one;
    }

    if (bad) {
        json_decref(rows);
        return NULL;
    }

    return rows;
}


static cxm_rc_t
touchpoint_run(cxm_journal_scan_t *scan, json_t **rows, cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_touch_names_t   names;
    cxm_entry_packed_t  entry;

    memset(&names, 0, sizeof(names));
    names.store = cxm_txn_store(scan->txn);

    do {
        rc = cxm_journal_scan_next(scan, &entry, err);

        if (rc == CXM_OK) {
            rc = names_entry(&names, &entry);
        }

    } while (rc == CXM_OK && names.n < CXM_TOUCH_RUN);

    if (rc == CXM_OK || rc == CXM_NOT_FOUND) {
        if (names.n > 0) {
            qsort(names.list, names.n, sizeof(*names.list), named_order);
        }

        *rows = names_json(&names);
        rc = *rows == NULL ? CXM_INTERNAL : CXM_OK;
    }

    free(names.list);

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, "Events cannot be read.");
}


static cxm_rc_t
touchpoint_forget(cxm_txn_t *txn, uint64_t slot, json_t **gone,
    cxm_error_t *err)
{
    int                 bad;
    char                hex[2 * CXM_TOUCH_NAME + 1];
    size_t              i, n;
    cxm_rc_t            rc;
    cxm_person_name_t  *names;

    *gone = json_array();
    rc = cxm_person_names_of(txn, slot, &names, &n);
    bad = *gone == NULL;

    for (i = 0; i < n && !bad; i++) {
        if (cxm_touch_name_class(names[i].person_class)) {
            cxm_hex_encode(names[i].hash, CXM_TOUCH_NAME, hex);
            bad = json_array_append_new(*gone, json_string(hex));
        }
    }

    free(names);

    return rc == CXM_OK && !bad ? CXM_OK
           : cxm_fail(err, rc != CXM_OK ? rc : CXM_INTERNAL, NULL,
                      "Names of a person cannot be read.");
}


const cxm_journal_reader_t  cxm_touchpoint_reader = {
    .name = "touchpoint",
    .reads = CXM_KIND_TOUCHPOINT,
    .writes = CXM_KIND_TOUCHPOINT_NAMES,
    .run = touchpoint_run,
    .forget = touchpoint_forget
};


/* --- apply -------------------------------------------------------------- */

/* The name and the entry of a row, and the row itself. */
static cxm_rc_t
apply_row(cxm_txn_t *txn, const json_t *row, cxm_touch_named_t *out)
{
    size_t         i;
    int64_t        sub, last;
    cxm_rc_t       rc;
    cxm_buf_t      places;
    cxm_row_key_t  key;

    out->seq = (uint64_t) json_integer_value(json_array_get(row, 1));
    out->sub = 0;
    rc = cxm_hex_decode(cxm_json_str(json_array_get(row, 0)), out->name,
                        CXM_TOUCH_NAME);

    if (rc != CXM_OK || out->seq == 0 || json_array_size(row) < 3) {
        return CXM_CORRUPT;
    }

    cxm_buf_init(&places, 1 << 16);
    last = -1;

    for (i = 2; i < json_array_size(row) && rc == CXM_OK; i++) {
        sub = json_integer_value(json_array_get(row, i));
        rc = sub > last ? CXM_OK : CXM_CORRUPT;
        cxm_buf_varint(&places, (uint64_t) sub);
        last = sub;
    }

    if (rc == CXM_OK) {
        cxm_touch_name_key(&key, out->name, out->seq);
        rc = places.failed ? CXM_INTERNAL
                           : cxm_row_put(txn, CXM_T_INDEX, &key,
                                         cxm_buf_str(&places));
    }

    cxm_buf_free(&places);

    return rc;
}


static int
entry_order(const void *a, const void *b)
{
    const cxm_touch_named_t  *x, *y;

    x = a;
    y = b;

    return x->seq != y->seq ? (x->seq > y->seq) - (x->seq < y->seq)
                            : memcmp(x->name, y->name, CXM_TOUCH_NAME);
}


/* The way back, by entries. */
static cxm_rc_t
apply_entries(cxm_txn_t *txn, cxm_touch_named_t *list, size_t n)
{
    size_t         i;
    cxm_rc_t       rc;
    cxm_buf_t      names;
    cxm_row_key_t  key;

    qsort(list, n, sizeof(*list), entry_order);
    cxm_buf_init(&names, 1 << 20);
    rc = CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {
        cxm_buf_put(&names, list[i].name, CXM_TOUCH_NAME);

        if (i + 1 == n || list[i + 1].seq != list[i].seq) {
            entry_key(&key, list[i].seq);
            rc = names.failed ? CXM_INTERNAL
                              : cxm_row_put(txn, CXM_T_INDEX, &key,
                                            cxm_buf_str(&names));
            cxm_buf_reset(&names);
        }
    }

    cxm_buf_free(&names);

    return rc;
}


/* --- taking away -------------------------------------------------------- */

/* The first row of `index` that begins so; its key and value are copied. */
static cxm_rc_t
first_row(cxm_txn_t *txn, const cxm_row_key_t *from, size_t same,
    cxm_row_key_t *key, cxm_buf_t *value)
{
    cxm_rc_t        rc;
    cxm_str_t       text;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_seek(cursor, from, &row);

    if (rc == CXM_OK && !cxm_row_within(&row, from, same)) {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        rc = cxm_row_check(txn, CXM_T_INDEX, &row, &text);
    }

    if (rc == CXM_OK) {
        cxm_row_key(key);
        cxm_row_key_bytes(key, row.key.data, row.key.len);
        cxm_buf_reset(value);
        cxm_buf_put(value, text.data, text.len);
        rc = value->failed ? CXM_INTERNAL : CXM_OK;
    }

    cxm_cursor_close(cursor);

    return rc;
}


static cxm_rc_t
drop_names(cxm_txn_t *txn, cxm_str_t names, uint64_t seq)
{
    size_t         i;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    rc = names.len % CXM_TOUCH_NAME == 0 ? CXM_OK : CXM_CORRUPT;

    for (i = 0; i < names.len && rc == CXM_OK; i += CXM_TOUCH_NAME) {
        cxm_touch_name_key(&key, (const uint8_t *) names.data + i, seq);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);
    }

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


cxm_rc_t
cxm_touchpoint_names_drop(cxm_txn_t *txn, uint64_t first, uint64_t last)
{
    uint64_t       seq;
    cxm_rc_t       rc;
    cxm_buf_t      names;
    cxm_row_key_t  from, key;

    cxm_buf_init(&names, 1 << 20);
    entry_key(&from, first);

    for ( ;; ) {
        rc = first_row(txn, &from, 1, &key, &names);

        if (rc != CXM_OK) {
            break;
        }

        seq = cxm_get_u64(key.b + 1);

        if (seq > last) {
            break;
        }

        rc = drop_names(txn, cxm_buf_str(&names), seq);

        if (rc == CXM_OK) {
            rc = cxm_row_del(txn, CXM_T_INDEX, &key);
        }

        if (rc != CXM_OK) {
            break;
        }
    }

    cxm_buf_free(&names);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* Takes a name out of the row of an entry. */
static cxm_rc_t
entry_without(cxm_txn_t *txn, uint64_t seq, const uint8_t *name)
{
    size_t         i;
    cxm_rc_t       rc;
    cxm_buf_t      names;
    cxm_str_t      value;
    cxm_row_key_t  key;

    entry_key(&key, seq);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    cxm_buf_init(&names, 1 << 20);

    for (i = 0; i + CXM_TOUCH_NAME <= value.len; i += CXM_TOUCH_NAME) {
        if (memcmp(value.data + i, name, CXM_TOUCH_NAME) != 0) {
            cxm_buf_put(&names, value.data + i, CXM_TOUCH_NAME);
        }
    }

    rc = names.failed ? CXM_INTERNAL
         : names.len == 0 ? cxm_row_del(txn, CXM_T_INDEX, &key)
         : cxm_row_put(txn, CXM_T_INDEX, &key, cxm_buf_str(&names));
    cxm_buf_free(&names);

    return rc;
}


static cxm_rc_t
forget_name(cxm_txn_t *txn, const uint8_t *name)
{
    cxm_rc_t       rc;
    cxm_buf_t      places;
    cxm_row_key_t  from, key;

    cxm_buf_init(&places, 1 << 16);
    cxm_touch_name_key(&from, name, 0);

    do {
        rc = first_row(txn, &from, 1 + CXM_TOUCH_NAME, &key, &places);

        if (rc == CXM_OK) {
            rc = cxm_row_del(txn, CXM_T_INDEX, &key);
        }

        if (rc == CXM_OK) {
            rc = entry_without(txn, cxm_get_u64(key.b + 1 + CXM_TOUCH_NAME),
                               name);
        }

    } while (rc == CXM_OK);

    cxm_buf_free(&places);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* --- the kind ----------------------------------------------------------- */

static cxm_rc_t
apply_rows(cxm_txn_t *txn, const json_t *rows)
{
    size_t              i, n;
    cxm_rc_t            rc;
    cxm_touch_named_t  *list;

    n = json_array_size(rows);
    list = malloc((n + 1) * sizeof(*list));
    rc = list == NULL ? CXM_INTERNAL : CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {
        rc = apply_row(txn, json_array_get(rows, i), &list[i]);
    }

    if (rc == CXM_OK) {
        rc = apply_entries(txn, list, n);
    }

    free(list);

    return rc;
}


static cxm_rc_t
apply_gone(cxm_txn_t *txn, const json_t *gone)
{
    size_t    i;
    uint8_t   name[CXM_TOUCH_NAME];
    cxm_rc_t  rc;

    rc = CXM_OK;

    for (i = 0; i < json_array_size(gone) && rc == CXM_OK; i++) {
        rc = cxm_hex_decode(cxm_json_str(json_array_get(gone, i)), name,
                            sizeof(name)) == CXM_OK
             ? forget_name(txn, name) : CXM_CORRUPT;
    }

    return rc;
}


static cxm_rc_t
names_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t       rc;
    const json_t  *rows, *gone;

    rc = cxm_reader_apply(txn, entry, &rows, &gone);

    if (rc != CXM_OK) {
        return rc;
    }

    return rows != NULL ? apply_rows(txn, rows) : apply_gone(txn, gone);
}


const cxm_kind_t  cxm_kind_touchpoint_names = {
    .no = CXM_KIND_TOUCHPOINT_NAMES,
    .version = 1,
    .name = "touchpoint_names",
    .apply = names_apply,
    .keep = CXM_KEEP_TOUCHPOINTS
};
