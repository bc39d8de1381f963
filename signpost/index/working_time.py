"""When a call-back's notice is due: working time, by a handle's hours or England's usual ones. Pure.

- Working time is local time in England, whatever its clocks do. A time that they skip in spring is the first there is
  after it; an hour that they repeat in autumn is read off the clock the first time round.
- Hours are believed only where they can be read in one way. Else they are Monday to Friday, 9 to 17.
- On England's bank holidays nobody works, but where somebody always does.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice, pairwise
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from holidays import country_holidays

from signpost.protocol.purposes import Urgency

__all__ = ["USUAL_HOURS", "Opening", "Patience", "WeekHours", "due_at", "read_hours"]

Opening = tuple[int, int]
"""From when until when, in minutes of the day by the clock: 0 to 1440, the first before the second."""

_ENGLAND: Final = ZoneInfo("Europe/London")
_DAY: Final = 24 * 60
_LONGEST: Final = 200
"""Characters. What is longer says more than hours."""
_MOST_PATIENCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call-back may wait, by its urgency. Each is 1 to 1000.

    Raises:
        ValueError: one of them is not.
    """

    now_minutes: int = 15
    """By the clock, day and night."""
    today_hours: int = 4
    """Of working time."""
    week_days: int = 5
    """Days on which there is working time."""

    def __post_init__(self) -> None:
        if not all(1 <= length <= _MOST_PATIENCE for length in (self.now_minutes, self.today_hours, self.week_days)):
            raise ValueError(f"each length is 1 to {_MOST_PATIENCE}")


@dataclass(frozen=True, slots=True)
class WeekHours:
    """When somebody is there. `days` are Monday to Sunday; the openings of each are in order and do not overlap.

    Raises:
        ValueError: the days are not seven, or the openings of one are not so.
    """

    days: tuple[tuple[Opening, ...], ...]
    closed_on_bank_holidays: bool = True

    def __post_init__(self) -> None:
        if len(self.days) != 7:
            raise ValueError("a week has seven days")
        for openings in self.days:
            if any(not 0 <= opens < closes <= _DAY for opens, closes in openings):
                raise ValueError("an opening is before its close, on one day")
            if any(closes > opens for (_, closes), (opens, _) in pairwise(openings)):
                raise ValueError("a day's openings are in order and do not overlap")


USUAL_HOURS: Final = WeekHours(days=(((9 * 60, 17 * 60),),) * 5 + ((),) * 2)
"""Where a handle says nothing that can be read."""
_ALWAYS: Final = (((0, _DAY),),) * 7


def due_at(start: int, urgency: Urgency, hours: WeekHours | None, patience: Patience) -> int:
    """When what was asked at `start` is due; both in epoch seconds.

    `now` is by the clock, `today` in hours of working time. `week` is the same time of day some working days later, or
    the next opening where nobody is there at that time; what is asked outside working time is as if asked at the next
    opening. None, or hours in which nobody ever is there, are the usual hours.
    """
    if hours is None or not any(hours.days):
        hours = USUAL_HOURS
    match urgency:
        case Urgency.NOW:
            return start + patience.now_minutes * 60
        case Urgency.TODAY:
            return _after_working_time(start, hours, patience.today_hours * 60 * 60)
        case Urgency.WEEK:
            return _after_working_days(start, hours, patience.week_days)
        case _:
            assert_never(urgency)


def _after_working_time(start: int, hours: WeekHours, seconds: int) -> int:
    days = _working_days(_on_the_clock(start).date(), hours)
    for opens, closes in (opening for _, openings in days for opening in openings):
        begins = max(start, opens)
        if begins + seconds <= closes:
            return begins + seconds
        seconds -= max(0, closes - begins)
    raise AssertionError("a week's hours come round for ever")


def _after_working_days(start: int, hours: WeekHours, number: int) -> int:
    days = _working_days(_on_the_clock(start).date(), hours)
    openings = next(openings for _, openings in days if openings[-1][1] > start)
    begins = next(max(start, opens) for opens, closes in openings if closes > start)
    due_day, openings = next(islice(days, number - 1, None))
    due = _moment(dt.datetime.combine(due_day, _time_of_day(begins)))
    for opens, closes in openings:
        if due <= closes:
            return max(due, opens)
    _, openings = next(days)
    return openings[0][0]


def _working_days(first: dt.date, hours: WeekHours) -> Iterator[tuple[dt.date, list[Opening]]]:
    """From a day on, for ever: each day on which there is working time, and when, in epoch seconds."""
    for number in count():
        day = first + dt.timedelta(days=number)
        if hours.closed_on_bank_holidays and day in _bank_holidays(day.year):
            continue
        midnight = dt.datetime.combine(day, dt.time())
        openings = [
            (_moment(midnight + dt.timedelta(minutes=opens)), _moment(midnight + dt.timedelta(minutes=closes)))
            for opens, closes in hours.days[day.weekday()]
        ]
        # What lies wholly in the hour that the clocks skip is no time at all.
        if openings := [(opens, closes) for opens, closes in openings if opens < closes]:
            yield day, openings


@lru_cache(maxsize=32)
def _bank_holidays(year: int) -> frozenset[dt.date]:
    return frozenset(country_holidays("GB", subdiv="ENG", years=year))


def _on_the_clock(moment: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(moment, tz=_ENGLAND)


def _time_of_day(moment: int) -> dt.time:
    """By the clock. The second time round, a repeated hour counts as over: later is never earlier in the day."""
    while (shown := _on_the_clock(moment)).fold:
        moment += 60 - moment % 60
    return shown.time()


def _moment(shown: dt.datetime) -> int:
    """The first moment at which the clocks show this, in epoch seconds; if they skip it, the first after it."""
    while True:
        moment = int(shown.replace(tzinfo=_ENGLAND).timestamp())
        if _on_the_clock(moment).replace(tzinfo=None) == shown:
            return moment
        shown = shown.replace(second=0) + dt.timedelta(minutes=1)


# What people write, once `_plain` has seen to dashes, spaces and words.
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY: Final = (
    r"(?:(?:mon|fri|sun)(?:days?)?|tue(?:s|sdays?)?|wed(?:s|nesdays?)?|thu(?:r|rs|rsdays?)?|sat(?:urdays?)?)"
)
_DAYS: Final = rf"(?:every ?day|daily|weekdays?|weekends?|7 days(?: a week)?|{_WEEKDAY}(?:-{_WEEKDAY})?)"
_CLOCK: Final = r"(?:[0-9]{4}|[0-9]{1,2}(?:[:.][0-9]{2})?(?:am|pm)?|noon|midday|midnight)"
_SPAN: Final = rf"{_CLOCK}-{_CLOCK}"
_DAY_LIST: Final = rf"(?P<days>{_DAYS}(?:,{_DAYS})*)"
_SPAN_LIST: Final = rf"(?P<spans>{_SPAN}(?:,{_SPAN})*)"
_DAYS_FIRST: Final = re.compile(rf"{_DAY_LIST}[ ,:]{_SPAN_LIST}(?:[ ,]|$)")
_SPANS_FIRST: Final = re.compile(rf"{_SPAN_LIST}[ ,]{_DAY_LIST}")
_EVERY_DAY: Final = re.compile(r"every ?day|daily")
_ROUND_THE_CLOCK: Final = "0000-2400"


def read_hours(text: str | None) -> WeekHours | None:
    """What a handle's hours say, or None where that is not certain. It raises nothing, whatever the text.

    `Mon-Fri 8.30am-5pm; Sat 9-12`, `every day 8-20`, `24/7`. Times without am or pm are of 24 hours, so that `9-5` is
    not read, nor `Mon 1-5`, which may be the afternoon's. Bank holidays count as closed unless it is open all day and
    every day, or says `every day`.
    """
    if text is None or len(text) > _LONGEST:
        return None
    plain = _plain(text)
    if plain in ("24/7", _ROUND_THE_CLOCK):
        return WeekHours(days=_ALWAYS, closed_on_bank_holidays=False)
    week: list[list[Opening]] = [[] for _ in _WEEKDAYS]
    for clause in plain.split(";"):
        said = _clause(clause)
        if said is None:
            return None
        for days, openings in said:
            for day in days:
                week[day] += openings
    days_of_week = tuple(tuple(sorted(openings)) for openings in week)
    closed = days_of_week != _ALWAYS and not _EVERY_DAY.search(plain)
    try:
        return WeekHours(days=days_of_week, closed_on_bank_holidays=closed)
    except ValueError:
        return None


def _plain(text: str) -> str:
    """In small letters, with one sort of dash and one of comma, and no space but between days and times."""
    plain = re.sub(r"[‐-―−]", "-", text.strip().rstrip(".").casefold())
    plain = re.sub(r"\s*[\r\n]\s*", ";", plain)
    plain = re.sub(r"\s+", " ", plain)
    plain = re.sub(r"\b24[ -]?(?:hours?|hrs?|h)\b(?: (?:a|per) day\b)?", _ROUND_THE_CLOCK, plain)
    plain = re.sub(r"(?<=[0-9]) ?([ap])\.?m\b\.?", r"\1m", plain)
    plain = re.sub(r"\bfrom ", "", plain)
    plain = re.sub(r" (?:to|until|till) ", "-", plain)
    plain = re.sub(r",? and | ?& ?", ",", plain)
    return re.sub(r" ?([-,:;]) ?", r"\1", plain).strip(";")


def _clause(clause: str) -> list[tuple[list[int], list[Opening]]] | None:
    """Days with their openings, or openings with their days; None for anything else."""
    matches = [match] if (match := _SPANS_FIRST.fullmatch(clause)) else list(_DAYS_FIRST.finditer(clause))
    if not matches or "".join(match[0] for match in matches) != clause:
        return None
    said = []
    for match in matches:
        openings = [_opening(span) for span in match["spans"].split(",")]
        certain = [opening for opening in openings if opening is not None]
        if len(certain) < len(openings):
            return None
        said.append((_days(match["days"]), certain))
    return said


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        if part.startswith(("every", "daily", "7")):
            days += range(7)
        elif part.startswith("weekday"):
            days += range(5)
        elif part.startswith("weekend"):
            days += (5, 6)
        else:
            first, _, last = part.partition("-")
            begins = _WEEKDAYS.index(first[:3])
            ends = _WEEKDAYS.index((last or first)[:3])
            days += ((begins + number) % 7 for number in range((ends - begins) % 7 + 1))
    return days


def _opening(span: str) -> Opening | None:
    """The one opening that a span can mean."""
    opens, closes = span.split("-")
    halves = any(time.endswith("m") for time in (opens, closes))
    meant = [
        (begins, ends)
        for begins in _minutes(opens, halves=halves)
        for ends in _minutes(closes, halves=halves, closing=True)
        if begins < ends
    ]
    if len(meant) != 1 or (not halves and re.match(r"[1-6](?![0-9])", opens)):
        return None
    return meant[0]


def _minutes(time: str, *, halves: bool, closing: bool = False) -> list[int]:
    """What a time may mean, in minutes of the day. `halves`: am or pm stands beside it; it may be of twelve hours."""
    if time == "midnight":
        return [_DAY if closing else 0]
    if time in ("noon", "midday"):
        return [_DAY // 2]
    digits, half = (time[:-2], time[-2:]) if time.endswith("m") else (time, "")
    hour, minute = (int(digits[:2]), int(digits[2:])) if len(digits) == 4 and digits.isdigit() else _split(digits)
    if minute > 59 or hour * 60 + minute > _DAY or (half and not 1 <= hour <= 12):
        return []
    both = [hour % 12 * 60 + minute, (hour % 12 + 12) * 60 + minute]
    if half:
        return [both[half == "pm"]]
    return both if halves and 1 <= hour <= 12 else [hour * 60 + minute]


def _split(digits: str) -> tuple[int, int]:
    hour, _, minute = digits.replace(".", ":").partition(":")
    return int(hour), int(minute or 0)
