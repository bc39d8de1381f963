"""The rules of the house: what may stand in the repository, and what its own files promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.contract.repository import ROOT, repository_files, text_files

REQUIREMENTS = ROOT / "requirements"
LOCKS = ("run.txt", "dev.txt", "bench.txt", "browser.txt")

# The bracketed letters keep these patterns from finding themselves.
REGISTRIES = re.compile(
    r"pypi[.]org|python[h]osted[.]org|npm[j]s[.](?:org|com)|deb[.]debian[.]org|crates[.]io/api|"
    r"(?:default|extra|index)-(?:index-)?[u]rl|find-[l]inks|[P]IP_INDEX|[U]V_(?:DEFAULT_)?INDEX",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(
    r"(?<![\w.>])/(?:[w]ork/|[r]oot/|[h]ome/\w|[U]sers/\w|[o]pt/(?:pypi|wheels)|[t]mp/(?:brief|uvenv))"
)
TEN_DIGITS = re.compile(r"(?<![0-9A-Za-z.])\d{3}[ -]?\d{3}[ -]?\d{4}(?![0-9A-Za-z]|\.\d)")

# The first two are typed into forms as dummies, and the code refuses them for that; the third is how
# code lists the digits.
NOBODYS = frozenset({"9876543210", "1234567881", "0123456789"})


def places(pattern: re.Pattern[str]) -> list[str]:
    """Where a pattern stands in the repository's text files, as `path:line`."""
    return [
        f"{path}:{number}"
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def check_digit_agrees(digits: str) -> bool:
    """Whether ten digits would pass for an NHS number: weights 10 to 2, modulo 11."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[9])


def test_the_repository_has_files_to_look_at() -> None:
    """The rules below are about a real list of files, not an empty one."""
    names = {str(path.relative_to(ROOT)) for path in repository_files()}

    assert {"pyproject.toml", "Makefile", "README.md", "signpost/__init__.py"} <= names
    assert not any(name.startswith(".venv") for name in names)


def test_no_package_registry_is_named() -> None:
    """No file, the locks included, says where packages come from: that is for each machine to know."""
    assert places(REGISTRIES) == []


def test_no_machine_is_named() -> None:
    """No file holds a path of the machine it was written on."""
    assert places(MACHINE_PATHS) == []


def test_no_nhs_number_stands_outside_the_test_range() -> None:
    """Every number here that could be somebody's NHS number is of the 999 range, which is nobody's."""
    found = [
        f"{path}:{number}"
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), start=1)
        for match in TEN_DIGITS.finditer(line)
        if check_digit_agrees(digits := re.sub(r"\D", "", match[0]))
        and not digits.startswith("999")
        and digits not in NOBODYS
    ]

    assert found == []


def test_the_numbers_excused_would_otherwise_be_found() -> None:
    """What the rule above excuses, it excuses because its check digit agrees."""
    assert all(check_digit_agrees(dummy) for dummy in NOBODYS)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_and_hashes_every_package(name: str) -> None:
    """Each package of a lock has one exact version and at least one SHA-256 hash, and nothing else."""
    text = (REQUIREMENTS / name).read_text()

    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^ *#.*\n", "", text).strip())

    assert len(entries) > 10
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^\\]+?)?( \\\n    --hash=sha256:[0-9a-f]{64})+", entry), entry


def test_every_list_of_requirements_has_its_lock() -> None:
    """What is asked for in an .in file is locked in the .txt file of the same name."""
    assert {path.stem for path in REQUIREMENTS.glob("*.in")} == {Path(name).stem for name in LOCKS}


def test_what_runs_is_what_is_tested() -> None:
    """The test and benchmark locks hold every package that runs, at the same version."""
    run, dev, bench, browser = (pins(name) for name in LOCKS)

    assert run <= dev <= browser
    assert run <= bench


def test_the_project_asks_for_what_the_lock_is_made_from() -> None:
    """pyproject.toml and requirements/run.in name the same packages, the build tool apart."""
    lines = (REQUIREMENTS / "run.in").read_text().splitlines()
    asked = {line for line in lines if line and not line.startswith("#")}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert asked == {*project["project"]["dependencies"], *project["build-system"]["requires"]}


def test_the_commands_of_the_readme_exist() -> None:
    """Each `make` command the README and CONTRIBUTING name is a target of the Makefile."""
    named = {
        target
        for page in ("README.md", "CONTRIBUTING.md")
        for target in re.findall(r"(?m)(?:^|`)\s*make ([a-z-]+)", (ROOT / page).read_text())
    }

    assert named >= {"demo", "test"}
    assert named <= targets().keys()


def test_help_lists_every_target_with_one_sentence() -> None:
    """`make` alone lists all targets, and each says in one sentence what it does."""
    assert targets().keys() == {
        "help", "demo", "test", "check", "test-browser", "assets", "bench", "bench-matching", "bench-full", "lock",
        "clean",
    }  # fmt: skip
    assert all(sentence.endswith(".") for sentence in targets().values())

    shown = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert all(f"make {target}" in shown.stdout for target in targets())


def test_continuous_integration_runs_what_a_person_runs() -> None:
    """.ci/run can be started, and its checks are the Makefile's and no others."""
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert re.findall(r"(?m)^make (\S+)", script.read_text()) == ["test", "check", "test-browser"]


def test_every_link_between_pages_leads_somewhere() -> None:
    """A relative link in a page names a file or folder that exists."""
    broken = [
        f"{path}: {target}"
        for path, text in text_files()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)", text)
        if "://" not in target and not (ROOT / path.parent / target).exists()
    ]

    assert broken == []


def test_the_wheel_holds_the_three_packages_and_nothing_else(tmp_path: Path) -> None:
    """A built wheel installs signpost, signpost_cli and signpost_keys: no tests, no other name."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]

    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "signpost",
        "signpost_cli",
        "signpost_keys",
    }
    assert {Path(name).suffix for name in names if ".dist-info/" not in name} <= {
        ".py",
        ".typed",
        ".csv",
        ".toml",
        ".md",
        # the gateway's pages, and GOV.UK's styles and scripts with their licence where `make assets` has fetched them
        ".html",
        ".css",
        ".js",
        ".svg",
        ".txt",
    }


def pins(lock: str) -> set[str]:
    """Each `name==version` of a lock."""
    return set(re.findall(r"(?m)^[a-z0-9.-]+==[^\s\\]+", (REQUIREMENTS / lock).read_text()))


def targets() -> dict[str, str]:
    """Each target of the Makefile that a person may ask for, with its sentence."""
    return dict(re.findall(r"(?m)^([a-z-]+):.*## (.*)$", (ROOT / "Makefile").read_text()))
