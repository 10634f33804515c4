"""Faults are told apart by what torch says, and no number that is none gets out of the pipeline."""

import pytest
import torch
from PIL import Image

from art2mus.faults import Fault, NotFiniteError, fault_of
from tests.art2mus import tiny

PICTURE = Image.new("RGB", (32, 32), "orange")


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), Fault.OUT_OF_MEMORY),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), Fault.OUT_OF_MEMORY),
        (MemoryError("Unable to allocate 9 GiB for an array"), Fault.OUT_OF_MEMORY),
        (RuntimeError("CUDA error: out of memory"), Fault.OUT_OF_MEMORY),
        (RuntimeError("CUDA error: device-side assert triggered"), Fault.DEVICE_LOST),
        (RuntimeError("CUDA error: unspecified launch failure"), Fault.DEVICE_LOST),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), Fault.DEVICE_LOST),
        (torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), Fault.DEVICE_LOST),
        (AssertionError("Torch not compiled with CUDA enabled"), Fault.DEVICE_LOST),
        (RuntimeError("No CUDA GPUs are available"), Fault.DEVICE_LOST),
        (NotFiniteError("the latents"), Fault.NOT_FINITE),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), None),
        (OSError("out of memory, said a disk"), None),
    ],
)
def test_faults_are_told_apart(error: BaseException, fault: Fault | None) -> None:
    assert fault_of(error) is fault


def test_memory_that_really_runs_out_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50)
    assert fault_of(caught.value) is Fault.OUT_OF_MEMORY


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_latents_that_are_no_numbers_stop_the_pipeline(number: float) -> None:
    pipe = tiny.pipeline()
    pipe.unet.conv_out.register_forward_hook(lambda *args: torch.full_like(args[2], number))
    with pytest.raises(NotFiniteError, match="the latents: not all numbers are finite"):
        pipe(PICTURE, audio_length_in_s=2.0)


def test_sound_that_is_no_numbers_stops_the_pipeline() -> None:
    pipe = tiny.pipeline(tiny.mel_codec())
    pipe.codec.vocoder.register_forward_hook(lambda *args: args[2] / 0.0)
    with pytest.raises(NotFiniteError, match="the waveform"):
        pipe(PICTURE, audio_length_in_s=1.0)
