/*
 * Budgets of tries.
 */

#include "cxm_throttle.h"


#define BY_NAME     0x1                 /* what a budget is kept by */
#define BY_NETWORK  0x2
#define BY_DEVICE   0x4

/* How long the patient wait, how late they may come (s), and how often. */
#define CXM_THROTTLE_WAIT      60
#define CXM_THROTTLE_LATE      300
#define CXM_THROTTLE_TURNS     4
#define CXM_THROTTLE_FORGET    3600

#define CXM_THROTTLE_BY_ADDR6  7        /* bytes: the /56 */


typedef enum {
    AREA_SIGN_IN = 0,
    AREA_MAIL
} throttle_area_t;

typedef enum {
    SIGN_IN_NETWORK = 1,
    SIGN_IN_PAIR,
    SIGN_IN_OPEN,
    SIGN_IN_PATIENT,
    SIGN_IN_KNOWN,
    SIGN_IN_DEVICE,
    RESET_NAME,
    RESET_NETWORK,
    REGISTER_NAME,
    REGISTER_NETWORK,
    FACTOR_NAME,
    FACTOR_DEVICE,
    RULES
} throttle_rule_no_t;

typedef struct {
    unsigned         burst;
    unsigned         hourly;
    unsigned         by;
    throttle_area_t  area;
} throttle_rule_t;

typedef struct {
    cxm_throttle_class_t  class;
    cxm_trust_t           trust;        /* at least */
    int                   patient;
    throttle_rule_no_t    rules[CXM_THROTTLE_TAKEN];    /* 0 ends */
} throttle_way_t;

typedef struct {
    uint64_t               tag;
    uint32_t               set;
    uint32_t               cost;        /* ms of a try */
    cxm_throttle_budget_t *place;
    cxm_ms_t               full;        /* when it would be, once taken */
    cxm_ms_t               wait;        /* for room */
} throttle_look_t;


static const throttle_rule_t  rules[RULES] = {
    [SIGN_IN_NETWORK] = { 150, 150, BY_NETWORK, AREA_SIGN_IN },
    [SIGN_IN_PAIR] = { 6, 4, BY_NAME | BY_NETWORK, AREA_SIGN_IN },
    [SIGN_IN_OPEN] = { 30, 20, BY_NAME, AREA_SIGN_IN },
    [SIGN_IN_PATIENT] = { 6, 24, BY_NAME, AREA_SIGN_IN },
    [SIGN_IN_KNOWN] = { 6, 4, BY_NAME, AREA_SIGN_IN },
    [SIGN_IN_DEVICE] = { 6, 4, BY_NAME | BY_DEVICE, AREA_SIGN_IN },
    [RESET_NAME] = { 2, 1, BY_NAME, AREA_MAIL },
    [RESET_NETWORK] = { 10, 10, BY_NETWORK, AREA_MAIL },
    [REGISTER_NAME] = { 2, 1, BY_NAME, AREA_MAIL },
    [REGISTER_NETWORK] = { 10, 10, BY_NETWORK, AREA_MAIL },
    [FACTOR_NAME] = { 8, 2, BY_NAME, AREA_SIGN_IN },
    [FACTOR_DEVICE] = { 8, 2, BY_NAME | BY_DEVICE, AREA_SIGN_IN }
};

static const throttle_way_t  ways[] = {
    { CXM_THROTTLE_SIGN_IN, CXM_TRUST_DEVICE, 0, { SIGN_IN_DEVICE } },
    { CXM_THROTTLE_SIGN_IN, CXM_TRUST_NETWORK, 0,
      { SIGN_IN_KNOWN, SIGN_IN_PAIR, SIGN_IN_NETWORK } },
    { CXM_THROTTLE_SIGN_IN, CXM_TRUST_NONE, 0,
      { SIGN_IN_OPEN, SIGN_IN_PAIR, SIGN_IN_NETWORK } },
    { CXM_THROTTLE_SIGN_IN, CXM_TRUST_NONE, 1,
      { SIGN_IN_PATIENT, SIGN_IN_PAIR, SIGN_IN_NETWORK } },
    { CXM_THROTTLE_RESET, CXM_TRUST_NONE, 0, { RESET_NAME, RESET_NETWORK } },
    { CXM_THROTTLE_REGISTER, CXM_TRUST_NONE, 0,
      { REGISTER_NAME, REGISTER_NETWORK } },
    { CXM_THROTTLE_FACTOR, CXM_TRUST_DEVICE, 0, { FACTOR_DEVICE } },
    { CXM_THROTTLE_FACTOR, CXM_TRUST_NONE, 0, { FACTOR_NAME } }
};

#define CXM_THROTTLE_WAYS  (sizeof(ways) / sizeof(ways[0]))


void
cxm_throttle_init(cxm_throttle_t *table)
{
    cxm_random(table->key.b, sizeof(table->key.b));
}


static cxm_str_t
throttle_network(const cxm_throttle_who_t *who)
{
    cxm_str_t  network;

    network = who->network;

    if (network.len > CXM_THROTTLE_BY_ADDR6) {
        network.len = CXM_THROTTLE_BY_ADDR6;
    }

    return network;
}


/* A tag that is not 0, and the number of a set. */
static void
throttle_hash(const cxm_throttle_t *table, unsigned rule, unsigned by,
    const cxm_throttle_who_t *who, uint64_t *tag, uint32_t *set)
{
    uint8_t    no;
    uint64_t   hash[2];
    cxm_str_t  name, other, none = { 0, NULL };

    /* a budget is kept by a name, a network, or two of them */

    no = (uint8_t) rule;
    name = by & BY_NAME ? who->name : none;
    other = by & BY_NETWORK ? throttle_network(who)
            : by & BY_DEVICE ? who->device : none;

    cxm_keyed_hash(&table->key, (cxm_str_t) { 1, (const char *) &no }, name,
                   other, (uint8_t *) hash, sizeof(hash));

    *tag = hash[0] | 1;
    *set = (uint32_t) hash[1];
}


/* --- budgets ------------------------------------------------------------ */

/*
 * Its place, or the one that it is to take over: then it goes on where that
 * one is.
 */
static void
throttle_find(cxm_throttle_t *table, throttle_look_t *look, cxm_ms_t now)
{
    unsigned                i;
    cxm_ms_t                full;
    cxm_throttle_budget_t  *places;

    places = table->budgets[look->set];
    look->place = &places[0];

    for (i = 0; i < CXM_THROTTLE_PLACES; i++) {

        if (places[i].tag == look->tag) {
            look->place = &places[i];
            break;
        }

        if (places[i].full < look->place->full) {
            look->place = &places[i];
        }
    }

    full = (cxm_ms_t) look->place->full;
    look->full = (full > now ? full : now) + look->cost;
}


static void
throttle_look(cxm_throttle_t *table, throttle_rule_no_t no,
    const cxm_throttle_who_t *who, cxm_ms_t now, throttle_look_t *look)
{
    const throttle_rule_t  *rule;

    rule = &rules[no];
    look->cost = (uint32_t) (CXM_MS_HOUR / rule->hourly);

    throttle_hash(table, no, rule->by, who, &look->tag, &look->set);
    look->set = look->set % CXM_THROTTLE_SETS
                + rule->area * CXM_THROTTLE_SETS;

    throttle_find(table, look, now);
    look->wait = look->full - now - (cxm_ms_t) rule->burst * look->cost;
}


/* 0: all budgets have room, and it is taken; else for how long not. */
static cxm_ms_t
throttle_take(cxm_throttle_t *table, const throttle_way_t *way,
    const cxm_throttle_who_t *who, cxm_ms_t now, cxm_throttle_taken_t *taken)
{
    unsigned          i, n;
    cxm_ms_t          wait;
    throttle_look_t  *look, looks[CXM_THROTTLE_TAKEN];

    n = 0;
    wait = 0;

    for (i = 0; i < CXM_THROTTLE_TAKEN && way->rules[i] != 0; i++) {

        if ((rules[way->rules[i]].by & BY_NETWORK)
            && who->network.len == 0)
        {
            continue;
        }

        look = &looks[n++];
        throttle_look(table, way->rules[i], who, now, look);

        if (look->wait > wait) {
            wait = look->wait;
        }
    }

    if (wait > 0) {
        return wait;
    }

    taken->n = n;

    for (i = 0; i < n; i++) {
        look = &looks[i];

        /* again: another one may just have taken over the same place */

        throttle_find(table, look, now);
        look->place->tag = look->tag;
        look->place->full = (uint64_t) look->full;

        taken->budgets[i].tag = look->tag;
        taken->budgets[i].set = look->set;
        taken->budgets[i].cost = look->cost;
    }

    return 0;
}


void
cxm_throttle_give_back(cxm_throttle_t *table,
    const cxm_throttle_taken_t *taken)
{
    unsigned                i, j;
    cxm_throttle_budget_t  *places;

    for (i = 0; i < taken->n; i++) {
        places = table->budgets[taken->budgets[i].set];

        for (j = 0; j < CXM_THROTTLE_PLACES; j++) {
            if (places[j].tag == taken->budgets[i].tag) {
                places[j].full -= taken->budgets[i].cost;
            }
        }
    }
}


/* --- patience ----------------------------------------------------------- */

static cxm_ms_t
throttle_since(const cxm_throttle_wait_t *wait, cxm_ms_t now)
{
    return now / 1000 - wait->at;
}


/* Who was refused at a name; made, in place of whom that was longest ago. */
static cxm_throttle_wait_t *
throttle_waits(cxm_throttle_t *table, const cxm_throttle_who_t *who,
    cxm_ms_t now)
{
    unsigned              i;
    uint32_t              set;
    uint64_t              tag;
    cxm_throttle_wait_t  *places, *place;

    throttle_hash(table, 0, BY_NAME | BY_NETWORK, who,
                  &tag, &set);

    places = table->waits[set % CXM_THROTTLE_WAITS];
    place = &places[0];

    for (i = 0; i < CXM_THROTTLE_PLACES; i++) {

        if (places[i].tag == tag) {
            place = &places[i];
            break;
        }

        if (places[i].at < place->at) {
            place = &places[i];
        }
    }

    if (place->tag != tag
        || throttle_since(place, now) >= CXM_THROTTLE_FORGET)
    {
        memset(place, 0, sizeof(*place));
        place->tag = tag;
    }

    return place;
}


/*
 * A try that comes too early begins the wait anew, which is all that guessers
 * ever do; one that comes in time or late is a turn, of which there are a few.
 */
static cxm_ms_t
throttle_patiently(cxm_throttle_t *table, const throttle_way_t *way,
    const cxm_throttle_who_t *who, cxm_ms_t now, cxm_throttle_taken_t *taken)
{
    cxm_ms_t              since, wait;
    cxm_throttle_wait_t  *place;

    place = throttle_waits(table, who, now);
    since = throttle_since(place, now);
    wait = CXM_THROTTLE_WAIT * CXM_MS_SECOND;

    if (place->turns > 0 && place->turns <= CXM_THROTTLE_TURNS
        && since >= CXM_THROTTLE_WAIT && since <= CXM_THROTTLE_LATE)
    {
        wait = throttle_take(table, way, who, now, taken);

        if (wait == 0) {
            place->turns = 0;
            return 0;
        }
    }

    if (place->turns == 0 || since >= CXM_THROTTLE_WAIT) {
        place->turns++;
    }

    place->at = (uint32_t) (now / 1000);

    if (place->turns > CXM_THROTTLE_TURNS) {
        return CXM_THROTTLE_FORGET * CXM_MS_SECOND;
    }

    return wait > CXM_THROTTLE_WAIT * CXM_MS_SECOND
           ? wait : CXM_THROTTLE_WAIT * CXM_MS_SECOND;
}


cxm_ms_t
cxm_throttle_try(cxm_throttle_t *table, cxm_throttle_class_t class,
    const cxm_throttle_who_t *who, cxm_ms_t now, cxm_throttle_taken_t *taken)
{
    size_t                 i;
    cxm_ms_t               wait, least;
    const throttle_way_t  *way;

    least = CXM_MS_HOUR;
    taken->n = 0;

    for (i = 0; i < CXM_THROTTLE_WAYS; i++) {
        way = &ways[i];

        if (way->class != class || way->trust > who->trust
            || (way->patient && who->network.len == 0))
        {
            continue;
        }

        wait = way->patient
               ? throttle_patiently(table, way, who, now, taken)
               : throttle_take(table, way, who, now, taken);

        if (wait == 0) {
            return 0;
        }

        if (wait < least) {
            least = wait;
        }
    }

    return least;
}
