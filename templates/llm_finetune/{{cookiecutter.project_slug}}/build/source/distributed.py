"""Several devices and machines: how training is started on them, and how the work is divided.

One process drives one device. Where torchrun has started the processes already (SageMaker's own
distributed configuration does it, with RANK, LOCAL_RANK and WORLD_SIZE set), nothing is left to do.
Otherwise the step starts torchrun itself, with what SageMaker says in SM_HOSTS (a JSON list),
SM_CURRENT_HOST, SM_NUM_GPUS and SM_NETWORK_INTERFACE_NAME. On one device neither is needed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from source.errors import UserError
from source.hardware import Execution, Hardware
from source.train_settings import TrainSettings

PORT = 29_500
CHUNK = 16 << 20
# One process writes the model of all; the default of ten minutes is short for a large one.
PATIENCE = timedelta(hours=2)
# Share of a device's memory that the frozen weights of an adapter run may fill with each device
# holding a whole copy; the rest is for activations and the adapter's gradients.
WHOLE_COPY_SHARE = 0.6
BYTES_PER_WEIGHT = {"bf16": 2, "fp32": 4}


class ClusterUnknown(UserError):
    """SageMaker's variables do not say which machine this is; the text names the variable."""


Value = TypeVar("Value")


@dataclass(frozen=True)
class Launch:
    """A torchrun to start here; every machine starts its own."""

    nodes: int
    node_rank: int
    processes: int
    address: str
    interface: str | None

    def command(self, module: str, arguments: Sequence[str]) -> list[str]:
        """The command line."""
        meeting = ["--standalone"]
        if self.nodes > 1:
            meeting = [
                f"--node-rank={self.node_rank}",
                f"--master-addr={self.address}",
                f"--master-port={PORT}",
            ]
        return [
            *(sys.executable, "-m", "torch.distributed.run", f"--nnodes={self.nodes}", *meeting),
            *(f"--nproc-per-node={self.processes}", "-m", module, *arguments),
        ]

    def environment(self, root: Path, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment for the command; `root` holds the packages of this step."""
        paths = [str(root), *filter(None, [environment.get("PYTHONPATH")])]
        changed = dict(environment) | {"PYTHONPATH": os.pathsep.join(paths)}
        if self.interface:
            changed |= {
                "NCCL_SOCKET_IFNAME": self.interface,
                "GLOO_SOCKET_IFNAME": self.interface,
            }
        # torchrun would set it to 1 with a warning; a device's process has its share of the cores.
        changed.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // self.processes)))
        return changed


def launched(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether torchrun has started this process."""
    return "RANK" in environment and "WORLD_SIZE" in environment


def is_main(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is the process that prints, tracks and writes; exactly one is."""
    return int(environment.get("RANK", "0")) == 0


def world_size(environment: Mapping[str, str] = os.environ) -> int:
    """Processes in all."""
    return int(environment.get("WORLD_SIZE", "1"))


def launch_plan(environment: Mapping[str, str], devices: int) -> Launch | None:
    """The torchrun that is needed here, None for none. Raises `ClusterUnknown`.

    `devices` is what this machine has when SM_NUM_GPUS does not say.
    """
    if launched(environment):
        return None
    try:
        hosts = sorted(json.loads(environment.get("SM_HOSTS") or '["localhost"]'))
    except (ValueError, TypeError) as error:
        raise ClusterUnknown(
            f"SM_HOSTS: {environment['SM_HOSTS']!r} is not a JSON list of host names"
        ) from error
    current = environment.get("SM_CURRENT_HOST", hosts[0])
    if current not in hosts:
        raise ClusterUnknown(f"SM_CURRENT_HOST: {current!r} is not among SM_HOSTS {hosts}")
    processes = max(1, int(environment.get("SM_NUM_GPUS") or 0) or devices)
    if len(hosts) == 1 and processes == 1:
        return None
    return Launch(
        nodes=len(hosts),
        node_rank=hosts.index(current),
        processes=processes,
        address=hosts[0],
        interface=environment.get("SM_NETWORK_INTERFACE_NAME"),
    )


def start(launch: Launch, module: str, arguments: Sequence[str]) -> None:
    """Become torchrun: the process id stays, so signals reach it. Does not return."""
    root = Path(__file__).resolve().parent.parent
    command = launch.command(module, arguments)
    print(
        f"starting {launch.processes} processes on each of {launch.nodes} machines "
        f"(this is number {launch.node_rank})",
        flush=True,
    )
    os.execve(command[0], command, launch.environment(root, os.environ))


def strategy(
    settings: TrainSettings, execution: Execution, hardware: Hardware, parameters: int, world: int
) -> str:
    """`none`, `ddp` (each device a copy of the model) or `fsdp` (each device a part of it).

    `auto` shards when every weight is trained, or when a copy would fill a device. Processes of a
    CPU always hold copies: sharding there is not implemented by the libraries.
    """
    if world == 1:
        return "none"
    if hardware.device == "cpu":
        return "ddp"
    if settings.distributed != "auto":
        return settings.distributed
    if settings.tuning == "full":
        return "fsdp"
    weights = parameters * BYTES_PER_WEIGHT[execution.precision] / 2**30
    fits = execution.quantise or weights < WHOLE_COPY_SHARE * hardware.memory_gib
    return "ddp" if fits else "fsdp"


def fsdp_arguments(execution: Execution) -> dict[str, Any]:
    """Arguments for transformers: FSDP 2, wrapped by decoder layer, whole weights when saved."""
    return {
        "fsdp": True,
        "fsdp_config": {
            "version": 2,
            "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "reshard_after_forward": True,
            "activation_checkpointing": execution.gradient_checkpointing,
            "state_dict_type": "FULL_STATE_DICT",
        },
        # FSDP's own does the same without gathering the weights a second time.
        "activation_checkpointing": False,
    }


@contextlib.contextmanager
def process_group(device: str) -> Iterator[None]:
    """The group of torchrun's processes while the block runs; nothing in a single process.

    Objects and whole state dictionaries travel between CPUs (gloo), gradients between GPUs (nccl).
    """
    if not launched():
        yield
        return
    import torch
    from torch import distributed

    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def wait_for_everyone() -> None:
    """A barrier in a process group; nothing in a single process."""
    from torch import distributed

    if distributed.is_initialized():
        distributed.barrier()


def agreed(value: Value) -> Value:
    """The first process's value, in all of them: they must all take the same way."""
    from torch import distributed

    if not distributed.is_initialized():
        return value
    choice = [value]
    distributed.broadcast_object_list(choice, src=0)
    return choice[0]


def share_folder(folder: Path, *, writes: bool) -> None:
    """Bring the first process's folder to the other machines, whose disks are their own.

    Every process takes part; one on each of the other machines `writes`.
    """
    first = int(os.environ.get("RANK", "0")) == 0
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = agreed([path.relative_to(folder).as_posix() for path in files])
    for name in names:
        path, offset = folder / name, 0
        size = agreed(path.stat().st_size if first else 0)
        if writes:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        while offset < size:
            part = agreed(_chunk(path, offset) if first else b"")
            if writes:
                with path.open("ab") as file:
                    file.write(part)
            offset += len(part)


def _chunk(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(CHUNK)
