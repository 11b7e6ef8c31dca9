/*
 * Device class and bot mark, by what a User-Agent says of itself.
 *
 * Libraries (curl, Python) are no bots: servers send events with them.
 */

#include <stdio.h>

#include "cxm_access.h"


typedef struct {
    const char  *has;
    const char  *hasnt;         /* NULL: none */
} cxm_agent_mark_t;


static const cxm_agent_mark_t  cxm_agent_bots[] = {
    { "bot", "cubot" },         /* Cubot makes telephones */
    { "crawl", NULL },
    { "spider", NULL },
    { "slurp", NULL },
    { "headless", NULL },
    { "lighthouse", NULL },
    { "facebookexternalhit", NULL },
    { "mediapartners-google", NULL },
    { "google-read-aloud", NULL },
    { "feedfetcher", NULL },
    { "bingpreview", NULL },
    { "linkpreview", NULL },
    { "pingdom", NULL },
    { "uptime", NULL },
    { "statuscake", NULL },
    { "phantomjs", NULL }
};


/* The first that fits counts. */
static const struct {
    cxm_agent_mark_t  mark;
    const char       *device;
} cxm_agent_devices[] = {
    { { "ipad", NULL }, "tablet" },
    { { "tablet", "tablet pc" }, "tablet" },    /* Windows with a pen */
    { { "kindle", NULL }, "tablet" },
    { { "silk/", "mobile" }, "tablet" },
    { { "android", "mobi" }, "tablet" },
    { { "mobi", NULL }, "mobile" },
    { { "iphone", NULL }, "mobile" },
    { { "ipod", NULL }, "mobile" },
    { { "android", NULL }, "mobile" },
    { { "windows nt", NULL }, "desktop" },
    { { "macintosh", NULL }, "desktop" },
    { { "cros ", NULL }, "desktop" },
    { { "x11", NULL }, "desktop" },
    { { "linux", NULL }, "desktop" }
};


static int
cxm_agent_fits(cxm_str_t agent, const cxm_agent_mark_t *mark)
{
    return cxm_str_has(agent, mark->has)
           && (mark->hasnt == NULL || !cxm_str_has(agent, mark->hasnt));
}


void
cxm_agent_classify(cxm_caller_t *caller)
{
    size_t     i;
    cxm_str_t  agent;

    agent = caller->user_agent;
    caller->device = (cxm_str_t) { 0, NULL };
    caller->bot = 0;

    for (i = 0; i < sizeof(cxm_agent_bots) / sizeof(cxm_agent_bots[0]); i++) {
        if (cxm_agent_fits(agent, &cxm_agent_bots[i])) {
            caller->bot = 1;
            break;
        }
    }

    for (i = 0;
         i < sizeof(cxm_agent_devices) / sizeof(cxm_agent_devices[0]);
         i++)
    {
        if (cxm_agent_fits(agent, &cxm_agent_devices[i].mark)) {
            caller->device = cxm_strz(cxm_agent_devices[i].device);
            break;
        }
    }
}


/* --- names -------------------------------------------------------------- */

typedef struct {
    const char  *has;
    const char  *name;
} cxm_agent_name_t;

/* Those that call themselves by another's name, too, come before it. */
static const cxm_agent_name_t  cxm_agent_browsers[] = {
    { "edg", "Edge" },
    { "opr/", "Opera" },
    { "samsungbrowser", "Samsung Internet" },
    { "firefox", "Firefox" },
    { "fxios", "Firefox" },
    { "chrome", "Chrome" },
    { "crios", "Chrome" },
    { "chromium", "Chrome" },
    { "safari", "Safari" },
    { NULL, NULL }
};

static const cxm_agent_name_t  cxm_agent_systems[] = {
    { "iphone", "iPhone" },
    { "ipad", "iPad" },
    { "android", "Android" },
    { "windows", "Windows" },
    { "macintosh", "macOS" },
    { "cros ", "ChromeOS" },
    { "linux", "Linux" },
    { NULL, NULL }
};


static const char *
cxm_agent_find(cxm_str_t agent, const cxm_agent_name_t *names)
{
    while (names->has != NULL && !cxm_str_has(agent, names->has)) {
        names++;
    }

    return names->name;
}


int
cxm_agent_name(cxm_str_t agent, char out[CXM_AGENT_NAME])
{
    const char  *browser, *system;

    browser = cxm_agent_find(agent, cxm_agent_browsers);
    system = cxm_agent_find(agent, cxm_agent_systems);

    (void) snprintf(out, CXM_AGENT_NAME, "%s%s%s",
                    browser == NULL ? "" : browser,
                    browser != NULL && system != NULL ? " on " : "",
                    system == NULL ? "" : system);

    return out[0] != '\0';
}
