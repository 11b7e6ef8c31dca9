/*
 * Who sends a request; the directive cxm_customer_token.
 */

#include "ngx_http_cxm_identity.h"
#include "ngx_http_cxm_conf.h"
#include "ngx_http_cxm_metrics.h"


static ngx_http_cxm_token_t *ngx_http_cxm_token_add(ngx_conf_t *cf,
    ngx_http_cxm_loc_conf_t *lcf, ngx_str_t *text);
static char *ngx_http_cxm_token_param(ngx_conf_t *cf,
    ngx_http_cxm_token_t *token, ngx_str_t *value, ngx_str_t *key,
    cxm_jws_alg_t *alg);
static char *ngx_http_cxm_token_max_age(ngx_conf_t *cf,
    ngx_http_cxm_token_t *token, ngx_str_t *value);
static char *ngx_http_cxm_token_keys(ngx_conf_t *cf,
    ngx_http_cxm_token_t *token, ngx_str_t *key, cxm_jws_alg_t alg);
static void ngx_http_cxm_token_wipe(void *data);
static void ngx_http_cxm_identity_kept(void *data);
static void ngx_http_cxm_identity_find(ngx_http_request_t *r,
    ngx_http_cxm_identity_t *identity);
static cxm_str_t ngx_http_cxm_identity_text(ngx_http_request_t *r,
    ngx_http_cxm_token_t *token);
static void ngx_http_cxm_identity_read(ngx_http_request_t *r,
    ngx_http_cxm_store_t *store, const ngx_http_cxm_identity_t *identity);


static const struct {
    ngx_str_t      name;
    cxm_jws_alg_t  alg;
} ngx_http_cxm_token_algs[] = {
    { ngx_string("alg=HS256"), CXM_JWS_HS256 },
    { ngx_string("alg=Ed25519"), CXM_JWS_ED25519 },
    { ngx_null_string, 0 }
};


/* --- the directive ------------------------------------------------------ */

char *
ngx_http_cxm_customer_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_loc_conf_t  *lcf = conf;

    char                  *rv;
    ngx_str_t             *value, key;
    ngx_uint_t             i;
    cxm_jws_alg_t          alg;
    ngx_http_cxm_token_t  *token;

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {

        if (lcf->tokens != NGX_CONF_UNSET_PTR) {
            return "is duplicate";
        }

        lcf->tokens = NULL;
        return NGX_CONF_OK;
    }

    if (lcf->tokens == NULL) {
        return "is \"off\" here";
    }

    token = ngx_http_cxm_token_add(cf, lcf, &value[1]);
    if (token == NULL) {
        return NGX_CONF_ERROR;
    }

    if (token->value.lengths == NULL) {
        return "needs a variable, such as $cookie_customer";
    }

    ngx_str_null(&key);
    alg = 0;

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_cxm_token_param(cf, token, &value[i], &key, &alg);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return ngx_http_cxm_token_keys(cf, token, &key, alg);
}


static ngx_http_cxm_token_t *
ngx_http_cxm_token_add(ngx_conf_t *cf, ngx_http_cxm_loc_conf_t *lcf,
    ngx_str_t *text)
{
    ngx_pool_cleanup_t                *cln;
    ngx_http_cxm_token_t              *token, **place;
    ngx_http_compile_complex_value_t   ccv;

    if (lcf->tokens == NGX_CONF_UNSET_PTR) {
        lcf->tokens = ngx_array_create(cf->pool, 1,
                                       sizeof(ngx_http_cxm_token_t *));
        if (lcf->tokens == NULL) {
            return NULL;
        }
    }

    token = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_token_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);
    place = ngx_array_push(lcf->tokens);

    if (token == NULL || cln == NULL || place == NULL) {
        return NULL;
    }

    *place = token;
    cln->handler = ngx_http_cxm_token_wipe;
    cln->data = token;
    token->rules.max_age = CXM_CUSTOMER_AGE;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));
    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = &token->value;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? token : NULL;
}


static char *
ngx_http_cxm_token_param(ngx_conf_t *cf, ngx_http_cxm_token_t *token,
    ngx_str_t *value, ngx_str_t *key, cxm_jws_alg_t *alg)
{
    ngx_str_t   path;
    ngx_uint_t  i;

    for (i = 0; ngx_http_cxm_token_algs[i].name.len != 0; i++) {
        if (ngx_http_cxm_conf_same(value, &ngx_http_cxm_token_algs[i].name)
            && *alg == 0)
        {
            *alg = ngx_http_cxm_token_algs[i].alg;
            return NGX_CONF_OK;
        }
    }

    if (ngx_strncmp(value->data, "key=", 4) == 0 && value->len > 4
        && key->len == 0)
    {
        path.len = value->len - 4;
        path.data = value->data + 4;

        return ngx_http_cxm_conf_path(cf, &path, key) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (ngx_strncmp(value->data, "aud=", 4) == 0 && value->len > 4
        && token->rules.audience.len == 0)
    {
        token->rules.audience.len = value->len - 4;
        token->rules.audience.data = (const char *) value->data + 4;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value->data, "max_age=", 8) == 0) {
        return ngx_http_cxm_token_max_age(cf, token, value);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                       value);
    return NGX_CONF_ERROR;
}


static char *
ngx_http_cxm_token_max_age(ngx_conf_t *cf, ngx_http_cxm_token_t *token,
    ngx_str_t *value)
{
    ngx_int_t  seconds;
    ngx_str_t  time;

    time.len = value->len - 8;
    time.data = value->data + 8;

    seconds = ngx_parse_time(&time, 1);

    if (seconds == NGX_ERROR || seconds == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid time \"%V\"", value);
        return NGX_CONF_ERROR;
    }

    token->rules.max_age = seconds;

    return NGX_CONF_OK;
}


/* Now, by the master, who may read what workers may not. */

static char *
ngx_http_cxm_token_keys(ngx_conf_t *cf, ngx_http_cxm_token_t *token,
    ngx_str_t *key, cxm_jws_alg_t alg)
{
    cxm_error_t  err;

    if (key->len == 0) {
        return "needs \"key=\" and a file";
    }

    cxm_error_init(&err);

    if (cxm_crypto_init() != CXM_OK
        || cxm_customer_keys_read(&token->rules, (const char *) key->data,
                                  alg, &err)
           != CXM_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "key file \"%V\": %s", key,
                           err.detail);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static void
ngx_http_cxm_token_wipe(void *data)
{
    ngx_http_cxm_token_t  *token = data;

    cxm_wipe(&token->rules, sizeof(cxm_customer_rules_t));
}


/* --- requests ----------------------------------------------------------- */

ngx_http_cxm_identity_t *
ngx_http_cxm_identity(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_cxm_loc_conf_t  *lcf;
    ngx_http_cxm_identity_t  *identity;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);

    for (cln = r->pool->cleanup; cln != NULL; cln = cln->next) {

        if (cln->handler != ngx_http_cxm_identity_kept) {
            continue;
        }

        identity = cln->data;

        if (identity->tokens == lcf->tokens) {
            return identity;
        }
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_cxm_identity_t));
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_cxm_identity_kept;
    identity = cln->data;

    ngx_memzero(identity, sizeof(ngx_http_cxm_identity_t));
    identity->tokens = lcf->tokens;

    if (identity->tokens != NULL) {
        ngx_http_cxm_identity_find(r, identity);
    }

    return identity;
}


static void
ngx_http_cxm_identity_kept(void *data)
{
    cxm_wipe(data, sizeof(ngx_http_cxm_identity_t));
}


/*
 * The first good one counts; of several that are none the one that came
 * nearest tells why.
 */

static void
ngx_http_cxm_identity_find(ngx_http_request_t *r,
    ngx_http_cxm_identity_t *identity)
{
    cxm_str_t                  text;
    ngx_uint_t                 i;
    const char                *why;
    cxm_token_result_t         result;
    ngx_http_cxm_token_t     **tokens;
    ngx_http_cxm_srv_conf_t   *scf;

    tokens = identity->tokens->elts;

    for (i = 0; i < identity->tokens->nelts; i++) {
        text = ngx_http_cxm_identity_text(r, tokens[i]);

        if (text.len == 0) {
            continue;
        }

        result = cxm_customer_token(&tokens[i]->rules, text,
                                    ngx_http_cxm_str(&r->headers_in.server),
                                    cxm_now(), &identity->claims, &why);

        if (result == CXM_TOKEN_GOOD || result > identity->result) {
            identity->text = text;
            identity->result = result;
            identity->why = why;
        }

        if (result == CXM_TOKEN_GOOD) {
            break;
        }
    }

    if (identity->text.len == 0) {
        return;
    }

    if (identity->why != NULL) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "customer token refused: %s", identity->why);
    }

    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);

    if (scf->store != NULL) {
        cxm_metrics_add(&ngx_http_cxm_metrics_of(scf->store)
                         ->tokens[identity->result], 1);
    }
}


/* Headers may have the scheme in front of it, and behind that a key of ours. */

static cxm_str_t
ngx_http_cxm_identity_text(ngx_http_request_t *r, ngx_http_cxm_token_t *token)
{
    ngx_str_t  text;

    if (ngx_http_complex_value(r, &token->value, &text) != NGX_OK) {
        ngx_str_null(&text);
    }

    if (text.len > 7
        && ngx_strncasecmp(text.data, (u_char *) "Bearer ", 7) == 0)
    {
        text.data += 7;
        text.len -= 7;

        if (text.len >= 4 && ngx_strncmp(text.data, "cxm_", 4) == 0) {
            text.len = 0;
        }
    }

    return ngx_http_cxm_str(&text);
}


/* --- what the store has ------------------------------------------------- */

const cxm_known_t *
ngx_http_cxm_identity_known(ngx_http_request_t *r)
{
    ngx_http_cxm_srv_conf_t  *scf;
    ngx_http_cxm_identity_t  *identity;

    identity = ngx_http_cxm_identity(r);

    if (identity == NULL || identity->known != NULL) {
        return identity == NULL ? NULL : identity->known;
    }

    identity->known = ngx_pcalloc(r->pool, sizeof(cxm_known_t));
    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);

    if (identity->known != NULL && scf->store != NULL) {
        ngx_http_cxm_identity_read(r, scf->store, identity);
    }

    return identity->known;
}


/* One line for all requests of a time in which it cannot be read. */

static void
ngx_http_cxm_identity_read(ngx_http_request_t *r, ngx_http_cxm_store_t *store,
    const ngx_http_cxm_identity_t *identity)
{
    cxm_rc_t                  rc;
    ngx_str_t                *cookie;
    cxm_error_t               err;
    cxm_request_t             request;
    ngx_http_cxm_loc_conf_t  *lcf;

    cxm_error_init(&err);
    ngx_memzero(&request, sizeof(cxm_request_t));

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);
    cookie = ngx_http_cxm_find_header(r, "cookie");

    request.now = cxm_now();
    request.insecure_cookies = lcf->insecure_cookies;

    if (cookie != NULL) {
        request.cookie = ngx_http_cxm_str(cookie);
    }

    if (identity->text.len > 0 && identity->why == NULL) {
        request.claims = &identity->claims;
    }

    rc = cxm_known_read(ngx_http_cxm_store_handle(store), &request,
                        identity->known, &err);

    if (rc != CXM_OK && !store->unread) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "store \"%V\": variables of customers are empty: %s",
                      &store->dir, err.detail);
    }

    store->unread = rc != CXM_OK;
}
