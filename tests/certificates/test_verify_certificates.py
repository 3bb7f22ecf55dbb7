"""`manage.py verify_certificates`: silent about what is well, and one line for each thing that was damaged."""

from __future__ import annotations

import gc
import io
import json
import os
import re
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from certificates import checking, credential, issuing, key_register, rendering, signing, store
from certificates.facts import CertificateFacts
from certificates.models import Certificate, CertificateFile, NumberSeries, SigningKey
from certificates.signing import validation
from certificates.verification import Answer
from tests.certificates.bsre_server import BsreServer
from tests.certificates.bsre_server import sign as sign_like_bsre
from tests.factories import PersonFactory, make_completion

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(settings) -> list[Certificate]:
    """Two published certificates of one organiser."""
    first = make_completion()
    completions = [first, make_completion(PersonFactory(), edition=first.edition)]
    now = timezone.now()
    return [issuing.publish_file(issuing.issue(each, at=now), at=now) for each in completions]


def verify(*options: str) -> tuple[int, list[str]]:
    """How it exits, and its lines."""
    told = io.StringIO()
    try:
        call_command("verify_certificates", *options, stdout=told)
    except SystemExit as end:
        return int(str(end.code)), told.getvalue().splitlines()
    return 0, told.getvalue().splitlines()


def path_of(certificate: Certificate) -> Path:
    assert certificate.file
    return Path(settings.CERTIFICATES_ROOT) / certificate.file.key


def replace_file(certificate: Certificate, content: bytes, **changed) -> None:
    """As somebody with rights on disk and database would: the hash of the row fits the other file."""
    assert certificate.file
    stored = store.keep(content)
    path_of(certificate).unlink()
    new = {"sha256": stored.sha256, "size": stored.size, "key": stored.key} | changed
    CertificateFile.objects.filter(pk=certificate.file.pk).update(**new)


def age(path: Path) -> None:
    long_ago = (timezone.now() - timedelta(hours=1)).timestamp()
    os.utime(path, (long_ago, long_ago))


def test_all_is_well(both):
    code, lines = verify()
    assert code == 0
    assert re.fullmatch(r"2 berkas diperiksa, 0 temuan, 0 belum terbit; [\d.]+ detik\.", lines[0])
    assert len(lines) == 1


def test_an_empty_register_is_well():
    assert verify()[0] == 0


def _lose(row):
    path_of(row).unlink()


def _flip(row):
    content = path_of(row).read_bytes()
    path_of(row).write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])


def _move(row):
    CertificateFile.objects.filter(pk=row.file_id).update(key="zz/other.pdf")


def _change_a_fact(row):
    Certificate.objects.filter(pk=row.pk).update(facts=row.facts | {"score": "100"})


def _rename(row):
    """Facts and hash are changed together: only the paper still tells."""
    facts = CertificateFacts.from_json(row.facts | {"name": "Orang Lain, S.Kom."})
    Certificate.objects.filter(pk=row.pk).update(facts=facts.as_json(), facts_sha256=facts.sha256())


def _renumber(row):
    facts = CertificateFacts.from_json(row.facts | {"number": "9999/X"})
    Certificate.objects.filter(pk=row.pk).update(
        facts=facts.as_json(), facts_sha256=facts.sha256(), number=facts.number
    )


def _recode(row):
    Certificate.objects.filter(pk=row.pk).update(code="0" * 16)


def _unsign(row):
    replace_file(row, rendering.render_pdf(CertificateFacts.from_json(row.facts)))


def _append(row):
    replace_file(row, path_of(row).read_bytes() + b"\n% tambahan\n")


def _forget_the_key(row):
    CertificateFile.objects.filter(pk=row.file_id).update(signing_key=None)


def _name_another_key(row):
    server = BsreServer()
    other = SigningKey.objects.create(
        fingerprint="ab" * 32,
        purpose="document",
        algorithm="rsa-2048",
        public=(server.signer.pem + server.root.pem).decode(),
        valid_from=timezone.now(),
    )
    CertificateFile.objects.filter(pk=row.file_id).update(signing_key=other)


def _end_the_key(row):
    SigningKey.objects.filter(pk=row.file.signing_key_id).update(valid_until=timezone.now() - timedelta(days=1))


def _compromise_the_key(row):
    key_register.mark(row.file.signing_key, SigningKey.State.COMPROMISED, at=timezone.now())


def _change_the_credential(row):
    changed = row.file.credential | {"name": "Sarjana"}
    CertificateFile.objects.filter(pk=row.file_id).update(credential=changed)


def _forget_the_credential(row):
    CertificateFile.objects.filter(pk=row.file_id).update(credential=None)


def _compromise_the_credentials(row):
    SigningKey.objects.filter(purpose="credential").update(state="compromised")


def _forget_the_credentials_key(row):
    SigningKey.objects.filter(purpose="credential").delete()


DAMAGES = [
    (_lose, "Berkasnya hilang."),
    (_flip, "Berkasnya rusak: ukuran atau hash berbeda."),
    (_move, "Letak berkas tidak sesuai dengan hash-nya."),
    (_change_a_fact, "Datanya bukan lagi data saat diterbitkan: hash berbeda."),
    (_rename, "nama yang tercetak berbeda dari baris."),
    (_renumber, "nomor yang tercetak berbeda dari baris."),
    (_recode, "Nomor atau kode pada baris berbeda dari datanya."),
    (_recode, "kode yang tercetak berbeda dari baris."),
    (_unsign, "Berkas tidak bertanda tangan."),
    (_append, "Tanda tangan tidak mencakup seluruh berkas."),
    (_forget_the_key, "Register tidak menyebut kunci yang menandatanganinya."),
    (_name_another_key, "Sertifikat penanda tangan tidak berujung pada akar yang dipercaya."),
    (_end_the_key, "Kunci dipakai menandatangani setelah masa berlakunya berakhir."),
    (_compromise_the_key, "Kunci yang menandatanganinya telah jatuh ke tangan orang lain."),
    (_change_the_credential, "Bukti kredensial tidak sah."),
    (_change_the_credential, "Kredensial yang terlampir berbeda dari baris."),
    (_forget_the_credential, "Kredensial yang terlampir berbeda dari baris."),
    (_compromise_the_credentials, "Kunci kredensial telah jatuh ke tangan orang lain."),
    (_forget_the_credentials_key, "Kunci kredensial tidak ada dalam register."),
]


@pytest.mark.parametrize(("damage", "sentence"), DAMAGES)
def test_each_damage_is_named(both, damage, sentence):
    row = both[1]
    damage(row)
    row.refresh_from_db()
    code, lines = verify()
    assert code == 1
    assert f"{row.number}: {sentence}" in lines


def test_only_the_damaged_one_is_named(both):
    _lose(both[0])
    code, lines = verify()
    assert (code, len(lines)) == (1, 2)
    assert "1 temuan" in lines[1]


def test_a_missing_number_is_named(both):
    NumberSeries.objects.update(last=5)
    Certificate.objects.filter(pk=both[1].pk).update(sequence=4)
    _code, lines = verify()
    about = f"{both[0].organiser.code} {both[0].year}"
    assert f"{about}: 2 nomor hilang dalam deret." in lines
    assert f"{about}: Deret berakhir pada nomor lain daripada sertifikat terbarunya." in lines


def test_a_file_that_no_row_knows_is_named_once_it_is_older_than_a_lease(both):
    stray = Path(settings.CERTIFICATES_ROOT) / store.keep(b"%PDF-1.7 liar").key
    assert verify()[0] == 0, "a worker may be about to publish it"
    age(stray)
    code, lines = verify()
    assert code == 1
    assert lines[0].startswith(f"{stray.parent.name}/{stray.name}: Berkas ini ada di penyimpanan")


def test_a_row_of_a_file_that_no_certificate_has_is_named(both):
    CertificateFile.objects.create(sha256="0" * 64, size=1, key=f"00/{'0' * 64}.pdf", level="B-B")
    code, lines = verify()
    assert code == 1
    assert "Tidak ada sertifikat terbit yang memiliki berkas ini." in lines[0]


def test_two_live_certificates_of_one_completion_are_named(both, transactional_index):
    Certificate.objects.filter(pk=both[1].pk).update(completion=both[0].completion_id, revision=2)
    code, lines = verify()
    assert code == 1
    assert any("lebih dari satu sertifikat yang berlaku" in line for line in lines)


@pytest.fixture
def transactional_index(both) -> None:
    """The database refuses two live ones; here somebody took the constraint away."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX certificate_one_live_per_completion")


def test_a_file_sealed_by_bsre_is_judged_by_its_roots(both, settings, tmp_path):
    server = BsreServer()
    facts = CertificateFacts.from_json(both[0].facts)
    attached = credential.as_bytes(both[0].file.credential)
    sealed = sign_like_bsre(rendering.render_pdf(facts, credential=attached), server.signer, server.root)
    replace_file(both[0], sealed, level="BSrE", signing_key=None)
    assert "isi SIGNING_BSRE_TRUST" in verify()[1][0]
    roots = tmp_path / "bsre.pem"
    for holder, code in ((server.root, 0), (server.foreign, 1)):
        roots.write_bytes(holder.pem)
        settings.SIGNING = replace(settings.SIGNING, bsre=replace(settings.SIGNING.bsre, trust=roots))
        assert verify()[0] == code


def test_retired_keys_keep_verifying_and_compromised_ones_say_so(both):
    content, key = path_of(both[0]).read_bytes(), both[0].file.signing_key
    signing.signer_named.cache_clear()
    key_register.mark(key, SigningKey.State.RETIRED, at=timezone.now())
    key.refresh_from_db()
    assert validation.validate_ours(content, key).is_good
    assert verify()[0] == 0
    key_register.mark(key, SigningKey.State.COMPROMISED, at=timezone.now())
    key.refresh_from_db()
    found = validation.validate_ours(content, key)
    assert (found.is_good, found.intact.answer, found.trusted.answer) == (False, Answer.YES, Answer.NO)
    assert found.reasons == ["Kunci yang menandatanganinya telah jatuh ke tangan orang lain."]


def test_a_signature_made_after_its_key_was_retired_is_not_trusted(both):
    key = both[0].file.signing_key
    key.state, key.state_changed_at = SigningKey.State.RETIRED, datetime(2026, 1, 1, tzinfo=UTC)
    found = validation.validate_ours(path_of(both[0]).read_bytes(), key)
    assert found.reasons == ["Kunci dipakai menandatangani setelah masa berlakunya berakhir."]


def test_it_can_look_at_some_and_speak_to_machines(both):
    _lose(both[0])
    _lose(both[1])
    code, lines = verify("--json", "--sample", "1")
    assert code == 1
    found, summary = (json.loads(line) for line in lines)
    assert found["finding"] == "Berkasnya hilang."
    assert (summary["checked"], summary["findings"]) == (1, 1)
    assert json.loads(verify("--json", "--since", "2999-01-01")[1][-1])["checked"] == 0
    assert json.loads(verify("--json", "--since", "2020-01-01")[1][-1])["checked"] == 2
    for wrong in (("--sample", "0"), ("--sample", "x"), ("--since", "kemarin")):
        with pytest.raises(CommandError):
            call_command("verify_certificates", *wrong)


def test_memory_stays_flat(both):
    """What one file leaves behind is gone before the next."""
    checker = checking.FileChecker()
    checker.findings(both[0])
    tracemalloc.start()
    for _time in range(10):
        checker.findings(both[0])
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _time in range(20):
        checker.findings(both[0])
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 500_000
