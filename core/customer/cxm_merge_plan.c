/*
 * Merging customers: what becomes of each field.
 *
 * A field that only one of the two has is had by the result.  Where both have
 * one `into` keeps its own, unless the caller chooses.  Lists are joined.
 */

#include "cxm_customer_int.h"
#include "cxm_json.h"
#include "cxm_merge.h"
#include "cxm_person.h"


typedef struct {
    const cxm_merge_t  *merge;
    cxm_merge_plan_t   *plan;
    json_t             *lost;           /* names that the result has not */
    int                 failed;         /* memory was short */
} planning_t;

/* How an item of one list is found in another. */
typedef int (*plan_has_pt)(const cxm_store_t *store, const json_t *list,
    const json_t *item);

typedef struct {
    const char   *name;
    plan_has_pt   has;
    size_t        max;
    const char   *code;                 /* of a result beyond it */
} plan_list_t;


static cxm_rc_t
no_memory(const cxm_merge_t *merge)
{
    return cxm_fail(merge->err, CXM_INTERNAL, NULL, "Not enough memory.");
}


/* --- rows --------------------------------------------------------------- */

static json_t *
or_null(json_t *value)
{
    return value == NULL ? json_null() : value;
}


static json_t *
row_json(const char *pointer, json_t *from, json_t *into, json_t *result)
{
    return json_pack("{ss sO sO sO}", "field", pointer, "from", or_null(from),
                     "into", or_null(into), "result", or_null(result));
}


/* `in` is the object that the patch of the member goes into. */
static void
plan_row(planning_t *planning, const char *pointer, json_t *in,
    const char *name, json_t *from, json_t *into, json_t *result)
{
    int  same;

    same = into == result || json_equal(into, result);

    if (from != NULL && into != NULL && !json_equal(from, into)
        && !json_is_array(into))
    {
        planning->failed |= json_array_append_new(planning->plan->conflicts,
                                                  row_json(pointer, from,
                                                           into, result));
    }

    if (!same) {
        planning->failed |= json_array_append_new(planning->plan->changes,
                                                  row_json(pointer, from,
                                                           into, result));
        planning->failed |= json_object_set(in, name, or_null(result));
    }
}


/* --- single values ------------------------------------------------------ */

/* What was chosen for "name" or "attributes.plan"; data NULL: nothing. */
static cxm_str_t
plan_choice(const planning_t *planning, const char *prefix, const char *name)
{
    char  key[160];

    (void) snprintf(key, sizeof(key), "%s%s", prefix, name);

    return cxm_json_get_str(planning->merge->choose, key);
}


/* A name that is no more is still one that people search by. */
static void
plan_lost(planning_t *planning, const cxm_field_t *field, json_t *value,
    json_t *result)
{
    if ((field->flags & CXM_FIELD_WORDS) && value != NULL
        && !json_equal(value, result))
    {
        planning->failed |= json_array_append(planning->lost, value);
    }
}


static void
plan_value(planning_t *planning, const cxm_field_t *field, json_t *patch)
{
    char       pointer[CXM_ERROR_POINTER_LEN] = "";
    json_t    *from, *into, *result;
    cxm_str_t  choice;

    from = json_object_get(planning->plan->was_from, field->name);
    into = json_object_get(planning->plan->was_into, field->name);
    choice = plan_choice(planning, "", field->name);
    result = into == NULL || cxm_str_eqz(choice, "from") ? from : into;

    cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(field->name));
    plan_row(planning, pointer, patch, field->name, from, into, result);
    plan_lost(planning, field, into, result);
    plan_lost(planning, field, from, result);
}


/* Attributes: each is a value of its own. */
static void
plan_object(planning_t *planning, const cxm_field_t *field, json_t *patch)
{
    char                pointer[CXM_ERROR_POINTER_LEN];
    char                prefix[64];
    json_t             *of_from, *of_into, *from, *into, *inner;
    cxm_str_t           choice;
    const cxm_field_t  *member;

    of_from = json_object_get(planning->plan->was_from, field->name);
    of_into = json_object_get(planning->plan->was_into, field->name);
    inner = json_object();
    (void) snprintf(prefix, sizeof(prefix), "%s.", field->name);

    for (member = field->object->fields; member->name != NULL; member++) {
        from = json_object_get(of_from, member->name);
        into = json_object_get(of_into, member->name);
        choice = plan_choice(planning, prefix, member->name);

        pointer[0] = '\0';
        cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(field->name));
        cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(member->name));
        plan_row(planning, pointer, inner, member->name, from, into,
                 into == NULL || cxm_str_eqz(choice, "from") ? from : into);
    }

    if (json_object_size(inner) > 0) {
        planning->failed |= json_object_set(patch, field->name, inner);
    }

    json_decref(inner);
}


/* --- lists -------------------------------------------------------------- */

static int
has_identifier(const cxm_store_t *store, const json_t *list,
    const json_t *item)
{
    int      type;
    uint8_t  hash[CXM_HASH_LEN];

    type = cxm_identity_type(cxm_json_get_str(item, "type"));

    if (type < 0) {
        return 0;
    }

    cxm_identity_hash(store, type, item, hash);

    return cxm_identity_in(store, list, type, hash) != NULL;
}


static int
has_text(const cxm_store_t *store, const json_t *list, const json_t *item)
{
    size_t  i;

    (void) store;

    for (i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), item)) {
            return 1;
        }
    }

    return 0;
}


static const plan_list_t  plan_lists[] = {
    { "identifiers", has_identifier, CXM_CUSTOMER_IDENTIFIERS,
      "too_many_identifiers" },
    { "tags", has_text, CXM_CUSTOMER_TAGS, "too_many_tags" },
    { "aliases", has_text, CXM_CUSTOMER_ALIASES, "too_many_names" }
};

#define PLAN_LISTS  (sizeof(plan_lists) / sizeof(plan_lists[0]))


static const plan_list_t *
plan_list_find(const char *name)
{
    size_t  i;

    for (i = 0; i < PLAN_LISTS; i++) {
        if (strcmp(plan_lists[i].name, name) == 0) {
            return &plan_lists[i];
        }
    }

    return NULL;
}


static void
plan_join(planning_t *planning, const plan_list_t *list, json_t *joined,
    const json_t *more)
{
    size_t              i;
    json_t             *item;
    const cxm_store_t  *store;

    store = cxm_txn_store(planning->merge->txn);

    for (i = 0; i < json_array_size(more); i++) {
        item = json_array_get(more, i);

        if (!list->has(store, joined, item)) {
            planning->failed |= json_array_append(joined, item);
        }
    }
}


/* `more` is joined, too; NULL: nothing. */
static cxm_rc_t
plan_list(planning_t *planning, const plan_list_t *list, const json_t *more,
    json_t *patch)
{
    char      pointer[CXM_ERROR_POINTER_LEN] = "";
    json_t   *from, *into, *joined;
    cxm_rc_t  rc;

    from = json_object_get(planning->plan->was_from, list->name);
    into = json_object_get(planning->plan->was_into, list->name);
    joined = into == NULL ? json_array() : json_copy(into);

    plan_join(planning, list, joined, from);
    plan_join(planning, list, joined, more);
    cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(list->name));

    rc = json_array_size(joined) > list->max
         ? cxm_fail(planning->merge->err, CXM_CONFLICT, list->code,
                    "Together they have more %s than %zu.", list->name,
                    list->max)
         : CXM_OK;

    if (json_array_size(joined) > 0 || into != NULL) {
        plan_row(planning, pointer, patch, list->name, from, into, joined);
    }

    json_decref(joined);

    return rc;
}


/* --- all fields --------------------------------------------------------- */

/* "aliases" last: they are what no other member has become of. */
static cxm_rc_t
plan_fields(planning_t *planning)
{
    json_t             *patch;
    cxm_rc_t            rc;
    const cxm_field_t  *field;
    const plan_list_t  *list;

    patch = planning->plan->patch;
    rc = CXM_OK;

    for (field = planning->plan->fields->fields;
         field->name != NULL && rc == CXM_OK; field++)
    {
        list = plan_list_find(field->name);

        if (field->flags & (CXM_FIELD_READONLY | CXM_FIELD_HIDDEN)) {
            continue;
        }

        if (list != NULL) {
            rc = plan_list(planning, list, NULL, patch);

        } else if (field->type == CXM_FIELD_OBJECT) {
            plan_object(planning, field, patch);

        } else if (field->type != CXM_FIELD_MAP) {
            plan_value(planning, field, patch);
        }
    }

    return rc == CXM_OK ? plan_list(planning, plan_list_find("aliases"),
                                    planning->lost, patch)
                        : rc;
}


/* --- what is chosen ----------------------------------------------------- */

/* The value that `from` has of "name" or "attributes.plan". */
static int
choice_known(const cxm_merge_plan_t *plan, cxm_str_t key, json_t **value)
{
    json_t             *in;
    cxm_str_t           name;
    const cxm_field_t  *field;

    *value = NULL;
    name = cxm_str_cut(&key, '.');
    field = cxm_field_find(plan->fields, name);
    in = plan->was_from;

    if (field != NULL && field->type == CXM_FIELD_OBJECT && key.data != NULL) {
        in = json_object_get(in, field->name);
        name = key;
        field = cxm_field_find(field->object, name);

    } else if (key.data != NULL) {
        return 0;
    }

    if (field == NULL || plan_list_find(field->name) != NULL
        || field->type == CXM_FIELD_OBJECT || field->type == CXM_FIELD_MAP
        || (field->flags & (CXM_FIELD_HIDDEN | CXM_FIELD_READONLY)))
    {
        return 0;
    }

    *value = json_object_get(in, field->name);

    return 1;
}


static cxm_rc_t
plan_choices(const planning_t *planning)
{
    char         pointer[CXM_ERROR_POINTER_LEN];
    json_t      *choice, *value;
    cxm_rc_t     rc;
    const char  *key;

    rc = CXM_OK;

    json_object_foreach((json_t *) planning->merge->choose, key, choice) {
        (void) snprintf(pointer, sizeof(pointer), "/choose");
        cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(key));

        if (!choice_known(planning->plan, cxm_strz(key), &value)) {
            rc = cxm_issue(planning->merge->err, pointer, "unknown_field",
                           "No single value of this name is merged.");

        } else if (value == NULL
                   && cxm_str_eqz(cxm_json_str(choice), "from"))
        {
            rc = cxm_issue(planning->merge->err, pointer, "not_found",
                           "The other customer has no such value.");
        }
    }

    return rc;
}


/* --- the two ------------------------------------------------------------ */

static cxm_rc_t
load_into(const cxm_merge_t *merge, cxm_merge_plan_t *plan)
{
    cxm_rc_t  rc;

    rc = cxm_doc_by_id(merge->txn, CXM_KIND_CUSTOMER, &merge->into,
                       &plan->into, merge->err);

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(merge->err, rc, NULL, "There is no such customer.");
    }

    return rc == CXM_OK
           ? cxm_record_moved(merge->txn, &cxm_record_customer, &plan->into,
                              CXM_CONFLICT, merge->err)
           : rc;
}


static cxm_rc_t
load_from(const cxm_merge_t *merge, cxm_merge_plan_t *plan)
{
    cxm_rc_t  rc;

    if (memcmp(&merge->from, &merge->into, sizeof(merge->from)) == 0) {
        return cxm_issue(merge->err, "/from", "same",
                         "A customer is not merged into itself.");
    }

    rc = cxm_doc_by_id(merge->txn, CXM_KIND_CUSTOMER, &merge->from,
                       &plan->from, merge->err);

    if (rc == CXM_NOT_FOUND) {
        return cxm_issue(merge->err, "/from", "not_found",
                         "There is no such customer.");
    }

    return rc == CXM_OK
           ? cxm_record_moved(merge->txn, &cxm_record_customer, &plan->from,
                              CXM_CONFLICT, merge->err)
           : rc;
}


static cxm_rc_t
load(const cxm_merge_t *merge, cxm_merge_plan_t *plan)
{
    cxm_rc_t  rc;

    rc = load_into(merge, plan);

    if (rc == CXM_OK) {
        rc = load_from(merge, plan);
    }

    if (rc == CXM_OK) {
        rc = cxm_customer_alive(merge->txn, &plan->into, merge->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_customer_alive(merge->txn, &plan->from, merge->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_expect(merge->into_version, plan->into.version,
                            merge->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_expect(merge->from_version, plan->from.version,
                            merge->err);
    }

    return rc == CXM_OK
           ? cxm_record_fields(merge->txn, &cxm_record_customer,
                               &plan->fields, merge->err)
           : rc;
}


static cxm_rc_t
plan_persons(const cxm_merge_t *merge, const cxm_merge_plan_t *plan)
{
    cxm_rc_t             rc;
    unsigned             n;
    cxm_person_slots_t   slots;

    rc = cxm_person_slots(merge->txn, plan->into.subject, &slots);
    n = slots.n;

    if (rc == CXM_OK) {
        rc = cxm_person_slots(merge->txn, plan->from.subject, &slots);
        n += slots.n;
    }

    if (rc != CXM_OK) {
        return cxm_fail(merge->err, rc, NULL, "A person cannot be read.");
    }

    return n <= CXM_PERSON_SLOTS
           ? CXM_OK
           : cxm_fail(merge->err, CXM_CONFLICT, "too_many_persons",
                      "Too many persons would be one.");
}


cxm_rc_t
cxm_merge_plan(const cxm_merge_t *merge, cxm_merge_plan_t *plan)
{
    cxm_rc_t     rc;
    planning_t   planning;

    memset(plan, 0, sizeof(*plan));
    memset(&planning, 0, sizeof(planning));
    planning.merge = merge;
    planning.plan = plan;
    rc = load(merge, plan);

    if (rc != CXM_OK) {
        return rc;
    }

    plan->was_into = cxm_field_join(plan->fields, plan->into.body,
                                    plan->into.personal, CXM_SEE_ALL);
    plan->was_from = cxm_field_join(plan->fields, plan->from.body,
                                    plan->from.personal, CXM_SEE_ALL);
    plan->changes = json_array();
    plan->conflicts = json_array();
    plan->patch = json_object();
    planning.lost = json_array();

    if (plan->was_into == NULL || plan->was_from == NULL) {
        json_decref(planning.lost);
        return no_memory(merge);
    }

    rc = plan_choices(&planning);

    if (rc == CXM_OK) {
        rc = plan_persons(merge, plan);
    }

    if (rc == CXM_OK) {
        rc = plan_fields(&planning);
    }

    json_decref(planning.lost);

    return rc == CXM_OK && planning.failed ? no_memory(merge) : rc;
}


void
cxm_merge_plan_clear(cxm_merge_plan_t *plan)
{
    cxm_doc_clear(&plan->into);
    cxm_doc_clear(&plan->from);
    json_decref(plan->was_into);
    json_decref(plan->was_from);
    json_decref(plan->changes);
    json_decref(plan->conflicts);
    json_decref(plan->patch);
    memset(plan, 0, sizeof(*plan));
}
