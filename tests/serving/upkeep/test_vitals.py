"""What nobody would notice otherwise: messages that do not go out."""

from __future__ import annotations

import asyncio
from pathlib import Path

from features.days import HOUR_US
from serving.readiness import readiness
from serving.store.channels import WHATSAPP, WhatsApp, switch_channel
from serving.store.log import Log
from serving.store.outbox import Message, put_message
from serving.upkeep.vitals import gauges
from tests.serving import shop

ACCOUNT = WhatsApp(
    phone_number_id="1234567", token="token-of-a-test", app_secret="secret-of-a-test",
    verify_token="verify-a-test",
)  # fmt: skip


def test_a_stopped_channel_and_a_late_message_are_told(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock) as service:
            await shop.add_shop(service)
            number = (await service.desk.score(shop.LIVE, shop.body()))["revision"] + 1
            due = Message(
                "m", number, "kurtas", "order_check", "waiting", clock(), clock(), 0, None
            )

            def stop(log: Log) -> None:
                WHATSAPP.keep(log.connection, service.contacts, "kurtas", ACCOUNT)
                put_message(log.connection, due)
                switch_channel(log.connection, "kurtas", "error 368")

            before = gauges(service)
            assert (before["channels_stopped"], before["message_late_seconds"]) == (0, 0)
            await service.writer.submit(stop)
            clock.us += HOUR_US
            service.vitals.look()
            assert gauges(service)["channels_stopped"] == 1
            assert gauges(service)["message_late_seconds"] == 3600
            assert 'customers of "kurtas" (error 368)' in " ".join(readiness(service).warnings)
            await service.writer.submit(lambda log: switch_channel(log.connection, "kurtas", None))
            service.vitals.look()
            assert gauges(service)["channels_stopped"] == 0

    asyncio.run(scene())
