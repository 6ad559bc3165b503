"""The catalogue declares each type completely: its name, its place, its words and who is named in it."""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_origin

import pytest
from pydantic import BaseModel

from journey.erasure.record import TYPES as TYPES_OF_PRIVACY
from journey.touchpoints import STAFF_ONLY, TOUCHPOINTS
from journey.touchpoints.touchpoint import CaseKind, Personal, StaffOnly, Stage, Touchpoint
from journey.words import LANGUAGES

TYPES = """
    application.material_added application.resubmitted application.started application.submitted
    application.supplemented application.withdrawn
    care.contacted care.responded
    complaint.acknowledged complaint.answered complaint.appealed complaint.assigned
    complaint.closed_unconfirmed complaint.confirmed complaint.escalated complaint.extended
    complaint.facts_added complaint.merged complaint.resumed complaint.suspended
    complaint.recontacted complaint.registered complaint.step_recorded complaint.withdrawn
    consultation.abandoned consultation.answered consultation.article_offered consultation.assigned
    consultation.requested consultation.resolved consultation.self_served consultation.transferred
    customer.alias_added customer.erased customer.erasure_begun customer.erasure_requested customer.held
    customer.hold_lifted customer.profile_changed customer.registered customer.restricted
    customer.restriction_lifted
    delivery.completed delivery.delayed delivery.failed delivery.started delivery.step_completed
    feedback.expired feedback.follow_up_closed feedback.follow_up_opened feedback.invited feedback.submitted
    improvement.announced improvement.completed improvement.started improvement.verified
    interaction.recorded
    notification.failed notification.requested notification.sent
    offer.accepted offer.cancelled offer.declined offer.made offer.returned offer.sent
    review.approved review.materials_requested review.rejected review.started review.step_completed
    ticket.answered ticket.confirmed ticket.converted ticket.opened ticket.reopened ticket.routed
    work.cancelled work.completed work.resumed work.scheduled work.started work.suspended
"""
PLACES: dict[str, tuple[Stage, CaseKind | None]] = {
    "application": ("application", "application"),
    "care": ("care", None),
    "complaint": ("complaint", "complaint"),
    "consultation": ("consultation", "consultation"),
    "customer": ("profile", None),
    "delivery": ("delivery", "application"),
    "feedback": ("feedback", "survey"),
    "improvement": ("feedback", "improvement"),
    "interaction": ("interaction", None),
    "notification": ("interaction", None),
    "offer": ("review", "application"),
    "review": ("review", "application"),
    "ticket": ("service", "ticket"),
    "work": ("interaction", None),
}
SHOWN = """
    application.material_added: material reference- sha256
    application.resubmitted: materials changes
    application.started: product
    application.submitted: product amount currency materials
    application.supplemented: materials
    application.withdrawn: reason
    care.contacted: kind campaign
    care.responded: kind response
    complaint.acknowledged: medium
    complaint.answered: result measures improvement medium
    complaint.appealed: reason
    complaint.assigned: department handler- due_at
    complaint.closed_unconfirmed: attempts reason
    complaint.confirmed: satisfied comment
    complaint.escalated: to- cause- deadline-
    complaint.extended: new_due_at ground reason approved_by- level notice
    complaint.facts_added: facts
    complaint.merged: into
    complaint.recontacted: medium reached
    complaint.resumed: finding- notice
    complaint.suspended: cause body reason notice
    complaint.registered: category severity- description contact about
    complaint.step_recorded: kind detail- by-
    complaint.withdrawn: reason
    consultation.abandoned: waited_reason
    consultation.answered: agent-
    consultation.article_offered: article
    consultation.assigned: agent- team
    consultation.requested: topic category product question priority-
    consultation.resolved: outcome first_contact answer
    consultation.self_served: article helpful
    consultation.transferred: to_team reason-
    customer.alias_added: alias
    customer.erased: by- basis request classes places
    customer.erasure_begun: request by- basis classes
    customer.erasure_requested: request by- basis jurisdiction
    customer.held: request- by- basis-
    customer.hold_lifted: request- by- basis-
    customer.restricted: request by- basis
    customer.restriction_lifted: request by- basis
    customer.profile_changed: name phone email address birth_year id_number language segment risk_level-
        income_band- occupation since attributes-
    customer.registered: name phone email address birth_year id_number language segment risk_level-
        income_band- occupation since attributes-
    delivery.completed: handover
    delivery.delayed: reason new_promise
    delivery.failed: reason
    delivery.started: plan
    delivery.step_completed: step by-
    feedback.expired:
    feedback.follow_up_closed: result changed
    feedback.follow_up_opened: handler- because- about
    feedback.invited: kind about medium
    feedback.submitted: csat nps ces comment about
    improvement.announced: area plan expected_by expected_effect answers
    improvement.completed: area plan expected_by expected_effect
    improvement.started: area plan expected_by expected_effect
    improvement.verified: area plan expected_by expected_effect figures conclusion
    interaction.recorded: touchpoint action outcome duration_s
    notification.failed: template medium about reason-
    notification.requested: template- language- about- medium-
    notification.sent: template medium about reference
    offer.accepted: offer amount terms medium reason
    offer.cancelled: offer amount terms medium reason
    offer.declined: offer amount terms medium reason
    offer.made: offer- amount- terms- medium- reason-
    offer.returned: offer amount terms medium reason
    offer.sent: offer amount terms medium reason
    review.approved: terms valid_until
    review.materials_requested: materials due_at
    review.rejected: reasons may_resubmit
    review.started: reviewer- team
    review.step_completed: step outcome reviewer- note-
    ticket.answered: answer by- first_contact
    ticket.confirmed: solved
    ticket.converted: complaint
    ticket.opened: class product problem contact
    ticket.reopened: reason
    ticket.routed: team reason-
    work.cancelled: item- resource- team-
    work.completed: item- resource- team-
    work.resumed: item- resource- team-
    work.scheduled: item- resource- team-
    work.started: item- resource- team-
    work.suspended: item- resource- team-
"""
"""Every field of every type; with a `-` behind it where customers are not shown it."""
OFFER_STEPS = ("accepted", "cancelled", "declined", "made", "returned", "sent")

every_type = pytest.mark.parametrize("touchpoint", TOUCHPOINTS.values(), ids=TOUCHPOINTS)


def _wire_names(touchpoint: type[Touchpoint]) -> dict[str, str]:
    return {field.alias or name: name for name, field in touchpoint.model_fields.items()}


def _parts(annotation: Any) -> Iterator[Any]:
    """Take a field's annotation apart, down to what stands inside unions, tuples and marks."""
    yield annotation
    for part in [*getattr(annotation, "__args__", ()), *getattr(annotation, "__metadata__", ())]:
        yield from _parts(part)


class TestCatalogue:
    def test_lists_exactly_these_types(self) -> None:
        """A type that was once written stays; a new one is added here knowingly."""
        assert sorted(TOUCHPOINTS) == sorted(TYPES.split())

    def test_gives_no_type_to_two_classes(self) -> None:
        """The later class would hide the earlier one."""
        leaves: list[type[Touchpoint]] = []
        pending = Touchpoint.__subclasses__()
        while pending:
            touchpoint = pending.pop()
            pending += touchpoint.__subclasses__()
            leaves += [touchpoint] if touchpoint.__module__.startswith("journey.") else []

        declared = [leaf.type for leaf in leaves if "type" in vars(leaf)]

        assert sorted(declared) == sorted(TOUCHPOINTS)

    @every_type
    def test_puts_each_type_into_the_module_and_the_class_of_its_name(
        self, touchpoint: type[Touchpoint]
    ) -> None:
        """`review.step_completed` is `ReviewStepCompleted` in `review.py`, so that it is found unsearched."""
        entity, _, _ = touchpoint.type.partition(".")

        assert touchpoint.__module__ == f"journey.touchpoints.{entity}"
        assert touchpoint.__name__ == "".join(
            part.capitalize() for part in re.split(r"[._]", touchpoint.type)
        )

    @every_type
    def test_puts_each_type_into_its_stage_and_kind_of_case(self, touchpoint: type[Touchpoint]) -> None:
        """Only a type of a case has moves, and every type of a case has some."""
        entity, _, _ = touchpoint.type.partition(".")

        assert (touchpoint.stage, touchpoint.case) == PLACES[entity]
        assert bool(touchpoint.moves) == (touchpoint.case is not None)

    def test_reserves_erasure_for_the_service(self) -> None:
        """No channel may claim that personal data is gone."""
        assert {name for name in TOUCHPOINTS if TOUCHPOINTS[name].reserved} == {
            "customer.erased",
            *TYPES_OF_PRIVACY,
        }

    def test_lets_these_types_open_a_case(self) -> None:
        """All others need the number of a case that is there."""
        assert sorted(name for name in TOUCHPOINTS if TOUCHPOINTS[name].opens_case()) == [
            "application.started",
            "application.submitted",
            "complaint.registered",
            "consultation.requested",
            "consultation.self_served",
            "feedback.follow_up_opened",
            "feedback.invited",
            "feedback.submitted",
            "improvement.announced",
            "ticket.opened",
        ]


class TestDeclaration:
    @every_type
    def test_is_frozen_strict_and_closed_down_to_its_nested_parts(self, touchpoint: type[Touchpoint]) -> None:
        """What was validated stays as it was, and nothing unknown slips in."""
        nested = {
            part
            for field in touchpoint.model_fields.values()
            for part in _parts(field.annotation)
            if isinstance(part, type) and issubclass(part, BaseModel)
        }

        for model in [touchpoint, *nested]:
            assert model.model_config.get("frozen")
            assert model.model_config.get("strict")
            assert model.model_config.get("extra") == "forbid"
            assert not model.model_config.get("populate_by_name")

    @every_type
    def test_marks_no_personal_field_inside_a_nested_part(self, touchpoint: type[Touchpoint]) -> None:
        """Sealing works on whole fields of the payload and does not look into them."""
        for field in touchpoint.model_fields.values():
            for part in _parts(field.annotation):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    inner = [
                        mark
                        for f in part.model_fields.values()
                        for mark in (*f.metadata, *_parts(f.annotation))
                    ]
                    assert not any(isinstance(mark, Personal) for mark in inner), part

    @every_type
    def test_has_a_title_and_a_sentence_in_both_languages(self, touchpoint: type[Touchpoint]) -> None:
        """Chinese staff read Chinese."""
        for words in (touchpoint.title, touchpoint.says):
            assert words.en
            assert words.en.isascii()
            assert words.zh != words.en
            assert re.findall(r"\{\w+\}", words.en) == re.findall(r"\{\w+\}", words.zh)

        assert not touchpoint.title.zh.isascii()

    @every_type
    def test_says_only_fields_that_are_there_and_name_nobody(self, touchpoint: type[Touchpoint]) -> None:
        """What a sentence names outside brackets is required, and nothing is left for a person to decode."""
        fields = _wire_names(touchpoint)
        for language in LANGUAGES:
            template = touchpoint.says.in_language(language)
            for name in re.findall(r"\{(\w+)\}", template):
                field = touchpoint.model_fields[fields[name]]

                assert fields[name] not in touchpoint.personal_fields()
                assert not any(get_origin(part) is Literal for part in _parts(field.annotation)), name

            for name in re.findall(r"\{(\w+)\}", re.sub(r"\[[^\]]*\]", "", template)):
                assert touchpoint.model_fields[fields[name]].is_required(), name

    def test_knows_its_personal_fields(self) -> None:
        """The list is written out, so that a mark cannot be lost unnoticed."""
        personal = {name: sorted(TOUCHPOINTS[name].personal_fields()) for name in sorted(TOUCHPOINTS)}
        profile = ["address", "birth_year", "email", "id_number", "name", "phone"]

        assert {name: fields for name, fields in personal.items() if fields} == {
            "application.resubmitted": ["changes"],
            "application.withdrawn": ["reason"],
            "complaint.answered": ["measures", "result"],
            "complaint.appealed": ["reason"],
            "complaint.confirmed": ["comment"],
            "complaint.extended": ["reason"],
            "complaint.facts_added": ["facts"],
            "complaint.registered": ["contact", "description"],
            "complaint.resumed": ["finding"],
            "complaint.step_recorded": ["detail"],
            "complaint.suspended": ["reason"],
            "complaint.withdrawn": ["reason"],
            "consultation.requested": ["question"],
            "consultation.resolved": ["answer"],
            "consultation.transferred": ["reason"],
            "customer.alias_added": ["alias"],
            "customer.profile_changed": profile,
            "customer.registered": profile,
            "delivery.completed": ["handover"],
            "feedback.follow_up_closed": ["result"],
            "feedback.submitted": ["comment"],
            "notification.failed": ["reason"],
            **{f"offer.{step}": ["reason"] for step in OFFER_STEPS},
            "review.step_completed": ["note"],
            "ticket.answered": ["answer"],
            "ticket.opened": ["contact", "problem"],
            "ticket.reopened": ["reason"],
        }

    @every_type
    def test_shows_customers_what_was_decided(self, touchpoint: type[Touchpoint]) -> None:
        """Whoever adds a field says here whether customers are shown it."""
        of_types = re.findall(r"(\S+):([^:]*)(?=\n    \S+:|$)", SHOWN)
        listed = {type_: fields.split() for type_, fields in of_types}
        assert listed.keys() == TOUCHPOINTS.keys()

        hidden = touchpoint.staff_only_fields()
        fields = _wire_names(touchpoint)
        assert [f"{told}{'-' if name in hidden else ''}" for told, name in fields.items()] == listed[
            touchpoint.type
        ]
        assert touchpoint.customer_fields() == {told for told, name in fields.items() if name not in hidden}

    def test_keeps_these_types_from_customers(self) -> None:
        """What staff do behind a stage, whom they call for help, drafts, and holds that would warn them."""
        work = [name for name in TOUCHPOINTS if name.startswith("work.")]

        assert sorted(STAFF_ONLY) == sorted(
            [
                "complaint.escalated",
                "customer.held",
                "customer.hold_lifted",
                "notification.requested",
                "offer.made",
                *work,
            ]
        )

    @every_type
    def test_says_nothing_to_customers_that_they_are_not_shown(self, touchpoint: type[Touchpoint]) -> None:
        """The sentence about an event is one for all."""
        said = {name for template in touchpoint.says for name in re.findall(r"\{(\w+)\}", template)}

        assert touchpoint.staff_only or said <= touchpoint.customer_fields()

    @every_type
    def test_marks_no_field_for_staff_inside_a_nested_part(self, touchpoint: type[Touchpoint]) -> None:
        """Fields are left out whole."""
        for field in touchpoint.model_fields.values():
            for part in _parts(field.annotation):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    marks = [
                        m for f in part.model_fields.values() for m in (*f.metadata, *_parts(f.annotation))
                    ]
                    assert not any(isinstance(mark, StaffOnly) for mark in marks), part
