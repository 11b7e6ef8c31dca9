/*
 * TOTP over liboath, and recovery codes.
 */

#include <liboath/oath.h>

#include "cxm_id.h"
#include "cxm_json.h"
#include "cxm_totp.h"


#define CXM_TOTP_WINDOW       1         /* steps before and behind */

#define CXM_RECOVERY_BYTES    10
#define CXM_RECOVERY_TEXT     16        /* characters without hyphens */
#define CXM_RECOVERY_GROUP    4
#define CXM_RECOVERY_HASH     32
#define CXM_RECOVERY_HASH_HEX (2 * CXM_RECOVERY_HASH)

#define CXM_TOTP_TYPED        64        /* longer is no code */


static const cxm_field_t  cxm_totp_recovery = {
    .type = CXM_FIELD_STRING, .max = CXM_RECOVERY_HASH_HEX
};

static const cxm_field_t  cxm_totp_rows[] = {
    { .name = "secret", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .max = CXM_TOTP_SECRET_TEXT },
    { .name = "on", .type = CXM_FIELD_BOOL, .flags = CXM_FIELD_REQUIRED },
    { .name = "on_at", .type = CXM_FIELD_TIME },
    { .name = "step", .type = CXM_FIELD_INT },
    { .name = "wrong", .type = CXM_FIELD_INT },
    { .name = "wrong_at", .type = CXM_FIELD_TIME },
    { .name = "recovery", .type = CXM_FIELD_ARRAY, .max = CXM_RECOVERY_N,
      .item = &cxm_totp_recovery },
    { .name = NULL }
};

const cxm_fields_t  cxm_totp_fields = { "Totp", cxm_totp_rows };


json_t *
cxm_totp_begin(void)
{
    char      text[CXM_TOTP_SECRET_TEXT + 1];
    json_t   *totp;
    uint8_t   secret[CXM_TOTP_SECRET];

    cxm_random(secret, sizeof(secret));
    cxm_base32_encode(secret, sizeof(secret), text);
    totp = json_pack("{ss sb}", "secret", text, "on", 0);

    cxm_wipe(secret, sizeof(secret));
    cxm_wipe(text, sizeof(text));

    return totp;
}


int
cxm_totp_on(const json_t *totp)
{
    return cxm_json_get_bool(totp, "on", 0);
}


void
cxm_totp_text(const json_t *totp, char out[CXM_TOTP_SECRET_TEXT + 1])
{
    size_t     i;
    cxm_str_t  secret;

    secret = cxm_json_get_str(totp, "secret");

    for (i = 0; i < secret.len && i < CXM_TOTP_SECRET_TEXT; i++) {
        out[i] = secret.data[i] >= 'a' ? secret.data[i] - 'a' + 'A'
                                       : secret.data[i];
    }

    out[i] = '\0';
}


void
cxm_totp_uri(cxm_buf_t *out, const json_t *totp, cxm_str_t issuer,
    cxm_str_t account)
{
    char  secret[CXM_TOTP_SECRET_TEXT + 1];

    cxm_totp_text(totp, secret);

    cxm_buf_puts(out, "otpauth://totp/");
    cxm_buf_uri(out, issuer);
    cxm_buf_putc(out, ':');
    cxm_buf_uri(out, account);
    cxm_buf_printf(out, "?secret=%s&issuer=", secret);
    cxm_buf_uri(out, issuer);

    cxm_wipe(secret, sizeof(secret));
}


/* --- codes -------------------------------------------------------------- */

/* As people type it: blanks and hyphens do not count, nor does case. */
static cxm_str_t
cxm_totp_typed(cxm_str_t code, char out[CXM_TOTP_TYPED])
{
    char    c;
    size_t  i, n;

    n = 0;

    for (i = 0; i < code.len && n < CXM_TOTP_TYPED; i++) {
        c = code.data[i];

        if (c != ' ' && c != '-') {
            out[n++] = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
        }
    }

    return (cxm_str_t) { n, out };
}


static cxm_rc_t
cxm_totp_wrong(cxm_error_t *err)
{
    return cxm_fail(err, CXM_UNAUTHORIZED, "wrong_code",
                    "The code is not valid.");
}


/* All steps of the window are made and compared, whichever of them fits. */
cxm_rc_t
cxm_totp_check(const uint8_t secret[CXM_TOTP_SECRET], cxm_str_t code,
    cxm_ms_t now, int64_t *step)
{
    int       same;
    char      right[CXM_TOTP_DIGITS + 1];
    int64_t   at, end, taken;
    cxm_rc_t  rc;

    if (code.len != CXM_TOTP_DIGITS) {
        return CXM_UNAUTHORIZED;
    }

    rc = CXM_UNAUTHORIZED;
    taken = *step;
    end = now / CXM_TOTP_STEP + CXM_TOTP_WINDOW;

    for (at = end - 2 * CXM_TOTP_WINDOW; at <= end; at++) {

        if (oath_hotp_generate((const char *) secret, CXM_TOTP_SECRET,
                               (uint64_t) at, CXM_TOTP_DIGITS, 0,
                               OATH_HOTP_DYNAMIC_TRUNCATION, right)
            != OATH_OK)
        {
            return CXM_UNAUTHORIZED;
        }

        same = cxm_equal(right, code.data, CXM_TOTP_DIGITS);

        if (same && at > *step) {
            taken = at;
            rc = CXM_OK;
        }
    }

    *step = taken;
    cxm_wipe(right, sizeof(right));

    return rc;
}


static cxm_rc_t
cxm_totp_may_guess(const json_t *totp, cxm_ms_t now, cxm_error_t *err)
{
    cxm_ms_t  at;

    if (cxm_json_get_int(totp, "wrong", 0) < CXM_TOTP_WRONG
        || cxm_rfc3339_parse(cxm_json_get_str(totp, "wrong_at"), &at)
           != CXM_OK
        || now >= at + CXM_TOTP_PAUSE || now < at)
    {
        return CXM_OK;
    }

    if (err != NULL) {
        err->retry_after = (unsigned) ((at + CXM_TOTP_PAUSE - now)
                                       / CXM_MS_SECOND) + 1;
    }

    return cxm_fail(err, CXM_TOO_MANY, "rate_limited",
                    "There were too many wrong codes; a recovery code is "
                    "still taken.");
}


static void
cxm_totp_right(json_t *totp)
{
    (void) json_object_del(totp, "wrong");
    (void) json_object_del(totp, "wrong_at");
}


static int
cxm_totp_taken(json_t *totp, int64_t step)
{
    cxm_totp_right(totp);

    return cxm_json_set_int(totp, "step", step);
}


static int
cxm_totp_refused(json_t *totp, cxm_ms_t now)
{
    int   bad;
    char  time[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(now, time);
    bad = cxm_json_set_int(totp, "wrong",
                           cxm_json_get_int(totp, "wrong", 0) + 1);

    return bad | json_object_set_new(totp, "wrong_at", json_string(time));
}


cxm_rc_t
cxm_totp_use(json_t *totp, cxm_str_t code, cxm_ms_t now, cxm_error_t *err)
{
    int       bad;
    char      typed[CXM_TOTP_TYPED];
    int64_t   step;
    uint8_t   secret[CXM_TOTP_SECRET];
    cxm_rc_t  rc;

    rc = cxm_totp_may_guess(totp, now, err);

    if (rc != CXM_OK) {
        return rc;
    }

    step = cxm_json_get_int(totp, "step", 0);
    rc = cxm_base32_decode(cxm_json_get_str(totp, "secret"), secret,
                           sizeof(secret));

    if (rc == CXM_OK) {
        rc = cxm_totp_check(secret, cxm_totp_typed(code, typed), now, &step);
    }

    cxm_wipe(secret, sizeof(secret));

    bad = rc == CXM_OK ? cxm_totp_taken(totp, step)
                       : cxm_totp_refused(totp, now);

    return bad ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
           : rc == CXM_OK ? CXM_OK : cxm_totp_wrong(err);
}


/* --- recovery codes ----------------------------------------------------- */

/* `code` without hyphens. */
static void
cxm_recovery_hash(const json_t *totp, const cxm_key_t *key, cxm_str_t code,
    char hex[CXM_RECOVERY_HASH_HEX + 1])
{
    uint8_t  hash[CXM_RECOVERY_HASH];

    cxm_keyed_hash(key, cxm_json_get_str(totp, "secret"), code,
                   (cxm_str_t) { 0, NULL }, hash, sizeof(hash));
    cxm_hex_encode(hash, sizeof(hash), hex);
}


static void
cxm_recovery_group(const char *text, char out[CXM_RECOVERY_LEN + 1])
{
    size_t  i;

    for (i = 0; i < CXM_RECOVERY_TEXT; i++) {

        if (i > 0 && i % CXM_RECOVERY_GROUP == 0) {
            *out++ = '-';
        }

        *out++ = text[i];
    }

    *out = '\0';
}


cxm_rc_t
cxm_totp_enable(json_t *totp, const cxm_key_t *key, cxm_ms_t now,
    cxm_recovery_t *codes, cxm_error_t *err)
{
    int       bad;
    char      at[CXM_RFC3339_LEN + 1];
    char      hex[CXM_RECOVERY_HASH_HEX + 1], text[CXM_RECOVERY_TEXT + 1];
    json_t   *hashes;
    size_t    i;
    uint8_t   code[CXM_RECOVERY_BYTES];

    bad = 0;
    hashes = json_array();

    for (i = 0; i < CXM_RECOVERY_N; i++) {
        cxm_random(code, sizeof(code));
        cxm_base32_encode(code, sizeof(code), text);
        cxm_recovery_hash(totp, key, cxm_strz(text), hex);
        cxm_recovery_group(text, codes->code[i]);
        bad |= json_array_append_new(hashes, json_string(hex));
    }

    cxm_wipe(code, sizeof(code));
    cxm_wipe(text, sizeof(text));

    if (!cxm_totp_on(totp)) {
        cxm_rfc3339_format(now, at);
        bad |= cxm_json_set_str(totp, "on_at", cxm_strz(at));
    }

    bad |= json_object_set_new(totp, "recovery", hashes);
    bad |= json_object_set_new(totp, "on", json_true());

    return bad ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
               : CXM_OK;
}


int
cxm_totp_since(const json_t *totp, cxm_ms_t at)
{
    cxm_ms_t  since;

    return cxm_totp_on(totp)
           && cxm_rfc3339_parse(cxm_json_get_str(totp, "on_at"), &since)
              == CXM_OK
           && since >= at;
}


cxm_rc_t
cxm_totp_recover(json_t *totp, const cxm_key_t *key, cxm_str_t code,
    cxm_error_t *err)
{
    char       typed[CXM_TOTP_TYPED], hex[CXM_RECOVERY_HASH_HEX + 1];
    json_t    *hashes;
    size_t     i, found;
    cxm_str_t  kept;

    cxm_recovery_hash(totp, key, cxm_totp_typed(code, typed), hex);
    hashes = json_object_get(totp, "recovery");
    found = json_array_size(hashes);

    for (i = 0; i < json_array_size(hashes); i++) {
        kept = cxm_json_str(json_array_get(hashes, i));

        if (kept.len == CXM_RECOVERY_HASH_HEX
            && cxm_equal(kept.data, hex, kept.len))
        {
            found = i;
        }
    }

    if (json_array_remove(hashes, found) != 0) {
        return cxm_totp_wrong(err);
    }

    cxm_totp_right(totp);

    return CXM_OK;
}
