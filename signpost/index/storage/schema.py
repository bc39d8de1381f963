"""The tables, each with its purpose and how long a row lives, as migrations that are only ever added to.

What a thief of this file sees: which involvements share a tag's key, and which are of one child of one organisation;
which of them are hidden, by which seal, of whose officer's; pseudonyms, classes, end dates, when feeds ended, and how
many rows there are. Names, references, handles, records and lookups are sealed under keys that rest elsewhere.
Numbers of organisations, involvements and handles are keyed digests: nobody without the key can make them again.
"""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database, Migrations

__all__ = ["MIGRATIONS", "SENTINEL_KEY", "SENTINEL_ORGANISATION"]

MIGRATIONS: Final = Migrations("signpost-index")

SENTINEL_KEY: Final = b"\xff" * 16
SENTINEL_ORGANISATION: Final = 2**63 - 1
"""Above every pseudonym."""

_TABLES: Final = (
    """
    CREATE TABLE key_file (
        -- Which key file this database was written with, so that another one is refused at start. One row, for ever.
        fingerprint BLOB NOT NULL PRIMARY KEY CHECK (length(fingerprint) = 16)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE organisations (
        -- Who may have accounts here, admitted by the operator. Until removed.
        organisation INTEGER NOT NULL PRIMARY KEY,  -- pseudonym
        sealed BLOB NOT NULL  -- name, kind, signing key
    ) STRICT
    """,
    """
    CREATE TABLE handles (
        -- The contact points of organisations: desks, not people. Until removed.
        handle INTEGER NOT NULL PRIMARY KEY,  -- number of its identifier
        organisation INTEGER NOT NULL REFERENCES organisations (organisation),
        sealed BLOB NOT NULL  -- identifier, title, telephone, email, hours, out-of-hours handle
    ) STRICT
    """,
    "CREATE INDEX handles_of_organisation ON handles (organisation)",
    """
    CREATE TABLE revocations (
        -- Certificates and accounts taken back, for the signed list that key holders fetch. What an account's own
        -- change put there: an hour longer than any shift from before can last. What the operator took back: until
        -- another device is approved.
        revocation INTEGER NOT NULL PRIMARY KEY,  -- number of the entry
        sealed BLOB NOT NULL  -- a certificate's identifier, or organisation and account
    ) STRICT
    """,
    """
    CREATE TABLE spent_nonces (
        -- Signed requests already taken, so that none is taken twice. 65 seconds: as long as a signature is fresh.
        nonce BLOB NOT NULL PRIMARY KEY CHECK (length(nonce) = 16),  -- keyed digest of device and nonce
        forget_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX spent_nonces_to_forget ON spent_nonces (forget_at)",
    """
    CREATE TABLE spent_receipts (
        -- Evaluation receipts already used, each with what was acknowledged for it. Until a little after the receipt
        -- runs out: 10 minutes for a lookup, an hour for a registration.
        receipt BLOB NOT NULL PRIMARY KEY CHECK (length(receipt) = 16),  -- keyed digest of holder and identifier
        sealed BLOB NOT NULL,  -- spoken receipt and time; opens only for the same account and the same body
        forget_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX spent_receipts_to_forget ON spent_receipts (forget_at)",
    """
    CREATE TABLE involvement_tags (
        -- The hot table: what lookups are answered from. As long as the involvement.
        key BLOB NOT NULL CHECK (length(key) = 16),  -- a tag's equality key, under the at-rest key
        organisation INTEGER NOT NULL,  -- pseudonym: a lookup reads the ranges below and above its own
        involvement INTEGER NOT NULL,
        class INTEGER NOT NULL,
        tier INTEGER NOT NULL,
        ended_on INTEGER,  -- day number; null while open
        identity_key BLOB,  -- the key of this involvement's own identity tag, for the veto
        PRIMARY KEY (key, organisation, involvement)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE tag_bodies (
        -- The other 32 bytes of each wrapped tag, which only rotation needs; and which keys an involvement has. As long
        -- as the involvement.
        organisation INTEGER NOT NULL,
        involvement INTEGER NOT NULL,
        key BLOB NOT NULL,
        body BLOB NOT NULL CHECK (length(body) = 32),
        PRIMARY KEY (organisation, involvement, key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE owned_involvements (
        -- The owner's table: what an organisation registered, for its own list. Only its own writes touch it. Until it
        -- withdraws the involvement, or the month it named.
        organisation INTEGER NOT NULL,
        involvement INTEGER NOT NULL,
        sealed BLOB NOT NULL,  -- references, digest, handle, period, basis, case reference; always one size
        PRIMARY KEY (organisation, involvement)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE inbox (
        -- Acknowledged writes that are not visible yet, in the order they came. Until the next ticks of the settling
        -- worker.
        arrival INTEGER PRIMARY KEY AUTOINCREMENT,
        sealed BLOB NOT NULL  -- what to do, for which involvement, with which wrapped tags; always one size
    ) STRICT
    """,
    """
    CREATE TABLE outcomes (
        -- One row for each arrival that settled, all of one size. 24 hours.
        arrival INTEGER NOT NULL PRIMARY KEY,
        sealed BLOB NOT NULL,
        forget_at INTEGER NOT NULL  -- epoch seconds, a whole hour
    ) STRICT
    """,
    "CREATE INDEX outcomes_to_forget ON outcomes (forget_at)",
    """
    CREATE TABLE audit_leaves (
        -- Who did what, when; no tag, no result. Chained. For ever, until a retention rule says otherwise.
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        sealed BLOB NOT NULL,  -- the leaf
        link BLOB NOT NULL CHECK (length(link) = 32)  -- hash of the link before it and the leaf
    ) STRICT
    """,
    """
    CREATE TABLE access_rows (
        -- That somebody looked, for reports to families: by tag, never by asker. 12 months.
        key BLOB NOT NULL CHECK (length(key) = 16),  -- a tag's equality key, under a key of its own
        access INTEGER NOT NULL,  -- random: the tags of one lookup
        kind TEXT NOT NULL,  -- of organisation
        purpose TEXT NOT NULL,
        month INTEGER NOT NULL,  -- year and month, YYYYMM
        body BLOB NOT NULL CHECK (length(body) = 32),  -- for rotation
        PRIMARY KEY (key, access)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE lookup_rows (
        -- What was asked under a receipt, so that it can be followed up. 24 hours.
        lookup BLOB NOT NULL PRIMARY KEY CHECK (length(lookup) = 16),  -- keyed digest of account and receipt
        sealed BLOB NOT NULL,  -- wrapped tags under a key of their own, and the answer; always one size
        forget_at INTEGER NOT NULL  -- epoch seconds, a whole hour
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX lookup_rows_to_forget ON lookup_rows (forget_at)",
    """
    CREATE TABLE feeds (
        -- When each organisation's feed last ran to its end, for coverage. Until the next one.
        organisation INTEGER NOT NULL PRIMARY KEY,
        finished_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT
    """,
)


@MIGRATIONS()
def first_tables(database: Database) -> None:
    """Everything of the first version, and the row that ends the hot table."""
    for table in _TABLES:
        database.execute(table)
    # No seek ever meets the table's end: an absent key takes the same steps wherever it would stand (protocol.md C2).
    database.execute(
        "INSERT INTO involvement_tags VALUES (?, ?, 0, 0, 0, NULL, NULL)", [SENTINEL_KEY, SENTINEL_ORGANISATION]
    )


_ACCOUNTS: Final = (
    """
    CREATE TABLE accounts (
        -- Who may sign in, as organisations enrolled them. For ever: an account that is over stays suspended, so that
        -- its name is never somebody else's.
        account BLOB NOT NULL PRIMARY KEY CHECK (length(account) = 16),  -- keyed digest of organisation and name
        organisation INTEGER NOT NULL,  -- pseudonym, for its administrator's list
        sealed BLOB NOT NULL  -- name, role, dates, state, password hash, code secret, device key, certificate
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX accounts_of_organisation ON accounts (organisation)",
    """
    CREATE TABLE sign_in_guesses (
        -- How often an account or a source has tried to sign in lately and failed. Five minutes.
        name BLOB NOT NULL PRIMARY KEY CHECK (length(name) = 16),  -- keyed digest
        guesses INTEGER NOT NULL,
        forget_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX sign_in_guesses_to_forget ON sign_in_guesses (forget_at)",
    """
    CREATE TABLE meters (
        -- How many lookups an account or an organisation has been charged in its period. Until the period is over.
        name BLOB NOT NULL PRIMARY KEY CHECK (length(name) = 16),  -- keyed digest of whom and which period
        lookups INTEGER NOT NULL,
        forget_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX meters_to_forget ON meters (forget_at)",
    """
    CREATE TABLE repeats (
        -- How often lookups of one account in a shift, or of one organisation in a month, have shared a tag. Says
        -- neither which tag nor whose: until the period is over.
        name BLOB NOT NULL PRIMARY KEY CHECK (length(name) = 16),  -- keyed digest of tag, whom and period
        lookups INTEGER NOT NULL,
        forget_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX repeats_to_forget ON repeats (forget_at)",
)


@MIGRATIONS()
def accounts_and_meters(database: Database) -> None:
    """Accounts that people sign in to, and what bounds what they ask."""
    for table in _ACCOUNTS:
        database.execute(table)


@MIGRATIONS()
def exceptions_to_budgets(database: Database) -> None:
    """What reviewed exceptions add to a budget."""
    for table in _EXCEPTIONS:
        database.execute(table)


_EXCEPTIONS: Final = (
    """
    CREATE TABLE exceptions (
        -- By how much an account or an organisation may go past its budget for a while. Until it ends.
        whom BLOB NOT NULL PRIMARY KEY CHECK (length(whom) = 16),  -- keyed digest of organisation and account
        organisation INTEGER NOT NULL,  -- pseudonym
        sealed BLOB NOT NULL,  -- whose, why, how many lookups and repeats, until when
        forget_at INTEGER NOT NULL  -- epoch seconds: when it ends
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX exceptions_of_organisation ON exceptions (organisation)",
    "CREATE INDEX exceptions_to_forget ON exceptions (forget_at)",
)


@MIGRATIONS()
def answers_of_a_day(database: Database) -> None:
    """How often each account was answered what."""
    for table in _ANSWERS:
        database.execute(table)


_ANSWERS: Final = (
    """
    CREATE TABLE answers (
        -- How many of an account's lookups of a day were answered `none` and `possible`, to see guessing by. Until the
        -- next sweep after the day.
        name BLOB NOT NULL PRIMARY KEY CHECK (length(name) = 16),  -- keyed digest of account and day
        sealed BLOB NOT NULL,  -- organisation, account and the three counts; always one size
        forget_at INTEGER NOT NULL  -- epoch seconds: the end of the day
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX answers_to_judge ON answers (forget_at)",
)


@MIGRATIONS()
def ends_of_shifts(database: Database) -> None:
    """Shifts end before their time, and what ended them is not kept for ever."""
    for statement in _ENDS_OF_SHIFTS:
        database.execute(statement)


_ENDS_OF_SHIFTS: Final = (
    "ALTER TABLE revocations ADD COLUMN forget_at INTEGER",  # epoch seconds; null: what the operator took back
    "CREATE INDEX revocations_to_forget ON revocations (forget_at)",
    """
    CREATE TABLE ended_shifts (
        -- Which shifts of an account are over before their time: those that began then or earlier. Until the last of
        -- them would have been over anyway.
        shift BLOB NOT NULL PRIMARY KEY CHECK (length(shift) = 16),  -- keyed digest of organisation and account
        over_through INTEGER NOT NULL,  -- epoch seconds
        forget_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX ended_shifts_to_forget ON ended_shifts (forget_at)",
)


@MIGRATIONS()
def call_backs_and_notices(database: Database) -> None:
    """Brokered contact: who asked to be rung, and which desks were told."""
    for table in _CONTACT:
        database.execute(table)


_CONTACT: Final = (
    """
    CREATE TABLE call_backs (
        -- That somebody waits to be rung about a child they looked up. 28 days.
        call_back BLOB NOT NULL PRIMARY KEY CHECK (length(call_back) = 16),  -- keyed digest of account and receipt
        sealed BLOB NOT NULL,  -- who, why, how soon, the wrapped tags, what came of it; always one size
        forget_at INTEGER NOT NULL  -- epoch seconds, a whole hour
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX call_backs_to_forget ON call_backs (forget_at)",
    """
    CREATE TABLE call_back_tags (
        -- By which tags a later registration finds a call-back that waits. As long as the call-back.
        tag INTEGER PRIMARY KEY,
        key BLOB NOT NULL CHECK (length(key) = 16),  -- a tag's equality key, under the lookups' key
        call_back BLOB NOT NULL CHECK (length(call_back) = 16),
        forget_at INTEGER NOT NULL  -- epoch seconds, a whole hour
    ) STRICT
    """,
    "CREATE INDEX call_back_tags_by_key ON call_back_tags (key)",
    "CREATE INDEX call_back_tags_to_forget ON call_back_tags (forget_at)",
    """
    CREATE TABLE notices (
        -- What one desk was told of one call-back, and what it answered. As long as the call-back, or until its
        -- involvement is withdrawn.
        notice BLOB NOT NULL PRIMARY KEY CHECK (length(notice) = 16),  -- keyed digest of organisation and reference
        organisation INTEGER NOT NULL,  -- pseudonym of the desk's
        involvement INTEGER NOT NULL,
        call_back BLOB NOT NULL CHECK (length(call_back) = 16),
        sealed BLOB NOT NULL,  -- reference, handle, who asks by role, why, how soon, state and answer; always one size
        due_at INTEGER,  -- epoch seconds: when it is escalated; null once that is over
        forget_at INTEGER NOT NULL  -- epoch seconds, a whole hour
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX notices_of_involvement ON notices (organisation, involvement)",
    "CREATE INDEX notices_of_call_back ON notices (call_back)",
    "CREATE INDEX notices_due ON notices (due_at)",
    "CREATE INDEX notices_to_forget ON notices (forget_at)",
    """
    CREATE TABLE mails (
        -- Mails to desks that wait to be sent: a reference and no content. Until sent, or a day.
        mail INTEGER PRIMARY KEY AUTOINCREMENT,
        sealed BLOB NOT NULL,  -- to which mailbox, and which reference
        due_at INTEGER NOT NULL,  -- epoch seconds: when it is tried next
        forget_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT
    """,
    "CREATE INDEX mails_due ON mails (due_at)",
    "CREATE INDEX mails_to_forget ON mails (forget_at)",
    """
    CREATE TABLE glasses (
        -- That somebody in an emergency was shown a duty line at once, for its review. A year.
        glass BLOB NOT NULL PRIMARY KEY CHECK (length(glass) = 16),  -- keyed digest of its reference
        asker INTEGER NOT NULL,  -- pseudonym of the organisation whose account it was
        owner INTEGER NOT NULL,  -- pseudonym of the organisation whose line was shown
        sealed BLOB NOT NULL,  -- who, why, when, which desk, and what the review said; always one size
        forget_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX glasses_of_asker ON glasses (asker)",
    "CREATE INDEX glasses_of_owner ON glasses (owner)",
    "CREATE INDEX glasses_to_forget ON glasses (forget_at)",
)


@MIGRATIONS()
def retirement(database: Database) -> None:
    """What is past its time is found by a walk, and leaves."""
    for table in _RETIREMENT:
        database.execute(table)


_RETIREMENT: Final = (
    """
    CREATE TABLE retirement (
        -- Where the walk through the owner's table is, and when it last came to its end. One row, for ever.
        walk INTEGER NOT NULL PRIMARY KEY CHECK (walk = 0),
        organisation INTEGER NOT NULL,  -- after which row it goes on; -1: from the first
        involvement INTEGER NOT NULL,
        walked_at INTEGER NOT NULL  -- epoch seconds
    ) STRICT
    """,
    "CREATE INDEX access_rows_by_month ON access_rows (month)",
)


@MIGRATIONS()
def seals(database: Database) -> None:
    """What hides involvements, the table they are moved to, and the independent desk's queue and record."""
    for table in _SEALS:
        database.execute(table)
    database.execute(
        "INSERT INTO sealed_tags VALUES (?, ?, 0, 0, 0, NULL, NULL)", [SENTINEL_KEY, SENTINEL_ORGANISATION]
    )
    # What settled before there were shields says nothing to the desk, in another form than what settles from now on.
    database.execute("INSERT INTO gathering SELECT 0, coalesce(max(arrival), 0) FROM outcomes")


_SEALS: Final = (
    """
    CREATE TABLE involvement_children (
        -- Of what is settled, which involvements of one organisation are about one child. As the involvement.
        organisation INTEGER NOT NULL,
        involvement INTEGER NOT NULL,
        child INTEGER NOT NULL,  -- number of the organisation's own reference
        by_consent INTEGER NOT NULL,  -- whether nothing but consent is its ground
        PRIMARY KEY (organisation, involvement)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX involvement_children_by_child ON involvement_children (organisation, child)",
    """
    CREATE TABLE seals (
        -- What hides involvements: shields, objections, withdrawn consents. Until it ends.
        seal BLOB NOT NULL PRIMARY KEY CHECK (length(seal) = 16),  -- keyed digest of its reference
        organisation INTEGER NOT NULL,  -- pseudonym of whose officer asked for it
        desk_at INTEGER,  -- epoch seconds: when the desk is to look at it; null: never
        sealed BLOB NOT NULL  -- reference, kind, who, why, state, dates; always one size
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX seals_of_organisation ON seals (organisation)",
    "CREATE INDEX seals_for_desk ON seals (desk_at)",
    """
    CREATE TABLE seal_tags (
        -- What a seal hides, by tag. As long as the seal.
        key BLOB NOT NULL CHECK (length(key) = 16),  -- a tag's equality key, as in the hot table
        seal BLOB NOT NULL CHECK (length(seal) = 16),
        class INTEGER NOT NULL,
        tier INTEGER NOT NULL,
        body BLOB NOT NULL CHECK (length(body) = 32),  -- for rotation
        PRIMARY KEY (key, seal)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX seal_tags_of_seal ON seal_tags (seal)",
    """
    CREATE TABLE seal_children (
        -- What a seal hides, by an organisation's own reference of the child. As long as the seal, or until its child
        -- has another identity.
        organisation INTEGER NOT NULL,
        child INTEGER NOT NULL,
        seal BLOB NOT NULL CHECK (length(seal) = 16),
        surely INTEGER NOT NULL,  -- 1: by the seal's own number, or somebody decided; 0: by what else matched
        PRIMARY KEY (organisation, child, seal)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX seal_children_of_seal ON seal_children (seal)",
    """
    CREATE TABLE sealed_involvements (
        -- Which seals hide an involvement. As long as both.
        organisation INTEGER NOT NULL,
        involvement INTEGER NOT NULL,
        seal BLOB NOT NULL CHECK (length(seal) = 16),
        surely INTEGER NOT NULL,  -- 1: by the seal's own number, or somebody decided; 0: by what else matched
        PRIMARY KEY (organisation, involvement, seal)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX sealed_involvements_of_seal ON sealed_involvements (seal)",
    """
    CREATE TABLE sealed_tags (
        -- What was moved out of the hot table, in the same form. As long as the involvement is hidden.
        key BLOB NOT NULL CHECK (length(key) = 16),
        organisation INTEGER NOT NULL,
        involvement INTEGER NOT NULL,
        class INTEGER NOT NULL,
        tier INTEGER NOT NULL,
        ended_on INTEGER,
        identity_key BLOB,
        PRIMARY KEY (key, organisation, involvement)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE desk_items (
        -- What the independent desk is to look at. A year, or as long as its shield.
        item BLOB NOT NULL PRIMARY KEY CHECK (length(item) = 16),  -- keyed digest of its reference
        seal BLOB NOT NULL CHECK (length(seal) = 16),
        subject BLOB NOT NULL UNIQUE CHECK (length(subject) = 16),  -- keyed digest of what it is about: it stands once
        involvement BLOB NOT NULL CHECK (length(involvement) = 16),  -- keyed digest of which it is about, if any
        open INTEGER NOT NULL CHECK (open IN (0, 1, 2, 3)),  -- how soon somebody is to look; 0: somebody has
        sealed BLOB NOT NULL,  -- reference, what, who, when; always one size
        forget_at INTEGER NOT NULL  -- epoch seconds, a whole hour
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX desk_items_open ON desk_items (open)",
    "CREATE INDEX desk_items_of_seal ON desk_items (seal)",
    "CREATE INDEX desk_items_of_involvement ON desk_items (involvement)",
    "CREATE INDEX desk_items_to_forget ON desk_items (forget_at)",
    """
    CREATE TABLE gathering (
        -- Up to which arrival the outcomes have been gathered for the desk. One row, for ever.
        gathering INTEGER NOT NULL PRIMARY KEY CHECK (gathering = 0),
        arrival INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE desk_leaves (
        -- Who shielded, approved, decided and rang: a chain of the desk's own. For ever, until a retention rule says
        -- otherwise.
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        sealed BLOB NOT NULL,  -- the leaf
        link BLOB NOT NULL CHECK (length(link) = 32)  -- hash of the link before it and the leaf
    ) STRICT
    """,
)


@MIGRATIONS()
def rights(database: Database) -> None:
    """What families ask for, and what was done for them."""
    for statement in _RIGHTS:
        database.execute(statement)


_RIGHTS: Final = (
    """
    CREATE TABLE reports (
        -- That a family asked who works with their child and who looked. 28 days after it is released.
        report BLOB NOT NULL PRIMARY KEY CHECK (length(report) = 16),  -- keyed digest of organisation and reference
        organisation INTEGER NOT NULL,  -- pseudonym of the organisation whose officer asked
        sealed BLOB NOT NULL,  -- who asked and decided, when, what, and the wrapped tags; always one size
        forget_at INTEGER NOT NULL  -- epoch seconds, a whole hour
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX reports_of_organisation ON reports (organisation)",
    "CREATE INDEX reports_to_forget ON reports (forget_at)",
    """
    CREATE TABLE rights_done (
        -- How many involvements a correction or a withdrawal changed, so that the same request sent again is told the
        -- same. 24 hours.
        done BLOB NOT NULL PRIMARY KEY CHECK (length(done) = 16),  -- keyed digest of organisation and receipt
        sealed BLOB NOT NULL,  -- the two counts; always one size
        forget_at INTEGER NOT NULL  -- epoch seconds, a whole hour
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX rights_done_to_forget ON rights_done (forget_at)",
)
