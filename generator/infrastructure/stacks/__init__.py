"""The stacks of the control plane: who deploys what into which account."""

import generator.infrastructure.components  # noqa: F401  (settles the CDK's Node.js first)
