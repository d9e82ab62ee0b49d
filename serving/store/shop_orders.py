"""Orders by the number their shop gives them, and what the shop last said of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from serving.store.connection import Connection


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """What is known of an order in its shop.

    Parameters
    ----------
    number : int
        The shop's own.
    updated_us : int
        When the shop last changed it, as far as it was taken in; 0 before the first time.
    address : bytes or None
        Print of the address that the shop last told (``serving.shops.addresses``).
    """

    merchant_id: str
    test: bool
    number: int
    order_id: str
    updated_us: int = 0
    address: bytes | None = None

    def now(self, updated_us: int, address: bytes) -> ShopOrder:
        """The same after the shop has told of a change."""
        return replace(self, updated_us=updated_us, address=address)


_COLUMNS = "merchant_id, test, shop_number, order_id, updated_us, address"
_READ = f"SELECT {_COLUMNS} FROM shop_order WHERE merchant_id=? AND test=? AND "


def shop_order(
    connection: Connection, merchant_id: str, shop_number: int, *, test: bool
) -> ShopOrder | None:
    """The order of this number in the shop, or None."""
    return _one(connection, _READ + "shop_number=?", merchant_id, test, shop_number)


def shop_order_named(
    connection: Connection, merchant_id: str, order_id: str, *, test: bool
) -> ShopOrder | None:
    """An order of ours in its shop; None where it did not come from there."""
    return _one(connection, _READ + "order_id=?", merchant_id, test, order_id)


def keep_shop_order(connection: Connection, one: ShopOrder) -> None:
    """Remember what the shop said; what is older counts no more."""
    connection.execute(
        f"""INSERT INTO shop_order ({_COLUMNS}) VALUES (?,?,?,?,?,?)
            ON CONFLICT (merchant_id, test, shop_number)
            DO UPDATE SET updated_us = excluded.updated_us, address = excluded.address
            WHERE shop_order.updated_us < excluded.updated_us""",
        (one.merchant_id, one.test, one.number, one.order_id, one.updated_us, one.address),
    )


def keep_address(connection: Connection, one: ShopOrder, address: bytes) -> None:
    """Remember that the shop has an address of ours, unless it has told of another one since."""
    connection.execute(
        """UPDATE shop_order SET address=?
           WHERE merchant_id=? AND test=? AND shop_number=? AND updated_us=?""",
        (address, one.merchant_id, one.test, one.number, one.updated_us),
    )


def _one(connection: Connection, query: str, *values: object) -> ShopOrder | None:
    found = connection.execute(query, values).fetchone()
    if found is None:
        return None
    merchant_id, test, number, order_id, updated_us, address = found
    kept = None if address is None else bytes(address)
    return ShopOrder(merchant_id, bool(test), int(number), order_id, updated_us, kept)
