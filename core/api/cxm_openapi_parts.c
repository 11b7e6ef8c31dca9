/*
 * Parts of an operation: parameters, the body, what is answered.
 */

#include <stdio.h>

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_openapi_int.h"
#include "cxm_status.h"


#define CXM_OPENAPI_GOOD  (CXM_200 | CXM_201 | CXM_202)

#define CXM_OPENAPI_REF   256           /* of "#/components/..." */

/* Behind the names of responses that may be pages. */
#define CXM_OPENAPI_PAGE  "-page"


json_t *
cxm_openapi_ref(const char *kind, const char *name)
{
    char  ref[CXM_OPENAPI_REF];

    (void) snprintf(ref, sizeof(ref), "#/components/%s/%s", kind, name);

    return json_pack("{ss}", "$ref", ref);
}


/* --- parameters --------------------------------------------------------- */

/* What the names in braces stand for; one that is not here is any text. */
static const cxm_field_t  openapi_path_fields[] = {
    { .name = "id", .type = CXM_FIELD_STRING, .summary = "Its id." },
    { .name = "slug", .type = CXM_FIELD_SLUG, .summary = "Its slug." },
    { .name = "survey", .type = CXM_FIELD_SLUG,
      .summary = "Slug of the survey." },
    { .name = "link", .type = CXM_FIELD_STRING,
      .summary = "What the personal link ends in." },
    { .name = "note", .type = CXM_FIELD_STRING, .summary = "Id of the note." },
    { .name = "task", .type = CXM_FIELD_STRING, .summary = "Id of the task." },
    { .name = NULL, .type = CXM_FIELD_STRING, .summary = "Its name." }
};

/* Headers: on what conditions, and once. */
static const struct {
    const char  *name;                  /* of the component */
    const char  *header;
    const char  *summary;
} openapi_headers[] = {
    { "IdempotencyKey", "Idempotency-Key",
      "The same key and body get the first reply again, for 24 hours." },
    { "IfMatch", "If-Match", "ETag of the version that is meant; else 412." },
    { "IfNoneMatch", "If-None-Match",
      "Of a read: ETag that is there already (304). Of a PUT: `*`, only if "
      "it is not there." }
};

#define CXM_OPENAPI_HEADERS                                                   \
    (sizeof(openapi_headers) / sizeof(openapi_headers[0]))


static json_t *
openapi_parameter(const char *in, cxm_str_t name, const cxm_field_t *field)
{
    json_t  *parameter, *schema;

    schema = cxm_field_schema_value(field);
    parameter = json_pack("{ss% ss so}", "name", name.data, name.len,
                          "in", in, "schema", schema);

    /* here it is said of the parameter, not of its schema */

    json_object_del(schema, "description");
    json_object_set_new(parameter, "description",
                        json_string(field->summary));

    if ((field->flags & CXM_FIELD_REQUIRED) || in[0] == 'p') {
        json_object_set_new(parameter, "required", json_true());
    }

    return parameter;
}


static const cxm_field_t *
openapi_path_field(cxm_str_t name)
{
    const cxm_field_t  *field;

    for (field = openapi_path_fields; field->name != NULL; field++) {
        if (cxm_str_eqz(name, field->name)) {
            break;
        }
    }

    return field;
}


static void
openapi_path_parameters(json_t *list, const char *path)
{
    cxm_str_t    name;
    const char  *p;

    for (p = strchr(path, '{'); p != NULL; p = strchr(p, '{')) {
        p++;
        name = (cxm_str_t) { strcspn(p, "}"), p };
        json_array_append_new(list,
                              openapi_parameter("path", name,
                                                openapi_path_field(name)));
    }
}


json_t *
cxm_openapi_parameters(const cxm_route_t *route)
{
    json_t             *list;
    const cxm_field_t  *field;

    list = json_array();
    openapi_path_parameters(list, route->path);

    for (field = route->query; field != NULL && field->name != NULL; field++) {
        json_array_append_new(list,
                              openapi_parameter("query",
                                                cxm_strz(field->name),
                                                field));
    }

    if (route->method == CXM_POST) {
        json_array_append_new(list, cxm_openapi_ref("parameters",
                                                    "IdempotencyKey"));
    }

    if ((route->flags & CXM_ROUTE_DOC) && route->method != CXM_GET) {
        json_array_append_new(list, cxm_openapi_ref("parameters", "IfMatch"));
    }

    if ((route->flags & CXM_ROUTE_DOC)
        && (route->method == CXM_GET || route->method == CXM_PUT))
    {
        json_array_append_new(list, cxm_openapi_ref("parameters",
                                                    "IfNoneMatch"));
    }

    return list;
}


/* --- bodies ------------------------------------------------------------- */

/* An event, some of them, or some of them in an object. */
static json_t *
openapi_events(const char *name)
{
    return json_pack("{s[o {ss so} {ss s{s{ss so}} s[s] sb}]}", "anyOf",
                     cxm_openapi_ref("schemas", name),
                     "type", "array",
                     "items", cxm_openapi_ref("schemas", name),
                     "type", "object", "properties", "events",
                     "type", "array",
                     "items", cxm_openapi_ref("schemas", name),
                     "required", "events", "additionalProperties", 0);
}


static void
openapi_put_body(json_t *content, const char *media, json_t *schema)
{
    json_object_set_new(content, media, json_pack("{so}", "schema", schema));
}


static json_t *
openapi_body_schema(const cxm_route_t *route)
{
    char  name[CXM_OPENAPI_NAME];

    cxm_openapi_input_name(route->input, name);

    return route->endpoint == CXM_ENDPOINT_BEACON ? openapi_events(name)
           : route->flags & CXM_ROUTE_MERGE
           ? cxm_field_schema_patch(route->input)
           : cxm_openapi_ref("schemas", name);
}


json_t *
cxm_openapi_body(const cxm_route_t *route)
{
    size_t   i;
    json_t  *content;

    static const struct {
        const char  *media;
        int          flag;              /* of routes; 0: all */
        unsigned     methods;
        unsigned     endpoints;
    } all[] = {
        { "application/json", 0, ~0u, ~0u },
        { "application/merge-patch+json", 0, CXM_PATCH, ~0u },
        { "application/x-www-form-urlencoded", CXM_ROUTE_FORM, ~0u, ~0u },
        { "text/plain", 0, ~0u, 1u << CXM_ENDPOINT_BEACON },
        { "text/csv", CXM_ROUTE_ROWS, ~0u, ~0u },
        { "application/x-ndjson", CXM_ROUTE_ROWS, ~0u, ~0u }
    };

    content = json_object();

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (((int) route->flags & all[i].flag) == all[i].flag
            && (route->method & all[i].methods)
            && (1u << route->endpoint & all[i].endpoints))
        {
            openapi_put_body(content, all[i].media,
                             all[i].flag == CXM_ROUTE_ROWS
                             ? json_pack("{ss}", "type", "string")
                             : openapi_body_schema(route));
        }
    }

    return json_pack("{so sb}", "content", content, "required", 1);
}


/* --- answers ------------------------------------------------------------ */

static json_t *
openapi_list_schema(const cxm_route_t *route, json_t *one)
{
    json_t             *schema, *members;
    const cxm_field_t  *field;

    schema = json_pack("{ss s{s{ss so} s{s[ss] ss}} s[ss]}", "type", "object",
                       "properties",
                       "items", "type", "array", "items", one,
                       "next", "type", "string", "null",
                               "description", "The cursor of the next page.",
                       "required", "items", "next");
    members = json_object_get(schema, "properties");

    for (field = route->beside; field != NULL && field->name != NULL; field++) {
        json_object_set_new(members, field->name,
                            cxm_field_schema_value(field));
    }

    return schema;
}


static json_t *
openapi_good_schema(const cxm_route_t *route)
{
    json_t  *one;

    one = cxm_openapi_ref("schemas", route->output->name);

    return cxm_route_is_list(route) ? openapi_list_schema(route, one) : one;
}


/* JSON, or something else; of a page either, of a stream JSON inside. */
static json_t *
openapi_good_content(const cxm_route_t *route, int status)
{
    json_t  *content;

    content = json_object();

    if (route->output != NULL && !(route->flags & CXM_ROUTE_STREAM)) {
        openapi_put_body(content, "application/json",
                         openapi_good_schema(route));
    }

    if (route->media != NULL && status == 200) {
        openapi_put_body(content, route->media,
                         route->flags & CXM_ROUTE_STREAM
                         ? openapi_good_schema(route) : json_object());
    }

    return content;
}


static void
openapi_put_header(json_t *answer, const char *name)
{
    json_t  *headers;

    headers = json_object_get(answer, "headers");

    if (headers == NULL) {
        headers = json_object();
        json_object_set_new(answer, "headers", headers);
    }

    json_object_set_new(headers, name, cxm_openapi_ref("headers", name));
}


static const char *
openapi_good_words(int status)
{
    size_t  i;

    static const struct {
        int          status;
        const char  *words;
    } all[] = {
        { 200, "Here it is." },
        { 201, "It is made, and on stable storage." },
        { 202, "It is begun, and on stable storage." },
        { 204, "It is done, and on stable storage." },
        { 303, "It is done; a page says so." },
        { 304, "It is what the ETag says." },
        { 308, "It has been merged into another one." },
        { 0, "It is done." }
    };

    for (i = 0; all[i].status != 0 && all[i].status != status; i++) {
        /* void */
    }

    return all[i].words;
}


static json_t *
openapi_good(const cxm_route_t *route, int status)
{
    json_t    *answer, *content;
    unsigned   bit;

    bit = cxm_status_bit(status);
    answer = json_pack("{ss}", "description", openapi_good_words(status));

    if (bit & CXM_OPENAPI_GOOD) {
        json_object_set_new(answer, "content",
                            openapi_good_content(route, status));

        if (route->flags & CXM_ROUTE_DOC) {
            openapi_put_header(answer, "ETag");
        }

        if (cxm_route_is_list(route)) {
            openapi_put_header(answer, "Link");
        }
    }

    if (bit & (CXM_201 | CXM_303 | CXM_308)) {
        openapi_put_header(answer, "Location");
    }

    if (bit & CXM_308) {
        content = json_object();
        openapi_put_body(content, "application/json",
                         cxm_openapi_ref("schemas", cxm_moved_fields.name));
        json_object_set_new(answer, "content", content);
    }

    return answer;
}


/* A problem, which some routes tell as a page to who reads pages. */
static json_t *
openapi_bad(const cxm_route_t *route, const char *name)
{
    char  page[32];

    (void) snprintf(page, sizeof(page), "%s%s", name,
                    route->problem_html != NULL ? CXM_OPENAPI_PAGE : "");

    return cxm_openapi_ref("responses", page);
}


json_t *
cxm_openapi_answers(const cxm_route_t *route)
{
    int        status;
    char       name[16];
    json_t    *answers;
    unsigned   i, bits;

    answers = json_object();

    /* a site may limit anything */

    bits = cxm_route_answers(route) | CXM_429;

    for (i = 0; cxm_status_at(i) != 0; i++) {

        if (!(bits >> i & 1)) {
            continue;
        }

        status = cxm_status_at(i);
        (void) snprintf(name, sizeof(name), "%d", status);
        json_object_set_new(answers, name,
                            status < 400 ? openapi_good(route, status)
                                         : openapi_bad(route, name));
    }

    json_object_set_new(answers, "default", openapi_bad(route, "default"));

    return answers;
}


/* --- components --------------------------------------------------------- */

/* The problem of a status, 0: of any other, as a document or also a page. */
static json_t *
openapi_problem(int status, int page)
{
    json_t  *problem, *content;

    content = json_object();
    openapi_put_body(content, "application/problem+json",
                     cxm_openapi_ref("schemas", cxm_problem_fields.name));

    if (page) {
        openapi_put_body(content, "text/html", json_object());
    }

    problem = json_pack("{ss so}", "description",
                        status == 0 ? "Any other error."
                                    : cxm_problem_detail(status),
                        "content", content);

    if (status == 401) {
        openapi_put_header(problem, "WWW-Authenticate");
    }

    if (status == 429 || status == 503) {
        openapi_put_header(problem, "Retry-After");
    }

    return problem;
}


static void
openapi_put_problem(json_t *responses, const char *name, int status)
{
    char  page[32];

    (void) snprintf(page, sizeof(page), "%s" CXM_OPENAPI_PAGE, name);

    json_object_set_new(responses, name, openapi_problem(status, 0));
    json_object_set_new(responses, page, openapi_problem(status, 1));
}


static void
openapi_put_problems(json_t *responses)
{
    int        status;
    char       name[16];
    unsigned   i;

    for (i = 0; cxm_status_at(i) != 0; i++) {
        status = cxm_status_at(i);

        if (status >= 400) {
            (void) snprintf(name, sizeof(name), "%d", status);
            openapi_put_problem(responses, name, status);
        }
    }

    openapi_put_problem(responses, "default", 0);
}


static void
openapi_put_parameters(json_t *parameters)
{
    size_t  i;

    for (i = 0; i < CXM_OPENAPI_HEADERS; i++) {
        json_object_set_new(parameters, openapi_headers[i].name,
            json_pack("{ss ss ss s{ss}}",
                      "name", openapi_headers[i].header, "in", "header",
                      "description", openapi_headers[i].summary,
                      "schema", "type", "string"));
    }
}


static void
openapi_put_headers(json_t *headers)
{
    size_t  i;

    static const char *const  all[][2] = {
        { "ETag", "The version, for If-Match and If-None-Match." },
        { "Link", "The next page, rel=\"next\"." },
        { "Location", "Where it is." },
        { "Retry-After", "Seconds until it is worth another try." },
        { "WWW-Authenticate", "Bearer." }
    };

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        json_object_set_new(headers, all[i][0],
                            json_pack("{ss s{ss}}", "description", all[i][1],
                                      "schema", "type", "string"));
    }
}


void
cxm_openapi_components(json_t *components)
{
    json_t  *responses, *parameters, *headers;

    responses = json_object();
    parameters = json_object();
    headers = json_object();

    openapi_put_problems(responses);
    openapi_put_parameters(parameters);
    openapi_put_headers(headers);

    json_object_set_new(json_object_get(components, "schemas"),
                        cxm_problem_fields.name,
                        cxm_field_schema(&cxm_problem_fields));
    json_object_set_new(json_object_get(components, "schemas"),
                        cxm_moved_fields.name,
                        cxm_field_schema(&cxm_moved_fields));
    json_object_set_new(components, "responses", responses);
    json_object_set_new(components, "parameters", parameters);
    json_object_set_new(components, "headers", headers);
    json_object_set_new(components, "securitySchemes",
        json_pack("{s{ss ss ss ss} s{ss ss ss ss} s{ss ss ss ss} "
                  "s{ss ss ss ss}}",
                  "bearer", "type", "http",
                  "scheme", "bearer", "bearerFormat", "cxm_<id>_<secret>",
                  "description", "An API key; its role has the scopes.",
                  "customer", "type", "apiKey", "in", "cookie",
                  "name", "__Host-cxm",
                  "description", "Of a customer who signed in; `cxm` where "
                  "cookies may be insecure.",
                  "site", "type", "http", "scheme", "bearer",
                  "bearerFormat", "JWT",
                  "description", "Of a customer who signed in at the site: a "
                  "token that it signs (HS256 or EdDSA), from the cookie or "
                  "header that its cxm_customer_token names. Surveys and "
                  "beacons know the customer by it, too.",
                  "staff", "type", "apiKey", "in", "cookie",
                  "name", "__Host-cxm_staff",
                  "description", "Of a member of the staff who signed in, "
                  "whose role has the scopes; `cxm_staff` where cookies may "
                  "be insecure."));
}
