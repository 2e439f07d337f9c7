"""Types of arrays, by what they hold; their shapes and units stand where they are used."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Numbers in double precision."""

Ints = NDArray[np.integer[Any]]
"""Whole numbers of any width: counts, labels, indices, codes."""

Bools = NDArray[np.bool_]
"""Truth values."""

Complexes = NDArray[np.complex128]
"""Complex numbers in double precision."""

Numbers = NDArray[Any]
"""Numbers of any kind: of either precision, or exact ones (fractions, SymPy's) as objects."""

Arrays = dict[str, NDArray[Any]]
"""Arrays by name, as a step writes them and the next one reads them."""
