"""Reading and writing the two kinds of result: arrays (.npz) and summaries (.json).

Both are written the same to the byte for the same content, and read without ever running code
from the file (no pickles).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # NumPy takes long to import, and steps that read summaries do not need it
    from scripts.common.arrays import Arrays


def save_arrays(path: Path, arrays: Arrays) -> None:
    """Write named numeric arrays to `path` (.npz, uncompressed, names sorted).

    Raises ValueError for an array of objects, which could only be stored as a pickle.
    """
    import numpy as np

    for name, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise ValueError(f"{path}: array {name!r} holds Python objects, not numbers")
    np.savez(path, **{name: np.asarray(arrays[name]) for name in sorted(arrays)})  # type: ignore[arg-type]


def load_arrays(path: Path) -> Arrays:
    """Read every array of an .npz file written by `save_arrays`; pickled content is refused."""
    import numpy as np

    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def save_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as sorted, indented JSON; ValueError for NaN or infinity."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def load_json(path: Path) -> dict[str, Any]:
    """Read a JSON object written by `save_json`."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a JSON object, found {type(content).__name__}")
    return content
