// The submission page: live until the end, then pictures.

import { Live } from "./live";
import { find } from "./dom";
import { drawPictures } from "./pictures";
import { language } from "./words";

const root = find("[data-submission]");
const id = root?.dataset["submission"];
const state = root?.dataset["state"] ?? "";

if (root && id && (state === "queued" || state === "running")) {
    const kind = find("[data-kind]", root)?.dataset["kind"] ?? "grade";
    find("[data-result]", root)?.replaceChildren(); // what it says without scripts, the live line says better
    const live = new Live({ root, lang: language(), ended: (progress) => (root.dataset["state"] = progress.state) });
    live.begin(kind);
    live.follow(id);
}
drawPictures();
