"""The guide as plain text for programs: each page as Markdown, ``llms.txt``, ``llms-full.txt``.

mkdocs-llmstxt drops the labels of tabs, sorts pages by name and not as the navigation does, and
names files ``index.md``, where llmstxt.org has ``index.html.md``; what would mend that is as long
as this module, whose cleaned articles the page to print needs as well.
"""

from __future__ import annotations

import copy
import functools
import re
from typing import Any

import lxml.html
from bs4 import Tag
from markdownify import MarkdownConverter

from site_builder.formats.contents import ARTICLE, Guide, Page
from site_builder.site_data import word

NAME = "index.html.md"  # as llmstxt.org has it, for an address that ends with a slash
# What serves the eye and the mouse only.
IDLE = " | ".join(
    f".//{element}"
    for element in (
        'a[contains(@class, "headerlink")]',
        "button",
        "script",
        "input",
        "form",
        "template",
        "nav",
        '*[contains(@class, "tabbed-labels")]',
        '*[contains(@class, "md-content__button")]',
        "*[@hidden]",
        '*[contains(@class, "page-foot")]',
        '*[contains(concat(" ", @class, " "), " own-names ")]',
        '*[contains(concat(" ", @class, " "), " no-print ")]',
    )
)


class _Tag(Tag):
    """An element; in a ``pre`` there is none, since all that it says was made text."""

    def find_parent(self, name: Any = None, *rest: Any, **more: Any) -> Any:
        # Asked of each element by markdownify, for which this is most of its time.
        return None if name == "pre" else super().find_parent(name, *rest, **more)


class _Converter(MarkdownConverter):
    """Markdown that any reader of it understands: boxes become quotes, titles become text."""

    def convert_div(self, el: Any, text: str, parent_tags: Any) -> str:
        if "admonition" in (el.get("class") or []):
            return "\n\n" + re.sub(r"^", "> ", text.strip(), flags=re.M) + "\n\n"
        return f"\n\n{text.strip()}\n\n"

    def convert_span(self, el: Any, text: str, parent_tags: Any) -> str:
        if "filename" in (el.get("class") or []):
            return f"\n\n*{text.strip()}*\n\n"
        return text

    def convert_dt(self, el: Any, text: str, parent_tags: Any) -> str:
        return f"\n\n**{text.strip()}**\n\n"

    def convert_dd(self, el: Any, text: str, parent_tags: Any) -> str:
        return f"\n\n{text.strip()}\n\n"


def _language(pre: Any) -> str:
    box = pre.find_parent("div", class_="highlight")
    names = (box.get("class") or []) if box else []
    kind = next((name for name in names if name.startswith("language-")), "")
    return kind.removeprefix("language-").replace("text", "")


def article(page: Page) -> Any:
    """Return a copy of what a page says, without what serves the eye and the mouse only."""
    return copy.deepcopy(_article(page))


@functools.cache
def _article(page: Page) -> Any:
    body = copy.deepcopy(page.tree.xpath(ARTICLE)[0])
    for element in body.xpath(IDLE):
        element.drop_tree()
    _open(body)
    labels = {
        label.get("for"): label.text_content()
        for label in page.tree.xpath('//*[contains(@class, "tabbed-labels")]/label')
    }
    for tabs in body.xpath('.//*[contains(concat(" ", @class, " "), " tabbed-set ")]'):
        number = (tabs.get("data-tabs") or "").partition(":")[0]
        for at, block in enumerate(tabs.xpath('.//*[contains(@class, "tabbed-block")]'), 1):
            name = lxml.html.Element("p")
            strong = lxml.html.Element("strong")
            strong.text = labels.get(f"__tabbed_{number}_{at}", "")
            name.append(strong)
            block.insert(0, name)
    return body


def _open(body: Any) -> None:
    """Put what a reader of the site opens into the text, in which nothing can be opened."""
    for details in body.xpath('.//details[contains(@class, "proof")]'):
        details.find("summary").drop_tree()
        (paragraph,) = details
        paragraph.set("class", details.get("class"))
        for line_break in paragraph.xpath("br"):
            line_break.tag, line_break.text = "span", " · "
            line_break.set("class", "between")
        details.drop_tag()
    for details in body.xpath('.//details[contains(@class, "message")]'):
        details.tag = "div"
        details.find("summary").drop_tag()


def markdown(page: Page) -> str:
    """Return a page as Markdown, with whole addresses and without marks of the site."""
    body = article(page)
    for drawing in body.xpath('.//div[@role="img"]'):  # its words follow it as a list
        drawing.drop_tree()
    body.make_links_absolute(page.url)
    for table in body.xpath('.//table[contains(@class, "highlighttable")]'):
        table.drop_tag()
    for pre in body.xpath(".//pre"):  # the colours of its words are hundreds of elements
        text = pre.text_content()
        del pre[:]
        pre.text = text
    # Its stub asks for a text here; it hands a mapping on to BeautifulSoup as it is.
    parser: Any = {"features": "lxml", "element_classes": {Tag: _Tag}}
    converter = _Converter(
        bs4_options=parser,
        heading_style="atx",
        bullets="-",
        escape_underscores=False,
        code_language_callback=_language,
    )
    text = converter.convert(lxml.html.tostring(body, encoding="unicode"))
    text = re.sub(r"[ \t]+$", "", text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def write(guide: Guide) -> None:
    """Write the plain text of one language beside its pages."""
    lines = [f"# {guide.name}", "", f"> {guide.description}", ""]
    full = list(lines)
    last = None
    for title, pages in guide.chapters:
        for page in pages:
            text = markdown(page)
            head = f"<{page.url}>"
            (page.file.parent / NAME).write_text(text, encoding="utf-8")
            if (title or "") != last:
                lines += ["", f"## {title or word('more_pages', guide.language)}", ""]
                last = title or ""
            lines.append(f"- [{page.title}]({page.url}{NAME}): {page.description}")
            full += ["---", "", head, "", text]
    for name, parts in (("llms.txt", lines), ("llms-full.txt", full)):
        content = re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip() + "\n"
        (guide.folder / name).write_text(content, encoding="utf-8")
