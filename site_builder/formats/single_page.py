"""The whole guide on one page for each language, to read and to print.

mkdocs-print-site-plugin loses the ids in tables, so that links of its page lead nowhere, writes a
wrong link to the other language, and adds two style sheets and a script to every page.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urldefrag, urljoin

import lxml.html

from site_builder.formats.contents import Guide, Page
from site_builder.formats.markdown_export import article
from site_builder.site_data import ROOT, data, word

PAGE = "print/index.html"
SHEET = ROOT / "overrides" / "assets" / "stylesheets" / "print.css"
HEADINGS = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6"}


def page_id(page: Page) -> str:
    """Return the id that a page has on the page of the whole guide: ``tutorial-upload``."""
    return page.name.replace("/", "-")


def write_page(guide: Guide) -> None:
    """Write the page with the whole guide, to read and to print."""
    target = guide.folder / PAGE
    target.parent.mkdir(parents=True, exist_ok=True)
    (guide.folder / "assets/stylesheets/print.css").write_text(
        SHEET.read_text(encoding="utf-8"), encoding="utf-8"
    )
    target.write_text(_whole(guide), encoding="utf-8")


def _whole(guide: Guide) -> str:
    known = {page.url: page for page in guide.pages}
    language = guide.language
    say = {
        key: html.escape(word(key, language))
        for key in ("contents", "print_now", "print_back", "licence", "of_version")
    }
    name, url = html.escape(guide.name), html.escape(f"{guide.url}print/")
    parts = [
        f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{name}</title>
<meta name="description" content="{html.escape(guide.description)}">
<meta name="robots" content="noindex">
<link rel="canonical" href="{url}">
<link rel="icon" href="../assets/images/favicon.png">
<link rel="stylesheet" href="../assets/stylesheets/print.css">
</head>
<body>
<p class="toolbar"><a href="../">{say["print_back"]}</a> · {say["print_now"]}</p>
<header class="cover">
<h1>{name}</h1>
<p>{html.escape(guide.description)}</p>
<p>{say["of_version"].format(day=data("generated/tested")["date"])}</p>
<p><a href="{html.escape(guide.url)}">{html.escape(guide.url)}</a></p>
<p>{say["licence"]}</p>
</header>
<nav class="contents" aria-labelledby="contents">
<h2 id="contents">{say["contents"]}</h2>
{_contents(guide)}
</nav>
<main>"""
    ]
    for at, (title, pages) in enumerate(guide.chapters):
        if title:
            parts.append(
                f'<section class="chapter"><h1 id="chapter-{at}">{html.escape(title)}</h1>'
            )
        parts += [_section(page, known, guide) for page in pages]
        if title:
            parts.append("</section>")
    parts.append("</main>\n</body>\n</html>\n")
    return "\n".join(parts)


def _entry(target: str, title: str) -> str:
    return (
        f'<a href="#{target}">{html.escape(title)}<span class="dots"></span>'
        f'<span class="number" data-of="{target}"></span></a>'
    )


def _contents(guide: Guide) -> str:
    rows = []
    for at, (title, pages) in enumerate(guide.chapters):
        inner = [f"<li>{_entry(page_id(page), page.title)}</li>" for page in pages]
        if title:
            head = _entry(f"chapter-{at}", title)
            rows.append(f"<li>{head}<ol>{''.join(inner)}</ol></li>")
        else:
            rows += inner
    return f"<ol>{''.join(rows)}</ol>"


def _section(page: Page, known: dict[str, Page], guide: Guide) -> str:
    body = article(page)
    own = page_id(page)
    for one in body.xpath(".//*[@id]"):
        one.set("id", f"{own}--{one.get('id')}")
    for one in body.xpath(".//*[@for or @aria-labelledby or @aria-describedby or @headers]"):
        for name in ("for", "aria-labelledby", "aria-describedby", "headers"):
            if one.get(name):
                one.set(name, " ".join(f"{own}--{word}" for word in one.get(name).split()))
    for one in body.xpath(".//*[@href]"):
        one.set("href", _target(one.get("href"), page, known))
        one.attrib.pop("download", None)
    for one in body.xpath(".//*[@src]"):
        below = urljoin(page.url, one.get("src")).removeprefix(guide.url)
        one.set("src", f"../{below}")
    for one in list(body.iter(*HEADINGS)):
        one.tag = HEADINGS[one.tag]
    inner = (body.text or "") + "".join(_text(child) for child in body)
    link = f'<p class="source"><a href="{page.url}">{page.url}</a></p>'
    inner = re.sub(r"</h2>", f"</h2>\n{link}", inner, count=1)
    return f'<section class="page" id="{own}">{inner}</section>'


def _text(element: Any) -> str:
    return str(lxml.html.tostring(element, encoding="unicode"))


def _target(href: str, page: Page, known: dict[str, Page]) -> str:
    """Return where a link leads from the page of the whole guide."""
    address, fragment = urldefrag(urljoin(page.url, href))
    if address not in known:
        return address + (f"#{fragment}" if fragment else "")
    name = page_id(known[address])
    return f"#{name}--{fragment}" if fragment else f"#{name}"
