// A question before something is undone or taken away.

import { make } from "./dom";
import { type Lang, word } from "./words";

/** True when the person says yes. Focus goes back to where it was. */
export async function askOnce(question: string, yes: string, lang: Lang): Promise<boolean> {
    const agree = make("button", { class: "primary", value: "yes" }, yes);
    const dialog = make(
        "dialog",
        { class: "ask" },
        make("form", { method: "dialog" }, make("p", {}, question), make("p", { class: "actions" }, agree, make("button", { value: "no" }, word("cancel", {}, lang)))),
    );
    document.body.append(dialog);
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    const said = dialog.returnValue === "yes";
    dialog.remove();
    return said;
}
