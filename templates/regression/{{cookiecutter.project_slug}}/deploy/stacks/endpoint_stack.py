"""The endpoint stack: one variant, as components/variant_stack.py composes it."""

from constructs import Construct

from components.deployment import Deployment
from components.stage_config import StageConfig
from components.variant_stack import VariantStack


class EndpointStack(VariantStack[StageConfig]):
    """A real-time endpoint that serves one model package, with what it needs to be safe.

    What this project's endpoint needs besides (permissions, variables, rows of the dashboard) is
    passed to ``serve``.
    """

    def __init__(self, scope: Construct, *, deployment: Deployment[StageConfig]) -> None:
        super().__init__(scope, deployment=deployment, kind="Real-time endpoint")
        self.serve()
