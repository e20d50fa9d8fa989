"""Lambda entry point. Says whether a project is ours and ready: see `generator.control.describe`."""

from generator.control.describe import describe
from generator.handlers.entry import entry

handler = entry("describe", describe)
