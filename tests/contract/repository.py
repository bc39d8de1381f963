"""The repository as its rules see it: the files that are, or are about to be, part of it.

In a git checkout these are the files git knows of and those it would add. Anywhere else, such as an unpacked
archive, they are all files outside the folders that tools make.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "python_files", "repository_files", "text_files"]

ROOT = Path(__file__).resolve().parents[2]

# What .gitignore names, for a tree that git does not know.
_MADE_BY_TOOLS = frozenset({"__pycache__", "build", "dist", "run", "runs", "data"})


@cache
def repository_files() -> tuple[Path, ...]:
    """Every file of the repository, as an absolute path, in order."""
    names = _names_from_git() if (ROOT / ".git").exists() else _names_from_walk()
    return tuple(sorted(path for name in names if (path := ROOT / name).is_file()))


def text_files() -> Iterator[tuple[Path, str]]:
    """Each file that is UTF-8 text, by its path from the root, with what is in it."""
    for path in repository_files():
        try:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def python_files() -> Iterator[tuple[Path, str]]:
    """Each Python source, by its path from the root, with what is in it."""
    return ((path, text) for path, text in text_files() if path.suffix in {".py", ".pyi"})


def _names_from_git() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.split("\0") if name]


def _names_from_walk() -> list[str]:
    names = []
    for path in ROOT.rglob("*"):
        name = path.relative_to(ROOT)
        folders = name.parts[:-1]
        hidden = any(part.startswith(".") and part != ".ci" for part in folders)
        if not hidden and not _MADE_BY_TOOLS.intersection(folders):
            names.append(str(name))
    return names
