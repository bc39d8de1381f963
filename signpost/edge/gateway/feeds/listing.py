"""The errors of a run, as the file that `signpost register --errors` writes: taken as they come, up to a bound."""

from __future__ import annotations

import io
from typing import Final, final

from starlette.responses import Response

from signpost.edge.feeds.errors import ErrorFile, RowError

__all__ = ["MOST_LISTED", "ErrorList", "csv_file"]

MOST_LISTED: Final = 100_000
"""Some ten megabytes. A feed with more of them is stopped by its limit in any case."""


@final
class ErrorList:
    """Takes every error; lists the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self._text = io.StringIO(newline="")
        self._file = ErrorFile(self._text)

    @property
    def listed(self) -> int:
        """How many are in the list."""
        return min(self.count, MOST_LISTED)

    def add(self, error: RowError) -> None:
        """Take the next one."""
        self.count += 1
        if self.count <= MOST_LISTED:
            self._file.write(error)

    def content(self) -> bytes:
        """The file, in UTF-8."""
        return self._text.getvalue().encode()


def csv_file(content: bytes) -> Response:
    """A list of errors, to be saved."""
    headers = {"content-disposition": 'attachment; filename="errors.csv"'}
    return Response(content, 200, headers, media_type="text/csv")
