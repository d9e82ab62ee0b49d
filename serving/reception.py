"""The reception: posted bytes become submissions, or a sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

from features.days import SECOND_US
from serving.decisions import Submission
from serving.intake import Content, content_of, digest_of, order_of
from serving.moments import rfc3339
from serving.parsing import BodyError, FieldsError, parse
from serving.schemas import ScoreRequest
from serving.store.connection import Connection
from serving.store.merchants import Access
from serving.store.orders import Held
from serving.store.stories import body_at

CLOCK_SKEW_US = 300 * SECOND_US

_OF_A_PLACED_ORDER = ("payment_mode", "amount_due", "cod_fee", "record_only", "dispatch_cutoff")

# An access, and the merchant that a body names, become an access to that merchant.
Speaks = Callable[[Access, str | None], Access]


@dataclass(frozen=True, slots=True)
class Reception:
    """Reads orders.

    Parameters
    ----------
    digest_key : bytes
        Under which contents are compared; it does not change when the hash key is rotated.
    speaks : callable
        Decides for which merchant an order is.
    clock : callable
        Microseconds since 1970.
    """

    digest_key: bytes
    speaks: Speaks
    clock: Callable[[], int]

    def read(self, access: Access, body: bytes) -> Submission:
        """A new order.

        Raises
        ------
        BodyError, FieldsError
            If it cannot be read.
        UnknownMerchantError
            If the key does not speak for the merchant that the order names.
        """
        request, warnings = parse(ScoreRequest, body)
        content = content_of(request)
        if content.public["created_us"] > self.clock() + CLOCK_SKEW_US:
            raise FieldsError([("created_at", "lies in the future; send the time of the order")])
        return self._submission(
            self.speaks(access, request.merchant_id), request, content, warnings
        )

    def read_change(
        self, connection: Connection, access: Access, held: Held, body: bytes
    ) -> Submission:
        """What an order says from now on; its id and its time may be left out.

        Raises
        ------
        BodyError, FieldsError
            If it cannot be read, or names another order or another time.
        """
        created_us: int = body_at(connection, held.number)["created_us"]
        plain = _object(body)
        if plain.get("order_id", held.order_id) != held.order_id:
            raise FieldsError([("order_id", "differs from the one in the path; leave it out")])
        given = {"order_id": held.order_id, "created_at": rfc3339(created_us), **plain}
        request, warnings = parse(ScoreRequest, to_json(given))
        content = content_of(request)
        if content.public["created_us"] != created_us:
            raise FieldsError(
                [("created_at", "an order keeps the time it was placed; leave it out")]
            )
        return self._submission(access, request, content, warnings)

    def read_basket(self, access: Access, body: bytes) -> Submission:
        """What a customer is about to order, as if it were placed now.

        Raises
        ------
        BodyError, FieldsError, UnknownMerchantError
            If it cannot be read.
        """
        plain = {name: v for name, v in _object(body).items() if name not in _OF_A_PLACED_ORDER}
        named = {"order_id": "-", "created_at": rfc3339(self.clock())}
        return self.read(access, to_json(plain | named))

    def _submission(
        self, access: Access, request: ScoreRequest, content: Content, warnings: tuple[str, ...]
    ) -> Submission:
        return Submission(
            access=access,
            order=order_of(access.merchant_id, request.order_id, content),
            content=content,
            digest=digest_of(content, self.digest_key),
            record_only=bool(request.record_only),
            warnings=warnings,
        )


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        plain = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BodyError(f"the body is not valid JSON: {error}") from None
    if not isinstance(plain, dict):
        raise BodyError("the body must be a JSON object")
    return plain
