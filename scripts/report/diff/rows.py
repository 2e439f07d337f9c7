"""What differs between two builds, a row for each thing, and why: the reasons of `make why`."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from scripts.pipeline import why
from scripts.pipeline.contract import Contract
from scripts.report.diff import sentences
from scripts.report.diff.built import PICTURES, Built, Found

Kind = Literal["cause", "number", "check", "figure", "table", "sentence"]


@dataclass(frozen=True)
class Row:
    """One difference. `old` and `new` are empty where there was or is nothing.

    change: what it amounts to. places: where the text shows it. reasons: in the words of `make
    why`.
    """

    kind: Kind
    name: str
    old: str = ""
    new: str = ""
    change: str = ""
    places: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def compare(old: Built, new: Built, root: Path) -> list[Row]:
    """Return all differences. root: the repository, whose code is that of the newer side."""
    why_other = Reasons(old, new, root)
    return [
        *_causes(why_other),
        *_numbers(old, new, why_other),
        # Those first whose verdict changed.
        *sorted(_checks(old, new, why_other), key=lambda row: not row.change),
        *_displays(old, new, why_other),
        *_sentences(old, new),
    ]


@dataclass(frozen=True, eq=False)
class Reasons:
    """Why results differ: the contracts of both sides, part by part, back to the first cause."""

    old: Built
    new: Built
    root: Path

    @functools.cache  # noqa: B019 (it lives as long as one comparison)
    def own(self, path: str) -> tuple[str, ...]:
        """Why the step that makes a file is another."""
        before, after = self.old.records.get(path), self.new.records.get(path)
        if before and after:
            wanted = Contract(**after["contract"])
            return tuple(why.differences(self.root, before["contract"], wanted))
        return (f"{path} {'is new' if after else 'is made no more'}",)

    @functools.cache  # noqa: B019
    def of(self, path: str) -> tuple[str, ...]:
        """Why a file has other bytes; nothing if it has the same."""
        before, after = self.old.records.get(path), self.new.records.get(path)
        if before and after and before["sha256"] == after["sha256"]:
            return ()
        if before is None and after is None:
            return (f"{path} was edited",) if Path(path).suffix in PICTURES else ()
        read = sorted(_inputs(before) | _inputs(after))
        further = (reason for name in read if self._is_made(name) for reason in self.of(name))
        return tuple(dict.fromkeys([*self.own(path), *further]))

    def _is_made(self, path: str) -> bool:
        return path in self.old.records or path in self.new.records


def _inputs(record: Mapping[str, Any] | None) -> set[str]:
    return set(record["inputs"]) if record else set()


def _causes(reasons: Reasons) -> Iterator[Row]:
    """A row for each thing that was changed: the steps that read it, and what came of it."""
    found: dict[str, dict[str, bool]] = {}
    for path in sorted(reasons.old.records.keys() | reasons.new.records.keys()):
        records = [side.records.get(path) for side in (reasons.old, reasons.new)]
        same = all(records) and len({record["sha256"] for record in records if record}) == 1
        step = next(record["contract"]["step"] for record in reversed(records) if record)
        for reason in reasons.own(path):
            steps = found.setdefault(reason, {})
            steps[step] = steps.get(step, False) or not same
    for reason, steps in found.items():
        told = [
            f"{word}: {', '.join(names)}"
            for word, other in (("other results", True), ("the same results", False))
            if (names := [step for step, differs in steps.items() if differs is other])
        ]
        yield Row("cause", reason, change="; ".join(told))


def _numbers(old: Built, new: Built, reasons: Reasons) -> Iterator[Row]:
    for key, was, now, file in _changed(old.values, new.values):
        yield Row(
            "number", key, was.get("text", ""), now.get("text", ""),
            _relative(was.get("value"), now.get("value"), was.get("text") == now.get("text")),
            (new if now else old).places.get(key, ()), reasons.of(file),
        )  # fmt: skip


def _relative(old: Any, new: Any, alike: bool) -> str:
    """The relative change of a number in words, if it is one."""
    if old is None or new is None:
        return "is new" if old is None else "is gone"
    told = ""
    if all(isinstance(number, (int, float)) for number in (old, new)) and old != 0:
        told = f"{100 * (new - old) / abs(old):+.3g} %"
    return f"{told}, printed alike".lstrip(", ") if alike else told


def _checks(old: Built, new: Built, reasons: Reasons) -> Iterator[Row]:
    for name, was, now, file in _changed(old.checks, new.checks):
        verdicts = [_verdict(check) for check in (was, now)]
        change = "" if verdicts[0] == verdicts[1] else " -> ".join(verdicts)
        if not was or not now:
            change = "is new" if now else "is gone"
        elif was.get("statement") != now.get("statement"):
            change = f"{change}, in other words".lstrip(", ")
        shown = [_result(check, ".4g") for check in (was, now)]
        if shown[0] == shown[1]:
            shown = [_result(check, "") for check in (was, now)]
        where = ((now or was)["claim"],)
        yield Row("check", name, shown[0], shown[1], change, where, reasons.of(file))


def _verdict(check: Mapping[str, Any]) -> str:
    return "holds" if check.get("passed") else "fails"


def _result(check: Mapping[str, Any], form: str) -> str:
    """What a check found and what it allows; floats in a form of Python's."""
    if not check:
        return ""
    value, bound = (
        format(number, form) if isinstance(number, float) else str(number)
        for number in (check["value"], check["bound"])
    )
    return f"{value} {check.get('relation', 'against')} {bound}, {_verdict(check)}"


def _displays(old: Built, new: Built, reasons: Reasons) -> Iterator[Row]:
    for path in sorted(old.displays.keys() | new.displays.keys()):
        before, after = old.displays.get(path), new.displays.get(path)
        if before != after:
            kind: Kind = "figure" if path.endswith(PICTURES) else "table"
            change = "is new" if before is None else "is gone" if after is None else ""
            was, now = path if before else "", path if after else ""
            where = (new if after else old).places.get(path, ())
            yield Row(kind, path, was, now, change, where, reasons.of(path))


def _sentences(old: Built, new: Built) -> Iterator[Row]:
    for file in sorted(old.texts.keys() | new.texts.keys()):
        texts = old.texts.get(file, ""), new.texts.get(file, "")
        for before, after in sentences.changes(*texts):
            change = "is new" if before is None else "is gone" if after is None else ""
            was, now = (side.text if side else "" for side in (before, after))
            line = next(side.line for side in (after, before) if side)
            row = Row("sentence", f"{file}:{line}", was, now, change)
            yield replace(row, reasons=(f"{file} was edited",))


def _changed(
    old: Mapping[str, Found], new: Mapping[str, Found]
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any], str]]:
    """Yield what has another content: its name, old and new content, the file that says so."""
    for name in [*new, *(name for name in old if name not in new)]:
        was, now = (side[name].content if name in side else {} for side in (old, new))
        if json.dumps(was, sort_keys=True) != json.dumps(now, sort_keys=True):
            yield name, was, now, (new.get(name) or old[name]).file
