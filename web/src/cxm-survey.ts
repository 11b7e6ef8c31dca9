/*
 * A survey inside of a site's page.
 *
 *   <div data-cxm-survey="checkout"></div>
 *   <script async src="/s/cxm-survey.js"></script>
 *
 * Asks the server first whether this visitor is to be asked (quiet period,
 * quota, sample); if so, shows the survey's own page in a frame: inline in the
 * element, or with data-cxm-mode="popup" in a dialog that can be closed.
 * data-cxm-touchpoint, -channel and -lang go with the answer; data-cxm-visitor
 * is the site's own id of a visitor, for the quiet period; data-cxm-title and
 * -close are what a screen reader says.
 */

(() => {
    const script = document.currentScript as HTMLScriptElement | null;
    const surveys = new URL(".", script ? script.src : location.href);

    const frameOf = (url: URL, title: string): HTMLIFrameElement => {
        const frame = document.createElement("iframe");
        frame.src = url.href;
        frame.title = title;
        frame.style.cssText = "border:0;width:100%;height:100%;min-height:34em";
        return frame;
    };

    const popup = (frame: HTMLIFrameElement, close: string) => {
        const dialog = document.createElement("dialog");
        const button = document.createElement("button");
        dialog.setAttribute("aria-label", frame.title);
        dialog.style.cssText = "border:1px solid #767676;border-radius:8px;"
            + "padding:8px;width:min(36em,92vw);height:min(40em,88vh)";
        button.type = "button";
        button.textContent = "\u00d7";
        button.setAttribute("aria-label", close);
        button.style.cssText = "float:right;font:inherit;padding:.4em .8em";
        button.onclick = () => dialog.close();
        dialog.onclose = () => dialog.remove();
        frame.style.height = "calc(100% - 3em)";
        dialog.append(button, frame);
        document.body.append(dialog);
        dialog.showModal();
    };

    const show = async (at: HTMLElement) => {
        const set = at.dataset;
        const slug = set.cxmSurvey;
        if (!slug || set.cxmState) {
            return;
        }
        set.cxmState = "asking";
        const reply = await fetch(new URL(`${slug}/exposures`, surveys), {
            method: "POST",
            credentials: "omit",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({
                channel: set.cxmChannel || "web",
                ...(set.cxmTouchpoint && { touchpoint: set.cxmTouchpoint }),
                ...(set.cxmVisitor
                    && { respondent: { visitor: set.cxmVisitor } }),
            }),
        });
        const decision = await reply.json();
        if (!decision.ask) {
            set.cxmState = decision.reason || "refused";
            return;
        }
        const url = new URL(slug, surveys);
        url.searchParams.set("exposure", decision.token);
        if (set.cxmLang) {
            url.searchParams.set("lang", set.cxmLang);
        }
        const frame = frameOf(url, set.cxmTitle || document.title || slug);
        set.cxmState = "shown";
        if (set.cxmMode == "popup") {
            popup(frame, set.cxmClose || "Close");
        } else {
            at.append(frame);
        }
    };

    const all = () => document
        .querySelectorAll<HTMLElement>("[data-cxm-survey]")
        .forEach(at => show(at).catch(() => {
            at.dataset.cxmState = "failed";
        }));

    if (document.readyState == "loading") {
        addEventListener("DOMContentLoaded", all);
    } else {
        all();
    }
})();
