/*
 * Tickets: what leaves the server sealed and is proof when it comes back, as
 * the token of an exposure or the last part of a signed link.
 *
 * A ticket is bound to its use and to its survey; nobody reads or alters it.
 * Text is base64url of XChaCha20-Poly1305 under keys that keyed BLAKE2b makes
 * of the store's token key and the use.
 */

#ifndef CXM_TICKET_H
#define CXM_TICKET_H

#include "cxm_store.h"


/* Appends the ticket; use is "exposure" or "link". */
void cxm_ticket_seal(const cxm_store_t *store, const char *use,
    uint64_t survey, cxm_str_t content, cxm_buf_t *out);

/*
 * The content, in a buffer that this begins and the caller frees in any case;
 * CXM_NOT_FOUND when it is no such ticket.
 */
cxm_rc_t cxm_ticket_open(const cxm_store_t *store, const char *use,
    uint64_t survey, cxm_str_t ticket, cxm_buf_t *out);


#endif /* CXM_TICKET_H */
