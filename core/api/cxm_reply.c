/*
 * Replies: what handlers set, and what every reply carries.
 */

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_memory.h"
#include "cxm_query.h"


#define CXM_REPLY_LOCATION  4096


static cxm_header_t *
cxm_reply_find_header(cxm_call_t *call, const char *name)
{
    unsigned  i;

    for (i = 0; i < call->reply.nheaders; i++) {
        if (strcasecmp(call->reply.headers[i].name, name) == 0) {
            return &call->reply.headers[i];
        }
    }

    return NULL;
}


int
cxm_call_has_header(const cxm_call_t *call, const char *name)
{
    return cxm_reply_find_header((cxm_call_t *) call, name) != NULL;
}


static int
cxm_reply_printable(cxm_str_t value)
{
    size_t  i;

    for (i = 0; i < value.len; i++) {
        if ((unsigned char) value.data[i] < 0x20 || value.data[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}


static void
cxm_reply_set_header(cxm_call_t *call, cxm_header_t *header, const char *name,
    cxm_str_t value)
{
    value = cxm_arena_str(&call->arena, value);

    /* a line break would let the value make headers of its own */

    if (value.data == NULL || !cxm_reply_printable(value)) {
        return;
    }

    if (header == NULL && call->reply.nheaders < CXM_REPLY_HEADERS) {
        header = &call->reply.headers[call->reply.nheaders++];
        header->name = name;
    }

    if (header != NULL) {
        header->value = value;
    }
}


void
cxm_call_header(cxm_call_t *call, const char *name, cxm_str_t value)
{
    cxm_reply_set_header(call, cxm_reply_find_header(call, name), name,
                         value);
}


void
cxm_call_add_header(cxm_call_t *call, const char *name, cxm_str_t value)
{
    cxm_reply_set_header(call, NULL, name, value);
}


void
cxm_call_headerf(cxm_call_t *call, const char *name, const char *fmt, ...)
{
    char     text[2048];
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    if (n >= 0 && (size_t) n < sizeof(text)) {
        cxm_call_header(call, name, (cxm_str_t) { (size_t) n, text });
    }
}


cxm_rc_t
cxm_call_reply(cxm_call_t *call, int status, json_t *output)
{
    if (cxm_memory_failed() || output == NULL) {
        json_decref(output);
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    json_decref(call->output);
    call->output = output;
    call->reply.status = status;

    return CXM_OK;
}


cxm_rc_t
cxm_call_reply_raw(cxm_call_t *call, int status, const char *content_type)
{
    call->reply.status = status;
    call->reply.content_type = cxm_strz(content_type);

    return CXM_OK;
}


/* --- documents ---------------------------------------------------------- */

/* The quotes around a tag make a plain search exact. */
static int
cxm_reply_etag_listed(cxm_str_t list, const char *etag)
{
    if (list.len == 0) {
        return 0;
    }

    return cxm_str_eqz(list, "*")
           || memmem(list.data, list.len, etag, strlen(etag)) != NULL;
}


int
cxm_call_etag(cxm_call_t *call, const char *etag)
{
    cxm_call_header(call, "ETag", cxm_strz(etag));

    if ((call->method == CXM_GET || call->method == CXM_HEAD)
        && cxm_reply_etag_listed(call->if_none_match, etag))
    {
        call->reply.status = 304;
        return 1;
    }

    return 0;
}


void
cxm_call_location(cxm_call_t *call, cxm_str_t tail)
{
    cxm_buf_t  text;

    cxm_buf_init(&text, CXM_REPLY_LOCATION);
    cxm_query_encode(&text, call->prefix, 1);
    cxm_query_encode(&text, call->path, 1);

    if (tail.len > 0) {
        cxm_buf_putc(&text, '/');
        cxm_query_encode(&text, tail, 0);
    }

    if (!text.failed) {
        cxm_call_header(call, "Location", cxm_buf_str(&text));
    }

    cxm_buf_free(&text);
}


static const cxm_field_t  moved_fields[] = {
    { .name = "merged_into", .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_REQUIRED, .summary = "what has become of it" },
    { .name = NULL }
};

const cxm_fields_t  cxm_moved_fields = { "Moved", moved_fields };


/* The same address, the first id of it being another. */
static void
reply_moved_address(cxm_call_t *call, cxm_buf_t *text)
{
    size_t      before;
    unsigned    i;
    cxm_str_t   id;

    id = call->params[0];
    before = id.len == 0
             ? call->path.len
             : (size_t) ((const char *) memmem(call->path.data,
                                               call->path.len, id.data,
                                               id.len) - call->path.data);

    cxm_query_encode(text, call->prefix, 1);
    cxm_query_encode(text, (cxm_str_t) { before, call->path.data }, 1);
    cxm_buf_puts(text, call->err.merged_into);
    before += id.len;
    cxm_query_encode(text, (cxm_str_t) { call->path.len - before,
                                         call->path.data + before }, 1);

    for (i = 0; i < call->nargs; i++) {
        cxm_buf_putc(text, i == 0 ? '?' : '&');
        cxm_query_encode(text, call->args[i].name, 0);
        cxm_buf_putc(text, '=');
        cxm_query_encode(text, call->args[i].value, 0);
    }
}


/*
 * 308 says to use the new address from now on.  It is never cached (all
 * replies here are no-store): a merge may be undone.
 */
void
cxm_reply_moved(cxm_call_t *call)
{
    json_t     *body;
    cxm_buf_t   address;

    cxm_buf_init(&address, CXM_REPLY_LOCATION);
    reply_moved_address(call, &address);

    if (!address.failed) {
        cxm_call_header(call, "Location", cxm_buf_str(&address));
    }

    cxm_buf_free(&address);

    body = json_pack("{ss}", moved_fields[0].name, call->err.merged_into);
    call->reply.content_type = cxm_str("application/json");
    cxm_json_dump(&call->reply.body, body);
    json_decref(body);
}


/* PUT names the document itself, POST the list that it goes into. */
static void
cxm_reply_location(cxm_call_t *call, const cxm_doc_t *doc)
{
    char       id[CXM_UUID_LEN + 1];
    cxm_str_t  name;

    name = (cxm_str_t) { 0, NULL };

    if (call->method == CXM_POST) {
        cxm_uuid_format(&doc->id, id);
        name = cxm_json_get_str(doc->body, "slug");
        name = name.len > 0 ? name : cxm_strz(id);
    }

    cxm_call_location(call, name);
}


cxm_rc_t
cxm_call_reply_shown(cxm_call_t *call, const cxm_doc_t *doc, json_t *shown,
    int created)
{
    char  etag[24];

    (void) snprintf(etag, sizeof(etag), "\"%llu\"",
                    (unsigned long long) doc->version);

    if (cxm_call_etag(call, etag)) {
        json_decref(shown);
        return CXM_OK;
    }

    if (created) {
        cxm_reply_location(call, doc);
    }

    return cxm_call_reply(call, created ? 201 : 200, shown);
}


cxm_rc_t
cxm_call_reply_doc(cxm_call_t *call, const cxm_doc_t *doc, int created)
{
    return cxm_call_reply_shown(call, doc, cxm_doc_json(doc), created);
}


/* --- all replies -------------------------------------------------------- */

void
cxm_reply_common(cxm_call_t *call)
{
    const cxm_header_t  *vary;

    if (!cxm_call_has_header(call, "Cache-Control")) {
        cxm_call_header(call, "Cache-Control", cxm_str("no-store"));
    }

    if (!cxm_endpoint_shared(call->endpoint)) {
        return;
    }

    /* also without an allowed Origin: a cache must not mix the two up */

    vary = cxm_reply_find_header(call, "Vary");

    if (vary == NULL) {
        cxm_call_header(call, "Vary", cxm_str("Origin"));

    } else {
        cxm_call_headerf(call, "Vary", "%.*s, Origin",
                         (int) vary->value.len, vary->value.data);
    }

    if (call->cors_origin.data != NULL) {
        cxm_call_header(call, "Access-Control-Allow-Origin",
                        call->cors_origin);
        cxm_call_header(call, "Access-Control-Allow-Credentials",
                        cxm_str("true"));
        cxm_call_header(call, "Access-Control-Expose-Headers",
                        cxm_str("etag, retry-after"));
    }
}
