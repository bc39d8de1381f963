"""`signpost demo`: the whole story on this machine, then nothing is left of it."""

from __future__ import annotations

import datetime as dt
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from signpost_cli.demo.pages import Pages
from signpost_cli.demo.story import Story
from signpost_cli.demo.world import World, WorldFailed
from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import answer, say
from signpost_cli.stops import Stop

__all__ = ["demo"]

_SEED: Final = 2026
_READ_NEXT: Final = """
To read next:
  docs/tutorial/first-steps.md          the same by hand, step by step
  docs/explanation/how-it-works.md      who knows what, and why nobody knows who a child is
  docs/tutorial/in-a-browser.md         the same in a browser: signpost demo --keep
  docs/tutorial/offices-in-a-browser.md its officers' and administrators' pages
  docs/reference/command-line.md        every command and exit code; or signpost --help"""


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave it all running until Ctrl-C, with gateways to open in a browser.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Which made-up children: the same seed, the same children.")] = _SEED,
) -> None:
    """Play the whole story on this machine, with made-up children, and end.

    Three key holders and the index start as separate processes on the loopback; two councils, a hospital and a police
    force use them by the same commands as anybody. Nothing leaves this machine, and nothing stays on it.

    Example:
      signpost demo --keep
    """
    started = time.monotonic()
    root = Path(tempfile.mkdtemp(prefix="signpost-demo-"))
    # A terminal that closes and `kill` end the demo as Ctrl-C does: its services stop with it.
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(ExitCode.INTERRUPTED))
    try:
        with World(root) as world:
            story, pages = Story(world, seed=seed, today=dt.date.today(), tell=answer), Pages(world)  # noqa: DTZ011 - this machine's day
            try:
                story.play()
                answer(f"\nThat was the whole story, in {time.monotonic() - started:.0f} seconds.")
                if keep:
                    say("Starting three gateways, whose pages stay until Ctrl-C.")
                    story.go_on()
                    pages.set_up()
            except WorldFailed as failed:
                raise Stop(ExitCode.FAILED, "The demo did not go as it should.", why=str(failed)) from None
            answer(_READ_NEXT)
            if keep:
                pages.describe(answer, story.children_to_ask_about(), story.extract_to_upload())
                say(f"Everything is in {root}; the services go on until Ctrl-C.")
                pages.give_codes(answer)
                signal.pause()
    finally:
        shutil.rmtree(root, ignore_errors=True)
