/*
 * Device tokens.
 */

#include "cxm_device.h"
#include "cxm_id.h"


#define CXM_DEVICE_DAY    3             /* bytes */
#define CXM_DEVICE_BYTES  (CXM_DEVICE_ID + CXM_DEVICE_DAY + CXM_MAC_LEN)

_Static_assert(CXM_DEVICE_TOKEN == (CXM_DEVICE_BYTES * 8 + 4) / 5, "base32");


typedef union {
    uint8_t  b[CXM_DEVICE_BYTES];

    struct {
        uint8_t  id[CXM_DEVICE_ID];
        uint8_t  day[CXM_DEVICE_DAY];   /* since 1970 */
        uint8_t  mac[CXM_MAC_LEN];
    } part;
} device_token_t;


static void
device_mac(const cxm_keyring_t *keys, uint64_t account,
    const device_token_t *token, uint8_t mac[CXM_MAC_LEN])
{
    uint8_t  no[8];

    (void) cxm_put_u64(no, account);

    cxm_keyed_hash(&keys->k[CXM_SUBKEY_DEVICE], cxm_str("device"),
                   (cxm_str_t) { sizeof(no), (const char *) no },
                   (cxm_str_t) { CXM_DEVICE_ID + CXM_DEVICE_DAY,
                                 (const char *) token->b },
                   mac, CXM_MAC_LEN);
}


static int
device_is_of(const cxm_keyring_t *keys, uint64_t account, cxm_str_t text,
    cxm_ms_t now, device_token_t *token)
{
    uint8_t   mac[CXM_MAC_LEN];
    cxm_ms_t  day, age;

    if (text.len != CXM_DEVICE_TOKEN
        || cxm_base32_decode(text, token->b, sizeof(token->b)) != CXM_OK)
    {
        return 0;
    }

    device_mac(keys, account, token, mac);

    if (!cxm_equal(mac, token->part.mac, sizeof(mac))) {
        return 0;
    }

    day = token->part.day[0] << 16 | token->part.day[1] << 8
          | token->part.day[2];
    age = now / CXM_MS_DAY - day;

    return age >= 0 && age < CXM_DEVICE_DAYS;
}


int
cxm_device_find(const cxm_keyring_t *keys, uint64_t account, cxm_str_t cookie,
    cxm_ms_t now, uint8_t id[CXM_DEVICE_ID])
{
    unsigned        i;
    device_token_t  token;

    for (i = 0; i < CXM_DEVICE_TOKENS && cookie.data != NULL; i++) {
        if (device_is_of(keys, account, cxm_str_cut(&cookie, '.'), now,
                         &token)
            && account != 0)
        {
            memcpy(id, token.part.id, CXM_DEVICE_ID);
            return 1;
        }
    }

    return 0;
}


static void
device_make(const cxm_keyring_t *keys, uint64_t account, cxm_ms_t now,
    char out[CXM_DEVICE_TOKEN + 1])
{
    cxm_ms_t        day;
    device_token_t  token;

    day = now / CXM_MS_DAY;

    cxm_random(token.part.id, sizeof(token.part.id));
    token.part.day[0] = (uint8_t) (day >> 16);
    token.part.day[1] = (uint8_t) (day >> 8);
    token.part.day[2] = (uint8_t) day;
    device_mac(keys, account, &token, token.part.mac);

    cxm_base32_encode(token.b, sizeof(token.b), out);
}


void
cxm_device_renew(const cxm_keyring_t *keys, uint64_t account,
    cxm_str_t cookie, cxm_ms_t now, char out[CXM_DEVICE_COOKIE])
{
    char           *p;
    unsigned        n;
    cxm_str_t       text;
    device_token_t  token;

    device_make(keys, account, now, out);
    p = out + CXM_DEVICE_TOKEN;

    for (n = 1; n < CXM_DEVICE_TOKENS && cookie.data != NULL; /* void */ ) {
        text = cxm_str_cut(&cookie, '.');

        /* whatever has the form of a token may be another account's */

        if (text.len == CXM_DEVICE_TOKEN
            && cxm_base32_decode(text, token.b, sizeof(token.b)) == CXM_OK
            && !device_is_of(keys, account, text, now, &token))
        {
            *p++ = '.';
            memcpy(p, text.data, CXM_DEVICE_TOKEN);
            p += CXM_DEVICE_TOKEN;
            n++;
        }
    }

    *p = '\0';
}
