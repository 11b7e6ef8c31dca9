/*
 * One event: what a client may say of it, and what of that is kept.
 */

#include "cxm_event_url.h"
#include "cxm_json.h"
#include "cxm_pack.h"
#include "cxm_touchpoint.h"
#include "cxm_touchpoint_int.h"
#include "cxm_visitor.h"


#define CXM_EVENT_UTF8       4          /* bytes of a character */

/* Integers that JavaScript's numbers hold exactly. */
#define CXM_EVENT_MONEY_MAX  9007199254740991


static const cxm_field_t  cxm_event_money_fields[] = {
    { .name = "amount", .type = CXM_FIELD_INT, .flags = CXM_FIELD_REQUIRED,
      .min = -CXM_EVENT_MONEY_MAX, .max = CXM_EVENT_MONEY_MAX,
      .summary = "in minor units: 1250 is 12.50" },
    { .name = "currency", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .min = 3, .max = 3,
      .summary = "ISO 4217: three capital letters" },
    { .name = NULL }
};

const cxm_fields_t  cxm_event_money = {
    "EventMoney", cxm_event_money_fields
};

static const cxm_field_t  cxm_event_prop = {
    .name = "prop", .type = CXM_FIELD_SCALAR, .max = 500
};

static const cxm_field_t  cxm_event_field_list[] = {
    { .name = "type", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .min = 1, .max = CXM_EVENT_TYPE_MAX,
      .summary = "what happened: page_view; letters, digits and _.:-" },
    { .name = "id", .type = CXM_FIELD_UUID,
      .summary = "the same one counts once in 24 hours" },
    { .name = "visitor", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .flags = CXM_FIELD_PERSONAL,
      .summary = "not kept when the browser asks for privacy" },
    { .name = "customer", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .flags = CXM_FIELD_PERSONAL,
      .summary = "kept as `claimed` without a server key, unless who sends "
                 "it is signed in as this one" },
    { .name = "session", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "url", .type = CXM_FIELD_URL, .min = 1,
      .max = CXM_EVENT_URL_MAX,
      .summary = "without fragment and personal parameters" },
    { .name = "referrer", .type = CXM_FIELD_STRING, .min = 0,
      .max = CXM_EVENT_URL_MAX,
      .summary = "without fragment and personal parameters; may be empty" },
    { .name = "title", .type = CXM_FIELD_STRING, .min = 0, .max = 300 },
    { .name = "touchpoint", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .summary = "purchase, support ..." },
    { .name = "product", .type = CXM_FIELD_STRING, .min = 1, .max = 100 },
    { .name = "value", .type = CXM_FIELD_OBJECT, .object = &cxm_event_money,
      .summary = "unverified without a server key" },
    { .name = "props", .type = CXM_FIELD_MAP, .item = &cxm_event_prop,
      .min = 0, .max = 32, .summary = "flat" },
    { .name = "webdriver", .type = CXM_FIELD_BOOL,
      .summary = "navigator.webdriver: a program drives the browser" },
    { .name = "client_time", .type = CXM_FIELD_TIME,
      .summary = "dates the event when a server key sends it" },
    { .name = NULL }
};

const cxm_fields_t  cxm_event_fields = { "Event", cxm_event_field_list };

/* Members that only the server adds to what a client has sent. */
static const char *const  cxm_event_ours[] = {
    "claimed", "device", "country", "region", "status", "status_class",
    "latency", "upstream"
};

#define CXM_EVENT_OURS  (sizeof(cxm_event_ours) / sizeof(cxm_event_ours[0]))


/* One event in the making. */
typedef struct {
    cxm_store_t         *store;
    const cxm_caller_t  *caller;
    const cxm_served_t  *served;    /* NULL: somebody tells of it */
    const cxm_brought_t *brought;   /* NULL: no import does */
    cxm_ms_t             now;
    const json_t        *input;
    const char          *pointer;
    cxm_pack_object_t    out;
    cxm_error_t         *err;
    int                  visitor;   /* it names one */
    int                  bot;
} cxm_event_t;

typedef cxm_rc_t (*cxm_event_pt)(cxm_event_t *event, const char *name,
    const json_t *value);

typedef struct {
    const char    *name;
    cxm_event_pt   keep;
} cxm_event_rule_t;


static cxm_rc_t
event_issue(cxm_event_t *event, const char *name, const char *code,
    const char *detail)
{
    char  pointer[CXM_ERROR_POINTER_LEN];

    (void) snprintf(pointer, sizeof(pointer), "%s/%s", event->pointer, name);

    return cxm_issue(event->err, pointer, code, "%s", detail);
}


static void
event_set_str(cxm_event_t *event, const char *name, cxm_str_t value)
{
    if (value.len != 0) {
        cxm_pack_str(&event->out, cxm_strz(name), value);
    }
}


static void
event_set_int(cxm_event_t *event, const char *name, int64_t value)
{
    cxm_pack_int(&event->out, cxm_strz(name), value);
}


/* Whether it is known who is signed in, and may be kept. */
static int
event_knows(const cxm_event_t *event)
{
    return event->served == NULL && event->caller->who != 0
           && !event->caller->private;
}


static cxm_rc_t
keep_value(cxm_event_t *event, const char *name, const json_t *value)
{
    cxm_pack_json(&event->out, cxm_strz(name), value);

    return CXM_OK;
}


static cxm_rc_t
keep_text(cxm_event_t *event, const char *name, const json_t *value)
{
    return json_string_length(value) == 0 ? CXM_OK
                                          : keep_value(event, name, value);
}


static cxm_rc_t
keep_type(cxm_event_t *event, const char *name, const json_t *value)
{
    size_t     i;
    char       c;
    cxm_str_t  type;

    type = cxm_json_str(value);

    for (i = 0; i < type.len; i++) {
        c = type.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '_' || c == '.' || c == ':' || c == '-'))
        {
            return event_issue(event, name, "invalid",
                               "Must be letters, digits and _.:- only.");
        }
    }

    return keep_value(event, name, value);
}


/*
 * The id itself may say where it was made, so it is not kept: its hash is.
 * But the first bytes stay: ids in time order (version 7) then meet in a few
 * pages of `once`, while hashes alone dirty a page each and cost most of a
 * commit.  Nothing else is made of the time inside.
 */
static cxm_rc_t
keep_id(cxm_event_t *event, const char *name, const json_t *value)
{
    char                  hex[2 * CXM_HASH_LEN + 1];
    uint8_t               hash[CXM_HASH_LEN];
    cxm_uuid_t            id;
    const cxm_keyring_t  *ring;

    if (cxm_uuid_parse(cxm_json_str(value), &id) != CXM_OK) {
        return event_issue(event, name, "invalid", "Must be a UUID.");
    }

    ring = cxm_store_keyring(event->store);

    cxm_keyed_hash(&ring->k[CXM_SUBKEY_LOOKUP], cxm_str("event"),
                   (cxm_str_t) { sizeof(id.b), (const char *) id.b },
                   cxm_str(""), hash, sizeof(hash));
    memcpy(hash, id.b, CXM_TOUCH_PREFIX);
    cxm_hex_encode(hash, sizeof(hash), hex);

    event_set_str(event, CXM_EVENT_KEY, cxm_strz(hex));

    return CXM_OK;
}


static cxm_rc_t
keep_person(cxm_event_t *event, const char *name, const json_t *value)
{
    return event->caller->private ? CXM_OK : keep_value(event, name, value);
}


static cxm_rc_t
keep_visitor(cxm_event_t *event, const char *name, const json_t *value)
{
    event->visitor = !event->caller->private;

    return keep_person(event, name, value);
}


static cxm_rc_t
keep_customer(cxm_event_t *event, const char *name, const json_t *value)
{
    const cxm_caller_t  *caller;

    caller = event->caller;

    if (event->served == NULL && !cxm_may(caller, CXM_SCOPE_INGEST)
        && (caller->who == 0
            || !cxm_str_eq(cxm_json_str(value), caller->who_name)))
    {
        return keep_person(event, "claimed", value);
    }

    /* of who is signed in that is said once, below */

    return event_knows(event) ? CXM_OK : keep_person(event, name, value);
}


static cxm_rc_t
keep_url(cxm_event_t *event, const char *name, const json_t *value)
{
    char       text[CXM_EVENT_URL_MAX * CXM_EVENT_UTF8];
    size_t     i;
    cxm_str_t  url;

    url = cxm_json_str(value);

    for (i = 0; i < url.len; i++) {
        if (strchr("?#;@", url.data[i]) != NULL) {
            break;
        }
    }

    if (i == url.len || url.len > sizeof(text)) {
        return keep_text(event, name, value);
    }

    url.len = cxm_event_url_strip(url, text);
    url.data = text;
    event_set_str(event, name, url);

    return CXM_OK;
}


static cxm_rc_t
keep_money(cxm_event_t *event, const char *name, const json_t *value)
{
    size_t     i;
    cxm_str_t  currency;

    currency = cxm_json_get_str(value, "currency");

    for (i = 0; i < currency.len; i++) {
        if (currency.data[i] < 'A' || currency.data[i] > 'Z') {
            return event_issue(event, "value/currency", "invalid",
                               "Must be three capital letters.");
        }
    }

    if (!cxm_may(event->caller, CXM_SCOPE_INGEST)) {
        event_set_int(event, CXM_EVENT_UNVERIFIED, 1);
    }

    return keep_value(event, name, value);
}


static cxm_rc_t
keep_time(cxm_event_t *event, const char *name, const json_t *value)
{
    cxm_ms_t  at;

    if (!cxm_may(event->caller, CXM_SCOPE_INGEST)) {
        return keep_value(event, name, value);
    }

    if (cxm_rfc3339_parse(cxm_json_str(value), &at) != CXM_OK) {
        return event_issue(event, name, "invalid", "Must be a time.");
    }

    if (at > event->now) {
        return event_issue(event, name, "out_of_range",
                           "Must not be in the future.");
    }

    event_set_int(event, CXM_EVENT_AT, at);

    return CXM_OK;
}


static cxm_rc_t
keep_webdriver(cxm_event_t *event, const char *name, const json_t *value)
{
    (void) name;

    event->bot = json_is_true(value);

    return CXM_OK;
}


static const cxm_event_rule_t  cxm_event_rules[] = {
    { "type", keep_type },
    { "id", keep_id },
    { "client_time", keep_time },
    { "touchpoint", keep_value },
    { "visitor", keep_visitor },
    { "customer", keep_customer },
    { "session", keep_person },
    { "url", keep_url },
    { "referrer", keep_url },
    { "title", keep_text },
    { "product", keep_value },
    { "value", keep_money },
    { "props", keep_value },
    { "webdriver", keep_webdriver }
};


/* What the request tells of itself. */
static void
event_add_caller(cxm_event_t *event)
{
    const cxm_caller_t  *caller;

    caller = event->caller;

    if (event_knows(event)) {
        event_set_str(event, "customer", caller->who_name);
    }

    /* the agent of a server key is the program that hands events on */

    if (event->bot
        || (caller->bot && !cxm_may(caller, CXM_SCOPE_INGEST)))
    {
        event_set_int(event, CXM_EVENT_BOT, 1);
    }

    event_set_str(event, "device", caller->device);

    /* nor does its address say where its visitors are */

    if (!cxm_may(caller, CXM_SCOPE_INGEST)) {
        event_set_str(event, "country", caller->country);
        event_set_str(event, "region", caller->region);
    }
}


/* A server key's own address is no visitor's. */
static void
event_add_visitor(cxm_event_t *event)
{
    char  visitor[CXM_VISITOR_LEN + 1];

    if (!event->visitor
        && !cxm_may(event->caller, CXM_SCOPE_INGEST)
        && cxm_visitor_derive(event->store, event->caller, event->now,
                              visitor)
           == CXM_OK)
    {
        event_set_str(event, "visitor", cxm_strz(visitor));
    }
}


static void
event_add_served(cxm_event_t *event)
{
    cxm_experience_t     experience;
    const cxm_served_t  *served;

    served = event->served;

    if (served == NULL) {
        return;
    }

    cxm_served_experience(served, &experience);

    event_set_int(event, "status", served->status);
    event_set_str(event, "status_class",
                  cxm_strz(cxm_status_classes[experience.status_class]));
    event_set_int(event, CXM_EVENT_LATENCY, served->latency);

    if (served->upstream >= 0) {
        event_set_int(event, "upstream", served->upstream);
    }
}


/* What the server it came from has added to what a client had sent. */
static void
event_add_brought(cxm_event_t *event)
{
    char                  hex[2 * sizeof(cxm_uuid_t) + 1];
    size_t                i;
    const json_t         *row, *value;
    const cxm_brought_t  *brought;

    brought = event->brought;

    if (brought == NULL) {
        return;
    }

    row = brought->row;

    for (i = 0; i < CXM_EVENT_OURS; i++) {
        value = json_object_get(row, cxm_event_ours[i]);

        if (value != NULL) {
            (void) keep_value(event, cxm_event_ours[i], value);
        }
    }

    if (cxm_json_get_bool(row, "unverified", 0)) {
        event_set_int(event, CXM_EVENT_UNVERIFIED, 1);
    }

    /* said apart from the date, also where nothing was said */

    value = json_object_get(row, "client_time");
    cxm_pack_json(&event->out, cxm_str("client_time"),
                  value != NULL ? value : json_null());
    event_set_int(event, CXM_EVENT_AT, brought->at);

    cxm_hex_encode(brought->id->b, sizeof(brought->id->b), hex);
    event_set_str(event, CXM_EVENT_BROUGHT, cxm_strz(hex));
}


static cxm_rc_t
event_keep(cxm_event_t *event)
{
    size_t         i;
    cxm_rc_t       rc;
    const json_t  *value;

    rc = CXM_OK;

    for (i = 0; i < sizeof(cxm_event_rules) / sizeof(cxm_event_rules[0]); i++)
    {
        value = json_object_get(event->input, cxm_event_rules[i].name);

        if (value != NULL
            && cxm_event_rules[i].keep(event, cxm_event_rules[i].name, value)
               != CXM_OK)
        {
            rc = CXM_INVALID;
        }
    }

    event_add_caller(event);
    event_add_visitor(event);
    event_add_served(event);
    event_add_brought(event);

    return rc;
}


static cxm_rc_t
event_make(cxm_event_t *event, cxm_buf_t *out)
{
    size_t    start;
    cxm_rc_t  rc;

    start = out->len;
    rc = cxm_field_check(&cxm_event_fields, event->input, event->pointer,
                         event->err);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_pack_begin(&event->out, out);
    rc = event_keep(event);
    cxm_pack_end(&event->out);

    if (rc == CXM_OK && out->failed) {
        rc = cxm_fail(event->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    if (rc != CXM_OK) {
        out->len = start;
    }

    return rc;
}


cxm_rc_t
cxm_event_make(cxm_store_t *store, const cxm_caller_t *caller,
    cxm_ms_t now, const json_t *input, const char *pointer, cxm_buf_t *out,
    cxm_error_t *err)
{
    cxm_event_t  event = {
        .store = store, .caller = caller, .now = now, .input = input,
        .pointer = pointer, .err = err
    };

    return event_make(&event, out);
}


/* Takes out what is not as its field wants it. */
static void
event_settle(json_t *input)
{
    void               *next;
    json_t             *value;
    cxm_error_t         err;
    const char         *name;
    const cxm_field_t  *field;

    json_object_foreach_safe(input, next, name, value) {
        field = cxm_field_find(&cxm_event_fields, cxm_strz(name));
        cxm_error_init(&err);

        if (field == NULL
            || cxm_field_check_value(field, value, "", &err) != CXM_OK)
        {
            (void) json_object_del(input, name);
        }
    }
}


cxm_rc_t
cxm_event_served(cxm_store_t *store, const cxm_caller_t *caller,
    cxm_ms_t now, const json_t *input, const cxm_served_t *served,
    cxm_buf_t *out, cxm_error_t *err)
{
    json_t       *settled;
    cxm_rc_t      rc;
    cxm_event_t   event = {
        .store = store, .caller = caller, .served = served, .now = now,
        .input = input, .pointer = "", .err = err
    };

    rc = event_make(&event, out);

    if (rc != CXM_INVALID) {
        return rc;
    }

    /* clients have their say in values: one of them costs no touchpoint */

    settled = json_copy((json_t *) input);

    if (settled == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    event_settle(settled);
    cxm_error_init(err);
    event.input = settled;
    event.visitor = 0;
    event.bot = 0;
    rc = event_make(&event, out);
    json_decref(settled);

    return rc;
}


cxm_rc_t
cxm_event_brought(cxm_store_t *store, cxm_ms_t now, const json_t *input,
    const cxm_brought_t *brought, cxm_buf_t *out, cxm_error_t *err)
{
    cxm_caller_t  owner;
    cxm_event_t   event = {
        .store = store, .caller = &owner, .brought = brought, .now = now,
        .input = input, .pointer = "", .err = err,
        .bot = cxm_json_get_bool(brought->row, "bot", 0)
    };

    cxm_caller_system(&owner);

    return event_make(&event, out);
}
