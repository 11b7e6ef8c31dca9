/*
 * Pages of lists: limits, sealed cursors, the Link to the next page.
 */

#include <stdlib.h>

#include "cxm_call.h"
#include "cxm_query.h"


#define CXM_PAGE_TEXT     4096      /* of a cursor, a query, a Link */


static int
cxm_page_own(cxm_str_t name)
{
    return cxm_str_eqz(name, "limit") || cxm_str_eqz(name, "cursor");
}


static int
cxm_page_compare(const void *a, const void *b)
{
    int               order;
    size_t            min;
    const cxm_arg_t  *const *x = a;
    const cxm_arg_t  *const *y = b;
    cxm_str_t         s, t;

    s = (*x)->name;
    t = (*y)->name;

    if (cxm_str_eq(s, t)) {
        s = (*x)->value;
        t = (*y)->value;
    }

    min = s.len < t.len ? s.len : t.len;
    order = min == 0 ? 0 : memcmp(s.data, t.data, min);

    return order != 0 ? order : (s.len > t.len) - (s.len < t.len);
}


/*
 * What a cursor is bound to: the address and the arguments that choose, in
 * an order of their own.  NUL separates, which no argument can hold.
 */
static void
cxm_page_bound(const cxm_call_t *call, cxm_buf_t *ad)
{
    unsigned          i, n;
    const cxm_arg_t  *sorted[CXM_QUERY_ARGS];

    n = 0;
    memset(sorted, 0, sizeof(sorted));

    for (i = 0; i < call->nargs; i++) {
        if (!cxm_page_own(call->args[i].name)) {
            sorted[n++] = &call->args[i];
        }
    }

    qsort(sorted, n, sizeof(sorted[0]), cxm_page_compare);

    cxm_buf_putc(ad, (uint8_t) call->endpoint);
    cxm_buf_put(ad, call->path.data, call->path.len);

    for (i = 0; i < n; i++) {
        cxm_buf_putc(ad, 0);
        cxm_buf_put(ad, sorted[i]->name.data, sorted[i]->name.len);
        cxm_buf_putc(ad, 0);
        cxm_buf_put(ad, sorted[i]->value.data, sorted[i]->value.len);
    }
}


static cxm_rc_t
cxm_page_open(cxm_call_t *call, cxm_page_t *page)
{
    cxm_rc_t          rc;
    cxm_buf_t         ad, sealed, text;
    const cxm_key_t  *key;

    key = &cxm_store_keyring(call->store)->k[CXM_SUBKEY_CURSOR];

    cxm_buf_init(&ad, CXM_REPLY_MAX);
    cxm_buf_init(&sealed, CXM_PAGE_TEXT);
    cxm_buf_init(&text, CXM_PAGE_POSITION);

    cxm_page_bound(call, &ad);
    rc = cxm_base64url_decode(cxm_call_arg(call, "cursor"), &sealed);

    if (rc == CXM_OK) {
        rc = cxm_open(key, cxm_buf_str(&ad), cxm_buf_str(&sealed), &text);
    }

    if (rc == CXM_OK && text.len > 0) {
        page->len = text.len;
        memcpy(page->position, text.data, text.len);

    } else {
        rc = cxm_issue(&call->err, "?cursor", "invalid",
                       "Must be the `next` of a page of the same list.");
    }

    cxm_buf_free(&ad);
    cxm_buf_free(&sealed);
    cxm_buf_free(&text);

    return rc;
}


cxm_rc_t
cxm_page_begin(cxm_call_t *call, cxm_page_t *page)
{
    memset(page, 0, sizeof(*page));
    page->limit = (unsigned) cxm_call_int(call, "limit", CXM_PAGE_LIMIT);

    return cxm_call_has_arg(call, "cursor") ? cxm_page_open(call, page)
                                            : CXM_OK;
}


static cxm_str_t
cxm_page_cursor(cxm_call_t *call, const cxm_page_t *next)
{
    cxm_buf_t             ad, sealed, text;
    cxm_str_t             cursor;
    const cxm_keyring_t  *ring;

    ring = cxm_store_keyring(call->store);

    cxm_buf_init(&ad, CXM_REPLY_MAX);
    cxm_buf_init(&sealed, CXM_PAGE_TEXT);
    cxm_buf_init(&text, CXM_PAGE_TEXT);

    cxm_page_bound(call, &ad);
    cxm_seal(&ring->k[CXM_SUBKEY_CURSOR], &ring->k[CXM_SUBKEY_NONCE],
             cxm_buf_str(&ad),
             (cxm_str_t) { next->len, (const char *) next->position },
             &sealed);
    cxm_base64url_encode(&text, sealed.data, sealed.len);

    cursor = ad.failed || sealed.failed || text.failed
             ? (cxm_str_t) { 0, NULL }
             : cxm_arena_str(&call->arena, cxm_buf_str(&text));

    cxm_buf_free(&ad);
    cxm_buf_free(&sealed);
    cxm_buf_free(&text);

    return cursor;
}


/* Too long a query makes no Link; `next` still leads on. */
static void
cxm_page_link(cxm_call_t *call, cxm_str_t cursor)
{
    unsigned   i;
    cxm_buf_t  link;

    cxm_buf_init(&link, CXM_PAGE_TEXT);

    cxm_buf_putc(&link, '<');
    cxm_query_encode(&link, call->prefix, 1);
    cxm_query_encode(&link, call->path, 1);
    cxm_buf_putc(&link, '?');

    for (i = 0; i < call->nargs; i++) {

        if (cxm_str_eqz(call->args[i].name, "cursor")) {
            continue;
        }

        cxm_query_encode(&link, call->args[i].name, 0);
        cxm_buf_putc(&link, '=');
        cxm_query_encode(&link, call->args[i].value, 0);
        cxm_buf_putc(&link, '&');
    }

    cxm_buf_puts(&link, "cursor=");
    cxm_buf_put(&link, cursor.data, cursor.len);
    cxm_buf_puts(&link, ">; rel=\"next\"");

    if (!link.failed) {
        cxm_call_header(call, "Link", cxm_buf_str(&link));
    }

    cxm_buf_free(&link);
}


cxm_rc_t
cxm_page_next(cxm_call_t *call, const cxm_page_t *next, json_t **cursor)
{
    cxm_str_t  text;

    if (next == NULL || next->len == 0) {
        *cursor = json_null();
        return CXM_OK;
    }

    text = cxm_page_cursor(call, next);
    *cursor = text.data == NULL ? NULL : json_stringn(text.data, text.len);

    if (*cursor == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    cxm_page_link(call, text);

    return CXM_OK;
}


cxm_rc_t
cxm_page_reply(cxm_call_t *call, json_t *items, const cxm_page_t *next)
{
    json_t    *cursor;
    cxm_rc_t   rc;

    rc = cxm_page_next(call, next, &cursor);

    if (rc != CXM_OK) {
        json_decref(items);
        return rc;
    }

    return cxm_call_reply(call, 200, json_pack("{so so}", "items", items,
                                               "next", cursor));
}


/* --- lists of documents ------------------------------------------------- */

typedef struct {
    json_t      *items;
    json_t    *(*show)(const cxm_doc_t *doc);
    unsigned     limit;
    uint64_t     last;
    int          more;
    int          failed;        /* memory was short */
} cxm_page_docs_t;


static int
cxm_page_doc(void *ctx, const cxm_doc_t *doc)
{
    cxm_page_docs_t  *list;

    list = ctx;

    if (json_array_size(list->items) == list->limit) {
        list->more = 1;
        return 1;
    }

    list->last = doc->no;
    list->failed = json_array_append_new(list->items, list->show(doc)) != 0;

    return list->failed;
}


cxm_rc_t
cxm_page_docs(cxm_call_t *call, cxm_txn_t *txn, cxm_kind_no_t kind,
    json_t *(*show)(const cxm_doc_t *doc))
{
    cxm_rc_t         rc;
    cxm_page_t       page;
    cxm_page_docs_t  list;

    rc = cxm_page_begin(call, &page);

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&list, 0, sizeof(list));
    list.items = json_array();
    list.show = show;
    list.limit = page.limit;
    list.last = page.len == 8 ? cxm_get_u64(page.position) : 0;

    rc = cxm_doc_list(txn, kind, list.last, page.limit + 1, cxm_page_doc,
                      &list, &call->err);

    if (rc == CXM_OK && list.failed) {
        rc = cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    if (rc != CXM_OK) {
        json_decref(list.items);
        return rc;
    }

    page.len = list.more ? 8 : 0;
    cxm_put_u64(page.position, list.last);

    return cxm_page_reply(call, list.items, &page);
}
