"""An exercise's checks, its mathematics broken on purpose, and its steps run as commands."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.common.command_line import NoSettings, option, text_of

Break = Callable[[pytest.MonkeyPatch, Arrays], Arrays | None]
"""Breaks something for one test; returns the results that come out otherwise, if any."""


def patch(
    place: Any, name: str, wrong: Any, again: Callable[[Arrays], Arrays] | None = None
) -> Break:
    """Replace what a module or class holds; `again` then computes the results that hang on it."""

    def apply(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays | None:
        monkeypatch.setattr(place, name, wrong)
        return again(arrays) if again else None

    return apply


def change(name: str, wrong: Callable[[Any], Any]) -> Break:
    """Replace an array of the results by what `wrong` makes of it."""
    return lambda monkeypatch, arrays: {name: wrong(arrays[name].copy())}


@dataclasses.dataclass(frozen=True)
class Maker:
    """A function that makes checks, one or a list, and what it made each time."""

    place: ModuleType
    function: Callable[..., Any]
    made: list[Any] = dataclasses.field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The names of its checks."""
        return {name(one) for made in self.made for one in (made if type(made) is list else [made])}

    @property
    def constant(self) -> bool:
        """Whether it asks neither settings nor results."""
        return not inspect.signature(self.function).parameters

    def recorded(self, *given: Any, **named: Any) -> Any:
        """Call it, and remember what it made."""
        self.made.append(self.function(*given, **named))
        return self.made[-1]

    def replace(self, monkeypatch: pytest.MonkeyPatch, by: Callable[..., Any]) -> None:
        """Let its module call another function."""
        monkeypatch.setattr(self.place, self.function.__name__, by)


def name(check: Check) -> str:
    """The name of a check without its exercise's."""
    return check.id.partition(".")[2]


def failed(checks: Iterable[Check]) -> set[str]:
    """The names of the checks that did not pass."""
    return {name(check) for check in checks if not check.passed}


class Checks:
    """The checks of an exercise on sound results; then one alone, on something broken.

    check: the exercise's step, whose modules have the functions that make checks; these are found
    by the type that they say they return. knobs: its settings, and what other steps read.
    """

    def __init__(self, check: Any, knobs: Mapping[str, Any], sound: Arrays) -> None:
        self.check, self.knobs, self.sound = check, knobs, sound
        self.makers = [
            Maker(module, function)
            for _, module in inspect.getmembers(check, inspect.ismodule)
            for _, function in inspect.getmembers(module, inspect.isfunction)
            if function.__annotations__.get("return") in ("Check", "list[Check]")
        ]
        with pytest.MonkeyPatch.context() as monkeypatch:
            for maker in self.makers:
                maker.replace(monkeypatch, maker.recorded)
            self.found = self.examine(knobs, sound)

    def examine(self, knobs: Mapping[str, Any], arrays: Arrays) -> list[Check]:
        """All checks of some results."""
        found: list[Check] = self.check.checks(settings_of(self.check.Settings, knobs), arrays)
        return found

    def must_pass_and_be_broken_by(self, breaks: Iterable[tuple[str, Break]]) -> None:
        """All checks pass, and each has a break."""
        assert not failed(self.found), failed(self.found)
        odd = {name(check) for check in self.found} ^ {broken for broken, _ in breaks}
        assert not odd, f"a check without a break, or the reverse: {odd}"

    def must_pass(
        self, monkeypatch: pytest.MonkeyPatch, knobs: Mapping[str, Any], arrays: Arrays
    ) -> None:
        """All theorems hold with other settings; what does not ask for them is not made again."""
        self.repeat(monkeypatch, lambda maker: maker.constant)
        wrong = failed(one for one in self.examine(knobs, arrays) if not one.observed)
        assert not wrong, wrong

    def must_notice(self, monkeypatch: pytest.MonkeyPatch, wanted: str, apply: Break) -> None:
        """The check fails on what is broken; the others are not made again."""
        self.repeat(monkeypatch, lambda maker: wanted not in maker.names)
        arrays = self.sound | (apply(monkeypatch, self.sound) or {})
        noticed = wanted in failed(self.examine(self.knobs, arrays))
        assert noticed, f"{wanted} passes on what is broken"

    def repeat(self, monkeypatch: pytest.MonkeyPatch, which: Callable[[Maker], bool]) -> None:
        """Let some makers make again what they made, without work."""
        for maker in filter(which, self.makers):
            made = itertools.cycle(maker.made)
            maker.replace(monkeypatch, lambda *_, made=made, **__: next(made))


def each(breaks: list[tuple[str, Break]]) -> pytest.MarkDecorator:
    """Run a test for each break."""
    return pytest.mark.parametrize(("wanted", "apply"), breaks, ids=[name for name, _ in breaks])


# ---------------------------------------------------------------- settings and steps


def settings_of(kind: Any, knobs: Mapping[str, Any]) -> Any:
    """What a step reads of the settings."""
    return kind(**{field.name: knobs[field.name] for field in dataclasses.fields(kind)})


def run_step(
    monkeypatch: pytest.MonkeyPatch, step: Any, knobs: Mapping[str, Any], **files: Path
) -> None:
    """Run a step as its rule does, with what it reads of the settings."""
    own = dataclasses.asdict(settings_of(getattr(step, "Settings", NoSettings), knobs))
    texts = {key: text_of(value) for key, value in own.items()} | files
    words = [word for key, text in texts.items() for word in (option(key), str(text))]
    monkeypatch.setattr("sys.argv", [step.__name__, *words])
    step.main()


def run_steps(
    monkeypatch: pytest.MonkeyPatch, steps: Iterable[Any], knobs: Mapping[str, Any],
    folder: Path, displays: str, plots: Mapping[str, Path] | None = None, **read: Path,
) -> dict[str, Path]:  # fmt: skip
    """Compute, check and plot; `displays`: names of figures, and of tables with their ending.

    plots: files that only plot reads or writes; read: files that only compute reads.

    Returns the files, by name.
    """
    compute, check, plot = steps
    arrays, checks = {"arrays": folder / "a.npz"}, {"checks": folder / "c.json"}
    summary = {"summary": folder / "s.json"}
    names = [name if "." in name else f"{name}.svg" for name in displays.split()]
    shown = {Path(name).stem: folder / name for name in names}
    run_step(monkeypatch, compute, knobs, **arrays, **summary, **read)
    run_step(monkeypatch, check, knobs, **arrays, **checks)
    run_step(monkeypatch, plot, knobs, **arrays, **shown, **(plots or {}))
    for path in shown.values():
        assert path.read_text("utf-8").startswith("<svg" if path.suffix == ".svg" else "|")
    return arrays | summary | checks | shown
