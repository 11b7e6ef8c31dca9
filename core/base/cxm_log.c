/*
 * The log callback.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "cxm_log.h"


#define CXM_LOG_LEN  1024


/*
 * The one mutable global of base: the host sets it before it starts threads,
 * and passing it through every call would put it into every signature.
 */
static cxm_log_pt  cxm_log_handler;


void
cxm_log_to(cxm_log_pt handler)
{
    cxm_log_handler = handler;
}


void
cxm_log(cxm_log_level_t level, const char *fmt, ...)
{
    char     text[CXM_LOG_LEN], *p;
    va_list  args;

    if (cxm_log_handler == NULL) {
        return;
    }

    va_start(args, fmt);

    if (vsnprintf(text, sizeof(text), fmt, args) < 0) {
        text[0] = '\0';
    }

    va_end(args);

    /* a message may quote a client, who must not be able to forge lines */

    for (p = text; *p != '\0'; p++) {
        if ((unsigned char) *p < 0x20 || *p == 0x7f) {
            *p = ' ';
        }
    }

    cxm_log_handler(level, text);
}
