// The scripts of web/ in a browser, on pages of a site: reads the plan from
// argv, prints one JSON object a line: {ok, name, detail}.  What arrived is
// counted by t/embed.t, by the types that are tracked here.
//
// CXM_SHOTS=dir keeps pictures of what was seen.

import { chromium } from "playwright-core";

const plan = JSON.parse(process.argv[2]);
const shots = process.env.CXM_SHOTS;

function ok(good, name, detail) {
    console.log(JSON.stringify({ ok: !!good, name, detail }));
}

const browser = await chromium.launch({
    executablePath: plan.browser, timeout: 20000 * plan.slow,
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
        "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage"]
});

// A page in a context of its own; an error of any script is a failure.
async function visit(name, act, options = {}) {
    const context = await browser.newContext({ baseURL: plan.url, ...options });
    context.setDefaultTimeout(15000 * plan.slow);
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", e => errors.push(String(e)));
    try {
        await act(page, context);
    } catch (e) {
        ok(false, `${name}: runs to its end`, String(e));
        if (shots) {
            await page.screenshot({ path: `${shots}/failed-${name}.png` });
        }
    }
    ok(errors.length == 0, `${name}: no script failed`, errors.join("\n"));
    await context.close();
}

const track = (page, type, details) =>
    page.evaluate(([t, d]) => window.cxm.track(t, d), [type, details]);
const ready = page =>
    page.waitForFunction(() => window.cxm && window.cxm.track);

// The next answer to a POST of the beacon.
const posted = page => page.waitForResponse(r =>
    r.url().endsWith("/b") && r.request().method() == "POST");

// A page whose own view has arrived, so that the next answer is another's.
async function open(page, url) {
    const view = posted(page);
    await page.goto(url);
    await view;
    await ready(page);
}

await visit("views", async page => {
    const reply = posted(page);
    await page.goto("/page.html?view=1");
    ok((await reply).status() == 204, "a page view arrives, and it is known");
    const request = (await reply).request();
    ok(/^text\/plain/.test(await request.headerValue("content-type")),
        "as text, which needs no preflight");
    ok(!await request.headerValue("cookie"), "without cookies");
    ok((await page.context().cookies()).length == 0
        && await page.evaluate(() => localStorage.length
            + sessionStorage.length) == 0, "nothing is stored");
    const next = posted(page);
    await track(page, "tracked", { product: "p-1", touchpoint: "browse" });
    ok((await next).status() == 204, "what a site tracks");
});

await visit("early", async page => {
    const reply = posted(page);
    await page.goto("/early.html");
    await reply;
    await ready(page);
    const next = posted(page);
    await page.evaluate(() => window.cxm.push(["late"]));
    await next;
});

await visit("hidden", async page => {
    await open(page, "/page.html");
    await page.evaluate(() => {
        window.cxm.track("left", {});
        location.href = "/other.html";
    });
    await page.waitForURL("**/other.html");
});

// A headless browser hides no tab: what a page sees of it is made here.
await visit("hidden tab", async page => {
    await open(page, "/page.html");
    await page.evaluate(() => {
        const send = navigator.sendBeacon.bind(navigator);
        window.beacons = 0;
        navigator.sendBeacon = (...args) => {
            window.beacons++;
            return send(...args);
        };
        Object.defineProperty(document, "visibilityState",
            { get: () => window.away ? "hidden" : "visible" });
        window.cxm.track("before");
        window.away = true;
        document.dispatchEvent(new Event("visibilitychange"));
    });
    const beacons = () => page.evaluate(() => window.beacons);
    ok(await beacons() == 1, "what waits goes when the tab is hidden");
    await track(page, "away");
    ok(await beacons() == 2, "what happens meanwhile goes at once");
    await page.evaluate(() => {
        window.away = false;
        document.dispatchEvent(new Event("visibilitychange"));
    });
    const reply = posted(page);
    await track(page, "after");
    ok((await reply).status() == 204 && await beacons() == 2,
        "and as ever when it is seen again");
});

await visit("offline", async (page, context) => {
    await open(page, "/page.html");
    await context.setOffline(true);
    await track(page, "offline");
    await page.waitForTimeout(500);
    const reply = posted(page);
    await context.setOffline(false);
    ok((await reply).status() == 204, "what waited for the network arrives");
});

await visit("busy", async page => {
    await open(page, "/page.html");
    const bodies = [];
    await page.route("**/b", async route => {
        bodies.push(route.request().postData());
        if (bodies.length < 3) {
            await route.fulfill({ status: 503,
                headers: { "Retry-After": "1" }, body: "" });
        } else {
            await route.continue();
        }
    });
    const reply = page.waitForResponse(r => r.url().endsWith("/b")
        && r.status() == 204);
    await track(page, "busy");
    await reply;
    const ids = new Set(bodies.map(b => JSON.parse(b).id));
    ok(bodies.length == 3 && ids.size == 1,
        "503 is tried again, with the same id", bodies.join("\n"));
});

await visit("blocked", async page => {
    await open(page, "/page.html");
    await page.route("**/b", route => route.abort());
    const image = page.waitForResponse(r => r.url().includes("/b?"));
    await track(page, "blocked");
    ok((await image).status() == 200, "a picture passes where fetch may not");
});

await visit("refused", async page => {
    await page.addInitScript(() => {
        navigator.sendBeacon = () => false;
    });
    await open(page, "/page.html");
    await page.route("**/b", route => route.abort());
    const image = page.waitForRequest(r => r.url().includes("/b?"));
    await page.evaluate(() => {
        window.cxm.track("refused", {});
        document.dispatchEvent(new Event("visibilitychange"));
        dispatchEvent(new PageTransitionEvent("pagehide"));
    });
    await image;
    ok(true, "a picture goes where sendBeacon does not");
    await page.waitForTimeout(300);
});

await visit("single page", async page => {
    await open(page, "/spa.html");
    const views = [];
    page.on("request", r => {
        if (r.url().endsWith("/b")) {
            const body = JSON.parse(r.postData());
            views.push(...[].concat(body).map(e => [e.type,
                new URL(e.url).pathname, e.referrer]));
        }
    });
    for (const [how, to] of [["pushState", "/spa.html"],
        ["pushState", "/spa/two"], ["replaceState", "/spa/three"],
        ["pushState", "/spa/three#part"], ["pushState", "/spa/four"]])
    {
        const again = await page.evaluate(() => location.pathname) == to
            || to.includes("#");
        const reply = again ? page.waitForTimeout(200) : posted(page);
        await page.evaluate(([h, t]) => history[h]({}, "", t), [how, to]);
        await reply;
    }
    const back = posted(page);
    await page.evaluate(() => history.go(-2));
    await back;
    ok(JSON.stringify(views.map(v => v[1])) == JSON.stringify(
        ["/spa/two", "/spa/three", "/spa/four", "/spa/three"]),
    "each address is one view", JSON.stringify(views));
    ok(views[0][2].endsWith("/spa.html"), "and tells where from");
});

await visit("back", async page => {
    await open(page, "/bf.html");
    await page.evaluate(() => addEventListener("pageshow", e => {
        window.persisted = e.persisted;
    }));
    await page.goto("/other.html");
    const reply = posted(page);
    // no "load" comes of it, which goBack() would wait for
    await page.evaluate(() => {
        setTimeout(() => history.back());
    });
    await reply;
    ok(await page.evaluate(() => window.persisted) === true,
        "a page out of the back/forward cache is one more view");
});

await visit("prerender", async page => {
    await page.addInitScript(() => {
        window.early = true;
        Object.defineProperty(document, "prerendering",
            { get: () => window.early, configurable: true });
    });
    let sent = 0;
    page.on("request", r => {
        sent += r.url().endsWith("/b");
    });
    await page.goto("/prerender.html");
    await page.waitForTimeout(500);
    ok(sent == 0, "a page that nobody sees yet sends nothing");
    const reply = posted(page);
    await page.evaluate(() => {
        window.early = false;
        document.dispatchEvent(new Event("prerenderingchange"));
    });
    ok((await reply).status() == 204, "until it is seen");
});

await visit("flood", async page => {
    await open(page, "/page.html");
    await page.evaluate(() => {
        for (let i = 0; i < 1000; i++) {
            window.cxm.track("flood");
        }
    });
    await page.waitForTimeout(1000);
});

await visit("broken", async page => {
    await page.addInitScript(() => {
        window.fetch = () => {
            throw new Error("no fetch");
        };
    });
    await page.goto("/page.html");
    await ready(page);
    await track(page, "broken");
    await page.goto("/other.html");
});

await visit("other origin", async page => {
    const reply = posted(page);
    await page.goto(plan.other + "/foreign.html");
    ok((await reply).status() == 204, "another origin that is allowed");
    ok((await reply).headers()["access-control-allow-origin"] == plan.other,
        "may read the reply");
});

// -- surveys ------------------------------------------------------------------

await visit("widget", async page => {
    await page.goto("/widget.html");
    const frame = page.frameLocator("iframe");
    await frame.locator("input[type=radio]").nth(9).check();
    if (shots) {
        await page.screenshot({ path: `${shots}/widget.png` });
    }
    await frame.locator("form button").last().click();
    await frame.getByText(/thank/i).first().waitFor();
    ok(true, "a survey is answered inside of a page");
    await page.goto("/widget.html");
    await page.waitForSelector("[data-cxm-state=suppressed]",
        { state: "attached" });
    ok(await page.locator("iframe").count() == 0,
        "who was asked is left alone");
});

await visit("popup", async page => {
    await page.goto("/popup.html");
    const dialog = page.locator("dialog");
    await dialog.waitFor();
    ok(await dialog.getAttribute("aria-label"), "a dialog has a name");
    await page.frameLocator("iframe").locator("input[type=radio]").first()
        .waitFor();
    if (shots) {
        await page.screenshot({ path: `${shots}/popup.png` });
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    ok(true, "and is closed by the keyboard");
});

await visit("widget of another origin", async page => {
    await page.goto(plan.other + "/foreign-widget.html");
    await page.frameLocator("iframe").locator("input[type=radio]").first()
        .waitFor();
    ok(true, "a frame of an allowed origin shows the survey");
});

await visit("widget that is not allowed", async page => {
    await page.goto(plan.stranger + "/foreign-widget.html");
    await page.waitForSelector("[data-cxm-state=failed]",
        { state: "attached" });
    ok(true, "another one gets no answer");
});

await browser.close();
