/*
 * The pages of accounts: a form's values go to the server as JSON, and what
 * that answers is said where it belongs.
 *
 *   <form data-post="password/reset" data-token data-then="login">
 *
 * data-token: the link that was mailed has a token behind "#", which no server
 * gets; it is taken out of the address at once and sent with the form.
 * data-then: where to go when it is done, else what has data-done is shown.
 * An answer {"status": "second_factor"} shows the form data-second instead.
 * data-says of <main> has words for the codes of problems.
 */

(() => {
    type Issue = { pointer: string; code: string; detail: string };
    type Answer = { status?: string; code?: string; detail?: string;
        errors?: Issue[] };

    const main = document.querySelector("main")!;
    const status = document.querySelector<HTMLElement>("[role=status]")!;
    const says: Record<string, string> = JSON.parse(main.dataset.says || "{}");
    const token = new URLSearchParams(location.hash.slice(1)).get("token");

    if (token) {
        history.replaceState(null, "", location.pathname + location.search);
    }

    const say = (code: string | undefined, detail: string | undefined) =>
        (code && says[code]) || detail || says.failed || "";

    const mark = (form: HTMLFormElement, name: string, text: string) => {
        const field = form.elements.namedItem(name);
        const place = form.querySelector(`[data-error=${name}]`);
        if (!(field instanceof HTMLInputElement) || !place) {
            return false;
        }
        field.setAttribute("aria-invalid", String(text != ""));
        place.textContent = text;
        return true;
    };

    const refuse = (form: HTMLFormElement, answer: Answer) => {
        let first = true;
        for (const issue of answer.errors || []) {
            const name = issue.pointer.slice(1);
            const text = say(issue.code, issue.detail);
            if (!mark(form, name, text)) {
                status.textContent = text;
            } else if (first) {
                (form.elements.namedItem(name) as HTMLElement).focus();
                first = false;
            }
        }
        if (!answer.errors) {
            status.textContent = say(answer.code, answer.detail);
        }
    };

    /* Only into this site. */
    const next = (then: string) => {
        const asked = new URLSearchParams(location.search).get("next") || "";
        return /^\/(?![/\\])/.test(asked) ? asked : then;
    };

    const done = (form: HTMLFormElement, answer: Answer) => {
        const second = document.querySelector<HTMLFormElement>("[data-second]");
        if (answer.status == "second_factor" && second) {
            form.hidden = true;
            second.hidden = false;
            second.querySelector("input")!.focus();
            return;
        }
        if (form.dataset.then !== undefined) {
            location.assign(next(form.dataset.then));
            return;
        }
        form.hidden = true;
        const end = document.querySelector<HTMLElement>("[data-done]")!;
        end.hidden = false;
        end.focus();
    };

    const send = async (form: HTMLFormElement) => {
        const body: Record<string, string> = {};
        if (form.dataset.token !== undefined) {
            body.token = token || "";
        }
        new FormData(form).forEach((value, name) => {
            mark(form, name, "");
            if (value) {
                body[name] = String(value);
            }
        });
        status.textContent = "";
        const reply = await fetch(form.dataset.post!, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(body),
        });
        const answer: Answer = await reply.json().catch(() => ({}));
        if (reply.ok) {
            done(form, answer);
        } else {
            refuse(form, answer);
        }
    };

    document.querySelectorAll("form").forEach(form => {
        const button = form.querySelector("button")!;
        form.addEventListener("submit", event => {
            event.preventDefault();
            button.disabled = true;
            send(form).catch(() => {
                status.textContent = say("failed", "");
            }).then(() => {
                button.disabled = false;
            });
        });
    });
})();
