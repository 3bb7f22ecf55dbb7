"""Published files in a bucket of an S3-compatible storage, such as MinIO, Ceph or Garage.

botocore is the part of boto3 that speaks the protocol. Every failure is a StoreUnreachable that names no secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from academy.env import ObjectStorage
from certificates.store import FileMissing, StoreUnreachable

# Checking, writing and reading again, each tried twice, end well before the lease of a certificate (120 seconds).
CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 4, 10, 2


@dataclass(frozen=True)
class Bucket:
    client: Any
    name: str
    prefix: str

    def put(self, key: str, content: bytes) -> None:
        with _told_plainly():
            self.client.put_object(Bucket=self.name, Key=self.prefix + key, Body=content, ContentType="application/pdf")
        if self.get(key) != content:
            raise StoreUnreachable(f"The storage gives other bytes back than were written to {key}")

    def get(self, key: str) -> bytes:
        with _told_plainly():
            try:
                answer = self.client.get_object(Bucket=self.name, Key=self.prefix + key)
            except self.client.exceptions.NoSuchKey as error:  # a bucket that is missing is another matter
                raise FileMissing(f"There is no file {key}") from error
            content: bytes = answer["Body"].read()
            return content

    def size(self, key: str) -> int | None:
        """By the list: asking for the head alone does not tell a missing file from a missing bucket."""
        with _told_plainly():
            answer = self.client.list_objects_v2(Bucket=self.name, Prefix=self.prefix + key, MaxKeys=1)
        sizes = {entry["Key"]: int(entry["Size"]) for entry in answer.get("Contents", [])}
        return sizes.get(self.prefix + key)

    def keys(self, before: datetime | None) -> Iterator[str]:
        with _told_plainly():
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix)
            for page in pages:
                for entry in page.get("Contents", []):
                    if before is None or entry["LastModified"] < before:
                        yield str(entry["Key"])[len(self.prefix) :]


@lru_cache(maxsize=4)
def bucket(storage: ObjectStorage) -> Bucket:
    """One client per process: making it takes a quarter of a second."""
    config = Config(
        region_name=storage.region,
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        # Not every compatible storage knows the newer checksums; what was written is read again instead.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    client = botocore.session.Session().create_client(
        "s3",
        endpoint_url=storage.endpoint,
        aws_access_key_id=storage.access_key,
        aws_secret_access_key=storage.secret_key,
        config=config,
    )
    return Bucket(client, storage.bucket, storage.prefix)


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise StoreUnreachable(f"The storage refuses: {code}") from error
    except BotoCoreError as error:
        raise StoreUnreachable(f"The storage does not answer: {type(error).__name__}") from error
