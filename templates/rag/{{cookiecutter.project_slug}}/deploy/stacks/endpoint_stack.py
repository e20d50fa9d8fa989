"""The endpoint stack: one variant, as components/variant_stack.py composes it."""

from constructs import Construct

from components.deployment import Deployment
from components.variant_stack import VariantStack
from stacks.stage_config import StageConfig


class EndpointStack(VariantStack[StageConfig]):
    """A real-time endpoint that finds passages and answers from them."""

    def __init__(self, scope: Construct, *, deployment: Deployment[StageConfig]) -> None:
        super().__init__(scope, deployment=deployment, kind="Retrieval endpoint")
        self.serve()
