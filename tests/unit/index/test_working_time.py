"""When an answer is due, by the hours people keep, their holidays and their clocks."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.index.working_time import USUAL_HOURS, Opening, Patience, WeekHours, due_at, read_hours
from signpost.protocol.purposes import Urgency

ENGLAND = ZoneInfo("Europe/London")
HOUR = 60 * 60
DAY = 24 * 60
NINE_TO_FIVE: tuple[Opening, ...] = ((540, 1020),)
ROUND_THE_CLOCK: tuple[Opening, ...] = ((0, DAY),)
NEVER = WeekHours(days=((),) * 7)

WORDS = [
    "mon", "Monday", "tues", "wed", "thurs", "fri", "sat", "sun", "weekdays", "weekend", "every day", "daily", "24/7",
    "24 hours", "7 days a week", "9", "17", "8.30am", "5pm", "09:00", "1700", "24:00", "noon", "midnight", "-", "–",
    "to", "and", ",", ";", ":", "&", " ", "\n", ".", "from", "closed", "am", "p.m.", "99", "٣", "0",
]  # fmt: skip


def at(text: str, *, fold: int = 0) -> int:
    """The moment at which clocks in England show this."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ENGLAND, fold=fold).timestamp())


def shown(moment: int) -> str:
    """What clocks in England show, to the minute where it is a whole one."""
    return dt.datetime.fromtimestamp(moment, ENGLAND).replace(tzinfo=None).isoformat(" ").removesuffix(":00")


def due(start: str, urgency: Urgency, hours: WeekHours | None = None) -> str:
    return shown(due_at(at(start), urgency, hours, Patience()))


def week(*days: tuple[Opening, ...]) -> tuple[tuple[Opening, ...], ...]:
    """Of Monday and the days after it; on the rest nobody is there."""
    return days + ((),) * (7 - len(days))


@st.composite
def _openings(draw: st.DrawFn) -> tuple[Opening, ...]:
    edges = sorted(draw(st.lists(st.integers(0, DAY), unique=True, max_size=6)))
    return tuple(zip(edges[0::2], edges[1::2], strict=False))


HOURS = st.builds(WeekHours, st.tuples(*[_openings()] * 7), st.booleans())
CHANGES = [at("2026-03-29 00:00"), at("2026-10-25 00:00"), at("2027-03-28 00:00"), at("2027-10-31 00:00")]
STARTS = st.integers(at("2020-01-01 00:00"), at("2040-01-01 00:00")) | st.builds(
    lambda change, after: change + after, st.sampled_from(CHANGES), st.integers(-8 * 24 * HOUR, 2 * 24 * HOUR)
)


@pytest.mark.parametrize(
    ("start", "answer"),
    [
        ("2026-11-25 10:00", "2026-11-25 14:00"),
        ("2026-11-25 13:00", "2026-11-25 17:00"),
        ("2026-11-25 13:00:01", "2026-11-26 09:00:01"),
        # A Friday, from before its end to the night after it.
        ("2026-11-27 16:00", "2026-11-30 12:00"),
        ("2026-11-27 16:59:59", "2026-11-30 12:59:59"),
        ("2026-11-27 17:00", "2026-11-30 13:00"),
        ("2026-11-27 23:30", "2026-11-30 13:00"),
        ("2026-11-28 11:00", "2026-11-30 13:00"),
        ("2026-11-30 03:00", "2026-11-30 13:00"),
        ("2026-11-30 09:00", "2026-11-30 13:00"),
        # A Friday before a bank holiday's Monday.
        ("2026-08-28 16:00", "2026-09-01 12:00"),
        # Christmas 2026 is a Friday: Boxing Day is had on the Monday.
        ("2026-12-24 16:00", "2026-12-29 12:00"),
        ("2026-12-25 10:00", "2026-12-29 13:00"),
        ("2026-12-31 15:00", "2027-01-04 11:00"),
        # Good Friday and Easter Monday.
        ("2026-04-02 16:00", "2026-04-07 12:00"),
        ("2026-04-06 10:00", "2026-04-07 13:00"),
        # Across both clock changes.
        ("2026-03-27 16:00", "2026-03-30 12:00"),
        ("2026-10-23 16:00", "2026-10-26 12:00"),
    ],
)
def test_today_is_four_working_hours(start: str, answer: str) -> None:
    assert due(start, Urgency.TODAY) == answer


@pytest.mark.parametrize(
    ("start", "answer"),
    [
        ("2026-11-25 10:20:30", "2026-12-02 10:20:30"),
        ("2026-11-23 09:00", "2026-11-30 09:00"),
        # Outside working time it is as if asked at the next opening.
        ("2026-11-23 03:00", "2026-11-30 09:00"),
        ("2026-11-25 16:59:59", "2026-12-02 16:59:59"),
        ("2026-11-25 17:00", "2026-12-03 09:00"),
        ("2026-11-28 12:00", "2026-12-07 09:00"),
        # Christmas, Boxing Day's Monday and New Year's Day are none of the five.
        ("2026-12-23 14:00", "2027-01-04 14:00"),
        ("2026-12-25 14:00", "2027-01-06 09:00"),
        # Easter.
        ("2026-04-02 11:15", "2026-04-13 11:15"),
        # The same time by the clock, an hour sooner or later as it were.
        ("2026-03-26 14:00", "2026-04-02 14:00"),
        ("2026-10-22 14:00", "2026-10-29 14:00"),
    ],
)
def test_a_week_is_five_working_days(start: str, answer: str) -> None:
    assert due(start, Urgency.WEEK) == answer


@pytest.mark.parametrize("start", ["2026-11-25 10:00", "2026-11-25 03:00", "2026-12-25 23:55", "2026-03-29 00:50"])
def test_now_is_a_quarter_of_an_hour_day_and_night(start: str) -> None:
    assert due_at(at(start), Urgency.NOW, None, Patience()) == at(start) + 15 * 60


def test_the_lengths_can_be_others() -> None:
    patience = Patience(now_minutes=5, today_hours=9, week_days=1)

    moments = [due_at(at("2026-11-27 16:00"), urgency, None, patience) for urgency in Urgency]

    assert [shown(moment) for moment in moments] == [
        "2026-11-27 16:05",
        "2026-11-30 17:00",
        "2026-11-30 16:00",
    ]


@pytest.mark.parametrize("lengths", [{"now_minutes": 0}, {"today_hours": -1}, {"week_days": 0}, {"week_days": 1_001}])
def test_no_length_is_nothing_or_endless(lengths: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="each length"):
        Patience(**lengths)


@pytest.mark.parametrize(
    ("text", "start", "urgency", "answer"),
    [
        # A lunch is no working time.
        ("Mon-Fri 9-12, 13-17", "2026-11-25 11:00", Urgency.TODAY, "2026-11-25 16:00"),
        ("Mon-Fri 9-17; Sat 9-12", "2026-11-27 16:00", Urgency.TODAY, "2026-11-28 12:00"),
        ("Mon-Fri 9-17; Sat 9-12", "2026-11-27 16:01", Urgency.TODAY, "2026-11-30 09:01"),
        # The fifth day after a Monday is the Saturday. Nobody is there in its afternoon.
        ("Mon-Fri 9-17; Sat 9-12", "2026-11-23 11:00", Urgency.WEEK, "2026-11-28 11:00"),
        ("Mon-Fri 9-17; Sat 9-12", "2026-11-23 14:00", Urgency.WEEK, "2026-11-30 09:00"),
        # Its closing minute is still in time; and one that is asked at a closing minute is asked after it.
        ("Mon-Fri 9-17; Sat 9-12", "2026-11-23 12:00", Urgency.WEEK, "2026-11-28 12:00"),
        ("Mon-Fri 9-12, 13-17", "2026-11-23 12:00", Urgency.WEEK, "2026-11-30 13:00"),
        # Nor at lunch, or before the Saturday's opening.
        ("Mon 9-17; Tue-Fri 9-12, 13-17", "2026-11-23 12:30", Urgency.WEEK, "2026-11-30 12:30"),
        ("Mon-Thu 9-17; Fri 10-12, 13-17", "2026-11-20 11:00", Urgency.WEEK, "2026-11-27 11:00"),
        ("Mon-Fri 8-17; Sat 10-12", "2026-11-23 08:30", Urgency.WEEK, "2026-11-28 10:00"),
        ("Mon 9-13", "2026-11-25 10:00", Urgency.WEEK, "2027-01-11 09:00"),
        # Christmas Day, for those who are always there, say so, or are there every day of the week.
        ("24/7", "2026-12-25 10:00", Urgency.TODAY, "2026-12-25 14:00"),
        ("every day 8-20", "2026-12-25 10:00", Urgency.TODAY, "2026-12-25 14:00"),
        ("Mon-Sun 8-20", "2026-12-25 10:00", Urgency.TODAY, "2026-12-27 12:00"),
        # Four hours are four hours in the nights in which the clocks change.
        ("24/7", "2026-03-29 00:00", Urgency.TODAY, "2026-03-29 05:00"),
        ("24/7", "2026-10-25 00:00", Urgency.TODAY, "2026-10-25 03:00"),
        ("24/7", "2026-03-24 01:30", Urgency.WEEK, "2026-03-29 02:00"),
        ("24/7", "2026-03-24 01:10:50", Urgency.WEEK, "2026-03-29 02:00"),
        ("24/7", "2026-10-20 01:30", Urgency.WEEK, "2026-10-25 01:30"),
        # A day's last moment is the next day's first.
        ("Mon-Tue 20:00-24:00", "2026-11-23 20:00", Urgency.TODAY, "2026-11-24 00:00"),
    ],
)
def test_the_handles_hours_count(text: str, start: str, urgency: Urgency, answer: str) -> None:
    hours = read_hours(text)

    assert hours is not None
    assert due(start, urgency, hours) == answer


def test_a_repeated_hour_is_read_the_first_time_round() -> None:
    """Half past one comes twice on 25 October 2026."""
    night = WeekHours(days=((),) * 6 + (((0, 90), (120, 600)),))
    twice = at("2026-10-25 01:30", fold=1)

    assert due_at(at("2026-10-25 00:00"), Urgency.TODAY, night, Patience()) == at("2026-10-25 04:30")
    assert due_at(twice, Urgency.TODAY, night, Patience()) == at("2026-10-25 06:00")


def test_the_second_time_round_is_not_the_first() -> None:
    """What is asked in the hour's repetition is due no sooner than what was asked before it."""
    hours = read_hours("24/7")
    first, second = at("2026-10-25 01:50"), at("2026-10-25 01:10", fold=1)

    assert due_at(first, Urgency.WEEK, hours, Patience()) == at("2026-10-30 01:50")
    assert due_at(second, Urgency.WEEK, hours, Patience()) == at("2026-10-30 02:00")


def test_an_opening_in_an_hour_that_is_skipped_is_none() -> None:
    """29 March 2026 has no half past one; the week after has."""
    night = WeekHours(days=((),) * 6 + (((60, 120),),))

    assert due_at(at("2026-03-28 12:00"), Urgency.TODAY, night, Patience(today_hours=1)) == at("2026-04-05 02:00")


@pytest.mark.parametrize("urgency", Urgency)
def test_hours_in_which_nobody_is_ever_there_are_the_usual(urgency: Urgency) -> None:
    start = at("2026-11-27 16:00")

    assert due_at(start, urgency, NEVER, Patience()) == due_at(start, urgency, None, Patience())
    assert due_at(start, urgency, None, Patience()) == due_at(start, urgency, USUAL_HOURS, Patience())


@given(STARTS, st.sampled_from(Urgency), st.none() | HOURS)
def test_due_is_after_asked(start: int, urgency: Urgency, hours: WeekHours | None) -> None:
    assert due_at(start, urgency, hours, Patience()) > start


@given(STARTS, st.integers(0, 3 * 24 * HOUR), st.sampled_from(Urgency), st.none() | HOURS)
def test_what_is_asked_later_is_due_no_sooner(start: int, by: int, urgency: Urgency, hours: WeekHours | None) -> None:
    first, second = (due_at(moment, urgency, hours, Patience()) for moment in (start, start + by))

    assert first <= second


@given(STARTS, st.none() | HOURS)
def test_now_is_fifteen_minutes_whatever_the_hours(start: int, hours: WeekHours | None) -> None:
    assert due_at(start, Urgency.NOW, hours, Patience()) == start + 15 * 60


@pytest.mark.parametrize("text", [None, "Mon-Fri 8.30am-5pm; Sat 9-12", "24/7", "every day 0:30-1:30, 1:45-20"])
@pytest.mark.parametrize("seed", range(4))
def test_today_has_four_hours_of_working_time_in_it(text: str | None, seed: int) -> None:
    """Counted minute by minute, from moments around the clock changes, Christmas and Easter too."""
    hours = read_hours(text)
    chance = random.Random(seed)
    near = [*CHANGES, at("2026-12-25 00:00"), at("2026-04-03 00:00"), at("2026-06-10 00:00")]
    start = chance.choice(near) + chance.randrange(-36 * 60, 36 * 60) * 60

    end = due_at(start, Urgency.TODAY, hours, Patience())

    worked = sum(works(minute, hours) for minute in range(start, end, 60))
    assert worked == 4 * 60
    assert works(end - 60, hours)


def works(moment: int, hours: WeekHours | None) -> bool:
    """Whether the minute that begins here is working time: the holidays are those the government published."""
    published = {
        "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28",
        "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28",
        # Saturdays and a Sunday on which Christmas fell all the same.
        "2026-12-26", "2027-12-25", "2027-12-26",
    }  # fmt: skip
    hours = hours or USUAL_HOURS
    clock = dt.datetime.fromtimestamp(moment, ENGLAND)
    if hours.closed_on_bank_holidays and clock.date().isoformat() in published:
        return False
    # The second time round, the hour that is repeated counts as its last minute.
    minute = 119 if clock.fold else clock.hour * 60 + clock.minute
    return any(opens <= minute < closes for opens, closes in hours.days[clock.weekday()])


WORKDAYS = week(*[NINE_TO_FIVE] * 5)


@pytest.mark.parametrize(
    ("text", "days", "closed"),
    [
        ("Mon-Fri 9-17", WORKDAYS, True),
        ("Monday to Friday 09:00-17:00", WORKDAYS, True),
        ("monday – friday, 9.00 – 17.00", WORKDAYS, True),
        ("Mon to Fri 9 to 17", WORKDAYS, True),
        ("Mon-Fri: 9am-5pm.", WORKDAYS, True),
        ("Mon-Fri from 9 a.m. to 5 p.m.", WORKDAYS, True),
        ("9am-5pm Monday to Friday", WORKDAYS, True),
        ("Weekdays 0900-1700", WORKDAYS, True),
        ("Mon-Fri 9-5pm", WORKDAYS, True),
        ("Mon-Fri 9am-5", WORKDAYS, True),
        ("Mon, Tue, Wed, Thurs and Fri 9-17", WORKDAYS, True),
        ("Mon-Fri 8.30am-5pm; Sat 9-12", week(*[((510, 1020),)] * 5, ((540, 720),)), True),
        ("Mon-Fri 8.30am-5pm, Sat 9am-noon", week(*[((510, 1020),)] * 5, ((540, 720),)), True),
        ("Mon-Fri 8:30am-5pm\r\nSat 9am-12pm", week(*[((510, 1020),)] * 5, ((540, 720),)), True),
        ("Mon & Wed 9-12, 13-17", week(((540, 720), (780, 1020)), (), ((540, 720), (780, 1020))), True),
        ("Tue 13-17, 9-12", week((), ((540, 720), (780, 1020))), True),
        ("Sat-Mon 10-16", week(((600, 960),), (), (), (), (), ((600, 960),), ((600, 960),)), True),
        ("weekends 10-16", week((), (), (), (), (), ((600, 960),), ((600, 960),)), True),
        ("every day 8-20", (((480, 1200),),) * 7, False),
        ("8am to 8pm every day", (((480, 1200),),) * 7, False),
        ("daily 8am-midnight", (((480, DAY),),) * 7, False),
        ("7 days a week, 8-20", (((480, 1200),),) * 7, True),
        ("24 hours", (ROUND_THE_CLOCK,) * 7, False),
        ("24hrs", (ROUND_THE_CLOCK,) * 7, False),
        ("24/7", (ROUND_THE_CLOCK,) * 7, False),
        ("24 hours a day, 7 days a week", (ROUND_THE_CLOCK,) * 7, False),
        ("Mon to Sun 00:00-24:00", (ROUND_THE_CLOCK,) * 7, False),
        ("Mon-Fri 24 hours", week(*[ROUND_THE_CLOCK] * 5), True),
    ],
)
def test_what_people_write_is_read(text: str, days: tuple[tuple[Opening, ...], ...], closed: bool) -> None:
    assert read_hours(text) == WeekHours(days=days, closed_on_bank_holidays=closed)


@pytest.mark.parametrize(
    "text",
    [
        None, "", " ", ";", "office hours", "Mon-Fri", "9-17", "Mon-Fri 9", "closed", "Mon-Fri 9-17 or by arrangement",
        "Mon-Fri 9-17; out of hours see website", "Mon-Fri 9-17 (not bank holidays)", "Mon-Fri 24/7",
        # An opening that is not before its close.
        "Mon-Fri 9-5", "Mon-Fri 17-9", "Mon-Fri 9-9", "Fri 22:00-02:00", "Mon 9am-12am", "every day 00:00-00:00",
        # No such time.
        "Mon-Fri 9-25", "Mon-Fri 9-17:60", "Mon-Fri 9-24:01", "Mon 0am-5pm", "Mon 9-13pm", "Mon ٩-17",
        # Of two halves of the day, either could be meant.
        "Mon-Fri 1-5", "Mon-Fri 1-5pm", "Mon-Fri 9am-11", "Mon 2:30-6:00",
        # Twice the same time of a day.
        "Mon-Fri 9-17; Mon 9-12", "every day 8-20; Sun 10-16", "Mon 9-13, 12-17", "Mon, Mon 9-17",
        # Too long, though it could be read.
        "Mon-Fri 9-17" + " " * 200,
    ],
)  # fmt: skip
def test_what_is_not_certain_is_not_read(text: str | None) -> None:
    assert read_hours(text) is None


@given(st.text(max_size=250) | st.lists(st.sampled_from(WORDS), max_size=30).map("".join)
       | st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))  # fmt: skip
def test_any_text_is_read_or_not(text: str) -> None:
    """And what is read can be gone by."""
    hours = read_hours(text)

    if hours is not None:
        assert any(hours.days)
        assert due_at(CHANGES[0], Urgency.TODAY, hours, Patience()) > CHANGES[0]


@pytest.mark.parametrize(
    "days",
    [
        ((),) * 6,
        ((),) * 8,
        week(((600, 600),)),
        week(((700, 600),)),
        week(((-1, 600),)),
        week(((600, 1441),)),
        week(((600, 700), (699, 800))),
        week(((600, 700), (500, 550))),
    ],
)
def test_hours_that_are_none_are_refused(days: tuple[tuple[Opening, ...], ...]) -> None:
    with pytest.raises(ValueError, match="day"):
        WeekHours(days=days)
