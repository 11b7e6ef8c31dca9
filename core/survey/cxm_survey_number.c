/*
 * Numbers of questions, choices and segments: given once, never reused; and
 * what answers stand against when a definition changes.
 */

#include <stdio.h>

#include "cxm_counter.h"
#include "cxm_response.h"
#include "cxm_survey_int.h"


/* Questions, or segments, that a survey ever had. */
#define CXM_NUMBERED_MAX  1000

typedef struct {
    cxm_txn_t     *txn;
    uint64_t       survey;
    const json_t  *old;             /* body stored, NULL: none */
    json_t        *body;
    cxm_error_t   *err;
} cxm_numbering_t;


/* The item of the list whose member `name` is `value`; NULL. */
static json_t *
list_find(const json_t *list, const char *name, cxm_str_t value)
{
    size_t   i;
    json_t  *item;

    for (i = 0; i < json_array_size(list); i++) {
        item = json_array_get(list, i);

        if (cxm_str_eq(cxm_json_get_str(item, name), value)) {
            return item;
        }
    }

    return NULL;
}


static const json_t *
old_list(const json_t *old, const char *list, int retired)
{
    return json_object_get(retired ? json_object_get(old, "retired") : old,
                           list);
}


/* In the old version, there or retired; NULL. */
static const json_t *
old_find(const json_t *old, const char *list, const char *name,
    cxm_str_t value)
{
    const json_t  *item;

    item = list_find(old_list(old, list, 0), name, value);

    return item != NULL ? item
           : list_find(old_list(old, list, 1), name, value);
}


static int64_t
list_next(const json_t *list, int64_t next)
{
    size_t   i;
    int64_t  no;

    for (i = 0; i < json_array_size(list); i++) {
        no = cxm_json_get_int(json_array_get(list, i), "no", 0);

        if (no >= next) {
            next = no + 1;
        }
    }

    return next;
}


static int64_t
old_next(const json_t *old, const char *list, int64_t first)
{
    return list_next(old_list(old, list, 1),
                     list_next(old_list(old, list, 0), first));
}


static cxm_rc_t
has_answers(cxm_numbering_t *nb, const char *pointer, const char *what)
{
    cxm_rc_t  rc;

    rc = cxm_fail(nb->err, CXM_CONFLICT, "question_has_answers",
                  "There are answers, so %s. Use a new id.", what);
    (void) cxm_issue(nb->err, pointer, "question_has_answers",
                     "There are answers, so %s.", what);

    return rc;
}


static int
choice_removed(const json_t *was, const json_t *question)
{
    size_t         i;
    const json_t  *before, *now;

    before = json_object_get(was, "choices");
    now = json_object_get(question, "choices");

    for (i = 0; i < json_array_size(before); i++) {
        if (list_find(now, "id", cxm_json_get_str(json_array_get(before, i),
                                                  "id")) == NULL)
        {
            return 1;
        }
    }

    return 0;
}


/* Whether the question may be what it is now, answered as it was. */
static cxm_rc_t
check_change(cxm_numbering_t *nb, size_t i, const json_t *was,
    const json_t *question)
{
    int        type, was_type, min, max, was_min, was_max;
    char       pointer[64];
    uint16_t   no;

    type = cxm_question_type_find(cxm_json_get_str(question, "type"));
    was_type = cxm_question_type_find(cxm_json_get_str(was, "type"));

    if (type < 0 || was_type < 0) {
        return CXM_CORRUPT;
    }

    cxm_question_scale((cxm_question_type_t) type,
                       json_object_get(question, "scale"), &min, &max);
    cxm_question_scale((cxm_question_type_t) was_type,
                       json_object_get(was, "scale"), &was_min, &was_max);

    no = (uint16_t) cxm_json_get_int(was, "no", 0);

    if ((type == was_type && min == was_min && max == was_max
         && !choice_removed(was, question))
        || !cxm_response_any(nb->txn, nb->survey, no))
    {
        return CXM_OK;
    }

    if (type != was_type) {
        (void) snprintf(pointer, sizeof(pointer), "/questions/%zu/type", i);
        return has_answers(nb, pointer, "its type cannot change");
    }

    if (min != was_min || max != was_max) {
        (void) snprintf(pointer, sizeof(pointer), "/questions/%zu/scale", i);
        return has_answers(nb, pointer, "its scale cannot change");
    }

    (void) snprintf(pointer, sizeof(pointer), "/questions/%zu/choices", i);

    return has_answers(nb, pointer, "no choice can be taken away");
}


static cxm_rc_t
number_choices(cxm_numbering_t *nb, const json_t *was, json_t *question)
{
    int            failed;
    size_t         i;
    int64_t        next, no;
    json_t        *list, *choice;
    const json_t  *before;

    list = json_object_get(question, "choices");

    if (list == NULL) {
        return CXM_OK;
    }

    next = cxm_json_get_int(was, "choices_next", 0);
    failed = 0;

    for (i = 0; i < json_array_size(list); i++) {
        choice = json_array_get(list, i);
        before = list_find(json_object_get(was, "choices"), "id",
                           cxm_json_get_str(choice, "id"));
        no = before == NULL ? next++ : cxm_json_get_int(before, "no", 0);
        failed |= cxm_json_set_int(choice, "no", no);
    }

    failed |= cxm_json_set_int(question, "choices_next", next);

    if (next >= CXM_POINT_MAX) {
        return cxm_fail(nb->err, CXM_CONFLICT, "too_many_choices",
                        "This question has had too many choices. "
                        "Use a new id.");
    }

    return failed ? CXM_INTERNAL : CXM_OK;
}


static cxm_rc_t
number_questions(cxm_numbering_t *nb)
{
    size_t         i;
    int64_t        next, no;
    json_t        *list, *question;
    cxm_rc_t       rc;
    const json_t  *was;

    list = json_object_get(nb->body, "questions");
    next = old_next(nb->old, "questions", 1);

    for (i = 0; i < json_array_size(list); i++) {
        question = json_array_get(list, i);
        was = old_find(nb->old, "questions", "id",
                       cxm_json_get_str(question, "id"));

        if (was != NULL) {
            rc = check_change(nb, i, was, question);
            if (rc != CXM_OK) {
                return rc;
            }
        }

        no = was == NULL ? next++ : cxm_json_get_int(was, "no", 0);

        if (cxm_json_set_int(question, "no", no) != 0) {
            return CXM_INTERNAL;
        }

        rc = number_choices(nb, was, question);
        if (rc != CXM_OK) {
            return rc;
        }
    }

    return next <= CXM_NUMBERED_MAX ? CXM_OK
           : cxm_fail(nb->err, CXM_CONFLICT, "too_many_questions",
                      "This survey has had too many questions.");
}


static cxm_rc_t
number_segments(cxm_numbering_t *nb)
{
    size_t         i;
    int64_t        next, no;
    json_t        *list, *names, *segment;
    cxm_str_t      name;
    const json_t  *was;

    names = json_object_get(nb->body, "segment_by");
    next = old_next(nb->old, "segments", CXM_SEGMENT_CUSTOM);
    list = json_array();

    if (json_object_set_new(nb->body, "segments", list) != 0) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < json_array_size(names); i++) {
        name = cxm_json_str(json_array_get(names, i));
        was = old_find(nb->old, "segments", "name", name);
        no = was == NULL ? next++ : cxm_json_get_int(was, "no", 0);
        segment = json_object();

        if (cxm_json_set_str(segment, "name", name) != 0
            || cxm_json_set_int(segment, "no", no) != 0
            || json_array_append(list, segment) != 0)
        {
            json_decref(segment);
            return CXM_INTERNAL;
        }

        json_decref(segment);
    }

    return next <= CXM_NUMBERED_MAX ? CXM_OK
           : cxm_fail(nb->err, CXM_CONFLICT, "too_many_segments",
                      "This survey has had too many segments.");
}


/* Appends to `out` what the old list has and the new one lacks. */
static int
retire(json_t *out, const json_t *before, const json_t *now, const char *name)
{
    size_t   i;
    json_t  *item;

    for (i = 0; i < json_array_size(before); i++) {
        item = json_array_get(before, i);

        if (list_find(now, name, cxm_json_get_str(item, name)) != NULL) {
            continue;
        }

        item = json_deep_copy(item);

        (void) json_object_del(item, "text");

        if (json_array_append_new(out, item) != 0) {
            return -1;
        }
    }

    return 0;
}


static cxm_rc_t
retire_all(cxm_numbering_t *nb)
{
    size_t    i;
    json_t   *retired, *list;
    int       failed;

    static const struct { const char *list, *name; }  kept[] = {
        { "questions", "id" }, { "segments", "name" }
    };

    retired = json_object();
    failed = json_object_set_new(nb->body, "retired", retired);

    for (i = 0; i < sizeof(kept) / sizeof(kept[0]) && !failed; i++) {
        list = json_array();
        failed = json_object_set_new(retired, kept[i].list, list)
                 || retire(list, old_list(nb->old, kept[i].list, 1),
                           json_object_get(nb->body, kept[i].list),
                           kept[i].name)
                 || retire(list, old_list(nb->old, kept[i].list, 0),
                           json_object_get(nb->body, kept[i].list),
                           kept[i].name);
    }

    return failed ? CXM_INTERNAL : CXM_OK;
}


/*
 * Items of a CSI are counted by position: with answers, a position stays the
 * question that it was, also when there was no CSI in between.
 */
static cxm_rc_t
keep_csi(cxm_numbering_t *nb)
{
    json_t  *now, *before;

    before = json_object_get(nb->old, "csi_items");
    now = json_object_get(json_object_get(nb->body, "csi"), "questions");

    if (now != NULL && before != NULL && !json_equal(now, before)
        && cxm_response_any(nb->txn, nb->survey, CXM_SERIES_CSI))
    {
        return has_answers(nb, "/csi/questions",
                           "the questions of the CSI cannot change");
    }

    if (now == NULL) {
        now = before;
    }

    if (now == NULL) {
        return CXM_OK;
    }

    return json_object_set_new(nb->body, "csi_items", json_deep_copy(now)) == 0
           ? CXM_OK : CXM_INTERNAL;
}


cxm_rc_t
cxm_survey_number(cxm_txn_t *txn, uint64_t no, const json_t *old,
    cxm_str_t slug, const json_t *input, json_t **out, cxm_error_t *err)
{
    cxm_rc_t         rc;
    json_t          *copy;
    cxm_numbering_t  nb;

    nb.txn = txn;
    nb.survey = no;
    nb.old = old;
    nb.err = err;
    nb.body = json_object();
    copy = json_deep_copy(input);
    rc = CXM_INTERNAL;

    if (cxm_json_set_str(nb.body, "slug", slug) != 0
        || json_object_update(nb.body, copy) != 0)
    {
        goto done;
    }

    if (json_object_get(nb.body, "status") == NULL
        && cxm_json_set_str(nb.body, "status", cxm_str("draft")) != 0)
    {
        goto done;
    }

    rc = number_questions(&nb);

    if (rc == CXM_OK) {
        rc = number_segments(&nb);
    }

    if (rc == CXM_OK) {
        rc = retire_all(&nb);
    }

    if (rc == CXM_OK) {
        rc = keep_csi(&nb);
    }

done:

    json_decref(copy);

    if (rc != CXM_OK) {
        json_decref(nb.body);
        return err->rc == rc ? rc
               : cxm_fail(err, rc, NULL, "It cannot be numbered.");
    }

    *out = nb.body;

    return CXM_OK;
}
