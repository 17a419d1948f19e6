"""Whether the Hugging Face Hub answers, told in seconds: its libraries try again in silence for a minute or more."""

from __future__ import annotations

import os
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import datasets.config
from huggingface_hub import constants

from codeshift.errors import CodeshiftWarning, ParameterError, warn

ANSWERS_WITHIN = 8.0
"""Seconds in which the hub must answer a first request."""

_REMEMBERED = 60.0  # seconds for which what was found out holds
_answers_by_endpoint: dict[str, tuple[float, bool]] = {}


@contextmanager
def hub_or_cache(name: str) -> Iterator[str]:
    """Load from the hub inside this context, or from its cache alone if the hub does not answer.

    A folder or file of that name is loaded without asking the hub.

    ``HF_HUB_OFFLINE`` is respected: the hub is then not asked at all.

    Args:
        name: Name of a model or dataset, or the path of one.

    Yields:
        Why only the cache can be used, for the error of what is not in it; an empty text if the hub answers.

    Warns:
        CodeshiftWarning: if what was loaded came from the cache because the hub does not answer.
    """
    endpoint = constants.ENDPOINT
    if os.path.exists(name):
        yield ""
    elif constants.HF_HUB_OFFLINE:
        yield "HF_HUB_OFFLINE is set, and the cache does not hold it"
    elif _answers(endpoint):
        yield ""
    else:
        with _offline():
            yield f"{endpoint} does not answer within {ANSWERS_WITHIN:g} s, and the cache does not hold it"
        warn(CodeshiftWarning(f"{endpoint} does not answer: {name} comes from the cache, and may be an older revision"))


def check_revision(
    model: object, revision: str | None, *, parameter: str = "revision", of: str = "model"
) -> str | None:
    """Return a revision (a branch, tag or commit), which only the name of a model or tokenizer can have.

    Args:
        model: Name, folder or object that it is a revision of.
        revision: Revision; None for the newest.
        parameter: Name of the revision in the error.
        of: What it is a revision of, in the error.

    Raises:
        ParameterError: if it is no text, or ``model`` is an object or a folder.

    >>> check_revision("microsoft/codebert-base", "main")
    'main'
    """
    if revision is None:
        return None
    if not isinstance(revision, str) or not revision:
        raise ParameterError(parameter, "a branch, tag or commit", revision, 'such as "main"')
    if not isinstance(model, str) or os.path.exists(model):
        remedy = "only a name of the hub has revisions"
        raise ParameterError(parameter, f"left out for a {of} that is an object or a folder", revision, remedy)
    return revision


def _answers(endpoint: str) -> bool:
    """Tell whether the hub answers; a thread of its own waits, since a name server may take longer than any timeout."""
    since, answers = _answers_by_endpoint.get(endpoint, (-_REMEMBERED, False))
    if time.monotonic() - since < _REMEMBERED:
        return answers
    answered: list[bool] = []
    thread = threading.Thread(target=lambda: answered.append(_responds(endpoint)), daemon=True)
    thread.start()
    thread.join(ANSWERS_WITHIN)
    _answers_by_endpoint[endpoint] = time.monotonic(), answered == [True]
    return answered == [True]


def _responds(endpoint: str) -> bool:
    request = urllib.request.Request(f"{endpoint}/api/whoami-v2", method="HEAD")  # noqa: S310 - the user's own setting
    try:
        with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN):  # noqa: S310
            return True
    except urllib.error.HTTPError:  # an answer all the same
        return True
    except urllib.error.URLError as error:
        return isinstance(error.reason, ssl.SSLError)  # the libraries have certificates of their own
    except (OSError, ValueError):
        return False


@contextmanager
def _offline() -> Iterator[None]:
    before = constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before
