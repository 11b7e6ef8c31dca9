// The pages of accounts in a browser: reads the plan from argv, prints one
// JSON object a line: {ok, name, detail}.
//
// CXM_SHOTS=dir keeps pictures of what was seen.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const plan = JSON.parse(process.argv[2]);
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const shots = process.env.CXM_SHOTS;

function ok(good, name, detail) {
    console.log(JSON.stringify({ ok: !!good, name, detail }));
}

function is(got, expected, name) {
    ok(got === expected, name, `got ${JSON.stringify(got)}`);
}

// Links of messages of a template, newest first, as they would go out.
const links = template =>
    execFileSync(plan.cxmctl, ["-d", plan.store, "outbox", "list", "--json",
        "--template", template], { encoding: "utf8" })
        .trim().split("\n").map(line =>
            JSON.parse(line).rendered.text.match(/https?:\S+/)[0]);

const browser = await chromium.launch({
    executablePath: plan.browser, timeout: 20000 * plan.slow,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-dev-shm-usage"]
});

async function visit(name, options, act) {
    const context = await browser.newContext({
        baseURL: plan.url, locale: "en-GB", reducedMotion: "reduce",
        ...options });
    context.setDefaultTimeout(15000 * plan.slow);
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", e => errors.push(String(e)));
    page.on("console", m => {
        if (m.type() == "error" && !/status of 4\d\d/.test(m.text())) {
            errors.push(m.text());
        }
    });
    const look = async what => {
        if (shots) {
            await page.screenshot({ path: `${shots}/account-${what}.png` });
        }
    };
    try {
        await act(page, look);
    } catch (e) {
        ok(false, `${name}: runs to its end`, String(e));
        await look(`failed-${name}`);
    }
    ok(errors.length == 0, `${name}: nothing failed`, errors.join("\n"));
    await context.close();
}

// WCAG, by a browser that lets the checker in.
async function accessible(path) {
    const context = await browser.newContext({ baseURL: plan.url,
        bypassCSP: true });
    const page = await context.newPage();
    await page.goto(path);
    await page.addScriptTag({ path: axe });
    const found = await page.evaluate(() => window.axe.run());
    is(found.violations.map(v => v.id).join(), "", `${path} by axe`);
    await context.close();
}

const email = "ann@example.org";
const first = "wooden turtle parade";
const second = "another long password";
const button = page => page.getByRole("button").first();
const signedIn = page => page.evaluate(async () =>
    (await fetch("/me/")).status);

await visit("register", {}, async (page, look) => {
    await page.goto("/me/register");
    await page.fill("#name", "Ann Example");
    await page.fill("#email", email);
    await page.fill("#password", "password1");
    await button(page).click();
    await page.waitForSelector("#password[aria-invalid=true]");
    ok(/known ones/.test(await page.textContent("#password-error")),
        "a breached password is refused at its field");
    await look("refused");
    await page.fill("#password", first);
    await button(page).click();
    await page.waitForSelector("[data-done]:not([hidden])");
    await look("registered");
    ok(await page.isHidden("form"), "the form is done");
});

await visit("verify", {}, async (page, look) => {
    const link = links("verify")[0];
    ok(/\/me\/verify#token=\w{77}$/.test(link), "a link with a fragment");
    await page.goto(link.replace(/^https?:\/\/[^/]+/, plan.url));
    await page.waitForFunction(() => location.hash == "");
    await look("verify");
    is(await signedIn(page), 401, "looking proves nothing");
    await button(page).click();
    await page.waitForURL(`${plan.url}/`);
    is(await signedIn(page), 200, "pressing the button does");

    await page.goto(link.replace(/^https?:\/\/[^/]+/, plan.url));
    await button(page).click();
    await page.waitForFunction(() =>
        document.querySelector("[role=status]").textContent != "");
    ok(/used or is too old/.test(await page.textContent("[role=status]")),
        "once");
});

await visit("reset", { locale: "de-DE" }, async (page, look) => {
    await page.goto("/me/login");
    is(await page.title(), "Anmelden", "in the reader's language");
    await page.getByRole("link", { name: "Passwort vergessen?" }).click();
    await page.fill("#email", email);
    await button(page).click();
    await page.waitForSelector("[data-done]:not([hidden])");

    await page.goto(links("reset")[0].replace(/^https?:\/\/[^/]+/, plan.url));
    await page.waitForFunction(() => location.hash == "");
    await page.fill("#password", "ann@example.org");
    await button(page).click();
    await page.waitForSelector("#password[aria-invalid=true]");
    await look("reset");
    await page.fill("#password", second);
    await button(page).click();
    await page.waitForURL(`${plan.url}/me/login`);
    is(await signedIn(page), 401, "a new password opens no session");
});

await visit("login", {}, async (page, look) => {
    await page.goto("/me/login?next=//evil.example/");
    await page.fill("#email", email);
    await page.fill("#password", first);
    await button(page).click();
    await page.waitForFunction(() =>
        document.querySelector("[role=status]").textContent != "");
    await look("login");
    await page.fill("#password", second);
    await button(page).click();
    await page.waitForURL(`${plan.url}/`);
    is(await signedIn(page), 200, "signed in, and still on this site");

    await page.goto("/me/login?next=/where/from");
    await page.fill("#email", email);
    await page.fill("#password", second);
    await button(page).click();
    await page.waitForURL(`${plan.url}/where/from`);
    ok(true, "back to where one came from");
});

for (const path of ["login", "register", "verify", "forgot", "reset"]) {
    await accessible(`/me/${path}`);
}

await browser.close();
