"""GitHub on this machine: its REST interface and its git, for the demo and the tests only.

State is ours. What may be asked and answered follows GitHub's own OpenAPI description: a request
that it does not allow is refused as GitHub refuses it, and an answer that it does not describe is
a failure of the stand-in. Git is the real `git http-backend`; sealed secrets are really opened.
"""

from generator.standins.github.faults import Fault
from generator.standins.github.server import GitHubStandIn

__all__ = ["Fault", "GitHubStandIn"]
