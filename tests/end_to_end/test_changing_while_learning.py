"""Twenty people learn over real HTTP while the authors of their course change, publish, reorder and delete it.

Nobody sees an error or a draft, nothing that was acknowledged is lost, and everybody is in the edition that the rule
says: a minor one reaches who is learning, a material one only who chooses it or comes later.
"""

from __future__ import annotations

import itertools
import random
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.end_to_end import learning
from tests.end_to_end.stack import Console, Stack
from tests.end_to_end.visitor import Answer, Visitor

pytestmark = [pytest.mark.end_to_end, pytest.mark.race]

WALKS = ("reads",) * 8 + ("finishes",) * 6 + ("switches",) * 3 + ("comes later",) * 3
PAUSE_SECONDS = (0.05, 0.35)
LEARNING_BETWEEN_CHANGES_SECONDS = 1.0
ENDS_WITHIN_SECONDS = 60


class WatchedVisitor(Visitor):
    """Remembers the status of every answer, redirects included."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.statuses: list[tuple[int, str, str]] = []

    def _ask(self, method: str, url: str, body: bytes | None) -> Answer:
        answer = super()._ask(method, url, body)
        self.statuses.append((answer.status, method, url.removeprefix(self.base_url)))
        return answer


@dataclass
class Learner:
    walk: str
    email: str
    visitor: WatchedVisitor
    enrolment: int = 0
    acknowledged: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    has_come: bool = False  # into the edition that came out last, if that is where the walk leads

    @property
    def home(self) -> str:
        return f"/belajar/{self.enrolment}/"


@dataclass
class Stage:
    """What the threads share."""

    academy: Stack
    course: dict[str, Any]
    ask: threading.Lock = field(default_factory=threading.Lock)
    material_is_out: threading.Event = field(default_factory=threading.Event)
    author_is_done: threading.Event = field(default_factory=threading.Event)

    def enrol(self, learner: Learner) -> None:
        page = learner.visitor.get(f"/katalog/{self.course['slug']}/")
        answer = learner.visitor.submit(page, page.page.form(action="/ikuti/"))
        found = re.match(r"/belajar/(\d+)/", answer.path)
        assert found, f"{answer.path} ({answer.status})"
        learner.enrolment = int(found[1])

    def learn(self, learner: Learner) -> None:
        """Walk until the author is done: mostly to read again, now and then to do the next activity."""
        if learner.walk == "comes later":
            assert self.material_is_out.wait(ENDS_WITHIN_SECONDS)
            self.enrol(learner)
        learner.has_come = learner.walk != "switches"
        for step in itertools.count():
            if self.author_is_done.is_set():
                break
            if not learner.has_come and self.material_is_out.is_set():
                learner.has_come = self.switch(learner)
            here = learner.visitor.get(learner.home)
            if step % 3 == 0 or learner.walk == "finishes":
                self.do(learner, here)
            else:
                self.read(learner, here)
            time.sleep(random.uniform(*PAUSE_SECONDS))

    def switch(self, learner: Learner) -> bool:
        page = learner.visitor.get(f"{learner.home}edisi/")
        form = next(form for form in page.page.forms if not form.action and form.method == "POST")
        return learner.visitor.submit(page, form).path != page.path

    def do(self, learner: Learner, here: Answer) -> None:
        """Do whatever is next, wherever "go on" has led."""
        forms = [form for form in here.page.forms if form.action.endswith("/selesai/")]
        if forms:
            self.note(learner, here)
            activity = forms[0].action.split("/")[-3]
            if learner.visitor.submit(here, forms[0], follow=False).status == 302:
                learner.acknowledged.add(activity)
        elif learner.walk == "finishes" and any(form.action.endswith("/mulai/") for form in here.page.forms):
            self.pass_the_test(learner, here)

    def pass_the_test(self, learner: Learner, intro: Answer) -> None:
        questions = learner.visitor.submit(intro, intro.page.form(action="/mulai/"))
        assert questions.status == 200
        with self.ask:
            review = learning.answer_all(self.academy, learner.visitor, questions, email=learner.email)
        learning.send(learner.visitor, review)
        learner.acknowledged.add(intro.path.split("/")[-2])

    def read(self, learner: Learner, here: Answer) -> None:
        """Open something of the module again; what is not open yet is refused in a friendly way."""
        links = sorted({link.url for link in here.page.links if re.fullmatch(r"/belajar/\d+/[0-9a-f-]{36}/", link.url)})
        if links:
            self.note(learner, learner.visitor.get(random.choice(links)))

    def note(self, learner: Learner, lesson: Answer) -> None:
        learner.texts += re.findall(r"(?:Naskah|Coretan) (?:\d+|tambahan)", lesson.html)


@pytest.fixture
def stage(academy: Stack) -> Iterator[tuple[Stage, Console]]:
    author = Console("tests.end_to_end.unrest", academy.environment, academy.log_of("author"))
    try:
        yield Stage(academy, author.ask("make_course")), author
    finally:
        author.close()


def make_learners(academy: Stack) -> list[Learner]:
    people = academy.ask("make_people", prefix="ramai", count=len(WALKS), sign_in=False)
    sessions = academy.ask("make_sessions", people=[person["id"] for person in people])
    learners = []
    for walk, person, session in zip(WALKS, people, sessions, strict=True):
        visitor = WatchedVisitor(academy.base_url)
        visitor.cookies["sessionid"] = session
        learners.append(Learner(walk, person["email"], visitor))
    return learners


def wait_until_all_have_come(learners: list[Learner]) -> None:
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS / 3
    while not all(learner.has_come for learner in learners):
        late = [(learner.walk, learner.visitor.statuses[-3:]) for learner in learners if not learner.has_come]
        assert time.monotonic() < deadline, late
        time.sleep(0.1)


def signed_in(academy: Stack, person: int) -> WatchedVisitor:
    visitor = WatchedVisitor(academy.base_url)
    visitor.cookies["sessionid"] = academy.ask("make_sessions", people=[person])[0]
    return visitor


def press(cms: Visitor, page: int, action: str) -> None:
    """Confirm an action on a page in the CMS."""
    asked = cms.get(f"/cms/pages/{page}/{action}/")
    form = next(form for form in asked.page.forms if f"/{action}/" in form.action and form.method == "POST")
    # Many pages are deleted only when the name of the site is typed as well.
    typed = {each.name: "Akademi Digital ASN" for each in form.fields if each.name == "confirm_site_name"}
    assert cms.send(asked, form, typed).status == 200


def change_everything(
    stage: Stage, author: Console, trainer: Visitor, operator: Visitor, learners: list[Learner]
) -> list[str]:
    """All that authors do to a course, some of it in the CMS; the numbers of the editions released."""
    key, trainers, lessons = stage.course["key"], stage.course["trainers"], stage.course["lessons"]
    released = []

    def write(text: str, *, publish: bool = True) -> None:
        author.ask("write", key=key, text=text, publish=publish)

    def release(kind: str) -> None:
        released.append(author.ask("release", key=key, kind=kind, trainers=trainers))
        time.sleep(LEARNING_BETWEEN_CHANGES_SECONDS)

    def put(page: int, *, position: int) -> None:
        address = f"/cms/pages/{page}/set_position/?position={position}"
        assert trainer.post(address, {"csrfmiddlewaretoken": trainer.cookies["csrftoken"]}).status == 200

    write("Coretan 1", publish=False)
    write("Naskah 1")
    release("minor")
    trainer.get("/cms/")
    put(lessons[0], position=2)
    write("Naskah 2")
    release("minor")
    author.ask("purge_revisions")
    write("Coretan 2")  # published pages that no edition has
    time.sleep(LEARNING_BETWEEN_CHANGES_SECONDS)
    write("Naskah 3")
    release("minor")

    press(trainer, lessons[1], "unpublish")
    author.ask("add_lesson", key=key)
    write("Naskah 4")
    release("material")
    stage.material_is_out.set()
    wait_until_all_have_come(learners)
    write("Naskah 5")
    release("minor")

    press(trainer, lessons[2], "delete")
    put(lessons[-1], position=0)
    write("Coretan 3")
    author.ask("purge_revisions")
    time.sleep(LEARNING_BETWEEN_CHANGES_SECONDS)
    press(trainer, stage.course["page"], "unpublish")
    press(operator, stage.course["page"], "delete")
    author.ask("purge_revisions")
    time.sleep(LEARNING_BETWEEN_CHANGES_SECONDS)
    return released


def test_twenty_learn_while_their_course_is_changed_and_deleted(academy: Stack, stage: tuple[Stage, Console]):
    scene, author = stage
    learners = make_learners(academy)
    for learner in learners:
        if learner.walk != "comes later":
            scene.enrol(learner)
    trainer, operator = (signed_in(academy, pk) for pk in (scene.course["trainers"][0], scene.course["operator"]))

    began = time.monotonic()
    with ThreadPoolExecutor(len(learners)) as pool:
        walks = [pool.submit(scene.learn, learner) for learner in learners]
        try:
            released = change_everything(scene, author, trainer, operator, learners)
        finally:
            scene.material_is_out.set()
            scene.author_is_done.set()
        for walk in walks:
            walk.result()
    assert time.monotonic() - began < ENDS_WITHIN_SECONDS

    outcome = author.ask("outcome", key=scene.course["key"])
    assert outcome["pages"] == 0
    assert released == ["1.1", "1.2", "1.3", "2.0", "2.1"]
    asked = [
        status
        for person in [trainer, operator, *(learner.visitor for learner in learners)]
        for status in person.statuses
    ]
    assert len(asked) > 500
    assert [each for each in asked if each[0] >= 500] == []
    assert outcome["completions"]
    assert all(learner.acknowledged for learner in learners)
    for learner in learners:
        check_facts(learner, outcome)
        check_texts(learner, outcome)


def check_facts(learner: Learner, outcome: dict[str, Any]) -> None:
    """What was acknowledged is done and nothing else is, in the edition that the rule says."""
    facts = outcome["learners"][str(learner.enrolment)]
    finished = outcome["completions"].get(str(learner.enrolment))
    assert not facts["withdrawn"]
    assert facts["done"] == sorted(learner.acknowledged)
    if learner.walk == "finishes" and finished:
        assert (finished, facts["edition"][0]) == (facts["edition"], "1")
    else:
        newest = "1.3" if learner.walk in {"reads", "finishes"} else "2.1"
        assert (learner.walk, facts["edition"], finished) == (learner.walk, newest, None)


def check_texts(learner: Learner, outcome: dict[str, Any]) -> None:
    """No draft was ever seen and no text went back to an older one; each lesson says what the learner's edition says."""
    assert not [text for text in learner.texts if text.startswith("Coretan")]
    numbers = [text.split()[1] for text in learner.texts if text != "Naskah tambahan"]
    assert numbers
    assert numbers == sorted(numbers)
    facts = outcome["learners"][str(learner.enrolment)]
    lessons = outcome["editions"][facts["edition"]]
    for activity in learner.acknowledged & set(lessons):
        page = learner.visitor.get(f"{learner.home}{activity}/")
        assert page.status == 200
        assert re.findall(r"Naskah (?:\d+|tambahan)", page.page.text)[-1:] == re.findall(
            r"Naskah (?:\d+|tambahan)", lessons[activity]
        )
