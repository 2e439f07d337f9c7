"""The settings of the document: types, choices, meanings."""

from __future__ import annotations

from scripts.common.settings import Block, setting

ENGINES = ("auto", "quarto", "embedded")


class Author(Block):
    """Whose assignment it is."""

    name: str = setting(
        "the author's name as printed",
        length=(1, 100),
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\ue000-\ue01f\ufeff\uffff]*$",
    )
    student_number: str = setting(
        "the student number as printed, in quotes", length=(1, 20), pattern=r"^[0-9A-Za-z -]*$"
    )


class Report(Block):
    """How the document is made."""

    engine: str = setting("what turns the document into PDF and HTML", choices=ENGINES)
