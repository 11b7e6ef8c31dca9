/*
 * Route of what was changed of a customer's own record and of their choices.
 *
 * These are two documents, each with versions of its own; the page goes
 * through both, newest first, and its cursor is the version that each has got
 * to.
 */

#include "cxm_account_call.h"
#include "cxm_json.h"
#include "cxm_preference.h"
#include "cxm_profile.h"
#include "cxm_resource.h"
#include "cxm_routes.h"
#include "cxm_self.h"


static const char *const  of_names[] = { "profile", "preferences", NULL };
static const char *const  who_names[] = { "you", "staff", "site", NULL };

static const cxm_field_t  version_fields[] = {
    { .name = "of", .type = CXM_FIELD_ENUM, .values = of_names },
    { .name = "version", .type = CXM_FIELD_INT, .summary = "of that" },
    { .name = "at", .type = CXM_FIELD_TIME },
    { .name = "who", .type = CXM_FIELD_ENUM, .values = who_names,
      .summary = "you: signed in to your account; site: its programs, also in "
                 "your name" },
    { .name = "changes", .type = CXM_FIELD_ANY,
      .summary = "[{field: pointer, from, to}]; of a choice "
                 "/choices/{channel}/{topic}" },
    { .name = NULL }
};

static const cxm_fields_t  version_output = {
    "ProfileVersion", version_fields
};

#define DONE  1                         /* versions below this: none */

/* Versions of one of the two documents. */
typedef struct {
    cxm_txn_t   *txn;
    const char  *of;
    json_t    *(*changes)(const json_t *changes);
    json_t      *items;
    size_t       given;                 /* of the items */
    uint64_t     before;                /* versions are below it; 0: all */
    uint64_t     last;                  /* the oldest that was looked at */
} source_t;


/* --- one source --------------------------------------------------------- */

static const char *
who(cxm_txn_t *txn, uint64_t actor)
{
    json_t      *json;
    cxm_str_t    kind;
    const char  *name;

    json = cxm_actor_json(txn, actor);
    kind = cxm_json_get_str(json, "kind");
    name = kind.len == 0 ? who_names[2]
           : cxm_str_eqz(kind, "account") ? who_names[0] : who_names[1];
    json_decref(json);

    return name;
}


/* A cxm_history_pt; versions that change nothing to be told are no item. */
static int
add_version(void *ctx, const cxm_record_version_t *version)
{
    char       at[CXM_RFC3339_LEN + 1];
    json_t    *changes;
    source_t  *source;

    source = ctx;
    source->last = version->version;
    changes = source->changes(version->changes);

    if (changes != NULL && json_array_size(changes) == 0) {
        json_decref(changes);
        return 0;
    }

    cxm_rfc3339_format(version->at, at);

    return json_array_append_new(source->items,
               json_pack("{ss sI ss ss so}", "of", source->of,
                         "version", (json_int_t) version->version, "at", at,
                         "who", who(source->txn, version->actor),
                         "changes", changes));
}


static cxm_rc_t
read_source(source_t *source, const cxm_record_t *record,
    const cxm_doc_t *doc, unsigned limit, cxm_error_t *err)
{
    int  personal;

    source->items = json_array();
    source->last = DONE;

    return source->before == DONE || doc->version == 0
           ? CXM_OK
           : cxm_record_history(source->txn, record, doc, source->before,
                                limit, 1, &personal, add_version, source,
                                err);
}


static json_t *
source_head(const source_t *source)
{
    return json_array_get(source->items, source->given);
}


/* Below what the next page goes on. */
static uint64_t
source_next(const source_t *source)
{
    return source_head(source) == NULL
           ? source->last
           : (uint64_t) cxm_json_get_int(source_head(source), "version", 0)
             + 1;
}


/* --- both --------------------------------------------------------------- */

static void
merge_sources(source_t sources[2], json_t *out, unsigned limit)
{
    json_t    *a, *b;
    source_t  *newest;

    while (json_array_size(out) < limit) {
        a = source_head(&sources[0]);
        b = source_head(&sources[1]);

        if (a == NULL && b == NULL) {
            return;
        }

        newest = b == NULL
                 || (a != NULL && strcmp(cxm_json_get_str(a, "at").data,
                                         cxm_json_get_str(b, "at").data) >= 0)
                 ? &sources[0] : &sources[1];

        (void) json_array_append(out, source_head(newest));
        newest->given++;
    }
}


static cxm_rc_t
read_sources(cxm_call_t *call, cxm_txn_t *txn, source_t sources[2],
    unsigned limit)
{
    cxm_rc_t           rc;
    cxm_doc_t          customer;
    cxm_preference_t   preference;

    rc = cxm_self_customer(call, txn, &customer);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = read_source(&sources[0], &cxm_record_customer, &customer, limit,
                     &call->err);

    if (rc == CXM_OK) {
        rc = cxm_preference_load(txn, &customer.id, &preference, &call->err);

        if (rc == CXM_OK) {
            rc = read_source(&sources[1], &cxm_record_preference,
                             &preference.chosen, limit, &call->err);
        }

        cxm_preference_clear(&preference);
    }

    cxm_doc_clear(&customer);

    return rc;
}


static cxm_rc_t
history_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t      *items;
    uint8_t     *end;
    cxm_rc_t     rc;
    unsigned     i;
    cxm_page_t   page;
    source_t     sources[2] = {
        { .txn = txn, .of = of_names[0], .changes = cxm_profile_changes },
        { .txn = txn, .of = of_names[1], .changes = cxm_preference_changes }
    };

    rc = cxm_page_begin(call, &page);

    for (i = 0; rc == CXM_OK && page.len == 16 && i < 2; i++) {
        sources[i].before = cxm_get_u64(page.position + 8 * i);
    }

    if (rc == CXM_OK) {
        rc = read_sources(call, txn, sources, page.limit);
    }

    items = json_array();
    end = page.position;

    if (rc == CXM_OK) {
        merge_sources(sources, items, page.limit);

        for (i = 0; i < 2; i++) {
            end = cxm_put_u64(end, source_next(&sources[i]));
        }

        page.len = source_next(&sources[0]) == DONE
                   && source_next(&sources[1]) == DONE ? 0 : 16;
    }

    json_decref(sources[0].items);
    json_decref(sources[1].items);

    if (rc != CXM_OK) {
        json_decref(items);
        return rc;
    }

    return cxm_page_reply(call, items, &page);
}


const cxm_route_t  cxm_routes_profile_history[] = {
    { CXM_SELF(CXM_GET, "profile/history", CXM_CUSTOMER),
      .query = cxm_resource_page, .answers = CXM_200 | CXM_404,
      .output = &version_output, .read = history_read,
      .summary = "What was changed of it and of one's choices, newest first" },
    { .path = NULL }
};
