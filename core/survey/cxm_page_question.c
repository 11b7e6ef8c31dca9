/*
 * Questions of a page: what is asked, what is wrong, and where to answer.
 *
 * Ids in the page: "q-" a question, "i-" its first control, "e-" its error,
 * "d-" its description.  Question ids are safe in HTML and in fragments.
 */

#include <stdio.h>

#include "cxm_json.h"
#include "cxm_page_int.h"


#define CXM_PAGE_RADIOS  21     /* wider scales ask for a number */

typedef void (*cxm_page_control_pt)(cxm_page_writer_t *page,
    const cxm_question_t *question);


/* Label text, with the mark of required ones. */
static void
put_label(cxm_page_writer_t *page, const cxm_question_t *question)
{
    cxm_page_put_text(page, question->json, "text");

    if (question->required) {
        cxm_page_put(page, " <span class=\"mark\">");
        cxm_page_say(page, CXM_SAY_REQUIRED);
        cxm_page_put(page, "</span>");
    }
}


static void
put_error(cxm_page_writer_t *page, const cxm_question_t *question)
{
    const cxm_issue_t  *issue;

    issue = cxm_page_issue(page, question);

    if (issue != NULL) {
        cxm_page_put(page, "<p class=\"err\" id=\"");
        cxm_page_put_id(page, "e-", question);
        cxm_page_put(page, "\">");
        cxm_page_say(page, cxm_page_issue_say(issue, question));
        cxm_page_put(page, "</p>\n");
    }
}


static void
put_described(cxm_page_writer_t *page, const cxm_question_t *question,
    int described)
{
    int  wrong;

    wrong = cxm_page_issue(page, question) != NULL;

    if (described || wrong) {
        cxm_page_put(page, " aria-describedby=\"");

        if (described) {
            cxm_page_put_id(page, "d-", question);
        }

        if (wrong) {
            cxm_page_put_id(page, described ? " e-" : "e-", question);
        }

        cxm_page_put(page, "\"");
    }
}


/* aria-describedby and aria-invalid of a control or its radio group. */
static void
put_aria(cxm_page_writer_t *page, const cxm_question_t *question,
    int described)
{
    put_described(page, question, described);

    if (cxm_page_issue(page, question) != NULL) {
        cxm_page_put(page, " aria-invalid=\"true\"");
    }
}


static void
open_group(cxm_page_writer_t *page, const cxm_question_t *question,
    const char *role, int described)
{
    cxm_page_put(page, "<fieldset id=\"");
    cxm_page_put_id(page, "q-", question);
    cxm_page_put(page, "\"");
    cxm_page_put(page, role);

    if (role[0] == '\0') {
        put_described(page, question, described);

    } else {
        if (question->required) {
            cxm_page_put(page, " aria-required=\"true\"");
        }

        put_aria(page, question, described);
    }

    cxm_page_put(page, ">\n<legend>");
    put_label(page, question);
    cxm_page_put(page, "</legend>\n");
    put_error(page, question);
}


static void
put_name(cxm_page_writer_t *page, const cxm_question_t *question,
    const char *member)
{
    cxm_page_put(page, " name=\"");
    cxm_page_put_id(page, "answers.", question);

    if (member != NULL) {
        cxm_page_put(page, ".");
        cxm_page_put(page, member);
    }

    cxm_page_put(page, "\"");
}


/* Whether the value was sent for the question, alone or among others. */
static int
was_sent(const cxm_page_writer_t *page, const cxm_question_t *question,
    cxm_str_t value)
{
    size_t         i;
    const json_t  *sent;

    sent = json_object_getn(page->answers, question->id.data,
                            question->id.len);

    if (json_is_string(sent)) {
        return cxm_str_eq(cxm_json_str(sent), value);
    }

    for (i = 0; i < json_array_size(sent); i++) {
        if (cxm_str_eq(cxm_json_str(json_array_get(sent, i)), value)) {
            return 1;
        }
    }

    return 0;
}


static void
put_input(cxm_page_writer_t *page, const cxm_question_t *question,
    const char *type, cxm_str_t value, int first)
{
    cxm_page_put(page, "<input type=\"");
    cxm_page_put(page, type);
    cxm_page_put(page, "\"");

    if (first) {
        cxm_page_put(page, " id=\"");
        cxm_page_put_id(page, "i-", question);
        cxm_page_put(page, "\"");
    }

    put_name(page, question, NULL);
    cxm_page_put(page, " value=\"");
    cxm_buf_html(page->out, value);
    cxm_page_put(page, "\"");

    if (was_sent(page, question, value)) {
        cxm_page_put(page, " checked");
    }

    if (question->required && question->type != CXM_QUESTION_MULTI) {
        cxm_page_put(page, " required");
    }

    cxm_page_put(page, ">");
}


int
cxm_page_typed(const cxm_question_t *question)
{
    return question->max - question->min >= CXM_PAGE_RADIOS;
}


/* The ends of a scale; what they mean unless the survey says. */
static const struct {
    const char  *member;
    cxm_say_t    usual[CXM_QUESTION_CES + 1];
} ends[] = {
    { "low", { CXM_SAY_NPS_LOW, CXM_SAY_CSAT_LOW, CXM_SAY_CES_LOW } },
    { "high", { CXM_SAY_NPS_HIGH, CXM_SAY_CSAT_HIGH, CXM_SAY_CES_HIGH } }
};

#define CXM_ENDS  (sizeof(ends) / sizeof(ends[0]))


static int
has_ends(const cxm_question_t *question)
{
    size_t  i;

    for (i = 0; i < CXM_ENDS; i++) {
        if (json_object_get(question->json, ends[i].member) != NULL) {
            return 1;
        }
    }

    return question->type <= CXM_QUESTION_CES;
}


static void
put_end(cxm_page_writer_t *page, const cxm_question_t *question, size_t i)
{
    int  said;

    said = json_object_get(question->json, ends[i].member) != NULL;

    if (!said && question->type > CXM_QUESTION_CES) {
        return;
    }

    cxm_buf_printf(page->out, "%d: ", i == 0 ? question->min : question->max);

    if (said) {
        cxm_page_put_text(page, question->json, ends[i].member);

    } else {
        cxm_page_say(page, ends[i].usual[question->type]);
    }
}


static void
put_ends(cxm_page_writer_t *page, const cxm_question_t *question)
{
    size_t  i;

    if (!has_ends(question)) {
        return;
    }

    cxm_page_put(page, "<p class=\"ends\" id=\"");
    cxm_page_put_id(page, "d-", question);
    cxm_page_put(page, "\">");

    for (i = 0; i < CXM_ENDS; i++) {
        cxm_page_put(page, i == 0 ? "<span>" : " <span>");
        put_end(page, question, i);
        cxm_page_put(page, "</span>");
    }

    cxm_page_put(page, "</p>\n");
}


static void
put_number(cxm_page_writer_t *page, const cxm_question_t *question)
{
    cxm_str_t  sent;

    sent = cxm_json_str(json_object_getn(page->answers, question->id.data,
                                         question->id.len));

    cxm_page_put(page, "<div class=\"q\" id=\"");
    cxm_page_put_id(page, "q-", question);
    cxm_page_put(page, "\">\n<label for=\"");
    cxm_page_put_id(page, "i-", question);
    cxm_page_put(page, "\">");
    put_label(page, question);
    cxm_buf_printf(page->out, " <span class=\"mark\">%d\xe2\x80\x93%d</span>",
                   question->min, question->max);
    cxm_page_put(page, "</label>\n");
    put_error(page, question);
    cxm_page_put(page, "<input type=\"number\" inputmode=\"numeric\" "
                 "step=\"1\" id=\"");
    cxm_page_put_id(page, "i-", question);
    cxm_page_put(page, "\"");
    put_name(page, question, NULL);
    cxm_buf_printf(page->out, " min=\"%d\" max=\"%d\" value=\"",
                   question->min, question->max);
    cxm_buf_html(page->out, sent);
    cxm_page_put(page, "\"");
    put_aria(page, question, has_ends(question));
    cxm_page_put(page, question->required ? " required>\n" : ">\n");
    put_ends(page, question);
    cxm_page_put(page, "</div>\n");
}


static void
put_scale(cxm_page_writer_t *page, const cxm_question_t *question)
{
    int        i, points, described;
    char       digits[16];
    cxm_str_t  value;

    /* on a phone: one row, two of five, or rows of six */
    static const char *const  scale_open[] = {
        "<div class=\"scale\">\n",
        "<div class=\"scale ten\">\n",
        "<div class=\"scale more\">\n"
    };

    if (cxm_page_typed(question)) {
        put_number(page, question);
        return;
    }

    points = question->max - question->min + 1;

    described = has_ends(question);
    open_group(page, question, " role=\"radiogroup\"", described);
    cxm_page_put(page, scale_open[(points > 7) + (points > 10)]);

    for (i = question->min; i <= question->max; i++) {
        value.len = (size_t) snprintf(digits, sizeof(digits), "%d", i);
        value.data = digits;

        cxm_page_put(page, "<label>");
        put_input(page, question, "radio", value, i == question->min);
        cxm_page_put(page, "<span>");
        cxm_buf_html(page->out, value);
        cxm_page_put(page, "</span></label>\n");
    }

    cxm_page_put(page, "</div>\n");
    put_ends(page, question);
    cxm_page_put(page, "</fieldset>\n");
}


static void
put_choices(cxm_page_writer_t *page, const cxm_question_t *question)
{
    int            multi;
    size_t         i;
    const json_t  *choices;

    choices = json_object_get(question->json, "choices");
    multi = question->type == CXM_QUESTION_MULTI;

    open_group(page, question, multi ? "" : " role=\"radiogroup\"", multi);

    if (multi) {
        cxm_page_put(page, "<p class=\"hint\" id=\"");
        cxm_page_put_id(page, "d-", question);
        cxm_page_put(page, "\">");
        cxm_page_say(page, CXM_SAY_MULTI);
        cxm_page_put(page, "</p>\n");
    }

    for (i = 0; i < question->nchoices; i++) {
        cxm_page_put(page, "<label class=\"option\">");
        put_input(page, question, multi ? "checkbox" : "radio",
                  question->choices[i], i == 0);
        cxm_page_put(page, " <span>");
        cxm_page_put_text(page, json_array_get(choices, i), "text");
        cxm_page_put(page, "</span></label>\n");
    }

    cxm_page_put(page, "</fieldset>\n");
}


static void
put_textarea(cxm_page_writer_t *page, const cxm_question_t *question)
{
    const json_t  *sent;

    sent = json_object_getn(page->answers, question->id.data,
                            question->id.len);

    cxm_page_put(page, "<div class=\"q\" id=\"");
    cxm_page_put_id(page, "q-", question);
    cxm_page_put(page, "\">\n<label for=\"");
    cxm_page_put_id(page, "i-", question);
    cxm_page_put(page, "\">");
    put_label(page, question);
    cxm_page_put(page, "</label>\n");
    put_error(page, question);
    cxm_page_put(page, "<textarea rows=\"4\" maxlength=\"5000\" id=\"");
    cxm_page_put_id(page, "i-", question);
    cxm_page_put(page, "\"");
    put_name(page, question, NULL);
    put_aria(page, question, 0);
    cxm_page_put(page, question->required ? " required>\n" : ">\n");
    cxm_buf_html(page->out, cxm_json_str(sent));
    cxm_page_put(page, "</textarea>\n</div>\n");
}


typedef struct {
    const char  *member, *type, *complete;
    cxm_say_t    label;
} contact_input_t;

static const contact_input_t  contact_inputs[] = {
    { "name", "text", "name", CXM_SAY_NAME },
    { "email", "email", "email", CXM_SAY_EMAIL },
    { "phone", "tel", "tel", CXM_SAY_PHONE }
};

#define CXM_CONTACT_INPUTS  (sizeof(contact_inputs) / sizeof(contact_input_t))


/* The input that an issue is about; the first when it is about them all. */
static size_t
contact_wrong(const cxm_issue_t *issue)
{
    size_t       i;
    const char  *member;

    member = issue == NULL ? NULL : strrchr(issue->pointer, '/') + 1;

    for (i = 0; member != NULL && i < CXM_CONTACT_INPUTS; i++) {
        if (strcmp(contact_inputs[i].member, member) == 0) {
            return i;
        }
    }

    return 0;
}


static void
put_contact(cxm_page_writer_t *page, const cxm_question_t *question)
{
    size_t                  i, target;
    const json_t           *sent;
    const contact_input_t  *input;

    target = contact_wrong(cxm_page_issue(page, question));
    sent = json_object_getn(page->answers, question->id.data,
                            question->id.len);
    open_group(page, question, "", 0);

    for (i = 0; i < CXM_CONTACT_INPUTS; i++) {
        input = &contact_inputs[i];

        cxm_page_put(page, "<label class=\"field\">");
        cxm_page_say(page, input->label);
        cxm_buf_printf(page->out, "<input type=\"%s\" autocomplete=\"%s\"",
                       input->type, input->complete);

        if (i == target) {
            cxm_page_put(page, " id=\"");
            cxm_page_put_id(page, "i-", question);
            cxm_page_put(page, "\"");
            put_aria(page, question, 0);
        }

        put_name(page, question, input->member);
        cxm_page_put(page, " value=\"");
        cxm_buf_html(page->out, cxm_json_get_str(sent, input->member));
        cxm_page_put(page, "\"></label>\n");
    }

    cxm_page_put(page, "</fieldset>\n");
}


static const cxm_page_control_pt  controls[] = {
    [CXM_QUESTION_NPS] = put_scale,
    [CXM_QUESTION_CSAT] = put_scale,
    [CXM_QUESTION_CES] = put_scale,
    [CXM_QUESTION_SCALE] = put_scale,
    [CXM_QUESTION_CHOICE] = put_choices,
    [CXM_QUESTION_MULTI] = put_choices,
    [CXM_QUESTION_TEXT] = put_textarea,
    [CXM_QUESTION_CONTACT] = put_contact
};


void
cxm_page_put_question(cxm_page_writer_t *page, const cxm_question_t *question)
{
    controls[question->type](page, question);
}
