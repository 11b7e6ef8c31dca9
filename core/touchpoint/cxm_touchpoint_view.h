/*
 * An event as staff see it, as values.
 *
 * Its id says where it is: a UUID of version 8 with the time of its entry
 * (48 bits), its place in the entry (12), and the entry's number (40) behind
 * 22 bits of a keyed hash of all three.  So it costs no index, and nobody can
 * make one up.  An event that an import has brought keeps the id it came with.
 */

#ifndef CXM_TOUCHPOINT_VIEW_H
#define CXM_TOUCHPOINT_VIEW_H

#include "cxm_journal.h"
#include "cxm_touchpoint.h"


/* Members, in the order of cxm_touchpoint_shown. */
typedef enum {
    CXM_EVENT_SHOWN_ID = 0,
    CXM_EVENT_SHOWN_TYPE,
    CXM_EVENT_SHOWN_CREATED_AT,
    CXM_EVENT_SHOWN_STORED,     /* first of those that are as they are stored */
    CXM_EVENT_SHOWN_TOUCHPOINT = CXM_EVENT_SHOWN_STORED,
    CXM_EVENT_SHOWN_VALUE = CXM_EVENT_SHOWN_STORED + 16,
    CXM_EVENT_SHOWN_PROPS,
    CXM_EVENT_SHOWN_UNVERIFIED,
    CXM_EVENT_SHOWN_BOT,
    CXM_EVENT_SHOWN_CLIENT_TIME,
    CXM_EVENT_SHOWN_N
} cxm_event_shown_t;

#define CXM_EVENT_MEMBERS  64   /* of an event, its value and its props */

typedef struct {
    cxm_value_t    fields[CXM_EVENT_SHOWN_N];
    cxm_uuid_t     id;
    cxm_ms_t       at;
    int            personal;    /* there are personal members */
    cxm_members_t  room;
    cxm_member_t   members[CXM_EVENT_MEMBERS];
} cxm_touchpoint_view_t;

/*
 * Event number `sub` of an entry, packed as `event`.  Its values are good as
 * long as the entry's.  CXM_CORRUPT.
 */
cxm_rc_t cxm_touchpoint_view(const cxm_store_t *store,
    const cxm_entry_t *entry, uint64_t sub, const cxm_value_t *event,
    int may_personal, cxm_touchpoint_view_t *out);

/*
 * The place of an id that this store gave, if it is one: an entry by its
 * number, which may be gone by now.
 */
int cxm_touchpoint_id_place(const cxm_store_t *store, const cxm_uuid_t *id,
    cxm_place_t *place, cxm_ms_t *at);


#endif /* CXM_TOUCHPOINT_VIEW_H */
