/*
 * Searching records: over several ranges of ordinals, page by page, in the
 * transaction that makes them and behind it.
 */

#include "record_fixture.h"

#include "cxm_find.h"


#define MANY  (CXM_POSTING_RANGE + 700)


typedef struct {
    unsigned   n;
    uint64_t   last;            /* numbers come down within a level */
    unsigned   rises;
    char       first[64];       /* name of the first one */
} seen_t;


static int
see(void *ctx, const cxm_doc_t *doc)
{
    seen_t     *seen = ctx;
    cxm_str_t   name;

    name = cxm_json_get_str(doc->personal, "name");

    if (seen->n == 0) {
        snprintf(seen->first, sizeof(seen->first), "%.*s", (int) name.len,
                 name.data);
    }

    seen->rises += seen->n > 0 && doc->no > seen->last;
    seen->last = doc->no;
    seen->n++;

    return 0;
}


static void
ask(cxm_txn_t *txn, cxm_find_t *find, const char *words, const char *tag)
{
    assert_int_equal(cxm_find_begin(find, txn, &person, &err), CXM_OK);

    if (words != NULL) {
        cxm_find_words(find, cxm_strz(words));
    }

    if (tag != NULL) {
        assert_int_equal(cxm_find_value(find, txn, cxm_str("tags"),
                                        cxm_strz(tag)), CXM_OK);
    }
}


/* All that is found, by pages of `limit`. */
static seen_t
all(cxm_txn_t *txn, const char *words, const char *tag, unsigned limit,
    unsigned *pages)
{
    seen_t            seen;
    cxm_find_t        find;
    cxm_find_place_t  place = { CXM_FIND_EXACT, UINT32_MAX };

    memset(&seen, 0, sizeof(seen));
    ask(txn, &find, words, tag);

    for (*pages = 0; place.level != CXM_FIND_END; ++*pages) {
        assert_int_equal(cxm_find_run(txn, &find, &place, limit, see, &seen,
                                      &err), CXM_OK);
    }

    return seen;
}


static void
make(cxm_txn_t *txn, const char *name, const char *tag)
{
    char  text[200];

    snprintf(text, sizeof(text), "{\"name\":\"%s\",\"tags\":[\"%s\"]}", name,
             tag);
    assert_int_equal(put(txn, &person, NULL, NULL, text, NULL), CXM_OK);
}


static void
ranges(void **state)
{
    char         name[64];
    seen_t       seen;
    unsigned     i, pages;
    cxm_txn_t   *txn;

    (void) state;
    txn = NULL;

    for (i = 1; i <= MANY; i++) {
        if (i % 1000 == 1) {
            assert_int_equal(cxm_person_reserve(fixture.store, &err), CXM_OK);
            txn = fixture_write(&fixture);
        }

        snprintf(name, sizeof(name), "%s Number%u",
                 i % 1000 == 0 ? "Seldom" : "Common", i);
        make(txn, name, i % 2 ? "odd" : "even");

        if (i % 1000 == 0 || i == MANY) {
            fixture_commit(txn);
        }
    }

    txn = fixture_read(&fixture);

    seen = all(txn, "seldom", NULL, 5, &pages);
    assert_int_equal(seen.n, MANY / 1000);
    assert_int_equal(seen.rises, 0);
    assert_true(pages >= seen.n / 5);
    assert_string_equal(seen.first, "Seldom Number17000");

    seen = all(txn, "seldom", "odd", 5, &pages);
    assert_int_equal(seen.n, 0);
    seen = all(txn, "seldom", "even", 100, &pages);
    assert_int_equal(seen.n, MANY / 1000);

    /* the words of one, then beginnings: Number1 of 10.. and so on */

    seen = all(txn, "common number1", NULL, 500, &pages);
    assert_string_equal(seen.first, "Common Number1");
    assert_true(seen.n > 7000);
    assert_int_equal(seen.rises, 1);

    seen = all(txn, NULL, "odd", 500, &pages);
    assert_int_equal(seen.n, (MANY + 1) / 2);
    assert_int_equal(seen.rises, 0);

    /* longer beginnings than are indexed are seen in the documents */

    seen = all(txn, "number1700", NULL, 500, &pages);
    assert_int_equal(seen.n, 11);
    seen = all(txn, "numberless", NULL, 500, &pages);
    assert_int_equal(seen.n, 0);
    assert_true(pages > 1);

    cxm_txn_end(txn);
}


/* What a transaction makes it finds, also before it commits. */
static void
at_once(void **state)
{
    seen_t               seen;
    unsigned             pages;
    cxm_find_t           find;
    cxm_txn_t           *txn;
    cxm_uuid_t           id;
    cxm_record_write_t   write;

    (void) state;

    txn = fixture_write(&fixture);
    seen = all(txn, "ann", NULL, 9, &pages);
    assert_int_equal(seen.n, 0);
    make(txn, "Ann", "x");
    seen = all(txn, "ann", NULL, 9, &pages);
    assert_int_equal(seen.n, 1);
    assert_int_equal(put(txn, &person, NULL, NULL, "{\"name\":\"Ann\"}", &id),
                     CXM_OK);
    writing(&write, txn, &person);
    write.id = id;
    assert_int_equal(cxm_record_delete(&write), CXM_OK);
    seen = all(txn, "ann", NULL, 9, &pages);
    assert_int_equal(seen.n, 1);

    ask(txn, &find, "", NULL);
    assert_false(cxm_find_asks(&find));
    assert_int_equal(cxm_find_value(&find, txn, cxm_str("country"),
                                    cxm_str("DE")), CXM_NOT_FOUND);
    assert_int_equal(cxm_find_value(&find, txn, cxm_str("tags.x"),
                                    cxm_str("x")), CXM_NOT_FOUND);
    assert_int_equal(cxm_find_value(&find, txn, cxm_str("none"),
                                    cxm_str("x")), CXM_NOT_FOUND);

    fixture_commit(txn);
    verify();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(ranges),
        test(at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
