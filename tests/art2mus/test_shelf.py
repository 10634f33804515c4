"""What lies on the shelf gives what it gave in memory, and is in memory only while it is asked."""

from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from art2mus.checkpoints import read_weights
from art2mus.models import load_pipeline
from art2mus.models.assembly import put_together
from art2mus.projection import ImageProjection
from art2mus.shelf import shelve
from tests.art2mus import audioldm2, tiny

MB = 2**20
CALL = {"prompt": "slow strings", "audio_length_in_s": 0.96, "num_inference_steps": 1, "output_type": "latent"}


def memory() -> int:
    """Bytes of this process."""
    return int(psutil.Process().memory_info().rss)


def test_a_network_on_the_shelf_takes_no_memory_and_gives_the_same(tmp_path: Path) -> None:
    layers = nn.ModuleList(nn.Linear(2048, 2048) for _ in range(16))  # 16 MB each
    network = nn.Sequential(*layers).eval().requires_grad_(False)
    asked = torch.randn(2, 2048)
    expected, before = network(asked), memory()
    peaks: list[int] = []
    for layer in layers:
        layer.register_forward_hook(lambda *_: peaks.append(memory()))
    shelve(network, tmp_path)
    assert before - memory() > 200 * MB
    assert torch.equal(network(asked), expected)
    assert max(peaks) - memory() < 64 * MB, "one layer after another"
    assert before - memory() > 200 * MB
    assert not list(tmp_path.iterdir()), "the file has no name"


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="asks Linux for the most memory since a moment")
def test_weights_are_never_in_memory_twice(tmp_path: Path) -> None:
    weights = {f"{number}": torch.randn(1024, 2048) for number in range(64)}  # 512 MB, and 256 in half precision
    save_file(weights, tmp_path / "weights.safetensors")
    del weights["0"]
    before = memory()
    Path("/proc/self/clear_refs").write_text("5")
    read = read_weights(tmp_path / "weights.safetensors", torch.bfloat16, weights)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    most = int(status["VmHWM"].split()[0]) * 1024
    assert most - before < 450 * MB
    assert read.keys() == weights.keys()
    assert all(torch.equal(read[key], weight.to(torch.bfloat16)) for key, weight in weights.items())


def test_weights_that_are_shared_are_written_once_and_stay_shared(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8)).requires_grad_(False)
    network[1].weight = network[0].weight
    shelve(network.to(torch.bfloat16), tmp_path / "new" / "folder")
    assert network[1].weight is network[0].weight
    network[0].weight.zero_()
    network(torch.ones(1, 8, dtype=torch.bfloat16))
    assert not network[1].weight.any(), "what is changed is not lost with the memory"


def test_a_disk_that_does_not_take_it_leaves_the_network_as_it_was(tmp_path: Path) -> None:
    network = nn.Linear(4, 4)
    (tmp_path / "file").touch()
    before = network.weight.data_ptr()
    with pytest.raises(OSError):
        shelve(network, tmp_path / "file")
    assert network.weight.data_ptr() == before


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    audioldm2.save_as_on_the_hub(audioldm2.tiny_parts(), folder / "audioldm2")
    tiny.imagebind().save_pretrained(folder / "imagebind")
    torch.save(ImageProjection(tiny.IMAGE_DIM, 12, tiny.LANGUAGE_DIM).state_dict(), folder / "projection.pt")
    parts = (str(folder / "audioldm2"), str(folder / "imagebind"), folder / "projection.pt")
    put_together(folder / "mine", *parts, "reference")
    load_pipeline(folder / "mine").save_pretrained(folder / "saved")
    return folder


@pytest.mark.parametrize("name", ["audioldm2", "mine", "saved"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_model_with_its_encoders_on_the_shelf_is_the_same_model(
    name: str, dtype: torch.dtype, model: Path, tmp_path: Path
) -> None:
    pipes = [load_pipeline(model / name, dtype, shelf=shelf) for shelf in (None, tmp_path / "shelf")]
    made = [pipe(generator=torch.Generator().manual_seed(0), **CALL).latents[0] for pipe in pipes]
    assert torch.equal(*made)
    calls: list[nn.Module] = []
    pipes[1].text_encoder_2.register_forward_hook(lambda module, *_: calls.append(module))
    pipes[1](generator=torch.Generator().manual_seed(1), **CALL)
    assert not calls, "constants of a show stay known"


def test_without_room_on_the_disk_it_stays_in_memory(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    pipe = load_pipeline(model / "audioldm2", shelf=tmp_path / "file")
    assert "T5EncoderModel stays in memory" in caplog.text
    assert pipe(generator=torch.Generator().manual_seed(0), **CALL).latents
