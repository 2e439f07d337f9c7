"""Join what the exercises found and what the checks of the documents found: the manifest."""

from __future__ import annotations

from scripts.common.artifacts import load_json, save_json
from scripts.common.command_line import parse


def main() -> None:
    """Read the parts, write the whole."""
    read = ("collected", "documents")
    _, files = parse(__doc__, inputs=read, outputs=("manifest",), several=("documents",))
    manifest = load_json(files.collected)
    for path in files.documents:
        document = load_json(path)
        manifest["engine"] = document["engine"]
        manifest["checks"] += document["checks"]
    save_json(files.manifest, manifest)


if __name__ == "__main__":
    main()
