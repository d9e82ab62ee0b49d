"""Routes of a merchant's policy: read, save, look back, try out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from models.condition_fields import FIELDS
from models.conditions import OPERATORS
from models.policy_words import EXPLAINED
from serving.answers import PolicyFields, PolicyRevisions
from serving.parsing import FieldsError
from serving.policy.saving import Draft, SavePolicy, history, shown
from serving.routes import described
from serving.routes.door import (
    CONDITION,
    LAST,
    ORDER_BYTES,
    PROBLEMS,
    SHOWING,
    UNKNOWN,
    answered,
    limit_of,
    merchant_of,
    object_of,
    revision_of,
    service_of,
    whole_of,
)
from serving.simulating.simulation import DAYS

router = APIRouter()

_MOST_REVISIONS = 2**31 - 2


@router.get(
    "/v1/policy",
    operation_id="policy",
    summary="The policy in force, or an earlier revision",
    responses={200: {"description": "The policy; ETag is its revision."}, **SHOWING},
    openapi_extra={"parameters": [described.REVISION, described.MERCHANT]},
)  # fmt: skip
async def policy(request: Request) -> Response:
    """The newest revision, or the shipped default (revision 0); ``saved`` says who, when, why."""
    service, access = service_of(request), merchant_of(request, "read")
    asked = whole_of(request, "revision", -1, _MOST_REVISIONS)
    body = shown(service.connection, access.merchant_id, None if asked < 0 else asked)
    return answered(body, revision=body["revision"])


@router.get(
    "/v1/policy/revisions",
    operation_id="policy_revisions",
    summary="Who saved which revision, when and why",
    responses={200: {"model": PolicyRevisions}, **SHOWING},
    openapi_extra={"parameters": [described.BEFORE, described.LIMIT, described.MERCHANT]},
)  # fmt: skip
async def policy_revisions(request: Request) -> Response:
    """Newest first; to go back, save an earlier one again."""
    service, access = service_of(request), merchant_of(request, "read")
    limit = limit_of(request)
    before = whole_of(request, "before", LAST, LAST)
    found = history(service.connection, access.merchant_id, before=before, limit=limit)
    after = found[-1]["revision"] if len(found) == limit else None
    return answered({"revisions": found, "next_before": after})


@router.get(
    "/v1/policy/fields",
    operation_id="policy_fields",
    summary="What a policy holds, and what its conditions may ask about",
    responses={200: {"model": PolicyFields}, 401: PROBLEMS[401], 403: PROBLEMS[403]},
)
async def policy_fields(request: Request) -> Response:
    """A sentence each."""
    merchant_of(request, "read")
    fields = [
        {"name": f.name, "kind": f.kind, "operators": OPERATORS[f.kind], "says": f.says}
        for f in FIELDS.values()
    ]
    return answered({"policy": EXPLAINED, "conditions": fields})


@router.get(
    "/v1/policy/suggestion",
    operation_id="suggest_policy",
    summary="The thresholds that would have been cheapest, as actions were measured",
    responses={200: {"description": "A draft to simulate and to save, and what it rests on."},
               **SHOWING, 503: PROBLEMS[503]},
    openapi_extra={"parameters": [described.MERCHANT]},
)  # fmt: skip
async def suggest_policy(request: Request) -> Response:
    """``enough`` is false while the comparison group is too small to say anything."""
    service, access = service_of(request), merchant_of(request, "read")
    return answered(await service.simulations.suggest(access.merchant_id, service.clock()))


@router.get(
    "/v1/effects",
    operation_id="effects",
    summary="What each action was worth, against the comparison group",
    responses={200: {"description": "Per action: returns avoided, orders lost, rupees, payments in "
                                    "advance and answers, with 90 % intervals."},
               **SHOWING, 503: PROBLEMS[503]},
    openapi_extra={"parameters": [described.EFFECTS_DAYS, described.MERCHANT]},
)  # fmt: skip
async def effects(request: Request) -> Response:
    """By intention to treat; ``enough`` is false and points are null where little is known."""
    service, access = service_of(request), merchant_of(request, "read")
    days = whole_of(request, "days", 365, DAYS[-1])
    if days not in DAYS:
        raise FieldsError([("days", f"must be one of {', '.join(map(str, DAYS))}")])
    return answered(await service.simulations.effects(access.merchant_id, days, service.clock()))


@router.put(
    "/v1/policy",
    operation_id="save_policy",
    summary="Save the next revision of the policy",
    responses={200: {"description": "The policy as saved; ETag is its revision."}, **UNKNOWN,
               **CONDITION, **PROBLEMS},
    openapi_extra=described.POLICY_BODY,
)  # fmt: skip
async def put_policy(request: Request) -> Response:
    """Replace the whole policy; ``If-Match`` names the revision that was changed."""
    service, access = service_of(request), merchant_of(request, "manage")
    expected = revision_of(request)
    draft = Draft.read(await object_of(request, ORDER_BYTES))
    work = SavePolicy(access.merchant_id, draft, expected, service.clock(), access)
    saved = await service.writer.submit(work)
    service.policies.forget(access.merchant_id)
    return answered(saved, revision=saved["revision"])


@router.post(
    "/v1/policy/simulate",
    operation_id="simulate_policy",
    summary="What a draft of the policy would have done to the last days' orders",
    responses={200: {"description": "Orders by action, rupees and returns with 90 % intervals."},
               **UNKNOWN, **PROBLEMS},
    openapi_extra=described.SIMULATION_BODY,
)  # fmt: skip
async def simulate_policy(request: Request) -> Response:
    """Against the policy in force and against none; nothing is saved."""
    service, access = service_of(request), merchant_of(request, "read")
    plain = await object_of(request, ORDER_BYTES)
    policy, days = plain.get("policy"), plain.get("days", 90)
    if policy is not None and not isinstance(policy, dict):
        raise FieldsError([("policy", "must be an object, as GET /v1/policy shows it")])
    if type(days) is not int or days not in DAYS:
        raise FieldsError([("days", f"must be one of {', '.join(map(str, DAYS))}")])
    draft = Draft.read(policy).policy.to_json() if policy else {}
    now = service.clock()
    return answered(await service.simulations.simulate(access.merchant_id, draft, days, now))
