"""Fixtures that tests of several parts share; nothing that is tested asks the network."""

import os

# Before anything is imported that would: clients of services are answered by stand-ins, and MLflow
# has nobody to report to.
os.environ |= {"AWS_EC2_METADATA_DISABLED": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}

pytest_plugins = ["pipeline_fixtures"]
