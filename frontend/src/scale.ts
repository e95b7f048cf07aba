// One diverging scale, blue for less than nothing, orange for more: the pair that nobody confuses. In the dark the middle
// is dark, too, so that what is near nothing stays quiet.

type Lab = [number, number, number];

const LIGHT = ["#0a4384", "#5a9bd5", "#f4f3ef", "#f0a255", "#a94500"];
const DARK = ["#9fd0ff", "#3d7fc0", "#24262d", "#c06f24", "#ffbe7d"];

const scales = { light: ramp(LIGHT), dark: ramp(DARK) };

/** RGB of a share from -1 to 1; beyond, the end. */
export function colour(share: number, theme: "light" | "dark"): [number, number, number] {
    const table = scales[theme];
    const at = Math.round(((Math.min(Math.max(share, -1), 1) + 1) / 2) * 256);
    return table[at]!;
}

function ramp(stops: readonly string[]): [number, number, number][] {
    const labs = stops.map((hex) => toLab(hex));
    return Array.from({ length: 257 }, (_, at) => {
        const place = (at / 256) * (labs.length - 1);
        const first = Math.min(Math.floor(place), labs.length - 2);
        const share = place - first;
        const [a, b] = [labs[first]!, labs[first + 1]!];
        return toRgb([0, 1, 2].map((i) => a[i]! + (b[i]! - a[i]!) * share) as Lab);
    });
}

// OKLab, in which equal steps look equal (B. Ottosson, 2020).
function toLab(hex: string): Lab {
    const [r, g, b] = [1, 3, 5].map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255)) as Lab;
    const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return [
        0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
    ];
}

function toRgb([L, a, b]: Lab): [number, number, number] {
    const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
    const rgb = [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    ];
    return rgb.map((value) => Math.round(255 * gamma(Math.min(Math.max(value, 0), 1)))) as [number, number, number];
}

function linear(value: number): number {
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function gamma(value: number): number {
    return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}
