"""The configuration: what is refused, and in which words."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest

from scripts.common.settings import Block, setting
from scripts.pipeline import config as configuration
from scripts.pipeline.config import (
    CONFIG,
    SCHEMA,
    ConfigError,
    read_schema,
    read_yaml,
    schema_text,
    validate,
)


@pytest.fixture(scope="module")
def schema(root):
    return read_schema(root)


@pytest.fixture
def config(root):
    return copy.deepcopy(read_yaml(root / CONFIG))


def refusal(config, schema) -> str:
    with pytest.raises(ConfigError) as error:
        validate(config, schema, CONFIG)
    return str(error.value)


def test_the_committed_configuration_is_valid(config, schema):
    validate(config, schema, CONFIG)


def test_every_knob_is_described_in_the_schema_and_commented_in_the_file(root, config, schema):
    def leaves(node, path):
        if node.get("type") == "object":
            assert node["additionalProperties"] is False, path
            assert sorted(node["required"]) == sorted(node["properties"]), path
            for name, inner in node["properties"].items():
                yield from leaves(inner, [*path, name])
        else:
            yield path, node

    lines = (root / CONFIG).read_text("utf-8").splitlines()
    for path, node in leaves(schema, []):
        assert node.get("description"), path
        given = config
        for name in path:
            given = given[name]
        line = next(
            index for index, text in enumerate(lines) if text.strip().startswith(f"{path[-1]}:")
        )
        assert "#" in lines[line] or "#" in lines[line - 1], f"{path} has no comment"


def test_the_schema_for_editors_is_that_of_the_declarations(root, schema):
    assert (root / SCHEMA).read_text("utf-8") == schema_text(schema)
    assert json.loads(schema_text(schema)) == schema
    assert f"$schema={Path(SCHEMA).relative_to('workflow')}" in (root / CONFIG).read_text("utf-8")


class Topic(Block):
    """A block of settings."""

    spread: float = setting("a number", 0.8, 1.2)
    pairs: list[tuple[float, float]] = setting("pairs of numbers", 0, 9, length=(1, 2))
    seed: int = setting("a whole number", 0, 9)


def test_the_settings_are_those_given_as_the_declared_types(root, monkeypatch):
    monkeypatch.setattr(configuration, "blocks", lambda _: {"topic": Topic})
    given = {"spread": 1, "pairs": [[1, 2]], "seed": 3}
    found = configuration.check(root, {"topic": given})
    assert repr(found) == "{'topic': {'spread': 1.0, 'pairs': [[1.0, 2.0]], 'seed': 3}}"
    with pytest.raises(SystemExit, match=r"spread is 7; allowed: number, at least 0.8, at most 1."):
        configuration.check(root, {"topic": given | {"spread": 7}})


def test_numbers_are_bounded_in_the_schema(schema):
    def numbers(node, path):
        if isinstance(node, dict):
            if node.get("type") in ("integer", "number"):
                yield path, node
            for name, inner in node.items():
                yield from numbers(inner, f"{path}.{name}")

    for path, node in numbers(schema, ""):
        assert {"minimum", "exclusiveMinimum"} & node.keys(), path
        assert {"maximum", "exclusiveMaximum"} & node.keys(), path


def test_the_message_names_key_value_and_what_is_allowed(config, schema):
    config["report"]["engine"] = "latex"
    message = refusal(config, schema)
    assert "workflow/config.yaml: report.engine is 'latex'" in message
    assert "one of auto, quarto, embedded" in message


def test_unknown_and_missing_keys_are_named(config, schema):
    config["report"]["engin"] = "auto"
    assert "unknown key engin in report; known there: engine" in refusal(config, schema)
    del config["report"]["engin"], config["report"]["engine"]
    assert "report lacks the key engine" in refusal(config, schema)


@pytest.mark.parametrize(
    "wrong", [float("nan"), float("inf"), 2.0, True, "5", None, [], -1, 10**30]
)
def test_a_whole_number_must_be_one_within_bounds(config, schema, wrong):
    config["cache"]["megabytes"] = wrong
    assert "cache.megabytes" in refusal(config, schema)


@pytest.mark.parametrize(
    "wrong", ["", "a\nb", "a\n", "a\x00", "a\x9f", "\ue001", "\ufeff", "x" * 101, 7]
)
def test_the_author_is_one_printable_line(config, schema, wrong):
    config["author"]["name"] = wrong
    assert "author.name" in refusal(config, schema)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\na: 2\n", "line 2: the key `a` is given twice"),
        ("a: &x [1]\nb: *x\n", "line 1: an alias stands for this"),
        ("a: !!python/object:os.system x\n", "line 1: the tag"),
        ("a: !mine x\n", "line 1: the tag"),
        ("<<: {a: 1}\n", "line 1: this key is no plain word"),
        ("1: a\n", "line 1: this key is no plain word"),
        ("- a\n", "line 1: `key: value` pairs are wanted"),
        ("a: [", "the YAML is broken"),
        ("a: 1\n--- \nb: 1\n", "the YAML is broken"),
        ("a: 2001-99-99\n", "the YAML is broken"),
        ("[" * 100_000, "line 1: this is nested more than 10 levels"),
        ("a: 1:30\n", "line 1: '1:30' is not a decimal number"),
        ("a: 010\n", "line 1: '010' is not a decimal number"),
        ("a: 1_000.0\n", "line 1: '1_000.0' is not a decimal number"),
        ("a: 0x5a\n", "line 1: '0x5a' is not a decimal number"),
        ("a: " + "x" * 300_000, "300003 bytes"),
    ],
)
def test_yaml_tricks_are_refused_by_line(tmp_path, text, complaint):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(complaint)) as error:
        read_yaml(path)
    assert str(path) in str(error.value)


def test_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes("\ufeffauthor: 𠮷\r\n".encode())
    assert read_yaml(path) == {"author": "𠮷"}


def test_a_missing_or_binary_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"config.yaml: cannot be read"):
        read_yaml(tmp_path / "config.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"binary.yaml: not readable"):
        read_yaml(tmp_path / "binary.yaml")
