// The pages of t/web.t in a browser: reads the plan from argv, prints one
// JSON object a line: {ok, name, detail}.
//
// CXM_SHOTS=dir keeps pictures of what was seen.

import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const plan = JSON.parse(process.argv[2]);
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const shots = process.env.CXM_SHOTS;

const flags = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage"
];

function ok(good, name, detail) {
    console.log(JSON.stringify({ ok: !!good, name, detail }));
}

function is(got, expected, name) {
    const same = JSON.stringify(got) === JSON.stringify(expected);
    ok(same, name, same ? undefined
        : `got ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
}

const browser = await chromium.launch({
    executablePath: plan.browser, args: flags, timeout: 20000 * plan.slow
});

// One page in a context of its own; what it complains of is a failure.
async function visit(name, options, act) {
    const context = await browser.newContext({
        baseURL: plan.url, locale: "en-GB", colorScheme: "light",
        viewport: { width: 1024, height: 768 }, reducedMotion: "reduce",
        ...options
    });
    context.setDefaultTimeout(10000 * plan.slow);

    const page = await context.newPage();
    const said = [];
    page.on("console", m => {
        if (/Content Security Policy|Refused to/.test(m.text())) {
            said.push(m.text());
        }
    });
    page.on("pageerror", e => said.push(String(e)));

    try {
        await act(page, context);
    } catch (e) {
        ok(false, `${name}: runs to its end`, String(e));
        await shot(page, `failed-${name}`);
    }
    is(said, [], `${name}: nothing is refused by its policy`);
    await context.close();
}

async function shot(page, name) {
    if (shots) {
        await page.screenshot({
            path: `${shots}/${name.replace(/\W+/g, "-")}.png`, fullPage: true
        });
    }
}

const heading = page => page.locator("h1").innerText();
const focused = page => page.evaluate(() => document.activeElement.id);
const noScript = { javaScriptEnabled: false };

async function press(page, ...keys) {
    for (const key of keys) {
        await page.keyboard.press(key);
    }
}

// A button whose page comes in this one's place.
async function onward(page, name) {
    await Promise.all([page.waitForNavigation(),
                       page.getByRole("button", { name }).click()]);
}

// From the first question to the last with nothing but a keyboard.
async function fillByKeys(page) {
    const right = n => Array(n).fill("ArrowRight");

    await page.locator("#i-nps").focus();
    await press(page, "Space", ...right(9), "Tab");         // 9 of 0..10
    await press(page, "Space", ...right(3), "Tab");         // 4 of 1..5
    await press(page, "Space", ...right(5), "Tab");         // 6 of 1..7
    await press(page, "Space", ...right(7), "Tab");         // 8 of 1..10
    await page.keyboard.type("25");
    await press(page, "Tab", "Space", "ArrowDown", "Tab");  // the second
    await press(page, "Space", "Tab", "Tab", "Space", "Tab");
    await page.keyboard.type("It was <b>quick</b> & easy.");
    await press(page, "Tab");
    await page.keyboard.type("Ann");
    await press(page, "Tab");
    await page.keyboard.type("ann@example.org");
    await press(page, "Tab", "Tab");
}

await visit("keyboard", noScript, async page => {
    const reply = await page.goto("/s/all");
    is(reply.status(), 200, "the page renders without JavaScript");
    is(await page.locator("script").count(), 0, "and has none");
    is(await page.locator("fieldset, .q").count(), 9, "all nine questions");

    await press(page, "Tab");
    is(await page.evaluate(() => document.activeElement.hreflang), "de",
       "the first stop is the other language");
    await press(page, "Tab");
    is(await focused(page), "i-nps", "then the first question");

    await fillByKeys(page);
    await shot(page, "filled");
    is(await page.evaluate(() => document.activeElement.localName), "button",
       "the last stop is the button");
    await press(page, "Enter");
    await page.waitForURL(/thanks=1/);
    is(await heading(page), "Thank you", "Enter sends it");
    await shot(page, "thanks");
});

await visit("double", noScript, async page => {
    await page.goto("/s/twice");
    await page.locator("input[value='10']").check();
    await page.locator("button").dblclick();
    // the second submit aborts the first one's navigation
    await page.getByRole("heading", { name: "Thank you" }).waitFor();
    is(await heading(page), "Thank you", "a double click ends well");
});

// Through the steps: forth, back by our button and by the browser's, another
// way, to the end.
await visit("steps", noScript, async page => {
    const asks = () => page.locator("legend, .q > label").allInnerTexts();
    const go = name => onward(page, name);

    await page.goto("/s/steps");
    is(await heading(page), "Tell us how it was", "a heading of its own");
    is((await asks()).length, 1, "the first step asks one question");
    await shot(page, "steps-1");
    await go("Next");
    ok((await page.title()).startsWith("Error: "), "it must be answered");

    await page.locator("[name='answers.nps'][value='3']").check();
    await Promise.all([page.waitForNavigation(),
                       page.keyboard.press("Enter")]);
    is(await asks(), ["What went wrong? (required)"],
       "Enter leads to the second");
    await page.locator("[value='rude']").check();
    await page.locator("[value='late']").check();
    await shot(page, "steps-2");
    await go("Next");
    is(await asks(), ["Who was it?", "Anything else?"], "and on");
    await page.locator("#i-who").fill("Bob <B>");
    await shot(page, "steps-3");

    await go("Back");
    is(await asks(), ["What went wrong? (required)"], "back");
    ok(await page.locator("[value='rude']").isChecked(), "as it was answered");
    await go("Next");
    is(await page.locator("#i-who").inputValue(), "Bob <B>",
       "what was entered before going back is kept");

    await go("Back");
    await go("Back");
    ok(await page.locator("[name='answers.nps'][value='3']").isChecked(),
       "back to the first");
    await page.locator("[name='answers.nps'][value='10']").check();
    await go("Next");
    is(await asks(), ["How was delivery?", "Anything else?"], "another way");
    ok(/1: bad/.test(await page.locator(".ends").innerText()),
       "with the survey's own ends");
    await page.locator("[name='answers.good'][value='5']").check();
    await page.locator("#i-end").fill("bye");
    await page.getByRole("button", { name: "Send" }).dblclick();
    await page.waitForURL(/thanks=1/);
    is(await heading(page), "Thank you", "sent, by a double click");
    is(await page.locator("main > p").allInnerTexts(),
       ["That helps.", "See you soon."], "thanks of its own");
    await shot(page, "steps-thanks");
});

await visit("browser's way back", noScript, async page => {
    await page.goto("/s/steps");
    await page.locator("[name='answers.nps'][value='3']").check();
    await onward(page, "Next");
    await page.goBack();
    await page.locator("[name='answers.nps'][value='4']").check();
    await onward(page, "Next");
    is(await page.locator("#q-bad").count(), 1,
       "leads to the answer that was begun");
});

await visit("steps in German", { ...noScript, locale: "de-AT" },
            async page => {
    await page.goto("/s/steps");
    is(await heading(page), "Sagen Sie uns, wie es war", "the heading");
    await page.locator("[name='answers.nps'][value='0']").check();
    await onward(page, "Weiter");
    await page.locator("[value='late']").check();
    is(await page.locator("html").getAttribute("lang"), "de",
       "the second step is German, too");
    await shot(page, "steps-german");
    await onward(page, "Weiter");
    await onward(page, "Absenden");
    await page.waitForURL(/thanks=1/);
    is(await page.locator("main > p").first().innerText(), "Das hilft.",
       "and so are the thanks");
});

await visit("right to left", noScript, async page => {
    await page.goto("/s/persian?lang=fa");
    is(await page.locator("html").getAttribute("dir"), "rtl", "its direction");
    const box = async n => (await page.locator(
        `label:has([value='${n}'])`).boundingBox()).x;
    ok(await box(0) > await box(10), "the scale runs leftwards");
    is(await page.locator(".q > label span").first().getAttribute("dir"),
       "ltr", "what is English is not");
    await shot(page, "persian");
});

await visit("invalid", noScript, async page => {
    await page.goto("/s/all");
    await page.locator("[name='answers.csat'][value='2']").check();
    await page.locator("#i-wide").fill("77");
    await page.locator("[name='answers.several'][value='price']").check();
    await page.locator("[name='answers.who.name']").fill("Ann <Lee>");
    await page.locator("[name='answers.who.email']").fill("nonsense");
    await page.locator("button").click();

    ok((await page.title()).startsWith("Error: "), "the title says so");
    const links = page.locator(".summary a");
    is(await links.count(), 4, "four questions are wrong");
    is(await page.evaluate(
        () => document.activeElement.className), "summary",
       "the summary has the focus");
    await shot(page, "invalid");

    for (const [i, id] of [[0, "i-nps"], [1, "i-wide"], [2, "i-why"],
                           [3, "i-who"]]) {
        await links.nth(i).click();
        is(await focused(page), id, `its link ${i} focuses #${id}`);
    }
    ok(await page.locator("[name='answers.csat'][value='2']").isChecked(),
       "a score is kept");
    is(await page.locator("#i-wide").inputValue(), "77", "a number, too");
    ok(await page.locator("[value='price']").isChecked(), "a box, too");
    is(await page.locator("[name='answers.who.name']").inputValue(),
       "Ann <Lee>", "a name, too");
    is(await page.locator("#i-who").inputValue(), "nonsense",
       "what is wrong with a contact is its address");
    await page.locator("#i-who").fill("");

    await page.locator("[name='answers.nps'][value='0']").check();
    await page.locator("#i-wide").fill("3");
    await page.locator("#i-why").fill("late");
    await page.locator("button").click();
    await page.waitForURL(/thanks=1/);
    is(await heading(page), "Thank you", "put right, it is taken");
});

await visit("language", noScript, async page => {
    await page.goto("/s/all");
    is(await page.locator("html").getAttribute("lang"), "en", "English");
    await page.getByRole("link", { name: "Deutsch" }).click();
    is(await page.locator("html").getAttribute("lang"), "de",
       "the link leads to German");
    is(await page.locator("button").innerText(), "Absenden", "all of it");
    await shot(page, "german");
    await page.locator("button").click();
    is(await page.locator("html").getAttribute("lang"), "de",
       "a refused form stays German");
    await page.locator("[name='answers.nps'][value='5']").check();
    await page.locator("#i-why").fill("so lala");
    await page.locator("button").click();
    await page.waitForURL(/thanks=1/);
    is(await heading(page), "Vielen Dank", "and so do the thanks");
});

await visit("locale", { ...noScript, locale: "de-AT" }, async page => {
    await page.goto("/s/all");
    is(await page.locator("html").getAttribute("lang"), "de",
       "the browser's language is taken");
});

await visit("states", noScript, async page => {
    for (const [slug, status, title] of [
        ["closed", 409, "This survey is closed"],
        ["paused", 409, "Not open at the moment"],
        ["draft", 404, "Page not found"],
        ["none", 404, "Page not found"]
    ]) {
        const reply = await page.goto(`/s/${slug}`);
        is([reply.status(), await heading(page)], [status, title],
           `${slug}: ${status}`);
        await shot(page, slug);
    }
});

// Nothing is cut off or scrolled sideways; 320 px is 400 % of 1280 px.
for (const width of [360, 320]) {
    const narrow = { ...noScript, viewport: { width, height: 640 } };
    await visit(`${width} px`, narrow, async page => {
        for (const path of ["/s/all", "/s/long", "/s/steps",
                            "/s/persian?lang=fa", "/s/closed", "/"]) {
            await page.goto(path);
            is(await page.evaluate(
                () => document.documentElement.scrollWidth), width,
               `${path} fits into ${width} px`);
            await shot(page, `narrow-${width}-${path}`);
        }
    });
}

// WCAG 2.1 A and AA, and that dark is dark.
for (const colorScheme of ["light", "dark"]) {
    await visit(colorScheme, { colorScheme }, async (page, context) => {
        await context.addInitScript({ path: axe });

        async function check(name) {
            const found = await page.evaluate(() => globalThis.axe.run({
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
                          "best-practice"]
            }));
            is(found.violations.map(v => [v.id, ...v.nodes.map(
                n => `${n.html} ${n.failureSummary}`)]), [],
               `${colorScheme}: ${name}: no violation`);
            await shot(page, `${colorScheme}-${name}`);
        }

        for (const path of ["/s/all", "/s/all?thanks=1", "/s/closed",
                            "/s/long", "/s/steps", "/s/steps?thanks=1",
                            "/s/persian?lang=fa", "/"]) {
            await page.goto(path);
            await check(path);
        }

        await page.goto("/s/steps?lang=de");
        await onward(page, "Weiter");
        await check("a refused step");
        await page.locator("[name='answers.nps'][value='6']").check();
        await onward(page, "Weiter");
        await check("a second step");

        await page.goto("/s/all");
        const light = await page.evaluate(() => {
            const [r, g, b] = getComputedStyle(document.body)
                .backgroundColor.match(/\d+/g).map(Number);
            return r + g + b > 3 * 128 ? "light" : "dark";
        });
        is(light, colorScheme, `${colorScheme}: is it`);
        await page.locator("[name='answers.csat'][value='4']").check();
        await page.locator("#i-wide").fill("77");
        await page.locator("[name='answers.who.email']").fill("nonsense");
        await page.locator("button").click();
        await page.waitForSelector(".summary");
        await check("a refused form");
    });
}

await browser.close();
