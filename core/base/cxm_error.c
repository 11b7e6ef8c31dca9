/*
 * Results and errors: filling in the caller's struct.
 *
 * Texts may quote what a client sent.  They are cut to their field on a
 * character boundary, so an error is always printable as JSON.
 */

#include <stdarg.h>
#include <stdio.h>

#include "cxm_error.h"
#include "cxm_str.h"


static const char *const  cxm_rc_names[] = {
    [CXM_OK] = "ok",
    [CXM_BAD_REQUEST] = "bad_request",
    [CXM_INVALID] = "invalid",
    [CXM_UNAUTHORIZED] = "unauthorized",
    [CXM_FORBIDDEN] = "forbidden",
    [CXM_NOT_FOUND] = "not_found",
    [CXM_MOVED] = "merged",
    [CXM_METHOD] = "method_not_allowed",
    [CXM_NOT_ACCEPTABLE] = "not_acceptable",
    [CXM_CONFLICT] = "conflict",
    [CXM_PRECONDITION] = "precondition_failed",
    [CXM_TOO_LARGE] = "too_large",
    [CXM_MEDIA_TYPE] = "unsupported_media_type",
    [CXM_TOO_MANY] = "too_many_requests",
    [CXM_INTERNAL] = "internal",
    [CXM_UNAVAILABLE] = "unavailable",
    [CXM_FULL] = "full",
    [CXM_LATCHED] = "latched",
    [CXM_OUTCOME_UNKNOWN] = "outcome_unknown",
    [CXM_CORRUPT] = "corrupt",
    [CXM_IO] = "io",
    [CXM_FORMAT] = "newer_format"
};


const char *
cxm_rc_name(cxm_rc_t rc)
{
    size_t  i, n;

    i = (size_t) rc;
    n = sizeof(cxm_rc_names) / sizeof(cxm_rc_names[0]);

    return i < n ? cxm_rc_names[i] : "internal";
}


static void
cxm_error_copy(char *dst, size_t size, const char *src)
{
    size_t  len;

    len = strnlen(src, size - 1);
    len = cxm_utf8_prefix(src, len);

    /* src may be dst: a code that is kept under a new detail */

    memmove(dst, src, len);
    dst[len] = '\0';
}


static void
cxm_error_detail(char dst[CXM_ERROR_DETAIL_LEN], const char *fmt, va_list args)
{
    char  text[CXM_ERROR_DETAIL_LEN];

    /* by way of a copy: an argument may be the old detail itself */

    if (vsnprintf(text, sizeof(text), fmt, args) < 0) {
        text[0] = '\0';
    }

    cxm_error_copy(dst, CXM_ERROR_DETAIL_LEN, text);
}


void
cxm_error_init(cxm_error_t *err)
{
    /* not the issues: 7 KB that most calls never look at */

    err->rc = CXM_OK;
    err->code[0] = '\0';
    err->detail[0] = '\0';
    err->nissues = 0;
    err->retry_after = 0;
    err->merged_into[0] = '\0';
}


cxm_rc_t
cxm_fail(cxm_error_t *err, cxm_rc_t rc, const char *code, const char *fmt, ...)
{
    va_list  args;

    if (err == NULL) {
        return rc;
    }

    va_start(args, fmt);
    cxm_error_detail(err->detail, fmt, args);
    va_end(args);

    cxm_error_copy(err->code, sizeof(err->code),
                   code == NULL ? cxm_rc_name(rc) : code);
    err->rc = rc;

    if (rc != CXM_BAD_REQUEST && rc != CXM_INVALID) {
        err->nissues = 0;
    }

    return rc;
}


cxm_rc_t
cxm_issue(cxm_error_t *err, const char *pointer, const char *code,
    const char *fmt, ...)
{
    va_list       args;
    cxm_issue_t  *issue;

    if (err == NULL) {
        return CXM_INVALID;
    }

    if (err->rc == CXM_OK) {
        (void) cxm_fail(err, CXM_INVALID, "invalid",
                        "One or more values are not valid.");
    }

    if (err->nissues >= CXM_ERROR_ISSUES) {
        return CXM_INVALID;
    }

    issue = &err->issues[err->nissues++];

    cxm_error_copy(issue->pointer, sizeof(issue->pointer),
                   pointer == NULL ? "" : pointer);
    cxm_error_copy(issue->code, sizeof(issue->code),
                   code == NULL ? "invalid" : code);

    va_start(args, fmt);
    cxm_error_detail(issue->detail, fmt, args);
    va_end(args);

    return CXM_INVALID;
}
