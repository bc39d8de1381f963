"""What a probabilistic linker makes of the same questions, which sees the plaintext of both sides: Splink by default.

Its own comparisons for names, dates of birth and postcodes, as they come; parameters estimated by its own procedure
from the two files, with nothing told of who is who. A question's answer is its likeliest record, where that is at
least as likely as `_LIKELY`. It is a yardstick: nothing like it can be asked of an index that cannot read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from signpost.edge.match_inputs import ChildDetails
from tests.bench.matching.children import Errors
from tests.bench.matching.recall import Tally, World

__all__ = ["splink"]

_LIKELY: Final = 0.95
_COLUMNS: Final = ("unique_id", "forename", "surname", "born", "postcode")


def splink(world: World, errors: Errors, tell: Callable[[str], None]) -> Tally:
    """Recall and false matches of default Splink on the world's records and questions, without numbers."""
    import pandas as pd
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    database = DuckDBAPI()
    kept: list[tuple[object, ...]] = []
    whose: list[int] = []
    for number, details, _ in world.records(errors, numbers=False):
        kept.append(_row(len(whose), details))
        whose.append(number)
    asked = [_row(child.number, question.child) for child, question, _ in world.asked(errors, numbers=False)]
    tables = [
        database.register(pd.DataFrame(rows, columns=_COLUMNS), dataset_display_name=name)
        for name, rows in (("kept", kept), ("asked", asked))
    ]
    same_names = block_on("forename", "surname")
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            compare.NameComparison("forename"),
            compare.NameComparison("surname"),
            compare.DateOfBirthComparison("born", input_is_string=True),
            compare.PostcodeComparison("postcode"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("born", "surname"), block_on("born", "forename"), block_on("born", "postcode"),
            block_on("forename", "surname", "postcode"),
        ],
    )  # fmt: skip
    linker = Linker(tables, settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match([block_on("forename", "surname", "born")], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=world.seed)
    linker.training.estimate_parameters_using_expectation_maximisation(same_names, record_sample_proportion=1.0)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("born"), record_sample_proportion=1.0)
    likely: Any = linker.inference.predict(threshold_match_probability=_LIKELY)
    pairs = likely.as_pandas_dataframe()
    tell(f"Splink compared, and takes {len(pairs):,} pairs for likely")
    best = _likeliest(pairs)
    tally = Tally()
    for child, _, registered in world.asked(errors, numbers=False):
        found = best.get(child.number)
        tally.note(child.number if registered else None, frozenset() if found is None else frozenset({whose[found]}))
    return tally


def _row(number: int, child: ChildDetails) -> tuple[object, ...]:
    born = child.date_of_birth
    home = child.postcodes[0].reveal() if child.postcodes else None
    return (
        number, child.forename.upper() or None, child.surname.upper() or None, born and born.isoformat(),
        home and f"{home[:-3]} {home[-3:]}",
    )  # fmt: skip


def _likeliest(pairs: Any) -> dict[int, int]:
    """From the number of a question to that of its likeliest record."""
    best: dict[int, int] = {}
    # the tables are ordered by name, so which side is which is read from the pair
    for pair in pairs.sort_values("match_weight").itertuples():
        sides = {pair.source_dataset_l: pair.unique_id_l, pair.source_dataset_r: pair.unique_id_r}
        best[int(sides["asked"])] = int(sides["kept"])
    return best
