/*
 * Tokens of a site's customers: claims.
 */

#include "cxm_customer_token.h"
#include "cxm_field.h"
#include "cxm_json.h"


typedef struct {
    const json_t                *claims;
    const cxm_customer_rules_t  *rules;
    cxm_str_t                    host;
    double                       now;       /* s */
    const char                  *why;
} token_t;

typedef cxm_token_result_t (*token_check_pt)(token_t *token);


const char *const  cxm_token_results[CXM_TOKEN_RESULTS] = {
    "good", "malformed", "unsigned", "claims", "early", "expired", "failed"
};

static const cxm_field_t  sub_field = {
    .type = CXM_FIELD_STRING, .min = 1, .max = CXM_CUSTOMER_SUB
};

static const cxm_field_t  email_field = { .type = CXM_FIELD_EMAIL };

static const cxm_field_t  name_field = {
    .type = CXM_FIELD_STRING, .min = 1, .max = CXM_CUSTOMER_NAME
};


static cxm_token_result_t
refuse(token_t *token, cxm_token_result_t result, const char *why)
{
    token->why = why;

    return result;
}


/* --- times -------------------------------------------------------------- */

/* RFC 7519's NumericDate; *there is 0 where there is none. */
static int
claim_time(const token_t *token, const char *name, int *there, double *out)
{
    json_t  *value;

    value = json_object_get(token->claims, name);
    *there = value != NULL;
    *out = json_number_value(value);

    return value == NULL || json_is_number(value);
}


/* What must not lie ahead. */
static cxm_token_result_t
check_begin(token_t *token)
{
    int     there;
    double  at;
    size_t  i;

    static const struct {
        const char  *name;
        const char  *wrong;
        const char  *early;
    } begins[] = {
        { "nbf", "nbf is no number", "it does not count yet" },
        { "iat", "iat is no number", "iat is in the future" }
    };

    for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {

        if (!claim_time(token, begins[i].name, &there, &at)) {
            return refuse(token, CXM_TOKEN_CLAIMS, begins[i].wrong);
        }

        if (there && at > token->now + CXM_CUSTOMER_SKEW) {
            return refuse(token, CXM_TOKEN_EARLY, begins[i].early);
        }
    }

    return CXM_TOKEN_GOOD;
}


/* A lifetime that has no bound would be a password. */
static cxm_token_result_t
check_expiry(token_t *token)
{
    int     there, issued;
    double  exp, iat, max;

    if (!claim_time(token, "exp", &there, &exp) || !there) {
        return refuse(token, CXM_TOKEN_CLAIMS, "exp is missing or no number");
    }

    if (exp <= token->now - CXM_CUSTOMER_SKEW) {
        return refuse(token, CXM_TOKEN_EXPIRED, "it has expired");
    }

    max = (double) token->rules->max_age;
    (void) claim_time(token, "iat", &issued, &iat);

    return exp > token->now + CXM_CUSTOMER_SKEW + max
           || (issued && exp - iat > max)
           ? refuse(token, CXM_TOKEN_CLAIMS,
                    "exp is further ahead than max_age allows")
           : CXM_TOKEN_GOOD;
}


/* --- whom it is for, and of whom ---------------------------------------- */

/* One name, or a list of them. */
static cxm_token_result_t
check_audience(token_t *token)
{
    size_t     i;
    json_t    *aud;
    cxm_str_t  want;

    aud = json_object_get(token->claims, "aud");
    want = token->rules->audience;

    if (aud == NULL && want.len == 0) {
        return CXM_TOKEN_GOOD;
    }

    want = want.len == 0 ? token->host : want;

    if (json_is_string(aud) && cxm_str_eq(cxm_json_str(aud), want)) {
        return CXM_TOKEN_GOOD;
    }

    for (i = 0; i < json_array_size(aud); i++) {
        if (json_is_string(json_array_get(aud, i))
            && cxm_str_eq(cxm_json_str(json_array_get(aud, i)), want))
        {
            return CXM_TOKEN_GOOD;
        }
    }

    return refuse(token, CXM_TOKEN_CLAIMS, "aud is somebody else");
}


static int
is_text(const cxm_field_t *field, const json_t *value)
{
    cxm_error_t  ignored;

    cxm_error_init(&ignored);

    return value != NULL
           && cxm_field_check_value(field, value, "", &ignored) == CXM_OK;
}


/* What a customer may lack is often sent empty. */
static const json_t *
claim_given(const token_t *token, const char *name)
{
    json_t  *value;

    value = json_object_get(token->claims, name);

    return json_is_null(value)
           || (json_is_string(value) && json_string_length(value) == 0)
           ? NULL : value;
}


static cxm_token_result_t
check_customer(token_t *token)
{
    const json_t  *email, *name;

    if (!is_text(&sub_field, json_object_get(token->claims, "sub"))) {
        return refuse(token, CXM_TOKEN_CLAIMS,
                      "sub is missing or no string of 1 to 100 "
                      "characters");
    }

    email = claim_given(token, "email");
    name = claim_given(token, "name");

    if (email != NULL && !is_text(&email_field, email)) {
        return refuse(token, CXM_TOKEN_CLAIMS, "email is no address");
    }

    return name != NULL && !is_text(&name_field, name)
           ? refuse(token, CXM_TOKEN_CLAIMS,
                    "name is no string of 1 to 200 characters")
           : CXM_TOKEN_GOOD;
}


static const token_check_pt  token_checks[] = {
    check_begin,
    check_expiry,
    check_audience,
    check_customer
};


/* --- the whole ---------------------------------------------------------- */

/* The checks have bounded it. */
static void
copy_text(char *out, size_t size, const json_t *value)
{
    (void) snprintf(out, size, "%s", json_is_string(value)
                                     ? json_string_value(value) : "");
}


static void
take_claims(const token_t *token, cxm_customer_claims_t *out)
{
    const json_t  *claims;

    claims = token->claims;
    copy_text(out->sub, sizeof(out->sub), json_object_get(claims, "sub"));
    copy_text(out->name, sizeof(out->name), json_object_get(claims, "name"));

    if (cxm_json_get_bool(claims, "email_verified", 0)) {
        copy_text(out->email, sizeof(out->email),
                  json_object_get(claims, "email"));
    }
}


cxm_token_result_t
cxm_customer_token(const cxm_customer_rules_t *rules, cxm_str_t text,
    cxm_str_t host, cxm_ms_t now, cxm_customer_claims_t *claims,
    const char **why)
{
    size_t              i;
    json_t             *payload;
    token_t             token;
    cxm_rc_t            rc;
    cxm_token_result_t  result;

    memset(claims, 0, sizeof(*claims));
    rc = cxm_jws_open(text, rules->keys, rules->nkeys, &payload, why);

    if (rc != CXM_OK) {
        return rc == CXM_BAD_REQUEST ? CXM_TOKEN_MALFORMED
               : rc == CXM_UNAUTHORIZED ? CXM_TOKEN_UNSIGNED
               : CXM_TOKEN_FAILED;
    }

    token = (token_t) { payload, rules, host, (double) now / 1000, NULL };
    result = CXM_TOKEN_GOOD;

    for (i = 0; i < sizeof(token_checks) / sizeof(token_checks[0])
                && result == CXM_TOKEN_GOOD; i++)
    {
        result = token_checks[i](&token);
    }

    if (result == CXM_TOKEN_GOOD) {
        take_claims(&token, claims);
    }

    *why = token.why;
    json_decref(payload);

    return result;
}
