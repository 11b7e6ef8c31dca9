/*
 * Routes of another address for an account.
 *
 * The new address counts once a link that was mailed to it was used; who asks
 * learns nothing of whether it has an account.  The old one is told then, and
 * for a week may take the account back, with a new password: the first thing
 * that a thief changes is the address, the second that a second factor is
 * asked for, which only the thief has.
 */

#include "cxm_account_call.h"
#include "cxm_flow_account.h"
#include "cxm_json.h"
#include "cxm_routes.h"
#include "cxm_throttling.h"
#include "cxm_totp.h"


static const char *const  email_states[] = { "verification_sent", NULL };
static const char *const  moved_states[] = { "email_changed", NULL };

static const cxm_field_t  email_fields[] = {
    { .name = "email", .type = CXM_FIELD_EMAIL, .flags = CXM_FIELD_REQUIRED },
    { .name = "password", .type = CXM_FIELD_STRING, .max = CXM_PASSWORD_MAX,
      .flags = CXM_FIELD_REQUIRED, .summary = "the account's" },
    { .name = NULL }
};

static const cxm_fields_t  email_input = { "ChangeEmail", email_fields };

static const cxm_field_t  asked_fields[] = {
    { .name = "status", .type = CXM_FIELD_ENUM, .values = email_states,
      .summary = "the same whether another has the address or not" },
    { .name = NULL }
};

static const cxm_fields_t  asked_output = { "EmailAsked", asked_fields };

#define TOKEN(text)                                                           \
    { .name = "token", .type = CXM_FIELD_STRING, .max = 200,                  \
      .flags = CXM_FIELD_REQUIRED, .summary = text }

static const cxm_field_t  token_fields[] = {
    TOKEN("of the link that was mailed, behind its \"#token=\""),
    { .name = NULL }
};

static const cxm_fields_t  token_input = { "VerifyEmail", token_fields };

static const cxm_field_t  revert_fields[] = {
    TOKEN("of the link that was mailed, behind its \"#token=\""),
    { .name = "password", .type = CXM_FIELD_STRING, .max = CXM_PASSWORD_MAX,
      .flags = CXM_FIELD_REQUIRED, .summary = "a new one" },
    { .name = NULL }
};

static const cxm_fields_t  revert_input = { "RevertEmail", revert_fields };

static const cxm_field_t  moved_fields[] = {
    { .name = "status", .type = CXM_FIELD_ENUM, .values = moved_states },
    { .name = "email", .type = CXM_FIELD_EMAIL,
      .summary = "that the account has now" },
    { .name = NULL }
};

static const cxm_fields_t  moved_output = { "EmailChanged", moved_fields };


/* --- asking ------------------------------------------------------------- */

static cxm_rc_t
email_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_credential_account(call, txn, call->caller.principal.actor);
}


static cxm_rc_t
check_hash(cxm_call_t *call)
{
    return cxm_credential_check(call, "password");
}


static cxm_rc_t
token_make(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account,
    cxm_token_purpose_t purpose, const char *page, cxm_str_t email)
{
    cxm_rc_t          rc;
    cxm_token_spec_t  spec;

    memset(&spec, 0, sizeof(spec));
    spec.purpose = purpose;
    spec.account = account;
    spec.language = cxm_json_get_str(account->body, "language");
    spec.base = call->site;
    spec.path = cxm_self_path(call, page);
    spec.waiting = json_pack("{ss%}", "email", email.data, email.len);

    rc = spec.waiting == NULL
         ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_token_make(txn, &spec, &call->err);

    json_decref(spec.waiting);

    return rc;
}


/* Who has the address is told as by who registers with it. */
static cxm_rc_t
ask(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account)
{
    cxm_rc_t   rc;
    cxm_str_t  email;
    cxm_doc_t  other;

    email = cxm_json_get_str(call->input, "email");
    rc = cxm_account_by_email(txn, email, &other, &call->err);

    if (rc == CXM_OK && other.no == account->no) {
        rc = cxm_issue(&call->err, "/email", "not_allowed",
                       "It is the address of this account.");

    } else if (rc == CXM_OK) {
        rc = cxm_self_fact(call, txn, &other, (cxm_account_fact_t) {
                               .event = CXM_ACCOUNT_TAKEN });

    } else if (rc == CXM_NOT_FOUND) {
        rc = token_make(call, txn, account, CXM_TOKEN_EMAIL, "email", email);
    }

    cxm_doc_clear(&other);

    return rc == CXM_OK
           ? cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                               .event = CXM_ACCOUNT_EMAIL_ASKED })
           : rc;
}


/*
 * Too many mails are as if none was asked for.  Here and not in `read`, where
 * the try at the password is what is counted: it has been given back by now.
 */
static cxm_rc_t
ask_unless(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account)
{
    cxm_rc_t  rc;

    rc = cxm_call_throttle(call, CXM_THROTTLE_REGISTER,
                           cxm_json_get_str(call->input, "email"));

    if (rc == CXM_TOO_MANY) {
        cxm_error_init(&call->err);
        return CXM_OK;
    }

    return rc == CXM_OK ? ask(call, txn, account) : rc;
}


static cxm_rc_t
ask_account(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t  rc;

    rc = ask_unless(call, txn, account);

    return rc == CXM_OK
           ? cxm_call_reply(call, 202, json_pack("{ss}", "status",
                                                 email_states[0]))
           : rc;
}


static cxm_rc_t
email_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_self_with_password(call, txn, "/password", ask_account);
}


/* --- moving ------------------------------------------------------------- */

/* Only who has the mailbox gets to know that. */
static cxm_rc_t
address_taken(cxm_call_t *call)
{
    cxm_error_init(&call->err);

    return cxm_fail(&call->err, CXM_CONFLICT, "address_taken",
                    "Another account or customer has this address by now.");
}


/* The account and the customer's identifier, or neither. */
static cxm_rc_t
move(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account, cxm_str_t old,
    cxm_str_t email)
{
    char       now[CXM_RFC3339_LEN + 1];
    json_t    *patch;
    cxm_rc_t   rc;

    cxm_rfc3339_format(cxm_txn_now(txn), now);
    patch = json_pack("{ss% ss}", "email", email.data, email.len,
                      "verified_at", now);

    rc = cxm_account_patch(txn, patch, account, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_flow_move_account(txn, account, old, &call->err);
    }

    return rc == CXM_CONFLICT || rc == CXM_INVALID ? address_taken(call) : rc;
}


static cxm_rc_t
moved_reply(cxm_call_t *call, const cxm_doc_t *account)
{
    call->subject = account->subject;

    return cxm_call_reply(call, 200,
               json_pack("{ss sO}", "status", moved_states[0], "email",
                         json_object_get(account->personal, "email")));
}


/* Whoever is in elsewhere is out; a link of before leads nowhere. */
static cxm_rc_t
end_others(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account)
{
    int       own;
    cxm_rc_t  rc;
    unsigned  n;

    own = call->caller.principal.actor == account->no;
    rc = cxm_token_end_all(txn, account->no, account->subject, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_session_end_all(txn, account->no, account->no,
                                 own ? call->caller.principal.session : 0,
                                 &n, &call->err);
    }

    return rc == CXM_OK && own ? cxm_self_rotate(call, txn) : rc;
}


static cxm_rc_t
verify(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *token,
    cxm_doc_t *account)
{
    cxm_rc_t   rc;
    cxm_str_t  old;

    old = cxm_arena_str(&call->arena, cxm_json_get_str(account->personal,
                                                       "email"));
    rc = move(call, txn, account, old,
              cxm_json_get_str(token->personal, "email"));

    if (rc == CXM_OK) {
        rc = end_others(call, txn, account);
    }

    if (rc == CXM_OK) {
        rc = token_make(call, txn, account, CXM_TOKEN_REVERT, "revert", old);
    }

    if (rc == CXM_OK) {
        rc = cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                               .event = CXM_ACCOUNT_EMAIL_CHANGED });
    }

    return rc == CXM_OK ? moved_reply(call, account) : rc;
}


static cxm_rc_t
verify_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_self_with_token(call, txn, CXM_TOKEN_EMAIL, verify);
}


/* --- going back --------------------------------------------------------- */

static cxm_rc_t
revert_refuse(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *token,
    cxm_doc_t *account)
{
    cxm_str_t  own[2];

    (void) txn;

    own[0] = cxm_json_get_str(token->personal, "email");
    own[1] = cxm_json_get_str(account->personal, "name");

    return cxm_password_refuse(cxm_json_get_str(call->input, "password"),
                               own, 2, "/password", &call->err);
}


static cxm_rc_t
revert_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_credential_create(call) == NULL
           ? CXM_INTERNAL
           : cxm_self_with_token(call, txn, CXM_TOKEN_REVERT, revert_refuse);
}


static cxm_rc_t
make_hash(cxm_call_t *call)
{
    return cxm_credential_make(call, "password");
}


/* One that was on for longer than a thief could be in stays. */
static cxm_rc_t
revert_totp(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *token,
    cxm_doc_t *account)
{
    cxm_rc_t  rc;

    if (!cxm_totp_since(json_object_get(account->personal, "totp"),
                        token->created_at - CXM_TOKEN_REVERTS))
    {
        return CXM_OK;
    }

    rc = cxm_account_set_totp(txn, account, NULL, &call->err);

    return rc == CXM_OK
           ? cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                               .event = CXM_ACCOUNT_TOTP_OFF })
           : rc;
}


static cxm_rc_t
revert(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *token,
    cxm_doc_t *account)
{
    cxm_rc_t           rc;
    unsigned           n;
    cxm_str_t          old;
    cxm_credential_t  *credential;

    credential = call->data;
    old = cxm_arena_str(&call->arena, cxm_json_get_str(account->personal,
                                                       "email"));
    rc = move(call, txn, account, old,
              cxm_json_get_str(token->personal, "email"));

    if (rc == CXM_OK) {
        rc = cxm_account_set_password(txn, account, credential->made,
                                      &call->err);
    }

    if (rc == CXM_OK) {
        rc = revert_totp(call, txn, token, account);
    }

    if (rc == CXM_OK) {
        rc = cxm_token_end_every(txn, account->no, account->subject,
                                 &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_session_end_all(txn, account->no, account->no, 0, &n,
                                 &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                               .event = CXM_ACCOUNT_EMAIL_REVERTED });
    }

    if (rc == CXM_OK) {
        rc = cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                               .event = CXM_ACCOUNT_PASSWORD_CHANGED });
    }

    return rc == CXM_OK ? moved_reply(call, account) : rc;
}


static cxm_rc_t
revert_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_self_with_token(call, txn, CXM_TOKEN_REVERT, revert);
}


const cxm_route_t  cxm_routes_email[] = {
    { CXM_SELF(CXM_POST, "profile/email", CXM_CUSTOMER),
      .flags = CXM_SELF_SECRET | CXM_ROUTE_BOUNDED, .input = &email_input,
      .answers = CXM_202 | CXM_429, .output = &asked_output,
      .read = email_read, .hash = check_hash, .write = email_write,
      .summary = "Ask for another address; a mail to it goes on from here" },
    { CXM_SELF(CXM_POST, "profile/email/verify", CXM_PUBLIC),
      .flags = CXM_SELF_SECRET, .input = &token_input,
      .answers = CXM_200 | CXM_409, .output = &moved_output,
      .write = verify_write,
      .summary = "Prove the new address: it is the account's, and other "
                 "sessions end" },
    { CXM_SELF(CXM_POST, "profile/email/revert", CXM_PUBLIC),
      .flags = CXM_SELF_SECRET | CXM_ROUTE_BOUNDED, .input = &revert_input,
      .answers = CXM_200 | CXM_409, .output = &moved_output,
      .read = revert_read, .hash = make_hash, .write = revert_write,
      .summary = "Take the account back to the address before" },
    { .path = NULL }
};
