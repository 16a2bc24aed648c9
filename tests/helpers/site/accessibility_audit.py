"""What axe-core finds on a page: WCAG 2.2 A and AA and best practice, light and dark, two widths.

A page is opened once. Then the width and the colours change under it, which is what the reader's
window and the switch in the header do, and the rules that can answer otherwise run again. The
security policy of the site would keep out the style that stops all movement, so it is set aside.

Each run of axe-core begins with a tree of the whole page, which takes longer than most rules, so
that a view has one run, or none if nothing new is seen in it.

Pages have thousands of texts that look alike: their own style and that of all that they lie in are
the same. One of each look that no page before has shown in a view is measured there. Where axe is
not sure of that one, all of them on the page are measured.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, ViewportSize

WIDE: ViewportSize = {"width": 1400, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
# 320 pixels are what a wide window shows at 400 % (WCAG 1.4.10).
LARGE_TEXT: ViewportSize = {"width": 320, "height": 256}


@dataclass(frozen=True)
class View:
    """A colour scheme and a size; which rules and tags of axe run in it beside those of colours.

    With *around*, colours are measured outside the text of the page alone.
    """

    scheme: str
    size: ViewportSize
    rules: list[str]
    around: bool = False

    def __str__(self) -> str:
        return f"{self.scheme}, {self.size['width']} px"


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What a narrow screen can change of a page's shape; the other rules read its HTML alone.
NARROW_RULES = ["target-size", "scrollable-region-focusable", "region", "landmark-unique"]
# Dark differs from light in colours alone; and the text of a page has the same colours at each
# width, so that they are measured once: around the text, other things are seen on a narrow screen.
FIRST_VIEW = View("default", WIDE, TAGS)
VIEWS = (
    FIRST_VIEW,
    View("slate", WIDE, []),
    View("slate", NARROW, [], around=True),
    View("default", NARROW, NARROW_RULES, around=True),
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
  const report = results => ({
    ran: results.flatMap(result => result.passes.concat(result.violations).map(rule => rule.id)),
    failing: results.flatMap(result => result.violations).flatMap(rule => rule.nodes.map(node =>
      rule.id + ": " + node.html.slice(0, 160) + " "
      + (node.any[0]?.message || "").slice(0, 120))),
  });
  // What is visible, by look.
  const groups = around => {
    const alike = new Map(), looks = new Map();
    const look = element => {
      if (!looks.has(element)) {
        const style = getComputedStyle(element);
        const above = element.parentElement ? look(element.parentElement) : "";
        looks.set(element, above + "/" + STYLES.map(name => style[name]).join("|"));
      }
      return looks.get(element);
    };
    for (const element of document.body.querySelectorAll("*")) {
      const text = [...element.childNodes].filter(node => node.nodeType === 3)
        .map(node => node.data).join("");
      const letters = /[\\p{L}\\p{N}]/u.test(text);  // axe measures no other text
      if (!(letters || element.matches("input, select, textarea, a[href]"))
          || (around && element.closest("article"))
          || !element.checkVisibility({visibilityProperty: true})) continue;
      const key = look(element) + element.matches("a[href]") + letters;
      if (!alike.has(key)) alike.set(key, []);
      alike.get(key).push(element);
    }
    return alike;
  };
  const run = async (rules, elements) => {
    elements.forEach(element => element.setAttribute("data-looked-at", ""));
    const result = await axe.run(document, {
      ...OPTIONS, resultTypes: ["violations", "incomplete"], runOnly: {type: "rule", values: rules},
    });
    elements.forEach(element => element.removeAttribute("data-looked-at"));
    return result;
  };
  const digest = async text => [...new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))].join();
  window.axeSays = async (rulesAndTags, around, known) => {
    const colours = Object.keys(COLOURS);
    const rules = axe.getRules().filter(rule => !colours.includes(rule.ruleId)
      && !rule.tags.some(name => ["experimental", "deprecated"].includes(name))
      && [rule.ruleId, ...rule.tags].some(name => rulesAndTags.includes(name)));
    const alike = groups(around);
    const names = new Map();
    for (const key of alike.keys()) names.set(key, await digest(key));
    const fresh = [...alike].filter(([key]) => !known.includes(names.get(key)));
    const chosen = rules.map(rule => rule.ruleId).concat(fresh.length ? colours : []);
    if (!chosen.length) return {ran: [], failing: [], looks: []};
    const first = await run(chosen, fresh.map(([key, elements]) => elements[0]));
    const unsure = new Set(first.incomplete.filter(rule => colours.includes(rule.id))
      .flatMap(rule => rule.nodes.map(node => node.element)));
    const others = fresh.flatMap(
      ([key, elements]) => unsure.has(elements[0]) ? elements.slice(1) : []);
    const results = others.length ? [first, await run(colours, others)] : [first];
    const sure = fresh.filter(([key, elements]) => !unsure.has(elements[0]));
    return {...report(results), looks: sure.map(([key]) => names.get(key))};
  };
})();
"""


def script() -> str:
    """Return axe-core and what we ask it."""
    package = importlib.resources.files("axe_playwright_python")
    return package.joinpath("axe.min.js").read_text(encoding="utf-8") + HELPERS


def audit_view(
    page: Page, view: View = FIRST_VIEW, known: set[str] | None = None
) -> dict[str, list[str]]:
    """Return which rules ran on the page as it is, and each failing element.

    The looks in *known* are not measured again; new ones are added to it.
    """
    arguments = [view.rules, view.around, sorted(known or ())]
    result: dict[str, list[str]] = page.evaluate("list => axeSays(...list)", arguments)
    if known is not None:
        known.update(result["looks"])
    return result


def audit_views(
    page: Page, axe: str, known: dict[str, set[str]] | None = None, views: Iterable[View] = VIEWS
) -> dict[str, dict[str, list[str]]]:
    """Return what axe finds on the page that is open, by view; *known* are looks, by view."""
    page.evaluate(axe)
    page.add_style_tag(content=STILL)
    results = {}
    for view in views:
        page.set_viewport_size(view.size)
        page.evaluate(
            "name => document.body.setAttribute('data-md-color-scheme', name)", view.scheme
        )
        looks = None if known is None else known.setdefault(str(view), set())
        results[str(view)] = audit_view(page, view, looks)
    return results


@dataclass
class Audit:
    """What was found on a page: failing elements, the rules that ran, whether it is too wide."""

    path: str
    failing: list[str] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)
    too_wide: bool = False


def audit_pages(
    browser: Browser,
    address: str,
    paths: list[str],
    views: Iterable[View],
    known: dict[str, set[str]],
) -> Iterator[Audit]:
    """Open each path below *address* once, and yield what was found on it.

    *known* are looks that are not measured again, by view; new ones are added to it.
    """
    axe = script()
    context = browser.new_context(bypass_csp=True, viewport=WIDE, color_scheme="light")
    page = context.new_page()
    for path in paths:
        audit = Audit(path)
        page.set_viewport_size(WIDE)
        page.goto(f"{address}/{path}")
        for view, result in audit_views(page, axe, known, views).items():
            audit.failing += [f"{path} ({view}): {failure}" for failure in result["failing"]]
            audit.ran |= set(result["ran"])
        page.set_viewport_size(LARGE_TEXT)
        wide = page.evaluate("document.documentElement.scrollWidth")
        audit.too_wide = wide > LARGE_TEXT["width"]
        yield audit
    context.close()
