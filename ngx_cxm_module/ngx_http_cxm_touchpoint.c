/*
 * cxm_touchpoint.
 *
 * The touchpoint is made in the log phase, when the response is out of our
 * hands: nothing here can delay or fail it.  The log phase runs once a
 * request, whatever internal redirects and subrequests it had, but in the
 * last location; an error page may lie in one that knows of no touchpoint.
 * So each location that has one notes it when the request comes by.
 */

#include "ngx_http_cxm_touchpoint.h"
#include "ngx_http_cxm_edge.h"
#include "ngx_http_cxm_request.h"
#include "ngx_http_cxm_served.h"
#include "ngx_http_cxm_store.h"


static ngx_int_t ngx_http_cxm_touch_note(ngx_http_request_t *r);
static void ngx_http_cxm_touch_noted(void *data);
static ngx_http_cxm_touchpoint_t *ngx_http_cxm_touch_of(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_cxm_touch_log(ngx_http_request_t *r);
static void ngx_http_cxm_touch_served(ngx_http_request_t *r,
    cxm_served_t *served);
static void ngx_http_cxm_touch_event(ngx_http_request_t *r,
    ngx_http_cxm_touchpoint_t *touchpoint, json_t *input,
    const cxm_served_t *served, cxm_buf_t *event);
static json_t *ngx_http_cxm_touch_input(ngx_http_request_t *r,
    ngx_http_cxm_touchpoint_t *touchpoint, ngx_str_t *type);
static void ngx_http_cxm_touch_join(ngx_http_request_t *r,
    ngx_http_cxm_touchpoint_t *touchpoint, const json_t *input,
    const cxm_served_t *served);
static json_t *ngx_http_cxm_touch_text(const ngx_str_t *value, size_t max);


ngx_int_t
ngx_http_cxm_touchpoint_init(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    static const struct {
        ngx_http_phases      phase;
        ngx_http_handler_pt  handler;
    } hooks[] = {
        { NGX_HTTP_REWRITE_PHASE, ngx_http_cxm_touch_note },
        { NGX_HTTP_LOG_PHASE, ngx_http_cxm_touch_log }
    };

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
        h = ngx_array_push(&cmcf->phases[hooks[i].phase].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = hooks[i].handler;
    }

    return NGX_OK;
}


/*
 * In the request's pool and not in a context: an internal redirect clears
 * those.
 */

static ngx_int_t
ngx_http_cxm_touch_note(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_cxm_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);

    if (lcf->touchpoint == NULL || r != r->main) {
        return NGX_DECLINED;
    }

    for (cln = r->pool->cleanup; cln != NULL; cln = cln->next) {
        if (cln->handler == ngx_http_cxm_touch_noted) {
            cln->data = lcf->touchpoint;
            return NGX_DECLINED;
        }
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (cln != NULL) {
        cln->handler = ngx_http_cxm_touch_noted;
        cln->data = lcf->touchpoint;
    }

    return NGX_DECLINED;
}


/* Marks what is noted; there is nothing to be freed. */

static void
ngx_http_cxm_touch_noted(void *data)
{
    (void) data;
}


static ngx_http_cxm_touchpoint_t *
ngx_http_cxm_touch_of(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t         *cln;
    ngx_http_cxm_loc_conf_t    *lcf;
    ngx_http_cxm_touchpoint_t  *touchpoint;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);
    touchpoint = lcf->touchpoint;

    for (cln = r->pool->cleanup; touchpoint == NULL && cln != NULL;
         cln = cln->next)
    {
        if (cln->handler == ngx_http_cxm_touch_noted) {
            touchpoint = cln->data;
        }
    }

    return touchpoint == &ngx_http_cxm_touchpoint_off ? NULL : touchpoint;
}


static ngx_int_t
ngx_http_cxm_touch_log(ngx_http_request_t *r)
{
    json_t                     *input;
    cxm_buf_t                   event;
    ngx_str_t                   type, wanted;
    cxm_served_t                served;
    ngx_http_cxm_srv_conf_t    *scf;
    ngx_http_cxm_touchpoint_t  *touchpoint;

    if (r != r->main) {
        return NGX_OK;
    }

    touchpoint = ngx_http_cxm_touch_of(r);
    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);

    if (touchpoint == NULL || scf->store == NULL || scf->store->edge == NULL) {
        return NGX_OK;
    }

    if (touchpoint->filter != NULL
        && (ngx_http_complex_value(r, touchpoint->filter, &wanted) != NGX_OK
            || wanted.len == 0
            || (wanted.len == 1 && wanted.data[0] == '0')))
    {
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, &touchpoint->type, &type) != NGX_OK
        || type.len == 0)
    {
        return NGX_OK;
    }

    ngx_http_cxm_touch_served(r, &served);

    input = ngx_http_cxm_touch_input(r, touchpoint, &type);

    ngx_http_cxm_touch_event(r, touchpoint, input, &served, &event);
    ngx_http_cxm_edge_add(scf->store->edge, &event);
    json_decref(input);

    return NGX_OK;
}


/* As $status, $request_time and $upstream_response_time have it. */

static void
ngx_http_cxm_touch_served(ngx_http_request_t *r, cxm_served_t *served)
{
    ngx_uint_t                  i;
    ngx_time_t                 *tp;
    ngx_http_upstream_state_t  *state;

    served->status = r->err_status ? r->err_status : r->headers_out.status;

    tp = ngx_timeofday();
    served->latency = (cxm_ms_t) (tp->sec - r->start_sec) * 1000
                      + (cxm_ms_t) tp->msec - (cxm_ms_t) r->start_msec;
    served->latency = ngx_max(served->latency, 0);
    served->upstream = -1;

    if (r->upstream_states == NULL) {
        return;
    }

    state = r->upstream_states->elts;

    for (i = 0; i < r->upstream_states->nelts; i++) {
        if (state[i].peer != NULL
            && state[i].response_time != (ngx_msec_t) -1)
        {
            served->upstream = ngx_max(served->upstream, 0)
                               + (cxm_ms_t) state[i].response_time;
        }
    }
}


/* Empty when it cannot be made, for which there is only a lack of memory. */

static void
ngx_http_cxm_touch_event(ngx_http_request_t *r,
    ngx_http_cxm_touchpoint_t *touchpoint, json_t *input,
    const cxm_served_t *served, cxm_buf_t *event)
{
    cxm_arena_t               arena;
    cxm_error_t               err;
    cxm_store_t              *handle;
    cxm_caller_t              caller;
    cxm_request_t             request;
    ngx_http_cxm_srv_conf_t  *scf;

    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);
    handle = ngx_http_cxm_store_handle(scf->store);

    cxm_buf_init(event, CXM_ENTRY_MAX);

    if (input == NULL || handle == NULL) {
        return;
    }

    ngx_memzero(&arena, sizeof(cxm_arena_t));
    ngx_memzero(&caller, sizeof(cxm_caller_t));
    cxm_error_init(&err);

    ngx_http_cxm_request_sender(r, &request);
    cxm_request_caller(&request, &arena, &caller);

    if (cxm_event_served(handle, &caller, request.now, input, served, event,
                         &err)
        != CXM_OK)
    {
        ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "cxm touchpoint refused: %s %s",
                       err.nissues ? err.issues[0].pointer : "", err.detail);

    } else if (!caller.private) {
        ngx_http_cxm_touch_join(r, touchpoint, input, served);
    }

    cxm_arena_free(&arena);
}


static json_t *
ngx_http_cxm_touch_input(ngx_http_request_t *r,
    ngx_http_cxm_touchpoint_t *touchpoint, ngx_str_t *type)
{
    json_t                      *input, *props, *text;
    ngx_str_t                    value, url;
    ngx_uint_t                   i;
    ngx_http_cxm_touch_value_t  *v;

    input = json_object();
    props = json_object();

    /* "//host" would be another site's address */

    url = r->unparsed_uri;

    while (url.len > 1 && url.data[0] == '/' && url.data[1] == '/') {
        url.data++;
        url.len--;
    }

    (void) json_object_set_new(input, "type",
                               ngx_http_cxm_touch_text(type,
                                                   NGX_HTTP_CXM_TOUCH_TYPE));
    (void) json_object_set_new(input, "url",
                               ngx_http_cxm_touch_text(&url,
                                                   NGX_HTTP_CXM_TOUCH_URL));

    v = touchpoint->values.elts;

    for (i = 0; i < touchpoint->values.nelts; i++) {

        if (ngx_http_complex_value(r, &v[i].value, &value) != NGX_OK) {
            continue;
        }

        if (value.len == 0) {

            if (v[i].member) {
                (void) json_object_deln(input, (char *) v[i].name.data,
                                        v[i].name.len);
            }

            continue;
        }

        text = ngx_http_cxm_touch_text(&value, v[i].max);

        (void) json_object_setn_new(v[i].member ? input : props,
                                    (char *) v[i].name.data, v[i].name.len,
                                    text);
    }

    if (json_object_size(props) > 0) {
        (void) json_object_set(input, "props", props);
    }

    json_decref(props);

    return input;
}


static void
ngx_http_cxm_touch_join(ngx_http_request_t *r,
    ngx_http_cxm_touchpoint_t *touchpoint, const json_t *input,
    const cxm_served_t *served)
{
    cxm_str_t                    visitor, client;
    ngx_uint_t                   i;
    cxm_experience_t             experience;
    ngx_http_cxm_touch_value_t  *v;

    cxm_served_experience(served, &experience);

    client.len = 0;
    client.data = NULL;
    ngx_http_cxm_served_put(r, client, &experience);

    v = touchpoint->values.elts;

    for (i = 0; i < touchpoint->values.nelts; i++) {
        visitor = cxm_json_str(json_object_getn(input,
                                                (char *) v[i].name.data,
                                                v[i].name.len));

        if (v[i].visitor && visitor.len > 0) {
            ngx_http_cxm_served_put(r, visitor, &experience);
        }
    }
}


/*
 * Clients have their say in variables: what is no UTF-8 is cut off, control
 * characters become spaces, and what is too long is cut.
 */

static json_t *
ngx_http_cxm_touch_text(const ngx_str_t *value, size_t max)
{
    u_char  *text;
    size_t   i, len, n;
    json_t  *string;

    len = ngx_min(value->len, 4 * max);
    len = cxm_utf8_prefix((char *) value->data, len);

    for (i = 0, n = 0; i < len; i++) {
        n += (value->data[i] & 0xc0) != 0x80;

        if (n > max) {
            break;
        }
    }

    len = i;

    text = ngx_alloc(len + 1, ngx_cycle->log);
    if (text == NULL) {
        return NULL;
    }

    for (i = 0; i < len; i++) {
        text[i] = value->data[i] < ' ' || value->data[i] == 0x7f
                  ? ' ' : value->data[i];
    }

    string = json_stringn((char *) text, len);
    ngx_free(text);

    return string;
}
