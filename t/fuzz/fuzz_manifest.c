/*
 * Manifests from anywhere, as they are and with the sum that they must have:
 * what is read is of the form that it must have, and reads back as the same.
 */

#include <stdlib.h>

#include "cxm_json.h"
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


/* The text with the sum that it must have, if it is JSON at all. */
static void
fuzz_seal(cxm_str_t text, cxm_buf_t *out)
{
    json_t  *json;

    if (cxm_json_load(text, &json, NULL) == CXM_OK) {
        (void) cxm_manifest_seal(json);
        cxm_json_dump(out, json);
    }

    json_decref(json);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned        what;
    cxm_str_t       text;
    cxm_buf_t       sealed;
    cxm_manifest_t  manifest;

    text = (cxm_str_t) { size, (const char *) data };
    cxm_buf_init(&sealed, CXM_MANIFEST_MAX);
    fuzz_seal(text, &sealed);

    for (what = CXM_MANIFEST_DATA; what <= CXM_MANIFEST_ERASURES; what++) {
        (void) cxm_manifest_may_name(what, text);

        if (cxm_manifest_load(text, what, &manifest, NULL) == CXM_OK) {
            fuzz_again(&manifest);
            cxm_manifest_clear(&manifest);
        }

        if (cxm_manifest_load(cxm_buf_str(&sealed), what, &manifest, NULL)
            == CXM_OK)
        {
            fuzz_again(&manifest);
            cxm_manifest_clear(&manifest);
        }
    }

    cxm_buf_free(&sealed);

    return 0;
}
