"""Hostile configurations: each is refused, naming the key, before anything is done.

The invalid ones are made from the schema: one leaf is moved out of its type, range, pattern or
length, or a key is added or taken away; none is found by asking the validator.
"""

from __future__ import annotations

import copy
import hashlib
import math
import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest
import yaml
from house import ROOT, SNAKEMAKE, House, Run, copy_source, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.pipeline.config import CONFIG, ConfigError, read_schema, read_yaml, validate

Path_ = tuple[str, ...]

SCHEMA_TREE = read_schema(ROOT)
VALID = read_yaml(ROOT / CONFIG)
FEW, MANY = 9, 90
"""Invalid configurations tried for each block and leaf: a thousand in all, and ten thousand."""

THROUGH_THE_COMMAND_LINE = 25

NASTY = [
    "$(touch pwned)", "`touch pwned`", "; touch pwned #", "' && touch pwned '", '" | touch pwned "',
    "../../etc/passwd", "/etc/shadow", "~/.ssh/id", "file:///etc/passwd", "\\\\host\\share",
    "{{< include /etc/passwd >}}", "{params.contract}", "%s%n", "<script>", "\x1b[2J", "\u202e",
    "null",
]  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """One change that makes a valid configuration invalid, and the key that must be named."""

    key: str
    config: dict[str, Any]


def nodes(schema: dict[str, Any], path: Path_ = ()) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """Every block and leaf of the schema."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes(inner, (*path, name))


NODES = dict(nodes(SCHEMA_TREE))
LEAVES = [(path, node) for path, node in NODES.items() if node["type"] != "object"]


def at(config: dict[str, Any], path: Path_) -> Any:
    for name in path:
        config = config[name]
    return config


def with_value(path: Path_, value: Any) -> Mutation:
    config = copy.deepcopy(VALID)
    at(config, path[:-1])[path[-1]] = value
    return Mutation(".".join(path), config)


words = st.one_of(st.sampled_from(NASTY), st.text(max_size=30))
containers = st.one_of(
    st.lists(st.integers(), max_size=1).map(lambda inner: {"inner": inner}),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
unnatural = st.sampled_from([math.nan, math.inf, -math.inf])


def bounds(node: dict[str, Any]) -> tuple[float, float]:
    """The bounds of a number, which itself may have their values or not."""
    low, high = node.get("minimum"), node.get("maximum")
    return (
        node["exclusiveMinimum"] if low is None else low,
        node["exclusiveMaximum"] if high is None else high,
    )


def wrong_number(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What is no number, or none of the right kind, or out of bounds."""
    low, high = bounds(node)
    wrong = [
        words, containers, unnatural, st.booleans(), st.none(), st.just([]), st.just([low]),
        st.integers(max_value=math.ceil(low) - 1), st.integers(min_value=math.floor(high) + 1),
        st.sampled_from([n for n in (10**30, -(10**30), 10**400) if not low <= n <= high]),
        st.floats(max_value=low, exclude_max=True), st.floats(min_value=high, exclude_min=True),
    ]  # fmt: skip
    if node["type"] == "integer":
        wrong.append(st.floats(allow_nan=False))  # even 2.0 is no whole number here
    return st.one_of(wrong)


def wrong_text(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What is no text, too short, too long, or has a character that is not allowed."""
    not_text = st.one_of(
        st.integers(), st.floats(), st.booleans(), st.none(), containers, st.lists(words)
    )
    if "enum" in node:
        return st.one_of(not_text, words.filter(lambda text: text not in node["enum"]))
    characters = map(chr, [*range(0x100), 0x2028, 0x2029, 0x202E])
    bad = [char for char in characters if not re.fullmatch(node["pattern"], char)]
    assert bad
    longest = node["maxLength"]
    return st.one_of(
        not_text,
        st.just("") if node["minLength"] else st.nothing(),
        st.integers(1, 50).map(lambda more: "a" * (longest + more)),
        st.tuples(st.text("ab1", max_size=4), st.sampled_from(bad), st.text("ab1", max_size=4)).map(
            "".join
        ),
    )


def wrong_list(node: dict[str, Any], valid: list[Any]) -> st.SearchStrategy[Any]:
    """What is no list, too short, too long, repeats an item, or has a wrong item."""
    wrong = [words, containers, st.none(), st.booleans(), st.floats(), st.integers()]
    wrong.append(st.integers(0, node["minItems"] - 1).map(lambda size: valid[:size]))
    wrong.append(st.integers(1, 50).map(lambda more: (valid * 60)[: node["maxItems"] + more]))
    if node.get("uniqueItems"):
        wrong.append(st.just([valid[0], valid[0]]))
    position = st.integers(0, len(valid) - 1)
    bad = wrong_value(node["items"], valid[0])
    wrong.append(
        st.tuples(position, bad).map(
            lambda pair: [*valid[: pair[0]], pair[1], *valid[pair[0] + 1 :]]
        )
    )
    return st.one_of(wrong)


def wrong_value(node: dict[str, Any], valid: Any) -> st.SearchStrategy[Any]:
    if node["type"] in ("integer", "number"):
        return wrong_number(node)
    return wrong_list(node, valid) if node["type"] == "array" else wrong_text(node)


def wrong_leaf(path: Path_, node: dict[str, Any]) -> st.SearchStrategy[Mutation]:
    return wrong_value(node, at(VALID, path)).map(lambda value: with_value(path, value))


def wrong_block(path: Path_, node: dict[str, Any]) -> st.SearchStrategy[Mutation]:
    """A key too many, a key too few, or something else in place of a block."""

    def extended(name: str) -> Mutation:
        config = copy.deepcopy(VALID)
        at(config, path)[name] = 1
        return Mutation("unknown key", config)

    def reduced(name: str) -> Mutation:
        config = copy.deepcopy(VALID)
        del at(config, path)[name]
        return Mutation(f"lacks the key {name}", config)

    known = sorted(node["properties"])
    twisted = st.sampled_from(known).flatmap(
        lambda name: st.sampled_from(
            [name + "s", name.upper(), f" {name}", name + "\u200b", name[:-1]]
        )
    )
    unknown = st.one_of(words, twisted).filter(lambda name: name not in known)
    strategies = [unknown.map(extended), st.sampled_from(known).map(reduced)]
    if path:
        other = st.one_of(words, unnatural, st.none(), st.integers(), st.lists(words, max_size=3))
        strategies.append(other.map(lambda value: with_value(path, value)))
    return st.one_of(strategies)


@pytest.mark.parametrize("tries", rows([FEW, MANY], [FEW]))
@pytest.mark.parametrize("path", NODES, ids=".".join)
def test_invalid_configurations_are_refused_by_name(path, tries):
    wrong = wrong_block if NODES[path]["type"] == "object" else wrong_leaf

    @settings(
        max_examples=tries, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(wrong(path, NODES[path]))
    def refused(mutation: Mutation) -> None:
        with pytest.raises(ConfigError) as error:
            validate(mutation.config, SCHEMA_TREE, CONFIG)
        message = str(error.value)
        assert mutation.key in message
        assert message.isascii()
        assert message.replace("\n", "").isprintable()
        assert len(message) < 5_000

    refused()


def whole(kind: Any, value: Any) -> bool:
    """No truth value is a number, and 2.0 is no whole number, nor NaN any."""
    finite = type(value) is float and math.isfinite(value)
    return type(value) is int or (kind == "number" and finite)


TYPES = jsonschema.Draft202012Validator.TYPE_CHECKER
for name in ("integer", "number"):
    TYPES = TYPES.redefine(name, lambda _, value, name=name: whole(name, value))
Judge = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=TYPES)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.just("auto")
)
LISTS = st.lists(st.one_of(SCALARS, st.lists(st.floats(0.01, 4), max_size=3)), max_size=7)


@pytest.mark.parametrize("path", [path for path, _ in LEAVES], ids=".".join)
def test_the_verdict_is_that_of_the_package_jsonschema(path):
    node = NODES[path]
    bounds = [value for value in node.values() if type(value) in (int, float)]
    near = st.sampled_from([bound + step for bound in bounds for step in (-1, -0.01, 0, 0.01, 1)])
    values = st.one_of(SCALARS, LISTS, near, st.just(at(VALID, path))) if bounds else SCALARS

    @settings(max_examples=FEW * 5, deadline=None, database=None, derandomize=True)
    @given(values)
    def agrees(value: Any) -> None:
        config = with_value(path, value).config
        try:
            validate(config, SCHEMA_TREE, CONFIG)
        except ConfigError:
            assert not Judge(SCHEMA_TREE).is_valid(config)
        else:
            assert Judge(SCHEMA_TREE).is_valid(config)

    agrees()


def test_the_generator_starts_from_a_valid_configuration():
    """Or every refusal above could be for another reason."""
    validate(VALID, SCHEMA_TREE, CONFIG)
    for path, node in LEAVES:
        validate(with_value(path, at(VALID, path)).config, SCHEMA_TREE, CONFIG)
        assert node["type"] in ("integer", "number", "string", "array")


# Through the command line


def bomb(levels: int = 9, leaf: str = '"x"') -> str:
    lines = [f"a0: &a0 [{', '.join([leaf] * 9)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def text_of(config: dict[str, Any]) -> str:
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def written_over(key: str, value: str) -> Callable[[str], str]:
    """Write `value`, as it stands, for a key of the file."""
    return lambda text: re.sub(
        rf"^(\s+{key}:).*$", lambda found: f"{found[1]} {value}", text, count=1, flags=re.M
    )


TRICKS: dict[str, tuple[Callable[[str], str], str]] = {
    "an alias bomb": (lambda text: text + bomb(), "an alias stands for this"),
    "a tag that runs a program": (
        written_over("name", "!!python/object/apply:os.system ['touch pwned']"), "the tag"),
    "a key twice": (lambda text: text + "cache:\n  megabytes: 1\n", "`cache` is given twice"),
    "a merge key": (lambda text: text + "<<: {a: 1}\n", "no plain word"),
    "deep nesting": (lambda text: text + "deep: " + "[" * 3000 + "]" * 3000 + "\n", "levels deep"),
    "not a number": (written_over("megabytes", ".nan"), "cache.megabytes is nan"),
    "a huge number": (written_over("megabytes", "9" * 4000), "cache.megabytes"),
    "a longer number": (written_over("megabytes", "9" * 5000), "the YAML is broken"),
    "base sixty": (written_over("megabytes", "1:30"), "'1:30' is not a decimal number"),
    "a shell in the engine": (written_over("engine", "'$(touch pwned)'"), "report.engine"),
    "a path out": (written_over("engine", "../../../bin/sh"), "report.engine"),
    "two documents": (lambda text: text + "---\na: 1\n", "the YAML is broken"),
    "no mapping": (lambda text: "- " + text[:5], "`key: value` pairs"),
    "no text": (lambda text: "\udcff\udcfe", "not readable as text"),
}  # fmt: skip


def mutations() -> list[tuple[str, str, str]]:
    """Invalid files made from the schema, by a named seed: name, text of the file, words named."""
    draw = random.Random("hostile configurations")
    alphabet = string.ascii_letters + "$();|&<>`\\'\"{}*#"
    found = []
    for path, node in draw.choices(LEAVES, k=THROUGH_THE_COMMAND_LINE - len(TRICKS) - 3):
        wrong: Any = "".join(draw.choices(alphabet, k=200))
        if node["type"] in ("integer", "number") and draw.random() < 0.5:
            wrong = bounds(node)[1] * 2 + 1
        found.append((".".join(path), text_of(with_value(path, wrong).config), ".".join(path)))
    return found


@pytest.fixture(scope="module")
def copy_of_the_source(tmp_path_factory) -> House:
    return copy_source(tmp_path_factory.mktemp("hostile") / "house", small=True)


def everything(house: House) -> dict[str, str]:
    """The bytes of every file but Snakemake's own notes of each start."""
    return {
        path.relative_to(house.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(house.root.rglob("*"))
        if path.is_file() and ".snakemake" not in path.parts
    }


def refuse(house: House, words_named: str, snakemake: Callable[[], Run]) -> None:
    before = everything(house)
    run = snakemake()
    assert run.code != 0
    assert words_named in run.text
    assert run.rules == set()
    assert "Traceback" not in run.text
    assert len(run.text) < 20_000
    assert everything(house) == before


COMMANDS = [*((name, "", "") for name in TRICKS), *mutations()]


@pytest.mark.parametrize(
    ("name", "text", "words_named"), COMMANDS, ids=[name for name, _, _ in COMMANDS]
)
def test_a_hostile_file_stops_the_build(copy_of_the_source, name, text, words_named):
    house = copy_of_the_source
    path = house.root / CONFIG
    kept = path.read_bytes()
    if name in TRICKS:
        change, words_named = TRICKS[name]
        text = change(kept.decode())
        assert text != kept.decode()
    path.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    try:
        refuse(house, words_named, house.snakemake)
    finally:
        path.write_bytes(kept)


def test_options_of_the_command_line_are_checked_too(copy_of_the_source, tmp_path):
    house, shell = copy_of_the_source, "'$(touch pwned)'"
    options = (*SNAKEMAKE, "--config", f"report={{engine: {shell}}}")
    refuse(house, f"report.engine is {shell}", lambda: house.command(*options, timeout=60))
    bombs = tmp_path / "bomb.yaml"
    for leaf in ('"x"', "[]"):
        bombs.write_text(bomb(leaf=leaf))
        refuse(house, "more than 10000 values", lambda: house.snakemake("--configfile", str(bombs)))


def test_the_command_line_saw_enough():
    assert len(COMMANDS) + 3 == THROUGH_THE_COMMAND_LINE  # three more are given as options
