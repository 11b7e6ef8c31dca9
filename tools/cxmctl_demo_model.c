/*
 * The model behind the demo.
 *
 * Satisfaction is a number around 0, in units of its spread; a scale cuts it
 * into points.  Effects add up.  Only integers and sums of doubles, so that a
 * seed gives the same everywhere.
 */

#include <stdio.h>

#include "cxm_json.h"
#include "cxmctl_demo.h"


typedef struct {
    const char  *name;
    unsigned     weight;                /* of choosing it */
    double       effect;                /* on satisfaction */
} cxmctl_demo_choice_t;

static const cxmctl_demo_choice_t  cxmctl_demo_channels[] = {
    { "email", 34, 0 }, { "web", 30, 0 }, { "app", 20, 0.05 },
    { "sms", 6, -0.1 }, { "store", 6, 0.25 }, { "phone", 4, 0.1 },
    { NULL, 0, 0 }
};

static const cxmctl_demo_choice_t  cxmctl_demo_plans[] = {
    { "free", 45, -0.3 }, { "pro", 35, 0.1 }, { "team", 15, 0.2 },
    { "enterprise", 5, 0.35 }, { NULL, 0, 0 }
};

static const cxmctl_demo_choice_t  cxmctl_demo_regions[] = {
    { "north", 25, 0 }, { "south", 30, 0.05 }, { "east", 20, -0.1 },
    { "west", 25, 0 }, { NULL, 0, 0 }
};

static const cxmctl_demo_choice_t  cxmctl_demo_surveys[] = {
    [CXMCTL_DEMO_RELATIONSHIP] = { "visit", 35, 0 },
    [CXMCTL_DEMO_SUPPORT] = { "support", 30, -0.15 },
    [CXMCTL_DEMO_CHECKOUT] = { "purchase", 25, 0.1 },
    [CXMCTL_DEMO_INDEX] = { "visit", 10, 0 },
    [CXMCTL_DEMO_SURVEYS] = { NULL, 0, 0 }
};

static const cxmctl_demo_choice_t  cxmctl_demo_agents[] = {
    { "ada", 20, 0.3 }, { "ben", 20, 0.1 }, { "cleo", 20, 0 },
    { "dan", 15, -0.1 }, { "eve", 15, -0.45 }, { "finn", 10, 0.2 },
    { NULL, 0, 0 }
};

static const cxmctl_demo_choice_t  cxmctl_demo_bands[] = {
    { "<100ms", 30, 0.08 }, { "100-300ms", 40, 0.03 },
    { "300-800ms", 20, 0 }, { "800ms-2s", 7, -0.25 }, { ">=2s", 3, -0.6 },
    { NULL, 0, 0 }
};

static const cxmctl_demo_choice_t  cxmctl_demo_devices[] = {
    { "mobile", 55, 0 }, { "desktop", 40, 0 }, { "tablet", 5, 0 },
    { NULL, 0, 0 }
};

static const cxmctl_demo_choice_t  cxmctl_demo_languages[] = {
    { "en", 55, 0 }, { "de", 30, 0 }, { "fr", 15, 0 }, { NULL, 0, 0 }
};

static const cxmctl_demo_choice_t  cxmctl_demo_products[] = {
    { "basic", 50, -0.05 }, { "plus", 35, 0.1 }, { "max", 15, 0.15 },
    { NULL, 0, 0 }
};

static const cxmctl_demo_choice_t  cxmctl_demo_events[] = {
    { "page_view", 62, 0 }, { "search", 14, 0 }, { "add_to_cart", 10, 0 },
    { "purchase", 5, 0 }, { "article_view", 6, 0 }, { "login", 3, 0 },
    { NULL, 0, 0 }
};

/* Monday to Sunday; hours of a day. */
static const double  cxmctl_demo_weekdays[7] = {
    1.15, 1.2, 1.15, 1.1, 1.0, 0.65, 0.55
};

static const unsigned  cxmctl_demo_hours[24] = {
    2, 1, 1, 1, 1, 2, 4, 8, 14, 20, 24, 24, 20, 21, 22, 22, 20, 18, 17, 18,
    18, 14, 8, 4
};


/* --- chance ------------------------------------------------------------- */

/* splitmix64 */
static uint64_t
demo_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;

    return x ^ (x >> 31);
}


static uint64_t
demo_next(cxmctl_demo_t *demo)
{
    demo->state += 0x9e3779b97f4a7c15;

    return demo_mix(demo->state);
}


/* 0 to 1. */
static double
demo_unit(cxmctl_demo_t *demo)
{
    return (double) (demo_next(demo) >> 11) / 9007199254740992.0;
}


/* Near to normal: twelve units have a variance of one. */
static double
demo_normal(cxmctl_demo_t *demo)
{
    int     i;
    double  sum;

    sum = -6;

    for (i = 0; i < 12; i++) {
        sum += demo_unit(demo);
    }

    return sum;
}


static const cxmctl_demo_choice_t *
demo_choose(const cxmctl_demo_choice_t *list, uint64_t roll)
{
    unsigned  i, sum;

    sum = list[0].weight;

    for (i = 1; list[i].name != NULL; i++) {
        sum += list[i].weight;
    }

    roll %= sum;

    while (roll >= list->weight) {
        roll -= list->weight;
        list++;
    }

    return list;
}


static const cxmctl_demo_choice_t *
demo_pick(cxmctl_demo_t *demo, const cxmctl_demo_choice_t *list)
{
    return demo_choose(list, demo_next(demo) >> 8);
}


/* --- time --------------------------------------------------------------- */

void
cxmctl_demo_start(cxmctl_demo_t *demo, uint64_t seed, unsigned days,
    unsigned answers, cxm_ms_t end)
{
    unsigned  day, weekday;
    double    growth;

    memset(demo, 0, sizeof(*demo));
    demo->seed = seed;
    demo->state = demo_mix(seed + 1);
    demo->days = days;
    demo->persons = answers / 6 + 1;
    demo->end = end;

    /* 1970-01-01 was a Thursday */

    for (day = 0; day < days; day++) {
        weekday = (unsigned) ((end / CXM_MS_DAY - days + day + 3) % 7);
        growth = 1 + 0.4 * (double) day / days;
        demo->weight[day + 1] = demo->weight[day]
                                + cxmctl_demo_weekdays[weekday] * growth
                                  * (0.9 + 0.2 * demo_unit(demo));
    }
}


unsigned
cxmctl_demo_share(const cxmctl_demo_t *demo, unsigned day, unsigned total)
{
    double  all;

    all = demo->weight[demo->days];

    return (unsigned) (total * demo->weight[day + 1] / all)
           - (unsigned) (total * demo->weight[day] / all);
}


/* The i-th n-th of a day by its hours. */
static cxm_ms_t
demo_time(cxmctl_demo_t *demo, unsigned day, unsigned i, unsigned n)
{
    double    place, sum;
    unsigned  hour, total;

    total = 0;

    for (hour = 0; hour < 24; hour++) {
        total += cxmctl_demo_hours[hour];
    }

    place = (i + demo_unit(demo)) / n * total;
    sum = 0;

    for (hour = 0; hour < 23 && sum + cxmctl_demo_hours[hour] <= place;
         hour++)
    {
        sum += cxmctl_demo_hours[hour];
    }

    place = (place - sum) / cxmctl_demo_hours[hour];

    return demo->end - (cxm_ms_t) (demo->days - day) * CXM_MS_DAY
           + (cxm_ms_t) hour * CXM_MS_HOUR
           + (cxm_ms_t) (place * (double) (CXM_MS_HOUR - 1));
}


/* --- answers ------------------------------------------------------------ */

/* How content somebody is about something at a time. */
typedef struct {
    double       mood;
    int          app;                   /* the app is bad these days */
    uint64_t     person;                /* 0: nobody known */
    uint64_t     traits;                /* of the person, always the same */
} cxmctl_demo_mood_t;


/* Better after the release, worse in the app for a while. */
static double
demo_trend(const cxmctl_demo_t *demo, unsigned day, int app)
{
    double  at;

    at = (double) day / demo->days;

    return (at >= 0.6 ? 0.35 : 0)
           + (app && at >= 0.30 && at < 0.37 ? -0.9 : 0);
}


static void
demo_set(json_t *object, const char *name, const char *value)
{
    (void) json_object_set_new(object, name, json_string(value));
}


static void
demo_person(cxmctl_demo_t *demo, cxmctl_demo_mood_t *mood, json_t *input)
{
    char  id[32];

    mood->person = 1 + demo_next(demo) % demo->persons;
    mood->traits = demo_mix(demo->seed ^ demo_mix(mood->person));
    mood->mood += (double) (mood->traits % 1000) / 1000 - 0.5;

    if (demo_unit(demo) < 0.6) {
        (void) snprintf(id, sizeof(id), "demo-%06u",
                        (unsigned) mood->person);
        (void) json_object_set_new(input, "respondent",
                                   json_pack("{ss}", "external_id", id));
    }
}


/* A point of a scale from satisfaction: 0 lies at `middle` of it. */
static int
demo_point(double mood, int min, int max, double middle)
{
    double  point;

    point = min + (max - min) * (middle + 0.2 * mood) + 0.5;

    return point < min ? min : point > max ? max : (int) point;
}


static json_t *
demo_answers(cxmctl_demo_t *demo, cxmctl_demo_survey_t survey, double mood)
{
    switch (survey) {

    case CXMCTL_DEMO_RELATIONSHIP:
        return json_pack("{si}", "nps", demo_point(1.35 * mood, 0, 10, 0.78));

    case CXMCTL_DEMO_SUPPORT:
        return json_pack("{si ss}", "csat", demo_point(mood, 1, 5, 0.75),
                         "solved", mood > -0.3 ? "yes"
                                   : mood > -1 ? "partly" : "no");

    case CXMCTL_DEMO_CHECKOUT:
        return json_pack("{si}", "ces", demo_point(mood, 1, 7, 0.74));

    default:
        return json_pack("{si si si}",
            "overall", demo_point(mood + 0.4 * demo_normal(demo), 1, 10, 0.76),
            "expected", demo_point(mood + 0.4 * demo_normal(demo), 1, 10, 0.7),
            "ideal", demo_point(mood + 0.4 * demo_normal(demo), 1, 10, 0.65));
    }
}


/* What was asked about and where, with its effects. */
static void
demo_occasion(cxmctl_demo_t *demo, cxmctl_demo_said_t *out,
    cxmctl_demo_mood_t *mood, unsigned day)
{
    const cxmctl_demo_choice_t  *survey, *channel, *agent, *product, *band;

    survey = demo_pick(demo, cxmctl_demo_surveys);
    channel = demo_pick(demo, cxmctl_demo_channels);
    product = demo_pick(demo, cxmctl_demo_products);

    out->survey = (cxmctl_demo_survey_t) (survey - cxmctl_demo_surveys);
    mood->app = strcmp(channel->name, "app") == 0;
    mood->mood += survey->effect + channel->effect + product->effect
                  + demo_trend(demo, day, mood->app);

    demo_set(out->input, "channel", channel->name);
    demo_set(out->input, "touchpoint", survey->name);
    demo_set(out->input, "product", product->name);

    if (out->survey == CXMCTL_DEMO_SUPPORT) {
        agent = demo_pick(demo, cxmctl_demo_agents);
        mood->mood += agent->effect;
        demo_set(out->input, "agent", agent->name);
    }

    if (mood->app || strcmp(channel->name, "web") == 0) {
        band = demo_pick(demo, cxmctl_demo_bands);
        mood->mood += band->effect;
        out->latency_band = band->name;
        out->device = mood->app ? "mobile"
                      : demo_pick(demo, cxmctl_demo_devices)->name;
    }

    mood->app = mood->app && demo_trend(demo, day, 1) < 0;
}


/* Who it is: what of it is a segment always belongs to the same person. */
static void
demo_traits(cxmctl_demo_said_t *out, cxmctl_demo_mood_t *mood)
{
    const cxmctl_demo_choice_t  *plan, *region;

    plan = demo_choose(cxmctl_demo_plans, mood->traits >> 10);
    region = demo_choose(cxmctl_demo_regions, mood->traits >> 20);

    mood->mood += plan->effect + region->effect;

    demo_set(out->input, "language",
             demo_choose(cxmctl_demo_languages, mood->traits >> 30)->name);
    (void) json_object_set_new(out->input, "attributes",
                               json_pack("{ss ss}", "plan", plan->name,
                                         "region", region->name));
}


static void
demo_date(cxmctl_demo_said_t *out, cxm_ms_t at)
{
    char  when[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(at, when);
    demo_set(out->input, "client_time", when);
}


void
cxmctl_demo_answer(cxmctl_demo_t *demo, unsigned day, unsigned i, unsigned n,
    cxmctl_demo_said_t *out)
{
    double               content;
    json_t              *answers;
    uint64_t             roll;
    cxmctl_demo_mood_t   mood;

    memset(out, 0, sizeof(*out));
    memset(&mood, 0, sizeof(mood));
    out->input = json_object();

    demo_date(out, demo_time(demo, day, i, n));
    demo_person(demo, &mood, out->input);
    demo_traits(out, &mood);
    demo_occasion(demo, out, &mood, day);
    mood.mood += 0.8 * demo_normal(demo);

    answers = demo_answers(demo, out->survey, mood.mood);
    content = 0.75 + 0.2 * mood.mood;
    roll = demo_next(demo);

    /* those who are angry or happy say more; comments are in English */

    if (out->survey != CXMCTL_DEMO_INDEX
        && strcmp(json_string_value(json_object_get(out->input, "language")),
                  "en") == 0
        && roll % 100 < (content < 0.45 || content > 0.9 ? 65 : 35))
    {
        demo_set(answers, "why", cxmctl_demo_comment(out->survey, content,
                                                     mood.app, roll >> 8));
    }

    (void) json_object_set_new(out->input, "answers", answers);
}


/* --- touchpoints -------------------------------------------------------- */

void
cxmctl_demo_event(cxmctl_demo_t *demo, unsigned day, unsigned i, unsigned n,
    cxmctl_demo_said_t *out)
{
    char         text[64];
    uint64_t     person;
    const char  *type;

    memset(out, 0, sizeof(*out));
    out->event = 1;
    out->input = json_object();

    person = 1 + demo_next(demo) % (3ull * demo->persons);
    type = demo_pick(demo, cxmctl_demo_events)->name;
    out->device = demo_pick(demo, cxmctl_demo_devices)->name;

    demo_set(out->input, "type", type);
    (void) snprintf(text, sizeof(text), "demo-v-%06u", (unsigned) person);
    demo_set(out->input, "visitor", text);
    (void) snprintf(text, sizeof(text), "/%s/%u", type,
                    (unsigned) (demo_next(demo) % 40));
    demo_set(out->input, "url", text);
    demo_set(out->input, "touchpoint",
             strcmp(type, "purchase") == 0 ? "purchase"
             : strcmp(type, "article_view") == 0 ? "support" : "visit");
    demo_date(out, demo_time(demo, day, i, n));
}
