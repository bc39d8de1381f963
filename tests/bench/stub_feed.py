"""The feed's pipeline with a STUB EVALUATOR and a stub index: everything the registering process does but group
arithmetic and HTTP.

The feed is read, judged, reconciled and read again; references, digests, padding, sealed case references and request
bodies are made as ever. The stub evaluator gives back a hash of each input in place of a tag, and the stub index takes
every body and keeps nothing. Shows whether memory grows with the feed, and what a row costs besides the cryptography.

`python -m tests.bench.stub_feed FILE` ends with a line of JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from signpost.edge.client import EvaluatedBatch
from signpost.edge.evaluations import ClassedTag
from signpost.edge.feeds.csv_feed import CSVFeed
from signpost.edge.feeds.handles import Handles
from signpost.edge.feeds.limits import Limits
from signpost.edge.organisation_keys import FeedKeys, Organisation
from signpost.edge.registering import FeedRun
from signpost.edge.slots import Slot
from signpost.protocol.classes import Use
from signpost.protocol.credentials import OrganisationId
from signpost.protocol.group import Element
from signpost.protocol.messages import (
    ChangeRequest,
    InvolvementSummary,
    RegisterRequest,
    WriteReceipt,
)
from signpost.protocol.purposes import Kind
from signpost.protocol.sealing import OpeningKey
from signpost.protocol.secret import Secret
from signpost.protocol.tags import Tag
from signpost_cli.demo.families import HANDLES
from tests.support.askers import new_key

__all__ = ["StubEvaluator", "StubIndex", "run"]


class StubEvaluator:
    """No holder, no key, no group: a hash stands in for each tag."""

    async def evaluate_batch(self, use: Use, children: Sequence[Sequence[Slot]]) -> EvaluatedBatch:
        """Hashes, in the shape of tags."""
        tags = tuple(
            tuple(ClassedTag(slot.place, Tag(Element(hashlib.sha256(slot.x).digest()))) for slot in child)
            for child in children
        )
        return EvaluatedBatch(epoch=1, children=tags, receipts=("stub." * 60, "stub." * 60))


class StubIndex:
    """Takes every request, makes its body, and keeps a count."""

    def __init__(self) -> None:
        self.registered = 0

    async def register(self, request: RegisterRequest) -> WriteReceipt:
        """Taken."""
        self.registered += len(request.registrations)
        return _taken(request, len(request.registrations))

    async def change(self, request: ChangeRequest) -> WriteReceipt:
        """Taken."""
        return _taken(request, len(request.changes))

    async def involvements(self) -> AsyncIterator[Sequence[InvolvementSummary]]:
        """Nothing was registered before."""
        yield ()

    async def feed_finished(self, feed_format: str) -> WriteReceipt:
        """Taken."""
        return WriteReceipt(receipt="0000-0000", accepted=0, at=0)


def _taken(request: BaseModel, count: int) -> WriteReceipt:
    request.model_dump_json().encode()
    return WriteReceipt(receipt="0000-0000", accepted=count, at=0)


async def run(source: Path) -> int:
    """Registers a CSV feed with the stubs; how many rows were."""
    today = datetime.now(tz=ZoneInfo("Europe/London")).date()
    organisation = Organisation(
        OrganisationId("north-council"),
        Kind.COUNCIL,
        new_key().verify_key,
        OpeningKey(Secret(os.urandom(32))).seal_key,
    )
    handles = Handles(dict.fromkeys(HANDLES.values(), "0000-0001"))
    feed = CSVFeed(source, today=today, handles=handles, join_key=Secret(os.urandom(32)))
    feed_run = FeedRun(
        feed,
        keys=FeedKeys(organisation, Secret(os.urandom(32))),
        today=today,
        on_error=lambda error: None,
        on_step=lambda step: None,
    )
    index = StubIndex()
    try:
        feed_run.read()
        counts = await feed_run.compare(index)
        await feed_run.send(counts, Limits(), evaluator=StubEvaluator(), index=index, name="csv")
    finally:
        feed_run.close()
    return index.registered


if __name__ == "__main__":
    began = time.perf_counter()
    registered = asyncio.run(run(Path(sys.argv[1])))
    print(json.dumps({"registered": registered, "seconds": time.perf_counter() - began}))
