// Which formulas want KaTeX: all of them in a browser that draws no MathML, else those that the server could not convert.

export function mendFormulas(within: ParentNode = document): void {
    const formulas = [...within.querySelectorAll<HTMLElement>(".math[data-tex]")];
    const wanted = formulas.length > 0 && drawsMathML() ? formulas.filter((formula) => !formula.querySelector("math")) : formulas;
    if (wanted.length === 0) return;
    import("./math").then(({ drawFormulas }) => drawFormulas(wanted)).catch(() => undefined); // what is there can be read
}

/** Whether a fraction is drawn as one: its denominator below its numerator. */
function drawsMathML(): boolean {
    const probe = document.createElement("div");
    probe.style.cssText = "position: absolute; visibility: hidden";
    probe.innerHTML = "<math><mfrac><mi>a</mi><mi>b</mi></mfrac></math>";
    document.body.append(probe);
    const [above, below] = [...probe.querySelectorAll("mi")].map((part) => part.getBoundingClientRect());
    probe.remove();
    return above !== undefined && below !== undefined && below.top >= above.bottom - 1 && above.height > 0;
}
