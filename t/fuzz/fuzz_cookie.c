/*
 * Cookie headers: what is found lies within the header, has no separator, and
 * stands behind the name that was asked for.
 */

#include <stdlib.h>

#include "cxm_cookie.h"


#define check(condition)  do { if (!(condition)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
find(cxm_str_t header, cxm_str_t name)
{
    cxm_str_t  value;

    value = cxm_cookie_find(header, name);

    if (value.data == NULL) {
        check(value.len == 0);
        return;
    }

    check(value.data > header.data + name.len);
    check(value.data + value.len <= header.data + header.len);
    check(value.len == 0 || memchr(value.data, ';', value.len) == NULL);
    check(memmem(header.data, (size_t) (value.data - header.data), name.data,
                 name.len) != NULL);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cxm_str_t  header;

    header = (cxm_str_t) { size, (const char *) data };
    find(header, cxm_str("cxm"));
    find(header, cxm_str("__Host-cxm"));

    return 0;
}
