"""The inbox and the messages that did not arrive: what people read and what they do about it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from features.days import DAY_US, HOUR_US
from models.policy import default_policy
from serving.conversation.messages.sessions import texts
from serving.conversation.talking import NO_ANSWER
from serving.pages import whys
from serving.pages.terms import PURPOSES, SAID
from serving.pages.words import words
from serving.store.log import Log
from serving.store.outbox import Purpose
from serving.store.tasks import TaskKind, add_task
from tests.serving.pages.rooms import Rooms, visited
from tests.serving.shop import NOON, Clock, Steady, order

ASKING = {"verify": 0.3, "prepaid": None, "hold": None, "block": None}


async def _asked(rooms: Rooms, *names: str) -> None:
    """Orders that wait for their customers, at a shop that acts."""
    policy = default_policy().to_json() | {"mode": "act", "thresholds": ASKING}
    policy["shares"] = {"holdout": 0.0, "explore": 0.0}
    await rooms.ask("PUT", "/v1/policy", policy, If_Match='"0"')
    for name in names:
        await rooms.ask("POST", "/v1/score", order(order_id=name))


async def _wrote(
    rooms: Rooms, name: str, text: str, *, kind: TaskKind = "inbox", ago_us: int = HOUR_US,
    why: str = NO_ANSWER,
) -> None:  # fmt: skip
    """A customer's words, as the hook leaves them."""
    service, at = rooms.service, rooms.service.clock() - ago_us

    def work(log: Log) -> None:
        held = log.find("kurtas", name)
        assert held is not None
        body = {"purpose": "order_check", "state": "unclear"}
        seq = log.append("message", body, at_us=at, known_us=at, order=held)
        service.contacts.keep(log.connection, seq, b'{"note": "%s"}' % text.encode())
        add_task(log.connection, held, kind, why, now_us=at, seq=seq,
                 until_us=at + DAY_US)  # fmt: skip

    await service.writer.submit(work)


async def _dead(rooms: Rooms, name: str, state: str, why: str) -> None:
    def work(log: Log) -> None:
        held = log.find("kurtas", name)
        assert held is not None
        log.connection.execute(
            "UPDATE message SET state=?, why=? WHERE number=?", (state, why, held.number)
        )

    await rooms.service.writer.submit(work)


def test_who_waits_longest_comes_first_with_what_was_said(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _asked(rooms, "new", "old")
        await _wrote(rooms, "new", "Is it <b>cotton</b>?")
        cut_off = "a change cut off by the shipment"
        await _wrote(rooms, "old", "Flat 7A", ago_us=23 * HOUR_US, why=cut_off)
        viewer = await rooms.person("viewer").get("/inbox")
        assert viewer.text.index(">old</a>") < viewer.text.index(">new</a>")
        for said in ("Is it &lt;b&gt;cotton&lt;/b&gt;?", "We asked whether the order is meant.",
                     "23 h 0 min", "1 h 0 min", "+91 98765 43210"):  # fmt: skip
            assert said in viewer.text, said
        assert viewer.text.count("when the parcel left: tell the courier") == 1
        assert "They wrote something that is no answer" not in viewer.text, "as their words show"
        assert "<textarea" not in viewer.text
        assert 'value="done"' not in viewer.text
        assert (await rooms.person("operator").get("/inbox")).text.count("<textarea") == 2

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_an_answer_goes_out_and_finishes_what_was_asked(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _asked(rooms, "a/b")
        await _wrote(rooms, "a/b", "Is it cotton?")
        person = rooms.person("operator")
        (task,) = (await rooms.ask("GET", "/v1/tasks"))["tasks"]
        form = {"do": "answer", "order": "a/b", "task": task["task_id"], "text": " "}
        assert (await person.post("/inbox", form)).status_code == 422
        done = await person.post("/inbox", form | {"text": "Yes.", "done": "1"})
        assert done.headers["location"] == "/app/inbox"
        assert "Your answer to order a/b is on its way." in await person.see("/inbox")
        assert (await rooms.ask("GET", "/v1/tasks"))["tasks"] == []
        waiting = rooms.house.connection.execute(
            "SELECT detail FROM message WHERE purpose='talk'"
        ).fetchall()
        assert '"step":"text"' in waiting[0][0]

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_after_the_day_only_a_call_is_left(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _asked(rooms, "late")
        await _wrote(rooms, "late", "Hello?", ago_us=25 * HOUR_US)
        person = rooms.person("operator")
        page = await person.get("/inbox")
        assert "<textarea" not in page.text
        assert "What can be done: call Asha Rao" in page.text
        (task,) = (await rooms.ask("GET", "/v1/tasks"))["tasks"]
        form = {"order": "late", "task": task["task_id"], "view": "replies"}
        late = await person.post("/inbox", form | {"do": "answer", "text": "Yes"})
        assert late.status_code == 409
        await person.post("/inbox", form | {"do": "unreachable"})
        assert len((await rooms.ask("GET", "/v1/tasks"))["tasks"]) == 1
        await person.post("/inbox", form | {"do": "confirmed"})
        assert (await rooms.ask("GET", "/v1/tasks"))["tasks"] == []
        story = await rooms.ask("GET", "/v1/orders/late")
        assert story["stage"] == "confirmed"

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_every_kind_of_task_has_its_place_and_is_assigned_and_done(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _asked(rooms, "one")
        kinds: tuple[TaskKind, ...] = ("suggestion", "call", "refund", "dispute")
        for kind in kinds:
            await _wrote(rooms, "one", f"about a {kind}", kind=kind)
        person = rooms.person("operator")
        for view in ("suggestions", "calls", "refunds", "claims"):
            assert ">one</a>" in (await person.get(f"/inbox?view={view}")).text
        assert "Nothing waits here." in await person.see("/inbox?view=replies")
        assert "Nothing waits here." in await person.see("/inbox?view=<script>")
        me = rooms.house.connection.execute("SELECT account_id FROM account").fetchone()[0]
        assert "Nothing waits here." in await person.see("/inbox?view=calls&mine=1")
        await person.post("/inbox", {"do": "assign", "order": "one", "assignee": me})
        assert ">one</a>" in (await person.get("/inbox?view=calls&mine=1")).text
        tasks = (await rooms.ask("GET", "/v1/tasks"))["tasks"]
        everything = {"do": "done", "order": "one", "task": [one["task_id"] for one in tasks]}
        await person.post("/inbox", everything)
        assert (await rooms.ask("GET", "/v1/tasks"))["tasks"] == []
        assert (await person.post("/inbox", {"do": "joy", "order": "one"})).status_code == 422

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_another_shops_conversations_are_not_there(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _asked(rooms, "ours")
        await _wrote(rooms, "ours", "a secret of theirs")
        await _dead(rooms, "ours", "unknown", "HTTP 500")
        await rooms.ask.with_key("sarees", "live")
        stranger = rooms.person("owner", merchant_id="sarees", email="b@example.com")
        for path in ("/inbox", "/inbox?view=calls", "/messages"):
            assert "ours" not in await stranger.see(path), path
        (task,) = (await rooms.ask("GET", "/v1/tasks"))["tasks"]
        done = {"do": "done", "order": "ours", "task": task["task_id"]}
        assert (await stranger.post("/inbox", done)).status_code == 404
        letter = (await rooms.ask("GET", "/v1/messages"))["messages"][0]
        again = {"message": letter["message_id"], "doubtful": "yes"}
        assert (await stranger.post("/messages", again)).status_code == 404
        assert len((await rooms.ask("GET", "/v1/messages"))["messages"]) == 1

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_a_message_that_may_have_arrived_is_sent_again_only_by_the_button_that_says_so(
    tmp_path: Path,
) -> None:
    async def scene(rooms: Rooms) -> None:
        await _asked(rooms, "lost")
        await _dead(rooms, "lost", "unknown", "HTTP 500")
        person = rooms.person("operator")
        page = await person.get("/messages")
        assert "Send although it may have arrived" in page.text
        assert "The answer was lost on the way" in page.text
        found = re.search(r'name="message" value="(\w+)"', page.text)
        assert found is not None
        assert (await person.post("/messages", {"message": found[1]})).status_code == 422
        form = {"message": found[1], "doubtful": "yes"}
        assert (await person.post("/messages", form)).status_code == 303
        assert "It is being sent again." in await person.see("/messages")
        assert "Every message has arrived" in await person.see("/messages")

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_a_message_about_something_that_is_over_is_not_sent_again(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _asked(rooms, "gone", "here")
        await _dead(rooms, "here", "call", "error 131026")
        await _dead(rooms, "gone", "failed", "error 99")
        await rooms.ask("POST", "/v1/shipments", [
            {"order_id": "gone", "awb": "A1", "courier": "fast",
             "shipped_at": "2026-11-20T11:58:00+05:30"}])  # fmt: skip
        person = rooms.person("operator")
        page = await person.get("/messages")
        assert page.text.count("Send again") == 1
        assert "WhatsApp refused it with error 99." in page.text
        one = await person.see("/messages?why=This number cannot be reached on WhatsApp.")
        assert "here" in one
        assert " gone " not in one
        letters = (await rooms.ask("GET", "/v1/messages"))["messages"]
        ids = {letter["order_id"]: letter["message_id"] for letter in letters}
        refused = await person.post("/messages", {"message": ids["gone"]})
        assert refused.status_code == 422
        assert "would only confuse" in refused.text
        assert (await person.post("/messages", {"message": ids["here"]})).status_code == 303

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_every_step_of_a_talk_and_every_reason_has_words() -> None:
    assert set(texts()["en"]) - {"saving", "token", "left"} <= set(SAID), "parts of others aside"
    assert set(get_args(Purpose)) == set(PURPOSES)
    say = words("en")
    for why, said in {
        "no consent": "They do not want messages on WhatsApp.",
        "error 131026": "This number cannot be reached on WhatsApp.",
        "error 7": "WhatsApp refused it with error 7.",
        "template order_check: paused": "The template order_check is stopped.",
        "attempt 2: the customer says that nobody came": "Attempt 2: they say that nobody came.",
        "HTTP 502": "The answer was lost on the way; it may have arrived.",
        "ReadTimeout": "The answer was lost on the way; it may have arrived.",
        "ConnectError": "WhatsApp could not be reached.",
        "something else": "something else",
    }.items():
        assert whys.in_words(say, why) == said
    assert whys.in_words(say, None) == "No reason is known."


def test_counting_what_did_not_arrive_reads_an_index_alone(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        plan = rooms.house.connection.execute(
            """EXPLAIN QUERY PLAN SELECT count(*) FROM message WHERE merchant_id=?
               AND state IN ('call', 'failed', 'unknown') AND made_us>=?""", ("kurtas", 0)
        ).fetchall()  # fmt: skip
        assert "message_dead" in str(plan)

    visited(tmp_path, scene, clock=Clock(NOON))
