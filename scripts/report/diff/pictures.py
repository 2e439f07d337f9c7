"""Pictures that differ: what is only in the old one in red, what is only in the new one in blue."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import matplotlib.image
import numpy as np
import typst

from scripts.common.arrays import Floats

PIXELS_PER_INCH = 144


def difference(old: Path, new: Path) -> bytes:
    """Return a PNG of both pictures over each other. Raises typst.TypstError for a broken one."""
    first, second = _grays(old), _grays(new)
    height, width = np.maximum(first.shape, second.shape)
    sheets = np.ones((2, height, width))
    for sheet, picture in zip(sheets, (first, second), strict=True):
        sheet[: picture.shape[0], : picture.shape[1]] = picture
    before, after = sheets
    # Where both have the same ink all three are equal, a gray; ink of one alone keeps its color.
    colors = np.dstack([after, np.minimum(before, after), before])
    made = io.BytesIO()
    matplotlib.image.imsave(made, colors, format="png")
    return made.getvalue()


def _grays(picture: Path) -> Floats:
    """Return a picture as the PDF shows it on white, shape (height, width), from 0 to 1, white."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, f"picture{picture.suffix}")
        copy.write_bytes(picture.read_bytes())
        sheet = Path(folder, "sheet.typ")
        sheet.write_text(
            "#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
            f'#image("{copy.name}")\n'
        )
        image = typst.compile(sheet, format="png", ppi=PIXELS_PER_INCH)
    pixels = matplotlib.image.imread(io.BytesIO(image), format="png")
    grays: Floats = pixels[:, :, :3].mean(axis=2)
    return grays
