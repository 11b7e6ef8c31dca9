/*
 * The touchpoint script: page views and what a site tracks.
 *
 *   <script async src="/s/cxm.js" data-beacon="/b"></script>
 *
 * No cookie, no storage; it never throws and never holds up a page.  Each
 * event has an id of its own (UUID, version 7) that it keeps over all
 * attempts, so the server counts it once.
 *
 * While the page is there events go by fetch, which tells whether they
 * arrived: 429 and 5xx are tried again, after Retry-After or with growing
 * pauses, three times.  When the page is hidden, for which there is no
 * "later", everything that is not known to have arrived goes by sendBeacon;
 * what that does not take, and what fetch is not let through with, goes as the
 * address of an image.
 */

interface Details {
    [name: string]: unknown;
}

interface Item {
    id: string;
    body: string;
    event: Details;
    tries: number;
    sent: boolean;              /* by something that tells nothing back */
}

type Tracked = [type: string, details?: Details];

/* push() is that of the array which stands for it before it is there. */
interface Api {
    track: (...args: Tracked) => void;
    push: (args: Tracked) => void;
}

(() => {
    const page = document;
    const view = window as Window & { cxm?: Api | Tracked[] };
    const script = page.currentScript as HTMLScriptElement | null;
    const set = script ? script.dataset : {};
    const beacon = new URL(set.beacon || "/b",
        script ? script.src : location.href).href;

    /* of bodies in flight, as fetch's keepalive allows for: 64 KiB */
    const MOST_BYTES = 6e4;
    const MOST_FLIGHTS = 9;
    const MOST_EVENTS = 100;    /* of one body, and of a burst */
    const TRIES = 4;

    let waiting: Item[] = [];
    let flying: Item[] = [];
    let bytes = 0;
    let flights = 0;
    let pause = 0;              /* a timer while the server wants one */
    let tokens = MOST_EVENTS;
    let refilled = Date.now();
    let last = "";              /* address of the last page view */

    const safe = <T extends unknown[]>(f: (...args: T) => void) =>
        (...args: T) => {
            try {
                f(...args);
            } catch {
                /* a site must not break by what watches it */
            }
        };

    const uuid = (): string => {
        const b = crypto.getRandomValues(new Uint8Array(16));
        let now = Date.now();
        for (let i = 5; i >= 0; i--) {
            b[i] = now % 256;
            now = Math.floor(now / 256);
        }
        b[6] = 0x70 | (b[6]! & 15);
        b[8] = 0x80 | (b[8]! & 63);
        return Array.from(b, (v, i) => ([4, 6, 8, 10].includes(i) ? "-" : "")
            + (v + 256).toString(16).slice(1)).join("");
    };

    /* Ten a second, a hundred at once. */
    const mayTrack = (): boolean => {
        const now = Date.now();
        tokens = Math.min(MOST_EVENTS, tokens + (now - refilled) / 100);
        refilled = now;
        return tokens >= 1 && !!tokens--;
    };

    const bodyOf = (items: Item[]) => items.length > 1
        ? `[${items.map(item => item.body).join()}]` : items[0]!.body;

    /* As many as one body takes, but at least so many. */
    const take = (room: number, least: number): Item[] => {
        let n = 0;
        let size = 1;
        while (n < waiting.length && n < MOST_EVENTS
            && (size += waiting[n]!.body.length * 3 + 1) < room)
        {
            n++;
        }
        return waiting.splice(0, n || least);
    };

    const image = (item: Item) => {
        const q = new URLSearchParams();
        for (const name in item.event) {
            const value = item.event[name];
            if (typeof value == "string") {
                q.set(name, value);
            }
        }
        new Image().src = `${beacon}?${q}`;
    };

    const again = (items: Item[], seconds: number) => {
        items = items.filter(item => !item.sent && ++item.tries < TRIES);
        waiting = items.concat(waiting);
        if (items.length && !pause) {
            pause = setTimeout(() => {
                pause = 0;
                flush();
            }, seconds * 1e3);
        }
    };

    /*
     * The last attempt of what fetch cannot bring through: a site's policy or
     * a blocker may let an image pass.
     */
    const failed = (items: Item[]) => {
        if (navigator.onLine) {
            items.filter(item => item.tries == TRIES - 1).forEach(image);
            again(items, 2 ** (items[0]!.tries) * (0.5 + Math.random()));
        } else {
            waiting = items.concat(waiting);    /* "online" goes on */
        }
    };

    const send = (items: Item[]) => {
        const body = bodyOf(items);
        const size = body.length;
        const landed = () => {
            flights--;
            bytes -= size;
            flying = flying.filter(item => !items.includes(item));
        };
        flights++;
        bytes += size;
        flying = flying.concat(items);
        fetch(beacon, {
            method: "POST", body, keepalive: true, credentials: "omit",
        }).then(reply => {
            landed();
            if (reply.status == 429 || reply.status > 499) {
                again(items, +(reply.headers.get("Retry-After") || 0)
                    || 2 ** items[0]!.tries);
            }
            flush();
        }, () => {
            landed();
            failed(items);
        });
    };

    const flush = safe(() => {
        while (waiting.length && !pause && flights < MOST_FLIGHTS) {
            const items = take(MOST_BYTES - bytes, flights ? 0 : 1);
            if (!items.length) {
                return;
            }
            send(items);
        }
    });

    /* Nobody comes back from here for certain. */
    const leave = safe(() => {
        waiting = flying.filter(item => !item.sent).concat(waiting);
        while (waiting.length) {
            const items = take(MOST_BYTES, 1);
            items.forEach(item => item.sent = true);
            if (!(navigator.sendBeacon
                && navigator.sendBeacon(beacon, bodyOf(items))))
            {
                items.forEach(image);
            }
        }
    });

    const track = safe((type: string, details?: Details) => {
        if (!mayTrack()) {
            return;
        }
        const event: Details = {
            type,
            id: uuid(),
            url: location.href.slice(0, 2e3),
            ...(page.title && { title: page.title.slice(0, 300) }),
            ...(set.touchpoint && { touchpoint: set.touchpoint }),
            ...(navigator.webdriver && { webdriver: true }),
            ...details,
        };
        waiting.push({ id: event.id as string, body: JSON.stringify(event),
            event, tries: 0, sent: false });
        if (page.visibilityState == "hidden") {
            leave();
        } else {
            setTimeout(flush);
        }
    });

    const address = () => set.hash == null
        ? location.href.split("#")[0]! : location.href;

    const pageView = (referrer: string) => {
        last = address();
        track("page_view",
            referrer ? { referrer: referrer.slice(0, 2e3) } : {});
    };

    const navigated = safe(() => {
        const from = last;
        if (address() != from) {
            pageView(from);
        }
    });

    const start = () => {
        const early = view.cxm;
        view.cxm = { track, push: (args: Tracked) => track(...args) };
        if (Array.isArray(early)) {
            early.forEach(args => track(...args));
        }
        if (set.auto == "off") {
            return;
        }
        for (const name of ["pushState", "replaceState"] as const) {
            const original = history[name];
            history[name] = function (this: History, ...args) {
                const result = original.apply(this, args);
                setTimeout(navigated);
                return result;
            };
        }
        addEventListener("popstate", () => setTimeout(navigated));
        if (set.hash != null) {
            addEventListener("hashchange", () => setTimeout(navigated));
        }
        /* a page out of the back/forward cache is seen once more */
        addEventListener("pageshow", event => {
            if (event.persisted) {
                pageView("");
            }
        });
        pageView(page.referrer);
    };

    safe(() => {
        addEventListener("online", flush);
        addEventListener("pagehide", leave);
        page.addEventListener("visibilitychange", () => {
            if (page.visibilityState == "hidden") {
                leave();
            }
        });
        if ((page as Document & { prerendering?: boolean }).prerendering) {
            page.addEventListener("prerenderingchange", safe(start),
                { once: true });
        } else {
            start();
        }
    })();
})();
