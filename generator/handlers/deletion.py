"""Lambda entry point. Ends a deleted project's repositories: see `generator.control.deletion`.

EventBridge calls it with the bare event.
"""

from generator.control.deletion import delete
from generator.handlers.entry import entry

handler = entry("deletion", delete, wrapped=True)
