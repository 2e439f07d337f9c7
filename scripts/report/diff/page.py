"""The differences as one HTML file that loads nothing: figures side by side, words marked."""

from __future__ import annotations

import base64
import difflib
import html
import re
from collections.abc import Iterable, Iterator, Sequence

from scripts.report.diff.built import Built
from scripts.report.diff.pictures import difference
from scripts.report.diff.rows import Row
from scripts.report.diff.told import HEADS, text

_MEDIA = {".svg": "svg+xml", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}

_STYLE = """
:root { color-scheme: light; font: 16px/1.45 system-ui, sans-serif; color: #1d1d1f }
body { max-width: 80rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
nav a { margin-right: 1.2em }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0 }
tr { border-bottom: 1px solid #ddd } thead { color: #555 }
code, pre { font: .85rem/1.4 ui-monospace, monospace; overflow-wrap: break-word }
pre { white-space: pre-wrap } pre, p { margin: 0 }
ul { margin: 0; padding: 0; list-style: none }
small, figcaption { color: #555; font-size: .85rem }
section > article { border-top: 1px solid #ddd; padding: .8rem 0 }
article > div { display: flex; gap: 1rem } figure { flex: 1; margin: 0; min-width: 0 }
img { width: 100%; height: auto; border: 1px solid #eee }
del { background: #ffd7d5; color: #82071e } ins { background: #d3f2da; color: #0a4a1c }
.fails { color: #a40e26; font-weight: 600 }
"""


def page(rows: Sequence[Row], old: Built, new: Built) -> str:
    """Return the page of a comparison."""
    title = f"{_(old.name)} → {_(new.name)}"
    parts = [f"<h1>{title}</h1>"]
    if not rows:
        parts.append(f"<p>{_(text(rows, old.name, new.name))}</p>")
    chosen = {kind: [row for row in rows if row.kind == kind] for kind in HEADS}
    links = (
        f'<a href="#{kind}">{HEADS[kind]} ({len(found)})</a>'
        for kind, found in chosen.items()
        if found
    )
    parts.append(f"<nav>{''.join(links)}</nav>")
    for kind, found in chosen.items():
        if found:
            shown = _table(found) if kind in ("cause", "number", "check") else "".join(
                _article(row, old, new) for row in found
            )  # fmt: skip
            parts.append(f'<section id="{kind}"><h2>{HEADS[kind]}</h2>{shown}</section>')
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</html>\n"
    )


def _(words: str) -> str:
    return html.escape(words).replace(" -&gt; ", " → ")


def _name(name: str) -> str:
    """A name, which may be broken behind the signs between its words."""
    parts = re.sub("[._/-]", r"\g<0><wbr>", _(name))
    return f"<code>{parts}</code>"


def _table(rows: Sequence[Row]) -> str:
    """Causes, numbers or checks."""
    if rows[0].kind == "cause":
        head = ["Change", "What came of it"]
        lines = [[_name(row.name), _(row.change)] for row in rows]
    else:
        head = ["Name", "Old", "New", "Change", "In the text", "Because"]
        lines = [
            [
                _name(row.name), _(row.old), _(row.new), _verdict(row.change),
                _list(row.places), _list(row.reasons),
            ]
            for row in rows
        ]  # fmt: skip
    heads = "".join(f"<th>{name}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _verdict(change: str) -> str:
    return f'<span class="fails">{_(change)}</span>' if "fails" in change else _(change)


def _list(words: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{_(one)}</li>' for one in words)}</ul>"


def _article(row: Row, old: Built, new: Built) -> str:
    """A figure, a table or a sentence: both sides, and what differs."""
    if row.kind == "figure":
        shown = "".join(_figures(row, old, new))
    elif row.kind == "table":
        shown = f"<pre>{_marked(_content(old, row.old), _content(new, row.new))}</pre>"
    else:
        shown = f"<p>{_marked(row.old, row.new)}</p>"
    told = [row.change, ", ".join(row.places), *row.reasons]
    return (
        f"<article>{_name(row.name)} <small>{_('; '.join(filter(None, told)))}</small>"
        f"<div>{shown}</div></article>"
    )


def _content(side: Built, path: str) -> str:
    return (side.root / path).read_text("utf-8") if path else ""


def _figures(row: Row, old: Built, new: Built) -> Iterator[str]:
    files = [side.root / path for side, path in ((old, row.old), (new, row.new)) if path]
    names = [side.name for side, path in ((old, row.old), (new, row.new)) if path]
    for file, name in zip(files, names, strict=True):
        yield _figure(file.read_bytes(), _MEDIA[file.suffix], name)
    if len(files) == 2:
        words = "red: only in the old one, blue: only in the new one"
        yield _figure(difference(*files), "png", words)


def _figure(content: bytes, media: str, caption: str) -> str:
    data = base64.b64encode(content).decode()
    return (
        f'<figure><img src="data:image/{media};base64,{data}" alt="{_(caption)}">'
        f"<figcaption>{_(caption)}</figcaption></figure>"
    )


def _marked(old: str, new: str) -> str:
    """A text with the words marked that went and that came."""
    first, second = (re.findall(r"\s+|\w+|[^\w\s]", side) for side in (old, new))
    parts = []
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    for tag, start, end, to, until in matcher.get_opcodes():
        gone, come = _("".join(first[start:end])), _("".join(second[to:until]))
        if tag == "equal":
            parts.append(gone)
        else:
            parts += [f"<del>{gone}</del>"] * bool(gone) + [f"<ins>{come}</ins>"] * bool(come)
    return "".join(parts)
