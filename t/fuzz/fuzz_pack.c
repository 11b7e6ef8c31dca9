/*
 * Packed JSON from anywhere: what is taken packs and unpacks to an equal
 * value, and nothing is read beyond the end.
 */

#include <stdlib.h>

#include "cxm_pack.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t     *value, *again;
    cxm_buf_t   packed;

    if (cxm_unpack((cxm_str_t) { size, (const char *) data }, &value)
        != CXM_OK)
    {
        return 0;
    }

    cxm_buf_init(&packed, 1 << 24);
    cxm_pack(&packed, value);

    if (packed.failed
        || cxm_unpack(cxm_buf_str(&packed), &again) != CXM_OK
        || !json_equal(value, again))
    {
        abort();
    }

    json_decref(again);
    json_decref(value);
    cxm_buf_free(&packed);

    return 0;
}
