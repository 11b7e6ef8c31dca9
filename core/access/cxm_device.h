/*
 * Devices: browsers in which an account was signed in to before, so that
 * guessers cannot use up their tries (cxm_throttle.h).
 *
 * A cookie proves it: for each account a token, newest first, dots between
 * them.  A token is 16 random bytes, the day on which it was made, and a keyed
 * hash of both and of the account, in base32; nothing of it is kept.  It opens
 * nothing: whoever has it still needs the password, and has the tries of one
 * device to guess it.
 */

#ifndef CXM_DEVICE_H
#define CXM_DEVICE_H

#include "cxm_crypto.h"
#include "cxm_time.h"


#define CXM_DEVICE_ID      16           /* bytes */
#define CXM_DEVICE_TOKEN   56           /* characters */
#define CXM_DEVICE_TOKENS  4            /* accounts of a browser */
#define CXM_DEVICE_COOKIE  (CXM_DEVICE_TOKENS * (CXM_DEVICE_TOKEN + 1))
#define CXM_DEVICE_DAYS    365

/*
 * Whether the cookie's value has a token of that account (number of its
 * document); id gets its random bytes.  The same work for 0, no account.
 */
int cxm_device_find(const cxm_keyring_t *keys, uint64_t account,
    cxm_str_t cookie, cxm_ms_t now, uint8_t id[CXM_DEVICE_ID]);

/*
 * The cookie's next value: a fresh token of that account, and those of the
 * others that the value had.  With a NUL.
 */
void cxm_device_renew(const cxm_keyring_t *keys, uint64_t account,
    cxm_str_t cookie, cxm_ms_t now, char out[CXM_DEVICE_COOKIE]);


#endif /* CXM_DEVICE_H */
