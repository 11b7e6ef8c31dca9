/*
 * Touchpoints by what their events call a person: where timelines find them.
 *
 * Kind CXM_KIND_TOUCHPOINT_NAMES, ADD, made by a journal reader
 * (cxm_journal_reader.h).  A row of its entry: [name, sequence of the entry
 * of events, places of events in it ...], ascending; name: hex of the first 8
 * bytes of the keyed hash that a person of this "customer" or "visitor" has
 * (cxm_person.h).  So nothing has to be known of who it is: events are found by
 * whoever has the name, also one that comes later or takes it over.  Names
 * whose rows go are such hexes alone.
 *
 * Rows in `index`:
 *   CXM_NS_TOUCH_NAME | name(8) | u64 sequence -> places, varints ascending
 *   CXM_NS_TOUCH_ENTRY | u64 sequence -> names(8), ascending
 *
 * They go with the events when retention drops those, as the entries do, and
 * with a person who is erased.
 */

#ifndef CXM_TOUCHPOINT_PERSON_H
#define CXM_TOUCHPOINT_PERSON_H

#include "cxm_journal_reader.h"
#include "cxm_person.h"
#include "cxm_timeline.h"


#define CXM_TOUCH_NAME  8

extern const cxm_kind_t            cxm_kind_touchpoint_names;
extern const cxm_journal_reader_t  cxm_touchpoint_reader;
extern const cxm_timeline_kind_t   cxm_timeline_touchpoint;

/* Drop of the kind of events. */
cxm_rc_t cxm_touchpoint_names_drop(cxm_txn_t *txn, uint64_t first,
    uint64_t last);

void cxm_touch_name_key(cxm_row_key_t *key, const uint8_t name[CXM_TOUCH_NAME],
    uint64_t seq);

/* Classes of names that events have: those that lead to a known person. */
int cxm_touch_name_class(unsigned person_class);


#endif /* CXM_TOUCHPOINT_PERSON_H */
