"""The shared cache on a server that speaks S3: as in a folder, and no fault costs a byte."""

from __future__ import annotations

import contextlib
import hashlib
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import ROOT, House, copy_source
from test_pipeline import STEP, run, times_run, wanted
from test_shared_cache import PATIENCE, another_machine, use, warnings

from scripts.pipeline import cache, shared

pytestmark = pytest.mark.whole

PYTHON = ROOT / ".venv/moto/bin/python"
HELLO = hashlib.sha256(b"hello").hexdigest()


def ask(url: str, method: str = "GET", body: bytes | None = None) -> bytes:
    """Ask the server itself; nothing for what is not there."""
    somebody = {"Authorization": "AWS key:signature"}
    request = urllib.request.Request(url, body, somebody, method=method)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.read()
    except urllib.error.HTTPError:
        return b""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the server is."""
    assert PYTHON.exists(), "there is no S3 server; `make test-all` installs it, in .venv/moto"
    command = [PYTHON, ROOT / "tests/s3_server.py"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with contextlib.closing(server.stdin), server:
        yield server.stdout.readline().strip()


@pytest.fixture
def bucket(
    address: str, one_step: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of an empty bucket, and this process in a tree whose build uses it."""
    (one_step / "scripts/topic/step.py").write_text(STEP)
    name = re.sub(r"\W", "", tmp_path.name).replace("_", "").lower()[-40:]
    ask(f"{address}/{name}", "PUT")
    for variable, value in access(address).items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(shared, "PYTHON", ROOT / shared.PYTHON)
    use(store_at(name), monkeypatch)
    yield f"{address}/{name}"
    have(address, "none")


def access(address: str) -> dict[str, str]:
    """What the libraries for S3 want to know, from their own environment variables."""
    keys = {"AWS_ACCESS_KEY_ID": "a key", "AWS_SECRET_ACCESS_KEY": "a secret"}
    return keys | {
        "AWS_ENDPOINT_URL": address,
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }


def have(address: str, fault: str) -> None:
    """Let the server have a fault from now on."""
    ask(f"{address}/fault", "PUT", fault.encode())


def store_at(bucket: str) -> str:
    """The URL of the shared cache in a bucket, given by its name or its address."""
    return f"s3://{bucket.rpartition('/')[2]}/a/prefix"


def held(bucket: str) -> dict[str, bytes]:
    """What is in a bucket."""
    names = re.findall(r"<Key>(.*?)</Key>", ask(f"{bucket}?list-type=2").decode())
    return {name: ask(f"{bucket}/{name}") for name in names}


def test_what_one_machine_computed_another_takes(bucket, capsys):
    run(wanted())
    (key,) = (path.name for path in Path(cache.CACHE).iterdir())
    assert held(bucket).keys() == {f"a/prefix/{key}.json", f"a/prefix/objects/{HELLO}"}
    assert held(bucket)[f"a/prefix/objects/{HELLO}"] == b"hello"
    another_machine()
    assert run(wanted()) == 0
    assert times_run() == 1
    assert Path("out/result.txt").read_text() == "hello"
    assert warnings(capsys) == []


FAULTS = {
    "truncated": (f"objects/{HELLO}", b"hell"),
    "swapped": (f"objects/{HELLO}", b"world"),
    "missing": (f"objects/{HELLO}", None),
    "of another run": ("{key}.json", "{other}.json"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_damaged_is_computed_and_replaced(bucket, capsys, fault):
    run(wanted(text="world"))
    (other,) = (path.name for path in Path(cache.CACHE).iterdir())
    run(wanted())
    (key,) = {path.name for path in Path(cache.CACHE).iterdir()} - {other}
    before = held(bucket)
    name, content = FAULTS[fault]
    if isinstance(content, str):
        content = before[f"a/prefix/{content.format(other=other)}"]
    method = "DELETE" if content is None else "PUT"
    ask(f"{bucket}/a/prefix/{name.format(key=key)}", method, content)
    assert held(bucket) != before
    another_machine()
    assert run(wanted()) == 0
    assert times_run() == 3
    assert Path("out/result.txt").read_bytes() == b"hello"
    (told,) = warnings(capsys)
    assert "holds something damaged" in told
    assert held(bucket) == before


FAILURES = {
    "500s": "cannot be used",
    "forbids": "cannot be used: Forbidden",
    "asks for a login": "Warning",
    "hangs": "no answer within 3 s",
    "stops halfway": "no answer within 9 s",
    "breaks off": "Warning",
    "swaps bytes": "cannot be used: Expected checksum",
}


@pytest.mark.parametrize("fault", FAILURES)
def test_a_server_at_fault_costs_one_warning(bucket, address, capsys, monkeypatch, fault):
    run(wanted())
    another_machine()
    have(address, fault)
    seconds = re.search(r"\d+ s$", FAILURES[fault])
    use(store_at(bucket), monkeypatch, seconds=int(seconds[0].split()[0]) if seconds else PATIENCE)
    for text in ("hello", "world"):
        assert run(wanted(text=text)) == 0
        assert Path("out/result.txt").read_text() == text
    assert times_run() == 3
    (told,) = warnings(capsys)
    assert store_at(bucket) in told
    assert FAILURES[fault] in told


def test_a_server_that_takes_nothing_still_gives(bucket, address, capsys):
    run(wanted())
    another_machine()
    have(address, "500s to writers")
    for text in ("hello", "world", "!"):
        assert run(wanted(text=text)) == 0
    assert times_run() == 3
    (told,) = warnings(capsys)
    assert "takes nothing" in told


@pytest.mark.parametrize("wrong", ["a bucket", "an address"])
def test_a_server_that_is_not_there_costs_one_warning(bucket, capsys, monkeypatch, wrong):
    if wrong == "a bucket":
        use("s3://nowhere/prefix", monkeypatch)
    else:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert run(wanted()) == 0
    assert run(wanted(text="world")) == 0
    (told,) = warnings(capsys)
    assert {"a bucket": "there is no nowhere", "an address": "http://127.0.0.1:9"}[wrong] in told


def test_a_fresh_clone_computes_nothing(bucket, finished: House, tmp_path):
    asked = {"cache.shared": store_at(bucket), "cache.shared_seconds": PATIENCE}
    more = access(bucket.rpartition("/")[0])
    for name, how in [("first", "computed"), ("other", "restored from the shared cache")]:
        house = copy_source(tmp_path / name, small=True)
        (house.root / ".venv").mkdir()
        (house.root / ".venv/store").symlink_to(ROOT / ".venv/store")
        house.configure(asked)
        done = house.build(more=more)
        assert done.steps(how) == set(finished.graph.step.values())
        assert "Warning" not in done.text
        assert house.artifacts() == finished.artifacts()
