"""`make new`: add an exercise. It begins as the guide's, `docs/dice`, under its own name and title.

    python -m scripts.pipeline.new coin "A coin that is thrown often"

Nothing is written unless all of it can be: a name that cannot be used is refused before.
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.pipeline import config

TEMPLATE = Path("docs/dice")
NAME = "dice"
TITLE = "The sum of two dice"
LONGEST_NAME, LONGEST_TITLE = 24, 60

TAKEN = ("common", "pipeline", "report", "author", "cache", "checks", "observed", "all", "step")
"""Folders of scripts, blocks of the configuration, variables and rules of other meaning."""

SETTINGS = """
# {title}.
{name}:
  red: 6  # faces of the red die
  blue: 8  # faces of the blue die
"""

READERS = """
{name}:
  red: [compute_{name}, check_{name}]
  blue: [compute_{name}, check_{name}]
"""

INSERTIONS = (
    ("Snakefile", r"(?:.*\n)*TOPICS = \[\n(?:    .*\n)*", '    "{name}",\n'),
    ("report/exercises.qmd", r"(?:.*\n)*", "\n{{{{< include exercises/{name}.qmd >}}}}\n"),
    (
        "report/companion.qmd",
        r"(?:.*\n)*?(?=# How each claim was verified)",
        "{{{{< include companion/{name}.qmd >}}}}\n\n",
    ),
    (
        "report/_quarto.yml",
        "(?:.*\n)*  ipynb-filters:\n(?: +#.*\n| +- .*\n)*",
        "    - report/exercises/{name}.qmd\n    - report/companion/{name}.qmd\n",
    ),
    ("workflow/config.yaml", r"(?:.*\n)*", SETTINGS),
    ("tests/readers.yaml", r"(?:.*\n)*", READERS),
)
"""The lists that an exercise stands in: the file, what stands before, and what is added."""


class NewError(Exception):
    """An exercise that cannot be added; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Add the exercise that is named, or ask for it; return the exit code."""
    words = [word for word in (sys.argv[1:] if arguments is None else arguments) if word]
    try:
        name, title = words if len(words) == 2 else _asked()
        add(Path.cwd(), name, title)
    except (NewError, EOFError, KeyboardInterrupt) as error:
        print(str(error) or "Nothing was added.", file=sys.stderr)
        return 1
    texts = ", ".join(f"report/{part}/{name}.qmd" for part in ("exercises", "companion"))
    print(
        f"Added {name}: scripts/{name}, workflow/rules/{name}.smk, {texts}, tests/test_{name}.py."
    )
    print("docs/new-exercise.md says what each file is for.")
    return 0


def _asked() -> tuple[str, str]:
    return input("Name, as in scripts/<name>: ").strip(), input("Title: ").strip()


def add(root: Path, name: str, title: str) -> None:
    """Add an exercise to the repository at `root`. Raises NewError."""
    if fault := _fault(root, name, title):
        raise NewError(f"{fault} Nothing was added.")
    added = {
        root / _renamed(path.relative_to(root / TEMPLATE).as_posix(), name, title): _renamed(
            path.read_text("utf-8"), name, title
        )
        for path in sorted((root / TEMPLATE).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    if there := [path for path in added if path.exists()]:
        raise NewError(f"{there[0].relative_to(root)} is there already. Nothing was added.")
    changed = {
        root / file: _inserted(root / file, before, text.format(name=name, title=title))
        for file, before, text in INSERTIONS
    }
    for path, text in (added | changed).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    subprocess.run([sys.executable, "-m", config.__name__], cwd=root, check=True)


def _fault(root: Path, name: str, title: str) -> str:
    """What makes a name or a title unusable, and what to do; else nothing."""
    if not re.fullmatch(r"[a-z](?:_?[a-z0-9])*", name) or len(name) > LONGEST_NAME:
        return (
            f"{name!r} is no name for an exercise: small letters, digits and single `_` between "
            f"them, at most {LONGEST_NAME}, a letter first, as in `gan_game`."
        )
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name in TAKEN:
        return f"The name {name} has another meaning; choose one more particular."
    if not re.fullmatch(r"[\w,:;()'’ -]{3,}", title) or len(title) > LONGEST_TITLE:
        return (
            f"{title!r} is no title: 3 to {LONGEST_TITLE} letters, digits, blanks and , : ; ( ) ' "
            "or -. Formulas can be written into the text later."
        )
    folders = (root / "scripts", root / "workflow/rules")
    if name in [path.stem for folder in folders for path in folder.iterdir()]:
        return f"There is an exercise {name} already; choose another name."
    return ""


def _class(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _renamed(text: str, name: str, title: str) -> str:
    """The guide's text with another name and title. Labels have hyphens."""
    label = name.replace("_", "-")
    text = text.replace(TITLE, title).replace(_lower(TITLE), _lower(title))
    text = re.sub(rf"\b((?:sec|fig|prp)-){NAME}\b", rf"\g<1>{label}", text)
    text = re.sub(rf"\b{_class(NAME)}\b", _class(name), text)
    return re.sub(rf"(?<![a-z]){NAME}(?![a-z])", name, text)


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]


def _inserted(path: Path, before: str, text: str) -> str:
    old = path.read_text("utf-8")
    found = re.match(before, old)
    if found is None:
        raise NewError(f"{path}: its list of exercises was not found. Nothing was added.")
    return old[: found.end()] + text + old[found.end() :]


if __name__ == "__main__":
    sys.exit(main())
