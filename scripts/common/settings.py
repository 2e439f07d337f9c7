"""Settings of the configuration: each is declared once, with its type, bounds and meaning.

A block of the configuration is a class; its key is the class's name in small letters:

    class Dice(Block):
        '''4.7 The sum of two dice.'''

        sides: int = setting("faces of each die", 2, 20)

A step says which settings of a block it reads, or which it leaves; it is given the former and
nothing else, as a frozen dataclass:

    class Settings(Dice, reads=("sides",)):
        '''What the checks read.'''
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from dataclasses import dataclass
from typing import Any

SEEDS = (0, 2**32 - 1)
"""The bounds of a seed."""


@dataclass(frozen=True)
class Setting:
    """What a setting means, its unit included, and which values it may have.

    least, most, above, below: bounds of a number, or of each number in a list. length: how many
    letters a text, or values a list, may have, from and to. distinct: no value twice in a list.
    choices: the only texts allowed. pattern: what all of a text must match (a regular expression).
    """

    meaning: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    length: tuple[int, int] | None = None
    distinct: bool = False
    choices: tuple[str, ...] = ()
    pattern: str = ""

    def __get__(self, settings: Any, owner: type) -> Setting:
        """Give the declaration for a class. Raises AttributeError where a step does not read it."""
        if settings is not None:
            raise AttributeError(f"{owner.__module__}.Settings does not name this setting")
        return self


def setting(*declared: Any, **more: Any) -> Any:
    """Declare a setting; arguments as in `Setting`."""
    return Setting(*declared, **more)


class Block:
    """A block of the configuration, which declares settings; or what a step reads of one."""

    if typing.TYPE_CHECKING:  # a dataclass, where it is what a step reads
        __dataclass_fields__: typing.ClassVar[dict[str, Any]]

    def __init_subclass__(
        cls, reads: tuple[str, ...] | None = None, leaves: tuple[str, ...] | None = None
    ) -> None:
        """Make a class with `reads` or `leaves` a frozen dataclass of settings of its block.

        What such a class declares itself comes from the step's rule. Raises TypeError for a
        setting that the block does not declare.
        """
        if reads is None and leaves is None:
            return
        declared, own = declarations(cls.__base__), inspect.get_annotations(cls)
        if unknown := [name for name in reads or leaves or () if name not in declared]:
            raise TypeError(f"{cls.__module__}: no setting {', '.join(unknown)} is declared.")
        names = [name for name in declared if name not in leaves] if leaves is not None else reads
        cls.__annotations__ = {name: declared[name][0] for name in names or ()} | own
        for name in names or ():
            setattr(cls, name, dataclasses.field(metadata={"help": declared[name][1].meaning}))
        dataclass(frozen=True)(cls)


def declarations(block: Any) -> dict[str, tuple[Any, Setting]]:
    """Return the type and the declaration of each setting of a block, by name, in their order."""
    hints = typing.get_type_hints(block)
    return {name: (hint, getattr(block, name)) for name, hint in hints.items()}


def key(name: str) -> str:
    """Return the key of the block that a class of this name declares: `GanGame` -> `gan_game`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def schema(block: type[Block]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a block: all its settings, and no others."""
    declared = declarations(block)
    return {
        "type": "object",
        "description": (block.__doc__ or "").strip(),
        "additionalProperties": False,
        "required": list(declared),
        "properties": {name: _schema(*found) for name, found in declared.items()},
    }


def _schema(kind: Any, setting: Setting) -> dict[str, Any]:
    of_all = {"description": setting.meaning}
    if typing.get_origin(kind) is list:
        bounds = {"minItems": setting.length[0], "maxItems": setting.length[1]}  # type: ignore[index]
        distinct = {"uniqueItems": True} if setting.distinct else {}
        items = _items(typing.get_args(kind)[0], setting)
        return of_all | {"type": "array"} | bounds | items | distinct
    return of_all | _scalar(kind, setting)


def _items(kind: Any, setting: Setting) -> dict[str, Any]:
    if typing.get_origin(kind) is not tuple:
        return {"items": _scalar(kind, setting)}
    kinds = typing.get_args(kind)
    row = {"type": "array", "minItems": len(kinds), "maxItems": len(kinds)}
    return {"items": row | {"items": _scalar(kinds[0], setting)}}


def _scalar(kind: Any, setting: Setting) -> dict[str, Any]:
    if kind is str:
        found: dict[str, Any] = {"type": "string"}
        if setting.length:
            found |= {"minLength": setting.length[0], "maxLength": setting.length[1]}
        if setting.choices:
            found |= {"enum": list(setting.choices)}
        return found | ({"pattern": setting.pattern} if setting.pattern else {})
    bounds = {
        "minimum": setting.least, "maximum": setting.most,
        "exclusiveMinimum": setting.above, "exclusiveMaximum": setting.below,
    }  # fmt: skip
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"type": {int: "integer", float: "number"}[kind]} | given
