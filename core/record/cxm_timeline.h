/*
 * Timelines: what happened with one customer, from all rooms, newest first.
 *
 * A room adds a kind of event by a constant cxm_timeline_kind_t, and core/api
 * collects them.  An event's number is the sequence of the entry that made
 * it, so all kinds have one order, that in which the store took them in, and
 * each is read from an index that the room has anyway: the timeline keeps
 * nothing of its own.  Where an entry makes several events, each has a place
 * in it as well.
 */

#ifndef CXM_TIMELINE_H
#define CXM_TIMELINE_H

#include "cxm_export.h"
#include "cxm_person.h"
#include "cxm_record.h"


typedef struct cxm_timeline_s  cxm_timeline_t;
typedef struct cxm_timeline_kind_s  cxm_timeline_kind_t;
typedef struct cxm_timeline_source_s  cxm_timeline_source_t;

struct cxm_timeline_kind_s {
    const char          *name;          /* singular: "note" */
    size_t               state;         /* bytes of a source's own memory */

    /*
     * Gets ready for events of a number below `before`, or of places below
     * source->below.
     */
    cxm_rc_t           (*begin)(cxm_timeline_source_t *source,
                                uint64_t before);

    /*
     * Sets source->no (and sub) to the next lower one; CXM_NOT_FOUND: that
     * was all.
     */
    cxm_rc_t           (*next)(cxm_timeline_source_t *source);

    /*
     * Event source->no: when the store took it in, and what of it the caller
     * may see, a new reference; CXM_NOT_FOUND: it is no longer kept.
     */
    cxm_rc_t           (*show)(cxm_timeline_source_t *source, cxm_ms_t *at,
                               json_t **data);

    /* What the state owns; NULL: nothing. */
    void               (*end)(cxm_timeline_source_t *source);

    const cxm_record_t  *record;        /* whose documents the events are */

    /*
     * Of CXM_TIMELINE_PERSON: the newest event of a person's slot that has a
     * number below `before`; CXM_NOT_FOUND.
     */
    cxm_rc_t           (*of_slot)(cxm_txn_t *txn, uint64_t slot,
                                  uint64_t before, uint64_t *no);
};

struct cxm_timeline_source_s {
    const cxm_timeline_t       *timeline;
    const cxm_timeline_kind_t  *kind;
    cxm_place_t                 below;
    uint64_t                    no;     /* 0: there are no more */
    uint64_t                    sub;    /* its place, of several of a number */
    void                       *state;  /* zeroed at first */
};

struct cxm_timeline_s {
    cxm_txn_t                  *txn;
    const cxm_doc_t            *customer;
    const struct cxm_caller_s  *caller;
    int                         may_personal;
    int                        *personal;       /* set when such is shown */
    cxm_ms_t                    from, to;       /* [from, to) */
    cxm_place_t                 before;         /* events below it */
    unsigned                    limit;
    size_t                      bytes;          /* of JSON: the event that goes
                                                   beyond is the last; 0: any
                                                   number */
    cxm_error_t                *err;
};

/*
 * Events of these kinds (NULL-terminated) as [{"kind", "at", "data"}], a new
 * reference.  *next is `before` of the next page, number 0 at the end.
 */
cxm_rc_t cxm_timeline_read(const cxm_timeline_t *timeline,
    const cxm_timeline_kind_t *const *kinds, json_t **items,
    cxm_place_t *next);

/* How many events of a kind there are, counted up to `most`. */
cxm_rc_t cxm_timeline_count(const cxm_timeline_t *timeline,
    const cxm_timeline_kind_t *kind, unsigned most, unsigned *n);

/* Documents that belong to the customer, each where it was made. */
cxm_rc_t cxm_timeline_record_begin(cxm_timeline_source_t *source,
    uint64_t before);
cxm_rc_t cxm_timeline_record_next(cxm_timeline_source_t *source);
cxm_rc_t cxm_timeline_record_show(cxm_timeline_source_t *source, cxm_ms_t *at,
    json_t **data);

#define CXM_TIMELINE_RECORD(record_)                                          \
    { .name = #record_, .state = sizeof(cxm_owned_t),                          \
      .begin = cxm_timeline_record_begin, .next = cxm_timeline_record_next,   \
      .show = cxm_timeline_record_show, .record = &cxm_record_ ## record_ }

/*
 * What is kept by the slots of a person, of all of the customer's.  A slot is
 * looked into again only when its newest event was given.
 */
typedef struct {
    cxm_person_slots_t  slots;
    uint64_t            no[CXM_PERSON_SLOTS];   /* next of each; 0: none */
} cxm_timeline_person_t;

cxm_rc_t cxm_timeline_person_begin(cxm_timeline_source_t *source,
    uint64_t before);
cxm_rc_t cxm_timeline_person_next(cxm_timeline_source_t *source);

#define CXM_TIMELINE_PERSON(of_slot_)                                         \
    .state = sizeof(cxm_timeline_person_t),                                   \
    .begin = cxm_timeline_person_begin, .next = cxm_timeline_person_next,     \
    .of_slot = of_slot_

extern const cxm_fields_t  cxm_timeline_fields;


#endif /* CXM_TIMELINE_H */
