/*
 * Accounts: one-time tokens, registrations that nobody confirms, counters,
 * and what calls do with sessions.  All kinds, flow and routes are the real
 * ones.
 */

#include "tables_fixture.h"

#include "cxm.h"
#include "cxm_account_event.h"
#include "cxm_account_token.h"
#include "cxm_cookie.h"
#include "cxm_counter.h"
#include "cxm_duration.h"
#include "cxm_password.h"
#include "cxm_session.h"


#define EMAIL     "ann@example.org"
#define PASSWORD  "wooden turtle parade"

static fixture_t      f;
static cxm_error_t    err;
static cxm_ms_t       now;
static char           token[CXM_ACCOUNT_TOKEN + 1];
static char           cookie[80];
static cxm_caller_t   nobody;


static int
setup(void **state)
{
    (void) state;
    fixture_open(&f, &cxm_flow);
    cxm_error_init(&err);
    assert_int_equal(cxm_person_reserve(f.store, &err), CXM_OK);
    memset(&nobody, 0, sizeof(nobody));
    now = FIXTURE_DAY;
    cookie[0] = '\0';

    return 0;
}


static int
teardown(void **state)
{
    (void) state;
    fixture_close(&f);

    return 0;
}


static cxm_txn_t *
write_now(void)
{
    cxm_txn_t  *txn;

    assert_int_equal(cxm_txn_write(f.store, now, &txn, &err), CXM_OK);

    return txn;
}


/* --- calls -------------------------------------------------------------- */

static cxm_request_t
request(cxm_method_t method, const char *path, const char *body)
{
    cxm_request_t  r;

    memset(&r, 0, sizeof(r));
    r.endpoint = CXM_ENDPOINT_SELF;
    r.method = method;
    r.path = cxm_strz(path);
    r.prefix = cxm_str("/me/");
    r.base = cxm_str("http://localhost");
    r.site = r.base;
    r.origin = r.base;
    r.insecure_cookies = 1;
    r.now = now;
    r.cookie = cookie[0] == '\0' ? cxm_strz(NULL) : cxm_strz(cookie);

    if (body != NULL) {
        r.content_type = cxm_str("application/json");
        r.body = cxm_strz(body);
    }

    return r;
}


static void
run_op(cxm_op_t *op)
{
    cxm_txn_t  *txn;

    /* at the call's own time, which cxm_batch_run() would not be */

    txn = write_now();
    op->rc = op->run(txn, op->data, op->err);

    if (op->rc == CXM_OK) {
        fixture_commit(txn);

    } else {
        cxm_txn_end(txn);
    }
}


/* Drives to the end, `between` before the write; its status. */
static int
drive(const cxm_request_t *r, void (*between)(void), int *wrote)
{
    int          i, status;
    size_t       len;
    cxm_call_t  *call;
    cxm_next_t   next;

    call = cxm_call_create(f.store);
    next = cxm_call_begin(call, r);

    if (next == CXM_NEXT_READ_LOOP || next == CXM_NEXT_READ_POOL) {
        next = cxm_call_read(call);
    }

    if (next == CXM_NEXT_HASH) {
        next = cxm_call_hash(call);
    }

    *wrote = next == CXM_NEXT_WRITE;

    if (*wrote) {
        if (between != NULL) {
            between();
        }

        run_op(cxm_call_op(call));
    }

    cxm_call_end(call);
    status = call->reply.status;

    for (i = 0; i < (int) call->reply.nheaders; i++) {
        if (strcmp(call->reply.headers[i].name, "Set-Cookie") == 0
            && memcmp(call->reply.headers[i].value.data, "cxm=", 4) == 0)
        {
            len = strcspn(call->reply.headers[i].value.data, ";");
            snprintf(cookie, sizeof(cookie), "%.*s", (int) len,
                     call->reply.headers[i].value.data);
        }
    }

    cxm_call_free(call);

    return status;
}


static int
call(cxm_method_t method, const char *path, const char *body)
{
    int            wrote;
    cxm_request_t  r;

    r = request(method, path, body);

    return drive(&r, NULL, &wrote);
}


/* --- tokens ------------------------------------------------------------- */

typedef struct {
    cxm_uuid_t  id;
    unsigned    n;
} found_t;


static int
take(void *ctx, const cxm_doc_t *doc)
{
    found_t  *found;

    found = ctx;
    found->id = doc->id;
    found->n++;

    return 0;
}


/* How many there are; the text of the newest is in `token`. */
static unsigned
tokens(void)
{
    found_t     found;
    cxm_buf_t   text;
    cxm_txn_t  *txn;

    memset(&found, 0, sizeof(found));
    txn = fixture_read(&f);
    assert_int_equal(cxm_doc_list(txn, CXM_KIND_TOKEN, 0, 100, take, &found,
                                  &err), CXM_OK);

    if (found.n > 0) {
        cxm_buf_init(&text, 200);
        assert_int_equal(cxm_token_secret(txn, &found.id, &text), CXM_OK);
        assert_int_equal(text.len, CXM_ACCOUNT_TOKEN);
        snprintf(token, sizeof(token), "%.*s", (int) text.len, text.data);
        cxm_buf_free(&text);
    }

    cxm_txn_end(txn);

    return found.n;
}


static void
register_ann(void)
{
    assert_int_equal(call(CXM_POST, "register", "{\"name\":\"Ann\","
                          "\"email\":\"" EMAIL "\",\"password\":\""
                          PASSWORD "\"}"), 202);
}


static void
join_ann(void)
{
    char  body[200];

    register_ann();
    assert_int_equal(tokens(), 1);
    snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
    assert_int_equal(call(CXM_POST, "verify", body), 200);
    assert_true(cookie[0] != '\0');
}


static cxm_rc_t
find(cxm_token_purpose_t purpose, cxm_ms_t at)
{
    cxm_rc_t    rc;
    cxm_doc_t   doc;
    cxm_txn_t  *txn;

    txn = fixture_read(&f);
    rc = cxm_token_find(txn, purpose, cxm_strz(token), at, &doc, &err);
    cxm_doc_clear(&doc);
    cxm_txn_end(txn);

    return rc;
}


static void
texts(void **state)
{
    char  kept[sizeof(token)];

    (void) state;
    register_ann();
    assert_int_equal(tokens(), 1);

    assert_int_equal(find(CXM_TOKEN_VERIFY, now), CXM_OK);
    assert_int_equal(find(CXM_TOKEN_RESET, now), CXM_NOT_FOUND);
    assert_int_equal(find(CXM_TOKEN_VERIFY, now + CXM_MS_DAY),
                     CXM_NOT_FOUND);

    strcpy(kept, token);
    token[3] = token[3] == 'a' ? 'b' : 'a';
    assert_int_equal(find(CXM_TOKEN_VERIFY, now), CXM_NOT_FOUND);
    strcpy(token, kept);
    token[70] = token[70] == 'a' ? 'b' : 'a';
    assert_int_equal(find(CXM_TOKEN_VERIFY, now), CXM_NOT_FOUND);
    token[10] = '\0';
    assert_int_equal(find(CXM_TOKEN_VERIFY, now), CXM_NOT_FOUND);
}


/* Nothing of them can be read any more, and they are no customers. */
static void
unconfirmed(void **state)
{
    unsigned     ran;
    uint64_t     slot;
    cxm_key_t    key;
    cxm_txn_t   *txn;

    (void) state;
    register_ann();
    txn = fixture_read(&f);
    slot = cxm_txn_persons(txn) - 1;
    cxm_txn_end(txn);
    assert_int_equal(cxm_person_key(f.store, slot, &key), CXM_OK);

    now += CXM_MS_DAY + CXM_MS_MINUTE;
    txn = write_now();
    assert_int_equal(cxm_due_run(txn, now, 10, &ran, &err), CXM_OK);
    fixture_commit(txn);
    assert_int_equal(tokens(), 0);

    now += CXM_MS_MINUTE;
    txn = write_now();
    assert_int_equal(cxm_due_run(txn, now, 10, &ran, &err), CXM_OK);
    fixture_commit(txn);
    assert_int_equal(cxm_person_key(f.store, slot, &key), CXM_NOT_FOUND);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 0);
}


/* --- sessions of calls -------------------------------------------------- */

static void
noted(void **state)
{
    int             wrote;
    cxm_request_t   r;

    (void) state;
    join_ann();

    r = request(CXM_GET, "", NULL);
    assert_int_equal(drive(&r, NULL, &wrote), 200);
    assert_int_equal(wrote, 0);

    /* its use is noted now and then, and that is all that is written */

    now += CXM_MS_DAY;
    r = request(CXM_GET, "", NULL);
    assert_int_equal(drive(&r, NULL, &wrote), 200);
    assert_int_equal(wrote, 1);
    assert_int_equal(drive(&r, NULL, &wrote), 200);
    assert_int_equal(wrote, 0);

    now += 14 * CXM_MS_DAY;
    assert_int_equal(call(CXM_GET, "", NULL), 401);
}


static void
end_all(void)
{
    found_t     found;
    uint64_t    owner;
    unsigned    n;
    cxm_doc_t   doc;
    cxm_txn_t  *txn;

    memset(&found, 0, sizeof(found));
    txn = write_now();
    assert_int_equal(cxm_doc_list(txn, CXM_KIND_ACCOUNT, 0, 1, take, &found,
                                  &err), CXM_OK);
    assert_int_equal(cxm_doc_by_id(txn, CXM_KIND_ACCOUNT, &found.id, &doc,
                                   &err), CXM_OK);
    owner = doc.no;
    cxm_doc_clear(&doc);
    assert_int_equal(cxm_session_end_all(txn, owner, owner, 0, &n, &err),
                     CXM_OK);
    assert_int_equal(n, 1);
    fixture_commit(txn);
}


/* What is ended while a call waits for its turn is ended for it, too. */
static void
revoked(void **state)
{
    int            wrote;
    cxm_request_t  r;

    (void) state;
    join_ann();
    r = request(CXM_DELETE, "sessions", NULL);
    assert_int_equal(drive(&r, end_all, &wrote), 401);
    assert_int_equal(wrote, 1);
}


/* --- measures ----------------------------------------------------------- */

typedef struct {
    uint32_t  point;
    uint64_t  count;
} counted_t;


static void
add(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point, uint64_t count)
{
    counted_t  *counted;

    (void) value;
    (void) at;
    counted = ctx;

    if (point == counted->point) {
        counted->count += count;
    }
}


static uint64_t
counted(uint16_t question, uint32_t point)
{
    counted_t             out = { point, 0 };
    cxm_txn_t            *txn;
    cxm_counter_query_t   query;

    memset(&query, 0, sizeof(query));
    query.series.survey = CXM_SERIES_ACCOUNT;
    query.series.question = question;
    query.from = FIXTURE_DAY;
    query.to = FIXTURE_DAY + 30 * CXM_MS_DAY;

    txn = fixture_read(&f);
    assert_int_equal(cxm_counter_scan(txn, &query, add, &out), CXM_OK);
    cxm_txn_end(txn);

    return out.count;
}


static void
measures(void **state)
{
    char  body[200];

    (void) state;
    register_ann();
    assert_int_equal(tokens(), 1);
    now += 90 * CXM_MS_SECOND;
    snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
    assert_int_equal(call(CXM_POST, "verify", body), 200);

    assert_int_equal(counted(CXM_ACCOUNT_COUNT, CXM_ACCOUNT_REGISTERED), 1);
    assert_int_equal(counted(CXM_ACCOUNT_COUNT, CXM_ACCOUNT_VERIFIED), 1);
    assert_int_equal(counted(CXM_ACCOUNT_VERIFY, cxm_duration_point(90)),
                     1);

    /* a refusal is known of, and who it is refused to is not told */

    assert_int_equal(call(CXM_POST, "login", "{\"email\":\"" EMAIL "\","
                          "\"password\":\"something else\"}"), 401);
    assert_int_equal(call(CXM_POST, "login", "{\"email\":\"no@b.example\","
                          "\"password\":\"something else\"}"), 401);
    assert_int_equal(counted(CXM_ACCOUNT_REASONS, CXM_ACCOUNT_PASSWORD), 1);
    assert_int_equal(counted(CXM_ACCOUNT_REASONS, CXM_ACCOUNT_UNKNOWN), 1);
    assert_int_equal(counted(CXM_ACCOUNT_COUNT, CXM_ACCOUNT_SIGN_IN_FAILED),
                     2);
}


/* --- what nobody may learn by measuring ---------------------------------- */

typedef struct {
    uint64_t  entries;
    size_t    bytes;
    uint64_t  due;
} written_t;


/* What a call adds to the journal. */
static written_t
written(const char *path, const char *body)
{
    uint64_t        head;
    cxm_rc_t        rc;
    cxm_txn_t      *txn;
    written_t       out;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    memset(&out, 0, sizeof(out));
    head = fixture_rows(&f, CXM_T_JOURNAL);
    out.due = fixture_rows(&f, CXM_T_DUE);
    assert_int_equal(call(CXM_POST, path, body), 202);
    out.due = fixture_rows(&f, CXM_T_DUE) - out.due;

    txn = fixture_read(&f);
    assert_int_equal(cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor), CXM_OK);
    cxm_row_key(&key);
    cxm_row_key_u64(&key, head + 1);

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK;
         rc = cxm_cursor_next(cursor, &row))
    {
        out.entries++;
        out.bytes += row.raw.len;
    }

    cxm_cursor_close(cursor);
    cxm_txn_end(txn);

    return out;
}


static void
same_amount(const written_t *a, const written_t *b)
{
    assert_int_equal(a->entries, b->entries);
    assert_int_equal(a->due, b->due);
    assert_in_range(a->bytes, b->bytes * 9 / 10, b->bytes * 11 / 10);
}


/* What is written for nobody is no person's and goes again. */
static void
alike(void **state)
{
    unsigned     ran, purpose;
    uint64_t     slots;
    cxm_txn_t   *txn;
    written_t    known, other;

    (void) state;
    join_ann();
    other = written("register", "{\"name\":\"Bob\",\"email\":"
                    "\"bob@example.org\",\"password\":\"" PASSWORD "\"}");
    known = written("register", "{\"name\":\"Ann\",\"email\":"
                    "\"" EMAIL "\",\"password\":\"" PASSWORD "\"}");
    same_amount(&known, &other);

    known = written("password/forgot", "{\"email\":\"" EMAIL "\"}");
    txn = fixture_read(&f);
    slots = cxm_txn_persons(txn);
    cxm_txn_end(txn);
    other = written("password/forgot", "{\"email\":\"bob@example.org\"}");
    same_amount(&known, &other);

    txn = fixture_read(&f);
    assert_int_equal(cxm_txn_persons(txn), slots);
    cxm_txn_end(txn);

    (void) tokens();

    for (purpose = 0; purpose < CXM_TOKEN_BLANK; purpose++) {
        assert_int_equal(find(purpose, now), CXM_NOT_FOUND);
    }

    now += 20 * CXM_MS_MINUTE;
    txn = write_now();
    assert_int_equal(cxm_due_run(txn, now, 100, &ran, &err), CXM_OK);
    fixture_commit(txn);
    assert_int_equal(tokens(), 1);
    assert_int_equal(find(CXM_TOKEN_VERIFY, now), CXM_OK);
}


#define test(name)                                                            \
    cmocka_unit_test_setup_teardown(name, setup, teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(texts),
        test(unconfirmed),
        test(noted),
        test(revoked),
        test(measures),
        test(alike)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
