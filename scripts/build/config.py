"""The configuration: strict reading, and a refusal that tells the author what to change.

YAML allows more than a settings file needs: repeated keys (the last wins, silently), aliases
(which can expand without end) and tags (which can build objects). All three are refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

CONFIG = "workflow/config.yaml"
SCHEMA = "workflow/schemas/config.schema.yaml"

LARGEST_FILE = 200_000
"""Bytes; a configuration beyond this is a mistake, and reading it could be an attack."""


class ConfigError(Exception):
    """A configuration that cannot be used; the message names the key and the remedy."""


class _StrictLoader(yaml.SafeLoader):
    """Plain data only: no aliases, no tags, no repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(
                f"line {line}: anchors and aliases (&, *) are not allowed; write the value out."
            )
        if getattr(event, "tag", None):
            raise ConfigError(
                f"line {line}: the tag {event.tag!r} is not allowed; write plain values."
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            line = key.start_mark.line + 1
            if key.tag != "tag:yaml.org,2002:str":
                raise ConfigError(
                    f"line {line}: the key {name!r} is not a plain word; quote or rename it."
                )
            if name in seen:
                raise ConfigError(f"line {line}: the key {name!r} appears twice; keep one of them.")
            seen.add(name)
        return super().construct_mapping(node, deep)


def check_file(root: Path) -> None:
    """End the process with a message if the configuration file is not strict YAML.

    Called before Snakemake reads the file in its own, more lenient way.
    """
    try:
        read_yaml(root / CONFIG)
    except ConfigError as error:
        raise SystemExit(str(error)) from None


def check(root: Path, config: Mapping[str, Any]) -> None:
    """End the process with a message if a configuration does not fit the schema.

    config: what Snakemake made of the file and of `--config` and `--configfile`.
    """
    try:
        validate(config, read_yaml(root / SCHEMA), CONFIG)
    except ConfigError as error:
        raise SystemExit(str(error)) from None


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file of plain data.

    Raises ConfigError, naming the file, if it is missing, too large, not YAML, not a mapping, or
    uses aliases, tags or repeated keys.
    """
    try:
        content = path.read_bytes()
        if len(content) > LARGEST_FILE:
            raise ConfigError(f"{len(content)} bytes, more than the {LARGEST_FILE} allowed.")
        found = yaml.load(content.decode("utf-8"), Loader=_StrictLoader)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); restore it from git."
        ) from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {_one_line(error)}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: found {_shown(found)} where `key: value` lines belong.")
    return found


def validate(config: Mapping[str, Any], schema: Mapping[str, Any], name: str) -> None:
    """Check a configuration against a JSON Schema (draft 2020-12, integers and numbers strict).

    name: the file to name in messages. Raises ConfigError with one line for each fault: the key,
    the value given, what is allowed.
    """
    faults = [
        f"{name}: {path} is {_shown(value)}; a finite number is needed."
        for path, value in _leaves(config)
        if isinstance(value, float) and not math.isfinite(value)
    ]
    validator = _Validator(dict(schema))
    errors = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.path)))
    faults += [f"{name}: {_explain(error)}" for error in errors]
    if faults:
        raise ConfigError("\n".join(faults))


_Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    ).redefine(
        "number",
        lambda _, value: type(value) is int or (type(value) is float and math.isfinite(value)),
    ),
)


def _explain(error: ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path) or "the top level"
    schema: Any = error.schema
    given: Any = error.instance
    meaning = f" ({schema['description']})" if "description" in schema else ""
    if error.validator == "additionalProperties":
        known = sorted(schema.get("properties", {}))
        unknown = sorted(str(key) for key in given if key not in known)
        return f"unknown key {', '.join(unknown)} in {where}; known there: {', '.join(known)}."
    if error.validator == "required":
        missing = [key for key in schema["required"] if key not in given]
        return f"{where} lacks the key {', '.join(missing)}; add it."
    return f"{where} is {_shown(given)}; allowed: {_allowed(schema)}{meaning}."


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


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value
