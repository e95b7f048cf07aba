// Every text that the scripts show, in both languages. What the server knows, the templates say.

export type Lang = "en" | "zh";

export const WORDS = {
    themeLight: { en: "Light", zh: "浅色" },
} as const satisfies Record<string, Record<Lang, string>>;

export type Word = keyof typeof WORDS;
