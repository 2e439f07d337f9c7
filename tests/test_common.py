"""scripts.common: command lines, artifacts, values, seeds, checks, tables, figures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv, to_rgb

from scripts.common import settings
from scripts.common.artifacts import load_arrays, load_json, save_arrays, save_json
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import option, parse, text_of
from scripts.common.empirical import dkw_band, empirical_cdf
from scripts.common.seeds import generator
from scripts.common.settings import Block, setting
from scripts.common.tables import save_table
from scripts.common.values import in_formula, scientific, value


@dataclasses.dataclass(frozen=True)
class Settings:
    count: int
    rate: float
    name: str
    pairs: list[list[float]]
    on: bool


SETTINGS = {"count": 3, "rate": 1.0, "name": "a b'$(x)", "pairs": [[1.5, 2.0]], "on": True}


def words(settings: dict[str, object]) -> list[str]:
    return [f"{option(name)}={text_of(given)}" for name, given in settings.items()]


class Dice(Block):
    """Throws."""

    sides: int = setting("faces", 2, 20)
    weights: list[float] = setting("of the faces", above=0, length=(1, 6), distinct=True)
    pairs: list[tuple[int, int]] = setting("of throws", 1, below=7, length=(2, 2))
    name: str = setting("of the die", choices=("red", "blue"), length=(1, 9), pattern="[a-z]*")


class Read(Dice, reads=("weights", "sides")):
    """Two of them, and one of the rule's."""

    own: str


class Left(Dice, leaves=("pairs", "name")):
    """The same two."""


def test_a_step_is_given_the_settings_that_it_reads():
    assert [field.name for field in dataclasses.fields(Left)] == ["sides", "weights"]
    found, _ = parse("", Read, [], [], ["--own=x", "--weights=[0.5]", "--sides=6"])
    assert found == Read(weights=[0.5], sides=6, own="x")
    with pytest.raises(AttributeError, match=r"test_common.Settings does not name this setting"):
        found.name  # noqa: B018
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.sides = 7
    with pytest.raises(TypeError, match=r"no setting colour is declared"):
        type("Wrong", (Dice,), {}, reads=("colour",))


def test_what_is_allowed_for_a_setting_becomes_its_schema():
    assert settings.key("GanGame") == "gan_game"
    number = {"type": "integer", "minimum": 1, "exclusiveMaximum": 7}
    pair = {"type": "array", "minItems": 2, "maxItems": 2, "items": number}
    assert settings.schema(Dice) == {
        "type": "object", "description": "Throws.", "additionalProperties": False,
        "required": ["sides", "weights", "pairs", "name"],
        "properties": {
            "sides": {"description": "faces", "type": "integer", "minimum": 2, "maximum": 20},
            "weights": {
                "description": "of the faces", "type": "array", "minItems": 1, "maxItems": 6,
                "items": {"type": "number", "exclusiveMinimum": 0}, "uniqueItems": True,
            },
            "pairs": {
                "description": "of throws", "type": "array", "minItems": 2, "maxItems": 2,
                "items": pair,
            },
            "name": {
                "description": "of the die", "type": "string", "minLength": 1, "maxLength": 9,
                "enum": ["red", "blue"], "pattern": "[a-z]*",
            },
        },
    }  # fmt: skip


def test_settings_survive_the_command_line():
    found, files = parse(
        "", Settings, ["data"], ["result"], [*words(SETTINGS), "--data=a", "--result=b"]
    )
    assert dataclasses.asdict(found) == SETTINGS
    assert (files.data, files.result) == (Path("a"), Path("b"))


@pytest.mark.parametrize(
    ("name", "wrong"), [("count", 2.5), ("count", True), ("rate", "fast"), ("pairs", {}), ("on", 1)]
)
def test_a_setting_of_the_wrong_type_is_refused(name, wrong, capsys):
    with pytest.raises(SystemExit) as stop:
        parse("", Settings, [], [], words(SETTINGS | {name: wrong}))
    assert stop.value.code == 2
    assert f"--{name}" in capsys.readouterr().err


def test_whole_numbers_are_welcome_as_floats():
    found, _ = parse("", Settings, [], [], words(SETTINGS | {"rate": 2}))
    assert isinstance(found.rate, float)


def test_an_undeclared_file_is_named():
    _, files = parse("", Settings, [], [], words(SETTINGS))
    with pytest.raises(AttributeError, match="'plot'"):
        _ = files.plot


def test_arrays_come_back_and_are_the_same_to_the_byte(tmp_path):
    arrays = {"b": np.arange(3.0), "a": np.eye(2, dtype=np.int64)}
    save_arrays(tmp_path / "1.npz", arrays)
    save_arrays(tmp_path / "2.npz", dict(reversed(arrays.items())))
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()
    back = load_arrays(tmp_path / "1.npz")
    assert all(np.array_equal(back[name], array) for name, array in arrays.items())


def test_objects_are_never_stored_nor_loaded(tmp_path):
    with pytest.raises(ValueError, match="'x'"):
        save_arrays(tmp_path / "x.npz", {"x": np.array([{}], dtype=object)})
    np.savez(tmp_path / "y.npz", y=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_arrays(tmp_path / "y.npz")


def test_json_is_sorted_and_refuses_what_json_cannot_say(tmp_path):
    save_json(tmp_path / "x.json", {"b": 1, "a": "é"})
    assert load_json(tmp_path / "x.json") == {"a": "é", "b": 1}
    assert (tmp_path / "x.json").read_text("utf-8").index('"a"') < 10
    with pytest.raises(ValueError, match="JSON"):
        save_json(tmp_path / "y.json", {"x": float("nan")})
    (tmp_path / "z.json").write_text("[1]")
    with pytest.raises(ValueError, match="list"):
        load_json(tmp_path / "z.json")


def test_values_carry_the_number_and_its_text():
    assert value(3.99714, ".3f") == {"value": 3.99714, "text": "3.997"}
    assert value(np.float64(0.5), ".1f") == {"value": 0.5, "text": "0.5"}
    assert scientific(2.345e-15) == {"value": 2.345e-15, "text": r"2.3 \times 10^{-15}"}
    assert scientific(0.0)["text"] == "0"
    assert in_formula(0.0123, ".2g") == {"value": 0.0123, "text": "0.012"}
    assert in_formula(4.06e-5, ".3g")["text"] == r"4.1 \times 10^{-5}"
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="cannot be shown"):
            value(wrong)
        with pytest.raises(ValueError, match="cannot be shown"):
            scientific(wrong)


def test_seeds_have_names():
    first = generator(1, "a").random(4)
    assert np.array_equal(first, generator(1, "a").random(4))
    assert not np.array_equal(first, generator(1, "b").random(4))
    assert not np.array_equal(first, generator(2, "a").random(4))


LIMITS = {"<=": "at_most", ">=": "at_least", "=": "equals"}


def check(
    value: float, relation: str = "<=", bound: float = 1.0, name: str = "t.x", **more
) -> Check:
    told = {"claim": "thm-x", "statement": "Something holds.", "method": "numerical"} | more
    return Check(id=name, value=value, **told, **{LIMITS[relation]: bound})


@pytest.mark.parametrize(
    ("value", "relation", "bound", "passes"),
    [
        (1, "<=", 1, True), (1.1, "<=", 1, False), (1, ">=", 1, True), (0.9, ">=", 1, False),
        (1, "=", 1, True), (1 + 1e-15, "=", 1, False),
        (float("nan"), "<=", 1, False), (0, "<=", float("nan"), False),
        (float("inf"), "<=", 1, False),
    ],
)  # fmt: skip
def test_a_check_passes_only_if_its_relation_holds(value, relation, bound, passes):
    assert check(value, relation, bound).passed is passes


def test_checks_are_written_when_all_pass(tmp_path):
    save_checks(tmp_path / "c.json", [check(0.5), check(0, "=", 0, "t.y")])
    records = load_json(tmp_path / "c.json")["checks"]
    assert [record["id"] for record in records] == ["t.x", "t.y"]
    assert records[0]["exercise"] == "t"
    assert all(record["passed"] for record in records)


def test_an_observation_that_fails_is_written_and_stops_nothing(tmp_path):
    save_checks(tmp_path / "c.json", [check(2.0, observed=True), check(0, "=", 0, "t.y")])
    records = load_json(tmp_path / "c.json")["checks"]
    assert [(one["observed"], one["passed"]) for one in records] == [(True, False), (False, True)]


def test_a_failed_check_stops_the_build_and_is_named(tmp_path):
    with pytest.raises(SystemExit) as stop:
        save_checks(tmp_path / "c.json", [check(0.5, name="t.fine"), check(2.0)])
    assert "t.x failed" in str(stop.value)
    assert "thm-x" in str(stop.value)
    assert "t.fine" not in str(stop.value)
    assert not (tmp_path / "c.json").exists()


@pytest.mark.parametrize("checks", [[], [check(0), check(1)]])
def test_no_checks_or_the_same_twice_is_a_mistake(tmp_path, checks):
    with pytest.raises(ValueError, match="unique"):
        save_checks(tmp_path / "c.json", checks)


def test_numbers_of_numpy_are_recorded_as_python_s():
    record = check(np.float64(0.5), "<=", np.int64(1)).record()  # type: ignore[arg-type]
    assert json.dumps(record, allow_nan=False)
    assert record["passed"] is True


def test_an_infinite_value_is_recorded_in_words():
    assert json.dumps(check(0.5, "<=", float("inf")).record(), allow_nan=False)


def test_a_reference_is_as_wide_as_what_it_will_be_shown_as(tmp_path):
    rows = [["@thm-a-very-long-label", "`twenty_letters_long.`"]]
    save_table(tmp_path / "t.md", ["Claim", "Method"], rows, "ll")
    rule = (tmp_path / "t.md").read_text("utf-8").splitlines()[1]
    assert rule == f"| :{'-' * 14} | :{'-' * 16} |"


def test_tables_are_pipe_tables_with_a_header(tmp_path):
    save_table(tmp_path / "t.md", ["$m$", "count"], [["1", "2"]], "lr")
    assert (tmp_path / "t.md").read_text() == "| $m$ | count |\n| :--- | -----: |\n| 1 | 2 |\n"
    with pytest.raises(ValueError, match="2 cells"):
        save_table(tmp_path / "t.md", ["a", "b"], [["1"]], "lr")
    with pytest.raises(ValueError, match="'x'"):
        save_table(tmp_path / "t.md", ["a", "b"], [["1", "2"]], "lx")


def test_the_same_drawing_gives_the_same_bytes(tmp_path):
    from scripts.common.style import new_figure, save_figure

    for name in ("1.svg", "2.svg"):
        figure = new_figure(2.0)
        figure.add_subplot().plot([0, 1], [0, 1], label=r"$\theta$")
        save_figure(figure, tmp_path / name)
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()
    assert b"<dc:date>" not in (tmp_path / "1.svg").read_bytes()


def _contrast_with_white(color: str) -> float:
    """As WCAG 2.1 defines it, https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in to_rgb(color)
    ]
    return 1.05 / (np.dot([0.2126, 0.7152, 0.0722], linear) + 0.05)


def test_words_in_a_color_of_the_palette_can_be_read():
    from scripts.common import style

    assert _contrast_with_white("#000000") == pytest.approx(21)
    for color, words in style.TEXT.items():
        assert _contrast_with_white(words) >= 4.5
        hue, other = (rgb_to_hsv(to_rgb(name))[0] for name in (color, words))
        assert hue == pytest.approx(other, abs=0.01)
    cycle = style.RC["axes.prop_cycle"].by_key()["color"]
    assert {style.INK, style.GREY, *cycle} == set(style.TEXT)


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("label", ["$p$ < 1", "a − b", "{a}", "Erdős", "a_b", 'a "b"'])
def test_a_sign_that_the_type_of_figures_lacks_is_refused(tmp_path, label):
    from scripts.common.style import new_figure, save_figure

    figure = new_figure(2.0)
    figure.add_subplot().set_title(label)
    with pytest.raises(ValueError, match="write it as a formula"):
        save_figure(figure, tmp_path / "f.svg")


def test_empirical_cdf_and_band():
    sample = np.array([0.3, 0.1, 0.2, 0.2])
    found = empirical_cdf(sample, np.array([0.0, 0.1, 0.2, 0.25, 1.0]))
    np.testing.assert_array_equal(found, [0.0, 0.25, 0.75, 0.75, 1.0])
    assert 2 * np.exp(-2 * 500 * dkw_band(500, 1e-4) ** 2) == pytest.approx(1e-4)
