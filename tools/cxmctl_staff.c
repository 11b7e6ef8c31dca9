/*
 * cxmctl staff add | list | role | disable | enable | password | reset-totp.
 *
 * A password is asked for twice on a terminal, which does not show it, or is
 * the first line of what comes instead; never an argument, which others see.
 */

#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "cxmctl.h"


typedef struct {
    cxm_str_t          name;            /* of a member there is, */
    cxm_doc_t          member;          /* and it, where it was read */
    cxm_staff_spec_t   spec;            /* of a new one */
    const json_t      *patch;
    char               hash[CXM_PASSWORD_HASH];
    unsigned           admins;          /* afterwards */
} cxmctl_staff_op_t;

typedef cxm_rc_t (*cxmctl_staff_run_pt)(cxm_txn_t *txn, void *data,
    cxm_error_t *err);


static int staff_write(cxm_store_t *store, cxmctl_staff_run_pt run,
    cxmctl_staff_op_t *op);
static int staff_patch(cxmctl_t *ctl, const json_t *patch);
static int staff_failed(cxm_rc_t rc, cxm_error_t *err);
static int staff_read(cxm_store_t *store, cxmctl_staff_op_t *op);
static int staff_password(cxmctl_staff_op_t *op);
static cxm_rc_t staff_add_run(cxm_txn_t *txn, void *data, cxm_error_t *err);
static cxm_rc_t staff_patch_run(cxm_txn_t *txn, void *data, cxm_error_t *err);
static cxm_rc_t staff_password_run(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static cxm_rc_t staff_totp_run(cxm_txn_t *txn, void *data, cxm_error_t *err);
static int staff_print(void *ctx, const cxm_doc_t *doc);


/* --- verbs -------------------------------------------------------------- */

int
cxmctl_staff_add(cxmctl_t *ctl)
{
    int                 bad, rc, optional;
    const char         *role, *email, *name;
    cxm_store_t        *store;
    cxmctl_staff_op_t   op;

    bad = 0;
    memset(&op, 0, sizeof(op));
    role = cxmctl_option(ctl, "--role", &bad);
    email = cxmctl_option(ctl, "--email", &bad);
    name = cxmctl_option(ctl, "--name", &bad);
    optional = cxmctl_flag(ctl, "--totp-optional");

    if (bad || role == NULL || ctl->argc != 1) {
        return cxmctl_usage("staff add NAME --role ROLE [--email ADDRESS] "
                            "[--name NAME] [--totp-optional]");
    }

    if (cxm_role_find(cxm_strz(role)) == NULL) {
        return cxmctl_usage("there is no such role");
    }

    op.spec.slug = cxm_strz(ctl->argv[0]);
    op.spec.role = cxm_strz(role);
    op.spec.email = cxm_strz(email);
    op.spec.name = cxm_strz(name);
    op.spec.totp_optional = optional;
    op.spec.password = op.hash;

    rc = staff_password(&op);
    store = rc == CXMCTL_DONE ? cxmctl_open(ctl) : NULL;

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    rc = staff_write(store, staff_add_run, &op);
    cxm_store_close(store);

    return rc;
}


int
cxmctl_staff_list(cxmctl_t *ctl)
{
    return cxmctl_list(ctl, "staff list", CXM_KIND_STAFF, staff_print);
}


int
cxmctl_staff_role(cxmctl_t *ctl)
{
    int      rc;
    json_t  *patch;

    if (ctl->argc != 2) {
        return cxmctl_usage("staff role NAME ROLE");
    }

    if (cxm_role_find(cxm_strz(ctl->argv[1])) == NULL) {
        return cxmctl_usage("there is no such role");
    }

    patch = json_pack("{ss}", "role", ctl->argv[1]);
    rc = staff_patch(ctl, patch);
    json_decref(patch);

    return rc;
}


static int
staff_disabled(cxmctl_t *ctl, int disabled, const char *usage)
{
    int      rc;
    json_t  *patch;

    if (ctl->argc != 1) {
        return cxmctl_usage(usage);
    }

    patch = json_pack("{sb}", "disabled", disabled);
    rc = staff_patch(ctl, patch);
    json_decref(patch);

    return rc;
}


int
cxmctl_staff_disable(cxmctl_t *ctl)
{
    return staff_disabled(ctl, 1, "staff disable NAME");
}


int
cxmctl_staff_enable(cxmctl_t *ctl)
{
    return staff_disabled(ctl, 0, "staff enable NAME");
}


int
cxmctl_staff_password(cxmctl_t *ctl)
{
    int                 rc;
    cxm_store_t        *store;
    cxmctl_staff_op_t   op;

    if (ctl->argc != 1) {
        return cxmctl_usage("staff password NAME");
    }

    memset(&op, 0, sizeof(op));
    op.name = cxm_strz(ctl->argv[0]);
    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    rc = staff_read(store, &op);

    if (rc == CXMCTL_DONE) {
        rc = staff_password(&op);
    }

    if (rc == CXMCTL_DONE) {
        rc = staff_write(store, staff_password_run, &op);
    }

    cxm_doc_clear(&op.member);
    cxm_store_close(store);

    return rc;
}


int
cxmctl_staff_reset_totp(cxmctl_t *ctl)
{
    int                 rc;
    cxm_store_t        *store;
    cxmctl_staff_op_t   op;

    if (ctl->argc != 1) {
        return cxmctl_usage("staff reset-totp NAME");
    }

    memset(&op, 0, sizeof(op));
    op.name = cxm_strz(ctl->argv[0]);
    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    rc = staff_write(store, staff_totp_run, &op);
    cxm_store_close(store);

    return rc;
}


/* --- what they share ---------------------------------------------------- */

static int
staff_read(cxm_store_t *store, cxmctl_staff_op_t *op)
{
    cxm_rc_t      rc;
    cxm_txn_t    *txn;
    cxm_error_t   err;

    cxm_error_init(&err);
    rc = cxm_txn_read(store, &txn, &err);

    if (rc == CXM_OK) {
        rc = cxm_staff_find(txn, op->name, &op->member, &err);
        cxm_txn_end(txn);
    }

    return rc == CXM_OK ? CXMCTL_DONE : staff_failed(rc, &err);
}


static int
staff_patch(cxmctl_t *ctl, const json_t *patch)
{
    int                 rc;
    cxm_store_t        *store;
    cxmctl_staff_op_t   op;

    memset(&op, 0, sizeof(op));
    op.name = cxm_strz(ctl->argv[0]);
    op.patch = patch;
    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    rc = staff_write(store, staff_patch_run, &op);
    cxm_store_close(store);

    return rc;
}


static int
staff_failed(cxm_rc_t rc, cxm_error_t *err)
{
    if (rc == CXM_NOT_FOUND) {
        (void) cxm_fail(err, rc, NULL, "There is no such member.");
    }

    return cxmctl_failed("staff", err);
}


static int
staff_write(cxm_store_t *store, cxmctl_staff_run_pt run,
    cxmctl_staff_op_t *op)
{
    cxm_rc_t     rc;
    cxm_error_t  err;

    cxm_error_init(&err);
    rc = cxmctl_write(store, run, op, &err);
    cxm_wipe(op->hash, sizeof(op->hash));

    if (rc != CXM_OK) {
        return staff_failed(rc, &err);
    }

    if (op->admins == 0) {
        fprintf(stderr, "cxmctl: no admin can sign in now: make one with "
                "cxmctl staff add NAME --role admin\n");
    }

    return CXMCTL_DONE;
}


static cxm_rc_t
staff_add_run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_doc_t           doc;
    cxm_caller_t        caller;
    cxmctl_staff_op_t  *op = data;

    cxm_caller_system(&caller);
    rc = cxm_staff_add(txn, &caller, &op->spec, &doc, err);

    if (rc == CXM_OK) {
        (void) staff_print(NULL, &doc);
        rc = cxm_staff_admins(txn, 0, &op->admins, err);
    }

    cxm_doc_clear(&doc);

    return rc;
}


/* Runs `change` with the member that is named, and counts admins. */
static cxm_rc_t
staff_change(cxm_txn_t *txn, cxmctl_staff_op_t *op,
    cxm_rc_t (*change)(cxm_txn_t *txn, const cxm_caller_t *caller,
                       const cxm_doc_t *member, cxmctl_staff_op_t *op,
                       cxm_error_t *err),
    cxm_error_t *err)
{
    cxm_rc_t      rc;
    cxm_doc_t     member;
    cxm_caller_t  caller;

    cxm_caller_system(&caller);
    rc = cxm_staff_find(txn, op->name, &member, err);

    if (rc == CXM_OK) {
        rc = change(txn, &caller, &member, op, err);
    }

    cxm_doc_clear(&member);

    return rc == CXM_OK ? cxm_staff_admins(txn, 0, &op->admins, err) : rc;
}


static cxm_rc_t
patch_member(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, cxmctl_staff_op_t *op, cxm_error_t *err)
{
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    write = cxm_staff_write(txn, caller, member, err);
    rc = cxm_staff_patch(&write, op->patch, &doc);

    if (rc == CXM_OK) {
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
staff_patch_run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    return staff_change(txn, data, patch_member, err);
}


static cxm_rc_t
set_password(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, cxmctl_staff_op_t *op, cxm_error_t *err)
{
    return cxm_staff_set_password(txn, caller, member, op->hash, err);
}


static cxm_rc_t
staff_password_run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    return staff_change(txn, data, set_password, err);
}


static cxm_rc_t
reset_totp(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, cxmctl_staff_op_t *op, cxm_error_t *err)
{
    (void) op;

    return cxm_staff_set_totp(txn, caller, member, NULL, err);
}


static cxm_rc_t
staff_totp_run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    return staff_change(txn, data, reset_totp, err);
}


/* A cxm_doc_pt. */
static int
staff_print(void *ctx, const cxm_doc_t *doc)
{
    json_t  *json;

    (void) ctx;

    json = cxm_record_json(doc, &cxm_staff_fields, CXM_SEE_SHARED);
    cxmctl_print_json(json);
    json_decref(json);

    return 0;
}


/* --- passwords ---------------------------------------------------------- */

/* One line without its end; 0 or -1, with the reason printed. */
static int
read_line(char *out, size_t size)
{
    size_t  len;

    if (fgets(out, (int) size, stdin) == NULL) {
        fprintf(stderr, "cxmctl: no password was given\n");
        return -1;
    }

    len = strcspn(out, "\n");

    if (out[len] == '\0' && len == size - 1) {
        fprintf(stderr, "cxmctl: the password is too long\n");
        return -1;
    }

    out[len] = '\0';

    return 0;
}


static int
ask(const char *prompt, char *out, size_t size)
{
    int             rc;
    struct termios  shown, hidden;

    if (tcgetattr(STDIN_FILENO, &shown) != 0) {
        return read_line(out, size);
    }

    hidden = shown;
    hidden.c_lflag &= (tcflag_t) ~ECHO;

    /* what is typed after the prompt is never shown, nor lost */

    (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    fputs(prompt, stderr);
    rc = read_line(out, size);
    (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);

    return rc;
}


static int
ask_twice(char *out, char *again, size_t size)
{
    if (ask("Password: ", out, size) != 0) {
        return -1;
    }

    if (!isatty(STDIN_FILENO)) {
        return 0;
    }

    if (ask("Again: ", again, size) != 0) {
        return -1;
    }

    if (strcmp(out, again) != 0) {
        fprintf(stderr, "cxmctl: the two are not the same\n");
        return -1;
    }

    return 0;
}


static cxm_rc_t
refuse(const char *password, const cxmctl_staff_op_t *op, cxm_error_t *err)
{
    cxm_staff_spec_t  own;

    own = op->spec;

    if (op->member.no != 0) {
        cxm_staff_spec_of(&op->member, &own);
    }

    return cxm_staff_password_refuse(cxm_strz(password), &own, "/password",
                                     err);
}


/* Asks for one, refuses a bad one, and leaves its hash. */
static int
staff_password(cxmctl_staff_op_t *op)
{
    int          rc;
    char         password[CXM_PASSWORD_MAX + 2], again[CXM_PASSWORD_MAX + 2];
    cxm_error_t  err;

    cxm_error_init(&err);

    if (ask_twice(password, again, sizeof(password)) != 0) {
        rc = CXMCTL_WRONG;

    } else if (!cxm_utf8_valid(password, strlen(password))) {
        fprintf(stderr, "cxmctl: the password is not UTF-8\n");
        rc = CXMCTL_WRONG;

    } else if (refuse(password, op, &err) != CXM_OK
               || cxm_password_hash(cxm_strz(password), op->hash, &err)
                  != CXM_OK)
    {
        rc = cxmctl_failed("password", &err);

    } else {
        rc = CXMCTL_DONE;
    }

    cxm_wipe(password, sizeof(password));
    cxm_wipe(again, sizeof(again));

    return rc;
}
