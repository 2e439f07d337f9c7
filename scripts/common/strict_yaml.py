"""Reads YAML that means one thing only, to this project, to Snakemake, Pandoc and Quarto.

Readers of YAML differ on what is written loosely: of a key given twice one takes the first, one the
last; `no` is a word or false; Quarto prints `0.500` as 0.5 and `1e-3` as 1.0e-3. All of that is
refused, by line, and so are aliases, which can expand without end, tags, which can build objects,
and deep nesting, for which readers have no stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Both are safe; that in C, where PyYAML has it, is ten times as fast."""

DEEPEST = 10
"""Levels of nesting; neither a configuration nor a document needs more than five."""

_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
}
#: What Quarto takes for a number, those that it prints as they are written, and what some reader
#: takes for true, for false or for nothing.
_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[\da-fA-F_]+"
    r"|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?)"
)
_PRINTED_AS_WRITTEN = re.compile(
    r"0|-?[1-9]\d{0,14}|-?(?:0\.[1-9]\d{0,13}|[1-9]\d{0,6}\.\d{1,8})(?<!0)"
)
_NO_PLAIN_TEXT = re.compile(r"true|false|yes|no|on|off|y|n|null|~|", re.IGNORECASE)


class YamlError(Exception):
    """A text that is not the YAML that is wanted; ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def load(text: str) -> dict[str, Any]:
    """The mapping that a text holds. Raises YamlError."""
    root = compose(text)
    for node in scalars(root):
        if not is_as_written(node) and node.value not in ("true", "false"):
            raise fault(
                node,
                f"`{node.value}` means different things to different readers of YAML; write true, "
                "false or a plain decimal number, or put a text in quotes.",
            )
    return construct(root)


def construct(root: yaml.MappingNode) -> dict[str, Any]:
    """The data that nodes stand for. Raises YamlError."""
    try:
        loaded: dict[str, Any] = _LOADER("").construct_document(root)
    except ValueError as error:  # a date such as 2001-99-99
        raise YamlError(1, f"the YAML is broken: {error}.") from None
    return loaded


def compose(text: str) -> yaml.MappingNode:
    """The mapping that a text holds as nodes, which know how they are written. Raises YamlError."""
    try:
        _refuse_depth(text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "not valid YAML"
        raise YamlError(mark.line + 1 if mark else 1, f"the YAML is broken: {reason}.") from None
    if root is None:
        return yaml.MappingNode("tag:yaml.org,2002:map", [])
    if not isinstance(root, yaml.MappingNode):
        raise fault(root, "`key: value` pairs are wanted here.")
    _refuse_tricks(root, set())
    return root


def fault(node: Any, message: str) -> YamlError:
    """The error that says something about a node or an event of PyYAML's."""
    return YamlError(node.start_mark.line + 1, message)


def is_as_written(node: yaml.ScalarNode) -> bool:
    """Whether every reader takes a value for what is written, and Quarto prints it so."""
    if node.style:  # in quotes, or a block of text
        return True
    if _NUMBER.fullmatch(node.value):
        return _PRINTED_AS_WRITTEN.fullmatch(node.value) is not None
    return not _NO_PLAIN_TEXT.fullmatch(node.value)


def _refuse_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise fault(event, f"this is nested more than {DEEPEST} levels deep.")


def _refuse_tricks(node: yaml.Node, seen: set[int]) -> None:
    if id(node) in seen:
        raise fault(node, "an alias stands for this (& and *); write the value out each time.")
    seen.add(id(node))
    if node.tag not in _TAGS:
        raise fault(node, f"the tag `{node.tag}` is unknown; write a plain value.")
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                raise fault(key, "this key is no plain word; put it in quotes.")
            if key.value in keys:
                raise fault(key, f"the key `{key.value}` is given twice; keep one of the two.")
            keys.add(key.value)
    for child in _children(node):
        _refuse_tricks(child, seen)


def scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The values below a node, keys left out, in their order."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    for child in _children(node):
        yield from scalars(child)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return node.value if isinstance(node, yaml.SequenceNode) else []
