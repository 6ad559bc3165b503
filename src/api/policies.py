"""Who may call what: one row for each operation, and nothing is answered without one.

The last column says what protects one caller's objects from another: a scope alone does not.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from api.caller import Caller
from api.keys import SCOPES, Scope

Whose = Literal["anybody's", "the source's", "the customer's", "nobody's"]
"""Who owns what an operation is about.

- `anybody's`: it is open, without any key.
- `the source's`: events belong to the source that tells them; a caller with a source writes no other.
- `the customer's`: whoever may read only their own finds nothing of others.
- `nobody's`: the catalogue and the service itself, which name no customer.
"""


class Policy(NamedTuple):
    """What one operation asks of its caller."""

    endpoint: str
    """The name of the function that answers."""
    operation: str
    scopes: tuple[Scope, ...]
    """Of these one is enough; none where it is open."""
    customers: bool
    """Whether customers may ask too."""
    whose: Whose

    def admits(self, caller: Caller) -> bool:
        """Tell whether a caller may ask; of what is not theirs they are then shown nothing."""
        if caller.subject is not None:
            return self.customers
        return not caller.scopes.isdisjoint(self.scopes)


_JOURNEY: tuple[Scope, ...] = ("journeys:read",)
_WORK: tuple[Scope, ...] = ("journeys:read", "cases:work")
_STATUS: tuple[Scope, ...] = ("status:read", "journeys:read", "cases:work")
_PROVE: tuple[Scope, ...] = ("journeys:read", "events:write", "ops:admin")
_PRIVACY: tuple[Scope, ...] = ("privacy:manage",)
_AUDIT: tuple[Scope, ...] = ("privacy:manage", "ops:admin")
_OPERATE: tuple[Scope, ...] = ("ops:admin",)

POLICIES: Mapping[str, Policy] = {
    row[0]: Policy(*row)
    for row in (
        ("healthz", "GET /healthz", (), True, "anybody's"),
        ("readyz", "GET /readyz", (), True, "anybody's"),
        ("list_problems", "GET /problems", (), True, "anybody's"),
        ("show_problem", "GET /problems/{code}", (), True, "anybody's"),
        ("post_events", "POST /v1/events", ("events:write",), False, "the source's"),
        ("event_limits", "OPTIONS /v1/events", ("events:write",), False, "nobody's"),
        ("get_events", "GET /v1/events", _JOURNEY, False, "the customer's"),
        ("get_customer", "GET /v1/customers/{customer}", _JOURNEY, True, "the customer's"),
        ("get_timeline", "GET /v1/customers/{customer}/timeline", _JOURNEY, True, "the customer's"),
        ("export_customer", "GET /v1/customers/{customer}/export", _PRIVACY, True, "the customer's"),
        ("get_erasure", "GET /v1/customers/{customer}/erasure", _PRIVACY, False, "the customer's"),
        ("ask_erasure", "POST /v1/customers/{customer}/erasure", _PRIVACY, False, "the customer's"),
        ("restrict", "POST /v1/customers/{customer}/restriction", _PRIVACY, False, "the customer's"),
        ("lift", "POST /v1/customers/{customer}/restriction/lift", _PRIVACY, False, "the customer's"),
        ("hold", "POST /v1/customers/{customer}/legal-hold", _PRIVACY, False, "the customer's"),
        ("release", "POST /v1/customers/{customer}/legal-hold/lift", _PRIVACY, False, "the customer's"),
        ("stream_journey", "GET /v1/customers/{customer}/stream", _JOURNEY, True, "the customer's"),
        ("search_customers", "POST /v1/customers/search", _WORK, False, "the customer's"),
        ("get_reads", "GET /v1/customers/{customer}/reads", _PRIVACY, True, "the customer's"),
        ("list_reads", "GET /v1/reads", _AUDIT, False, "the customer's"),
        ("list_applications", "GET /v1/applications", _WORK, True, "the customer's"),
        ("get_application", "GET /v1/applications/{number}", _STATUS, True, "the customer's"),
        ("stream_application", "GET /v1/applications/{number}/stream", _STATUS, True, "the customer's"),
        ("list_consultations", "GET /v1/consultations", _WORK, False, "the customer's"),
        ("get_consultation", "GET /v1/consultations/{number}", _STATUS, True, "the customer's"),
        ("stream_consultation", "GET /v1/consultations/{number}/stream", _STATUS, True, "the customer's"),
        ("list_complaints", "GET /v1/complaints", _WORK, False, "the customer's"),
        ("get_complaint", "GET /v1/complaints/{number}", _STATUS, True, "the customer's"),
        ("get_deadlines", "GET /v1/complaints/{number}/deadlines", _STATUS, True, "the customer's"),
        ("stream_complaint", "GET /v1/complaints/{number}/stream", _STATUS, True, "the customer's"),
        ("list_tickets", "GET /v1/tickets", _WORK, False, "the customer's"),
        ("get_ticket", "GET /v1/tickets/{number}", _STATUS, True, "the customer's"),
        ("stream_ticket", "GET /v1/tickets/{number}/stream", _STATUS, True, "the customer's"),
        ("list_surveys", "GET /v1/surveys", _WORK, False, "the customer's"),
        ("get_survey", "GET /v1/surveys/{number}", _STATUS, True, "the customer's"),
        ("stream_survey", "GET /v1/surveys/{number}/stream", _STATUS, True, "the customer's"),
        ("list_improvements", "GET /v1/improvements", _WORK, False, "nobody's"),
        ("get_improvement", "GET /v1/improvements/{number}", _WORK, False, "the customer's"),
        ("get_effect", "GET /v1/improvements/{number}/effect", _WORK, False, "nobody's"),
        ("list_work", "GET /v1/work", _WORK, False, "the customer's"),
        ("count_work", "GET /v1/work/counts", _WORK, False, "nobody's"),
        ("list_event_types", "GET /v1/event-types", SCOPES, True, "nobody's"),
        ("get_event_type", "GET /v1/event-types/{type}", SCOPES, True, "nobody's"),
        ("list_processes", "GET /v1/processes", SCOPES, True, "nobody's"),
        ("get_process", "GET /v1/processes/{product}", SCOPES, True, "nobody's"),
        ("_openapi", "GET /openapi.json", SCOPES, True, "nobody's"),
        ("list_projections", "GET /v1/projections", _OPERATE, False, "nobody's"),
        ("get_projection", "GET /v1/projections/{name}", _OPERATE, False, "nobody's"),
        ("rebuild_projection", "POST /v1/projections/{name}/rebuild", _OPERATE, False, "nobody's"),
        ("roll_projection_back", "POST /v1/projections/{name}/rollback", _OPERATE, False, "nobody's"),
        ("retry_parked", "POST /v1/projections/{name}/retry", _OPERATE, False, "nobody's"),
        ("get_checkpoint", "GET /v1/proof/checkpoint", SCOPES, True, "nobody's"),
        ("post_cosignatures", "POST /v1/proof/cosignatures", SCOPES, False, "nobody's"),
        ("get_inclusion", "GET /v1/proof/inclusion", _PROVE, False, "the source's"),
        ("get_consistency", "GET /v1/proof/consistency", SCOPES, True, "nobody's"),
        ("metrics", "GET /metrics", _OPERATE, False, "nobody's"),
    )
}
"""The rows, by the name of the function that answers."""
