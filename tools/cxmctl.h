/*
 * cxmctl: verbs and what they share.
 *
 * A verb gets the arguments behind its own name and returns the exit code:
 * 0 done, 1 found wrong or failed, 2 usage.
 */

#ifndef CXMCTL_H
#define CXMCTL_H

#include "cxm.h"


#define CXMCTL_DONE   0
#define CXMCTL_WRONG  1
#define CXMCTL_USAGE  2

typedef struct {
    const char        *dir;
    const char        *key_file;
    cxm_store_opts_t   opts;
    cxm_master_t      *master;
    int                argc;
    char             **argv;
} cxmctl_t;

typedef struct {
    const char  *name;
    const char  *sub;                   /* second word, or NULL */
    const char  *usage;                 /* arguments */
    const char  *summary;
    int        (*run)(cxmctl_t *ctl);
} cxmctl_verb_t;

int cxmctl_init(cxmctl_t *ctl);
int cxmctl_stat(cxmctl_t *ctl);
int cxmctl_verify(cxmctl_t *ctl);
int cxmctl_erase(cxmctl_t *ctl);
int cxmctl_key_create(cxmctl_t *ctl);
int cxmctl_key_list(cxmctl_t *ctl);
int cxmctl_key_revoke(cxmctl_t *ctl);

/*
 * Takes the value of --name out of the arguments; NULL when it is not there.
 * *bad is set when it comes without a value or twice.
 */
const char *cxmctl_option(cxmctl_t *ctl, const char *name, int *bad);

/* Whether --name, which has no value, is there; takes it out. */
int cxmctl_flag(cxmctl_t *ctl, const char *name);

/*
 * Reads the master key, becomes the owner of the directory, opens the store.
 * Prints the error itself.
 */
cxm_store_t *cxmctl_open(cxmctl_t *ctl);

/* Makes an admin key in an open store and prints it as the last line. */
int cxmctl_print_key(cxm_store_t *store, const cxm_key_spec_t *spec);

/* One line on stdout; borrows it. */
void cxmctl_print_json(const json_t *json);

/* Prints the error in one line to stderr; returns CXMCTL_WRONG. */
int cxmctl_failed(const char *what, const cxm_error_t *err);
int cxmctl_usage(const char *why);

/* Runs one operation in a batch of its own. */
cxm_rc_t cxmctl_write(cxm_store_t *store,
    cxm_rc_t (*run)(cxm_txn_t *txn, void *data, cxm_error_t *err),
    void *data, cxm_error_t *err);


#endif /* CXMCTL_H */
