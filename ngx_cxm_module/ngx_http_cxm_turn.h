/*
 * Turns: how long a worker begins requests before it looks for events again.
 *
 * Beginning a request means to check its body, to read some rows, often to
 * make its reply: 20 us to 1 ms of the event loop.  Where thousands come in
 * the same moment, nothing else would be served for as long as all of them
 * take together.  So a worker begins requests for NGX_HTTP_CXM_TURN in a round
 * of the loop, and the others, in the order they came, in the rounds behind
 * it, between which it serves what became ready meanwhile.
 *
 * Beacons take no turns: there are many of them, each is short, and they are
 * what is not to wait.
 */

#ifndef NGX_HTTP_CXM_TURN_H
#define NGX_HTTP_CXM_TURN_H

#include "ngx_http_cxm_module.h"


#define NGX_HTTP_CXM_TURN  250          /* us */

/* A worker's. */
typedef struct {
    ngx_queue_t            waiting;     /* of contexts */
    ngx_event_t            next;        /* posted while there are any */
    ngx_msec_t             round;       /* time of the loop's round */
    uint64_t               spent;       /* in it, us */
} ngx_http_cxm_turn_t;


void ngx_http_cxm_turn_init(ngx_http_cxm_turn_t *turn, ngx_log_t *log);

/*
 * Calls `begin`, now or in a later round unless the request is gone by then.
 * The count that the caller has of the request is `begin`'s.
 */
void ngx_http_cxm_turn_take(ngx_http_request_t *r,
    ngx_http_cxm_turn_pt begin);

/* The request of a context that waits is no more. */
void ngx_http_cxm_turn_leave(ngx_http_cxm_ctx_t *ctx);


#endif /* NGX_HTTP_CXM_TURN_H */
