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
        shutil.copytree(whole.files.folder, tmp_path / "gateway")
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
