"""Turns "a project was created in SageMaker Unified Studio" into two working repositories."""

__version__ = "0.1.0"
