"""`aiops demo`: plays a CreateProject event to the end, on this machine and with nothing else."""
