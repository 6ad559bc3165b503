"""`/v1/proof`: signed checkpoints of the log, and proofs that lead to them."""

import base64
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from api.admission import Admitted
from api.bodies import event_too_large, read_body
from api.caller import Caller
from api.event_examples import SUBMITTED
from api.field_error_texts import BY_TYPE
from api.field_errors import FieldError, pointer
from api.parameters import LARGEST_POSITION, missing_parameter
from api.problems import Problem
from api.schemas import TEXT, answers, note_of
from api.service import Service, service_of
from api.threads import in_thread
from journey.errors import DamagedTree, ProofUnavailable
from journey.event_log import Batch, Row
from journey.events import Position
from journey.proof.cosignatures import cosigned, read_witnesses, take
from journey.proof.hashes import HASH_BYTES, leaf_hash
from journey.proof.tree import Tree
from journey.words import Words

router = APIRouter(prefix="/proof", tags=["proof"])

_LARGEST_NOTE = 64 * 1024
_READING = frozenset({"journeys:read", "ops:admin"})
"""Scopes whose holders may have proofs of every source's events."""

Place = Annotated[
    int | None, Query(ge=1, le=LARGEST_POSITION, description="the event's position, instead of its key")
]
Witnesses = Annotated[
    int, Query(ge=0, le=100, description="the newest checkpoint that at least so many witnesses cosigned")
]
Source = Annotated[
    str | None, Query(description="the event's `source`; with `id`", examples=[SUBMITTED["source"]])
]
Id = Annotated[str | None, Query(description="the event's `id`; with `source`", examples=[SUBMITTED["id"]])]
Old = Annotated[
    int, Query(ge=1, le=LARGEST_POSITION, description="the size of an older checkpoint", examples=[1])
]
New = Annotated[
    int | None,
    Query(ge=1, le=LARGEST_POSITION, description="the size of a newer one; without it the newest there is"),
]


@router.get(
    "/checkpoint",
    summary="The newest signed checkpoint",
    responses=note_of("a signed note: the log's name, its number of events, the root of the tree over them"),
    response_class=Response,
)
def get_checkpoint(request: Request, caller: Admitted, witnesses: Witnesses = 0) -> Response:  # noqa: ARG001  # checked by being declared
    """Tell the state of the log in a form that can be kept and checked; docs/proof.md specifies it."""
    service = service_of(request)
    return _note(cosigned(service.log.tree, _last(service, witnesses)))


@router.post(
    "/cosignatures",
    summary="Hand in a witness's cosignature",
    openapi_extra={"requestBody": {"required": True, "content": {"text/plain": {"schema": TEXT}}}},
    responses=note_of("the checkpoint with all cosignatures that are known of it"),
    response_class=Response,
)
async def post_cosignatures(request: Request, caller: Admitted) -> Response:  # noqa: ARG001  # as above
    """Take the cosignatures of known witnesses from a checkpoint of this log; of each the first one is kept.

    Whoever brings them: it is the witness's signature that counts.
    """
    service = service_of(request)
    note = (await read_body(request, _LARGEST_NOTE, event_too_large)).decode(errors="replace")
    witnesses = read_witnesses(service.settings.witness_keys)
    batch = await in_thread(lambda: take(service.log.tree, witnesses, note))
    return _note(await in_thread(lambda: cosigned(service.log.tree, batch)))


@router.get(
    "/inclusion",
    summary="Prove that an event is in the log",
    responses=answers("Inclusion", "the event as it is stored, and the hashes that lead to a checkpoint"),
    response_class=Response,
)
def get_inclusion(
    *,
    request: Request,
    caller: Admitted,
    source: Source = None,
    id: Id = None,  # noqa: A002  # CloudEvents' word
    position: Place = None,
    witnesses: Witnesses = 0,
) -> Response:
    """Prove one event, named by its source and id or by its position; a channel may ask for its own."""
    service = service_of(request)
    row = _row(service, caller, _position(service, source, id, position))
    holding, last = service.log.tree.holding(row.position), _last(service, witnesses)
    if holding is None or holding.size > last.size:
        raise ProofUnavailable
    index = _index(service, holding, row)
    return _json(
        {
            "checkpoint": cosigned(service.log.tree, last),
            "index": index,
            "size": last.size,
            "hashes": _encoded(Tree(service.log.tree).inclusion(index, last.size)),
            "event": {
                "stream": row.stream_id,
                "version": row.version,
                "type": row.type,
                "state": base64.b64encode(row.state).decode(),
            },
        }
    )


@router.get(
    "/consistency",
    summary="Prove that the log only grew",
    responses=answers("Consistency", "the hashes that lead from an older checkpoint to a newer one"),
    response_class=Response,
)
def get_consistency(request: Request, caller: Admitted, old: Old, new: New = None) -> Response:  # noqa: ARG001  # as above
    """Prove that the log of a newer checkpoint begins with the log of an older one."""
    service = service_of(request)
    newest = _last(service)
    size = newest.size if new is None else new
    if old > size:
        raise Problem(
            "invalid-parameter",
            errors=(
                FieldError(
                    pointer("#/query", ["old"]),
                    Words(*(text.format(le=size) for text in BY_TYPE["less_than_equal"])),
                ),
            ),
        )
    if size > newest.size:
        raise ProofUnavailable
    ending = service.log.tree.ending(size)
    return _json(
        {
            "old": old,
            "new": size,
            "hashes": _encoded(Tree(service.log.tree).consistency(old, size)),
            "checkpoint": cosigned(service.log.tree, ending) if ending else None,
        }
    )


def _last(service: Service, witnesses: int = 0) -> Batch:
    """Return the newest batch, or the newest that so many witnesses have cosigned."""
    tree = service.log.tree
    last = tree.witnessed(witnesses) if witnesses else tree.last()
    if last is None:
        raise ProofUnavailable
    return last


def _position(service: Service, source: str | None, id_: str | None, position: int | None) -> int:
    """Return the position of the event that is asked for."""
    if position is not None:
        return position
    if source is None or id_ is None:
        raise missing_parameter("source" if source is None else "id")
    found = service.log.find([(source, id_)])
    if not found:
        raise Problem("not-found")
    return found[source, id_].event.position


def _row(service: Service, caller: Caller, position: int) -> Row:
    """Return a stored event; to whom may not have it, it is not there."""
    rows = service.log.tree.rows(position - 1, 1)
    if not rows or rows[0].position != position:
        raise Problem("not-found")
    if caller.scopes.isdisjoint(_READING):
        (event,) = service.log.read_all(Position(position - 1), 1)
        if caller.source is not None and event.source != caller.source:
            raise Problem("not-found")
    return rows[0]


def _index(service: Service, holding: Batch, row: Row) -> int:
    """Return an event's place in the tree; raise `DamagedTree` where it is not what was signed."""
    leaves = service.log.tree.hashes(0, holding.first, holding.size)
    leaf, place = leaf_hash(row.stream_id, row.version, row.type, row.state), 0
    while (place := leaves.find(leaf, place)) % HASH_BYTES:
        if place < 0:
            raise DamagedTree
        place += 1
    return holding.first + place // HASH_BYTES


def _encoded(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]


def _note(note: str) -> Response:
    return Response(note, media_type="text/plain; charset=utf-8")


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
