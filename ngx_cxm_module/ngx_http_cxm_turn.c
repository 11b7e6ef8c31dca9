/*
 * Turns.
 */

#include "ngx_http_cxm_turn.h"
#include "ngx_http_cxm_metrics.h"
#include "ngx_http_cxm_store.h"


static ngx_http_cxm_turn_t *ngx_http_cxm_turn_of(ngx_http_request_t *r);
static ngx_uint_t ngx_http_cxm_turn_free(ngx_http_cxm_turn_t *turn);
static void ngx_http_cxm_turn_wait(ngx_http_cxm_turn_t *turn,
    ngx_http_request_t *r, ngx_http_cxm_turn_pt begin);
static void ngx_http_cxm_turn_next(ngx_event_t *ev);
static void ngx_http_cxm_turn_first(ngx_http_cxm_turn_t *turn);


void
ngx_http_cxm_turn_init(ngx_http_cxm_turn_t *turn, ngx_log_t *log)
{
    ngx_queue_init(&turn->waiting);

    turn->next.data = turn;
    turn->next.handler = ngx_http_cxm_turn_next;
    turn->next.log = log;
}


static ngx_http_cxm_turn_t *
ngx_http_cxm_turn_of(ngx_http_request_t *r)
{
    ngx_http_cxm_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_cxm_module);

    return &mcf->worker->turn;
}


void
ngx_http_cxm_turn_take(ngx_http_request_t *r, ngx_http_cxm_turn_pt begin)
{
    uint64_t                  start;
    ngx_http_cxm_turn_t      *turn;
    ngx_http_cxm_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);

    if (lcf->endpoint == CXM_ENDPOINT_BEACON) {
        begin(r);
        return;
    }

    turn = ngx_http_cxm_turn_of(r);

    if (!ngx_http_cxm_turn_free(turn)) {
        ngx_http_cxm_turn_wait(turn, r, begin);
        return;
    }

    start = cxm_monotonic_us();
    begin(r);
    turn->spent += cxm_monotonic_us() - start;
}


/*
 * The loop sets the time once a round, so another time is another round; one
 * with the same time is told by the event, which only comes if some wait.
 */

static ngx_uint_t
ngx_http_cxm_turn_free(ngx_http_cxm_turn_t *turn)
{
    if (turn->round != ngx_current_msec) {
        turn->round = ngx_current_msec;
        turn->spent = 0;
    }

    return ngx_queue_empty(&turn->waiting) && turn->spent < NGX_HTTP_CXM_TURN;
}


static void
ngx_http_cxm_turn_wait(ngx_http_cxm_turn_t *turn, ngx_http_request_t *r,
    ngx_http_cxm_turn_pt begin)
{
    ngx_http_cxm_ctx_t       *ctx;
    ngx_http_cxm_srv_conf_t  *scf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);

    ctx->turn.request = r;
    ctx->turn.begin = begin;
    ngx_queue_insert_tail(&turn->waiting, &ctx->turn.queue);

    /* a worker that quits serves them before it ends */

    ngx_http_cxm_store_hold(scf->store);

    cxm_metrics_add(&ngx_http_cxm_metrics_of(scf->store)->requests_waited, 1);

    if (!r->discard_body) {

        /* so that a client that goes is seen */

        r->read_event_handler = ngx_http_test_reading;
    }

    ngx_post_event(&turn->next, &ngx_posted_next_events);
}


void
ngx_http_cxm_turn_leave(ngx_http_cxm_ctx_t *ctx)
{
    ngx_http_cxm_srv_conf_t  *scf;

    scf = ngx_http_get_module_srv_conf(ctx->turn.request,
                                       ngx_http_cxm_module);

    ngx_queue_remove(&ctx->turn.queue);
    ctx->turn.request = NULL;

    ngx_http_cxm_store_release(scf->store);
}


static void
ngx_http_cxm_turn_next(ngx_event_t *ev)
{
    ngx_http_cxm_turn_t  *turn = ev->data;

    uint64_t  start;

    start = cxm_monotonic_us();
    turn->round = ngx_current_msec;
    turn->spent = 0;

    while (!ngx_queue_empty(&turn->waiting) && turn->spent < NGX_HTTP_CXM_TURN)
    {
        ngx_http_cxm_turn_first(turn);
        turn->spent = cxm_monotonic_us() - start;
    }

    if (!ngx_queue_empty(&turn->waiting)) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}


static void
ngx_http_cxm_turn_first(ngx_http_cxm_turn_t *turn)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;
    ngx_http_cxm_ctx_t  *ctx;

    ctx = ngx_queue_data(ngx_queue_head(&turn->waiting), ngx_http_cxm_ctx_t,
                         turn.queue);
    r = ctx->turn.request;
    c = r->connection;

    ngx_http_cxm_turn_leave(ctx);

    ngx_http_set_log_request(c->log, r);
    ctx->turn.begin(r);
    ngx_http_run_posted_requests(c);
}
