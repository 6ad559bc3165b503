"""What is told of one kind of problem, whatever the occasion."""

from dataclasses import dataclass
from typing import Literal

from journey.words import Words

ProblemCode = Literal[
    "batch-aborted",
    "personal-data-erased",
    "batch-too-large",
    "busy",
    "case-number-mistyped",
    "case-of-another-customer",
    "case-of-another-kind",
    "case-required",
    "connection-limit",
    "cosignature-refused",
    "damaged-event",
    "database-unavailable",
    "deadline-unknown",
    "event-id-reused",
    "event-too-large",
    "head-too-large",
    "illegal-transition",
    "insufficient-scope",
    "internal-error",
    "invalid-event",
    "invalid-parameter",
    "log-not-as-signed",
    "log-rolled-back",
    "log-unavailable",
    "keys-unavailable",
    "malformed-json",
    "malformed-request",
    "materials-missing",
    "method-not-allowed",
    "not-acceptable",
    "not-found",
    "outcome-unknown",
    "precondition-malformed",
    "processing-restricted",
    "projection-behind",
    "projection-unavailable",
    "proof-unavailable",
    "queue-full",
    "reads-unrecorded",
    "rebuild-impossible",
    "request-timeout",
    "reserved-type",
    "resubmission-not-allowed",
    "source-not-yours",
    "time-limit-refused",
    "token-keys-unavailable",
    "too-many-requests",
    "unauthorized",
    "unknown-event-type",
    "unstorable",
    "unsupported-content-type",
    "unsupported-encoding",
    "version-mismatch",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemType:
    """One kind of problem."""

    code: ProblemCode
    """Its name, fixed for ever: callers' programs compare it."""
    status: int
    """The HTTP status that carries it."""
    title: Words
    """Its name for people."""
    meaning: Words
    """What happened."""
    remedy: Words
    """What to do next."""
    retryable: bool = False
    """Whether the same request may succeed later, unchanged."""
