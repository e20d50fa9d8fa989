"""Lambda entry point. Makes and fills a deploy repository. See `generator.control.seeding`."""

from generator.control.seeding import seed_deploy
from generator.handlers.entry import entry

handler = entry("seed_deploy", seed_deploy)
