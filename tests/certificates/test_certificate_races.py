"""Many at the same moment, on a real database with real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from academy.notifications.models import Message
from certificates import issuing, tasks, template_versions
from certificates.models import Certificate, CertificateFile, TemplateVersion
from tests.certificates.templating import make_template
from tests.factories import AT, CourseFactory, OrganiserFactory, PersonFactory, make_completion, make_edition

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
AT_ONCE = 64


def at_once(action: Callable[[int], object], *, threads: int = AT_ONCE) -> list[BaseException]:
    """Run the action in many threads, released together; the errors."""
    barrier = threading.Barrier(threads)

    def runner(number: int) -> None:
        barrier.wait()
        try:
            action(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(runner, number) for number in range(threads)]
    return [error for future in futures if (error := future.exception())]


def test_64_issues_of_one_completion_make_one_certificate():
    completion = make_completion()
    assert at_once(lambda _number: issuing.issue(completion, at=AT)) == []
    other = make_completion(edition=completion.edition)
    assert issuing.issue(other, at=AT).sequence == 2
    assert Certificate.objects.count() == 2


def test_numbers_stay_gapless_when_many_are_issued_at_once():
    edition = make_edition(CourseFactory())
    completions = [make_completion(edition=edition) for _ in range(16)]
    assert at_once(lambda number: issuing.issue(completions[number % 16], at=AT)) == []
    assert sorted(Certificate.objects.values_list("sequence", flat=True)) == list(range(1, 17))


def test_publishing_at_once_publishes_once():
    certificate = issuing.issue(make_completion(), at=AT)
    assert at_once(lambda _number: issuing.publish_file(certificate, at=AT), threads=16) == []
    assert Certificate.objects.get().tries == 1
    assert (CertificateFile.objects.count(), Message.objects.count()) == (1, 1)


def test_task_and_sweeps_at_once_certify_each_completion_once():
    completions = [make_completion() for _ in range(6)]

    def work(number: int) -> None:
        if number % 2:
            issuing.sweep(at=timezone.now(), limit=10)
        else:
            tasks.issue_certificate(completions[number // 2].pk)

    assert at_once(work, threads=12) == []
    assert Certificate.objects.published().count() == 6
    assert Message.objects.count() == 6


def test_a_template_published_by_many_at_once_is_one_version():
    organiser = OrganiserFactory()
    template, by = make_template(organiser, title="Sertifikat"), PersonFactory()
    assert at_once(lambda _number: template_versions.publish(template, by=by, at=AT), threads=4) == []
    assert [version.number for version in template.versions.all()] == [1]
    completions = [make_completion(edition=make_edition(CourseFactory(organiser=organiser))) for _ in range(4)]
    assert at_once(lambda number: issuing.issue(completions[number], at=AT), threads=4) == []
    assert {row.template for row in Certificate.objects.all()} == {template.versions.get()}


def test_of_many_first_certificates_one_makes_the_version():
    edition = make_edition(CourseFactory())
    completions = [make_completion(edition=edition) for _ in range(8)]
    assert at_once(lambda number: issuing.issue(completions[number], at=AT), threads=8) == []
    version = TemplateVersion.objects.get()
    assert {row.template for row in Certificate.objects.all()} == {version}
