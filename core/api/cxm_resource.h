/*
 * Handlers of records (core/record/cxm_record.h), for rows of route tables
 * that name one in `record`.
 *
 * Parameters of the path: the owner's id, where the record has an owner, then
 * the document's own id, or its slug.  Personal members are answered to who
 * has personal_read; reading them is audited (CXM_ROUTE_PERSONAL).
 */

#ifndef CXM_RESOURCE_H
#define CXM_RESOURCE_H

#include "cxm_api.h"
#include "cxm_find.h"
#include "cxm_record.h"


/* Read phases. */
cxm_rc_t cxm_resource_get(cxm_call_t *call, cxm_txn_t *txn);
cxm_rc_t cxm_resource_history(cxm_call_t *call, cxm_txn_t *txn);

/*
 * Newest first: all, or those of the owner in the path.  Arguments that are
 * names of LOOKUP fields choose.
 */
cxm_rc_t cxm_resource_list(cxm_call_t *call, cxm_txn_t *txn);

/* Write phases.  CXM_ROUTE_MERGE for PATCH, whose `input` is the record's. */
cxm_rc_t cxm_resource_post(cxm_call_t *call, cxm_txn_t *txn);
cxm_rc_t cxm_resource_put(cxm_call_t *call, cxm_txn_t *txn);
cxm_rc_t cxm_resource_patch(cxm_call_t *call, cxm_txn_t *txn);
cxm_rc_t cxm_resource_delete(cxm_call_t *call, cxm_txn_t *txn);

extern const cxm_field_t   cxm_resource_page[];     /* limit and cursor */
extern const cxm_fields_t  cxm_resource_version;    /* output of history */

/*
 * A write of this caller to what the path says; with `own` it names the
 * document, too.
 */
cxm_rc_t cxm_resource_write(cxm_call_t *call, cxm_txn_t *txn, int own,
    cxm_record_write_t *write);

/*
 * The document that the path names; CXM_NOT_FOUND, also when it is another
 * owner's; CXM_MOVED when it, or the owner, has become part of another.  The
 * caller clears it.
 */
cxm_rc_t cxm_resource_doc(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *doc);

/* The same of the owner that the path names. */
cxm_rc_t cxm_resource_owner(cxm_call_t *call, cxm_txn_t *txn,
    cxm_doc_t *owner);

/*
 * A page of what a query finds, for lists with arguments of their own.
 * `first` (0: none) is the number of a document to answer before all others,
 * on the first page.
 */
cxm_rc_t cxm_resource_found(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_find_t *find, uint64_t first);


/*
 * Rows of route tables, for a record cxm_record_<name> whose table is
 * cxm_<name>_fields.
 */
#define CXM_RESOURCE_ROW(method_, path_, scopes_, name, flags_)               \
    .endpoint = CXM_ENDPOINT_ADMIN, .method = method_, .path = path_,         \
    .policy = CXM_SCOPED, .scopes = scopes_, .flags = flags_,                 \
    .record = &cxm_record_ ## name

#define CXM_RESOURCE_LIST(path_, scopes_, name, query_, text)                 \
    { CXM_RESOURCE_ROW(CXM_GET, path_, scopes_, name, CXM_ROUTE_PERSONAL),    \
      .query = query_, .answers = CXM_200,                                    \
      .output = &cxm_ ## name ## _fields,                                     \
      .read = cxm_resource_list, .write = cxm_write_audit, .summary = text }

#define CXM_RESOURCE_GET(path_, scopes_, name, text)                          \
    { CXM_RESOURCE_ROW(CXM_GET, path_, scopes_, name,                         \
                       CXM_ROUTE_PERSONAL | CXM_ROUTE_BOUNDED                 \
                       | CXM_ROUTE_DOC),                                      \
      .answers = CXM_200, .output = &cxm_ ## name ## _fields,                 \
      .read = cxm_resource_get, .write = cxm_write_audit, .summary = text }

#define CXM_RESOURCE_HISTORY(path_, scopes_, name, text)                      \
    { CXM_RESOURCE_ROW(CXM_GET, path_, scopes_, name, CXM_ROUTE_PERSONAL),    \
      .query = cxm_resource_page, .answers = CXM_200,                         \
      .output = &cxm_resource_version,                                        \
      .read = cxm_resource_history, .write = cxm_write_audit,                 \
      .summary = text }

#define CXM_RESOURCE_POST(path_, scopes_, name, text)                         \
    { CXM_RESOURCE_ROW(CXM_POST, path_, scopes_, name, 0),                    \
      .input = &cxm_ ## name ## _fields, .answers = CXM_201,                  \
      .output = &cxm_ ## name ## _fields,                                     \
      .write = cxm_resource_post, .summary = text }

#define CXM_RESOURCE_PUT(path_, scopes_, name, text)                          \
    { CXM_RESOURCE_ROW(CXM_PUT, path_, scopes_, name, CXM_ROUTE_DOC),         \
      .input = &cxm_ ## name ## _fields,                                      \
      .answers = CXM_200 | CXM_201 | CXM_409,                                 \
      .output = &cxm_ ## name ## _fields,                                     \
      .write = cxm_resource_put, .summary = text }

#define CXM_RESOURCE_PATCH(path_, scopes_, name, text)                        \
    { CXM_RESOURCE_ROW(CXM_PATCH, path_, scopes_, name,                       \
                       CXM_ROUTE_MERGE | CXM_ROUTE_DOC),                      \
      .input = &cxm_ ## name ## _fields, .answers = CXM_200 | CXM_409,        \
      .output = &cxm_ ## name ## _fields,                                     \
      .write = cxm_resource_patch, .summary = text }

#define CXM_RESOURCE_DELETE(path_, scopes_, name, text)                       \
    { CXM_RESOURCE_ROW(CXM_DELETE, path_, scopes_, name, CXM_ROUTE_DOC),      \
      .answers = CXM_204, .write = cxm_resource_delete, .summary = text }


#endif /* CXM_RESOURCE_H */
