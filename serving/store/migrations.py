"""The database's schema as numbered steps, each applied once and in order, on both engines."""

from __future__ import annotations

from features.errors import StoreError
from serving.store.connection import Connection

# Every step is a tuple of statements. A released step is never edited: add the next one.
# They are written in SQLite's types, which ``serving.store.postgres.schema_sql`` turns into
# PostgreSQL's; partial indexes, ON CONFLICT and CAST are the same in both.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        # The log. ``number`` is the seq of the order's `placed`; null for events about no order.
        # ``was`` and ``becomes`` are the order's state around the event; null: no state involved.
        # ``data`` holds the fact of a `placed` and the feature row of a `decided`.
        """CREATE TABLE event (
             seq INTEGER PRIMARY KEY,
             number INTEGER,
             merchant_id TEXT,
             kind TEXT NOT NULL,
             revision INTEGER NOT NULL,
             at_us INTEGER NOT NULL,
             known_us INTEGER NOT NULL,
             was INTEGER,
             becomes INTEGER,
             body BLOB NOT NULL,
             data BLOB
           )""",
        "CREATE INDEX event_of_order ON event(number, seq) WHERE number IS NOT NULL",
        "CREATE INDEX event_of_none ON event(kind, merchant_id, seq) WHERE number IS NULL",
        # The orders as they stand. ``fact_seq`` names the event whose fact is in force,
        # ``decided_seq`` the decision in force (null for a loaded order).
        """CREATE TABLE orders (
             number INTEGER PRIMARY KEY,
             merchant_id TEXT NOT NULL,
             test INTEGER NOT NULL,
             order_id TEXT NOT NULL,
             revision INTEGER NOT NULL,
             state INTEGER NOT NULL,
             digest BLOB,
             fact_seq INTEGER NOT NULL,
             decided_seq INTEGER
           )""",
        "CREATE UNIQUE INDEX orders_by_id ON orders(merchant_id, test, order_id)",
        """CREATE INDEX orders_decided ON orders(merchant_id, test, decided_seq)
           WHERE decided_seq IS NOT NULL""",
        "CREATE TABLE decision (decision_id BLOB PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE contact (
             number INTEGER PRIMARY KEY,
             key_version INTEGER NOT NULL,
             sealed BLOB NOT NULL
           )""",
        "CREATE TABLE who (key INTEGER PRIMARY KEY, record BLOB NOT NULL)",
        """CREATE TABLE merchant (
             merchant_id TEXT PRIMARY KEY,
             name TEXT NOT NULL,
             invented INTEGER NOT NULL,
             added_us INTEGER NOT NULL
           ) WITHOUT ROWID""",
        """CREATE TABLE api_key (
             digest BLOB PRIMARY KEY,
             merchant_id TEXT NOT NULL,
             kind TEXT NOT NULL,
             hint TEXT NOT NULL,
             made_us INTEGER NOT NULL,
             revoked_us INTEGER
           ) WITHOUT ROWID""",
        """CREATE TABLE policy (
             merchant_id TEXT NOT NULL,
             revision INTEGER NOT NULL,
             seq INTEGER NOT NULL,
             body BLOB NOT NULL,
             PRIMARY KEY (merchant_id, revision)
           ) WITHOUT ROWID""",
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        # The arms' secret outlives every rotation of the hash key, so it stays with the log.
        "INSERT INTO meta VALUES ('arm_secret', randomblob(32)), ('who_seq', CAST('0' AS BLOB))",
    ),
    (
        # A platform speaks for the merchants that name it; a closed merchant is off-boarded.
        "ALTER TABLE merchant ADD COLUMN platform TEXT",
        "ALTER TABLE merchant ADD COLUMN closed_us INTEGER",
        # Words separated by blanks; empty opens everything of the key's kind.
        "ALTER TABLE api_key ADD COLUMN scopes TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX event_of_merchant ON event(merchant_id, seq)",
        # Allow and block entries; ``key`` is the hash under which orders carry the value.
        """CREATE TABLE list_entry (
             entry_id TEXT PRIMARY KEY,
             merchant_id TEXT NOT NULL,
             list TEXT NOT NULL,
             field TEXT NOT NULL,
             key INTEGER NOT NULL,
             hint TEXT NOT NULL,
             reason TEXT NOT NULL,
             added_by TEXT NOT NULL,
             added_us INTEGER NOT NULL,
             expires_us INTEGER
           ) WITHOUT ROWID""",
        "CREATE UNIQUE INDEX list_entry_of ON list_entry(merchant_id, list, field, key)",
        """CREATE TABLE shipment (
             merchant_id TEXT NOT NULL,
             test INTEGER NOT NULL,
             awb TEXT NOT NULL,
             number INTEGER NOT NULL,
             seq INTEGER NOT NULL,
             PRIMARY KEY (merchant_id, test, awb)
           ) WITHOUT ROWID""",
    ),
    (
        # An erasure's new names of keys, until the stored who-records have followed.
        "CREATE TABLE renamed (seq INTEGER NOT NULL, old INTEGER NOT NULL, new INTEGER NOT NULL)",
    ),
    (
        # The outbox. ``person`` is the mark of whom it went to, ``outside_id`` the carrier's name
        # of it; texts are made when it is sent and never stored.
        """CREATE TABLE message (
             message_id TEXT PRIMARY KEY,
             number INTEGER NOT NULL,
             merchant_id TEXT NOT NULL,
             purpose TEXT NOT NULL,
             state TEXT NOT NULL,
             made_us INTEGER NOT NULL,
             due_us INTEGER NOT NULL,
             tries INTEGER NOT NULL,
             person INTEGER,
             outside_id TEXT,
             why TEXT
           ) WITHOUT ROWID""",
        "CREATE INDEX message_due ON message(due_us) WHERE state IN ('waiting', 'sending')",
        "CREATE INDEX message_of_order ON message(number)",
        "CREATE UNIQUE INDEX message_outside ON message(outside_id)",
        "CREATE INDEX message_of_person ON message(person)",
        """CREATE TABLE timer (
             number INTEGER NOT NULL,
             kind TEXT NOT NULL,
             due_us INTEGER NOT NULL,
             PRIMARY KEY (number, kind)
           ) WITHOUT ROWID""",
        "CREATE INDEX timer_due ON timer(due_us)",
        """CREATE TABLE channel (
             merchant_id TEXT NOT NULL,
             provider TEXT NOT NULL,
             endpoint TEXT NOT NULL UNIQUE,
             sealed BLOB NOT NULL,
             stopped TEXT,
             PRIMARY KEY (merchant_id, provider)
           ) WITHOUT ROWID""",
        "CREATE TABLE optout (person INTEGER PRIMARY KEY, at_us INTEGER NOT NULL)",
        """CREATE TABLE hook_seen (
             endpoint TEXT NOT NULL,
             event_id TEXT NOT NULL,
             at_us INTEGER NOT NULL,
             PRIMARY KEY (endpoint, event_id)
           ) WITHOUT ROWID""",
    ),
    (
        # Marks of erased persons' keys, for what was on its way meanwhile; see store.erased.
        """CREATE TABLE erased (
             mark INTEGER NOT NULL,
             seq INTEGER NOT NULL,
             at_us INTEGER NOT NULL,
             PRIMARY KEY (mark, seq)
           ) WITHOUT ROWID""",
        "CREATE INDEX erased_seq ON erased(seq)",
    ),
    (
        # Who is told what happens. ``sealed`` holds address and secrets, ``events`` words (empty:
        # everything), ``seq`` the position up to which the log has become deliveries.
        """CREATE TABLE subscription (
             subscription_id TEXT PRIMARY KEY,
             merchant_id TEXT NOT NULL,
             events TEXT NOT NULL,
             sealed BLOB NOT NULL,
             nearby INTEGER NOT NULL,
             made_us INTEGER NOT NULL,
             seq INTEGER NOT NULL,
             failing_us INTEGER,
             stopped TEXT
           ) WITHOUT ROWID""",
        "CREATE INDEX subscription_of ON subscription(merchant_id)",
        """CREATE TABLE delivery (
             delivery_id TEXT PRIMARY KEY,
             subscription_id TEXT NOT NULL,
             seq INTEGER NOT NULL,
             event TEXT NOT NULL,
             state TEXT NOT NULL,
             made_us INTEGER NOT NULL,
             due_us INTEGER NOT NULL,
             tries INTEGER NOT NULL,
             why TEXT
           ) WITHOUT ROWID""",
        "CREATE INDEX delivery_due ON delivery(due_us) WHERE state IN ('waiting', 'sending')",
        "CREATE INDEX delivery_of ON delivery(subscription_id, seq)",
    ),
    (
        # Who opens the pages: people, what they may do for which merchant, and their sessions.
        # Passwords are argon2; of sessions and entry links only hashes are kept.
        """CREATE TABLE account (
             account_id TEXT PRIMARY KEY,
             email TEXT NOT NULL UNIQUE,
             name TEXT NOT NULL,
             language TEXT NOT NULL,
             password TEXT,
             made_us INTEGER NOT NULL
           ) WITHOUT ROWID""",
        """CREATE TABLE membership (
             account_id TEXT NOT NULL,
             merchant_id TEXT NOT NULL,
             role TEXT NOT NULL,
             PRIMARY KEY (account_id, merchant_id)
           ) WITHOUT ROWID""",
        "CREATE INDEX membership_of ON membership(merchant_id)",
        """CREATE TABLE page_session (
             digest BLOB PRIMARY KEY,
             account_id TEXT NOT NULL,
             merchant_id TEXT NOT NULL,
             ends_us INTEGER NOT NULL
           ) WITHOUT ROWID""",
        """CREATE TABLE entry_link (
             digest BLOB PRIMARY KEY,
             account_id TEXT NOT NULL,
             ends_us INTEGER NOT NULL
           ) WITHOUT ROWID""",
    ),
    # A record is the fold of the log up to its own ``seq``, or up to `who_seq` if that is later.
    ("ALTER TABLE who ADD COLUMN seq INTEGER NOT NULL DEFAULT 0",),
    (
        # Orders held for a person, by Indian day.
        """CREATE TABLE review_day (
             merchant_id TEXT NOT NULL,
             day INTEGER NOT NULL,
             held INTEGER NOT NULL,
             PRIMARY KEY (merchant_id, day)
           ) WITHOUT ROWID""",
    ),
    (
        # Of a message: what its text is made of (JSON without personal data), whose turn comes
        # first, and when it was taken by the carrier.
        "ALTER TABLE message ADD COLUMN detail TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE message ADD COLUMN priority INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE message ADD COLUMN sent_us INTEGER",
        """CREATE INDEX message_sent ON message(merchant_id, sent_us)
           WHERE sent_us IS NOT NULL""",
        # What people have to do: call, answer, pay back, dispute. ``seq`` is the event it is about.
        """CREATE TABLE task (
             task_id TEXT PRIMARY KEY,
             merchant_id TEXT NOT NULL,
             number INTEGER NOT NULL,
             kind TEXT NOT NULL,
             why TEXT NOT NULL,
             seq INTEGER,
             made_us INTEGER NOT NULL,
             until_us INTEGER,
             done_us INTEGER,
             done_by TEXT
           ) WITHOUT ROWID""",
        "CREATE INDEX task_open ON task(merchant_id, kind, made_us) WHERE done_us IS NULL",
        "CREATE INDEX task_of_order ON task(number)",
        # Whether payment in advance is offered before anything is asked; off by default.
        "ALTER TABLE channel ADD COLUMN offers INTEGER NOT NULL DEFAULT 0",
        # Templates that the carrier has paused or moved to a dearer category.
        """CREATE TABLE template_stop (
             merchant_id TEXT NOT NULL,
             name TEXT NOT NULL,
             why TEXT NOT NULL,
             PRIMARY KEY (merchant_id, name)
           ) WITHOUT ROWID""",
        # Payment links; ``link_id`` is ours and goes out as the reference.
        """CREATE TABLE payment_link (
             link_id TEXT PRIMARY KEY,
             number INTEGER NOT NULL,
             merchant_id TEXT NOT NULL,
             state TEXT NOT NULL,
             amount_paise INTEGER NOT NULL,
             discount_paise INTEGER NOT NULL,
             rest_paise INTEGER NOT NULL,
             expire_us INTEGER NOT NULL,
             made_us INTEGER NOT NULL,
             due_us INTEGER NOT NULL,
             tries INTEGER NOT NULL,
             detail TEXT NOT NULL,
             outside_id TEXT,
             short_url TEXT,
             why TEXT
           ) WITHOUT ROWID""",
        """CREATE INDEX payment_link_due ON payment_link(due_us)
           WHERE state IN ('waiting', 'making', 'cancelling')""",
        "CREATE INDEX payment_link_of_order ON payment_link(number)",
        "CREATE UNIQUE INDEX payment_link_outside ON payment_link(outside_id)",
    ),
    (
        # Orders by the number their shop gives them, and when the shop last changed them.
        """CREATE TABLE shop_order (
             merchant_id TEXT NOT NULL,
             test INTEGER NOT NULL,
             shop_number INTEGER NOT NULL,
             order_id TEXT NOT NULL,
             updated_us INTEGER NOT NULL,
             PRIMARY KEY (merchant_id, test, shop_number)
           ) WITHOUT ROWID""",
    ),
    ("CREATE INDEX shop_order_named ON shop_order(merchant_id, test, order_id)",),
    ("CREATE INDEX message_of_merchant ON message(merchant_id, made_us)",),
    (
        """CREATE TABLE parcel_news (
             merchant_id TEXT PRIMARY KEY, tracking INTEGER NOT NULL, feedback INTEGER NOT NULL
           ) WITHOUT ROWID""",
    ),
    # A print of the address that the shop last told.
    ("ALTER TABLE shop_order ADD COLUMN address BLOB",),
    (
        # What is known of an order at a courier. ``begun``: it may have been made there, whatever
        # came back. ``revision``: whose address stands there. ``brought`` and ``passed``: up to
        # where the log has been passed on, and the answers of customers. ``look_us``: when it is
        # looked up again by itself.
        """CREATE TABLE courier_order (
             number INTEGER NOT NULL,
             provider TEXT NOT NULL,
             merchant_id TEXT NOT NULL,
             begun INTEGER NOT NULL,
             outside_id TEXT,
             awb TEXT,
             revision INTEGER NOT NULL,
             brought INTEGER NOT NULL,
             passed INTEGER NOT NULL,
             receipt TEXT,
             look_us INTEGER,
             PRIMARY KEY (number, provider)
           ) WITHOUT ROWID""",
        """CREATE INDEX courier_order_due ON courier_order(merchant_id, provider, look_us)
           WHERE look_us IS NOT NULL""",
        # When an account may be called next, whoever calls, and its login, sealed.
        """CREATE TABLE courier_pace (
             merchant_id TEXT NOT NULL,
             provider TEXT NOT NULL,
             free_us INTEGER NOT NULL,
             login BLOB,
             PRIMARY KEY (merchant_id, provider)
           ) WITHOUT ROWID""",
        # Parcels that a courier is asked about where it does not tell by itself.
        """CREATE TABLE watched_parcel (
             merchant_id TEXT NOT NULL,
             provider TEXT NOT NULL,
             awb TEXT NOT NULL,
             number INTEGER NOT NULL,
             heard_us INTEGER NOT NULL,
             look_us INTEGER NOT NULL,
             PRIMARY KEY (merchant_id, provider, awb)
           ) WITHOUT ROWID""",
        "CREATE INDEX watched_parcel_due ON watched_parcel(merchant_id, provider, look_us)",
        "CREATE INDEX watched_parcel_of_order ON watched_parcel(number)",
    ),
    (
        """CREATE INDEX message_dead ON message(merchant_id, made_us)
           WHERE state IN ('call', 'failed', 'unknown')""",
    ),
    (
        # How far a shop's orders have been read, and what is wrong with it.
        """CREATE TABLE shop_reading (
             merchant_id TEXT PRIMARY KEY,
             position_us INTEGER NOT NULL,
             read_us INTEGER NOT NULL,
             seq INTEGER NOT NULL,
             missed INTEGER NOT NULL,
             pace TEXT NOT NULL,
             fault TEXT,
             since_us INTEGER
           ) WITHOUT ROWID""",
    ),
    ("ALTER TABLE membership ADD COLUMN digest INTEGER NOT NULL DEFAULT 1",),
    (
        """CREATE INDEX message_turn ON message(merchant_id, priority, due_us)
           WHERE state='waiting'""",
    ),
    # Of who wants no offers, and everything else all the same.
    ("ALTER TABLE optout ADD COLUMN offers_only INTEGER NOT NULL DEFAULT 0",),
    # The message in whose place a person is to call.
    ("ALTER TABLE task ADD COLUMN message_id TEXT",),
    (
        # By when the points that a shop gives for requests will have come back, whoever spent them.
        """CREATE TABLE shop_points (
             merchant_id TEXT PRIMARY KEY,
             spent_us INTEGER NOT NULL
           ) WITHOUT ROWID""",
    ),
)


def migrate(connection: Connection) -> None:
    """Bring the database to this program's schema, all missing steps in one transaction.

    Others may read and write meanwhile; they wait for the transaction at most.

    Raises
    ------
    StoreError
        If the database was written by a newer program.
    """
    if version_of(connection) == len(STEPS):
        return
    connection.begin()
    try:
        done = version_of(connection)
        if done > len(STEPS):
            raise StoreError(
                f"the database has schema {done}, this program knows {len(STEPS)}: "
                "install the newer program"
            )
        for step in STEPS[done:]:
            for statement in step:
                connection.execute(_spoken(connection, statement))
        _set_version(connection, len(STEPS))
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def version_of(connection: Connection) -> int:
    """How many steps the database has seen."""
    if not connection.remote:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    if connection.execute("SELECT to_regclass('rto_schema')").fetchone()[0] is None:
        return 0
    return int(connection.execute("SELECT max(version) FROM rto_schema").fetchone()[0])


def _set_version(connection: Connection, version: int) -> None:
    if not connection.remote:
        connection.execute(f"PRAGMA user_version={version}")
        return
    connection.execute("CREATE TABLE IF NOT EXISTS rto_schema (version BIGINT PRIMARY KEY)")
    connection.execute("INSERT INTO rto_schema VALUES (?)", (version,))


def _spoken(connection: Connection, statement: str) -> str:
    if not connection.remote:
        return statement
    from serving.store.postgres import schema_sql

    return schema_sql(statement)
