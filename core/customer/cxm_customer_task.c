/*
 * Tasks for customers, and what becomes of them at their time.
 */

#include "cxm_customer.h"
#include "cxm_due.h"
#include "cxm_json.h"


/* Number of the class of due rows; part of the format. */
#define CXM_DUE_TASK  6

const char *const  cxm_task_states[] = {
    "open", "done", "cancelled", NULL
};

const char *const  cxm_task_priorities[] = {
    "low", "normal", "high", "urgent", NULL
};

static const cxm_field_t  task_fields[] = {
    { .name = "customer", .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_READONLY | CXM_FIELD_LOOKUP },
    { .name = "title", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_PERSONAL },
    { .name = "text", .type = CXM_FIELD_TEXT, .max = 10000,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "status", .type = CXM_FIELD_ENUM, .values = cxm_task_states,
      .flags = CXM_FIELD_LOOKUP, .summary = "default open" },
    { .name = "priority", .type = CXM_FIELD_ENUM, .values = cxm_task_priorities,
      .flags = CXM_FIELD_LOOKUP, .summary = "default normal" },
    { .name = "assignee", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .flags = CXM_FIELD_LOOKUP, .summary = "who is to do it" },
    { .name = "due_at", .type = CXM_FIELD_TIME },
    { .name = "overdue", .type = CXM_FIELD_BOOL,
      .flags = CXM_FIELD_READONLY | CXM_FIELD_LOOKUP,
      .summary = "it is open and its time has come" },
    { .name = "ended_at", .type = CXM_FIELD_TIME,
      .flags = CXM_FIELD_READONLY,
      .summary = "when it was done or cancelled" },
    { .name = "author", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_READONLY },
    CXM_RECORD_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_task_fields = { "Task", task_fields };


static int
is_open(const json_t *task)
{
    return cxm_str_eqz(cxm_json_get_str(task, "status"), "open");
}


/* When a task of this body is marked; 0: never, or it is already. */
static cxm_ms_t
due_time(const json_t *task)
{
    cxm_ms_t  at;

    if (!is_open(task) || cxm_json_get_bool(task, "overdue", 0)
        || cxm_rfc3339_parse(cxm_json_get_str(task, "due_at"), &at) != CXM_OK)
    {
        return 0;
    }

    return at;
}


/* --- the record --------------------------------------------------------- */

static int
set_default(json_t *task, const char *name, const char *value)
{
    return json_object_get(task, name) == NULL
           && json_object_set_new(task, name, json_string(value)) != 0;
}


/* A task that is late from the start is overdue at once. */
static int
set_overdue(cxm_record_write_t *write)
{
    cxm_ms_t  at;

    (void) json_object_del(write->document, "overdue");
    at = due_time(write->document);

    return json_object_set_new(write->document, "overdue",
                   json_boolean(at != 0 && at <= cxm_txn_now(write->txn)));
}


static int
set_ended(cxm_record_write_t *write)
{
    char  now[CXM_RFC3339_LEN + 1];

    if (is_open(write->document)) {
        (void) json_object_del(write->document, "ended_at");
        return 0;
    }

    if (json_object_get(write->document, "ended_at") != NULL) {
        return 0;
    }

    cxm_rfc3339_format(cxm_txn_now(write->txn), now);

    return cxm_json_set_str(write->document, "ended_at", cxm_strz(now));
}


static cxm_rc_t
task_check(cxm_record_write_t *write)
{
    int  bad;

    bad = set_default(write->document, "status", "open")
          || set_default(write->document, "priority", "normal")
          || set_overdue(write) || set_ended(write);

    if (!bad && write->old->version == 0) {
        bad = json_object_set_new(write->document, "author",
                                  cxm_actor_json(write->txn, write->actor));
    }

    return bad ? cxm_fail(write->err, CXM_INTERNAL, NULL,
                          "Not enough memory.")
               : CXM_OK;
}


const cxm_record_t  cxm_record_task = {
    .kind = CXM_KIND_TASK,
    .name = "task",
    .fields = &cxm_task_fields,
    .flags = CXM_RECORD_PERSON | CXM_RECORD_SEARCHED | CXM_RECORD_HISTORY,
    .owner = &cxm_record_customer,
    .check = task_check
};


/* --- the kind ----------------------------------------------------------- */

static cxm_rc_t
move_due(cxm_txn_t *txn, const cxm_doc_change_t *change)
{
    return cxm_due_move(txn, due_time(change->old.body),
                        due_time(change->now.body), CXM_DUE_TASK,
                        cxm_doc_change_no(change));
}


static cxm_rc_t
task_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_record_apply(txn, entry, &cxm_record_task, &change);

    if (rc == CXM_OK) {
        rc = move_due(txn, &change);
    }

    cxm_doc_clear(&change.old);

    return rc;
}


static cxm_rc_t
task_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    return cxm_record_forget(txn, &cxm_record_task, slot, kept);
}


const cxm_kind_t  cxm_kind_task = {
    .no = CXM_KIND_TASK,
    .version = 1,
    .name = "task",
    .apply = task_apply,
    .lookups = &cxm_record_lookups,
    .forget = task_forget
};


/* --- at its time -------------------------------------------------------- */

/* The check finds it late: nothing else is to be patched. */
static cxm_rc_t
task_overdue(cxm_txn_t *txn, const cxm_doc_t *task, cxm_error_t *err)
{
    json_t              *nothing;
    cxm_rc_t             rc;
    cxm_doc_t            out;
    cxm_caller_t         server;
    cxm_record_write_t   write;

    cxm_caller_system(&server);
    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_task;
    write.caller = &server;
    write.id = task->id;
    write.if_match = CXM_VERSION_ANY;
    write.ours = 1;
    write.err = err;

    if (cxm_uuid_parse(cxm_json_get_str(task->body, "customer"),
                       &write.owner) != CXM_OK)
    {
        return cxm_fail(err, CXM_CORRUPT, NULL, "A task has no customer.");
    }

    nothing = json_object();
    rc = cxm_record_patch(&write, nothing, &out);
    json_decref(nothing);

    if (rc == CXM_OK) {
        cxm_doc_clear(&out);
    }

    return rc;
}


static cxm_rc_t
task_due(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  task;

    (void) at;

    rc = cxm_doc_get(txn, CXM_KIND_TASK, ref, &task, err);

    if (rc == CXM_OK) {
        rc = task_overdue(txn, &task, err);
        cxm_doc_clear(&task);
    }

    return rc == CXM_NOT_FOUND
           ? cxm_fail(err, CXM_CORRUPT, NULL, "There is no task %llu.",
                      (unsigned long long) ref)
           : rc;
}


const cxm_due_class_t  cxm_due_task = {
    .no = CXM_DUE_TASK,
    .name = "task",
    .run = task_due
};
