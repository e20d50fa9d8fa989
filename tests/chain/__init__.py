"""The whole control plane on this machine: real stacks, the real zip, real events, no cloud.

`make e2e` plays it and tells what happens; the tests of this folder hold each scene to what it
must end with.
"""
