/*
 * Flow: the kinds of all rooms, and who reacts to what in other rooms.
 */

#ifndef CXM_FLOW_H
#define CXM_FLOW_H

#include "cxm_kind.h"


extern const cxm_flow_t  cxm_flow;


#endif /* CXM_FLOW_H */
