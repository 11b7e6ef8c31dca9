/*
 * The list of breached passwords, searched.
 */

#include <sodium.h>

#include "cxm_breached.h"


int
cxm_breached(cxm_str_t password)
{
    size_t    low, high, middle;
    uint8_t   sum[crypto_hash_sha256_BYTES];
    uint32_t  hash;

    crypto_hash_sha256(sum, (const uint8_t *) password.data, password.len);

    hash = (uint32_t) sum[0] << 24 | (uint32_t) sum[1] << 16
           | (uint32_t) sum[2] << 8 | sum[3];

    low = 0;
    high = cxm_breached_n;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (cxm_breached_list[middle] < hash) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low < cxm_breached_n && cxm_breached_list[low] == hash;
}
