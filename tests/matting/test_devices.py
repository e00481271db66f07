"""From a user's word to a device and a precision that are there."""

from __future__ import annotations

import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from matteline.contract.errors import DeviceError, JobError
from matteline.matting.devices import (
    DTYPES,
    compute_repeatably,
    devices,
    precision_name,
    resolve_batch,
    resolve_device,
    resolve_precision,
    torch_build,
    with_memory,
)

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")


def test_auto_takes_the_best_device_there_is():
    assert resolve_device("auto") == torch.device(devices()[0][0])


def test_the_processor_is_always_there():
    assert resolve_device("cpu") == CPU
    assert devices()[-1][0] == "cpu"


@without_cuda
@pytest.mark.parametrize("word", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_is_not_there_is_refused_with_the_build_of_torch(word: str):
    with pytest.raises(DeviceError, match=torch.__version__.replace("+", r"\+")) as raised:
        resolve_device(word)
    assert "render on the CPU" in raised.value.hint
    assert raised.value.settings == ("device=cpu",)


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this machine has an Apple GPU")
def test_an_apple_gpu_that_is_not_there_is_refused():
    with pytest.raises(DeviceError, match="Apple GPU"):
        resolve_device("mps")


@pytest.mark.parametrize("word", ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0:1", "cudax", "meta", "CPU"])
def test_a_word_that_is_no_device_is_refused(word: str):
    with pytest.raises(JobError) as raised:
        resolve_device(word)
    assert raised.value.field == "device"


@pytest.mark.parametrize(
    ("word", "device", "dtype"),
    [
        ("auto", CPU, torch.float32),
        ("auto", torch.device("mps"), torch.float32),
        ("auto", CUDA, torch.float16),
        ("fp32", CUDA, torch.float32),
        ("fp16", CUDA, torch.float16),
        ("bf16", CPU, torch.bfloat16),
    ],
)
def test_a_precision_suits_the_device(word: str, device: torch.device, dtype: torch.dtype):
    assert resolve_precision(word, device) == dtype


def test_a_word_that_is_no_precision_is_refused():
    with pytest.raises(JobError, match="int8") as raised:
        resolve_precision("int8", CPU)
    assert raised.value.field == "precision"


@pytest.mark.parametrize("name", DTYPES)
def test_every_precision_is_named_as_in_the_settings(name: str):
    assert precision_name(DTYPES[name]) == name


def test_a_gpu_takes_more_frames_at_once_than_a_processor():
    assert resolve_batch("auto", CPU) == 1
    assert resolve_batch("auto", CUDA) > 1


def test_a_batch_that_is_asked_for_is_taken():
    assert resolve_batch(3, CPU) == resolve_batch(3, CUDA) == 3


def test_the_build_of_torch_says_what_it_was_built_for():
    assert torch.__version__ in torch_build()
    assert "CUDA" in torch_build() or "ROCm" in torch_build()


def test_the_settings_for_the_same_pixels_stay_and_are_those_of_all_threads():
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic, matmul.allow_tf32
    try:
        compute_repeatably(CUDA)
        with ThreadPoolExecutor(1) as thread:
            seen = thread.submit(
                lambda: (cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic, matmul.allow_tf32)
            )
        assert seen.result() == (False, False, True, False)
    finally:
        cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic, matmul.allow_tf32 = before


def test_work_that_runs_out_of_memory_is_done_again_when_its_tensors_are_gone():
    living = []

    def work() -> int:
        tensor = torch.ones(3)
        living.append(weakref.ref(tensor))
        if len(living) == 1:
            raise torch.OutOfMemoryError
        assert living[0]() is None
        return 5

    assert with_memory(CPU, work) == 5


def test_memory_that_runs_out_twice_is_told_of():
    def work() -> None:
        raise torch.OutOfMemoryError

    with pytest.raises(DeviceError, match="cuda:0 has too little memory") as raised:
        with_memory(CUDA, work)
    assert "downsample_ratio" in raised.value.settings


@pytest.mark.gpu
def test_a_gpu_beyond_the_last_is_refused(cuda: torch.device):
    with pytest.raises(DeviceError, match="this machine has cuda:0"):
        resolve_device("cuda:99")
    assert resolve_device("cuda:0") == cuda
