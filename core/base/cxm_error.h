/*
 * Results and errors of every core function.
 *
 * A function that can fail returns cxm_rc_t.  When the caller has to tell
 * somebody why, the function also takes a cxm_error_t that the caller owns;
 * it is plain memory, needs no clean-up and may be copied.  Only a bad input
 * (CXM_BAD_REQUEST, CXM_INVALID) carries issues with JSON pointers.
 */

#ifndef CXM_ERROR_H
#define CXM_ERROR_H

#include <stddef.h>
#include <stdint.h>


typedef enum {
    CXM_OK = 0,
    CXM_BAD_REQUEST,        /* cannot be parsed: 400 */
    CXM_INVALID,            /* parsed, but a field is wrong: 422 */
    CXM_UNAUTHORIZED,       /* no or unknown credentials: 401 */
    CXM_FORBIDDEN,          /* known, but not allowed: 403 */
    CXM_NOT_FOUND,          /* 404; also a row that is not there */
    CXM_MOVED,              /* it is part of another document now: 308 */
    CXM_METHOD,             /* 405 */
    CXM_NOT_ACCEPTABLE,     /* 406 */
    CXM_CONFLICT,           /* state does not allow it: 409 */
    CXM_PRECONDITION,       /* If-Match failed: 412 */
    CXM_TOO_LARGE,          /* 413 */
    CXM_MEDIA_TYPE,         /* 415 */
    CXM_TOO_MANY,           /* 429 */
    CXM_INTERNAL,           /* a bug or no memory: 500 */
    CXM_UNAVAILABLE,        /* not now, nothing was written: 503 */
    CXM_FULL,               /* no space or map left: 503 */
    CXM_LATCHED,            /* store latched read-only after EIO: 503 */
    CXM_OUTCOME_UNKNOWN,    /* the commit failed: 503 outcome_unknown */
    CXM_CORRUPT,            /* a seal, MAC or link does not verify: 500 */
    CXM_IO,                 /* system call failed; errno is in detail */
    CXM_FORMAT              /* written by a newer format: 503 */
} cxm_rc_t;


#define CXM_ERROR_CODE_LEN     40
#define CXM_ERROR_DETAIL_LEN   256
#define CXM_ERROR_POINTER_LEN  160
#define CXM_ERROR_ISSUES       16       /* later ones are dropped */
#define CXM_ERROR_ID_LEN       40

typedef struct {
    char  pointer[CXM_ERROR_POINTER_LEN];   /* RFC 6901, "" is the document;
                                               "?name" is a query argument */
    char  code[CXM_ERROR_CODE_LEN];         /* snake_case, stable */
    char  detail[CXM_ERROR_DETAIL_LEN];     /* English sentence */
} cxm_issue_t;

typedef struct {
    cxm_rc_t     rc;
    char         code[CXM_ERROR_CODE_LEN];
    char         detail[CXM_ERROR_DETAIL_LEN];
    unsigned     nissues;
    unsigned     retry_after;               /* seconds; 0: none */
    char         merged_into[CXM_ERROR_ID_LEN]; /* id of the document that has
                                               become of this one; "": none */
    cxm_issue_t  issues[CXM_ERROR_ISSUES];
} cxm_error_t;


void cxm_error_init(cxm_error_t *err);

/* Sets rc, code and a printf-formatted detail; returns rc.  err may be NULL. */
cxm_rc_t cxm_fail(cxm_error_t *err, cxm_rc_t rc, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * Adds one issue and makes the error CXM_INVALID "invalid" unless it has an
 * rc already; returns CXM_INVALID.  Collects up to CXM_ERROR_ISSUES.
 */
cxm_rc_t cxm_issue(cxm_error_t *err, const char *pointer, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Stable snake_case name of rc: the default `code` of a problem document. */
const char *cxm_rc_name(cxm_rc_t rc);


#endif /* CXM_ERROR_H */
