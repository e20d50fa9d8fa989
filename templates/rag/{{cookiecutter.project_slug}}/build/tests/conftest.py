"""Fixtures that tests of several parts share."""

pytest_plugins = ["pipeline_fixtures"]
