"""The parameters of an execution: what the person gave, the commit, the data, the champion."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mlops.check.definition import Definition
from mlops.commit import current_commit
from mlops.deploy_assets import list_objects
from mlops.deploy_cloud import DENIED, Cloud, CloudError, calling, error_code
from mlops.deploy_previous import previous_values
from mlops.local.parameters import given_parameters
from mlops.previous import previous_outputs
from mlops.registry_sagemaker import SageMakerRegistry
from mlops.settings import Settings

CHAMPION, COMMIT = "ChampionUri", "GitSha"
# Parameters that say where data is, and those that name its version.
DATA = {"InputDataUri": "DataVersion", "PreferencesUri": "PreferencesVersion"}
UNVERSIONED = "unversioned"

Tell = Callable[[str], None]


def local_values(definition: Definition, given: Sequence[str]) -> dict[str, Any]:
    """What is known without asking AWS: the person's `NAME=VALUE` texts, typed, and the commit.

    Raises `ParameterError` for a name or a value that the pipeline does not take.
    """
    values = given_parameters(definition, given)
    commit = current_commit()
    if COMMIT in definition.parameters and commit is not None:
        values.setdefault(COMMIT, commit)
    return values


def cloud_values(
    definition: Definition, values: Mapping[str, Any], cloud: Cloud, settings: Settings, tell: Tell
) -> dict[str, Any]:
    """What has to be looked up: champion, version of the data, outputs of an earlier execution.

    The champion and the outputs are put where they are read.
    """
    found: dict[str, Any] = {}
    if CHAMPION in definition.parameters and CHAMPION not in values:
        uri = stage_champion(cloud, settings)
        if uri is not None:
            found[CHAMPION] = uri
    for address, version in DATA.items():
        if version not in definition.parameters or version in values:
            continue
        if definition.parameters[version].default == UNVERSIONED or address in values:
            declared = definition.parameters.get(address)
            uri = values.get(address) or (declared.default if declared else None)
            found[version] = data_version(cloud, uri, tell, address)
    if not values.keys() & previous_outputs(definition).keys():
        defaults = {name: item.default for name, item in definition.parameters.items()}
        found |= previous_values(definition, defaults | dict(values) | found, cloud, settings)
    return found


def data_version(cloud: Cloud, uri: str | None, tell: Tell, address: str = "InputDataUri") -> str:
    """A name for the data's content, so that a step's cached result is used for it alone.

    Objects in S3 are named by their keys and ETags. The result of a query has no name before it
    is run, nor have objects that may not be listed: there it is the time, and nothing is reused.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if uri is None:
        return now
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    try:
        objects = list_objects(cloud, bucket, prefix)
    except CloudError as error:
        if error_code(error.__cause__) not in DENIED:  # type: ignore[arg-type]
            raise
        tell(f"{uri} may not be listed from here: its data is taken to be new")
        return now
    if not objects:
        raise CloudError(
            f"there is nothing at {uri}: check the section data of config/pipeline.yaml, "
            f"or give --param {address}=s3://..."
        )
    content = [(key, item["ETag"], item["Size"]) for key, item in sorted(objects.items())]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def stage_champion(cloud: Cloud, settings: Settings) -> str | None:
    """Copy the approved model where Evaluate can read it; its address, None when none is approved.

    The copy is made inside S3. The same champion has the same address, so that an evaluation
    against it can be reused. Raises `CloudError` when the model's file is gone.
    """
    champion = SageMakerRegistry(cloud.sagemaker).latest_approved(settings.model_package_group)
    if champion is None:
        return None
    uri = settings.s3_uri("champion", f"{champion.group}-{champion.version}")
    bucket, _, folder = uri.removeprefix("s3://").partition("/")
    present = list_objects(cloud, bucket, f"{folder}/")
    model = champion.model_data or ""
    try:
        for (source_bucket, source_key), key in _copies(cloud, model, folder):
            if key not in present:
                with calling(f"copying the approved model {champion.arn} from {model}"):
                    cloud.s3.copy(
                        {"Bucket": source_bucket, "Key": source_key},
                        bucket,
                        key,
                        ExtraArgs=cloud.encryption,
                    )
    except CloudError as error:
        raise CloudError(
            f"{error}; reject it (`python -m mlops registry reject {champion.version}`) or "
            f"give --param {CHAMPION}=s3://... of another to compare with"
        ) from error
    if f"{folder}/champion.json" not in present:
        note = json.dumps({"model_package_arn": champion.arn}) + "\n"
        with calling(f"writing {uri}/champion.json"):
            key = f"{folder}/champion.json"
            cloud.s3.upload_fileobj(
                io.BytesIO(note.encode()), bucket, key, ExtraArgs=cloud.encryption
            )
    return uri


def _copies(cloud: Cloud, model: str, folder: str) -> list[tuple[tuple[str, str], str]]:
    """Bucket and key of each of the model's objects, and the key of its copy below `folder`.

    A packed model is one object, another one a folder of them. Raises `CloudError` when the folder
    is empty.
    """
    bucket, _, key = model.removeprefix("s3://").partition("/")
    if key.endswith(".tar.gz"):
        return [((bucket, key), f"{folder}/model.tar.gz")]
    prefix = f"{key.rstrip('/')}/"
    found = list_objects(cloud, bucket, prefix) if bucket else {}
    if not found:
        raise CloudError(f"the approved model is not at {model or 'any address'} any more")
    return [((bucket, item), f"{folder}/model/{item.removeprefix(prefix)}") for item in found]
