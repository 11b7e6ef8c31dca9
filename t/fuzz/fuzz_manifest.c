/*
 * Manifests from anywhere: what is read is of the form that it must have, and
 * reads back as the same.
 */

#include <stdlib.h>

#include "cxm_manifest.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_again(const cxm_manifest_t *first)
{
    cxm_buf_t       text;
    cxm_manifest_t  second;

    cxm_buf_init(&text, CXM_MANIFEST_MAX);
    cxm_manifest_dump(first, &text);

    if (text.failed
        || cxm_manifest_load(cxm_buf_str(&text), first->what, &second, NULL)
           != CXM_OK
        || !json_equal(first->erased, second.erased)
        || cxm_manifest_check(first, &second, NULL) != CXM_OK)
    {
        abort();
    }

    cxm_manifest_clear(&second);
    cxm_buf_free(&text);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned        what;
    cxm_str_t       text;
    cxm_manifest_t  manifest;

    text = (cxm_str_t) { size, (const char *) data };

    for (what = CXM_MANIFEST_DATA; what <= CXM_MANIFEST_ERASURES; what++) {
        (void) cxm_manifest_may_name(what, text);

        if (cxm_manifest_load(text, what, &manifest, NULL) == CXM_OK) {
            fuzz_again(&manifest);
            cxm_manifest_clear(&manifest);
        }
    }

    return 0;
}
