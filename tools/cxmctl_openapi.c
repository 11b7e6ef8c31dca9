/*
 * cxmctl openapi: the document, without a store or a server.
 */

#include <stdio.h>

#include "cxm_memory.h"
#include "cxmctl.h"


int
cxmctl_openapi(cxmctl_t *ctl)
{
    int          failed;
    json_t      *document;
    cxm_site_t   site;

    if (ctl->argc > 0) {
        return cxmctl_usage("openapi takes no arguments");
    }

    cxm_site_default(&site);
    document = cxm_openapi(&site);

    failed = cxm_memory_failed()
             || json_dumpf(document, stdout, JSON_INDENT(2)) != 0
             || printf("\n") < 0 || fflush(stdout) != 0;
    json_decref(document);

    if (failed) {
        perror("cxmctl: openapi");
        return CXMCTL_WRONG;
    }

    return CXMCTL_DONE;
}
