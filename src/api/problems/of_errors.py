"""The one table from our own errors to problems."""

from collections.abc import Iterable, Iterator, Mapping

from api.field_errors import FieldError, fault_errors
from api.problem_texts import ProblemCode
from api.problems.problem import Problem
from journey import errors
from journey.erasure.schedule import BadSchedule
from journey.processes import BadDefinition
from journey.reacting.configuration_file import (
    BadConfiguration,
    MisfitConfiguration,
    UnreadableConfiguration,
)
from journey.rule_sets import BadRuleSet
from journey.strict_json import StrictJSONError
from journey.touchpoints import TOUCHPOINTS
from journey.vocabulary import CASE_KINDS, CASE_STATES
from journey.words import Words

CODES: Mapping[type[errors.JourneyError], ProblemCode] = {
    errors.JourneyError: "internal-error",
    errors.Refused: "invalid-event",
    errors.IllegalTransition: "illegal-transition",
    errors.CaseRequired: "case-required",
    errors.CaseOfAnotherKind: "case-of-another-kind",
    errors.CaseOfAnotherCustomer: "case-of-another-customer",
    errors.ResubmissionNotAllowed: "resubmission-not-allowed",
    errors.MaterialsMissing: "materials-missing",
    errors.TimeLimitRefused: "time-limit-refused",
    errors.EventIdReused: "event-id-reused",
    errors.StreamMoved: "version-mismatch",
    errors.PersonalDataErased: "personal-data-erased",
    errors.ProcessingRestricted: "processing-restricted",
    errors.BatchAborted: "batch-aborted",
    errors.Unstorable: "unstorable",
    errors.AppendConflict: "log-unavailable",
    errors.LogUnavailable: "log-unavailable",
    errors.OutcomeUnknown: "outcome-unknown",
    errors.KeysUnavailable: "keys-unavailable",
    errors.ReadsUnrecorded: "reads-unrecorded",
    errors.QueueFull: "queue-full",
    errors.DamagedEvent: "damaged-event",
    errors.UnknownYear: "deadline-unknown",
    errors.RulesUnknown: "deadline-unknown",
    errors.DataDirectoryInUse: "internal-error",
    errors.UnsafeDatabase: "internal-error",
    errors.CheckpointMoved: "internal-error",
    errors.UnknownProjection: "not-found",
    errors.ProjectionUnavailable: "projection-unavailable",
    errors.ViewsUnavailable: "database-unavailable",
    errors.NoBuildToReturnTo: "rebuild-impossible",
    errors.DamagedTree: "log-not-as-signed",
    errors.ProofUnavailable: "proof-unavailable",
    errors.CosignatureRefused: "cosignature-refused",
    errors.LogRolledBack: "log-rolled-back",
    errors.UntrustedNote: "internal-error",
    errors.UnusableProofKey: "internal-error",
    BadDefinition: "internal-error",
    BadRuleSet: "internal-error",
    BadSchedule: "internal-error",
    BadConfiguration: "internal-error",
    UnreadableConfiguration: "internal-error",
    MisfitConfiguration: "internal-error",
    StrictJSONError: "malformed-json",
}
"""By class; an error that is not listed goes by the nearest class above it."""


def of(error: errors.JourneyError) -> Problem:
    """Return the problem that `error` is to those who called."""
    code = next(CODES[above] for above in type(error).__mro__ if above in CODES)
    problem = Problem(code, errors=tuple(_bad_fields(error)))
    match error:
        case errors.IllegalTransition():
            problem.detail = _illegal_transition(error)
            problem.extra = {"case": error.case, "state": error.state, "allowed": list(error.allowed)}
        case errors.CaseRequired():
            problem.detail = _case_required(error)
        case errors.CaseOfAnotherKind():
            problem.detail = _another_kind(error)
            problem.extra = {"case": error.case, "kind": error.kind}
        case errors.CaseOfAnotherCustomer() | errors.ResubmissionNotAllowed():
            problem.extra = {"case": error.case}
        case errors.MaterialsMissing():
            problem.extra = {"case": error.case, "materials": list(error.materials)}
        case errors.TimeLimitRefused():
            problem.errors = tuple(
                FieldError(f"#/data/{field}".rstrip("/"), says) for field, says in error.faults
            )
            problem.extra = {"case": error.case}
        case errors.EventIdReused():
            problem.extra = {"source": error.source, "id": error.id}
        case errors.StreamMoved():
            problem.detail = _moved(error)
            problem.extra = {"version": error.actual, "expected_version": error.expected}
        case errors.UnknownProjection():
            problem.detail = _NO_PROJECTION
        case _:
            pass  # its kind says it all
    return problem


def _bad_fields(error: errors.JourneyError) -> Iterable[FieldError]:
    """Name the fields that an error is about."""
    match error:
        case errors.CaseRequired():
            return (FieldError("#/case", _REQUIRED),)
        case errors.MaterialsMissing():
            return _missing(error.materials)
        case errors.PersonalDataErased():
            return (FieldError(f"#/data/{name}", _GONE) for name in error.fields)
        case StrictJSONError():
            return fault_errors(error.faults)
        case _:
            return ()


_REQUIRED = Words("This field is required for this type of event.", "该类型的事件必须填写此字段。")
_GONE = Words(
    "Data of this kind was erased for this customer, and is not taken again under this id.",
    "该客户的此类信息已删除，不能再以原客户标识写入。",
)
_MISSING = Words("This material is missing: {code}.", "缺少材料：{code}。")
_NO_PROJECTION = Words(
    "There is no such projection, or no such build of it.", "没有该查询数据，或没有该次生成的版本。"
)


def _illegal_transition(error: errors.IllegalTransition) -> Words:
    state = _state(error)
    refused = _titles([error.type])
    allowed = _titles(error.allowed)
    return Words(
        (f"Case {error.case} is “{state.en}”" if state else f"There is no case {error.case} yet")
        + f"; {refused.en} cannot happen now. "
        + (f"Allowed now: {allowed.en}." if error.allowed else "Nothing more can happen to it."),
        (f"业务单 {error.case} 当前状态为“{state.zh}”" if state else f"业务单 {error.case} 尚未开立")
        + f"，不能进行{refused.zh}。"
        + (f"当前可以进行：{allowed.zh}。" if error.allowed else "该业务单已不能再进行任何操作。"),
    )


def _state(error: errors.IllegalTransition) -> Words | None:
    kind = TOUCHPOINTS[error.type].case
    if kind is None or error.state is None:
        return None
    return CASE_STATES[kind, error.state]


def _titles(types: Iterable[str]) -> Words:
    titled = [(TOUCHPOINTS[type_].title, type_) for type_ in types]
    return Words(
        ", ".join(f"“{title.en}” ({type_})" for title, type_ in titled),
        "、".join(f"“{title.zh}”（{type_}）" for title, type_ in titled),
    )


def _case_required(error: errors.CaseRequired) -> Words:
    titles = _titles([error.type])
    return Words(
        f"{titles.en} continues a case: give its number.",
        f"{titles.zh}是对已有业务单的后续办理，请填写业务单编号。",
    )


def _another_kind(error: errors.CaseOfAnotherKind) -> Words:
    titles, kind = _titles([error.type]), _KINDS.get(error.kind, Words(error.kind, error.kind))
    return Words(
        f"Case {error.case} is of the kind “{kind.en}”, which {titles.en} does not concern.",
        f"业务单 {error.case} 的类别为“{kind.zh}”，不适用{titles.zh}。",
    )


_KINDS: Mapping[str, Words] = {str(kind): words for kind, words in CASE_KINDS.items()}


def _missing(materials: Iterable[str]) -> Iterator[FieldError]:
    for material in materials:
        words = Words(*(text.format(code=material) for text in _MISSING))
        yield FieldError("#/data/materials", words)


def _moved(error: errors.StreamMoved) -> Words:
    return Words(
        f"The journey is at version {error.actual}, not at {error.expected}: other events came first.",
        f"客户旅程当前版本为{error.actual}，与指定的版本{error.expected}不一致，期间已有其他事件写入。",
    )
