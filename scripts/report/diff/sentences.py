"""Which sentences of a text are others; a value in one is a name, so another value is none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_END = re.compile(
    r"\n[ \t]*\n"  # of a paragraph
    r"|\n(?=[ \t]*(?:[-*+|#:>]|\d+[.)]|!\[))"  # of an item, a row, a heading, a figure
    r"|(?<=[.?!])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[A-Z\[$*@`\\])"  # of a sentence
)


@dataclass(frozen=True)
class Sentence:
    """A sentence, its blanks single, and the line on which it begins."""

    text: str
    line: int


def changes(old: str, new: str) -> Iterator[tuple[Sentence | None, Sentence | None]]:
    """Yield each sentence that is another, old and new; None where there is none."""
    before, after = list(_sentences(old)), list(_sentences(new))
    texts = [sentence.text for sentence in before], [sentence.text for sentence in after]
    matcher = difflib.SequenceMatcher(None, *texts, autojunk=False)
    for tag, start, end, to, until in matcher.get_opcodes():
        if tag != "equal":
            for index in range(max(end - start, until - to)):
                yield (
                    before[start + index] if start + index < end else None,
                    after[to + index] if to + index < until else None,
                )


def _sentences(text: str) -> Iterator[Sentence]:
    # A comment is printed nowhere; its lines stay, for the counting.
    text = _COMMENT.sub(lambda found: re.sub(r"[^\n]", "", found[0]), text)
    start = 0
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        part = text[start:end]
        if words := " ".join(part.split()):
            first = start + len(part) - len(part.lstrip())
            yield Sentence(words, text.count("\n", 0, first) + 1)
        start = end
