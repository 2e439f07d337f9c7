"""The settings of the build itself."""

from __future__ import annotations

from scripts.common.settings import Block, setting


class Cache(Block):
    """The run cache."""

    megabytes: int = setting("size limit of the run cache", 0, 1000000)
    shared: str = setting(
        "folder or fsspec URL of the shared cache, without a password",
        length=(0, 1000), pattern=r"^(?![^/]*://[^/]*:[^/]*@)[^\x00-\x1f]*$",
    )  # fmt: skip
    shared_access: str = setting("what to do with it", choices=("read", "read-write"))
    shared_seconds: int = setting("how long a step waits for it", 1, 3600)
