/*
 * The log callback: the host sets it once per process (nginx writes to its
 * error log, the CLI to stderr).  Core logs an event once, at its cause.
 */

#ifndef CXM_LOG_H
#define CXM_LOG_H


typedef enum {
    CXM_LOG_ALERT = 0,      /* a bug or damage: an operator must look */
    CXM_LOG_ERROR,          /* a request or a job failed */
    CXM_LOG_WARN,           /* near a limit, or degraded */
    CXM_LOG_NOTICE          /* life of the store: opened, recovered */
} cxm_log_level_t;

typedef void (*cxm_log_pt)(cxm_log_level_t level, const char *message);

void cxm_log_to(cxm_log_pt handler);    /* NULL: silent */
void cxm_log(cxm_log_level_t level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


#endif /* CXM_LOG_H */
