"""Lambda entry point. Starts the deployment of an approved model: see `generator.control.approval`.

EventBridge calls it with the bare event.
"""

from generator.control.approval import approve
from generator.handlers.entry import entry

handler = entry("approval", approve, wrapped=True)
