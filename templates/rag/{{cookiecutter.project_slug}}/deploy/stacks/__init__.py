"""What makes the endpoint of an index and its answers."""

import components  # noqa: F401  (chooses the Node.js that the CDK runs on, before it is imported)
