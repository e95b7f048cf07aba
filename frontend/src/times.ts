// Times in the reader's own zone: <time datetime="2026-11-28T13:02:00Z">.

import { language } from "./words";

export function showTimes(within: ParentNode = document): void {
    const locale = language() === "zh" ? "zh-CN" : "en-GB";
    for (const element of within.querySelectorAll<HTMLTimeElement>("time[datetime]:not([data-shown])")) {
        const given = element.dateTime;
        const then = new Date(given);
        if (Number.isNaN(then.getTime()) || !given.includes("T")) continue; // a day is a day everywhere
        const day: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", day: "numeric" };
        const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hour12: false };
        element.title = new Intl.DateTimeFormat(locale, { ...day, ...clock, timeZoneName: "short" }).format(then);
        const style = element.dataset["style"];
        const options = style === "day" ? day : style === "clock" ? clock : { ...day, ...clock };
        element.textContent = new Intl.DateTimeFormat(locale, options).format(then);
        element.dataset["shown"] = "";
    }
}

/** The server counts days and streaks in the reader's zone, which it cannot know otherwise. */
export function tellZone(): void {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!zone || document.cookie.includes(`tz=${encodeURIComponent(zone)}`)) return;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `tz=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax${secure}`;
}
