"""The live laboratory, `report/web/lab.js`, in a browser: its arithmetic, and its controls."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsers import chromium
from documents import FRONT, ROOT, filtered, rendered, write_document
from house import House
from playwright.sync_api import Browser, Page, expect
from scipy import special

from scripts.common.arrays import Floats
from scripts.gan_training import model, theory
from scripts.gan_training.lab import engine, measure, plot_live
from scripts.gan_training.lab.measure import Window

WEB = ROOT / "report" / "web"
MOST = 20_000
"""Bytes that the script may have."""

POINTS = special.ndtri((np.arange(100) + 0.5) / 100)
TRAINING = {
    "real": 2.9 + 0.97 * POINTS,
    "noise": np.random.default_rng(562).permutation(POINTS),
    "pair_rates": np.array(
        [(0.1, 0.1), (0.004, 0.3), (3.0, 0.3), (12.0, 0.3), (16.0, 0.3), (0.1, 0.4)]
    ),
    "pair_states": np.zeros((6, 1, 3)),
}
GIVEN = {
    "data_mean": 3.0, "spread": 1.0, "generator_rate": 0.1, "discriminator_rate": 0.1,
    "pair_epochs": 2000,
}  # fmt: skip
DATA = plot_live.live_data(TRAINING, GIVEN, near=1e-4)
UNIT = np.array(DATA["real"]), np.array(DATA["noise"])
BODY = """::: {#laboratory .laboratory}
![A caption.](line.svg){#fig-a fig-alt="A line on a page."}

{{< include live.md >}}
:::
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def paper_and_page(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The words of the PDF, and the HTML, of a document with a laboratory."""
    folder = tmp_path_factory.mktemp("lab")
    front = FRONT.replace("date:", "format:\n  html:\n    css: web/lab.css\ndate:")
    document = write_document(folder, BODY, front=front)
    plot_live.write(folder / "live.md", DATA)
    words, _ = rendered(document)
    return words, folder / "a.html"


@pytest.fixture
def page(browser: Browser, paper_and_page: tuple[str, Path]) -> Iterator[Page]:
    """The page, opened with a clock that stands still; a mistake in the script is an error."""
    page = browser.new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    opened(page, paper_and_page[1])
    yield page
    page.close()
    assert not mistakes


def opened(page: Page, path: Path) -> None:
    page.clock.install(time=0)
    page.goto(path.as_uri())
    page.clock.pause_at(1000)
    expect(page.locator(".eigenvalue")).not_to_be_empty()


def asked(page: Page, function: str, argument: Any = None) -> Any:
    """What a function of the script's own functions, named `lab`, and of an argument returns."""
    called = f"([value]) => ({function})(document.querySelector('.laboratory').laboratory, value)"
    return page.evaluate(called, [argument])


# --- arithmetic ---


def cases() -> list[dict[str, Any]]:
    """200 settings: any, and every fourth near the limit of stability, where runs flip."""
    draw = np.random.default_rng(4562)
    ends = [DATA["sliders"][name][:2] for name in ("generator", "discriminator")]
    found = []
    for number in range(200):
        mean, spread = draw.uniform(-6, 6), 10 ** draw.uniform(-0.6, 0.6)
        real, noise = mean + spread * UNIT[0], spread * UNIT[1]
        moments = theory.moment_matrix(real, noise)
        rate_g, rate_d = (10 ** draw.uniform(*pair) for pair in ends)
        if flips := number % 4 == 0:
            rate_d = draw.uniform(0.5, 1) * 4 / np.linalg.eigvalsh(moments)[1]
            rate_g = draw.uniform(0.8, 1.1) * theory.stability_limit(moments, rate_d)
        alternating, near = flips or draw.random() < 0.5, draw.random() < 0.5
        make = theory.alternating_map if alternating else theory.simultaneous_map
        lead = theory.dominant_eigenvalue(make(moments, rate_g, rate_d))
        rest = theory.equilibrium(real, noise)
        found.append({
            "x": real, "z": noise, "rest": rest, "rates": [float(rate_g), float(rate_d)],
            "alternating": alternating,
            "start": [rest + 1e-4, 1e-4, 1e-4] if near else [0.0, 0.0, 0.0],
            "lead": complex(lead), "epochs": 500 if abs(lead) < 1 else 20,
        })  # fmt: skip
    return found


CASES = cases()


def plain(case: dict[str, Any]) -> dict[str, Any]:
    """What of a case a browser understands."""
    shown = {"rates", "alternating", "start", "epochs", "rest"}
    return {name: case[name] for name in shown} | {n: case[n].tolist() for n in ("x", "z")}


TRAINED = """(lab, cases) => cases.map((c) => {
  const states = [c.start];
  for (let n = 0; n < c.epochs; n++) {
    states.push(lab.update(states[n], c.x, c.z, c.rates, c.alternating));
  }
  const { lead, radius, kind } = lab.predict(lab.moments(c.x, c.z), c.rates, c.alternating);
  return { states, lead, radius, kind };
})"""


@pytest.fixture(scope="module")
def trained(browser: Browser, paper_and_page: tuple[str, Path]) -> list[dict[str, Any]]:
    """What the page makes of each case."""
    page = browser.new_page()
    opened(page, paper_and_page[1])
    found: list[dict[str, Any]] = asked(page, TRAINED, [plain(case) for case in CASES])
    page.close()
    return found


def ours(case: dict[str, Any], shift: float = 0.0) -> Floats:
    """The states (epochs + 1, 3) of a case by our engine, its start moved by `shift`."""
    rates, start = [[rate] for rate in case["rates"]], np.array(case["start"]) + shift
    given = case["x"], case["z"], *rates, start, case["epochs"]
    return engine.paths(*given, alternating=case["alternating"])[:, :, 0]


def test_it_trains_as_our_engine(trained: list[dict[str, Any]]) -> None:
    """To 1e-9: after 500 epochs where training should settle, after 20 elsewhere.

    But for what a hundred roundings at the start would do, of a few chaotic runs.
    """
    chaotic = 0
    for case, found in zip(CASES, trained, strict=True):
        expected = ours(case)
        away = np.abs(expected).max(axis=1) > model.RUNAWAY_BOUND
        last = model.first_index(away, 0, case["epochs"])
        size = max(1, np.abs(expected[last]).max()) if last < 500 else 1
        rounding = np.abs(ours(case, 1e-14)[last] - expected[last]).max()
        error = np.abs(np.array(found["states"][last]) - expected[last]).max()
        assert error <= 1e-9 * size + rounding, case
        chaotic += rounding > 1e-9 * size
    assert chaotic <= 4


def test_it_predicts_as_our_theory(trained: list[dict[str, Any]]) -> None:
    kinds = [int(theory.behavior(case["lead"])) for case in CASES]
    assert [found["kind"] for found in trained] == kinds
    assert min(kinds.count(kind) for kind in range(4)) > 10
    for case, found in zip(CASES, trained, strict=True):
        assert found["radius"] == pytest.approx(abs(case["lead"]), abs=1e-12, rel=1e-12)
        assert complex(*found["lead"]) == pytest.approx(case["lead"], abs=1e-9)


def test_it_measures_as_our_laboratory(page: Page, trained: list[dict[str, Any]]) -> None:
    window = {"outer": 1e-2, "target": 1e-2, "floor": 1e-11, "bound": 1e8}
    rows = [
        [found["states"], case["rest"], window] for case, found in zip(CASES, trained, strict=True)
    ]
    measured = asked(page, "(lab, rows) => rows.map((row) => lab.observe(...row))", rows)
    kinds = set()
    for (states, rest, _), (kind, rate) in zip(rows, measured, strict=True):
        expected = measure.observe(np.array(states, float), rest, Window(**window))
        assert kind == expected[0]
        assert (np.nan if rate is None else rate) == pytest.approx(expected[1], nan_ok=True)
        kinds.add(kind)
    assert kinds == set(range(5))


def test_it_knows_the_limit_of_the_generators_rate(page: Page) -> None:
    rows = [[plain(case), case["rates"][1]] for case in CASES]
    found = asked(
        page, "(lab, rows) => rows.map(([c, rate]) => lab.limit(lab.moments(c.x, c.z), rate))", rows
    )
    for case, value in zip(CASES, found, strict=True):
        moments = theory.moment_matrix(case["x"], case["z"])
        expected = float(theory.stability_limit(moments, case["rates"][1]))
        assert value == pytest.approx(max(0.0, expected), rel=1e-9, abs=1e-9)


def law(case: dict[str, Any]) -> float:
    """The standard deviation of θ in the stationary state of single examples, from all pairs."""
    make = theory.alternating_map if case["alternating"] else theory.simultaneous_map
    y = case["z"] + case["rest"]
    pairs = np.array(list(itertools.product(case["x"], y)))
    powers = np.stack([np.ones_like(pairs), pairs, pairs, pairs**2], axis=-1).mean(axis=1)
    steps = make(powers.reshape(-1, 2, 2), *(np.full(len(pairs), rate) for rate in case["rates"]))
    power = np.einsum("nij,nkl->ikjl", steps, steps).reshape(9, 9) / len(pairs)
    if theory.spectral_radius(power) >= 1:
        return np.inf
    q = theory.noise_direction(*case["rates"]) * ([1, 1, 1] if case["alternating"] else [0, 1, 1])
    kicks = (case["x"].var() + y.var()) * np.outer(q, q)
    return float(np.sqrt(np.linalg.solve(np.eye(9) - power, kicks.ravel())[0]))


def test_it_predicts_the_noise_of_single_examples(page: Page) -> None:
    chosen = [case for case in CASES if abs(case["lead"]) < 0.999][:60]
    called = "(lab, rows) => rows.map((c) => lab.noise(c.x, c.z, c.rates, c.alternating))"
    found = asked(page, called, [plain(case) for case in chosen])
    expected = [law(case) for case in chosen]
    assert found == pytest.approx(expected, rel=1e-7)
    assert 5 < sum(map(np.isfinite, expected)) < 60


def test_it_takes_single_examples_and_has_the_losses_of_the_report(page: Page) -> None:
    """With the generator of random numbers of "Numerical Recipes"."""
    draws = asked(page, "(lab) => { const draw = lab.random(0); return [draw(), draw(), draw()]; }")
    assert [draw * 2**32 for draw in draws] == [0x3C6EF35F, 0x47502932, 0xD1CCF6E9]
    case = CASES[1]
    examples = np.stack([case["x"], case["z"]], axis=1)
    rates = model.Rates(0.1, 0.05)
    expected = model.train_one_at_a_time([0, 0.1, 0.2], *examples.T, rates).states
    called = """(lab, examples) => examples.reduce((states, [x, z]) =>
      [...states, lab.update(states.at(-1), [x], [z], [0.1, 0.05], true)], [[0, 0.1, 0.2]])"""
    assert np.abs(np.array(asked(page, called, examples.tolist())) - expected).max() < 1e-12
    state = expected[7]
    losses = asked(page, "(lab, [s, c]) => lab.losses(s, c.x, c.z)", [state.tolist(), plain(case)])
    fakes = model.generate(case["z"], state)
    assert losses == pytest.approx([
        model.discriminator_loss(case["x"], fakes, state),
        model.generator_loss(fakes, state, "flipped"),
    ], rel=1e-12)  # fmt: skip


# --- the page ---


def test_the_script_is_small_and_the_page_without_it_has_the_figure(
    browser: Browser, paper_and_page: tuple[str, Path]
) -> None:
    assert (WEB / "lab.js").stat().st_size <= MOST
    div = "::: {#laboratory .laboratory}\nA\n:::\n"
    assert filtered(div, "native", ["laboratory"]) == '[ Para [ Str "A" ] ]\n'
    words, path = paper_and_page
    assert "A caption." in words
    assert "generator" not in words
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    expect(page.get_by_role("img", name="A line on a page.")).to_be_visible()
    expect(page.locator(".live")).to_have_count(0)
    assert "Play" not in page.locator("body").inner_text()
    context.close()


def test_a_page_has_the_script_as_it_was_edited_last(
    paper_and_page: tuple[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(paper_and_page[1].parent, folder)
    script = folder / "web" / "lab.js"
    script.write_text(script.read_text() + "// edited\n")
    assert "// edited" in rendered(folder / "doc.qmd")[1]
    script.write_text(script.read_text() + "// again\n")
    assert "// again" in rendered(folder / "doc.qmd")[1]


@pytest.mark.whole
def test_the_assignment_leads_to_it(whole: House) -> None:
    pages = {
        name: (whole.root / f"report/build/{name}.html").read_text("utf-8")
        for name in ("assignment", "companion")
    }
    assert 'href="companion.html#laboratory"' in pages["assignment"]
    assert '<div class="laboratory" id="laboratory">' in pages["companion"]
    assert 'href="#sec-gan-lab-live" id="toc-' in pages["companion"]
    assert "<template>" not in pages["assignment"]


def test_it_asks_nobody_and_leaves_no_name(
    browser: Browser, page: Page, paper_and_page: tuple[str, Path], tmp_path: Path
) -> None:
    without = re.sub("<script.*?</script>", "", paper_and_page[1].read_text(), flags=re.DOTALL)
    (tmp_path / "bare.html").write_text(without)
    bare = browser.new_page()
    bare.clock.install()
    bare.goto((tmp_path / "bare.html").as_uri())
    names = "Object.getOwnPropertyNames(window).sort()"
    assert page.evaluate(names) == bare.evaluate(names)
    bare.close()
    loaded = page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
    assert all(name.startswith("data:") for name in loaded)


def count(page: Page) -> int:
    """The updates that the page says it has made."""
    return int(page.locator(".count").inner_text())


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def run_of(page: Page, letter: str) -> None:
    page.get_by_role("button", name=f"Run {letter}").click()


def cells(page: Page) -> list[str]:
    """The table of what is predicted and measured, row by row, as far as it is shown."""
    return page.locator(".live td:visible").all_inner_texts()


SWING = "cycle of period two"


def test_it_answers_why_training_fails_at_one_pair_of_rates_and_not_at_another(page: Page) -> None:
    asks = "Why does training fail at ηG = 16, ηD = 0.3, and not at ηG = 12, ηD = 0.3?"
    assert page.locator(".ask").inner_text().startswith(asks)
    answers = {
        "E": (["no convergence", SWING, "1.1"], "near the goal each step overshoots it by more"),
        "D": (["flip", "flip", "0.9"], "near the goal each step overshoots it, by less"),
    }
    page.get_by_label("Updates per picture").select_option("125")
    for letter, ((predicted, measured, radius), reason) in answers.items():
        run_of(page, letter)
        press(page, "Play")
        page.clock.run_for(3000)
        found = cells(page)
        assert found[:2] == [predicted, measured]
        assert found[2].startswith(radius)
        sign = {"E": "−1", "D": "−0."}[letter]
        why = page.locator(".why").inner_text()
        assert why.startswith(f"λ = {sign}")
        assert reason in why
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()  # it is over
        expect(page.locator(".summary")).to_contain_text(f"Measured: {measured}. The run is over.")
    limit = float(page.locator(".limit").inner_text())
    assert 12 < limit < 16
    assert cells(page)[2] == cells(page)[3]


def test_a_slow_flip_is_no_swing(page: Page) -> None:
    """Just below the limit two updates change little, and yet the run comes closer."""
    run_of(page, "D")
    dot = page.get_by_role("slider", name="Both rates")
    while cells(page)[0] == "flip":
        dot.press("ArrowRight")
    dot.press("ArrowLeft")
    assert float(cells(page)[2]) > 0.97
    measured = set()
    press(page, "Play")
    for _ in range(50):
        page.clock.run_for(1000)
        measured.add(cells(page)[1])
    assert measured == {"not settled yet", "flip"}


@pytest.mark.parametrize("change", [
    lambda page: run_of(page, "D"),
    lambda page: page.get_by_role("slider", name="Generator’s rate").press("ArrowRight"),
    lambda page: page.get_by_role("slider", name="Mean of the data").press("ArrowRight"),
    lambda page: page.get_by_role("slider", name="Spread").press("ArrowRight"),
    lambda page: page.get_by_label("Steps").select_option("simultaneous"),
    lambda page: page.get_by_label("Batch").select_option("one example at a time"),
    lambda page: page.get_by_role("combobox", name="Start").select_option("near the goal"),
    lambda page: page.get_by_label("Seed of the examples").fill("7"),
    lambda page: page.get_by_role("slider", name="Both rates").press("ArrowUp"),
    lambda page: page.locator(".phase").click(position={"x": 120, "y": 100}),
])  # fmt: skip
def test_every_setting_begins_the_run_again(page: Page, change: Callable[[Page], None]) -> None:
    for _ in range(2):
        press(page, "Step")
    before = page.locator(".path").inner_html()
    change(page)
    assert count(page) == 0
    assert page.locator(".path").inner_html() != before
    press(page, "Step")
    assert count(page) == 1


def test_what_was_drawn_of_a_run_stays(page: Page) -> None:
    def curves() -> list[str]:
        lines = page.locator(".losses .line:not(.thin), .path .line.blue").all()
        return [str(line.get_attribute("d")).removesuffix("h0") for line in lines]

    page.get_by_label("Updates per picture").select_option("25")
    run_of(page, "B")
    press(page, "Play")
    page.clock.run_for(2700)
    before = curves()
    page.clock.run_for(900)  # an odd number of updates
    after = curves()
    assert len(before) == 3
    for one, other in zip(before, after, strict=True):
        assert other.startswith(one.rpartition("L")[0].rpartition("L")[0])
        assert len(other) > len(one)


def test_it_asks_only_what_the_runs_answer() -> None:
    pairs = TRAINING["pair_rates"].copy()
    pairs[4] = pairs[3]
    assert plot_live.live_data(TRAINING | {"pair_rates": pairs}, GIVEN, near=1e-4)["ask"] == ""


def test_it_plays_when_asked_to_and_less_often_where_motion_is_unwelcome(
    browser: Browser, page: Page, paper_and_page: tuple[str, Path]
) -> None:
    page.clock.run_for(60_000)
    assert count(page) == 0
    press(page, "Play")
    page.clock.run_for(1000)
    press(page, "Pause")
    assert count(page) == 50
    page.clock.run_for(60_000)
    assert count(page) == 50
    context = browser.new_context(reduced_motion="reduce")
    calm = context.new_page()
    opened(calm, paper_and_page[1])
    calm.clock.run_for(60_000)
    assert count(calm) == 0
    press(calm, "Play")
    calm.clock.run_for(1000)
    assert count(calm) == 5
    context.close()


def test_a_reset_begins_again_and_a_seed_gives_the_same_examples(page: Page) -> None:
    def states() -> str:
        page.clock.run_for(1000)
        return page.locator(".path").inner_html() + page.locator(".losses").inner_html()

    page.get_by_label("Batch").select_option("one example at a time")
    start = states()
    seen = []
    for seed in ("1", "2", "1"):
        page.get_by_label("Seed of the examples").fill(seed)
        assert states() == start
        press(page, "Play")
        seen.append(states())
        press(page, "Pause")
        press(page, "Reset")
        assert count(page) == 0
    assert seen[0] == seen[2] != seen[1]


def test_the_noise_of_single_examples_is_measured(page: Page) -> None:
    assert len(cells(page)) == 4  # all data have none
    page.get_by_label("Batch").select_option("one example at a time")
    page.get_by_label("Updates per picture").select_option("125")
    press(page, "Play")
    page.clock.run_for(30_000)
    predicted, measured = map(float, cells(page)[4:])
    assert measured == pytest.approx(predicted, rel=0.3)


def test_a_run_of_single_examples_is_called_noisy_only_where_it_is(page: Page) -> None:
    page.get_by_label("Batch").select_option("one example at a time")
    assert cells(page)[1] == "not settled yet"
    run_of(page, "E")  # chooses rates, nothing else
    assert page.get_by_label("Batch").locator("option:checked").inner_text().startswith("one")
    press(page, "Play")
    page.clock.run_for(30_000)
    assert cells(page)[1::4] == ["runaway", "–"]


def test_the_dot_can_be_dragged_and_moved_by_keys(page: Page) -> None:
    def rates() -> list[float]:
        shown = page.locator(".controls .value").all_inner_texts()[:2]
        return list(map(float, shown))

    dot = page.get_by_role("slider", name="Both rates")
    dot.scroll_into_view_if_needed()
    box = dot.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 20, steps=4)
    assert rates()[0] > 0.2
    assert rates()[1] < 0.08
    page.mouse.up()
    after = dot.bounding_box()
    assert after
    assert after["x"] - box["x"] == pytest.approx(40, abs=1.5)
    assert after["y"] - box["y"] == pytest.approx(20, abs=1.5)
    dragged = rates()
    dot.focus()
    for key in ("ArrowRight", "Shift+ArrowUp"):
        dot.press(key)
    assert 1.01 < rates()[0] / dragged[0] < 1.04
    assert 1.2 < rates()[1] / dragged[1] < 1.3
    assert dot.get_attribute("aria-valuetext") == (
        f"generator {rates()[0]:g}, discriminator {rates()[1]:g}"
    )
    for _ in range(40):
        dot.press("Shift+ArrowRight")
    assert rates()[0] == 80


CONTROLS = {
    "button": ["Run A", "Run B", "Run C", "Run D", "Run E", "Run F", "Play", "Step", "Reset"],
    "slider": ["Generator’s rate", "Discriminator’s rate", "Mean", "Spread", "Both rates"],
    "combobox": ["Steps", "Batch", "Start", "Updates per picture"],
    "spinbutton": ["Seed of the examples"],
}


KEYS = {
    "button": "Enter", "slider": "ArrowRight", "combobox": "ArrowDown", "spinbutton": "ArrowUp"
}  # fmt: skip

MARKED = """(e) => e.matches(".dot") ? getComputedStyle(e.firstElementChild).stroke
  : getComputedStyle(e).outlineStyle"""
"""How a browser marks the element that keys go to."""


def test_keys_reach_and_work_every_control(page: Page) -> None:
    wanted = sum(map(len, CONTROLS.values()))
    seen = []
    page.get_by_role("button", name="Run A").focus()
    for _ in range(wanted):
        focused = page.locator(":focus")
        seen.append(focused.evaluate("(e) => e.name + (e.value || '')"))
        assert focused.evaluate("(e) => !!e.closest('.live') && e.matches(':focus-visible')")
        assert focused.evaluate(MARKED) != "none"
        page.keyboard.press("Tab")
    assert len(set(seen)) == wanted
    assert page.locator(":focus").evaluate("(e) => e.localName") == "summary"
    for role, names in CONTROLS.items():
        for name in names:
            control = page.get_by_role(role, name=name)  # type: ignore[arg-type]
            expect(control).to_have_count(1)
            press(page, "Step")
            field = control.element_handle()
            before = page.locator(".live").inner_html() + str(field.get_property("value"))
            control.focus()
            page.keyboard.press(KEYS[role])
            after = page.locator(".live").inner_html() + str(field.get_property("value"))
            assert after != before, name


def test_what_happened_is_said(page: Page) -> None:
    said, seen = page.get_by_role("status"), page.locator(".summary")
    press(page, "Step")
    expect(said).to_contain_text("Update 1: θ is")
    press(page, "Play")
    page.clock.run_for(500)
    expect(said).to_contain_text("Update 1:")  # not at every picture
    expect(seen).to_contain_text("Update 26:")
    press(page, "Pause")
    expect(said).to_have_text(seen.inner_text())
    run_of(page, "D")
    expect(said).to_contain_text("Update 0:")
    expect(seen).to_contain_text("Update 0:")
    for name in (
        "Discriminator and both densities",
        "Losses of both players",
        "Path of both players",
    ):
        expect(page.get_by_role("img", name=name)).to_be_visible()


def test_the_figure_can_still_be_looked_at(page: Page) -> None:
    figure = page.get_by_role("img", name="A line on a page.")
    expect(figure).not_to_be_visible()
    page.get_by_text("The diagram of the report’s runs").click()
    expect(figure).to_be_visible()


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_it_fits_any_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.locator(".phase .axis").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.evaluate("""[...document.querySelectorAll(".live text, .live p, .live label")]
      .map((e) => parseFloat(getComputedStyle(e).fontSize))""")
    assert min(sizes) >= 11
    targets = page.evaluate("""[...document.querySelectorAll(
      ".live button, .live input, .live select, .dot circle:first-child")]
      .map((e) => e.getBoundingClientRect()).map(({ width, height }) => Math.min(width, height))""")
    assert min(targets) >= 24
    page.get_by_role("combobox", name="Start").select_option("near the goal")
    press(page, "Play")
    page.clock.run_for(3000)
    outside = page.evaluate("""[...document.querySelectorAll(".live svg text")].filter((e) =>
      e.getBoundingClientRect().left < e.closest("svg").getBoundingClientRect().left - 0.5)
      .map((e) => e.textContent)""")
    assert outside == []
    boxes = page.evaluate("""[...document.querySelectorAll(".phase circle.axis + text")]
      .map((e) => e.getBoundingClientRect()).map((e) => [e.left, e.right, e.top, e.bottom])""")
    assert len(boxes) == 6
    for (l1, r1, t1, b1), (l2, r2, t2, b2) in itertools.combinations(boxes, 2):
        assert r1 <= l2 or r2 <= l1 or b1 <= t2 or b2 <= t1  # no letter over another
