"""Lambda entry point. Fills the build repository of a project. See `generator.control.seeding`."""

from generator.control.seeding import seed_build
from generator.handlers.entry import entry

handler = entry("seed_build", seed_build)
