/*
 * Timelines: the event of the highest number of all sources, again and again.
 */

#include <stdlib.h>

#include "cxm_json.h"
#include "cxm_record_int.h"
#include "cxm_timeline.h"


static const cxm_field_t  timeline_fields[] = {
    { .name = "kind", .type = CXM_FIELD_STRING,
      .summary = "what happened: of the names that kinds takes" },
    { .name = "at", .type = CXM_FIELD_TIME,
      .summary = "when the store took it in" },
    { .name = "data", .type = CXM_FIELD_ANY,
      .summary = "as it is answered at its own address; personal members "
                 "with personal_read" },
    { .name = NULL }
};

const cxm_fields_t  cxm_timeline_fields = { "TimelineEvent", timeline_fields };


/* --- sources ------------------------------------------------------------ */

static cxm_rc_t
source_next(cxm_timeline_source_t *source)
{
    cxm_rc_t  rc;

    rc = source->kind->next(source);

    if (rc == CXM_NOT_FOUND) {
        source->no = 0;
        return CXM_OK;
    }

    return rc;
}


static cxm_rc_t
source_begin(cxm_timeline_source_t *source, const cxm_timeline_t *timeline,
    const cxm_timeline_kind_t *kind, const cxm_place_t *before)
{
    cxm_rc_t  rc;

    source->timeline = timeline;
    source->kind = kind;
    source->below = *before;
    source->state = calloc(1, kind->state);

    if (source->state == NULL) {
        return CXM_INTERNAL;
    }

    rc = kind->begin(source, before->no);

    return rc == CXM_OK ? source_next(source) : rc;
}


static void
source_end(cxm_timeline_source_t *source)
{
    if (source->state != NULL && source->kind->end != NULL) {
        source->kind->end(source);
    }

    free(source->state);
}


static cxm_timeline_source_t *
source_newest(cxm_timeline_source_t *sources, size_t n)
{
    size_t                  i;
    cxm_timeline_source_t  *newest;

    newest = &sources[0];

    for (i = 1; i < n; i++) {
        if (sources[i].no > newest->no
            || (sources[i].no == newest->no && sources[i].sub > newest->sub))
        {
            newest = &sources[i];
        }
    }

    return newest;
}


/* --- reading ------------------------------------------------------------ */

/*
 * Times as numbers.  Of what is no more in the journal the numbers tell only
 * that it is older, so that times of events decide there.
 */
static cxm_rc_t
time_bounds(const cxm_timeline_t *timeline, uint64_t *low,
    cxm_place_t *before)
{
    uint64_t  whole, end;
    cxm_rc_t  rc;

    *before = timeline->before;
    *low = 1;
    rc = cxm_journal_whole(timeline->txn, &whole, timeline->err);

    if (rc == CXM_OK) {
        rc = cxm_journal_since(timeline->txn, timeline->from, low,
                               timeline->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_journal_since(timeline->txn, timeline->to, &end,
                               timeline->err);

        if (end <= before->no) {
            *before = (cxm_place_t) { end, 0 };
        }
    }

    if (rc == CXM_OK && *low <= whole) {
        *low = 1;
    }

    return rc;
}


/* *past: this event, and so all to come, are older than they may be. */
static cxm_rc_t
take_event(cxm_timeline_source_t *source, json_t *items, size_t *bytes,
    int *past)
{
    char                   text[CXM_RFC3339_LEN + 1];
    json_t                *data;
    cxm_ms_t               at;
    cxm_rc_t               rc;
    const cxm_timeline_t  *timeline;

    timeline = source->timeline;
    data = NULL;
    rc = source->kind->show(source, &at, &data);

    if (rc == CXM_NOT_FOUND) {
        return CXM_OK;
    }

    *past = rc == CXM_OK && at < timeline->from;

    if (rc != CXM_OK || *past || at >= timeline->to) {
        json_decref(data);
        return rc;
    }

    cxm_rfc3339_format(at, text);
    *bytes += json_dumpb(data, NULL, 0, JSON_COMPACT);

    return json_array_append_new(items,
                                 json_pack("{ss ss so}",
                                           "kind", source->kind->name,
                                           "at", text, "data", data)) != 0
           ? CXM_INTERNAL : CXM_OK;
}


static cxm_rc_t
take_events(const cxm_timeline_t *timeline, cxm_timeline_source_t *sources,
    size_t n, uint64_t low, json_t *items, cxm_place_t *next)
{
    int                     past;
    size_t                  bytes;
    cxm_rc_t                rc;
    cxm_place_t             last;
    cxm_timeline_source_t  *source;

    past = 0;
    bytes = 0;
    last = (cxm_place_t) { 0, 0 };
    *next = last;

    for ( ;; ) {
        source = source_newest(sources, n);

        if (past || source->no < low) {
            return CXM_OK;
        }

        if (json_array_size(items) == timeline->limit
            || (timeline->bytes != 0 && bytes > timeline->bytes))
        {
            *next = last;
            return CXM_OK;
        }

        last = (cxm_place_t) { source->no, source->sub };
        rc = take_event(source, items, &bytes, &past);

        if (rc == CXM_OK) {
            rc = source_next(source);
        }

        if (rc != CXM_OK) {
            return rc;
        }
    }
}


cxm_rc_t
cxm_timeline_read(const cxm_timeline_t *timeline,
    const cxm_timeline_kind_t *const *kinds, json_t **items,
    cxm_place_t *next)
{
    size_t                  i, n;
    uint64_t                low;
    cxm_rc_t                rc;
    cxm_place_t             before;
    cxm_timeline_source_t  *sources;

    for (n = 0; kinds[n] != NULL; n++) {
        /* void */
    }

    *next = (cxm_place_t) { 0, 0 };
    *items = json_array();
    sources = calloc(n + 1, sizeof(cxm_timeline_source_t));
    rc = *items == NULL || sources == NULL
         ? CXM_INTERNAL : time_bounds(timeline, &low, &before);

    for (i = 0; i < n && rc == CXM_OK; i++) {
        rc = source_begin(&sources[i], timeline, kinds[i], &before);
    }

    if (rc == CXM_OK) {
        rc = take_events(timeline, sources, n, low, *items, next);
    }

    for (i = 0; sources != NULL && i < n; i++) {
        source_end(&sources[i]);
    }

    free(sources);

    if (rc != CXM_OK) {
        json_decref(*items);
        *items = NULL;

        if (timeline->err->rc == CXM_OK) {
            rc = cxm_fail(timeline->err, rc, NULL,
                          "The timeline cannot be read.");
        }
    }

    return rc;
}


cxm_rc_t
cxm_timeline_count(const cxm_timeline_t *timeline,
    const cxm_timeline_kind_t *kind, unsigned most, unsigned *n)
{
    cxm_rc_t                rc;
    cxm_timeline_source_t   source;

    memset(&source, 0, sizeof(source));
    rc = source_begin(&source, timeline, kind,
                      &(cxm_place_t) { UINT64_MAX, 0 });

    for (*n = 0; rc == CXM_OK && source.no != 0 && *n < most; ++*n) {
        rc = source_next(&source);
    }

    source_end(&source);

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(timeline->err, rc, NULL, "Events cannot be counted.");
}


/* --- documents of a customer -------------------------------------------- */

cxm_rc_t
cxm_timeline_record_begin(cxm_timeline_source_t *source, uint64_t before)
{
    return cxm_owned_begin(source->state, source->timeline->txn,
                           source->kind->record,
                           &source->timeline->customer->id, before);
}


cxm_rc_t
cxm_timeline_record_next(cxm_timeline_source_t *source)
{
    return cxm_owned_next(source->state, &source->no);
}


cxm_rc_t
cxm_timeline_record_show(cxm_timeline_source_t *source, cxm_ms_t *at,
    json_t **data)
{
    cxm_rc_t               rc;
    cxm_doc_t              doc;
    const cxm_record_t    *record;
    const cxm_fields_t    *fields;
    const cxm_timeline_t  *timeline;

    timeline = source->timeline;
    record = source->kind->record;
    rc = cxm_record_fields(timeline->txn, record, &fields, timeline->err);

    if (rc == CXM_OK) {
        rc = cxm_doc_get(timeline->txn, record->kind, source->no, &doc,
                         timeline->err);
        rc = rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    if (rc != CXM_OK) {
        return rc;
    }

    *at = doc.created_at;
    *data = cxm_record_json(&doc, fields,
                            cxm_record_see(&doc, timeline->may_personal));
    *timeline->personal |= timeline->may_personal
                           && json_object_size(doc.personal) > 0;
    cxm_doc_clear(&doc);

    return *data == NULL ? CXM_INTERNAL : CXM_OK;
}


/* --- events of a person's slots ----------------------------------------- */

static cxm_rc_t
person_look(cxm_timeline_source_t *source, unsigned i, uint64_t before)
{
    cxm_rc_t                rc;
    cxm_timeline_person_t  *person;

    person = source->state;
    rc = source->kind->of_slot(source->timeline->txn, person->slots.slot[i],
                               before, &person->no[i]);

    if (rc == CXM_NOT_FOUND) {
        person->no[i] = 0;
        return CXM_OK;
    }

    return rc;
}


cxm_rc_t
cxm_timeline_person_begin(cxm_timeline_source_t *source, uint64_t before)
{
    cxm_rc_t                rc;
    unsigned                i;
    cxm_timeline_person_t  *person;

    person = source->state;
    rc = cxm_person_slots(source->timeline->txn,
                          source->timeline->customer->subject,
                          &person->slots);

    for (i = 0; rc == CXM_OK && i < person->slots.n; i++) {
        rc = person_look(source, i, before);
    }

    return rc;
}


cxm_rc_t
cxm_timeline_person_next(cxm_timeline_source_t *source)
{
    unsigned                i, newest;
    cxm_timeline_person_t  *person;

    person = source->state;
    newest = 0;

    for (i = 1; i < person->slots.n; i++) {
        if (person->no[i] > person->no[newest]) {
            newest = i;
        }
    }

    source->no = person->no[newest];

    return source->no == 0 ? CXM_NOT_FOUND
                           : person_look(source, newest, source->no);
}
