"""The group commit: submissions are decided upon what the log holds; what they add is committed at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from journey.deciding import Draft, Given, Slot, decide_group, doubtful_streams, slots_of
from journey.errors import AppendConflict, JourneyError, LogUnavailable, OutcomeUnknown, Unstorable
from journey.event_log import EventLog
from journey.journey_cache import JourneyCache
from journey.processes import Processes
from journey.submissions import Counts, Outcome, Submission

# How often a group is decided again because another process was faster, before it is taken apart; and how
# often what cannot be taken apart.
_ATTEMPTS_TOGETHER = 6
_ATTEMPTS_ALONE = 40


class Committer:
    """Decides and commits groups of submissions, one group at a time."""

    def __init__(
        self,
        log: EventLog,
        processes: Processes,
        clock: Callable[[], datetime],
        counts: Counts,
        cached_journeys: int,
    ) -> None:
        self._log = log
        self._processes = processes
        self._clock = clock
        self._counts = counts
        self._journeys = JourneyCache(log, cached_journeys)
        self._last_recorded_at: datetime | None = None

    def settle(self, submissions: Sequence[Submission]) -> list[list[Outcome]]:
        """Commit what the submissions add, and return one outcome for each event of each.

        They are committed together; in smaller groups where a value that the database cannot hold, or a
        customer whom another process writes too, would hold up the rest.
        """
        try:
            slots = self._written(submissions)
        except (Unstorable, AppendConflict) as error:
            if not _is_divisible(submissions):
                if isinstance(error, AppendConflict):
                    return _same(submissions, LogUnavailable("other writers were faster every time"))
                return _same(submissions, error)
            return self._settle_in_halves(submissions)
        except JourneyError as error:
            return _same(submissions, error)
        return [[slot.outcome() for slot in of_submission] for of_submission in slots]

    def _settle_in_halves(self, submissions: Sequence[Submission]) -> list[list[Outcome]]:
        if len(submissions) > 1:
            middle = len(submissions) // 2
            return self.settle(submissions[:middle]) + self.settle(submissions[middle:])
        (submission,) = submissions
        middle = len(submission.events) // 2
        earlier, later = submission.events[:middle], submission.events[middle:]
        (outcomes,) = self.settle([replace(submission, events=earlier)])
        # What could not be written may be sent again: what follows it in its stream is not judged without it.
        failed = {
            event.stream_id: outcome
            for event, outcome in zip(earlier, outcomes, strict=True)
            if isinstance(outcome, LogUnavailable | OutcomeUnknown)
        }
        possible = [event for event in later if event.stream_id not in failed]
        rest = iter(self.settle([replace(submission, events=possible)])[0])
        return [outcomes + [failed.get(event.stream_id) or next(rest) for event in later]]

    def _written(self, submissions: Sequence[Submission]) -> list[list[Slot]]:
        """Decide and write, again for as long as another process is faster.

        Journeys are loaded before keys are looked up: an event that a journey shows already is then found as
        known, and never refused as its own repetition.
        """
        events = [event for submission in submissions for event in submission.events]
        owners: dict[str, str] = {}
        fresh: set[str] = set()
        self._journeys.forget(_only_validated(submissions))
        for _ in range(_ATTEMPTS_TOGETHER if _is_divisible(submissions) else _ATTEMPTS_ALONE):
            fresh |= self._journeys.load({event.stream_id for event in events})
            known = self._log.find({event.key for event in events})
            slots = slots_of(submissions, known)
            draft = decide_group(submissions, slots, self._given(owners))
            # Refused upon a journey of before may be lawful upon what another process has appended since.
            outdated = self._journeys.behind(known.values()) | (doubtful_streams(slots) - fresh)
            if outdated:
                self._journeys.forget(outdated)
                continue
            try:
                self._write(draft)
            except AppendConflict:
                self._counts.conflicts += 1
                owners.update(self._log.owners(draft.owners))
                self._journeys.forget(draft.journeys)
                continue
            self._journeys.remember(draft.journeys)
            return slots
        raise AppendConflict

    def _given(self, owners: dict[str, str]) -> Given:
        """Return what is known now; its time is never earlier than what was recorded before."""
        now = self._clock()
        if self._last_recorded_at is None or now > self._last_recorded_at:
            self._last_recorded_at = now
        return Given(
            journeys=self._journeys.journeys(),
            owners=owners,
            processes=self._processes,
            recorded_at=self._last_recorded_at,
        )

    def _write(self, draft: Draft) -> None:
        if draft.entries:
            positions = self._log.append(draft.entries)
            self._counts.groups += 1
            for slot, position in zip(draft.written, positions, strict=True):
                slot.position = position


def _is_divisible(submissions: Sequence[Submission]) -> bool:
    return len(submissions) > 1 or any(not each.atomic and len(each.events) > 1 for each in submissions)


def _only_validated(submissions: Sequence[Submission]) -> set[str]:
    """Name the streams of events that are not to be written, so that no conflict shows a misjudgement."""
    return {event.stream_id for each in submissions if each.validate_only for event in each.events}


def _same(submissions: Sequence[Submission], error: JourneyError) -> list[list[Outcome]]:
    return [[error for _ in submission.events] for submission in submissions]
