"""The gateway as it is run: `python -m signpost.edge.gateway`, its settings, its log, and how it ends."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.support.whole_gateway import open_whole_gateway

COMMAND = [sys.executable, "-m", "signpost.edge.gateway", "--settings"]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings of a gateway that was made, certified and installed."""
    with open_whole_gateway(tmp_path / "whole") as whole:
        whole.with_program()
        shutil.copytree(whole.files.folder, tmp_path / "gateway")
        shutil.copytree(whole.files.folder.parent / "program", tmp_path / "program")
    shutil.rmtree(tmp_path / "gateway" / "feeds")
    file = tmp_path / "gateway.toml"
    file.write_text('port = 0\nfolder = "gateway"\n')
    return file


def test_it_serves_and_stops_when_it_is_asked_to(settings: Path) -> None:
    """Nobody is signed in; and where the index cannot be reached that is what is said, not that a code was wrong."""
    with subprocess.Popen([*COMMAND, str(settings)], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            ready = json.loads(process.stderr.readline())
            if ready["event"] == "pages-without-design-system":  # where `make assets` has not fetched it
                ready = json.loads(process.stderr.readline())
            assert (ready["event"], ready["service"]) == ("ready", "gateway")
            url = f"http://127.0.0.1:{ready['port']}"
            assert httpx2.get(f"{url}/health").json()["state"] == "serving"
            assert httpx2.get(f"{url}/api/v1/inbox").json()["code"] == "not-signed-in"
            assert "<h1" in httpx2.get(f"{url}/sign-in").text
            tried = {"account": "worker-1", "password": "a b c d", "code": "000000"}
            assert httpx2.post(f"{url}/api/v1/sessions", json=tried).json()["code"] == "could-not-check"
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
        events = [json.loads(line)["event"] for line in process.stderr]
    assert events == ["could-not-check", "sign-in-refused", "stopping", "stopped"]


def test_with_the_desk_of_a_feed_it_takes_uploads_and_keeps_their_history_for_its_user_alone(settings: Path) -> None:
    with subprocess.Popen([*COMMAND, str(with_desk(settings))], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            events = []
            while "ready" not in events:
                events.append(json.loads(process.stderr.readline())["event"])
            assert (settings.parent / "gateway" / "feeds").stat().st_mode & 0o777 == 0o700
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("fault", ["another organisation's", "a history open to others"])
def test_it_takes_no_uploads_where_they_would_not_be_its_own(settings: Path, fault: str) -> None:
    file = with_desk(settings)
    if fault == "another organisation's":
        public = settings.parent / "program" / "organisation.json"
        public.write_text(public.read_text().replace("northtown", "southtown"))
    else:
        (settings.parent / "gateway" / "feeds").mkdir(mode=0o755)

    ended = subprocess.run([*COMMAND, str(file)], capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert json.loads(ended.stderr.splitlines()[0])["event"] == "start-refused"


def with_desk(settings: Path) -> Path:
    """The same settings, with the desk of a feed."""
    settings.write_text(settings.read_text() + 'program_desk = "program"\n')
    return settings


@pytest.mark.parametrize("fault", ["no key", "key open to others", "not certified", "another manifest", "no authority"])
def test_it_does_not_start_where_it_is_not_whole(settings: Path, fault: str) -> None:
    """And says what is wrong, without what is in a file."""
    folder = settings.parent / "gateway"
    match fault:
        case "no key":
            (folder / "gateway.key").unlink()
        case "key open to others":
            (folder / "gateway.key").chmod(0o644)
        case "not certified":
            (folder / "gateway.json").unlink()
        case "another manifest":
            (folder / "manifest.json").write_text("{}")
        case _:
            settings.write_text('port = 0\nfolder = "gateway"\nca_file = "none.pem"\n')

    ended = subprocess.run([*COMMAND, str(settings)], capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert json.loads(ended.stderr.splitlines()[0])["event"] == "start-refused"
