/*
 * Notes about customers.
 */

#include "cxm_customer.h"


static const cxm_field_t  note_fields[] = {
    { .name = "customer", .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_READONLY },
    { .name = "text", .type = CXM_FIELD_TEXT, .min = 1, .max = 10000,
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_PERSONAL },
    { .name = "author", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_READONLY,
      .summary = "who wrote it first: {kind, id, name}; null: the server" },
    CXM_RECORD_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_note_fields = { "Note", note_fields };


static cxm_rc_t
note_check(cxm_record_write_t *write)
{
    if (write->old->version == 0
        && json_object_set_new(write->document, "author",
                               cxm_actor_json(write->txn, write->actor)) != 0)
    {
        return cxm_fail(write->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    return CXM_OK;
}


const cxm_record_t  cxm_record_note = {
    .kind = CXM_KIND_NOTE,
    .name = "note",
    .fields = &cxm_note_fields,
    .flags = CXM_RECORD_PERSON | CXM_RECORD_HISTORY,
    .owner = &cxm_record_customer,
    .check = note_check
};


static cxm_rc_t
note_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    return cxm_record_apply(txn, entry, &cxm_record_note, NULL);
}


static cxm_rc_t
note_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    return cxm_record_forget(txn, &cxm_record_note, slot, kept);
}


const cxm_kind_t  cxm_kind_note = {
    .no = CXM_KIND_NOTE,
    .version = 1,
    .name = "note",
    .apply = note_apply,
    .lookups = &cxm_record_lookups,
    .forget = note_forget
};
