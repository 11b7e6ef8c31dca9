/*
 * Allocations of jansson.
 */

#include <jansson.h>
#include <stdlib.h>

#include "cxm_memory.h"


static _Thread_local int  cxm_memory_lost;


/* malloc() and free(): values made before the watch can be freed after. */
static void *
cxm_memory_alloc(size_t size)
{
    void  *p;

    p = malloc(size);

    if (p == NULL) {
        cxm_memory_lost = 1;
    }

    return p;
}


void
cxm_memory_watch(void)
{
    json_set_alloc_funcs(cxm_memory_alloc, free);
}


int
cxm_memory_failed(void)
{
    int  lost;

    lost = cxm_memory_lost;
    cxm_memory_lost = 0;

    return lost;
}
