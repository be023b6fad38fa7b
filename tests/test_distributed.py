"""A model outgrows one machine: the same graph, written out for JAX and PyTorch, under their distributed engines.

JAX and PyTorch are large, and only in the ``bench`` extra; where they are not installed there is nothing to show.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autodiff import Program, Value, nn

pytestmark = pytest.mark.slow

SAMPLES = 64

JAX = """
import json, os, sys
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
from model import program
import jax, jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

task = json.load(open("task.json"))
devices = jax.devices()
assert len(devices) == 4, devices
mesh = Mesh(devices, ("data",))
rows = jax.device_put(jnp.array(task["rows"]), NamedSharding(mesh, PartitionSpec("data")))
params = jax.device_put(jnp.array(task["params"]), NamedSharding(mesh, PartitionSpec()))
assert len(rows.sharding.device_set) == 4

@jax.jit
def mean_gradient(rows, params):
    _, terms = jax.vmap(program, in_axes=(0, None))(rows, params)
    return jnp.stack([jnp.mean(jnp.broadcast_to(term, (len(rows),))) for term in terms])

json.dump(mean_gradient(rows, params).tolist(), open("answer.json", "w"))
"""

# The same source rolled up takes the whole batch, and answers the gradient of its mean.
JAX_ROLLED = JAX.replace(
    """
    _, terms = jax.vmap(program, in_axes=(0, None))(rows, params)
    return jnp.stack([jnp.mean(jnp.broadcast_to(term, (len(rows),))) for term in terms])
""",
    """
    return program(rows, params)[1]
""",
)

TORCH = """
import json, os, sys
import torch, torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from model import program

task, rank = json.load(open("task.json")), int(sys.argv[1])
dist.init_process_group("gloo", init_method="file://" + os.path.abspath("meeting"), rank=rank, world_size=2)

class Model(torch.nn.Module):
    def __init__(self, params):
        super().__init__()
        self.params = torch.nn.Parameter(torch.tensor(params, dtype=torch.float64))

    def forward(self, rows):
        (loss,), _ = program(rows, self.params)
        return loss.mean()

model = DistributedDataParallel(Model(task["params"]))
half = torch.tensor(task["rows"], dtype=torch.float64)[rank::2]
model(half).backward()  # the gradients of the two processes are averaged on the way
if rank == 0:
    json.dump(model.module.params.grad.tolist(), open("answer.json", "w"))
dist.barrier()
dist.destroy_process_group()
os._exit(0)  # threads of the library that are not joined abort a process that ends by itself, now and then
"""

TORCH_ROLLED = TORCH.replace("(loss,), _ = program(rows, self.params)", "loss = program(rows, self.params)")


@pytest.fixture
def task(tmp_path: Path) -> tuple[Path, Program, list[float]]:
    """A folder with a small network's rows and parameters, its program, and the gradient that ours gives."""
    random.seed(4)
    model = nn.MLP(2, [5, 3, 1])
    x, label = [Value(0.3), Value(-0.2)], Value(1.0)
    program = Program((1 - label * model(x)).relu(), [*x, label], model.parameters())
    rows = [[random.uniform(-1, 1), random.uniform(-1, 1), random.choice([-1.0, 1.0])] for _ in range(SAMPLES)]
    (tmp_path / "task.json").write_text(json.dumps({"rows": rows, "params": program.read()}))
    return tmp_path, program, [float(x) for x in program.value_and_grad(rows)[1]]


def start(folder: Path, script: str, *arguments: str) -> subprocess.Popen[Any]:
    (folder / "run.py").write_text(script)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder)}
    return subprocess.Popen([sys.executable, "run.py", *arguments], cwd=folder, env=environment)


def answer(folder: Path) -> list[float]:
    found: list[float] = json.loads((folder / "answer.json").read_text())
    return found


ROLLED = pytest.mark.parametrize("rolled", [False, True], ids=["line by line", "rolled"])


@ROLLED
def test_jax_shards_the_batch_over_four_devices_and_finds_the_same_gradient(
    rolled: bool, task: tuple[Path, Program, list[float]]
) -> None:
    pytest.importorskip("jax")
    folder, program, expected = task
    (folder / "model.py").write_text(program.source("jax", rolled=rolled))
    assert start(folder, JAX_ROLLED if rolled else JAX).wait(timeout=120) == 0
    assert answer(folder) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@ROLLED
def test_torch_in_two_processes_finds_the_same_gradient(rolled: bool, task: tuple[Path, Program, list[float]]) -> None:
    pytest.importorskip("torch")
    folder, program, expected = task
    (folder / "model.py").write_text(program.source("torch", what="value", rolled=rolled))
    workers = [start(folder, TORCH_ROLLED if rolled else TORCH, str(rank)) for rank in range(2)]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    assert answer(folder) == pytest.approx(expected, rel=1e-12, abs=1e-15)
