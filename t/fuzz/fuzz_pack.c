/*
 * Packed JSON from anywhere: what is taken packs and unpacks to an equal
 * value, as values it reads as the tree does, and nothing is read beyond the
 * end.
 */

#include <stdlib.h>

#include "cxm_json.h"
#include "cxm_pack.h"
#include "cxm_value.h"


#define FUZZ_ROOM  64


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* A tree, where there is one, reads the same. */
static void
fuzz_values(cxm_str_t packed, const json_t *tree)
{
    cxm_buf_t      text, expect;
    cxm_value_t    value;
    cxm_member_t   list[FUZZ_ROOM];
    cxm_members_t  room = { list, 0, FUZZ_ROOM };

    if (cxm_value_unpack(packed, &room, &value) != CXM_OK) {
        return;
    }

    cxm_buf_init(&text, 1 << 24);
    cxm_buf_init(&expect, 1 << 24);
    cxm_value_json(&text, &value);

    if (tree != NULL) {
        cxm_json_dump(&expect, tree);

        if (!text.failed
            && !cxm_str_eq(cxm_buf_str(&text), cxm_buf_str(&expect)))
        {
            abort();
        }
    }

    cxm_buf_free(&text);
    cxm_buf_free(&expect);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t     *value, *again;
    cxm_str_t   input;
    cxm_buf_t   packed;

    input = (cxm_str_t) { size, (const char *) data };

    if (cxm_unpack(input, &value) != CXM_OK) {
        fuzz_values(input, NULL);
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

    fuzz_values(input, NULL);
    fuzz_values(cxm_buf_str(&packed), value);

    json_decref(again);
    json_decref(value);
    cxm_buf_free(&packed);

    return 0;
}
