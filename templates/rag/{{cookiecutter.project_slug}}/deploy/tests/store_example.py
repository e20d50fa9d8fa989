"""Vector stores of each kind, as config/vector_store.yaml describes them."""

from typing import Any

NETWORK = {"subnet_ids": ["subnet-0a1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]}
PUBLIC = {"public": True, "vpc": None, "standby_replicas": False}
CLOSED = {"public": False, "vpc": {"vpc_id": "vpc-0a1b2c3d", **NETWORK}, "standby_replicas": True}
CLUSTER = {
    "vpc_id": "vpc-0a1b2c3d",
    "subnet_ids": ["subnet-0a1b2c3d", "subnet-0a1b2c3e"],
    "engine_version": "16.8",
    "min_capacity": 0.5,
    "max_capacity": 4,
    "database": "vectors",
    "backup_days": 7,
    "deletion_protection": True,
}


def store_values(kind: str | None, **sections: Any) -> dict[str, Any]:
    """The content of the file, with the sections that are given."""
    values = {"kind": kind, "opensearch": None, "pgvector": None, "termination_protection": True}
    return values | sections
