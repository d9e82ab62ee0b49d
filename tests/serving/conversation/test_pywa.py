"""An unchanged client of WhatsApp's: it reads what our stand-in posts, and sends as we do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.handlers import (
    CallbackButtonHandler,
    CallbackSelectionHandler,
    MessageHandler,
    MessageStatusHandler,
)
from pywa.types import Button, CallbackButton, CallbackSelection, Message, MessageStatus
from pywa.types.templates import (
    BodyText,
    HeaderImage,
    QuickReplyButton,
    TemplateLanguage,
)

from serving.conversation.messages.sessions import session
from serving.conversation.messages.templates import PICTURE, Filling
from serving.sandbox.graph import Graph
from tests.serving.played import SECRET, Played, kept, play
from tests.serving.shop import LIVE, ORDER, body

TO = "919876543210"
PICTURED = [ORDER["items"][0] | {"image_url": "https://shop.example.com/kurta.jpg"}]
TRACKED = "our-id"


class ToStandIn(httpx.BaseTransport):
    """Leads what is meant for the Graph API to our stand-in."""

    def __init__(self, url: str) -> None:
        self._to, self._inner = urlsplit(url), httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass one request on."""
        request.url = request.url.copy_with(
            scheme="http", host=self._to.hostname, port=self._to.port
        )
        return self._inner.handle_request(request)


@pytest.fixture
def client(graph: Graph) -> Iterator[WhatsApp]:
    """The client, as somebody with this number would set it up."""
    with httpx.Client(transport=ToStandIn(graph.url)) as asked:  # type: ignore[attr-defined]
        yield WhatsApp(
            phone_id="123456", token="token-of-the-shop", session=asked, server=None,
            app_secret=SECRET, verify_token="a token to verify",
        )  # fmt: skip


def posted(play_it: Callable[[], object]) -> list[tuple[bytes, str]]:
    """What the stand-in posts: body and signature."""
    with kept() as came:
        play_it()
    return [(content, headers["X-Hub-Signature-256"]) for content, headers in came]


def test_it_sends_what_we_send(client: WhatsApp, graph: Graph) -> None:
    content = {"customer_name": "Asha", "items": PICTURED, "amount_paise": 129_900,
               "language": "hi", "address_line1": "Flat 12B", "pincode": "560034"}  # fmt: skip
    ours = Filling(content, "Kurtas & Co", TRACKED).check(PICTURE, PICTURED[0]["image_url"])
    words = [one["text"] for one in ours["components"][1]["parameters"]]
    client.send_template(
        TO, PICTURE, TemplateLanguage.HINDI,
        [HeaderImage.params(image=PICTURED[0]["image_url"]), BodyText.params(*words),
         *(QuickReplyButton.params(callback_data=f"{answer}:{TRACKED}", index=i)
           for i, answer in enumerate(("confirm", "change", "cancel")))],
        tracker=TRACKED,
    )  # fmt: skip
    theirs = graph.sent[-1]
    assert theirs["template"]["name"] == ours["name"]
    assert theirs["template"]["language"]["code"] == ours["language"]["code"]
    assert _plain(theirs["template"]["components"]) == _plain(ours["components"])
    assert theirs["biz_opaque_callback_data"] == TRACKED
    menu = session("menu", {}, {}, message_id=TRACKED)
    titles = menu["interactive"]["action"]["buttons"]
    client.send_message(
        TO, menu["interactive"]["body"]["text"],
        buttons=[Button(one["reply"]["title"], one["reply"]["id"]) for one in titles],
    )  # fmt: skip
    assert graph.sent[-1]["interactive"] == menu["interactive"]


def _plain(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In one order, with types in small letters and places as text: both are taken either way."""
    same = [
        one
        | {name: str(one[name]).lower() for name in ("type", "sub_type", "index") if name in one}
        for one in components
    ]
    return sorted(same, key=lambda one: (one["type"], one.get("index", "")))


@pytest.mark.parametrize("code", [131026, 130429])
def test_it_understands_our_stand_ins_errors(client: WhatsApp, graph: Graph, code: int) -> None:
    graph.faults.append(str(code))
    with pytest.raises(WhatsAppError) as caught:
        client.send_message(TO, "hello")
    assert caught.value.code == code
    assert graph.sent == []


def test_it_reads_and_verifies_what_our_stand_in_posts_as_our_hook_does(
    tmp_path: Path, client: WhatsApp, graph: Graph
) -> None:
    seen: list[Any] = []
    for handler in (CallbackButtonHandler, CallbackSelectionHandler, MessageHandler,
                    MessageStatusHandler):  # fmt: skip
        client.add_handlers(handler(lambda _, one: seen.append(one)))

    async def scene(played: Played) -> None:
        await played.service.desk.score(LIVE, body(dispatch_cutoff=None))
        played.send()
        check = graph.sent[-1]
        listed = {"id": "wamid.list", "to": TO, "type": "interactive",
                  **session("why_returned", {}, {}, message_id="x")}  # fmt: skip
        graph.hook = "unused"
        came = posted(lambda: (
            graph.status(check, "delivered"), graph.press(check, 1, title="Change something"),
            graph.write(check, "Flat 7A"), graph.press(listed, 0),
        ))  # fmt: skip
        for content, signature in came:
            assert client.webhook_update_validator(content, signature) is None
            assert client.webhook_update_validator(content + b" ", signature) is not None
            assert client.webhook_update_handler(content)[1] == 200
            headers = {"X-Hub-Signature-256": signature}
            url = f"/v1/hooks/{played.endpoint}"
            answer = await played.client.post(url, content=content, headers=headers)
            assert answer.status_code == 200
        assert "delivered" in played.states()
        query = {"hub.mode": "subscribe", "hub.verify_token": "a token to verify",
                 "hub.challenge": "1158201444"}  # fmt: skip
        ours = await played.client.get(f"/v1/hooks/{played.endpoint}", params=query)
        theirs = client.webhook_challenge_handler(query["hub.verify_token"], query["hub.challenge"])
        assert (ours.text, ours.status_code) == theirs

    play(tmp_path, graph, scene)
    status, pressed, written, chosen = seen
    assert (type(status), type(pressed), type(written), type(chosen)) == (
        MessageStatus, CallbackButton, Message, CallbackSelection,
    )  # fmt: skip
    check = graph.sent[0]
    assert (status.id, status.tracker) == (check["id"], check["biz_opaque_callback_data"])
    assert pressed.reply_to_message.id == check["id"]
    assert pressed.data == f"change:{check['biz_opaque_callback_data']}"
    assert (written.text, written.from_user.wa_id) == ("Flat 7A", TO)
    assert (chosen.data, chosen.title) == ("why-not_at_home:x", "I was not at home")
