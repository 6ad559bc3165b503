"""Liveness, readiness and metrics."""

from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from api.admission import Admitted
from api.projections_admin import describe
from api.schemas import TEXT, answers
from api.service import Service, service_of
from journey.errors import JourneyError
from journey.reacting.standing import standing
from projections.moments import utc_text

router = APIRouter(tags=["operations"])


@router.get(
    "/healthz",
    summary="Liveness",
    openapi_extra={"security": []},
    responses=answers("Alive", "the process answers"),
    response_class=Response,
)
async def healthz() -> Response:
    """Tell that the process answers."""
    return _json({"status": "ok"}, 200)


@router.get(
    "/readyz",
    summary="Readiness",
    openapi_extra={"security": []},
    responses=answers("Ready", "requests can be served") | answers("Ready", "they cannot, and why", 503),
    response_class=Response,
)
def readyz(request: Request) -> Response:
    """Tell whether requests can be served: 503 where the database or the projections fail."""
    status, body = _readiness(service_of(request))
    return _json(body, status)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    responses={200: {"description": "the figures", "content": {"text/plain": {"schema": TEXT}}}},
    response_class=Response,
)
def metrics(request: Request, caller: Admitted) -> Response:  # noqa: ARG001  # checked by being declared
    """Tell the service's figures in the format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(service_of(request)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _readiness(service: Service) -> tuple[int, dict[str, Any]]:
    try:
        service.log.head()
        known = [describe(service, name) for name in service.projections]
        acting = standing(service.views, service.log, service.clock())
    except (JourneyError, sa.exc.SQLAlchemyError):
        return 503, {"status": "unavailable", "reason": "database"}
    if "project" in service.settings.roles and (service.engine.failure or not service.engine.alive):
        return 503, {"status": "unavailable", "reason": "projections"}
    if service.settings.witness is not None:
        service.guard.check()
    if service.guard.finding is not None:
        return 503, {"status": "unavailable", "reason": "log-rolled-back"}
    lags = {projection["name"]: projection["lag"] for projection in known}
    parked = {projection["name"]: projection["parked"] for projection in known if projection["parked"]}
    behind = any(lag is None or lag > service.settings.ready_max_lag for lag in lags.values())
    body: dict[str, Any] = {"status": "degraded" if parked else "ready", "lag": lags, "parked": parked}
    # What waits to happen by itself keeps nobody from asking.
    if acting is not None:
        body["policies"] = {"lag": round(acting.lag, 3), "parked": dict(acting.parked)}
        if acting.parked:
            body["policies"]["retry_at"] = utc_text(acting.retry_at) if acting.retry_at else None
        if acting.parked or service.reactor.failure:
            body["status"] = "degraded"
    if service.integrator is not None and service.integrator.failure is not None:
        body |= {"status": "degraded", "proof": service.integrator.failure}
    if service.privacy.failures:
        body |= {"status": "degraded", "privacy": "failing"}
    return (503, {**body, "status": "unavailable", "reason": "lag"}) if behind else (200, body)


class _Figures(Collector):
    """The service's figures, taken when they are asked for."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        """Return every metric."""
        counts = self._service.appender.counts
        families: list[CounterMetricFamily | GaugeMetricFamily] = [
            CounterMetricFamily("journey_events_appended", "Events appended.", counts.appended),
            CounterMetricFamily(
                "journey_events_duplicate", "Events that were already there.", counts.duplicates
            ),
            CounterMetricFamily("journey_events_refused", "Events refused by the rules.", counts.refused),
            CounterMetricFamily(
                "journey_events_deviating", "Events recorded as deviations.", counts.deviations
            ),
            CounterMetricFamily("journey_commits", "Group commits.", counts.groups),
            CounterMetricFamily("journey_append_conflicts", "Groups decided again.", counts.conflicts),
            CounterMetricFamily(
                "journey_reads_recorded",
                "Readings of personal data recorded.",
                self._service.recorder.recorded,
            ),
            CounterMetricFamily(
                "journey_bulk_readings",
                "Callers who read unusually many customers' data.",
                self._service.recorder.records.bulk_readings,
            ),
            CounterMetricFamily(
                "journey_batches_held_seconds",
                "How long batches have waited for the read models, all together.",
                self._service.backpressure.seconds,
            ),
            GaugeMetricFamily(
                "journey_batches_held",
                "Batches that wait for the read models.",
                self._service.backpressure.held,
            ),
            GaugeMetricFamily("journey_events_waiting", "Events waiting for the writer.", counts.waiting),
            GaugeMetricFamily("journey_log_position", "Last position of the log.", self._service.log.head()),
        ]
        position = GaugeMetricFamily("journey_projection_position", "Checkpoint.", labels=["projection"])
        lag = GaugeMetricFamily(
            "journey_projection_lag_seconds", "Lag behind the log.", labels=["projection"]
        )
        parked = GaugeMetricFamily("journey_projection_parked", "Parked customers.", labels=["projection"])
        for name in self._service.projections:
            figures = describe(self._service, name)
            position.add_metric([name], figures["position"])
            lag.add_metric([name], figures["lag"] or 0.0)
            parked.add_metric([name], figures["parked"])
        return [*families, position, lag, parked, *self._of_policies()]

    def _of_policies(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Return what policies did in this process, and how they stand."""
        counts = self._service.reactor.counts
        appended = CounterMetricFamily(
            "journey_policy_events", "Events that policies appended.", labels=["policy"]
        )
        for policy, number in counts.appended.items():
            appended.add_metric([policy], number)
        yield appended
        yield CounterMetricFamily(
            "journey_policy_refusals", "Events of policies whose case had moved on.", counts.passed
        )
        acting = standing(self._service.views, self._service.log, self._service.clock())
        if acting is not None:
            yield GaugeMetricFamily("journey_policy_position", "Checkpoint of policies.", acting.position)
            yield GaugeMetricFamily("journey_policy_lag_seconds", "Lag of policies.", acting.lag)
            parked = GaugeMetricFamily(
                "journey_policy_parked", "Customers for whom a policy is not asked.", labels=["policy"]
            )
            for policy, number in acting.parked.items():
                parked.add_metric([policy], number)
            yield parked


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
