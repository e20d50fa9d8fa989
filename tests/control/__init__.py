"""The steps of the control plane, with real stand-ins for everything outside."""
