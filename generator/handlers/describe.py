"""Lambda entry point. Is a project ours, and is it ready? See `generator.control.describe`."""

from generator.control.describe import describe
from generator.handlers.entry import entry

handler = entry("describe", describe)
