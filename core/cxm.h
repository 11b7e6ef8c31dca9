/*
 * libcxm: the one header that the module, the tools and the tests include.
 */

#ifndef CXM_H
#define CXM_H

#include "cxm_api.h"
#include "cxm_batch.h"
#include "cxm_customer.h"
#include "cxm_due.h"
#include "cxm_flow.h"
#include "cxm_history.h"
#include "cxm_journal_reader.h"
#include "cxm_json.h"
#include "cxm_lines.h"
#include "cxm_log.h"
#include "cxm_once.h"
#include "cxm_openapi.h"
#include "cxm_password.h"
#include "cxm_person.h"
#include "cxm_query.h"
#include "cxm_rebuild.h"
#include "cxm_response.h"
#include "cxm_retention.h"
#include "cxm_staff.h"
#include "cxm_throttling.h"
#include "cxm_touchpoint.h"
#include "cxm_upgrade.h"
#include "cxm_verify.h"


#endif /* CXM_H */
