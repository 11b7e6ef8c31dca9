/*
 * Customers: one record of a person, and everything that leads to it.
 *
 * Kind CXM_KIND_CUSTOMER, a record: profile, identifiers, tags, attributes of
 * the site's fields.  Its subject is a person slot that identifiers lead to
 * (cxm_person.h): each value to one customer only, in one form (an e-mail
 * folded, a telephone number as E.164).  The customer's own id and external
 * ids are also what answers call "customer_id".
 *
 * A slot that answers under one of the identifiers have got before becomes
 * the customer's; the hidden member "persons" lists those beside the subject.
 * So does that of a customer that was merged into this one (cxm_merge.h).
 *
 * Those that there are, without merged and erased ones, count in
 * CXM_SERIES_CUSTOMER, point 0, dated when they began.
 */

#ifndef CXM_CUSTOMER_H
#define CXM_CUSTOMER_H

#include "cxm_access.h"
#include "cxm_export.h"
#include "cxm_find.h"
#include "cxm_import.h"
#include "cxm_record.h"
#include "cxm_timeline.h"


#define CXM_CUSTOMER_IDENTIFIERS  50
#define CXM_CUSTOMER_TAGS         100
#define CXM_CUSTOMER_ALIASES      50

#define CXM_CUSTOMER_PHONE        "contact_phone"       /* a member */

/* HIDDEN member: what duplicates have in common (cxm_duplicate.h). */
#define CXM_DUPLICATE_KEYS        "match_keys"

extern const cxm_record_t  cxm_record_customer;
extern const cxm_fields_t  cxm_customer_fields;
extern const cxm_kind_t    cxm_kind_customer;

/* Types of identifiers by name, NULL-terminated; "account" comes last. */
extern const char *const  cxm_customer_types[];

/* The customer whom an identifier or an id leads to; CXM_NOT_FOUND. */
cxm_rc_t cxm_customer_find(cxm_txn_t *txn, unsigned person_class,
    cxm_str_t value, uint64_t *no);

/*
 * The customer of a person's slot, its own or a linked one; CXM_NOT_FOUND.
 */
cxm_rc_t cxm_customer_of_slot(cxm_txn_t *txn, uint64_t slot, uint64_t *no);

/*
 * The customer of a token of the site (cxm_customer_token.h): who has the
 * number, else the proved address; CXM_NOT_FOUND.
 */
cxm_rc_t cxm_customer_of_claims(cxm_txn_t *txn,
    const cxm_customer_claims_t *claims, uint64_t *no);

/*
 * In a write of the caller, who has claims: the same, made if there is none,
 * and given the number or the address that it lacks.  *no is 0 where others
 * have what it would be known by.
 */
cxm_rc_t cxm_customer_for_claims(cxm_txn_t *txn, const cxm_caller_t *caller,
    uint64_t *no, cxm_error_t *err);

/* CXM_CONFLICT "person_erased": the person is erased, or is about to be. */
cxm_rc_t cxm_customer_alive(cxm_txn_t *txn, const cxm_doc_t *customer,
    cxm_error_t *err);


/* --- identifiers -------------------------------------------------------- */

/*
 * Part of the record's check: values get their one form, what is new its
 * source and time; the subject of a new customer and slots to link are
 * chosen.  CXM_INVALID; CXM_CONFLICT "identifier_taken" with pointers.
 */
cxm_rc_t cxm_customer_identify(cxm_record_write_t *write);

/* Part of apply: names of identifiers, and links of slots. */
cxm_rc_t cxm_customer_names(cxm_txn_t *txn, const cxm_doc_change_t *change);

/* An identifier more, or one less; cxm_record_put() and patch tell results. */
cxm_rc_t cxm_customer_add_identifier(cxm_record_write_t *write,
    const json_t *identifier, cxm_doc_t *out);
cxm_rc_t cxm_customer_drop_identifier(cxm_record_write_t *write,
    cxm_str_t type, cxm_str_t value, cxm_doc_t *out);

extern const cxm_fields_t  cxm_identifier_fields;
extern const cxm_field_t   cxm_identifier_item;     /* one in a list */


/* --- what belongs to a customer ----------------------------------------- */

extern const cxm_record_t     cxm_record_note;
extern const cxm_fields_t     cxm_note_fields;
extern const cxm_kind_t       cxm_kind_note;

/* A task that is still open at its time is marked overdue by `due`. */
extern const cxm_record_t     cxm_record_task;
extern const cxm_fields_t     cxm_task_fields;
extern const cxm_kind_t       cxm_kind_task;
extern const cxm_due_class_t  cxm_due_task;
extern const char *const      cxm_task_states[];        /* NULL-terminated */
extern const char *const      cxm_task_priorities[];

/*
 * Consents are facts: given or taken back, by purpose; none is ever changed.
 * Row in `index`: CXM_NS_CONSENT, customer's uuid, purpose -> varint number
 * of the newest by its time | varint that time | u8 granted.
 */
extern const cxm_record_t  cxm_record_consent;
extern const cxm_fields_t  cxm_consent_fields;
extern const cxm_fields_t  cxm_consent_state_fields;
extern const cxm_kind_t    cxm_kind_consent;

typedef struct {
    cxm_str_t  purpose;
    int        granted;
    cxm_ms_t   at;
    uint64_t   no;              /* of the document */
} cxm_consent_t;

typedef int (*cxm_consent_pt)(void *ctx, const cxm_consent_t *consent);

/*
 * Calls fn for each purpose, in their order, as it stands with the customer
 * and all that were merged into it, until fn returns non-zero.  The newest
 * fact decides, of one time the one recorded last; where two who were merged
 * have said something at one time the one that takes back.
 */
cxm_rc_t cxm_consent_each(cxm_txn_t *txn, const cxm_uuid_t *customer,
    cxm_consent_pt fn, void *ctx);

/* {purpose: {"granted", "at", ...}}, a new reference. */
cxm_rc_t cxm_consent_json(cxm_txn_t *txn, const cxm_uuid_t *customer,
    json_t **out, cxm_error_t *err);


/* --- imports and exports ------------------------------------------------ */

/*
 * A row of an import is a merge patch of the customer whom its id, external
 * id or e-mail address leads to, or makes one.  Beside the members of the
 * record it may have "id", which a new customer gets, and values of
 * identifiers by their types: those that are not there are added, null takes
 * all of the type away; "verified" names those that are proved.
 */
extern const cxm_import_kind_t  cxm_customer_import;
extern const cxm_fields_t       cxm_customer_row_fields;        /* of both */

/*
 * Customers as they are answered, oldest first; in CSV identifiers are columns
 * by type, and so are the site's attributes.
 */
cxm_rc_t cxm_customer_export(const cxm_find_t *find, cxm_export_t *export,
    cxm_error_t *err);
cxm_rc_t cxm_customer_place(cxm_txn_t *txn, const cxm_uuid_t *id,
    cxm_place_t *place);

extern const cxm_export_rows_t  cxm_customer_rows;


/* --- timelines ---------------------------------------------------------- */

/* Versions of the record itself, and what belongs to it. */
extern const cxm_timeline_kind_t  cxm_timeline_change;
extern const cxm_timeline_kind_t  cxm_timeline_note;
extern const cxm_timeline_kind_t  cxm_timeline_task;
extern const cxm_timeline_kind_t  cxm_timeline_consent;


#endif /* CXM_CUSTOMER_H */
