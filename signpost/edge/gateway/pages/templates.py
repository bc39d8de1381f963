"""The templates: Jinja2, everything escaped, and a name that is not there is an error, not an empty place.

The Design System's macros are called by name in every template (`{{ govukButton({...}) }}`), without an import. They
leave most of what they may be told unsaid, so they are compiled where that is no error; ours are not.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from jinja2 import ChainableUndefined, Environment, PackageLoader, PrefixLoader, StrictUndefined

from signpost.edge.gateway.pages.moments import shown_day, shown_time
from signpost.edge.words import CONFIRM, NOT_A_NO, REASONS, WHERE, WHO, WORDS, law

__all__ = ["make_templates"]

_COMPONENTS: Final = {
    "govukBackLink": "back-link",
    "govukButton": "button",
    "govukCheckboxes": "checkboxes",
    "govukDateInput": "date-input",
    "govukDetails": "details",
    "govukErrorSummary": "error-summary",
    "govukExitThisPage": "exit-this-page",
    "govukFileUpload": "file-upload",
    "govukInput": "input",
    "govukInsetText": "inset-text",
    "govukNotificationBanner": "notification-banner",
    "govukPasswordInput": "password-input",
    "govukRadios": "radios",
    "govukSelect": "select",
    "govukServiceNavigation": "service-navigation",
    "govukSkipLink": "skip-link",
    "govukSummaryList": "summary-list",
    "govukTable": "table",
    "govukTag": "tag",
    "govukTextarea": "textarea",
    "govukWarningText": "warning-text",
}
"""The components that pages are made of. No panel: its green means success, and no answer is one."""


@cache
def make_templates() -> Environment:
    """The environment of every page: the same for all, since nothing of a request stays in it."""
    macros = Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        undefined=ChainableUndefined,
    )
    templates = Environment(
        loader=PackageLoader("signpost.edge.gateway.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for macro, folder in _COMPONENTS.items():
        module = macros.get_template(f"govuk_frontend_jinja/components/{folder}/macro.html").module
        templates.globals[macro] = getattr(module, macro)
    templates.globals.update(
        confirm=CONFIRM, law=law, not_a_no=NOT_A_NO, reasons=REASONS, shown_day=shown_day, shown_time=shown_time,
        where=WHERE, who=WHO, words=WORDS,
    )  # fmt: skip
    return templates
