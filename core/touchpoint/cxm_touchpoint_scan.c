/*
 * Scanning entries of events for cells of several segments.
 *
 * Events have no rows: what a filter needs of one lies in its entry, which is
 * opened and read as it lies there, without a tree.
 */

#include "cxm_dict.h"
#include "cxm_duration.h"
#include "cxm_journal.h"
#include "cxm_touchpoint.h"
#include "cxm_touchpoint_int.h"
#include "cxm_touchpoint_view.h"


typedef struct {
    cxm_cell_scan_t          cells;
    const cxm_cell_query_t  *query;
    cxm_cell_pt              fn;
    void                    *ctx;
    cxm_member_t             members[CXM_EVENT_MEMBERS];
} cxm_touch_scan_t;


/* Number of an event's value of a segment. */
static cxm_rc_t
event_value(const cxm_touch_scan_t *scan, const cxm_value_t *event,
    uint16_t segment, uint32_t *number)
{
    cxm_str_t  text;

    text = cxm_value_get_str(event,
                             cxm_strz(cxm_touch_segment_name(segment)));

    return cxm_touch_number(scan->cells.read->txn, segment, text, number);
}


static int
filter_has(const cxm_filter_t *filter, uint32_t number)
{
    unsigned  i;

    for (i = 0; i < filter->nvalues; i++) {
        if (filter->values[i] == number) {
            return 1;
        }
    }

    return 0;
}


static cxm_rc_t
event_passes(const cxm_touch_scan_t *scan, const cxm_value_t *event,
    int *passes)
{
    cxm_rc_t             rc;
    unsigned             i;
    uint32_t             number;
    const cxm_filter_t  *filter;

    *passes = 1;

    for (i = 0; i < scan->query->nfilters && *passes; i++) {
        filter = &scan->query->filters[i];
        rc = event_value(scan, event, filter->segment, &number);

        if (rc != CXM_OK) {
            return rc;
        }

        *passes = filter_has(filter, number);
    }

    return CXM_OK;
}


/* As apply counts it: once, and the latency of people. */
static void
event_cells(const cxm_touch_scan_t *scan, const cxm_value_t *event,
    uint32_t by, cxm_ms_t at)
{
    int       bot;
    int64_t   latency;
    unsigned  i;

    latency = cxm_value_get_int(event, cxm_str(CXM_EVENT_LATENCY), -1);
    bot = cxm_value_get_int(event, cxm_str(CXM_EVENT_BOT), 0) != 0;

    for (i = 0; i < scan->query->nquestions; i++) {

        if (scan->query->questions[i] == CXM_TOUCH_EVENTS) {
            scan->fn(scan->ctx, i, by, at, bot ? CXM_TOUCH_BOTS
                                               : CXM_TOUCH_PEOPLE, 1);

        } else if (scan->query->questions[i] == CXM_TOUCH_LATENCY && !bot
                   && latency >= 0)
        {
            scan->fn(scan->ctx, i, by, at, cxm_duration_point(latency), 1);
        }
    }
}


static cxm_rc_t
scan_event(cxm_touch_scan_t *scan, cxm_value_t event, cxm_ms_t entered)
{
    int            passes;
    cxm_ms_t       at;
    cxm_rc_t       rc;
    uint32_t       by;
    cxm_members_t  room;

    room = (cxm_members_t) { scan->members, 0, CXM_EVENT_MEMBERS };
    rc = cxm_value_open(&event, &room);

    if (rc != CXM_OK) {
        return rc;
    }

    at = cxm_value_get_int(&event, cxm_str(CXM_EVENT_AT), entered);
    at -= at % CXM_MS_QUARTER;

    if (at < scan->query->from || at >= scan->query->to) {
        return CXM_OK;
    }

    rc = event_passes(scan, &event, &passes);

    if (rc != CXM_OK || !passes) {
        return rc;
    }

    by = 0;

    if (scan->query->by != 0) {
        rc = event_value(scan, &event, scan->query->by, &by);
    }

    if (rc == CXM_OK) {
        event_cells(scan, &event, by, at);
    }

    return rc;
}


static cxm_rc_t
scan_entry(cxm_touch_scan_t *scan, const cxm_entry_packed_t *entry)
{
    cxm_rc_t       rc;
    cxm_items_t    items;
    cxm_value_t    body, event;
    cxm_members_t  room;

    room = (cxm_members_t) { scan->members, 0, CXM_EVENT_MEMBERS };
    rc = cxm_value_unpack(entry->body, &room, &body);

    if (rc == CXM_OK && body.type != CXM_VALUE_PACKED_ARRAY) {
        rc = CXM_CORRUPT;
    }

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_items_begin(&items, &body);

    while (rc == CXM_OK && cxm_items_next(&items, &event)) {
        scan->cells.read->rows++;
        rc = scan_event(scan, event, cxm_entry_time(&entry->entry));
    }

    return rc == CXM_OK && items.failed ? CXM_CORRUPT : rc;
}


/* The events of one snapshot; CXM_NOT_FOUND behind the last. */
static cxm_rc_t
scan_snapshot(cxm_touch_scan_t *scan, cxm_error_t *err)
{
    cxm_rc_t             rc;
    cxm_long_read_t     *read;
    cxm_entry_packed_t   entry;
    cxm_journal_scan_t   journal;

    read = scan->cells.read;
    rc = cxm_journal_scan_up(&journal, read->txn, CXM_KIND_TOUCHPOINT,
                             scan->cells.next, CXM_LONG_ROWS, err);

    if (rc != CXM_OK) {
        return rc;
    }

    while (rc == CXM_OK && !cxm_long_read_full(read)) {
        rc = cxm_journal_scan_next(&journal, &entry, err);

        if (rc == CXM_OK && entry.entry.seq > read->head) {
            break;
        }

        if (rc == CXM_OK) {
            rc = scan_entry(scan, &entry);
        }
    }

    scan->cells.next = journal.at;
    cxm_journal_scan_end(&journal);

    if (rc == CXM_NOT_FOUND) {
        rc = CXM_OK;
    }

    return rc == CXM_OK && scan->cells.next > read->head ? CXM_NOT_FOUND : rc;
}


cxm_rc_t
cxm_touchpoint_cells(cxm_long_read_t *read, const cxm_cell_query_t *query,
    cxm_cell_pt fn, void *ctx, cxm_error_t *err)
{
    cxm_rc_t          rc;
    cxm_touch_scan_t  scan;

    scan.query = query;
    scan.fn = fn;
    scan.ctx = ctx;

    rc = cxm_cell_scan_begin(&scan.cells, read, CXM_KEEP_TOUCHPOINTS,
                             query->from, err);

    while (rc == CXM_OK) {
        rc = scan_snapshot(&scan, err);

        if (rc == CXM_OK) {
            rc = cxm_cell_scan_next(&scan.cells, err);

        } else if (rc != CXM_NOT_FOUND && err->rc != rc) {
            (void) cxm_fail(err, rc, NULL, "Touchpoints cannot be read.");
        }
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}
