/*
 * Customers whom a site signs in by its own tokens.
 */

#include "cxm_customer.h"
#include "cxm_json.h"
#include "cxm_person.h"


typedef struct {
    cxm_txn_t                    *txn;
    const cxm_caller_t           *caller;
    const cxm_customer_claims_t  *claims;
    cxm_error_t                  *err;
} claimed_t;


/* CXM_OK, with *no 0 where the name leads to nobody. */
static cxm_rc_t
find(cxm_txn_t *txn, unsigned person_class, const char *name, uint64_t *no)
{
    cxm_rc_t  rc;

    *no = 0;
    rc = name[0] == '\0' ? CXM_NOT_FOUND
                         : cxm_customer_find(txn, person_class,
                                             cxm_strz(name), no);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_customer_of_claims(cxm_txn_t *txn, const cxm_customer_claims_t *claims,
    uint64_t *no)
{
    cxm_rc_t  rc;

    rc = find(txn, CXM_PERSON_EXTERNAL_ID, claims->sub, no);

    if (rc == CXM_OK && *no == 0) {
        rc = find(txn, CXM_PERSON_EMAIL, claims->email, no);
    }

    return rc == CXM_OK && *no == 0 ? CXM_NOT_FOUND : rc;
}


/* --- making ------------------------------------------------------------- */

static json_t *
identifier(const char *type, const char *value)
{
    return json_pack("{ss ss sb}", "type", type, "value", value,
                     "verified", 1);
}


/* Fields that the site requires are not a customer's to fill in. */
static void
write_begin(const claimed_t *claimed, cxm_record_write_t *write)
{
    memset(write, 0, sizeof(*write));
    write->txn = claimed->txn;
    write->record = &cxm_record_customer;
    write->caller = claimed->caller;
    write->actor = claimed->caller->principal.actor;
    write->if_match = CXM_VERSION_ANY;
    write->ours = 1;
    write->err = claimed->err;
}


static cxm_rc_t
make(const claimed_t *claimed, uint64_t *no)
{
    int                  bad, created;
    json_t              *input, *list;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    list = json_array();
    bad = json_array_append_new(list, identifier("external_id",
                                                 claimed->claims->sub));

    if (claimed->claims->email[0] != '\0') {
        bad |= json_array_append_new(list, identifier("email",
                                                     claimed->claims->email));
    }

    input = json_pack("{so}", "identifiers", list);

    if (claimed->claims->name[0] != '\0') {
        bad |= cxm_json_set_str(input, "name", cxm_strz(claimed->claims->name));
    }

    memset(&doc, 0, sizeof(doc));
    write_begin(claimed, &write);
    rc = bad || input == NULL
         ? cxm_fail(claimed->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_record_put(&write, input, &doc, &created);

    *no = rc == CXM_OK ? doc.no : 0;
    cxm_doc_clear(&doc);
    json_decref(input);

    return rc;
}


/* One identifier more of a customer who was found by another. */
static cxm_rc_t
add(const claimed_t *claimed, uint64_t no, const char *type,
    const char *value)
{
    int                  full;
    json_t              *item;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    write_begin(claimed, &write);
    rc = cxm_doc_get(claimed->txn, CXM_KIND_CUSTOMER, no, &doc, claimed->err);

    if (rc != CXM_OK) {
        return rc;
    }

    write.id = doc.id;
    full = json_array_size(json_object_get(doc.personal, "identifiers"))
           >= CXM_CUSTOMER_IDENTIFIERS;
    cxm_doc_clear(&doc);

    if (full) {
        return CXM_INVALID;
    }

    item = identifier(type, value);

    rc = item == NULL
         ? cxm_fail(claimed->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_customer_add_identifier(&write, item, &doc);

    cxm_doc_clear(&doc);
    json_decref(item);

    return rc;
}


/* What the customer of the number, or of the address, lacks. */
static cxm_rc_t
complete(const claimed_t *claimed, uint64_t by_sub, uint64_t by_email,
    uint64_t *no)
{
    if (by_sub == 0 && by_email == 0) {
        return make(claimed, no);
    }

    *no = by_sub != 0 ? by_sub : by_email;

    if (by_sub == 0) {
        return add(claimed, *no, "external_id", claimed->claims->sub);
    }

    return by_email == 0 && claimed->claims->email[0] != '\0'
           ? add(claimed, *no, "email", claimed->claims->email) : CXM_OK;
}


cxm_rc_t
cxm_customer_for_claims(cxm_txn_t *txn, const cxm_caller_t *caller,
    uint64_t *no, cxm_error_t *err)
{
    uint64_t   by_sub, by_email;
    cxm_rc_t   rc;
    claimed_t  claimed = { txn, caller, caller->claims, err };

    *no = 0;
    rc = find(txn, CXM_PERSON_EXTERNAL_ID, caller->claims->sub, &by_sub);

    if (rc == CXM_OK) {
        rc = find(txn, CXM_PERSON_EMAIL, caller->claims->email, &by_email);
    }

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "A customer cannot be found.");
    }

    rc = complete(&claimed, by_sub, by_email, no);

    /* a name that others have, or one too many: the customer goes without */

    if (rc == CXM_CONFLICT || rc == CXM_INVALID) {
        cxm_error_init(err);
        rc = CXM_OK;
    }

    return rc;
}
