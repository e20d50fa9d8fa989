"""The administrator's file `aiops.toml`: reading it, checking it, and what follows from it."""

from generator.config.errors import ConfigError, Problem
from generator.config.example_file import example
from generator.config.loading import check, load
from generator.config.model import Config

__all__ = ["Config", "ConfigError", "Problem", "check", "example", "load"]
