"""What every resource keeps, as eight tests that need an adapter: how it is made, and what others do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from agentcore_cli.engine import Action
from agentcore_cli.errors import ConflictError
from agentcore_cli.resources.ownership import Owner
from tests.fakes.things import Killed
from tests.functional.resources.deployment import OWNER
from tests.functional.resources.subject import Subject
from tests.long_cases import always

NOBODYS: Mapping[str, str] = {}
SOMEBODYS: Mapping[str, str] = {"team": "one"}
ANOTHER_PROJECTS = Owner("other-9f8e7d", OWNER.agent, OWNER.target).tags


class ResourceContract:
    """Subclass it in the resource's test file, with a fixture `subject`.

    `CHANGES` are what others do to it, each with the fields that a plan names then. `TOLD_BY_RECORDS` are the ids of
    those that our records alone tell; where it has tags, that of the owner's. `CALLS` counts the answered calls of a
    first deploy, of one with nothing to do, and of a destroy. `LOOK_ALIKES` are the tags of things of our name that are
    not ours.
    """

    CHANGES: ClassVar[Sequence[Any]]
    CALLS: ClassVar[tuple[int, int, int]]
    TOLD_BY_RECORDS: ClassVar[frozenset[str]] = frozenset({"owner-tag-gone"})
    LOOK_ALIKES: ClassVar[Sequence[Mapping[str, str]]] = (NOBODYS, SOMEBODYS, ANOTHER_PROJECTS)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "change" in metafunc.fixturenames:
            with_records = metafunc.function.__name__.endswith("set_right")
            cases = [case for case in self.CHANGES if with_records or case.id not in self.TOLD_BY_RECORDS]
            tried = cases[:3] if with_records else cases[:1]
            metafunc.parametrize(("change", "fields"), always(*(case.id for case in tried), of=cases))
        if "tags" in metafunc.fixturenames:
            metafunc.parametrize("tags", self.LOOK_ALIKES, ids=str)

    def test_it_is_made_once_and_then_kept(self, subject: Subject) -> None:
        assert subject.change().action is Action.CREATE
        outputs = subject.deploy()
        made = subject.there()
        assert len(made) == 1
        assert subject.change().action is Action.KEEP
        assert (subject.deploy(), subject.there()) == (outputs, made)

    def test_what_somebody_changes_is_named_and_set_right(
        self, subject: Subject, change: Callable[[Any], object], fields: set[str]
    ) -> None:
        subject.deploy()
        change(subject.others)
        seen = subject.change()
        assert (seen.action, seen.reason) == (Action.UPDATE, "changed behind our back")
        assert {field.field for field in seen.fields} == fields
        subject.deploy()
        assert subject.change().action is Action.KEEP

    def test_without_the_state_file_it_is_named_just_so(
        self, subject: Subject, change: Callable[[Any], object], fields: set[str]
    ) -> None:
        subject.deploy()
        subject.lose_state()
        change(subject.others)
        seen = subject.change()
        assert seen.action is Action.ADOPT
        assert {field.field for field in seen.fields} == fields

    def test_one_that_somebody_deleted_is_made_anew(self, subject: Subject) -> None:
        subject.deploy()
        subject.remove()
        seen = subject.change()
        assert (seen.action, seen.reason) == (Action.CREATE, "deleted behind our back")
        subject.deploy()
        assert subject.change().action is Action.KEEP
        assert len(subject.there()) == 1

    def test_a_look_alike_is_refused_and_stays(self, subject: Subject, tags: Mapping[str, str]) -> None:
        subject.look_alike(tags)
        before = subject.there()
        with pytest.raises(ConflictError, match="exists and is not ours") as refused:
            subject.deploy()
        assert refused.value.hint
        subject.destroy()
        assert subject.there() == before

    @pytest.mark.long
    def test_a_kill_after_any_call_leaves_what_the_next_deploy_completes(self, subject: Subject) -> None:
        for lives in range(1, self.CALLS[0] + 1):
            subject.anew()
            with pytest.raises(Killed):
                subject.deploy(lives)
            assert not subject.change().widens, "what was under way is not asked about again"
            subject.deploy()
            assert subject.change().action is Action.KEEP
            assert len(subject.there()) == 1

    @pytest.mark.long
    def test_a_kill_after_any_call_of_a_destroy_leaves_what_the_next_one_removes(self, subject: Subject) -> None:
        for lives in range(1, self.CALLS[2] + 1):
            subject.anew()
            subject.deploy()
            with pytest.raises(Killed):
                subject.destroy(lives)
            subject.destroy()
            assert subject.there() == []
            assert subject.resource().key not in self._records(subject)

    def test_it_takes_no_more_calls_than_it_must(self, subject: Subject) -> None:
        taken = []
        for act in (subject.deploy, subject.deploy, subject.destroy):
            act()
            taken.append(len(subject.deployment.calls))
        assert tuple(taken) == self.CALLS
        assert subject.there() == []
        assert subject.resource().key not in self._records(subject)

    def _records(self, subject: Subject) -> Mapping[str, Any]:
        return subject.deployment.store.records
