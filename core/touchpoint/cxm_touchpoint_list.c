/*
 * Events by their place in the journal: lists, newest first, and exports.
 */

#include <stdlib.h>

#include "cxm_once.h"
#include "cxm_touchpoint_view.h"


#define CXM_TOUCH_ROWS  10000           /* looked at in one transaction */


/* --- what is wanted ----------------------------------------------------- */

static int
is_text(const cxm_value_t *value, cxm_str_t text)
{
    return text.data == NULL || (value->type == CXM_VALUE_STRING
                                 && cxm_str_eq(value->u.string, text));
}


static int
view_wanted(const cxm_touchpoint_view_t *view,
    const cxm_touchpoint_query_t *query)
{
    int  bot;

    bot = view->fields[CXM_EVENT_SHOWN_BOT].u.integer != 0;

    return view->at >= query->from && view->at < query->to
           && is_text(&view->fields[CXM_EVENT_SHOWN_TYPE], query->type)
           && is_text(&view->fields[CXM_EVENT_SHOWN_TOUCHPOINT],
                      query->touchpoint)
           && (query->bots == CXM_BOTS_ANY
               || bot == (query->bots == CXM_BOTS_ONLY));
}


static cxm_rc_t
entry_damaged(const cxm_entry_packed_t *entry, cxm_error_t *err)
{
    return cxm_fail(err, CXM_CORRUPT, NULL,
                    "Events of journal entry %llu cannot be read.",
                    (unsigned long long) entry->entry.seq);
}


static cxm_rc_t
entry_items(const cxm_entry_packed_t *entry, cxm_items_t *items,
    cxm_error_t *err)
{
    cxm_value_t    body;
    cxm_members_t  none = { NULL, 0, 0 };

    if (cxm_value_unpack(entry->body, &none, &body) != CXM_OK
        || body.type != CXM_VALUE_PACKED_ARRAY)
    {
        return entry_damaged(entry, err);
    }

    cxm_items_begin(items, &body);

    return CXM_OK;
}


/* --- lists -------------------------------------------------------------- */

typedef struct {
    cxm_txn_t                     *txn;
    const cxm_touchpoint_query_t  *query;
    int                            may_personal;
    json_t                        *items;
    cxm_place_t                    before;      /* of what is done */
    int                           *personal;
    cxm_error_t                   *err;
} cxm_touch_list_t;


/* Events of an entry stand oldest first: those below `before` are kept. */
static cxm_rc_t
list_events(cxm_touch_list_t *list, const cxm_entry_packed_t *entry,
    cxm_value_t **events, uint64_t *n)
{
    uint64_t      size;
    cxm_rc_t      rc;
    cxm_items_t   items;
    cxm_value_t   event, *more;

    size = 0;
    *n = 0;
    *events = NULL;
    rc = entry_items(entry, &items, list->err);

    while (rc == CXM_OK && cxm_items_next(&items, &event)) {

        if (entry->entry.seq == list->before.no && *n == list->before.sub) {
            break;
        }

        if (*n == size) {
            size = size == 0 ? 64 : size * 2;
            more = realloc(*events, size * sizeof(cxm_value_t));

            if (more == NULL) {
                return cxm_fail(list->err, CXM_INTERNAL, NULL, "No memory.");
            }

            *events = more;
        }

        (*events)[(*n)++] = event;
    }

    return rc == CXM_OK && items.failed ? entry_damaged(entry, list->err)
                                        : rc;
}


static int
list_full(const cxm_touch_list_t *list)
{
    return json_array_size(list->items) >= list->query->limit;
}


/* Until the page is full; before is where it goes on. */
static cxm_rc_t
list_entry(cxm_touch_list_t *list, const cxm_entry_packed_t *entry)
{
    uint64_t               n;
    cxm_rc_t               rc;
    cxm_value_t           *events;
    cxm_touchpoint_view_t  view;

    rc = list_events(list, entry, &events, &n);
    list->before = (cxm_place_t) { entry->entry.seq, n };

    while (rc == CXM_OK && n > 0 && !list_full(list)) {
        list->before.sub = --n;

        if (cxm_touchpoint_view(cxm_txn_store(list->txn), &entry->entry, n,
                                &events[n], list->may_personal, &view)
            != CXM_OK)
        {
            rc = entry_damaged(entry, list->err);

        } else if (view_wanted(&view, list->query)) {
            *list->personal |= view.personal;

            if (json_array_append_new(list->items,
                    cxm_field_tree(&cxm_touchpoint_shown, view.fields)) != 0)
            {
                rc = cxm_fail(list->err, CXM_INTERNAL, NULL, "No memory.");
            }
        }
    }

    free(events);

    return rc;
}


/*
 * Events are never newer than their entry: below `from` there are no more.  A
 * full page only looks whether there is an entry behind it.
 */
static cxm_rc_t
list_scan(cxm_touch_list_t *list, cxm_journal_scan_t *scan)
{
    cxm_rc_t            rc;
    cxm_entry_packed_t  entry;

    do {
        rc = cxm_journal_scan_next(scan, &entry, list->err);

        if (rc == CXM_NOT_FOUND) {
            list->before = (cxm_place_t) { scan->at, 0 };
            return CXM_OK;
        }

        if (rc != CXM_OK) {
            return rc;
        }

        if (cxm_entry_time(&entry.entry) < list->query->from) {
            list->before = (cxm_place_t) { 0, 0 };
            return CXM_OK;
        }

        if (list_full(list)) {
            return CXM_OK;
        }

        rc = list_entry(list, &entry);

    } while (rc == CXM_OK && (!list_full(list) || list->before.sub == 0));

    return rc;
}


cxm_rc_t
cxm_touchpoint_list(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_touchpoint_query_t *query, json_t **items, cxm_place_t *next,
    int *personal, cxm_error_t *err)
{
    uint64_t            from;
    cxm_rc_t            rc;
    cxm_touch_list_t    list;
    cxm_journal_scan_t  scan;

    *items = NULL;
    *personal = 0;

    list = (cxm_touch_list_t) {
        txn, query, cxm_may(caller, CXM_SCOPE_PERSONAL_READ), json_array(),
        query->before, personal, err
    };

    /* behind the newest, or in the middle of an entry */

    from = query->before.no == 0 ? UINT64_MAX
           : query->before.no + (query->before.sub > 0);

    rc = cxm_journal_scan_down(&scan, txn, CXM_KIND_TOUCHPOINT, from,
                               CXM_TOUCH_ROWS, err);
    if (rc == CXM_OK) {
        rc = list_scan(&list, &scan);
        cxm_journal_scan_end(&scan);
    }

    if (rc != CXM_OK) {
        json_decref(list.items);
        return rc;
    }

    *items = list.items;
    *next = list.before;

    return CXM_OK;
}


/* --- exports ------------------------------------------------------------ */

/* Events of an entry from piece->at on; *more is 0 when it takes no more. */
static cxm_rc_t
export_entry(const cxm_store_t *store, const cxm_export_t *export,
    cxm_piece_t *piece, const cxm_entry_packed_t *entry, int *more)
{
    uint64_t               sub;
    cxm_rc_t               rc;
    cxm_items_t            items;
    cxm_value_t            event;
    cxm_touchpoint_view_t  view;

    rc = entry_items(entry, &items, &piece->err);

    if (entry->entry.seq != piece->at.no) {
        piece->at = (cxm_place_t) { entry->entry.seq, 0 };
    }

    for (sub = 0; rc == CXM_OK && *more && cxm_items_next(&items, &event);
         sub++)
    {
        if (sub < piece->at.sub) {
            continue;
        }

        if (cxm_touchpoint_view(store, &entry->entry, sub, &event,
                                export->personal, &view) != CXM_OK)
        {
            rc = entry_damaged(entry, &piece->err);

        } else if (view_wanted(&view, export->query)) {
            *more = cxm_export_row(export, piece, view.fields, &view.room);
        }

        piece->at.sub = sub + 1;
    }

    return rc == CXM_OK && items.failed ? entry_damaged(entry, &piece->err)
                                        : rc;
}


static cxm_rc_t
export_walk(cxm_txn_t *txn, const cxm_export_t *export, cxm_piece_t *piece)
{
    int                 more;
    unsigned            left;
    cxm_rc_t            rc;
    cxm_entry_packed_t  entry;
    cxm_journal_scan_t  scan;

    more = 1;
    left = piece->left;
    rc = cxm_journal_scan_up(&scan, txn, CXM_KIND_TOUCHPOINT, piece->at.no,
                             left, &piece->err);

    while (rc == CXM_OK && more) {
        rc = cxm_journal_scan_next(&scan, &entry, &piece->err);

        if (rc == CXM_OK && entry.entry.seq >= piece->end) {
            scan.at = piece->end;
            rc = CXM_NOT_FOUND;
        }

        if (rc == CXM_OK) {
            rc = export_entry(cxm_txn_store(txn), export, piece, &entry,
                              &more);
        }
    }

    /* not when the piece is full: then it is in the middle of an entry */

    if (rc == CXM_NOT_FOUND) {
        piece->at = (cxm_place_t) { scan.at, 0 };
        rc = CXM_OK;
    }

    piece->looked += left - scan.left;
    cxm_journal_scan_end(&scan);

    return rc;
}


static void
export_free(void *query)
{
    free(query);
}


const cxm_export_rows_t  cxm_touchpoint_rows = {
    .fields = &cxm_touchpoint_shown,
    .walk = export_walk,
    .free = export_free
};


cxm_rc_t
cxm_touchpoint_export(cxm_txn_t *txn, const cxm_touchpoint_query_t *query,
    cxm_export_t *export, cxm_error_t *err)
{
    char                    *texts;
    cxm_touchpoint_query_t  *own;

    /* with copies of its texts: an export outlives the call's arguments */

    own = malloc(sizeof(*own) + query->type.len + query->touchpoint.len);

    if (own == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    *own = *query;
    texts = (char *) (own + 1);

    if (query->type.data != NULL) {
        own->type.data = memcpy(texts, query->type.data, query->type.len);
    }

    if (query->touchpoint.data != NULL) {
        own->touchpoint.data = memcpy(texts + query->type.len,
                                      query->touchpoint.data,
                                      query->touchpoint.len);
    }

    export->query = own;

    if (cxm_export_ready(export) != CXM_OK) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    return query->from == CXM_MS_MIN
           ? CXM_OK : cxm_journal_since(txn, query->from, &export->at.no, err);
}


cxm_rc_t
cxm_touchpoint_place(cxm_txn_t *txn, const cxm_uuid_t *id, cxm_place_t *place)
{
    cxm_ms_t      at;
    cxm_rc_t      rc;
    cxm_str_t     value;
    cxm_reader_t  rd;

    if (cxm_touchpoint_id_place(cxm_txn_store(txn), id, place, &at)) {
        return place->no <= cxm_txn_head(txn) ? CXM_OK : CXM_NOT_FOUND;
    }

    rc = cxm_once_get(txn, CXM_ONCE_IMPORT, id->b, cxm_now(), &value);

    if (rc == CXM_OK) {
        rd = cxm_reader(value.data, value.len);
        place->no = cxm_read_varint(&rd);
        place->sub = cxm_read_varint(&rd);
        rc = rd.failed ? CXM_CORRUPT : CXM_OK;
    }

    return rc;
}
