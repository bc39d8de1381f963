"""`signpost help …`: pages that belong to no one command."""

from __future__ import annotations

import typer

from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import JsonFlag, answer, answer_json

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _help() -> None:
    """Explain things that belong to no one command.

    Example:
      signpost help exit-codes
    """


@app.command("exit-codes")
def exit_codes(as_json: JsonFlag = False) -> None:
    """Say what each exit code means.

    Example:
      signpost help exit-codes
    """
    if as_json:
        codes = [{"code": int(code), "name": _name(code), "meaning": code.sentence} for code in ExitCode]
        answer_json("signpost.exit-codes/1", {"exit_codes": codes})
        return
    for code in ExitCode:
        answer(f"{int(code):>4}  {code.sentence}")


def _name(code: ExitCode) -> str:
    return code.name.lower().replace("_", "-")
