"""The configuration: strict reading, and a refusal that tells the author what to change.

The file is read as `scripts.common.strict_yaml` has it, and numbers must be written in decimal
(`1:30` would be 90, and `010` 8).
"""

from __future__ import annotations

import functools
import importlib
import itertools
import json
import math
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.common import settings, strict_yaml
from scripts.common.strict_yaml import DEEPEST, YamlError

CONFIG = "workflow/config.yaml"
SCHEMA = "workflow/schemas/config.schema.json"
"""The schema for editors, which is generated from the declarations: `python -m
scripts.pipeline.config`."""

LARGEST_FILE = 200_000
"""Bytes; a configuration beyond this is a mistake, and reading it could be an attack."""

MOST_VALUES = 10_000
"""Values in a configuration; aliases in a file named on the command line could make billions."""

_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_DECIMAL = re.compile(
    r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


class ConfigError(Exception):
    """A configuration that cannot be used; the message names the key and the remedy."""


def check_folder(root: Path) -> None:
    """End the process with a message if the build cannot work in the repository's folder.

    Snakemake takes braces in the path for wildcards, Pandoc's Lua a semicolon for the end of a
    path, and all paths are relative to the folder.
    """
    if misread := set("{};") & set(str(root)):
        raise SystemExit(
            f"The path {root} holds {' and '.join(sorted(misread))}, which Snakemake or Pandoc "
            "would misread; rename the folder."
        )
    if Path.cwd().resolve() != root.resolve():
        raise SystemExit(f"This is {Path.cwd()}; run Snakemake in {root}: cd there first.")


def check_file(root: Path) -> None:
    """End the process with a message if the configuration file is not strict YAML.

    Called before Snakemake reads the file in its own, more lenient way. The folder must be fit too.
    """
    check_folder(root)
    try:
        read_yaml(root / CONFIG)
    except ConfigError as error:
        raise SystemExit(str(error)) from None


def check(root: Path, config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the settings by block, numbers of the declared type, if they are as declared.

    config: what Snakemake made of the file and of `--config` and `--configfile`. Ends the process
    with a message if a setting is not as it is declared.
    """
    declared = blocks(root)
    try:
        validate(config, read_schema(root), CONFIG)
    except ConfigError as error:
        raise SystemExit(str(error)) from None
    kinds = {name: settings.declarations(block) for name, block in declared.items()}
    return {
        name: {inner: _of_kind(kinds[name][inner][0], value) for inner, value in block.items()}
        for name, block in config.items()
    }


def _of_kind(kind: Any, value: Any) -> Any:
    """A value as its declared type has it: 2 is 2.0 where a float is declared."""
    if isinstance(value, list):
        inner = typing.get_args(kind)[0]
        return [_of_kind(inner, item) for item in value]
    return float(value) if kind is float else value


@functools.cache
def blocks(root: Path) -> dict[str, type[settings.Block]]:
    """Return every block of the configuration by its key, from each `settings.py` in `scripts`."""
    found = {}
    for path in sorted((root / "scripts").rglob("settings.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        for block in vars(importlib.import_module(name)).values():
            if isinstance(block, type) and block.__base__ is settings.Block:
                found[settings.key(block.__name__)] = block
    return found


def read_schema(root: Path) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the configuration."""
    declared = blocks(root)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of the assignment",
        "type": "object",
        "additionalProperties": False,
        "required": list(declared),
        "properties": {name: settings.schema(block) for name, block in declared.items()},
    }


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file of plain data.

    Raises ConfigError, naming the file, if it is missing, too large, not YAML, not a mapping, or
    uses aliases, tags or repeated keys.
    """
    try:
        content = path.read_bytes()
        if len(content) > LARGEST_FILE:
            raise YamlError(1, f"{len(content)} bytes, more than the {LARGEST_FILE} allowed.")
        root = strict_yaml.compose(content.decode("utf-8-sig"))
        for node in strict_yaml.scalars(root):
            if node.tag in _NUMBERS and not _DECIMAL.fullmatch(node.value):
                raise strict_yaml.fault(
                    node,
                    f"{_shown(node.value)} is not a decimal number; write 90, not 1:30 or 0x5a, "
                    "and text in quotes.",
                )
        return strict_yaml.construct(root)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); restore it from git."
        ) from None
    except YamlError as error:
        raise ConfigError(f"{path}: line {error.line}: {error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not readable as text: {error}") from None


def validate(config: Mapping[str, Any], schema: Mapping[str, Any], name: str) -> None:
    """Check a configuration against a JSON Schema (draft 2020-12, integers and numbers strict).

    name: the file to name in messages. Raises ConfigError with one line for each fault: the key,
    the value given, what is allowed.
    """
    values = list(itertools.islice(_values(config), MOST_VALUES + 1))
    if len(values) > MOST_VALUES:
        raise ConfigError(f"{name}: more than {MOST_VALUES} values, the last in {values[-1][0]}.")
    faults = [
        f"{name}: {path} is {_shown(value)}; a finite number is needed."
        for path, value in values
        if isinstance(value, float) and not math.isfinite(value)
    ]
    faults += [f"{name}: {fault}" for fault in _faults(config, schema, ())]
    if faults:
        raise ConfigError("\n".join(faults))


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) is int or (type(value) is float and math.isfinite(value)),
}
_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "enum": lambda value, choices: value in choices,
    "minimum": lambda value, least: value >= least,
    "maximum": lambda value, most: value <= most,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
    "minLength": lambda text, least: len(text) >= least,
    "maxLength": lambda text, most: len(text) <= most,
    "minItems": lambda items, least: len(items) >= least,
    "maxItems": lambda items, most: len(items) <= most,
    "pattern": lambda text, pattern: re.fullmatch(pattern, text) is not None,
    "uniqueItems": lambda items, _: not any(a == b for a, b in itertools.combinations(items, 2)),
}
"""What `scripts.common.settings` declares. Loading the package jsonschema, which the tests hold
against this, takes longer than all of the comparison at start-up."""


def _faults(value: Any, schema: Mapping[str, Any], path: tuple[Any, ...]) -> Iterator[str]:
    """Say what is wrong with a value, or with what is in it."""
    where = ".".join(map(_name, path)) or "the top level"
    limits = ((_HOLDS[key], limit) for key, limit in schema.items() if key in _HOLDS)
    if not (_TYPES[schema["type"]](value) and all(holds(value, limit) for holds, limit in limits)):
        meaning = f" ({schema['description']})" if "description" in schema else ""
        yield f"{where} is {_shown(value)}; allowed: {_allowed(schema)}{meaning}."
    elif schema["type"] == "object":
        known = schema["properties"]
        if unknown := sorted(_name(key) for key in value if key not in known):
            told = ", ".join(sorted(known))
            yield f"unknown key {', '.join(unknown)} in {where}; known there: {told}."
        if missing := [key for key in known if key not in value]:
            yield f"{where} lacks the key {', '.join(missing)}; add it."
        for key in (key for key in known if key in value):
            yield from _faults(value[key], known[key], (*path, key))
    elif schema["type"] == "array":
        for index, item in enumerate(value):
            yield from _faults(item, schema["items"], (*path, index))


def _allowed(schema: Mapping[str, Any]) -> str:
    words = {
        "type": "{}", "enum": "one of {}", "minimum": "at least {}", "maximum": "at most {}",
        "exclusiveMinimum": "more than {}", "exclusiveMaximum": "less than {}",
        "minLength": "at least {} characters", "maxLength": "at most {} characters",
        "minItems": "at least {} items", "maxItems": "at most {} items",
        "pattern": "text that matches {}", "uniqueItems": "no item twice",
    }  # fmt: skip
    return ", ".join(
        text.format(_plain(schema[key])) for key, text in words.items() if key in schema
    )


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _name(key: object) -> str:
    """A key as it may be printed: no control characters, not too long."""
    return _shown(str(key))[1:-1] if isinstance(key, str) else _shown(key)


def _values(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield every value, blocks too, with its path. ConfigError beyond `DEEPEST` levels."""
    if depth > DEEPEST:
        raise ConfigError(f"{path[:80]}: nested more than {DEEPEST} levels deep.")
    yield path, value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            name = f"{path}.{_name(key)}" if path else _name(key)
            yield from _values(inner, name, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _values(inner, f"{path}[{index}]", depth + 1)


def schema_text(found: Mapping[str, Any]) -> str:
    """Return a schema as JSON text, a line for each block."""
    lines = [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in found["properties"].items()]
    rest = json.dumps({name: value for name, value in found.items() if name != "properties"})
    return rest[:-1] + ', "properties": {\n' + ",\n".join(lines) + "\n}}\n"


if __name__ == "__main__":
    Path(SCHEMA).write_text(schema_text(read_schema(Path.cwd())), encoding="utf-8")
