"""The styles and scripts of the gateway's pages: where they come from is not said here, and what comes is checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.contract.repository import ROOT, repository_files

NPM = Path("requirements") / "npm"
ASSETS = Path("signpost") / "edge" / "gateway" / "pages" / "assets"


def test_the_lock_names_no_host_and_hashes_every_package() -> None:
    """npm asks whichever registry a machine is set to use, and takes only what has the lock's hash."""
    text = (ROOT / NPM / "package-lock.json").read_text()

    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}

    assert "://" not in text
    assert "resolved" not in text
    assert {"node_modules/govuk-frontend", "node_modules/axe-core"} <= packages.keys()
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())


def test_each_package_is_asked_for_in_one_exact_version() -> None:
    """The lock holds that version, and the macros that write the pages are of the same one."""
    asked = json.loads((ROOT / NPM / "package.json").read_text())
    locked = json.loads((ROOT / NPM / "package-lock.json").read_text())["packages"]

    for name, version in {**asked["dependencies"], **asked["devDependencies"]}.items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_nothing_that_a_package_brings_is_run() -> None:
    """Neither package has a script that runs when it is installed, and npm would not run one."""
    locked = json.loads((ROOT / NPM / "package-lock.json").read_text())["packages"]

    assert "ignore-scripts=true" in (ROOT / NPM / ".npmrc").read_text().splitlines()
    assert not any("hasInstallScript" in package for package in locked.values())


def copied(to: Path) -> Path:
    """The repository's files and nothing that was made in it."""
    for path in repository_files():
        target = to / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return to


@pytest.mark.parametrize(
    ("npm", "said"),
    [(None, "There is no npm here"), ("exit 1", "npm could not fetch them")],
    ids=["none", "no-network"],
)
def test_without_npm_it_is_said_and_is_no_failure(tmp_path: Path, npm: str | None, said: str) -> None:
    """The pages have a small sheet of their own, and the demo is played without either."""
    clone, programs = copied(tmp_path / "clone"), tmp_path / "programs"
    programs.mkdir()
    if npm is not None:
        (programs / "npm").write_text(f"#!/bin/bash\n{npm}\n")
        (programs / "npm").chmod(0o755)
    make = shutil.which("make")
    assert make is not None

    done = subprocess.run(
        [make, "--no-print-directory", "assets"], cwd=clone, env={"PATH": str(programs)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert "the small sheet of their own" in done.stdout
    assert not (clone / ASSETS).exists()


def test_the_wheel_carries_what_was_fetched_with_its_licence(tmp_path: Path) -> None:
    """Though git does not: who installs a wheel needs no npm."""
    clone = copied(tmp_path / "clone")
    (clone / ASSETS).mkdir(parents=True, exist_ok=True)
    for name in ("govuk-frontend.min.css", "govuk-frontend.min.js", "LICENSE.txt"):
        (clone / ASSETS / name).write_text("stands for the real one\n")

    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=clone, check=True, capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip

    (wheel,) = tmp_path.glob("*.whl")
    carried = {Path(name).name for name in zipfile.ZipFile(wheel).namelist() if name.startswith(f"{ASSETS}/")}
    assert carried == {"govuk-frontend.min.css", "govuk-frontend.min.js", "LICENSE.txt"}
