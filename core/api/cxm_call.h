/*
 * What the files of api/ share of a call; hosts and handlers include
 * cxm_api.h only.
 */

#ifndef CXM_CALL_H
#define CXM_CALL_H

#include "cxm_api.h"


/*
 * Steps of cxm_call_begin(), in cxm_call.c's order; each may set a reply,
 * which ends the call.
 */

/* cxm_headers.c: copies and reads what the headers say. */
cxm_rc_t cxm_step_headers(cxm_call_t *call);
cxm_rc_t cxm_step_conditions(cxm_call_t *call);

/* Without spaces around it; the part before the separator, cut off. */
cxm_str_t cxm_header_trim(cxm_str_t s);
cxm_str_t cxm_header_cut(cxm_str_t *s, char at);

/* cxm_principal.c: who it is, and whether the route's policy lets them. */
cxm_rc_t cxm_step_principal(cxm_call_t *call);

/* cxm_cross_site.c: 403 "cross_site", 415. */
cxm_rc_t cxm_step_cross_site(cxm_call_t *call);

/*
 * cxm_cross_site.c: whether it is our own page or an allowed one that sends
 * the request, or no browser.
 */
int cxm_call_is_own(const cxm_call_t *call);

/* Code of a token of the site that was refused; as RFC 6750 calls it. */
#define CXM_INVALID_TOKEN  "invalid_token"

/* cxm_route.c: CXM_NOT_FOUND, CXM_METHOD; answers OPTIONS. */
cxm_rc_t cxm_step_route(cxm_call_t *call);

/*
 * Order of two patterns that match one path: the first difference decides,
 * a literal before a {name}.  0: the same shape.
 */
int cxm_route_order(const char *a, const char *b);

/* cxm_args.c */
cxm_rc_t cxm_step_args(cxm_call_t *call);

/* cxm_input.c */
cxm_rc_t cxm_step_input(cxm_call_t *call);

/* Whether a Content-Type is JSON; or one that any page can send anywhere. */
int cxm_media_is_json(cxm_str_t type);
int cxm_media_is_simple(cxm_str_t type);
/* A Content-Type without its parameters: a charset changes nothing. */
cxm_str_t cxm_media_type(cxm_str_t type);


/* "GET, HEAD, OPTIONS" of a set of methods, in the arena. */
cxm_str_t cxm_allow(cxm_call_t *call, unsigned methods);

/*
 * Runs the route's write phase, or gives the first reply again that the
 * request's Idempotency-Key has got (cxm_idempotency.c).
 */
cxm_rc_t cxm_idempotent_write(cxm_call_t *call, cxm_txn_t *txn);

/* Keeps the reply as it is now as the first one of the key, if there is one. */
cxm_rc_t cxm_idempotent_keep(cxm_call_t *call, cxm_txn_t *txn);

/* cxm_call.c: the route's write phase, for the first time. */
cxm_rc_t cxm_call_first(cxm_call_t *call, cxm_txn_t *txn);

/* cxm_problem.c: what problem documents are made of. */
extern const cxm_fields_t  cxm_problem_fields;

/* Of a status: "There is nothing at this address." */
const char *cxm_problem_detail(int status);

/* cxm_problem.c: the reply that explains call->rc and err. */
void cxm_problem_reply(cxm_call_t *call);

/*
 * Words for a result that has none: a look-up that found nothing sets no
 * error, and one that was set before belongs to something else.
 */
void cxm_problem_default(cxm_call_t *call, cxm_rc_t rc);

/* Whether pages of other origins may be let in: CORS. */
static inline int
cxm_endpoint_shared(cxm_endpoint_t endpoint)
{
    return endpoint == CXM_ENDPOINT_SURVEYS || endpoint == CXM_ENDPOINT_BEACON
           || endpoint == CXM_ENDPOINT_SELF;
}

/*
 * cxm_reply.c: the address of what has become of the document in the path,
 * err.merged_into, and the body that says so.
 */
void cxm_reply_moved(cxm_call_t *call);
extern const cxm_fields_t  cxm_moved_fields;

/* cxm_reply.c: what every reply of an endpoint carries. */
void cxm_reply_common(cxm_call_t *call);
int cxm_call_has_header(const cxm_call_t *call, const char *name);


#endif /* CXM_CALL_H */
