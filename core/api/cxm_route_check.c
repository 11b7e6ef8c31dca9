/*
 * What routes say of themselves: checked at start, held to at every call.
 */

#include "cxm_call.h"
#include "cxm_routes.h"


#define CXM_ROUTE_JSON   (CXM_200 | CXM_201 | CXM_202)
#define CXM_ROUTE_GOOD   (CXM_ROUTE_JSON | CXM_204 | CXM_303)
#define CXM_ROUTE_READS  (CXM_GET | CXM_HEAD)

typedef struct {
    int        (*fault)(const cxm_route_t *route);
    const char  *what;
} cxm_route_rule_t;


int
cxm_route_is_list(const cxm_route_t *route)
{
    const cxm_field_t  *field;

    for (field = route->query; field != NULL && field->name != NULL; field++) {
        if (strcmp(field->name, "limit") == 0) {
            return 1;
        }
    }

    return 0;
}


/* Whether the document in the path may be part of another. */
static int
cxm_route_merges(const cxm_route_t *route)
{
    const cxm_record_t  *record;

    record = route->record;

    if (record == NULL || strchr(route->path, '{') == NULL) {
        return 0;
    }

    record = record->owner != NULL ? record->owner : record;

    return (record->flags & CXM_RECORD_MERGES) != 0;
}


unsigned
cxm_route_answers(const cxm_route_t *route)
{
    int       write, browser;
    unsigned  answers;

    write = !(route->method & CXM_ROUTE_READS);
    browser = write && (route->endpoint == CXM_ENDPOINT_SELF
                        || (route->flags & CXM_ROUTE_BROWSER));

    /* no UTF-8, a wrong key, a wrong argument or a body too many, no store */

    answers = route->answers | CXM_400 | CXM_401 | CXM_422 | CXM_503;

    answers |= route->policy == CXM_SCOPED || route->policy == CXM_MEMBER
               || browser
               ? CXM_403 : 0;
    answers |= strchr(route->path, '{') != NULL ? CXM_404 : 0;
    answers |= write ? CXM_413 : 0;
    answers |= route->hash != NULL ? CXM_429 : 0;
    answers |= route->input != NULL || browser
               || (write && (route->policy == CXM_SCOPED
                             || route->policy == CXM_MEMBER))
               ? CXM_415 : 0;

    /* an Idempotency-Key whose first request is not over, or was a secret */

    answers |= route->method == CXM_POST ? CXM_409 : 0;

    if (route->flags & CXM_ROUTE_DOC) {
        answers |= write ? CXM_412 : CXM_304;
    }

    if (cxm_route_merges(route)) {
        answers |= write ? CXM_409 : CXM_308;
    }

    return answers;
}


/* --- the check at start ------------------------------------------------- */

static int
cxm_route_no_policy(const cxm_route_t *route)
{
    return route->policy != CXM_PUBLIC && route->policy != CXM_SCOPED
           && route->policy != CXM_CUSTOMER && route->policy != CXM_MEMBER;
}


static int
cxm_route_wrong_scopes(const cxm_route_t *route)
{
    return (route->policy == CXM_SCOPED) != (route->scopes != 0);
}


static int
cxm_route_wrong_method(const cxm_route_t *route)
{
    return !(route->method & (CXM_GET | CXM_POST | CXM_PUT | CXM_PATCH
                              | CXM_DELETE))
           || (route->method & (route->method - 1));
}


static int
cxm_route_wrong_path(const cxm_route_t *route)
{
    unsigned     n;
    const char  *p;

    n = 0;

    for (p = route->path; *p != '\0'; p++) {
        n += *p == '{';
    }

    return route->endpoint == CXM_ENDPOINT_NONE || route->path[0] == '/'
           || n > CXM_CALL_PARAMS;
}


static int
cxm_route_no_handler(const cxm_route_t *route)
{
    return route->read == NULL && route->write == NULL;
}


static int
cxm_route_raw_unread(const cxm_route_t *route)
{
    return (route->flags & CXM_ROUTE_RAW) && route->prepare == NULL;
}


static int
cxm_route_no_rows(const cxm_route_t *route)
{
    return (route->flags & CXM_ROUTE_ROWS)
           && (route->input == NULL
               || cxm_field_find(route->input, cxm_str("rows")) == NULL);
}


static int
cxm_route_personal_unaudited(const cxm_route_t *route)
{
    return (route->flags & CXM_ROUTE_PERSONAL)
           && (route->read == NULL || route->write == NULL);
}


static int
cxm_route_wrong_export(const cxm_route_t *route)
{
    return route->export != NULL
           && (route->method != CXM_GET || route->read == NULL
               || (route->flags & CXM_ROUTE_BOUNDED));
}


static int
cxm_route_wrong_hash(const cxm_route_t *route)
{
    return route->hash != NULL
           && ((route->method & CXM_ROUTE_READS) || route->write == NULL);
}


static int
cxm_route_no_summary(const cxm_route_t *route)
{
    return route->summary == NULL || route->summary[0] == '\0'
           || route->summary[strlen(route->summary) - 1] == '.';
}


static int
cxm_route_no_success(const cxm_route_t *route)
{
    return !(route->answers & CXM_ROUTE_GOOD);
}


/* A body of JSON has a schema with a name; what has none says what it is. */
static int
cxm_route_no_output(const cxm_route_t *route)
{
    return (route->answers & CXM_ROUTE_JSON)
           && (route->output == NULL || route->output->name == NULL)
           && (route->media == NULL || (route->answers & CXM_ROUTE_JSON)
                                       != CXM_200);
}


static int
cxm_route_wrong_input(const cxm_route_t *route)
{
    return route->input != NULL
           && (route->input->name == NULL
               || (route->method & CXM_ROUTE_READS));
}


static int
cxm_route_no_words(const cxm_route_t *route)
{
    const cxm_field_t  *field;

    for (field = route->query; field != NULL && field->name != NULL; field++) {
        if (field->summary == NULL) {
            return 1;
        }
    }

    return 0;
}


static const cxm_route_rule_t  cxm_route_rules[] = {
    { cxm_route_no_policy, "has no policy" },
    { cxm_route_wrong_scopes, "has scopes that its policy does not need, "
                              "or none" },
    { cxm_route_wrong_method, "has not one method" },
    { cxm_route_wrong_path, "has a wrong endpoint or path" },
    { cxm_route_no_handler, "has no handler" },
    { cxm_route_raw_unread, "reads its body raw without prepare" },
    { cxm_route_no_rows, "takes rows, but its input has none" },
    { cxm_route_personal_unaudited, "answers personal fields without both "
                                    "phases" },
    { cxm_route_wrong_export, "exports rows, but is no GET that reads in the "
                              "pool" },
    { cxm_route_wrong_hash, "hashes a password without writing what came of "
                            "it" },
    { cxm_route_no_summary, "has no summary, or one that ends in a point" },
    { cxm_route_no_success, "answers no success" },
    { cxm_route_no_output, "has no schema of what it answers" },
    { cxm_route_wrong_input, "has a wrong schema of what it takes" },
    { cxm_route_no_words, "has a query argument without a summary" }
};

#define CXM_ROUTE_RULES                                                       \
    (sizeof(cxm_route_rules) / sizeof(cxm_route_rules[0]))


/* Two tables of one name would be one schema. */
static int
cxm_route_names_differ(const cxm_fields_t *a, const cxm_fields_t *b)
{
    return a == NULL || b == NULL || a == b || strcmp(a->name, b->name) != 0;
}


/* What two routes, of which the first comes later, cannot both be. */
static const char *
cxm_route_clash(const cxm_route_t *route, const cxm_route_t *other)
{
    if (other->endpoint == route->endpoint && other->method == route->method
        && cxm_route_order(other->path, route->path) == 0)
    {
        return "clashes with another one";
    }

    return cxm_route_names_differ(route->input, other->input)
           && cxm_route_names_differ(route->input, other->output)
           && cxm_route_names_differ(route->output, other->input)
           && cxm_route_names_differ(route->output, other->output)
           ? NULL : "has a schema of the name of another one's";
}


static const char *
cxm_route_fault(const cxm_route_t *route)
{
    size_t                     i;
    const char                *fault;
    const cxm_route_t         *other;
    const cxm_route_t *const  *table;

    for (i = 0; i < CXM_ROUTE_RULES; i++) {
        if (cxm_route_rules[i].fault(route)) {
            return cxm_route_rules[i].what;
        }
    }

    for (table = cxm_route_tables; *table != NULL; table++) {
        for (other = *table; other->path != NULL; other++) {

            if (other == route) {
                return NULL;
            }

            fault = cxm_route_clash(route, other);

            if (fault != NULL) {
                return fault;
            }
        }
    }

    return NULL;
}


cxm_rc_t
cxm_api_check(cxm_error_t *err)
{
    const char                *fault;
    const cxm_route_t         *route;
    const cxm_route_t *const  *table;

    for (table = cxm_route_tables; *table != NULL; table++) {
        for (route = *table; route->path != NULL; route++) {

            fault = cxm_route_fault(route);

            if (fault != NULL) {
                return cxm_fail(err, CXM_INTERNAL, "route",
                                "The route \"%s\" %s.", route->path, fault);
            }
        }
    }

    return CXM_OK;
}
