"""The settings of the build itself."""

from __future__ import annotations

from scripts.common.settings import Block, setting


class Cache(Block):
    """The run cache."""

    megabytes: int = setting("size limit of the run cache", 0, 1000000)
