"""Tells by its objects whether a page of a PDF is drawn as another one, without drawing it."""

from __future__ import annotations

import hashlib
from typing import Any

import pikepdf

_NOT_DRAWN = ("/Parent", "/Annots", "/StructParents", "/StructParent")


def fingerprints(file: pikepdf.Pdf) -> list[str]:
    """A SHA-256 (hex) of each page: of its size, its contents and all that these refer to.

    Two pages with the same one are drawn alike.
    """
    known: dict[tuple[int, int], bytes] = {}
    # qpdf has given each page what it inherits: its size, its resources.
    return [_print(page.obj, known).hex() for page in file.pages]


def _print(item: Any, known: dict[tuple[int, int], bytes]) -> bytes:
    """The SHA-256 of an object of the PDF; indirect ones are read once."""
    if not isinstance(item, pikepdf.Object) or not item.is_indirect:
        return _own_print(item, known)
    if item.objgen not in known:
        known[item.objgen] = b"inside itself"
        known[item.objgen] = _own_print(item, known)
    return known[item.objgen]


def _own_print(item: Any, known: dict[tuple[int, int], bytes]) -> bytes:
    digest = hashlib.sha256(type(item).__name__.encode())
    if isinstance(item, pikepdf.Stream):
        digest.update(item.read_raw_bytes())
    if isinstance(item, (pikepdf.Stream, pikepdf.Dictionary)):
        for key, value in item.items():
            if key not in _NOT_DRAWN:
                digest.update(key.encode() + _print(value, known))
    elif isinstance(item, pikepdf.Array):
        for value in item:
            digest.update(_print(value, known))
    else:
        digest.update(repr(item).encode())
    return digest.digest()
