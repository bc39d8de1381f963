"""Every part of the benchmarks still runs, with real services, on sizes that mean nothing."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import main


def test_a_quick_run_measures_every_part_and_gives_every_aim_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick"]) == 0

    printed = capsys.readouterr().out
    titles = [line for line in printed.splitlines() if line.startswith("### ")]
    assert len(titles) == 10
    for what in (
        "edge: combine",
        "everybody together",
        "STUB",
        "gateway, by its API (processor time)",
        "a dry run of 12 rows",
        "1,000 keys",
        "singly",
        "as it is",
    ):
        (row,) = (line for line in printed.splitlines() if line.startswith(f"| {what}") or f"| {what} " in line)
        assert what in ("STUB", "gateway, by its API (processor time)", "a dry run of 12 rows") or any(
            verdict in row for verdict in ("PASS", "MISS", "UNSURE")
        )


def test_a_part_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--quick", "everything"])

    assert ended.value.code == 2
    assert "everything" in capsys.readouterr().err
