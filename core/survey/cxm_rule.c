/*
 * Rules under which a question is asked.
 *
 * Recursion goes as deep as the field tables let a rule go.
 */

#include <stdio.h>

#include "cxm_json.h"
#include "cxm_rule.h"


#define CXM_RULES_MAX   10      /* of one all or any */

#define CXM_TYPE(type)  (1u << (type))
#define CXM_SCORED      (CXM_TYPE(CXM_QUESTION_NPS)                           \
                         | CXM_TYPE(CXM_QUESTION_CSAT)                        \
                         | CXM_TYPE(CXM_QUESTION_CES)                         \
                         | CXM_TYPE(CXM_QUESTION_SCALE))
#define CXM_CHOSEN      (CXM_TYPE(CXM_QUESTION_CHOICE)                        \
                         | CXM_TYPE(CXM_QUESTION_MULTI))

/* What "value" is. */
typedef enum {
    CXM_RULE_ONE = 0,           /* an answer that the question may have */
    CXM_RULE_MANY,              /* an array of them */
    CXM_RULE_BOOL
} cxm_rule_value_t;

typedef struct {
    unsigned           types;   /* of questions */
    cxm_rule_value_t   value;
    int              (*holds)(const json_t *answer, const json_t *value);
} cxm_rule_op_t;


static const char *const  op_values[] = {
    "gte", "lte", "eq", "ne", "in", "answered", NULL
};

#define CXM_RULE_PLAIN(flags)                                                 \
    { "question", CXM_FIELD_STRING, (flags), 1, CXM_SLUG_MAX,                 \
      NULL, NULL, NULL, "id of an earlier question" },                        \
    { "op", CXM_FIELD_ENUM, (flags), 0, 0,                                    \
      op_values, NULL, NULL, "how its answer is compared" },                  \
    { "value", CXM_FIELD_ANY, 0, 0, 0,                                        \
      NULL, NULL, NULL,                                                       \
      "a score or the id of a choice; an array of them with in; true or "     \
      "false, default true, with answered" }

#define CXM_RULE_FIELDS(item)                                                 \
    CXM_RULE_PLAIN(0),                                                        \
    { "all", CXM_FIELD_ARRAY, 0, 1, CXM_RULES_MAX,                            \
      NULL, NULL, (item), "instead of question: these hold all" },            \
    { "any", CXM_FIELD_ARRAY, 0, 1, CXM_RULES_MAX,                            \
      NULL, NULL, (item), "instead of question: one of these holds" },        \
    { .name = NULL }

static const cxm_field_t  plain_fields[] = {
    CXM_RULE_PLAIN(CXM_FIELD_REQUIRED),
    { .name = NULL }
};

static const cxm_fields_t  plain_table = { "Rule", plain_fields };

static const cxm_field_t  plain_item = {
    .type = CXM_FIELD_OBJECT, .object = &plain_table
};

static const cxm_field_t  group_fields[] = { CXM_RULE_FIELDS(&plain_item) };

static const cxm_fields_t  group_table = { "RuleGroup", group_fields };

static const cxm_field_t  group_item = {
    .type = CXM_FIELD_OBJECT, .object = &group_table
};

static const cxm_field_t  rule_fields[] = { CXM_RULE_FIELDS(&group_item) };

const cxm_fields_t  cxm_rule_fields = { "ShowIf", rule_fields };


/* --- whether a rule holds ----------------------------------------------- */

/* The answer is the value; of a multi one of those chosen is. */
static int
is_value(const json_t *answer, const json_t *value)
{
    size_t  i;

    for (i = 0; i < json_array_size(answer); i++) {
        if (json_equal(json_array_get(answer, i), value)) {
            return 1;
        }
    }

    return json_equal(answer, value);
}


static int
is_other(const json_t *answer, const json_t *value)
{
    return !is_value(answer, value);
}


static int
is_among(const json_t *answer, const json_t *value)
{
    size_t  i;

    for (i = 0; i < json_array_size(value); i++) {
        if (is_value(answer, json_array_get(value, i))) {
            return 1;
        }
    }

    return 0;
}


static int
is_least(const json_t *answer, const json_t *value)
{
    return json_integer_value(answer) >= json_integer_value(value);
}


static int
is_most(const json_t *answer, const json_t *value)
{
    return json_integer_value(answer) <= json_integer_value(value);
}


/* In the order of op_values; "answered" has no comparison. */
static const cxm_rule_op_t  ops[] = {
    { CXM_SCORED, CXM_RULE_ONE, is_least },
    { CXM_SCORED, CXM_RULE_ONE, is_most },
    { CXM_SCORED | CXM_CHOSEN, CXM_RULE_ONE, is_value },
    { CXM_SCORED | CXM_CHOSEN, CXM_RULE_ONE, is_other },
    { CXM_SCORED | CXM_CHOSEN, CXM_RULE_MANY, is_among },
    { ~0u, CXM_RULE_BOOL, NULL }
};


static const cxm_rule_op_t *
op_find(cxm_str_t name)
{
    size_t  i;

    for (i = 0; op_values[i] != NULL; i++) {
        if (cxm_str_eqz(name, op_values[i])) {
            return &ops[i];
        }
    }

    return NULL;
}


static int
plain_holds(const json_t *rule, const json_t *shared, const json_t *personal)
{
    cxm_str_t             id;
    const json_t         *answer, *value;
    const cxm_rule_op_t  *op;

    id = cxm_json_get_str(rule, "question");
    op = op_find(cxm_json_get_str(rule, "op"));
    value = json_object_get(rule, "value");

    if (id.data == NULL || op == NULL) {
        return 0;
    }

    answer = json_object_getn(shared, id.data, id.len);

    if (answer == NULL) {
        answer = json_object_getn(personal, id.data, id.len);
    }

    if (op->holds == NULL) {
        return (answer != NULL) == !json_is_false(value);
    }

    return answer != NULL && op->holds(answer, value);
}


int
cxm_rule_holds(const json_t *rule, const json_t *shared,
    const json_t *personal)
{
    int            any;
    size_t         i;
    const json_t  *list;

    if (rule == NULL) {
        return 1;
    }

    any = json_object_get(rule, "any") != NULL;
    list = json_object_get(rule, any ? "any" : "all");

    if (list == NULL) {
        return plain_holds(rule, shared, personal);
    }

    for (i = 0; i < json_array_size(list); i++) {
        if (cxm_rule_holds(json_array_get(list, i), shared, personal) == any) {
            return any;
        }
    }

    return !any;
}


int
cxm_rule_depends(const cxm_survey_t *survey, const json_t *rule,
    unsigned from)
{
    size_t                 i;
    cxm_str_t              id;
    const json_t          *list;
    const cxm_question_t  *question;

    id = cxm_json_get_str(rule, "question");

    if (id.data != NULL) {
        question = cxm_survey_question(survey, id);

        return question != NULL && question >= &survey->questions[from];
    }

    list = json_object_get(rule, "all");
    list = list == NULL ? json_object_get(rule, "any") : list;

    for (i = 0; i < json_array_size(list); i++) {
        if (cxm_rule_depends(survey, json_array_get(list, i), from)) {
            return 1;
        }
    }

    return 0;
}


/* --- what a definition may say ------------------------------------------ */

typedef struct {
    const json_t  *questions;
    size_t         own;             /* place of the rule's question */
    cxm_error_t   *err;
    char           pointer[CXM_ERROR_POINTER_LEN];
} cxm_ruling_t;


/* An issue at a member of the rule, or at the rule itself. */
static void
rule_issue(cxm_ruling_t *rl, const char *member, const char *code,
    const char *detail)
{
    size_t  len;

    len = strlen(rl->pointer);

    if (member != NULL) {
        cxm_pointer_push(rl->pointer, sizeof(rl->pointer), cxm_strz(member));
    }

    (void) cxm_issue(rl->err, rl->pointer, code, "%s", detail);
    rl->pointer[len] = '\0';
}


/* NULL: an issue has told so. */
static const json_t *
rule_question(cxm_ruling_t *rl, cxm_str_t id)
{
    size_t         i;
    const json_t  *question;

    for (i = 0; i < json_array_size(rl->questions); i++) {
        question = json_array_get(rl->questions, i);

        if (!cxm_str_eq(cxm_json_get_str(question, "id"), id)) {
            continue;
        }

        if (i < rl->own) {
            return question;
        }

        rule_issue(rl, "question", "not_earlier",
                   "A rule is about a question that is asked before.");
        return NULL;
    }

    rule_issue(rl, "question", "not_found", "There is no such question.");

    return NULL;
}


static int
is_score(const json_t *question, cxm_question_type_t type,
    const json_t *value)
{
    int  min, max;

    cxm_question_scale(type, json_object_get(question, "scale"), &min, &max);

    return json_is_integer(value) && json_integer_value(value) >= min
           && json_integer_value(value) <= max;
}


static int
is_choice(const json_t *question, const json_t *value)
{
    size_t         i;
    const json_t  *choices;

    choices = json_object_get(question, "choices");

    for (i = 0; i < json_array_size(choices); i++) {
        if (json_is_string(value)
            && json_equal(json_object_get(json_array_get(choices, i), "id"),
                          value))
        {
            return 1;
        }
    }

    return 0;
}


static void
check_one(cxm_ruling_t *rl, const json_t *question, const json_t *value)
{
    cxm_question_type_t  type;

    type = (cxm_question_type_t)
           cxm_question_type_find(cxm_json_get_str(question, "type"));

    if (type <= CXM_QUESTION_SCALE) {
        if (!is_score(question, type, value)) {
            rule_issue(rl, NULL, "out_of_range",
                       "It is no score of this question.");
        }

    } else if (!is_choice(question, value)) {
        rule_issue(rl, NULL, "not_allowed",
                   "It is no id of a choice of this question.");
    }
}


static void
check_many(cxm_ruling_t *rl, const json_t *question, const json_t *value)
{
    char    digits[24];
    size_t  i, len;

    if (json_array_size(value) == 0) {
        rule_issue(rl, NULL, "wrong_type",
                   "With in it is an array of answers.");
    }

    len = strlen(rl->pointer);

    for (i = 0; i < json_array_size(value); i++) {
        (void) snprintf(digits, sizeof(digits), "%zu", i);
        cxm_pointer_push(rl->pointer, sizeof(rl->pointer), cxm_strz(digits));
        check_one(rl, question, json_array_get(value, i));
        rl->pointer[len] = '\0';
    }
}


static void
check_value(cxm_ruling_t *rl, const json_t *question,
    const cxm_rule_op_t *op, const json_t *value)
{
    size_t  len;

    if (value == NULL) {
        if (op->value != CXM_RULE_BOOL) {
            rule_issue(rl, "value", "required", "This op needs a value.");
        }

        return;
    }

    len = strlen(rl->pointer);
    cxm_pointer_push(rl->pointer, sizeof(rl->pointer), cxm_str("value"));

    switch (op->value) {

    case CXM_RULE_ONE:
        check_one(rl, question, value);
        break;

    case CXM_RULE_MANY:
        check_many(rl, question, value);
        break;

    case CXM_RULE_BOOL:
        if (!json_is_boolean(value)) {
            rule_issue(rl, NULL, "wrong_type",
                       "With answered it is true or false.");
        }

        break;
    }

    rl->pointer[len] = '\0';
}


static void
check_plain(cxm_ruling_t *rl, const json_t *rule)
{
    int                   type;
    const json_t         *question;
    const cxm_rule_op_t  *op;

    question = rule_question(rl, cxm_json_get_str(rule, "question"));
    op = op_find(cxm_json_get_str(rule, "op"));

    if (op == NULL) {
        rule_issue(rl, "op", "required", "It says how to compare.");
        return;
    }

    type = cxm_question_type_find(cxm_json_get_str(question, "type"));

    if (type < 0) {
        return;
    }

    if (!(op->types & CXM_TYPE(type))) {
        rule_issue(rl, "op", "not_allowed",
                   "Answers to this question cannot be compared so.");
        return;
    }

    check_value(rl, question, op, json_object_get(rule, "value"));
}


static void
check_rule(cxm_ruling_t *rl, const json_t *rule)
{
    char           digits[24];
    size_t         i, len;
    const char    *member;
    const json_t  *list;

    member = json_object_get(rule, "all") != NULL ? "all" : "any";
    list = json_object_get(rule, member);

    if (json_object_size(rule) != 1 || list == NULL) {
        if (list != NULL || json_object_get(rule, "question") == NULL) {
            rule_issue(rl, NULL, "invalid",
                       "A rule has question and op, or all, or any.");
            return;
        }

        check_plain(rl, rule);
        return;
    }

    len = strlen(rl->pointer);

    for (i = 0; i < json_array_size(list); i++) {
        (void) snprintf(digits, sizeof(digits), "%zu", i);
        cxm_pointer_push(rl->pointer, sizeof(rl->pointer), cxm_strz(member));
        cxm_pointer_push(rl->pointer, sizeof(rl->pointer), cxm_strz(digits));
        check_rule(rl, json_array_get(list, i));
        rl->pointer[len] = '\0';
    }
}


void
cxm_rule_check(const json_t *questions, size_t i, cxm_error_t *err)
{
    json_t        *rule;
    cxm_ruling_t   rl;

    rule = json_object_get(json_array_get(questions, i), "show_if");

    if (rule == NULL) {
        return;
    }

    rl.questions = questions;
    rl.own = i;
    rl.err = err;
    (void) snprintf(rl.pointer, sizeof(rl.pointer), "/questions/%zu/show_if",
                    i);

    check_rule(&rl, rule);
}
