/*
 * Arguments that choose answers.
 */

#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_response_args.h"


const char *const  cxm_response_statuses[] = { "partial", "complete", NULL };

const cxm_field_t  cxm_response_where = { .type = CXM_FIELD_STRING };


/*
 * Whose answers: one name, in clear to the query.  The audit keeps the
 * person's number: a name's hash would outlive the person's key.
 */
static cxm_rc_t
person_arg(cxm_call_t *call, cxm_txn_t *txn, cxm_response_query_t *query,
    json_t *asked)
{
    uint8_t    hash[CXM_HASH_LEN];
    uint64_t   slot;
    cxm_rc_t   rc;
    unsigned   i;

    for (i = CXM_PERSON_CUSTOMER_ID; i < CXM_PERSON_CLASSES; i++) {
        if (!cxm_call_has_arg(call, cxm_person_names[i])) {
            continue;
        }

        if (query->person_class != 0) {
            return cxm_issue(&call->err, "", "invalid",
                             "Answers are listed of one person.");
        }

        query->person_class = i;
        query->person = cxm_call_arg(call, cxm_person_names[i]);
    }

    if (query->person_class == 0) {
        return CXM_OK;
    }

    cxm_person_hash(call->store, query->person_class, query->person, hash);
    rc = cxm_person_find(txn, query->person_class, hash, &slot);

    if (rc == CXM_OK) {
        (void) cxm_json_set_int(asked, "person", (int64_t) slot);
    }

    return cxm_require(&call->caller, CXM_SCOPE_PERSONAL_READ, &call->err);
}


static cxm_response_status_t
status_arg(const cxm_call_t *call)
{
    if (!cxm_call_has_arg(call, "status")) {
        return CXM_STATUS_ANY;
    }

    return cxm_str_eqz(cxm_call_arg(call, "status"), "partial")
           ? CXM_STATUS_PARTIAL : CXM_STATUS_COMPLETE;
}


static cxm_rc_t
where_args(cxm_call_t *call, cxm_response_query_t *query, json_t *asked)
{
    size_t                 len;
    json_t                *list;
    unsigned               i;
    cxm_str_t              arg;
    const char            *colon;
    cxm_response_where_t  *where;

    list = json_array();

    for (i = 0; i < call->nargs; i++) {

        if (!cxm_str_eqz(call->args[i].name, "where")) {
            continue;
        }

        if (query->nwhere == CXM_RESPONSE_WHERE) {
            json_decref(list);
            return cxm_issue(&call->err, "?where", "too_many",
                             "At most %d conditions.", CXM_RESPONSE_WHERE);
        }

        arg = call->args[i].value;
        colon = arg.len == 0 ? NULL : memchr(arg.data, ':', arg.len);

        if (colon == NULL) {
            json_decref(list);
            return cxm_issue(&call->err, "?where", "invalid",
                             "Must be a segment, a colon and a value.");
        }

        len = (size_t) (colon - arg.data);
        where = &query->where[query->nwhere++];
        where->segment = (cxm_str_t) { len, arg.data };
        where->value = (cxm_str_t) { arg.len - len - 1, colon + 1 };
        (void) json_array_append_new(list, json_stringn(arg.data, arg.len));
    }

    if (query->nwhere > 0) {
        (void) json_object_set(asked, "where", list);
    }

    json_decref(list);

    return CXM_OK;
}


cxm_rc_t
cxm_response_args(cxm_call_t *call, cxm_txn_t *txn,
    cxm_response_query_t *query, json_t *asked)
{
    size_t    i;
    cxm_rc_t  rc;

    static const char *const  kept[] = {
        "survey", "question", "min_score", "max_score", "status", "from", "to"
    };

    for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (cxm_call_has_arg(call, kept[i])) {
            (void) cxm_json_set_str(asked, kept[i],
                                    cxm_call_arg(call, kept[i]));
        }
    }

    memset(query, 0, sizeof(*query));
    query->survey = cxm_call_arg(call, "survey");
    query->question = cxm_call_arg(call, "question");

    query->has_min = cxm_call_has_arg(call, "min_score");
    query->min_score = cxm_call_int(call, "min_score", 0);
    query->has_max = cxm_call_has_arg(call, "max_score");
    query->max_score = cxm_call_int(call, "max_score", 0);
    query->status = status_arg(call);
    query->from = cxm_call_time(call, "from", CXM_MS_MIN);
    query->to = cxm_call_time(call, "to", CXM_MS_MAX + 1);

    (void) where_args(call, query, asked);

    rc = person_arg(call, txn, query, asked);

    return call->err.rc != CXM_OK ? call->err.rc : rc;
}
