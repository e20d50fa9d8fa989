"""The stacks of this project."""

import components  # noqa: F401  (chooses the Node.js that the CDK runs on, before it is imported)
