/*
 * Who calls: principals, roles, scopes, API keys; what a client tells of
 * itself.  A cxm_caller_t is an argument of every room call.
 *
 * An API key reads cxm_<id>_<secret>: 8 and 32 random bytes in lower-case
 * base32 (13 and 52 characters).  The store keeps a plain BLAKE2b-256 hash
 * of the secret, which suffices for 256 random bits (ASVS 6.5.2); the key is
 * shown once.  Kind CXM_KIND_KEY, document named by the id text (as slug):
 * {"slug","name","role","hash","expires_at"?,"revoked_at"?,"created_by"}.
 */

#ifndef CXM_ACCESS_H
#define CXM_ACCESS_H

#include "cxm_customer_token.h"
#include "cxm_doc.h"


typedef enum {
    CXM_SCOPE_SURVEY_READ   = 1 << 0,
    CXM_SCOPE_SURVEY_WRITE  = 1 << 1,
    CXM_SCOPE_RESPONSE_READ = 1 << 2,
    CXM_SCOPE_PERSONAL_READ = 1 << 3,   /* without it personal fields are
                                           left out of answers */
    CXM_SCOPE_METRICS_READ  = 1 << 4,
    CXM_SCOPE_INGEST        = 1 << 5,   /* known identity, client_time, big
                                           bodies, verified money */
    CXM_SCOPE_LINK_MINT     = 1 << 6,
    CXM_SCOPE_EXPORT        = 1 << 7,
    CXM_SCOPE_KEY_ADMIN     = 1 << 8,
    CXM_SCOPE_OPENAPI       = 1 << 9,
    CXM_SCOPE_BENCHMARK_WRITE = 1 << 10,
    CXM_SCOPE_TOUCHPOINT_READ = 1 << 11,
    CXM_SCOPE_PRIVACY_ERASE = 1 << 12,
    CXM_SCOPE_CUSTOMER_READ = 1 << 14,
    CXM_SCOPE_CUSTOMER_WRITE = 1 << 15,
    CXM_SCOPE_FIELD_ADMIN   = 1 << 16,  /* fields that the site defines */
    CXM_SCOPE_TEMPLATE_WRITE = 1 << 18, /* texts of messages */
    CXM_SCOPE_STAFF_ADMIN   = 1 << 19
} cxm_scope_t;

typedef struct {
    const char  *name;                  /* "analyst" */
    unsigned     scopes;
} cxm_role_t;

/* admin, analyst, rep, manager, marketing, sales, product, success,
   privacy, server, viewer; ends with a NULL name. */
extern const cxm_role_t  cxm_roles[];
extern const char *const  cxm_role_names[];     /* for tables of fields */
const cxm_role_t *cxm_role_find(cxm_str_t name);

/* "survey_read"; for OpenAPI and problem details. */
const char *cxm_scope_name(cxm_scope_t scope);

/* Names of all of a set; a new reference. */
json_t *cxm_scopes_json(unsigned scopes);

typedef enum {
    CXM_PRINCIPAL_PUBLIC = 0,
    CXM_PRINCIPAL_KEY,
    CXM_PRINCIPAL_STAFF,
    CXM_PRINCIPAL_CUSTOMER,
    CXM_PRINCIPAL_SYSTEM                /* tools and jobs */
} cxm_principal_kind_t;

typedef struct {
    cxm_principal_kind_t  kind;
    uint64_t           actor;           /* number of its document: of the key,
                                           the staff member, the account; 0:
                                           none */
    const cxm_role_t  *role;            /* NULL: a customer, or public */
    unsigned           scopes;
    uint64_t           session;         /* document that told who it is, by a
                                           cookie; 0: none */
    int                ambient;         /* the browser says it unasked: other
                                           sites can make it do so */
    int                owes_totp;       /* a member without scopes, because a
                                           second factor is missing */

    /* CXM_PRINCIPAL_CUSTOMER; 0: there is no such record (any more). */
    uint64_t           customer;
    cxm_uuid_t         customer_id;
    uint64_t           subject;         /* person slot */
} cxm_principal_t;

typedef struct cxm_caller_s {
    cxm_principal_t  principal;
    cxm_str_t        user_agent;        /* data NULL: none was sent */
    cxm_str_t        host;
    cxm_str_t        address;           /* bytes of what its network gave it
                                           (cxm_visitor.h); never kept */
    cxm_str_t        device;            /* desktop, mobile, tablet, or NULL */
    cxm_str_t        country;           /* ISO 3166-1 alpha-2, or NULL */
    cxm_str_t        region;            /* ISO 3166-2, where asked, or NULL */
    cxm_str_t        language;          /* first of Accept-Language, or NULL */
    cxm_str_t        latency_band;      /* of what was served, or NULL */
    cxm_str_t        status_class;
    int              bot;               /* marked; never dropped */
    int              private;           /* Sec-GPC: 1 or DNT: 1 */

    /*
     * The customer who calls, where that is proved: class of a name that
     * leads to them (cxm_person.h; 0: nobody's) and the name.
     */
    unsigned         who;
    cxm_str_t        who_name;
    const cxm_customer_claims_t  *claims;   /* of the site's token, or NULL */
} cxm_caller_t;

static inline int
cxm_may(const cxm_caller_t *caller, unsigned scopes)
{
    return (caller->principal.scopes & scopes) == scopes;
}

/*
 * CXM_UNAUTHORIZED for the public, else CXM_FORBIDDEN, "totp_required" if that
 * is why; no hint which scope.
 */
cxm_rc_t cxm_require(const cxm_caller_t *caller, unsigned scopes,
    cxm_error_t *err);

/*
 * Fills principal from "cxm_..." (what follows "Bearer ").  The same
 * CXM_UNAUTHORIZED for a malformed, unknown, wrong, expired or revoked key.
 */
cxm_rc_t cxm_authenticate(cxm_txn_t *txn, cxm_str_t token, cxm_ms_t now,
    cxm_principal_t *principal, cxm_error_t *err);

/*
 * Whether a principal that was authenticated may still call: for what lasts.
 * CXM_UNAUTHORIZED when its key is revoked or has expired since, its session
 * was ended, it has another role.
 */
cxm_rc_t cxm_principal_check(cxm_txn_t *txn,
    const cxm_principal_t *principal, cxm_ms_t now);

/* Device class and bot mark from a User-Agent; device NULL when unknown. */
void cxm_agent_classify(cxm_caller_t *caller);

#define CXM_AGENT_NAME  40

/* "Firefox on Linux", for people to know their devices by; 0: unknown. */
int cxm_agent_name(cxm_str_t agent, char out[CXM_AGENT_NAME]);


/* CXM_UNAUTHORIZED, CXM_NOT_FOUND: a key that is none any more. */
cxm_rc_t cxm_key_check(cxm_txn_t *txn, uint64_t no, cxm_ms_t now);

#define CXM_TOKEN_LEN  (4 + 13 + 1 + 52)

typedef struct {
    cxm_str_t  role;
    cxm_str_t  name;                    /* for people; may be empty */
    cxm_ms_t   expires_at;              /* 0: never */
} cxm_key_spec_t;

/* token gets CXM_TOKEN_LEN characters and a NUL: the only time it is seen. */
cxm_rc_t cxm_key_create(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_key_spec_t *spec, char token[CXM_TOKEN_LEN + 1],
    cxm_error_t *err);
cxm_rc_t cxm_key_revoke(cxm_txn_t *txn, const cxm_caller_t *caller,
    cxm_str_t id, cxm_error_t *err);

/*
 * Who an actor is, for people: {"kind", "id", "name"}, or null for the server
 * itself and for who is not known any more; a new reference.  `kind` is staff,
 * key or account; the name of an account's owner is personal, so null.
 */
json_t *cxm_actor_json(cxm_txn_t *txn, uint64_t actor);

/* A key as people may see it, without its hash; a new reference. */
json_t *cxm_key_json(const cxm_doc_t *doc);

/*
 * Audit: personal fields were read, or one of the staff signed in or failed
 * to.  `what` is the route, `object` what was
 * asked (id or filters, borrowed).  In a write transaction.
 */
cxm_rc_t cxm_audit(cxm_txn_t *txn, const cxm_caller_t *caller,
    const char *what, json_t *object, cxm_error_t *err);

/* A caller for tools and jobs: all scopes, actor 0. */
void cxm_caller_system(cxm_caller_t *caller);

extern const cxm_kind_t  cxm_kind_key;
extern const cxm_kind_t  cxm_kind_access;


#endif /* CXM_ACCESS_H */
