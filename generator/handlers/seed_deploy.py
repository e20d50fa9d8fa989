"""Lambda entry point. Makes, fills and configures the deploy repository of a project: see `generator.control.seeding`."""

from generator.control.seeding import seed_deploy
from generator.handlers.entry import entry

handler = entry("seed_deploy", seed_deploy)
