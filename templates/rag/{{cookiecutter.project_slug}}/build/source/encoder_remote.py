"""What encoders behind an AWS service have in common: a client, batches, and their description."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from source.encoders import EncoderUnusable
from source.index_settings import EmbeddingSettings

# Requests that wait for an answer at the same time.
PARALLEL = 8
ATTEMPTS = 8


def client(service: str, region: str | None) -> Any:
    """A boto3 client that backs off while it is throttled."""
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": ATTEMPTS},
        read_timeout=120,
        max_pool_connections=PARALLEL,
    )
    # Its types list every service by name; here the name is a parameter.
    make: Any = boto3.client
    return make(service, region_name=region, config=config)


def batches(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    """Texts in groups of at most `size`."""
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def answers(
    ask: Callable[[Sequence[str]], Sequence[Sequence[float]]],
    groups: Iterable[Sequence[str]],
    source: str,
) -> list[Sequence[float]]:
    """The vectors of all groups in their order. Raises `EncoderUnusable` when a request fails."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: list[Sequence[float]] = []
    try:
        with ThreadPoolExecutor(PARALLEL) as pool:
            for vectors in pool.map(ask, groups):
                found.extend(vectors)
    except (ClientError, BotoCoreError) as error:
        raise EncoderUnusable(f"{source}: {error}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise EncoderUnusable(
            f"{source} answered in a shape that is not known: {error!r}"
        ) from error
    return found


def fingerprint(settings: EmbeddingSettings) -> str:
    """By the name of the model: what a service does behind it cannot be seen."""
    named = [settings.kind, settings.model, settings.dimension]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def description(settings: EmbeddingSettings, max_tokens: int, identity: str) -> dict[str, Any]:
    """The content of `encoder.json`."""
    return {
        "kind": settings.kind,
        "model": settings.model,
        "dimension": settings.dimension,
        "max_tokens": max_tokens,
        "batch_size": settings.batch_size,
        "region": settings.region,
        "fingerprint": identity,
    }
