/*
 * Fields that a site defines: the record, and tables of a transaction.
 */

#include "cxm_json.h"
#include "cxm_site_int.h"


/* Old ones stay allocated to the end: somebody may still hold them. */
typedef struct cxm_site_cached_s  cxm_site_cached_t;

struct cxm_site_cached_s {
    cxm_site_cached_t   *next;
    const cxm_record_t  *record;
    cxm_fields_t         table;
};

typedef struct {
    cxm_arena_t         arena;
    cxm_site_cached_t  *first;
} cxm_site_cache_t;


static void
cache_destroy(void *data)
{
    cxm_site_cache_t  *cache;

    cache = data;
    cxm_arena_free(&cache->arena);
}


static cxm_site_cache_t *
cache_of(cxm_txn_t *txn)
{
    return cxm_txn_slot(txn, CXM_SLOT_RECORD, sizeof(cxm_site_cache_t),
                        cache_destroy);
}


/* --- tables ------------------------------------------------------------- */

/* The record's own table with the site's for the one member. */
static cxm_rc_t
table_compose(cxm_arena_t *arena, const cxm_fields_t *own,
    const cxm_fields_t *site, cxm_fields_t *out)
{
    size_t        i, n;
    cxm_field_t  *list;

    for (n = 0; own->fields[n].name != NULL; n++) { /* void */ }

    list = cxm_arena_alloc(arena, (n + 1) * sizeof(*list));

    if (list == NULL) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < n; i++) {
        list[i] = own->fields[i];

        if (strcmp(list[i].name, CXM_SITE_MEMBER) == 0) {
            list[i].type = CXM_FIELD_OBJECT;
            list[i].object = site;
            list[i].max = 0;
        }
    }

    out->name = own->name;
    out->fields = list;

    return CXM_OK;
}


static cxm_rc_t
table_load(cxm_txn_t *txn, cxm_arena_t *arena, const cxm_record_t *record,
    cxm_fields_t *out, cxm_error_t *err)
{
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    const cxm_fields_t  *site;

    rc = cxm_doc_by_name(txn, CXM_KIND_FIELDS, cxm_strz(record->name), &doc,
                         err);

    if (rc == CXM_OK || rc == CXM_NOT_FOUND) {
        rc = cxm_site_load(arena, doc.body, &site);
    }

    if (rc == CXM_OK) {
        rc = table_compose(arena, record->fields, site, out);
    }

    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_record_fields(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_fields_t **out, cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_site_cache_t   *cache;
    cxm_site_cached_t  *cached;

    *out = record->fields;

    if (!(record->flags & CXM_RECORD_SITE)) {
        return CXM_OK;
    }

    cache = cache_of(txn);

    if (cache == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    for (cached = cache->first; cached != NULL; cached = cached->next) {
        if (cached->record == record) {
            *out = &cached->table;
            return CXM_OK;
        }
    }

    cached = cxm_arena_alloc(&cache->arena, sizeof(*cached));
    rc = cached == NULL ? CXM_INTERNAL
                        : table_load(txn, &cache->arena, record,
                                     &cached->table, err);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "The site's fields cannot be read.");
    }

    cached->record = record;
    cached->next = cache->first;
    cache->first = cached;
    *out = &cached->table;

    return CXM_OK;
}


/* --- the record --------------------------------------------------------- */

static cxm_kind_no_t
site_kind(cxm_txn_t *txn, cxm_str_t name)
{
    unsigned            i;
    const cxm_flow_t   *flow;

    flow = cxm_store_flow(cxm_txn_store(txn));

    for (i = 0; i < CXM_KIND_N; i++) {
        if (flow->kinds[i] != NULL && cxm_str_eqz(name, flow->kinds[i]->name))
        {
            return (cxm_kind_no_t) i;
        }
    }

    return CXM_KIND_N;
}


static int
site_named(const json_t *list, const json_t *field)
{
    size_t  i;

    for (i = 0; i < json_array_size(list); i++) {
        if (cxm_str_eq(cxm_json_get_str(json_array_get(list, i), "name"),
                       cxm_json_get_str(field, "name")))
        {
            return 1;
        }
    }

    return 0;
}


/* What was there and is left out is retired. */
static cxm_rc_t
site_retire(const json_t *before, json_t *document)
{
    int         bad;
    size_t      i, j;
    json_t     *retired, *list, *fields;

    static const char *const  members[] = { "fields", "retired" };

    retired = json_array();
    fields = json_object_get(document, "fields");
    bad = retired == NULL;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        list = json_object_get(before, members[i]);

        for (j = 0; j < json_array_size(list) && !bad; j++) {
            if (!site_named(fields, json_array_get(list, j))) {
                bad = json_array_append(retired, json_array_get(list, j));
            }
        }
    }

    if (json_array_size(retired) == 0) {
        (void) json_object_del(document, "retired");
        json_decref(retired);

    } else {
        bad |= json_object_set_new(document, "retired", retired) != 0;
    }

    return bad ? CXM_INTERNAL : CXM_OK;
}


static cxm_rc_t
site_write_check(cxm_record_write_t *write)
{
    int            used;
    cxm_rc_t       rc;
    cxm_kind_no_t  kind;

    used = 0;
    kind = site_kind(write->txn, write->slug);

    if (kind == CXM_KIND_N) {
        return cxm_fail(write->err, CXM_NOT_FOUND, NULL,
                        "There is no such kind.");
    }

    rc = cxm_site_check(write->document, write->err);

    if (rc == CXM_OK) {
        rc = cxm_doc_any(write->txn, kind, &used, write->err);
    }

    if (rc != CXM_OK || !used) {
        (void) json_object_del(write->document, "retired");
        return rc;
    }

    rc = cxm_site_fits(write->before, write->document, write->err);

    if (rc == CXM_OK && site_retire(write->before, write->document) != CXM_OK)
    {
        rc = cxm_fail(write->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    return rc;
}


const cxm_record_t  cxm_record_site = {
    .kind = CXM_KIND_FIELDS,
    .name = "definition of fields",
    .fields = &cxm_site_fields,
    .flags = CXM_RECORD_NAMED | CXM_RECORD_HISTORY,
    .check = site_write_check
};


static cxm_rc_t
site_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_site_cache_t  *cache;

    cache = cache_of(txn);

    if (cache == NULL) {
        return CXM_INTERNAL;
    }

    cache->first = NULL;

    return cxm_record_apply(txn, entry, &cxm_record_site, NULL);
}


const cxm_kind_t  cxm_kind_fields = {
    .no = CXM_KIND_FIELDS,
    .version = 1,
    .name = "fields",
    .apply = site_apply
};
