/*
 * The second factor of a customer or a staff member: codes that an app makes
 * (TOTP, RFC 6238: SHA-1, 6 digits, 30 s, all that every app knows), and
 * recovery codes for who has lost it.
 *
 * Its state is a JSON object that a document of the owner keeps HIDDEN:
 *
 *   {"secret": base32, "on": false}        begun: shown to the owner
 *   {"secret", "on": true, "on_at": time, "step": n,
 *    "recovery": [hex of a hash, ...], "wrong"?: n, "wrong_at"?: time}
 *
 * `step` is that of the last code taken: none is taken again, nor an older
 * one.  Of a recovery code only a keyed hash is kept, with the secret in it,
 * and that goes when the code is used.
 *
 * Who knows the password may guess CXM_TOTP_WRONG codes in a row, and from
 * then on one an hour: a chance of 3 in 1,000,000 each.  A code that is taken
 * ends the row.  Recovery codes, which nobody guesses, are always taken, so
 * that the owner is not locked out by it.
 *
 * Functions that take a code change the state, also when they refuse it; the
 * caller writes its document in the transaction in which it read it, so that
 * of two who come with one code one is refused, and no guess is forgotten
 * (cxm_call_deny() refuses a call that has written).  Customers' accounts keep
 * what was taken only: there a row of wrong codes would be a way to lock
 * somebody out, and cxm_throttle.h counts them, by devices.
 */

#ifndef CXM_TOTP_H
#define CXM_TOTP_H

#include "cxm_crypto.h"
#include "cxm_field.h"
#include "cxm_time.h"


#define CXM_TOTP_SECRET       20            /* bytes */
#define CXM_TOTP_SECRET_TEXT  32            /* characters of base32 */
#define CXM_TOTP_DIGITS       6
#define CXM_TOTP_STEP         (30 * CXM_MS_SECOND)
#define CXM_TOTP_WRONG        10
#define CXM_TOTP_PAUSE        CXM_MS_HOUR

#define CXM_RECOVERY_N        10            /* codes */
#define CXM_RECOVERY_LEN      19            /* "abcd-efgh-ijkl-mnop": 80 bits */

typedef struct {
    char  code[CXM_RECOVERY_N][CXM_RECOVERY_LEN + 1];
} cxm_recovery_t;

/* Of the state, for the document's table. */
extern const cxm_fields_t  cxm_totp_fields;

/* A new state that is not on yet; NULL without memory. */
json_t *cxm_totp_begin(void);

/* Whether a sign-in needs a code; totp may be NULL. */
int cxm_totp_on(const json_t *totp);

/* The secret as people type it: upper case. */
void cxm_totp_text(const json_t *totp, char out[CXM_TOTP_SECRET_TEXT + 1]);

/* What a QR code shows: otpauth://totp/issuer:account?secret=... */
void cxm_totp_uri(cxm_buf_t *out, const json_t *totp, cxm_str_t issuer,
    cxm_str_t account);

/*
 * Takes a code of the present step or one beside it.  The same
 * CXM_UNAUTHORIZED "wrong_code" for any that is not taken; CXM_TOO_MANY, with
 * retry_after: there were too many, this one was not looked at.
 */
cxm_rc_t cxm_totp_use(json_t *totp, cxm_str_t code, cxm_ms_t now,
    cxm_error_t *err);

/*
 * Turns the state on with new recovery codes, which are seen this only time;
 * one that is on gets new ones.  The key is the store's CXM_SUBKEY_RECOVERY.
 */
cxm_rc_t cxm_totp_enable(json_t *totp, const cxm_key_t *key, cxm_ms_t now,
    cxm_recovery_t *codes, cxm_error_t *err);

/* Whether it is on, and since then or later. */
int cxm_totp_since(const json_t *totp, cxm_ms_t at);

/* Takes a recovery code; CXM_UNAUTHORIZED "wrong_code". */
cxm_rc_t cxm_totp_recover(json_t *totp, const cxm_key_t *key, cxm_str_t code,
    cxm_error_t *err);

/*
 * Without a state.  *step is that of the last code taken (0: none) and
 * becomes that of this one: CXM_OK or CXM_UNAUTHORIZED.
 */
cxm_rc_t cxm_totp_check(const uint8_t secret[CXM_TOTP_SECRET], cxm_str_t code,
    cxm_ms_t now, int64_t *step);


#endif /* CXM_TOTP_H */
