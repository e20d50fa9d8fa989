"""GitHub's REST interface as the generator uses it, on a stand-in held to GitHub's description."""
