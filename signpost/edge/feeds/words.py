"""What a feed comes to, in the words and numbers that whoever runs one is told: at a terminal and on a gateway's page.

Numbers alone; nothing that stood in a row is in any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from signpost.edge.feeds.limits import Broken, Limits, TooManyEnds, TooManyRejected
from signpost.edge.feeds.quality import QualityReport
from signpost.edge.feeds.reconcile import ChangedHere, Counts

__all__ = ["changed_here_line", "counts_line", "quality_lines", "sentence", "unknown_handles"]


def counts_line(counts: Counts, limits: Limits, *, dry_run: bool) -> str:
    """The summary: what was changed, or would be."""
    verbs = ("Would add", "change", "end", "withdraw") if dry_run else ("Added", "changed", "ended", "withdrawn")
    parts = [
        f"{verb} {count:,}"
        for verb, count in zip(verbs, (counts.add, counts.change, counts.end, counts.withdraw), strict=True)
        if count or verb == verbs[0]
    ]
    parts.append(f"unchanged {counts.unchanged:,}")
    if counts.passed_over:
        parts.append(f"past their time {counts.passed_over:,}")
    share, limit = 100 * counts.rejected_share, 100 * limits.rejected_share
    parts.append(f"rejected {counts.rejected:,} ({share:.2f} %, limit {limit:.4g} %)")
    return " · ".join(parts)


def changed_here_line(found: ChangedHere) -> str:
    """What was ended or handed over at the gateway, and stands so; nothing where there is none."""
    if not found.count:
        return ""
    if found.count == 1:
        says = "1 piece of work was ended or handed over at the gateway, and the extract has it as it was"
    else:
        pieces = f"{found.count:,} pieces of work were ended or handed over at the gateway"
        says = f"{pieces}, and the extract has them as they were"
    more = found.count - len(found.rows)
    rows = ", ".join(f"{row}" for row in found.rows) + (f" and {more:,} more" if more else "")
    return f"{says}: row{'' if found.count == 1 else 's'} {rows}."


def sentence(broken: Broken) -> str:
    """A broken limit in words."""
    match broken:
        case TooManyRejected(rejected=rejected, rows=rows, limit=limit):
            return f"{rejected:,} of {rows:,} rows were rejected, more than the limit of {100 * limit:.4g} %."
        case TooManyEnds(ends=ends, caseload=caseload, limit=limit):
            return (
                f"{ends:,} of the {caseload:,} involvements that are open or gone from the extract would end or be "
                f"withdrawn, more than the limit of {100 * limit:.4g} %."
            )


def unknown_handles(count: int) -> str:
    """That rows of the handles file name a handle that is not the organisation's."""
    rows = "1 row of the handles file names" if count == 1 else f"{count:,} rows of the handles file name"
    return f"{rows} a handle that is not one of yours."


_NAMES: Final = {
    "nhs_number": "NHS number", "upn": "permanent UPN", "postcode": "postcode", "previous_postcode": "earlier one",
}  # fmt: skip


def quality_lines(report: QualityReport) -> Iterator[str]:
    """What a person would want to mend, and how well the children can be found. Nothing where there are none."""
    if not report.children:
        return

    def share(count: int) -> str:
        return f"{100 * count / report.children:5.1f} %"

    yield f"{share(report.with_t1_input)} can be confirmed by what is known of them; the others only found as possible"
    yield " · ".join(f"{name} {share(report.with_detail[field]).strip()}" for field, name in _NAMES.items())
    odd = (
        (report.unnamed, "without a forename"),
        (report.unborn, "not yet born"),
        (report.temporary_upns, "with a temporary UPN"),
        (report.default_birthdays, "born on 1 January, which often means that the day is not known"),
        (report.likely_duplicates, "who may stand under two ids"),
        (report.likely_twins, "who may be twins"),
        (sum(report.check_failures.values()), "rows whose check digit or letter does not match"),
    )
    yield from (f"{count:,} {what}" for count, what in odd if count)
