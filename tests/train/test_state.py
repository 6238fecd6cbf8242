import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from paragonsr.errors import TrainingError
from paragonsr.train import state


def network(width: int = 3) -> nn.Module:
    torch.manual_seed(width)
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width))


def trained(width: int = 3) -> tuple[nn.Module, nn.Module, torch.optim.AdamW]:
    """A network, its average and an optimiser that has made two steps."""
    subject, average = network(width), network(width)
    optimiser = torch.optim.AdamW(subject.parameters(), lr=0.1)
    for _ in range(2):
        optimiser.zero_grad()
        subject(torch.randn(2, 3, 8, 8)).square().mean().backward()
        optimiser.step()
    return subject, average, optimiser


def parts(subject: tuple[nn.Module, nn.Module, torch.optim.AdamW]) -> state.Parts:
    return dict(zip(("network", "average", "optimiser"), subject, strict=True))


def test_everything_comes_back_bitwise(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    progress = state.Progress("digest", 7, 56, 4, 31.25, {"threads": "1"})
    saved = trained()
    state.save(path, progress, {"model": "{}"}, parts(saved))
    found, tensors = state.load(path)
    assert found == progress
    subject = network()
    fresh = subject, network(), torch.optim.AdamW(subject.parameters(), lr=0.1)
    state.restore(tensors, parts(fresh))
    for left, right in zip(saved[:2], fresh[:2], strict=True):
        assert all(torch.equal(tensor, right.state_dict()[name]) for name, tensor in left.state_dict().items())
    ours, theirs = (subject[2].state_dict()["state"] for subject in (saved, fresh))
    assert ours.keys() == theirs.keys() == set(range(4))
    assert all(torch.equal(ours[index][name], theirs[index][name]) for index in ours for name in ours[index])
    assert [path.name for path in tmp_path.iterdir()] == ["last.safetensors"]
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode, "readable by whom other files are"


def test_a_failed_save_keeps_the_old_file_and_leaves_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.safetensors"
    state.save(path, state.Progress("old"), {}, parts(trained()))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        state.save(path, state.Progress("new"), {}, parts(trained()))
    assert state.load(path)[0].settings == "old"
    assert list(tmp_path.iterdir()) == [path]


KILLS = """
    import os, random, signal, sys, time
    from pathlib import Path
    import torch
    from torch import nn
    from paragonsr.train import state

    torch.set_num_threads(1)  # a child forked beside a pool of threads waits for threads it does not have

    path, (heard, tell), draw = Path(sys.argv[1]), os.pipe(), random.Random(0)
    subject, average = nn.Linear(300, 300), nn.Linear(300, 300)
    optimiser = torch.optim.AdamW(subject.parameters())
    parts = {"network": subject, "average": average, "optimiser": optimiser}

    def save_for_ever(step):
        while True:
            step += 1
            for tensor in (*subject.parameters(), *average.parameters()):
                tensor.data.fill_(step)
            state.save(path, state.Progress("s", step), {}, parts)
            os.write(tell, step.to_bytes(4, "big"))

    told = 0
    for _ in range(8):
        child = os.fork()
        if not child:
            save_for_ever(told)
        told = int.from_bytes(os.read(heard, 4), "big")
        time.sleep(draw.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.write(tell, bytes(4))
        while news := int.from_bytes(os.read(heard, 4), "big"):
            told = news
        progress, tensors = state.load(path)
        assert progress.step >= told, (progress.step, told)
        assert len(tensors) == 4, tensors.keys()
        assert all(bool((tensor == progress.step).all()) for tensor in tensors.values())
    assert len(list(path.parent.iterdir())) > 1, "no kill has met a save"
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork and no SIGKILL")
def test_sigkill_in_the_middle_of_a_save_loses_nothing(tmp_path: Path) -> None:
    """Killed at random moments, the file is always whole and no older than the last save that was reported."""
    command = [sys.executable, "-c", textwrap.dedent(KILLS), str(tmp_path / "last.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def corrupt(path: Path, kind: str) -> None:
    whole = path.read_bytes()
    if kind == "missing":
        path.unlink()
    elif kind == "folder":
        path.unlink()
        path.mkdir()
    elif kind == "foreign":
        save_file({"conv_in.weight": torch.zeros(2)}, path)
    elif kind == "odd progress":
        save_file({"conv_in.weight": torch.zeros(2)}, path, {"progress": '{"steps": 3}'})
    elif kind == "no json":
        save_file({"conv_in.weight": torch.zeros(2)}, path, {"progress": "yes"})
    else:
        path.write_bytes({"empty": b"", "head": whole[:40], "tail": whole[:-7], "text": b"weights, trust me"}[kind])


@pytest.mark.parametrize(
    "kind", ["missing", "folder", "foreign", "odd progress", "no json", "empty", "head", "tail", "text"]
)
def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "last.safetensors"
    state.save(path, state.Progress("s"), {}, parts(trained()))
    corrupt(path, kind)
    with pytest.raises(TrainingError, match=r"last\.safetensors"):
        state.load(path)


def test_a_checkpoint_of_another_age_is_named(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    state.save(path, state.Progress("s", schema_version=2), {}, parts(trained()))
    with pytest.raises(TrainingError, match="schema version 2; this program reads 1"):
        state.load(path)


def test_a_checkpoint_of_another_network_is_named(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    state.save(path, state.Progress("s"), {}, parts(trained(3)))
    _, tensors = state.load(path)
    with pytest.raises(TrainingError, match="another network"):
        state.restore(tensors, parts(trained(4)))
    lacking = {name: tensor for name, tensor in tensors.items() if not name.startswith("optimiser.2.")}
    with pytest.raises(TrainingError, match="part of it is missing"):
        state.restore(lacking, parts(trained(3)))
