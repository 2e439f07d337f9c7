"""One command line for every step: settings in, named files in, named files out.

What a step reads of the settings is a frozen dataclass (`scripts.common.settings`); each field
becomes a required option (`largest_m` is `--largest-m`). Scalars are given as they are, lists and
mappings as JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from scripts.common.settings import Block

SettingsT = TypeVar("SettingsT")


class NoSettings(Block, reads=()):
    """What a step reads that depends on its files only."""


class Files(argparse.Namespace):
    """The paths of a step's files, by name: a `Path`, or a list of them."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no file named {name!r} was declared for this step")


def option(name: str) -> str:
    """Return the option that carries the setting or file `name`: `largest_m` -> `--largest-m`."""
    return "--" + name.replace("_", "-")


def text_of(value: Any) -> str:
    """Return a setting's value as the one word that `parse` reads back unchanged."""
    return value if isinstance(value, str) else json.dumps(value, allow_nan=False)


def parse(
    description: str | None,
    settings: type[SettingsT] = NoSettings,  # type: ignore[assignment]
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    arguments: Sequence[str] | None = None,
    several: Sequence[str] = (),
) -> tuple[SettingsT, Files]:
    """Read a step's command line.

    description: the module's docstring, shown by `--help`.
    settings: a dataclass, left out by a step that reads none; every field is a required option,
        its type one of bool, int, float, str, list, dict (the last two as JSON).
    inputs, outputs: names of files; each is a required option holding a path, or, if it is among
        `several`, any number of them.
    arguments: the words to read; None means `sys.argv[1:]`.

    Returns the settings and the paths. Exits with code 2 and one line on a bad command line.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    types = typing.get_type_hints(settings)
    for field in dataclasses.fields(typing.cast(Any, settings)):
        kind = typing.get_origin(types[field.name]) or types[field.name]
        parser.add_argument(
            option(field.name),
            required=True,
            type=_reader(kind),
            metavar=kind.__name__.upper(),
            help=field.metadata.get("help"),
        )
    for names, role in ((inputs, "read by the step"), (outputs, "written")):
        for name in names:
            count = "*" if name in several else None
            parser.add_argument(
                option(name), required=True, type=Path, nargs=count, metavar="PATH", help=role
            )
    found = vars(parser.parse_args(arguments))
    files = Files(**{name: found.pop(name) for name in (*inputs, *outputs)})
    return settings(**found), files


def _reader(kind: type) -> Any:
    def read(text: str) -> Any:
        if kind is str:
            return text
        value = json.loads(text)
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise ValueError(text)
        return value

    read.__name__ = kind.__name__  # argparse names it in "invalid int value: 'x'"
    return read
