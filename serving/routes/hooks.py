"""Where other systems tell what happened; the path names merchant and provider."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request, Response

from serving.conversation.replies import Incoming
from serving.conversation.whatsapp import read_events, signed
from serving.parcels.couriers import read_scans
from serving.parcels.tracking import Scanned
from serving.payments.paid import Payment
from serving.payments.razorpay import read_payment, signed_by
from serving.problems import problem
from serving.routes import shopify
from serving.routes.door import LIST_BYTES, body_of, service_of
from serving.store.channels import WHATSAPP, Channel
from serving.store.couriers import Tracking, courier_at
from serving.store.payments import RAZORPAY, Payments
from serving.store.shops import SHOPIFY

router = APIRouter()


@router.get("/v1/hooks/{endpoint}", operation_id="hook_handshake", include_in_schema=False)
async def handshake(request: Request, endpoint: str) -> Response:
    """Answer the provider's challenge, if it knows the merchant's token."""
    channel, query = _channel(request, endpoint), request.query_params
    given = query.get("hub.verify_token", "").encode()
    if (
        channel is None
        or query.get("hub.mode") != "subscribe"
        or not hmac.compare_digest(given, channel.account.verify_token.encode())
    ):
        return problem(403, "this endpoint does not know that token")
    return Response(query.get("hub.challenge", ""), media_type="text/plain")


@router.post("/v1/hooks/{endpoint}", operation_id="hook", include_in_schema=False)
async def hook(request: Request, endpoint: str) -> Response:
    """Take in what is signed with the merchant's own secret; repeats change nothing."""
    service, body = service_of(request), await body_of(request, LIST_BYTES)
    if (shop := SHOPIFY.at(service.connection, service.contacts, endpoint)) is not None:
        return await shopify.take(request, shop, body)
    if (payments := RAZORPAY.at(service.connection, service.contacts, endpoint)) is not None:
        return await _payment(request, payments, body)
    if (tracking := courier_at(service.connection, service.contacts, endpoint)) is not None:
        return await _scans(request, tracking, body)
    channel = _channel(request, endpoint)
    signature = request.headers.get("x-hub-signature-256")
    if channel is None or not signed(channel.account, body, signature):
        return problem(403, "the signature does not fit this endpoint")
    if events := read_events(body, channel.account.phone_number_id):
        work = Incoming(channel, events, service.persons, service.desk, service.clock())
        await service.writer.submit(work)
    return Response(status_code=200)


async def _payment(request: Request, payments: Payments, body: bytes) -> Response:
    """Take in what Razorpay tells of a payment link."""
    if not signed_by(payments.account, body, request.headers.get("x-razorpay-signature")):
        return problem(403, "the signature does not fit this endpoint")
    service = service_of(request)
    said = read_payment(body, request.headers.get("x-razorpay-event-id"))
    if said is not None:
        await service.writer.submit(Payment(payments, said, service.desk, service.clock()))
    return Response(status_code=200)


async def _scans(request: Request, tracking: Tracking, body: bytes) -> Response:
    """Take in what a courier tells of parcels; couriers want a 200 whatever it was."""
    account = tracking.account
    if not account.opens(request.headers.get(account.header)):
        return problem(403, "the token does not fit this endpoint")
    service = service_of(request)
    if scans := read_scans(account.courier, body):
        work = Scanned(
            tracking, scans, service.contacts, service.doorkeeper.speaking, service.clock()
        )
        await service.writer.submit(work)
    return Response(status_code=200)


def _channel(request: Request, endpoint: str) -> Channel | None:
    service = service_of(request)
    return WHATSAPP.at(service.connection, service.contacts, endpoint)
