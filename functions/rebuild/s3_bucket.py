"""The packages' bucket in S3, which checks every bundle's SHA-256 itself."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC
from pathlib import Path
from typing import Any, NoReturn

from functions.rebuild.bucket import ConflictError, StoredText

_CHUNK = 1 << 20
_MOST_TEXT_BYTES = 16 << 20
# 409: two conditional writes at the same time.
_CONFLICTS = ("PreconditionFailed", "ConditionalRequestConflict", "409", "412")
_ABSENT = ("NoSuchKey", "NotFound", "404")


class S3Bucket:
    """`client` is botocore's."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def read(self, key: str) -> StoredText | None:
        found = self._call("get_object", Key=key)
        if found is None:
            return None
        text = found["Body"].read(_MOST_TEXT_BYTES).decode()
        return StoredText(text, str(found["ETag"]), found["LastModified"].astimezone(UTC))

    def write(self, key: str, text: str) -> None:
        self._put(key, text)

    def write_guarded(self, key: str, text: str, tag: str | None) -> str:
        condition = {"IfMatch": tag} if tag is not None else {"IfNoneMatch": "*"}
        return str(self._put(key, text, **condition)["ETag"])

    def has(self, key: str, sha256: str) -> bool:
        found = self._call("head_object", Key=key, ChecksumMode="ENABLED")
        return found is not None and found.get("ChecksumSHA256") == _base64(sha256)

    def upload(self, key: str, path: Path, sha256: str) -> bool:
        if self.has(key, sha256):
            return False
        with path.open("rb") as file:
            self._put(key, file, ChecksumSHA256=_base64(sha256), ContentType=_content_type(path))
        return True

    def download(self, key: str, path: Path, sha256: str) -> bool:
        found = self._call("get_object", Key=key)
        if found is None:
            return False
        digest = hashlib.sha256()
        with path.open("wb") as file:
            while chunk := found["Body"].read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest() == sha256

    def _put(self, key: str, body: object, **more: str) -> Any:
        data = body.encode() if isinstance(body, str) else body
        answer = self._call("put_object", Key=key, Body=data, **more)
        # An object that is to be matched and is gone.
        return answer if answer is not None else _raise_conflict(key)

    def _call(self, method: str, **arguments: object) -> Any:
        """None where the object is not there."""
        from botocore.exceptions import ClientError  # noqa: PLC0415

        try:
            return getattr(self._client, method)(Bucket=self._name, **arguments)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            if code in _CONFLICTS:
                _raise_conflict(str(arguments["Key"]), error)
            if code in _ABSENT:
                return None
            raise


def _raise_conflict(key: str, cause: Exception | None = None) -> NoReturn:
    raise ConflictError(f"{key} was written by somebody else") from cause


def _content_type(path: Path) -> str:
    return "application/zstd" if path.suffix == ".zst" else "application/zip"


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()
