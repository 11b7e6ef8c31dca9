/*
 * A survey's definition as a struct, and what can be asked of it.
 */

#include "cxm_survey_int.h"


static const char *const  type_names[] = {
    "nps", "csat", "ces", "scale", "choice", "multi", "text", "contact"
};

static const char *const  status_names[] = {
    "draft", "live", "paused", "closed"
};

const char *const  cxm_segment_names[CXM_SEGMENTS_KEPT] = {
    "", "channel", "touchpoint", "country", "device", "language", "agent",
    "product", "latency_band", "status_class"
};

#define countof(array)  (sizeof(array) / sizeof((array)[0]))


static int
name_find(const char *const *names, size_t n, cxm_str_t name)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (cxm_str_eqz(name, names[i])) {
            return (int) i;
        }
    }

    return -1;
}


int
cxm_question_type_find(cxm_str_t name)
{
    return name_find(type_names, countof(type_names), name);
}


const char *
cxm_question_type_name(cxm_question_type_t type)
{
    return type_names[type];
}


int
cxm_question_scored(const cxm_question_t *question)
{
    return question->type <= CXM_QUESTION_SCALE;
}


void
cxm_question_scale(cxm_question_type_t type, const json_t *scale, int *min,
    int *max)
{
    static const struct { int min, max; }  own[] = {
        [CXM_QUESTION_NPS] = { 0, 10 },
        [CXM_QUESTION_CSAT] = { 1, 5 },
        [CXM_QUESTION_CES] = { 1, 7 },
        [CXM_QUESTION_SCALE] = { 0, 0 }
    };

    *min = 0;
    *max = 0;

    if (type <= CXM_QUESTION_SCALE) {
        *min = (int) cxm_json_get_int(scale, "min", own[type].min);
        *max = (int) cxm_json_get_int(scale, "max", own[type].max);
    }
}


static cxm_rc_t
parse_choices(cxm_arena_t *arena, const json_t *json, cxm_question_t *question)
{
    size_t         i;
    uint16_t      *nos;
    cxm_str_t     *ids;
    const json_t  *choices, *choice;

    choices = json_object_get(json, "choices");
    question->nchoices = json_array_size(choices);

    ids = cxm_arena_alloc(arena, (question->nchoices + 1) * sizeof(cxm_str_t));
    nos = cxm_arena_alloc(arena, (question->nchoices + 1) * sizeof(uint16_t));

    if (ids == NULL || nos == NULL) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < question->nchoices; i++) {
        choice = json_array_get(choices, i);
        ids[i] = cxm_json_get_str(choice, "id");
        nos[i] = (uint16_t) cxm_json_get_int(choice, "no", 0);
    }

    question->choices = ids;
    question->choice_nos = nos;

    return CXM_OK;
}


static cxm_rc_t
parse_question(cxm_arena_t *arena, const json_t *json,
    cxm_question_t *question)
{
    int            type;
    const json_t  *weight;

    type = cxm_question_type_find(cxm_json_get_str(json, "type"));

    if (type < 0) {
        return CXM_CORRUPT;
    }

    weight = json_object_get(json, "weight");

    question->json = json;
    question->show_if = json_object_get(json, "show_if");
    question->type = (cxm_question_type_t) type;
    question->id = cxm_json_get_str(json, "id");
    question->no = (uint16_t) cxm_json_get_int(json, "no", 0);
    question->required = cxm_json_get_bool(json, "required", 0);
    question->weight = weight == NULL ? 1 : json_number_value(weight);

    cxm_question_scale(question->type, json_object_get(json, "scale"),
                       &question->min, &question->max);

    return question->no == 0 ? CXM_CORRUPT
                             : parse_choices(arena, json, question);
}


static cxm_rc_t
parse_questions(cxm_arena_t *arena, const json_t *list,
    cxm_question_t **questions, unsigned *n)
{
    size_t    i;
    cxm_rc_t  rc;

    *n = (unsigned) json_array_size(list);
    *questions = cxm_arena_alloc(arena, (*n + 1) * sizeof(cxm_question_t));

    if (*questions == NULL) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < *n; i++) {
        rc = parse_question(arena, json_array_get(list, i), &(*questions)[i]);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
}


static cxm_rc_t
parse_segments(cxm_arena_t *arena, cxm_survey_t *survey)
{
    size_t         i;
    const json_t  *list, *segment;

    list = json_object_get(survey->doc.body, "segments");
    survey->nsegments = (unsigned) json_array_size(list);
    survey->segments = cxm_arena_alloc(arena,
                     (survey->nsegments + 1) * sizeof(cxm_survey_segment_t));
    if (survey->segments == NULL) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < survey->nsegments; i++) {
        segment = json_array_get(list, i);
        survey->segments[i].name = cxm_json_get_str(segment, "name");
        survey->segments[i].no = (uint16_t) cxm_json_get_int(segment, "no", 0);
    }

    return CXM_OK;
}


/*
 * Weights: those of "csi", else the questions' own if any has one, else
 * equal ones; shares of their sum.
 */
static cxm_rc_t
parse_csi(cxm_survey_t *survey)
{
    size_t                 i;
    double                 sum, weight[CXM_CSI_MAX] = { 0 };
    const json_t          *csi, *items, *weights;
    const cxm_question_t  *question;

    csi = json_object_get(survey->doc.body, "csi");
    items = json_object_get(csi, "questions");
    weights = json_object_get(csi, "weights");
    sum = 0;

    for (i = 0; i < json_array_size(items) && i < CXM_CSI_MAX; i++) {
        question = cxm_survey_question(survey,
                                       cxm_json_str(json_array_get(items, i)));
        if (question == NULL) {
            return CXM_CORRUPT;
        }

        survey->csi[i] = (uint16_t) (question - survey->questions);
        survey->csi_items[i].min = question->min;
        survey->csi_items[i].max = question->max;

        weight[i] = weights == NULL ? question->weight
                    : json_number_value(json_array_get(weights, i));
        sum += weight[i];
    }

    survey->ncsi = (unsigned) i;

    for (i = 0; i < survey->ncsi; i++) {
        survey->csi_items[i].weight = cxm_csi_weight(weight[i] / sum);
    }

    return i == 0 ? CXM_OK
           : cxm_csi_check(survey->csi_items, i) == CXM_OK ? CXM_OK
           : CXM_CORRUPT;
}


static void
parse_asking(cxm_survey_t *survey)
{
    const json_t  *body, *suppress, *sample, *hours;

    body = survey->doc.body;
    suppress = json_object_get(body, "suppress");
    sample = json_object_get(body, "sample");
    hours = json_object_get(body, "partial_timeout_hours");

    survey->suppress_same = CXM_MS_DAY
                        * cxm_json_get_int(suppress, "same_survey_days", 0);
    survey->suppress_any = CXM_MS_DAY
                        * cxm_json_get_int(suppress, "any_survey_days", 0);
    survey->quota = (uint64_t) cxm_json_get_int(json_object_get(body, "quota"),
                                                "responses", 0);
    survey->sample = sample == NULL ? 1 : json_number_value(sample);
    survey->partial_timeout = hours == NULL ? CXM_PARTIAL_TIMEOUT
                              : (cxm_ms_t) (json_number_value(hours)
                                            * CXM_MS_HOUR);
}


static void
language_add(cxm_survey_t *survey, cxm_str_t name, unsigned max)
{
    unsigned  i;

    for (i = 0; i < survey->nlanguages; i++) {
        if (cxm_str_eq(survey->languages[i], name)) {
            return;
        }
    }

    if (name.len != 0 && survey->nlanguages < max) {
        survey->languages[survey->nlanguages++] = name;
    }
}


/* The default is the one that is named, else English, else the first. */
static cxm_rc_t
parse_languages(cxm_arena_t *arena, cxm_survey_t *survey)
{
    void          *iter;
    json_t        *text;
    unsigned       i, max;
    cxm_str_t      name;

    max = 1;

    for (i = 0; i < survey->nquestions; i++) {
        text = json_object_get(survey->questions[i].json, "text");
        max += (unsigned) json_object_size(text);
    }

    survey->languages = cxm_arena_alloc(arena, max * sizeof(cxm_str_t));

    if (survey->languages == NULL) {
        return CXM_INTERNAL;
    }

    language_add(survey, cxm_json_get_str(survey->doc.body,
                                          "default_language"), max);

    for (i = 0; i < survey->nquestions && survey->nlanguages == 0; i++) {
        text = json_object_get(survey->questions[i].json, "text");

        if (json_object_get(text, "en") != NULL) {
            language_add(survey, cxm_str("en"), max);
        }
    }

    for (i = 0; i < survey->nquestions; i++) {
        text = json_object_get(survey->questions[i].json, "text");

        for (iter = json_object_iter(text); iter != NULL;
             iter = json_object_iter_next(text, iter))
        {
            name = cxm_strz(json_object_iter_key(iter));
            language_add(survey, name, max);
        }
    }

    return CXM_OK;
}


cxm_rc_t
cxm_survey_parse(cxm_arena_t *arena, cxm_survey_t *survey)
{
    int        status;
    cxm_rc_t   rc;
    json_t    *body;

    body = survey->doc.body;
    status = name_find(status_names, countof(status_names),
                       cxm_json_get_str(body, "status"));

    if (status < 0) {
        return CXM_CORRUPT;
    }

    survey->status = (cxm_survey_status_t) status;
    survey->slug = cxm_json_get_str(body, "slug");
    survey->title = cxm_json_get_str(body, "title");
    parse_asking(survey);

    rc = parse_questions(arena, json_object_get(body, "questions"),
                         &survey->questions, &survey->nquestions);

    if (rc == CXM_OK) {
        rc = parse_questions(arena,
                             json_object_get(json_object_get(body, "retired"),
                                             "questions"),
                             &survey->retired, &survey->nretired);
    }

    if (rc == CXM_OK) {
        rc = parse_segments(arena, survey);
    }

    if (rc == CXM_OK) {
        rc = parse_csi(survey);
    }

    if (rc == CXM_OK) {
        rc = parse_languages(arena, survey);
    }

    return rc;
}


static const cxm_question_t *
question_find(const cxm_question_t *questions, unsigned n, cxm_str_t id)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (cxm_str_eq(questions[i].id, id)) {
            return &questions[i];
        }
    }

    return NULL;
}


const cxm_question_t *
cxm_survey_question(const cxm_survey_t *survey, cxm_str_t id)
{
    return question_find(survey->questions, survey->nquestions, id);
}


const cxm_question_t *
cxm_survey_question_ever(const cxm_survey_t *survey, cxm_str_t id)
{
    const cxm_question_t  *question;

    question = cxm_survey_question(survey, id);

    return question != NULL
           ? question : question_find(survey->retired, survey->nretired, id);
}


const cxm_question_t *
cxm_survey_first(const cxm_survey_t *survey, cxm_question_type_t type)
{
    unsigned  i;

    for (i = 0; i < survey->nquestions; i++) {
        if (survey->questions[i].type == type) {
            return &survey->questions[i];
        }
    }

    return NULL;
}


uint16_t
cxm_survey_segment(const cxm_survey_t *survey, cxm_str_t name)
{
    int       kept;
    unsigned  i;

    kept = name_find(cxm_segment_names, CXM_SEGMENTS_KEPT, name);

    if (kept > 0) {
        return (uint16_t) kept;
    }

    for (i = 0; i < survey->nsegments; i++) {
        if (cxm_str_eq(survey->segments[i].name, name)) {
            return survey->segments[i].no;
        }
    }

    return 0;
}
