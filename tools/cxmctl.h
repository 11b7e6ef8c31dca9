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
int cxmctl_export(cxmctl_t *ctl);
int cxmctl_import(cxmctl_t *ctl);
int cxmctl_verify(cxmctl_t *ctl);
int cxmctl_rebuild(cxmctl_t *ctl);
int cxmctl_archives(cxmctl_t *ctl);
int cxmctl_upgrade(cxmctl_t *ctl);
int cxmctl_backup(cxmctl_t *ctl);
int cxmctl_restore(cxmctl_t *ctl);
int cxmctl_demo(cxmctl_t *ctl);
int cxmctl_erase(cxmctl_t *ctl);
int cxmctl_erasures(cxmctl_t *ctl);
int cxmctl_openapi(cxmctl_t *ctl);
int cxmctl_outbox_list(cxmctl_t *ctl);
int cxmctl_outbox_show(cxmctl_t *ctl);
int cxmctl_key_create(cxmctl_t *ctl);
int cxmctl_key_list(cxmctl_t *ctl);
int cxmctl_key_revoke(cxmctl_t *ctl);
int cxmctl_staff_add(cxmctl_t *ctl);
int cxmctl_staff_list(cxmctl_t *ctl);
int cxmctl_staff_role(cxmctl_t *ctl);
int cxmctl_staff_disable(cxmctl_t *ctl);
int cxmctl_staff_enable(cxmctl_t *ctl);
int cxmctl_staff_password(cxmctl_t *ctl);
int cxmctl_staff_reset_totp(cxmctl_t *ctl);

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

/* A verb that takes no arguments and calls fn for all documents of a kind. */
int cxmctl_list(cxmctl_t *ctl, const char *verb, cxm_kind_no_t kind,
    cxm_doc_pt fn);

/* The same for verbs that write elsewhere: then we are who we were again. */
cxm_store_t *cxmctl_open_apart(cxmctl_t *ctl);

/* The steps of it: 0 or -1, with the error printed; the last does not. */
int cxmctl_read_key(cxmctl_t *ctl);
int cxmctl_become_owner(const char *dir, int for_good);
cxm_store_t *cxmctl_open_store(cxmctl_t *ctl, const char *dir,
    cxm_error_t *err);

/* Who is to own a new store by --user: (uid_t) -1 where only root can say. */
int cxmctl_owner(const char *user, uid_t *uid, gid_t *gid);

/* A cxm_progress_pt, or NULL where nobody looks. */
cxm_progress_pt cxmctl_progress(void);

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
