"""The stacks of the control plane and the zip of its functions, as they would be deployed."""
