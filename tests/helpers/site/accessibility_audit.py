"""What axe-core finds on a page: WCAG 2.2 A and AA and best practice, light and dark, two widths.

A page is opened once. Then the width and the colours change under it, which is what the reader's
window and the switch in the header do, and the rules that can answer otherwise run again. The
security policy of the site would keep out the style that stops all movement, so it is set aside.

Contrast is most of the work, and a page has hundreds of texts that look alike: their own style and
that of all that they lie in are the same. In the first view of a page one of each look is measured;
in the other views, one of each look that no page before has shown there. Where axe is not sure of
that one, all of them are measured.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, ViewportSize

WIDE: ViewportSize = {"width": 1400, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
# 320 pixels are what a wide window shows at 400 % (WCAG 1.4.10).
LARGE_TEXT: ViewportSize = {"width": 320, "height": 256}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Dark differs from light in colours alone; and the text of a page has the same colours at each
# width, so that they are measured once: around the text, other things are seen on a narrow screen.
VIEWS = (
    ("default", WIDE, ["shape", "colours"]),
    ("slate", WIDE, ["colours"]),
    ("slate", NARROW, ["colours around"]),
    ("default", NARROW, ["shape", "colours around"]),
)
# Movement would be measured half way.
STILL = "*, ::before, ::after { transition: none !important; animation: none !important; }"
HELPERS = """
(() => {
  const OPTIONS = {preload: false, iframes: false, selectors: false, elementRef: true};
  const COLOURS = {"color-contrast": "[data-looked-at]",
                   "link-in-text-block": "a[href][data-looked-at]"};
  const STYLES = ["color", "backgroundColor", "backgroundImage", "opacity", "fontSize",
    "fontWeight", "textShadow", "filter", "mixBlendMode", "position", "zIndex", "visibility",
    "textDecorationLine"];
  for (const [id, selector] of Object.entries(COLOURS)) {
    axe.configure({rules: [{id: id, selector: selector}]});
  }
  const told = founds => ({
    ran: founds.flatMap(found => found.passes.concat(found.violations).map(one => one.id)),
    failing: founds.flatMap(found => found.violations).flatMap(one => one.nodes.map(node =>
      one.id + ": " + node.html.slice(0, 160) + " " + (node.any[0]?.message || "").slice(0, 120))),
  });
  const shape = async tags => {
    const rules = {"target-size": {enabled: true}};
    Object.keys(COLOURS).forEach(id => { rules[id] = {enabled: false}; });
    return told([await axe.run(document, {
      ...OPTIONS, resultTypes: ["violations"], runOnly: {type: "tag", values: tags}, rules: rules,
    })]);
  };
  // What is visible, by look.
  const groups = around => {
    const found = new Map(), looks = new Map();
    const look = one => {
      if (!looks.has(one)) {
        const style = getComputedStyle(one);
        const above = one.parentElement ? look(one.parentElement) : "";
        looks.set(one, above + "/" + STYLES.map(name => style[name]).join("|"));
      }
      return looks.get(one);
    };
    for (const one of document.body.querySelectorAll("*")) {
      const text = [...one.childNodes].filter(part => part.nodeType === 3).map(part => part.data);
      const letters = /[\\p{L}\\p{N}]/u.test(text.join(""));  // axe measures no other text
      if (!(letters || one.matches("input, select, textarea, a[href]"))
          || (around && one.closest("article"))
          || !one.checkVisibility({visibilityProperty: true})) continue;
      const key = look(one) + one.matches("a[href]") + letters;
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(one);
    }
    return found;
  };
  const run = async chosen => {
    chosen.forEach(one => one.setAttribute("data-looked-at", ""));
    const found = await axe.run(document, {
      ...OPTIONS, resultTypes: ["violations", "incomplete"],
      runOnly: {type: "rule", values: Object.keys(COLOURS)},
    });
    chosen.forEach(one => one.removeAttribute("data-looked-at"));
    return found;
  };
  const digest = async text => [...new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))].join();
  const colours = async (around, known) => {
    const alike = groups(around);
    const names = new Map();
    for (const key of alike.keys()) names.set(key, await digest(key));
    const fresh = [...alike].filter(([key]) => !known.includes(names.get(key)));
    if (!fresh.length) return {ran: [], failing: [], looks: []};
    const first = await run(fresh.map(([key, all]) => all[0]));
    const unsure = new Set(first.incomplete.flatMap(one => one.nodes.map(node => node.element)));
    const rest = fresh.flatMap(([key, all]) => unsure.has(all[0]) ? all.slice(1) : []);
    const founds = rest.length ? [first, await run(rest)] : [first];
    const sure = fresh.filter(([key, all]) => !unsure.has(all[0]));
    return {...told(founds), looks: sure.map(([key]) => names.get(key))};
  };
  window.axeSays = (what, tags, known) =>
    what === "shape" ? shape(tags) : colours(what !== "colours", known);
})();
"""


def script() -> str:
    """Return axe-core and what we ask it."""
    package = importlib.resources.files("axe_playwright_python")
    return package.joinpath("axe.min.js").read_text(encoding="utf-8") + HELPERS


def audit_parts(
    page: Page, *parts: str, known_looks: set[str] | None = None
) -> dict[str, list[str]]:
    """Return which rules ran on the page as it is, and each failing element.

    The parts are ``shape``, ``colours`` and ``colours around``, which is around the text; all of
    the page if none is named. The looks in *known_looks* are not measured again; new ones are
    added.
    """
    result: dict[str, list[str]] = {"ran": [], "failing": [], "looks": []}
    for part in parts or ("shape", "colours"):
        asked = [part, TAGS, sorted(known_looks or ())]
        for key, values in page.evaluate("asked => axeSays(...asked)", asked).items():
            result[key] += values
    if known_looks is not None:
        known_looks.update(result["looks"])
    return result


def audit_views(
    page: Page, axe: str, known_looks: dict[str, set[str]] | None = None
) -> dict[str, dict[str, list[str]]]:
    """Return what axe finds on the page that is open, by view; *known_looks* are looks, by view."""
    page.evaluate(axe)
    page.add_style_tag(content=STILL)
    results = {}
    for number, (scheme, size, parts) in enumerate(VIEWS):
        page.set_viewport_size(size)
        page.evaluate("name => document.body.setAttribute('data-md-color-scheme', name)", scheme)
        view = f"{scheme}, {size['width']} px"
        looks = known_looks.setdefault(view, set()) if known_looks is not None and number else None
        results[view] = audit_parts(page, *parts, known_looks=looks)
    return results


@dataclass
class Audit:
    """What was found on a page: failing elements, the rules that ran, whether it is too wide."""

    path: str
    failing: list[str] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)
    too_wide: bool = False


def audit_pages(browser: Browser, address: str, paths: list[str]) -> Iterator[Audit]:
    """Open each path below *address* once, and yield what was found on it."""
    axe = script()
    known_looks: dict[str, set[str]] = {}
    context = browser.new_context(bypass_csp=True, viewport=WIDE, color_scheme="light")
    page = context.new_page()
    for path in paths:
        audit = Audit(path)
        page.set_viewport_size(WIDE)
        page.goto(f"{address}/{path}")
        for view, result in audit_views(page, axe, known_looks).items():
            audit.failing += [f"{path} ({view}): {failure}" for failure in result["failing"]]
            audit.ran |= set(result["ran"])
        page.set_viewport_size(LARGE_TEXT)
        wide = page.evaluate("document.documentElement.scrollWidth")
        audit.too_wide = wide > LARGE_TEXT["width"]
        yield audit
    context.close()
