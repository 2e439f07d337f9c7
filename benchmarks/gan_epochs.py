"""Speed of the batched survey: GAN-epochs per second, against a notebook loop and against C.

python -m benchmarks.gan_epochs: prints a table and merges its keys into benchmarks/latest.json.
m = 64, float64 (the notebook float32, PyTorch's own), one machine. The ways take turns for
`REPEATS` rounds; a speed is the median of its rounds, a ratio the median of the ratios within a
round, so that a busy machine matters little.
"""

from __future__ import annotations

import ctypes
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.latest import keep, median_ratio
from scripts.gan_training.lab.engine import available_threads
from scripts.gan_training.lab.measure import Window
from scripts.gan_training.lab.survey import survey

SAMPLES = 64
REPEATS = 7
GRID, EPOCHS = 20_480, 500
SMALL_GRID = GRID // 10
NOTEBOOK_EPOCHS = 300
WINDOW = Window(outer=1e-3, target=1e-6, floor=0.0, bound=np.inf)
"""No GAN is over before its last epoch, so that every way does the same work."""
Floats = NDArray[np.float64]


def main() -> None:
    rates = measure()
    report = {
        "engine_gan_epochs_per_second": statistics.median(rates["engine"]),
        "notebook_gan_epochs_per_second": statistics.median(rates["notebook"]),
        "c_gan_epochs_per_second": statistics.median(rates["c"]),
        "engine_vs_notebook": median_ratio(rates["engine"], rates["notebook"]),
        "engine_vs_c": median_ratio(rates["engine"], rates["c"]),
        "cost_of_10x_grid": 10 * median_ratio(rates["engine_small"], rates["engine"]),
        "gan_epochs_cores": available_threads(),
    }
    keep(report)


def measure() -> dict[str, list[float]]:
    """Return GAN-epochs per second, REPEATS values a way."""
    real, noise = data()
    build = tempfile.TemporaryDirectory()
    c_train = compiled(Path(build.name))

    def ours(size: int) -> Callable[[], int]:
        g, d = rate_pairs(size)

        def run() -> int:
            survey(real, noise, g, d, [0, 0, 0], EPOCHS, WINDOW)
            return size * EPOCHS

        return run

    g, d = rate_pairs(GRID)

    def in_c() -> int:
        c_train(real, noise, g, d, np.zeros((3, GRID)), EPOCHS)
        return GRID * EPOCHS

    ways = {
        "engine": ours(GRID),
        "engine_small": ours(SMALL_GRID),
        "c": in_c,
        "notebook": lambda: notebook(real, noise, NOTEBOOK_EPOCHS),
    }
    for way in ways.values():
        way()  # compiles, warms up
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPEATS):
        for name, way in ways.items():
            start = time.perf_counter()
            work = way()
            rates[name].append(work / (time.perf_counter() - start))
    build.cleanup()
    return rates


def data() -> tuple[Floats, Floats]:
    random = np.random.default_rng(0)
    return 4.0 + random.normal(size=SAMPLES), random.normal(size=SAMPLES)


def rate_pairs(size: int) -> tuple[Floats, Floats]:
    """Rates for which training converges: every run does the same work."""
    axis = np.geomspace(1e-3, 0.1, size)
    return axis, axis[::-1].copy()


def compiled(folder: Path) -> Callable[..., None]:
    """Compile kernel.c and return it as a function of arrays."""
    library = folder / "kernel.so"
    source = Path(__file__).parent / "kernel.c"
    flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC"]
    subprocess.run(["cc", *flags, str(source), "-o", str(library)], check=True)
    function = ctypes.CDLL(str(library)).train

    def pointer(array: Floats) -> Any:
        return array.ctypes.data_as(ctypes.c_void_p)

    def train(
        real: Floats, noise: Floats, g: Floats, d: Floats, state: Floats, epochs: int
    ) -> None:
        n, m = g.size, real.size
        pointers = [pointer(array) for array in (g, d, state)]
        function(pointer(real), pointer(noise), m, *pointers, n, epochs)

    return train


def notebook(real: Floats, noise: Floats, epochs: int) -> int:
    """Train one GAN as a notebook does: nn.Module, autograd, optim.SGD; return the epochs."""
    import torch
    from torch import nn

    class Generator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.theta = nn.Parameter(torch.zeros(1))

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return z + self.theta

    class Discriminator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(1, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(self.linear(x))

    generator, discriminator = Generator(), Discriminator()
    player_g = torch.optim.SGD(generator.parameters(), lr=0.05)
    player_d = torch.optim.SGD(discriminator.parameters(), lr=0.05)
    bce = nn.BCELoss()
    x, z = (torch.from_numpy(points)[:, None].float() for points in (real, noise))
    ones, zeros = torch.ones_like(x), torch.zeros_like(x)
    for _ in range(epochs):
        player_d.zero_grad()
        loss_d = bce(discriminator(x), ones) + bce(discriminator(generator(z).detach()), zeros)
        loss_d.backward()
        player_d.step()
        player_g.zero_grad()
        loss_g = bce(discriminator(generator(z)), ones)
        loss_g.backward()
        player_g.step()
    return epochs


if __name__ == "__main__":
    main()
