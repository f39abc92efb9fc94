"""Packages that nobody has built yet, on a machine where somebody does when a run first needs them.

In AWS an environment has its bundles from the start; `npm start` and `npm run exec` build them one by one.
"""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

from .deadline import Deadline
from .manifest import Bundle, parse_bundle
from .transfer import TransferError, ask, connect, in_words

# What one line may have: an answer names a few dozen bundles.
_MOST_LINE_BYTES = 1 << 18


class FirstUseError(Exception):
    """The package did not come to be in time; the message is for the person who asked for it."""


class FirstUse:
    """Whoever builds packages at `url`, as local/packages/first-use.ts does."""

    def __init__(self, url: str) -> None:
        self._url = url

    def build(self, environment: str, name: str, deadline: Deadline) -> dict[str, Bundle]:
        """
        The bundles of what the approved distribution `name` needs beside the layer, by distribution.

        What is not ready at the deadline goes on being built. :raises FirstUseError:
        """
        url = (
            f"{self._url}/environments/{urllib.parse.quote(environment)}/packages/{urllib.parse.quote(name)}"
        )
        progress = ""
        try:
            connection, path = connect(url, deadline)
            try:
                for line in _lines(ask(connection, path, deadline), deadline):
                    if (built := line.get("bundles")) is not None:
                        return {item: parse_bundle(raw) for item, raw in built.items()}
                    if error := line.get("error"):
                        raise FirstUseError(f"it could not be built: {error}")
                    progress = str(line.get("progress") or progress)
            finally:
                connection.close()
        except TransferError as error:
            raise FirstUseError(str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            if not deadline.passed:
                raise FirstUseError(f"nobody builds it: {in_words(error)}") from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise FirstUseError("whoever builds it gave an answer that cannot be read") from error
        if not deadline.passed:
            raise FirstUseError("whoever builds it ended meanwhile; try again")
        raise FirstUseError(
            "it is being built for its first use here, which takes longer than a run may wait for packages"
            f"{f' ({progress})' if progress else ''}. Run this again in a minute"
        )


def _lines(response: http.client.HTTPResponse, deadline: Deadline) -> Iterator[dict[str, Any]]:
    """One JSON object a line, until the deadline; whoever builds says something every few seconds."""
    while not deadline.passed and (line := response.readline(_MOST_LINE_BYTES)):
        yield json.loads(line)
