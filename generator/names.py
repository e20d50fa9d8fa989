"""How the names of a project follow from each other; the same input always gives the same name."""

from __future__ import annotations

import re

from text_unidecode import unidecode  # type: ignore[import-untyped]

from generator.errors import InputError, shown

# What DataZone allows in a project's name: letters of any script, digits, "_", "-" and spaces.
DATAZONE_NAME = re.compile(r"[\w -]{1,64}")


def project_name(datazone_name: str, project_id: str) -> str:
    """Return the project's name as it is written into its repositories: ASCII, one line.

    Letters beyond ASCII are transliterated ("Prévision" becomes "Prevision"); what remains outside
    our pattern at the ends is cut. A name of which nothing remains becomes "Project <id>".
    InputError when DataZone itself could not have given the name (a brace, a line break).
    """
    if not DATAZONE_NAME.fullmatch(datazone_name):
        raise InputError(
            f"project name = {shown(datazone_name)}: not a name that DataZone gives"
            " (1 to 64 letters, digits, spaces, underscores and hyphens)"
        )
    ascii_name = re.sub(r"[^A-Za-z0-9 ._-]+", "", unidecode(datazone_name))
    name = re.sub(r" +", " ", ascii_name).lstrip(" ._-")[:64].rstrip()
    return name or f"Project {project_id}"


def deploy_repository(build_repository: str, project_id: str, domain_id: str) -> str:
    """Return owner/name of the deploy repository: beside the build repository, named by ids."""
    owner = build_repository.split("/", 1)[0]
    return f"{owner}/{project_id}-{domain_id}-deploy-repo"
