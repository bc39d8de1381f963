"""The `signpost` command: which commands there are, and how any of them ends.

* A command's code is loaded when the command is run: help and a wrong command cost nothing more.
* Every end has its exit code (exit_codes.py). A foreseen one is told on stderr: what, why, and what to do next. One
  that was not is told by its class and place; no value of any variable is ever shown.
* What was typed is not repeated: an identifier typed as an argument by mistake would stay on the screen and in logs.
"""

from __future__ import annotations

import io
import logging
import os
import re
import resource
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, Final, NamedTuple, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from signpost_cli.exit_codes import ExitCode
from signpost_cli.output import answer, say, wrapped
from signpost_cli.stops import Stop, stop_of

__all__ = ["app", "load", "main", "run"]


class _Command(NamedTuple):
    module: str
    name: str
    sentence: str


COMMANDS: Final = {
    "lookup": _Command("lookup_command", "lookup", "Ask whether a colleague elsewhere works with a child."),
    "contact": _Command("contact_commands", "app", "Leave a call-back, and see what became of it."),
    "break-glass": _Command("glass_commands", "break_glass", "Show a duty line at once, in an emergency; reviewed."),
    "inbox": _Command("inbox_commands", "inbox", "See who asks to be rung by your organisation."),
    "reply": _Command("inbox_commands", "reply", "Answer who asks: share your desk, hand over, or not."),
    "review": _Command("glass_commands", "app", "For rights officers: review broken glasses."),
    "rights": _Command("rights_commands", "app", "For rights officers: what families may have done."),
    "register": _Command("register_command", "register", "Register involvement from a file the council already has."),
    "shield": _Command("shield_commands", "app", "For shielding officers: hide a child who must not be found."),
    "login": _Command("login_command", "login", "Sign in for one shift."),
    "lock": _Command("login_command", "lock", "Lock the shift on this device."),
    "logout": _Command("login_command", "logout", "End the shift on this device."),
    "password": _Command("password_command", "password", "Change the password you sign in with."),
    "enrol": _Command("enrol_command", "enrol", "Enrol this device with the token your administrator gave you."),
    "explain": _Command("explain_command", "explain", "Show what a child's details are turned into; contacts nobody."),
    "doctor": _Command("doctor_command", "doctor", "Say what is wrong with this device's set-up."),
    "audit": _Command("audit_commands", "app", "For auditors: read, check and export the record."),
    "demo": _Command("demo.command", "demo", "Play the whole story on this machine, with made-up children."),
    "serve": _Command("serve_commands", "app", "Run the index, a key holder or a gateway."),
    "keys": _Command("keys_commands", "app", "For custodians: make, open and watch over the key."),
    "admin": _Command("admin_commands", "app", "For administrators: organisations, accounts, handles, devices."),
    "help": _Command("help_commands", "app", "Explain things that belong to no one command."),
}


class _Loading(TyperGroup):
    """Lists every command by its sentence, and loads one only when it is run."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, command in COMMANDS.items():
            self.add_command(TyperCommand(name, short_help=command.sentence))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, _, rest = super().resolve_command(ctx, args)
        assert name is not None
        return name, load(name), rest


app = typer.Typer(
    cls=_Loading,
    help="Finds out whether a colleague elsewhere works with the same child.\n\n"
    "\b\nExample:\n  signpost lookup\n  signpost help exit-codes",
    no_args_is_help=True,
    add_completion=False,
    # Plain text, always: no boxes to draw and nothing to switch off.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def load(name: str) -> Any:
    """A command, with everything it needs."""
    module, attribute, _ = COMMANDS[name]
    found = getattr(import_module(f"signpost_cli.{module}"), attribute)
    around = typer.Typer(rich_markup_mode=None, add_completion=False)
    around.callback()(lambda: None)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    command = typer.main.get_group(around).commands[name]
    _keep_examples(command)
    return command


def _keep_examples(command: Any) -> None:
    """Show the example at the end of every help as it is written, not run together into a paragraph."""
    # A paragraph that starts with a backspace is left alone by the formatter.
    command.help = (command.help or "").replace("\n\nExample:\n", "\n\n\b\nExample:\n")
    for inner in getattr(command, "commands", {}).values():
        _keep_examples(inner)


def _version(*, wanted: bool) -> None:
    if wanted:
        answer(f"signpost {version('signpost-index')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """The console command."""
    # A child's details, a passphrase or a key share may be in memory: no core file is ever written of it, and whatever
    # a command writes is its user's alone.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. Nothing escapes from here but a wish to end the process."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows a question mark: the answer still arrives. What is typed in
        # another encoding is refused where it is checked.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # What libraries say of their own accord could hold anything: nothing of it is shown.
    logging.lastResort = None
    try:
        ended = typer.main.get_command(app).main(list(arguments), prog_name="signpost", standalone_mode=False)
    except typer.TyperException as error:
        return _tell_usage(error, arguments)
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place where one can be caught
        return _tell(stop_of(error) or _unforeseen(error), arguments)
    if ended == ExitCode.INTERRUPTED:
        say("")
    return int(ended or 0)


def _tell(stop: Stop, arguments: Sequence[str]) -> int:
    say(_lines(_unrepeated(f"signpost: {stop.what}", arguments), indent=0))
    if stop.why:
        say(_lines(_unrepeated(f"Why: {stop.why}", arguments), indent=2))
    if stop.hint:
        say(_lines(_unrepeated(f"Next: {stop.hint}", arguments), indent=2))
    return stop.code


def _lines(text: str, *, indent: int) -> str:
    """In lines of whole words. What has lines of its own keeps them, and a command stays whole: it is copied."""
    if "\n" in text or "signpost " in text:
        return " " * indent + text
    return wrapped(text, indent=indent, stream=sys.stderr)


_FEW_DIGITS: Final = 4
"""More of them in one word, or in one folder's name, could be an identifier or a date."""


def _unrepeated(message: str, arguments: Sequence[str]) -> str:
    """The message, without what was typed and could be an identifier or a date."""
    for piece in (piece for argument in arguments for piece in re.split("[=/]", argument)):
        if sum(character.isdigit() for character in piece) > _FEW_DIGITS:
            message = message.replace(piece, "…")
    return message


def _unforeseen(error: Exception) -> Stop:
    place = ""
    trace = error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith("signpost"):
            place = f" at {module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return Stop(
        ExitCode.FAILED,
        "Something went wrong that was not foreseen.",
        why=f"{type(error).__name__}{place}.",
        hint="Report it with this line; it holds nothing of what you typed.",
    )


def _tell_usage(error: typer.TyperException, arguments: Sequence[str]) -> int:
    message = error.format_message().replace(": Value error, ", ": ")
    if "unexpected extra argument" in message:
        message = (
            "There are more arguments than the command takes. A child's details are never arguments: "
            "they are asked for, or read with --stdin."
        )
    for piece in {argument.partition("=")[2] or argument for argument in arguments}:
        # Part of a number is typed where it has no place, or a name: an option's own name is worth repeating.
        if not piece.startswith("-"):
            message = message.replace(repr(piece), "…")
    message = _unrepeated(message, arguments)
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" or context is None:
        say(message)
    else:
        say(f"signpost: {message}")
        say(f"  Next: {context.command_path} --help")
    return ExitCode.USAGE
