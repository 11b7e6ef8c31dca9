/*
 * Tickets.
 */

#include "cxm_ticket.h"


#define CXM_TICKET_MAX  4096            /* of the sealed bytes */

typedef struct {
    cxm_key_t  seal;
    cxm_key_t  nonce;
    uint8_t    survey[8];               /* associated data */
} cxm_ticket_t;


/* The token key itself only ever keys hashes. */
static void
ticket_begin(cxm_ticket_t *ticket, const cxm_store_t *store, const char *use,
    uint64_t survey)
{
    const cxm_key_t  *key;

    key = &cxm_store_keyring(store)->k[CXM_SUBKEY_TOKEN];

    cxm_keyed_hash(key, cxm_str("ticket"), cxm_strz(use), cxm_str("seal"),
                   ticket->seal.b, CXM_KEY_LEN);
    cxm_keyed_hash(key, cxm_str("ticket"), cxm_strz(use), cxm_str("nonce"),
                   ticket->nonce.b, CXM_KEY_LEN);
    cxm_put_u64(ticket->survey, survey);
}


static cxm_str_t
ticket_bound(const cxm_ticket_t *ticket)
{
    return (cxm_str_t) { sizeof(ticket->survey),
                         (const char *) ticket->survey };
}


void
cxm_ticket_seal(const cxm_store_t *store, const char *use, uint64_t survey,
    cxm_str_t content, cxm_buf_t *out)
{
    cxm_buf_t     sealed;
    cxm_ticket_t  ticket;

    ticket_begin(&ticket, store, use, survey);
    cxm_buf_init(&sealed, CXM_TICKET_MAX);
    cxm_seal(&ticket.seal, &ticket.nonce, ticket_bound(&ticket), content,
             &sealed);

    if (sealed.failed) {
        out->failed = sealed.failed;

    } else {
        cxm_base64url_encode(out, sealed.data, sealed.len);
    }

    cxm_wipe(&ticket, sizeof(ticket));
    cxm_buf_free(&sealed);
}


cxm_rc_t
cxm_ticket_open(const cxm_store_t *store, const char *use, uint64_t survey,
    cxm_str_t text, cxm_buf_t *out)
{
    cxm_rc_t      rc;
    cxm_buf_t     sealed;
    cxm_ticket_t  ticket;

    cxm_buf_init(out, CXM_TICKET_MAX);
    cxm_buf_init(&sealed, CXM_TICKET_MAX);
    rc = cxm_base64url_decode(text, &sealed);

    if (rc == CXM_OK) {
        ticket_begin(&ticket, store, use, survey);
        rc = cxm_open(&ticket.seal, ticket_bound(&ticket),
                      cxm_buf_str(&sealed), out);
        cxm_wipe(&ticket, sizeof(ticket));
    }

    cxm_buf_free(&sealed);

    return rc == CXM_OK || rc == CXM_INTERNAL ? rc : CXM_NOT_FOUND;
}
