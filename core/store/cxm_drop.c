/*
 * Dropping entries: the plan of one step, its entry, and its apply.
 *
 * The plan reads entries; the entry says what came of it, so that apply (in a
 * replay too, where these entries may be gone already) needs none of them.
 */

#include "cxm_json.h"
#include "cxm_retention.h"
#include "cxm_retention_int.h"
#include "cxm_store_int.h"


#define CXM_DROP_KEYS  256              /* deleted between cursors */

static const char *const  cxm_keep_names[CXM_KEEP_N] = {
    [CXM_KEEP_ALWAYS] = "always",
    [CXM_KEEP_TOUCHPOINTS] = "touchpoints",
    [CXM_KEEP_RESPONSES] = "responses",
    [CXM_KEEP_JOURNAL] = "journal",
    [CXM_KEEP_REPLIES] = "replies"
};

/* What one step has found out. */
typedef struct {
    cxm_txn_t      *txn;
    cxm_keep_t      keep;
    cxm_ms_t        before;
    uint64_t        end;                /* the last that may go */
    cxm_history_t   history;            /* as it is to be */
    uint64_t        first;
    uint64_t        last;               /* looked at; first - 1: none */
    unsigned        looked;
    unsigned        dropped;
    unsigned        kinds[CXM_KIND_N];  /* of those */
    cxm_error_t    *err;
} cxm_drop_plan_t;


const char *
cxm_keep_name(cxm_keep_t keep)
{
    return keep < CXM_KEEP_N ? cxm_keep_names[keep] : "unknown";
}


static cxm_keep_t
drop_class(const cxm_txn_t *txn, unsigned kind)
{
    const cxm_flow_t  *flow;

    flow = txn->store->flow;

    return kind < CXM_KIND_N && flow->kinds[kind] != NULL
           ? flow->kinds[kind]->keep : CXM_KEEP_ALWAYS;
}


/* --- the plan ----------------------------------------------------------- */

/*
 * An entry that was still held by its link: from now on it is by the sum.
 * So this is the last time that its link can be checked.
 */
static cxm_rc_t
plan_leave(cxm_drop_plan_t *plan, uint64_t seq, const cxm_raw_row_t *row,
    int goes)
{
    cxm_rc_t         rc;
    cxm_history_t   *history;
    cxm_entry_raw_t  parsed;

    history = &plan->history;

    if (seq != history->sparse + 1) {
        return cxm_entry_damage(history->sparse + 1, "entry is missing",
                                plan->err);
    }

    rc = cxm_entry_follow(plan->txn->store, seq, row->raw,
                          history->sparse_link, &parsed, plan->err);

    if (rc != CXM_OK) {
        return rc;
    }

    history->sparse = seq;
    memcpy(history->sparse_link, parsed.link.data, CXM_MAC_LEN);

    if (!goes) {
        history->kept++;
        cxm_history_sum(plan->txn->store, seq, row->raw, history->kept_sum);
    }

    return CXM_OK;
}


/* CXM_NOT_FOUND: the entry is too new to be looked at. */
static cxm_rc_t
plan_entry(cxm_drop_plan_t *plan, const cxm_raw_row_t *row)
{
    int              goes;
    uint64_t         seq;
    cxm_rc_t         rc;
    cxm_history_t   *history;
    cxm_entry_raw_t  parsed;

    history = &plan->history;
    seq = row->key.len == 8 ? cxm_get_u64((const uint8_t *) row->key.data)
                            : 0;
    rc = cxm_entry_parse(seq, row->raw, &parsed, plan->err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (seq > plan->end || cxm_entry_time(&parsed.entry) >= plan->before) {
        return CXM_NOT_FOUND;
    }

    goes = drop_class(plan->txn, parsed.entry.kind) == plan->keep;

    if (seq > history->sparse) {
        rc = plan_leave(plan, seq, row, goes);

    } else if (goes) {
        history->kept--;
        cxm_history_sum(plan->txn->store, seq, row->raw, history->kept_sum);
    }

    plan->last = seq;
    plan->looked++;

    if (goes) {
        plan->dropped++;
        plan->kinds[parsed.entry.kind]++;
    }

    return rc;
}


static int
plan_full(const cxm_drop_plan_t *plan)
{
    return plan->dropped == CXM_RETENTION_ROWS
           || plan->looked == CXM_RETENTION_LOOKED;
}


static cxm_rc_t
plan_make(cxm_txn_t *txn, const cxm_drop_t *what, cxm_drop_plan_t *plan,
    cxm_error_t *err)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;
    cxm_history_t  *history;

    memset(plan, 0, sizeof(*plan));
    plan->txn = txn;
    plan->keep = what->keep;
    plan->before = what->before;
    plan->err = err;

    history = &plan->history;
    rc = cxm_history_read(txn, history);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "The journal's history is damaged.");
    }

    plan->end = history->previous.seq < history->archived
                ? history->previous.seq : history->archived;
    plan->first = history->dropped[what->keep] + 1;
    plan->last = plan->first - 1;

    if (plan->first > plan->end) {
        return CXM_OK;
    }

    rc = cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "Cannot read the journal.");
    }

    cxm_row_key(&key);
    cxm_row_key_u64(&key, plan->first);

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && !plan_full(plan);
         rc = cxm_cursor_next(cursor, &row))
    {
        rc = plan_entry(plan, &row);

        if (rc != CXM_OK) {
            break;
        }
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* --- the entry ---------------------------------------------------------- */

static json_t *
plan_body(const cxm_drop_plan_t *plan)
{
    char      link[2 * CXM_MAC_LEN + 1], sum[2 * CXM_MAC_LEN + 1];
    json_t   *dropped;
    unsigned  i;

    cxm_hex_encode(plan->history.sparse_link, CXM_MAC_LEN, link);
    cxm_hex_encode(plan->history.kept_sum, CXM_MAC_LEN, sum);
    dropped = json_array();

    for (i = 0; i < CXM_KIND_N; i++) {
        if (plan->kinds[i] > 0) {
            (void) json_array_append_new(dropped,
                                         json_pack("[ii]", (int) i,
                                                   (int) plan->kinds[i]));
        }
    }

    return json_pack("{si sI sI ss so sI ss}",
                     "class", (int) plan->keep,
                     "from", (json_int_t) plan->first,
                     "to", (json_int_t) plan->last,
                     "link", link,
                     "dropped", dropped,
                     "kept", (json_int_t) plan->history.kept,
                     "sum", sum);
}


static int
plan_wanted(const cxm_drop_plan_t *plan)
{
    return plan->dropped > 0 || plan_full(plan);
}


/* Looks first without the writer's lock. */
static cxm_rc_t
step_due(cxm_store_t *store, const cxm_drop_t *what, int *due,
    cxm_error_t *err)
{
    cxm_rc_t          rc;
    cxm_txn_t        *txn;
    cxm_drop_plan_t   plan;

    rc = cxm_txn_read(store, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = plan_make(txn, what, &plan, err);
    cxm_txn_end(txn);

    *due = rc == CXM_OK && plan_wanted(&plan);

    return rc;
}


cxm_rc_t
cxm_drop_step(cxm_store_t *store, const cxm_drop_t *what, int *more,
    cxm_error_t *err)
{
    int               due;
    cxm_rc_t          rc;
    cxm_txn_t        *txn;
    cxm_drop_plan_t   plan;

    *more = 0;
    rc = step_due(store, what, &due, err);

    if (rc != CXM_OK || !due) {
        return rc;
    }

    rc = cxm_txn_write(store, what->now, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = plan_make(txn, what, &plan, err);

    if (rc == CXM_OK && plan_wanted(&plan)) {
        *more = plan_full(&plan);
        rc = cxm_journal_add(txn, CXM_KIND_RETENTION, 0, plan_body(&plan),
                             err);
    }

    if (rc != CXM_OK) {
        cxm_txn_end(txn);
        return rc;
    }

    return cxm_txn_commit(txn, err);
}


/* --- apply -------------------------------------------------------------- */

/* From the body; kinds are those that it drops. */
static cxm_rc_t
apply_read(cxm_txn_t *txn, const json_t *body, cxm_drop_plan_t *plan)
{
    size_t          i;
    json_t         *pair, *dropped;
    int64_t         keep, kind;
    cxm_history_t  *history;

    history = &plan->history;

    keep = cxm_json_get_int(body, "class", 0);
    plan->first = (uint64_t) cxm_json_get_int(body, "from", 0);
    plan->last = (uint64_t) cxm_json_get_int(body, "to", 0);

    if (keep <= CXM_KEEP_ALWAYS || keep >= CXM_KEEP_N
        || plan->first != history->dropped[keep] + 1
        || plan->last < plan->first || plan->last > history->previous.seq
        || plan->last > history->archived
        || cxm_hex_decode(cxm_json_get_str(body, "link"),
                          history->sparse_link, CXM_MAC_LEN) != CXM_OK
        || cxm_hex_decode(cxm_json_get_str(body, "sum"), history->kept_sum,
                          CXM_MAC_LEN) != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    history->dropped[keep] = plan->last;
    history->kept = (uint64_t) cxm_json_get_int(body, "kept", 0);

    if (history->sparse < plan->last) {
        history->sparse = plan->last;
    }

    dropped = json_object_get(body, "dropped");

    for (i = 0; i < json_array_size(dropped); i++) {
        pair = json_array_get(dropped, i);
        kind = json_integer_value(json_array_get(pair, 0));

        if (kind <= 0 || kind >= CXM_KIND_N
            || txn->store->flow->kinds[kind] == NULL)
        {
            return CXM_CORRUPT;
        }

        plan->kinds[kind] = 1;
    }

    return CXM_OK;
}


/* Keys of entries that go, from `seq` on; *next is where to go on. */
static cxm_rc_t
apply_find(cxm_txn_t *txn, const cxm_drop_plan_t *plan, uint64_t seq,
    uint64_t keys[CXM_DROP_KEYS], unsigned *n, uint64_t *next)
{
    uint64_t        at;
    cxm_rc_t        rc;
    unsigned        kind;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    *n = 0;
    *next = plan->last + 1;

    rc = cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_u64(&key, seq);

    for (rc = cxm_cursor_seek(cursor, &key, &row); rc == CXM_OK;
         rc = cxm_cursor_next(cursor, &row))
    {
        at = cxm_get_u64((const uint8_t *) row.key.data);
        kind = row.raw.len > 1 ? (uint8_t) row.raw.data[1] : 0;

        if (at > plan->last) {
            break;
        }

        if (*n == CXM_DROP_KEYS) {
            *next = at;
            break;
        }

        if (kind < CXM_KIND_N && plan->kinds[kind]) {
            keys[(*n)++] = at;
        }
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
apply_delete(cxm_txn_t *txn, const cxm_drop_plan_t *plan)
{
    uint64_t       next, keys[CXM_DROP_KEYS];
    cxm_rc_t       rc;
    unsigned       i, n;
    cxm_row_key_t  key;

    rc = CXM_OK;

    for (next = plan->first; next <= plan->last && rc == CXM_OK; /* void */) {
        rc = apply_find(txn, plan, next, keys, &n, &next);

        for (i = 0; i < n && rc == CXM_OK; i++) {
            cxm_row_key(&key);
            cxm_row_key_u64(&key, keys[i]);
            rc = cxm_row_del(txn, CXM_T_JOURNAL, &key);
        }
    }

    return rc;
}


static cxm_rc_t
cxm_retention_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t           rc;
    unsigned           i;
    cxm_drop_plan_t    plan;
    const cxm_kind_t  *kind;

    memset(&plan, 0, sizeof(plan));
    rc = cxm_history_read(txn, &plan.history);

    if (rc == CXM_OK) {
        rc = apply_read(txn, entry->body, &plan);
    }

    for (i = 0; i < CXM_KIND_N && rc == CXM_OK; i++) {
        kind = plan.kinds[i] ? txn->store->flow->kinds[i] : NULL;

        if (kind != NULL && kind->drop != NULL) {
            rc = kind->drop(txn, plan.first, plan.last);
        }
    }

    if (rc == CXM_OK) {
        rc = apply_delete(txn, &plan);
    }

    if (rc == CXM_OK) {
        plan.history.own++;
        rc = cxm_history_write(txn, &plan.history);
    }

    return rc;
}


const cxm_kind_t  cxm_kind_retention = {
    .no = CXM_KIND_RETENTION,
    .version = 1,
    .name = "retention",
    .apply = cxm_retention_apply,
    .keep = CXM_KEEP_JOURNAL
};
