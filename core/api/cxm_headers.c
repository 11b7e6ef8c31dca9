/*
 * What the headers of a request say: who calls, from where, on what
 * conditions.
 */

#include "cxm_call.h"
#include "cxm_json.h"


#define CXM_AGENT_MAX     512
#define CXM_HOST_MAX      255
#define CXM_ORIGINS_MAX   4096
#define CXM_LANGUAGE_MAX  35

#define CXM_MEDIA_PARAM   ';'


/* --- pieces of header values -------------------------------------------- */

cxm_str_t
cxm_header_trim(cxm_str_t s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }

    while (s.len > 0
           && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
    {
        s.len--;
    }

    return s;
}


cxm_str_t
cxm_header_cut(cxm_str_t *s, char at)
{
    return cxm_header_trim(cxm_str_cut(s, at));
}


/* Clients send any bytes: only the UTF-8 in front of others is kept. */
static cxm_str_t
cxm_headers_copy(cxm_arena_t *arena, cxm_str_t s, size_t max)
{
    if (s.data == NULL) {
        return s;
    }

    s.len = cxm_utf8_prefix(s.data, s.len < max ? s.len : max);

    return cxm_arena_str(arena, s);
}


static cxm_str_t
cxm_headers_bytes(cxm_arena_t *arena, cxm_str_t s)
{
    return s.data == NULL ? s : cxm_arena_str(arena, s);
}


/* --- Accept ------------------------------------------------------------- */

typedef struct {
    unsigned  q;                /* thousandths */
    unsigned  exact;            /* 0: by a wildcard for all, .. 2: by name */
} cxm_accept_t;


static unsigned
cxm_accept_q(cxm_str_t params)
{
    unsigned   q, unit;
    cxm_str_t  param, value;

    while (params.len > 0) {

        value = cxm_header_cut(&params, CXM_MEDIA_PARAM);
        param = cxm_header_cut(&value, '=');

        if (!cxm_str_ieqz(param, "q")) {
            continue;
        }

        value = cxm_header_trim(value);

        if (value.len == 0 || value.data[0] != '0') {
            return 1000;
        }

        q = 0;
        unit = 100;

        for (value.data += 2, value.len -= value.len > 1 ? 2 : 1;
             value.len > 0 && unit > 0
             && *value.data >= '0' && *value.data <= '9';
             value.data++, value.len--)
        {
            q += unit * (unsigned) (*value.data - '0');
            unit /= 10;
        }

        return q;
    }

    return 1000;
}


static void
cxm_accept_note(cxm_accept_t *accept, cxm_str_t range, cxm_str_t params,
    const char *const names[3])
{
    unsigned  exact;

    for (exact = 3; exact-- > 0; /* void */ ) {

        if (!cxm_str_ieqz(range, names[exact])) {
            continue;
        }

        if (exact >= accept->exact) {
            accept->exact = exact;
            accept->q = cxm_accept_q(params);
        }

        return;
    }
}


/* Whether a page is preferred to JSON; a tie goes to what was named. */
static int
cxm_accept_html(cxm_str_t accept)
{
    cxm_str_t     item, range;
    cxm_accept_t  html, json;

    static const char *const  html_names[] = { "*/*", "text/*", "text/html" };
    static const char *const  json_names[] = { "*/*", "application/*",
                                               "application/json" };

    memset(&html, 0, sizeof(html));
    memset(&json, 0, sizeof(json));

    while (accept.len > 0) {
        item = cxm_header_cut(&accept, ',');
        range = cxm_header_cut(&item, CXM_MEDIA_PARAM);

        cxm_accept_note(&html, range, item, html_names);
        cxm_accept_note(&json, range, item, json_names);
    }

    return html.q > json.q
           || (html.q > 0 && html.q == json.q && html.exact > json.exact);
}


/* --- the caller --------------------------------------------------------- */

/* The first tag of Accept-Language, lower case; NULL when it is none. */
static cxm_str_t
cxm_headers_language(cxm_arena_t *arena, cxm_str_t accept)
{
    char      *p;
    size_t     i;
    cxm_str_t  tag, none = { 0, NULL };

    tag = cxm_header_cut(&accept, ',');
    tag = cxm_header_cut(&tag, CXM_MEDIA_PARAM);

    if (tag.len == 0 || tag.len > CXM_LANGUAGE_MAX) {
        return none;
    }

    p = cxm_arena_alloc(arena, tag.len + 1);

    for (i = 0; p != NULL && i < tag.len; i++) {
        p[i] = tag.data[i];

        if (p[i] >= 'A' && p[i] <= 'Z') {
            p[i] |= 0x20;
        }

        if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= '0' && p[i] <= '9')
              || (p[i] == '-' && i > 0)))
        {
            return none;
        }
    }

    return p == NULL ? none : (cxm_str_t) { tag.len, p };
}


void
cxm_request_caller(const cxm_request_t *request, cxm_arena_t *arena,
    cxm_caller_t *caller)
{
    caller->user_agent = cxm_headers_copy(arena, request->user_agent,
                                          CXM_AGENT_MAX);
    caller->host = cxm_headers_copy(arena, request->host, CXM_HOST_MAX);
    caller->language = cxm_headers_language(arena, request->accept_language);
    caller->address = cxm_headers_bytes(arena, request->address);
    caller->country = cxm_headers_bytes(arena, request->country);
    caller->region = cxm_headers_bytes(arena, request->region);
    caller->private = cxm_str_eqz(request->sec_gpc, "1")
                      || cxm_str_eqz(request->dnt, "1");

    cxm_agent_classify(caller);

    /* a page that a browser fetches ahead is seen by nobody yet */

    caller->bot |= cxm_str_has(request->sec_purpose, "prefetch")
                   || cxm_str_has(request->sec_purpose, "prerender");
}


int
cxm_origin_allowed(const char *const *allow, cxm_str_t origin)
{
    if (allow == NULL || origin.len == 0) {
        return 0;
    }

    for ( /* void */ ; *allow != NULL; allow++) {
        if (cxm_str_eqz(origin, *allow)) {
            return 1;
        }
    }

    return 0;
}


/* " https://a.example https://b.example"; of surveys, whose pages need it. */
static cxm_str_t
cxm_headers_origins(cxm_call_t *call, const char *const *allow)
{
    cxm_buf_t  list;
    cxm_str_t  origins = cxm_str("");

    if (call->endpoint != CXM_ENDPOINT_SURVEYS || allow == NULL) {
        return origins;
    }

    cxm_buf_init(&list, CXM_ORIGINS_MAX);

    for ( /* void */ ; *allow != NULL; allow++) {
        cxm_buf_putc(&list, ' ');
        cxm_buf_puts(&list, *allow);
    }

    if (!list.failed) {
        origins = cxm_arena_str(&call->arena, cxm_buf_str(&list));
    }

    cxm_buf_free(&list);

    return origins;
}


cxm_rc_t
cxm_step_headers(cxm_call_t *call)
{
    const cxm_request_t  *request;

    request = call->request;

    call->endpoint = request->endpoint;
    call->insecure_cookies = request->insecure_cookies;
    call->throttle.host = request->throttle;
    call->method = request->method;
    call->now = request->now;
    call->body_len = request->body.len;
    call->zone = request->zone != NULL ? request->zone : cxm_zone_utc();
    call->zones = request->zones;

    call->prefix = cxm_arena_str(&call->arena, request->prefix);
    call->surveys = cxm_arena_str(&call->arena, request->surveys);
    call->base = cxm_arena_str(&call->arena, request->base);
    call->site = cxm_headers_bytes(&call->arena, request->site);
    call->path = cxm_arena_str(&call->arena, request->path);
    call->cookies = cxm_headers_bytes(&call->arena, request->cookie);
    call->accept_language = cxm_headers_copy(&call->arena,
                                             request->accept_language,
                                             CXM_AGENT_MAX);
    call->html = cxm_accept_html(request->accept);

    cxm_request_caller(request, &call->arena, &call->caller);

    call->framed_by = cxm_headers_origins(call, request->allow_origin);

    if (cxm_endpoint_shared(call->endpoint)
        && cxm_origin_allowed(request->allow_origin, request->origin))
    {
        call->cors_origin = cxm_arena_str(&call->arena, request->origin);
    }

    if (call->prefix.data == NULL || call->surveys.data == NULL
        || call->base.data == NULL || call->path.data == NULL)
    {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    if (!cxm_utf8_valid(call->path.data, call->path.len)) {
        return cxm_fail(&call->err, CXM_BAD_REQUEST, "bad_encoding",
                        "The path is not UTF-8.");
    }

    return CXM_OK;
}


/* --- conditions --------------------------------------------------------- */

/* "0" is of what a document may replace: CXM_VERSION_NONE. */
static int
cxm_etag_parse(cxm_str_t tag, uint64_t *version)
{
    size_t     i;
    uint64_t   v;
    cxm_str_t  digits;

    if (tag.len > 2 && memcmp(tag.data, "W/", 2) == 0) {
        tag.data += 2;
        tag.len -= 2;
    }

    if (tag.len < 3 || tag.len > 2 + 18 || tag.data[0] != '"'
        || tag.data[tag.len - 1] != '"'
        || (tag.data[1] == '0' && tag.len > 3))
    {
        return 0;
    }

    v = 0;
    digits = (cxm_str_t) { tag.len - 2, tag.data + 1 };

    for (i = 0; i < digits.len; i++) {

        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return 0;
        }

        v = v * 10 + (uint64_t) (digits.data[i] - '0');
    }

    *version = v;

    return 1;
}


/* A tag that we never gave is no version of anything: 412, not 400. */
static uint64_t
cxm_headers_if_match(const cxm_request_t *request)
{
    uint64_t   version;
    cxm_str_t  tag;

    tag = cxm_header_trim(request->if_match);

    if (tag.len == 0) {
        return request->method == CXM_PUT
               && cxm_str_eqz(cxm_header_trim(request->if_none_match), "*")
               ? CXM_VERSION_NONE : CXM_VERSION_ANY;
    }

    if (cxm_str_eqz(tag, "*")) {
        return CXM_VERSION_SOME;
    }

    return cxm_etag_parse(tag, &version) ? version : CXM_VERSION_MISS;
}


cxm_rc_t
cxm_step_conditions(cxm_call_t *call)
{
    size_t     i;
    cxm_str_t  key;

    call->if_match = cxm_headers_if_match(call->request);
    call->if_none_match = cxm_arena_str(&call->arena,
                                        call->request->if_none_match);

    key = call->request->idempotency_key;

    if (key.data == NULL || call->method != CXM_POST) {
        return CXM_OK;
    }

    for (i = 0; i < key.len && key.data[i] > 0x20 && key.data[i] < 0x7f; i++) {
        /* void */
    }

    if (key.len == 0 || key.len > 255 || i < key.len) {
        return cxm_fail(&call->err, CXM_BAD_REQUEST, "bad_idempotency_key",
                        "An Idempotency-Key is 1 to 255 visible ASCII "
                        "characters.");
    }

    call->idempotency_key = cxm_arena_str(&call->arena, key);

    return CXM_OK;
}


/* --- what was served ---------------------------------------------------- */

/*
 * A server hands on what others answered: its own requests say nothing of
 * what they saw.
 */
static int
cxm_headers_served(const cxm_call_t *call, cxm_experience_t *experience)
{
    cxm_str_t             visitor, client = { 0, NULL };
    const cxm_request_t  *request;

    request = call->request;
    visitor = cxm_json_get_str(json_object_get(call->input, "respondent"),
                               "visitor");

    if (request->served == NULL || call->caller.private) {
        return 0;
    }

    return (visitor.len > 0
            && request->served(request->served_ctx, visitor, experience))
           || (!cxm_may(&call->caller, CXM_SCOPE_INGEST)
               && request->served(request->served_ctx, client, experience));
}


cxm_rc_t
cxm_call_join(cxm_call_t *call)
{
    cxm_experience_t  experience;

    if (!cxm_headers_served(call, &experience)) {
        return CXM_OK;
    }

    call->caller.latency_band = cxm_strz(cxm_latency_bands[experience.band]);
    call->caller.status_class =
                  cxm_strz(cxm_status_classes[experience.status_class]);

    return CXM_OK;
}
