"""What the preview's pages do in a browser, and what its server answers to whom."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest
from browsers import chromium
from playwright.sync_api import Browser, Page, expect

from scripts.report.preview.board import Board
from scripts.report.preview.server import Server

# As in a browser that itself does nothing to keep the reader's place.
HEAD = """<!DOCTYPE html>
<html lang="en"><head><title>T</title><style>html { overflow-anchor: none }</style></head>
<body><main>"""
PATIENCE = 60_000
"""Milliseconds that the browser is given, on a machine that is busy."""

TEXT = [f'<p id="p{n}">Paragraph {n}.</p>' for n in range(200)]


expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def server(board: Board) -> Iterator[Server]:
    server = Server(0, board)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser, server: Server, board: Board) -> Iterator[Page]:
    """A page of many paragraphs."""
    show(board, TEXT)
    page = browser.new_page()
    page.goto(f"{server.url}a.html")
    yield page
    page.close()


def show(board: Board, text: list[str]) -> None:
    body = "\n".join(text)
    board.show({"a.html": f"{HEAD}{body}</main></body></html>".encode()})


def ask(server: Server, path: str, host: str | None = None) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", host or f"localhost:{server.server_port}")
    connection.endheaders()
    return connection.getresponse()


def test_a_page_changes_in_place_and_the_readers_place_stays(page: Page, board: Board) -> None:
    page.evaluate("document.getElementById('p100').scrollIntoView(); window.kept = true")
    page.evaluate("document.getElementById('p3').mine = document.getElementById('p150').mine = 1")
    before = page.evaluate("document.getElementById('p100').getBoundingClientRect().top")
    longer = "<p>Another.</p>"
    show(board, [*TEXT[:2], *[longer] * 9, *TEXT[2:5], "<p>Edited.</p>", *TEXT[6:199], longer])
    expect(page.get_by_text("Another.")).to_have_count(10)
    assert page.evaluate("document.getElementById('p100').getBoundingClientRect().top") == before
    assert page.evaluate("window.kept && document.getElementById('p3').mine") == 1
    assert page.evaluate("document.getElementById('p150').mine") == 1
    words = page.evaluate("document.querySelector('main').innerText").split("\n")
    assert [word for word in words if word][:14] == [
        "Paragraph 0.", "Paragraph 1.", *["Another."] * 9, "Paragraph 2.", "Paragraph 3.",
        "Paragraph 4.",
    ]  # fmt: skip
    assert "Edited." in words
    assert "Paragraph 5." not in words


EDITS = {
    "a paragraph moved": [*TEXT[:5], TEXT[9], *TEXT[5:9], *TEXT[10:]],
    "two changed, far from each other": ["<p>New.</p>", *TEXT[1:90], "<p>Also.</p>", *TEXT[91:]],
    "one gone, one new": [*TEXT[:7], *TEXT[8:70], "<h2>New.</h2>", *TEXT[70:]],
    "the same twice": [*TEXT[:7], TEXT[7], TEXT[7], *TEXT[7:]],
    "attributes": ['<p class="x" lang="de">Paragraph 0.</p>', *TEXT[1:]],
    "something inside": [*TEXT[:3], "<p>Paragraph <em>3</em>. <b>x</b></p>", *TEXT[4:]],
    "another kind": [*TEXT[:3], "<ul><li>Paragraph 3.</li></ul>", *TEXT[4:]],
    "code": [*TEXT[:3], "<pre>a\n\n  b</pre>", *TEXT[4:]],
    "a formula": [*TEXT[:3], "<p><math><mi>x</mi><mo>+</mo><mi>y</mi></math></p>", *TEXT[4:]],
    "nothing left": [],
}


def test_what_the_pages_own_script_added_is_no_difference(page: Page, board: Board) -> None:
    page.evaluate(
        """() => {
            window.add = () => document.getElementById("p7").insertAdjacentHTML(
                "beforeend", "<a data-added>#</a>");
            document.body.insertAdjacentHTML("beforeend", "<aside data-added>Tools.</aside>");
            addEventListener("changed", add);
            add();
            for (const name of ["p7", "p9"]) document.getElementById(name).kept = true;
        }"""
    )
    show(board, ["<p>First.</p>", *TEXT])
    expect(page.get_by_text("First.")).to_have_count(1)
    assert page.evaluate("['p7', 'p9'].every((name) => document.getElementById(name).kept)")
    expect(page.locator("#p7 [data-added]")).to_have_count(1)
    expect(page.get_by_text("Tools.")).to_have_count(1)


def test_after_any_edit_the_page_is_the_new_page(page: Page, board: Board, server: Server) -> None:
    for name, text in [*EDITS.items(), ("all back", TEXT)]:
        show(board, text)
        version = board.edition("a.html")[1]
        page.wait_for_selector(f"script[data-version='{version}']", state="attached")
        same = page.evaluate("""async () => {
            const fresh = new DOMParser().parseFromString(
                await (await fetch(location.href)).text(), "text/html");
            const plain = ({ head, body }) =>
                (head.outerHTML + body.outerHTML).replace(/>\\s+</g, "><");
            return plain(fresh) === plain(document);
        }""")
        assert same, name


def test_faults_and_progress_stand_over_the_last_good_page(page: Page, board: Board) -> None:
    board.report("1/3  at work: compute_dice 2 s")
    board.blame("a.html", "report/a.qmd:7: <b>`@x`</b> refers to nothing; correct it.")
    status = page.get_by_role("status")
    expect(status).to_contain_text("report/a.qmd:7: <b>`@x`</b> refers to nothing")
    expect(status).to_contain_text("at work: compute_dice")
    expect(page.get_by_text("Paragraph 0.")).to_be_visible()
    board.report("")
    board.blame("a.html", "")
    expect(status).to_be_empty()


def test_two_tabs_show_the_same(page: Page, browser: Browser, server: Server, board: Board) -> None:
    other = browser.new_page()
    other.goto(f"{server.url}a.html")
    show(board, ["<p>Second.</p>"])
    for each in (page, other):
        expect(each.get_by_text("Second.")).to_be_visible()
    other.close()
    show(board, ["<p>Third.</p>"])
    expect(page.get_by_text("Third.")).to_be_visible()


def test_a_page_that_is_not_there_yet_comes_by_itself(
    browser: Browser, server: Server, board: Board
) -> None:
    page = browser.new_page()
    assert page.goto(f"{server.url}a.html").status == 404
    show(board, TEXT)
    expect(page.get_by_text("Paragraph 0.")).to_be_visible()
    page.close()


SERVE = """
import sys
from scripts.report.preview.board import Board
from scripts.report.preview.server import Server
board = Board()
board.show({"a.html": sys.argv[2].encode()})
server = Server(int(sys.argv[1]), board)
print(server.server_port, flush=True)
server.serve_forever()
"""


def served(port: int, text: str) -> tuple[subprocess.Popen[str], int]:
    """A server in a process of its own, and its port."""
    command = [sys.executable, "-c", SERVE, str(port), f"{HEAD}{text}</main></body></html>"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_tab_outlives_the_preview_and_follows_the_next_one(browser: Browser) -> None:
    first, port = served(0, "<p>First.</p>")
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{port}/a.html")
    end(first)
    lost = page.get_by_role("status").get_by_text("The preview has ended")
    expect(lost).to_be_visible()
    expect(page.get_by_text("First.")).to_be_visible()
    second, _ = served(port, "<p>Second.</p>")
    expect(page.get_by_text("Second.")).to_be_visible()
    expect(lost).to_have_count(0)
    end(second)
    page.close()


HOSTS = ("evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/", "/a.html", "/events", "/page.js"])
def test_requests_to_another_host_are_refused(
    server: Server, board: Board, host: str, path: str
) -> None:
    show(board, TEXT)
    assert ask(server, path).status in (200, 404)
    answer = ask(server, path, host.format(port=server.server_port))
    assert answer.status == 421
    assert b"Paragraph" not in answer.read()


@pytest.mark.parametrize(
    "path",
    ["/../Snakefile", "/..%2FSnakefile", "/report/build/a.html", "//etc/passwd", "/Snakefile",
     "/a.html/../b.pdf", "/a.pages/../../Snakefile.png", "/a.pages/0.png", "/board.py"],
)  # fmt: skip
def test_no_request_names_a_file(server: Server, board: Board, path: str) -> None:
    show(board, TEXT)
    answer = ask(server, path)
    assert answer.status == 404
    assert b"TOPICS" not in answer.read()


def test_it_listens_on_loopback_and_knows_one_method(server: Server) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.request("POST", "/")
    assert connection.getresponse().status == 501


def test_a_browser_that_was_lost_is_forgotten(
    server: Server, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.report.preview.server.SILENCE", 0.05)
    board.report("1/2  ")
    before = threading.active_count()
    lost = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(5)]
    request = f"GET /events HTTP/1.0\r\nHost: localhost:{server.server_port}\r\n\r\n"
    for each in lost:
        each.sendall(request.encode())
    for each in lost:
        assert b"200" in each.recv(100)
    assert threading.active_count() > before
    for each in lost:
        each.close()
    for _ in range(600):
        if threading.active_count() <= before:
            break
        threading.Event().wait(0.1)
    assert threading.active_count() <= before
    answer = ask(server, "/events")
    said = [answer.readline() for _ in range(2)][-1]
    assert json.loads(said.removeprefix(b"data: "))["progress"] == "1/2  "
