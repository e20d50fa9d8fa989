"""Uploads what the compiled pipeline refers to.

Keys contain the content's hash, so an object that exists is the right one: a second deployment
of the same sources, or one that was interrupted, uploads only what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.deploy_cloud import Cloud, calling

# Objects at the same time. A bundle is some fifty small files; round trips are what takes time.
UPLOADS_AT_ONCE = 8


@dataclass(frozen=True)
class Asset:
    """A staged file and where it belongs."""

    path: Path
    bucket: str
    key: str

    @property
    def folder(self) -> str:
        """The prefix that ends with the content's hash, or the key's own folder."""
        return self.key.rpartition("/")[0] + "/"


def staged_assets(assets: Path) -> list[Asset]:
    """What a compiled pipeline's `assets` folder holds, `<bucket>/<key>`, sorted."""
    found = []
    for path in sorted(assets.rglob("*")):
        if path.is_file():
            bucket, _, key = path.relative_to(assets).as_posix().partition("/")
            found.append(Asset(path, bucket, key))
    return found


def upload_assets(cloud: Cloud, assets: Iterable[Asset]) -> int:
    """Upload what is not there yet; the number of objects uploaded.

    Raises `CloudError`; what has been uploaded by then need not be uploaded again.
    """
    missing = missing_assets(cloud, assets)

    def upload(asset: Asset) -> None:
        with calling(f"uploading s3://{asset.bucket}/{asset.key}"):
            cloud.s3.upload_file(
                str(asset.path), asset.bucket, asset.key, ExtraArgs=cloud.encryption
            )

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        list(pool.map(upload, missing))
    return len(missing)


def missing_assets(cloud: Cloud, assets: Iterable[Asset]) -> list[Asset]:
    """Those of `assets` that their bucket does not hold, one listing per folder."""
    listed: dict[tuple[str, str], set[str]] = {}
    missing = []
    for asset in assets:
        place = (asset.bucket, asset.folder)
        if place not in listed:
            listed[place] = set(list_objects(cloud, *place))
        if asset.key not in listed[place]:
            missing.append(asset)
    return missing


def list_objects(cloud: Cloud, bucket: str, prefix: str) -> dict[str, Mapping[str, Any]]:
    """The objects whose key begins with `prefix`, by key."""
    with calling(f"listing s3://{bucket}/{prefix}"):
        pages = cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {item["Key"]: item for page in pages for item in page.get("Contents", ())}
