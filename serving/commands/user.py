"""``rto user``: the people who open the pages."""

from __future__ import annotations

import click

from features.days import DAY_US
from features.errors import RefusedError
from features.settings import Settings, load_settings
from serving.audit import audit
from serving.home import Home
from serving.moments import now_us
from serving.store.accounts import (
    ROLES,
    Role,
    account_by_email,
    add_account,
    drop_role,
    members,
    memberships,
    new_link,
    set_role,
)
from serving.store.log import Log
from serving.store.merchants import merchant as find_merchant

LINK_DAYS = 3


def checked_email(email: str) -> str:
    """An e-mail address without blanks around it.

    Raises
    ------
    RefusedError
        If it is none.
    """
    email = email.strip()
    name, at, host = email.rpartition("@")
    if not (at and name and "." in host and email.isprintable() and " " not in email):
        raise RefusedError(f'"{email}" is no e-mail address; write one such as asha@example.com')
    if len(email) > 254:
        raise RefusedError("an e-mail address has at most 254 characters")
    return email


def invite(
    log: Log, email: str, merchant_id: str, role: Role, *, now: int, by: str | None = None
) -> str:
    """Give a person a role at a merchant.

    Returns
    -------
    str
        The token of a link that lets them in once.

    Raises
    ------
    RefusedError
        If there is no such open merchant, or the address is none.
    """
    owner = find_merchant(log.connection, merchant_id)
    if owner is None or owner.closed_us is not None:
        raise RefusedError(
            f'there is no open merchant "{merchant_id}"; add it with `rto merchant add`'
        )
    account_id = add_account(log.connection, checked_email(email), "", now_us=now)
    set_role(log.connection, account_id, merchant_id, role)
    audit(log, "user added", merchant_id, now_us=now, by=by, user=account_id, role=role)
    return new_link(log.connection, account_id, now_us=now, ends_us=now + LINK_DAYS * DAY_US)


def entry_address(settings: Settings, token: str) -> str:
    """The address of an entry link, whole where it is known how the pages are opened."""
    return f"{settings.public_url}/app/enter/{token}"


@click.group()
def user() -> None:
    """Add people to the pages, list and remove them."""


_MERCHANT = click.option("--merchant", "merchant_id", required=True, help="Whose pages.")


@user.command("add")
@click.argument("email")
@_MERCHANT
@click.option(
    "--role", type=click.Choice(ROLES), required=True,
    help="A viewer reads, an operator works with orders, an owner decides everything.",
)  # fmt: skip
def user_add(email: str, merchant_id: str, role: Role) -> None:
    """Let EMAIL in, or change their role; prints a link that opens the pages once."""
    settings = load_settings()
    with Home.open(settings) as home, home.transaction() as log:
        token = invite(log, email, merchant_id, role, now=now_us())
    click.echo(entry_address(settings, token))
    if not settings.public_url:
        click.echo("Open it at the address that `rto serve` prints", err=True)
    click.echo(f"It opens the pages once, within {LINK_DAYS} days", err=True)


@user.command("list")
@_MERCHANT
def user_list(merchant_id: str) -> None:
    """List everybody with a role."""
    with Home.open(load_settings()) as home:
        for one in members(home.connection, merchant_id):
            chosen = "" if one.account.password else "  no password yet"
            click.echo(f"{one.account.account_id}  {one.role:8}  {one.account.email}{chosen}")


@user.command("remove")
@click.argument("email")
@_MERCHANT
def user_remove(email: str, merchant_id: str) -> None:
    """Let EMAIL in no more; their sessions end at once."""
    with Home.open(load_settings()) as home, home.transaction() as log:
        found = account_by_email(log.connection, email)
        theirs = [] if found is None else memberships(log.connection, found.account_id)
        if found is None or merchant_id not in {one.merchant_id for one in theirs}:
            raise RefusedError(f'"{email}" has no role at "{merchant_id}"')
        drop_role(log.connection, found.account_id, merchant_id)
        audit(log, "user removed", merchant_id, now_us=now_us(), user=found.account_id)
    click.echo(f"Removed {email} from {merchant_id}")
