"""Networks that come as ONNX graphs and TorchScript programs: the same tensors, or a reasoned refusal."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper
from safetensors.torch import save_file

from matteline.contract.errors import ModelError
from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.find import inspect
from matteline.matting.weights.load import load_network, load_state
from tests.matting.exported import onnx_of, scripted_tree_of, torchscript_of
from tests.matting.filling import filled, moving_pictures

SMALL = 0.25


@pytest.fixture(scope="module")
def network() -> MattingNetwork:
    """A narrow network whose every weight counts."""
    return filled(Architecture(width=SMALL))


@pytest.fixture(scope="module")
def graph(network: MattingNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The narrow network as an ONNX file."""
    return onnx_of(network, tmp_path_factory.mktemp("onnx") / "hero.onnx")


@pytest.fixture(scope="module")
def program(network: MattingNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The narrow network as a TorchScript program."""
    return torchscript_of(network, tmp_path_factory.mktemp("script") / "hero.torchscript")


def alphas(network: MattingNetwork) -> torch.Tensor:
    """Alpha of three pictures in a row, at half size where the network has a refiner of its own."""
    # The fast filter divides by next to nothing where a picture is flat, and rounding becomes visible.
    ratio = 0.5 if network.architecture.refiner == "deep_guided_filter" else 1.0
    with torch.inference_mode():
        return network(moving_pictures(3, 96, 72)[None], downsample_ratio=ratio)[1]


def refused(path: Path) -> ModelError:
    """The refusal of a file, which must name it and advise something."""
    with pytest.raises(ModelError) as caught:
        load_network(inspect(path), "auto")
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


# What is read


@pytest.mark.slow
def test_every_kind_of_file_of_one_network_gives_the_same_alpha(
    network: MattingNetwork, graph: Path, program: Path, tmp_path: Path
) -> None:
    torch.save(network.state_dict(), tmp_path / "hero.pth")
    save_file(network.state_dict(), tmp_path / "hero.safetensors")
    unfolded = onnx_of(network, tmp_path / "unfolded.onnx", folded=False)
    tree = scripted_tree_of(network, tmp_path / "tree.torchscript")
    files = (graph, unfolded, program, tree, tmp_path / "hero.pth", tmp_path / "hero.safetensors")

    expected = alphas(network)
    assert expected.std() > 0.01
    for path in files:
        made = alphas(load_network(inspect(path), "deep"))
        assert (made - expected).abs().max() <= 1e-5, path


@pytest.mark.slow
@pytest.mark.footage
def test_every_kind_of_file_of_the_official_network_is_known_and_gives_the_same_alpha(
    official_onnx: Path, official_file: Path, tmp_path: Path
) -> None:
    network = load_network(inspect(official_file), "deep")
    torch.save(network.state_dict(), tmp_path / "renamed.pth")
    program = torchscript_of(network, tmp_path / "renamed.torchscript")
    files = (official_onnx, official_file, program, tmp_path / "renamed.pth")

    found = [inspect(path) for path in files]
    assert {(each.name, each.origin) for each in found} == {("rvm_mobilenetv3", "official RVM MobileNetV3")}
    made = [alphas(load_network(each, "deep")) for each in found]
    assert all((each - made[0]).abs().max() <= 1e-5 for each in made)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "refiner"),
    [
        ("mobilenetv3", "fast_guided_filter"),
        ("resnet50", "deep_guided_filter"),
        ("resnet50", "fast_guided_filter"),
    ],
)
def test_every_network_is_told_from_its_graph(tmp_path: Path, variant: str, refiner: str) -> None:
    network = filled(Architecture(variant, refiner))
    found = inspect(onnx_of(network, tmp_path / "network.onnx"))

    assert found.architecture == network.architecture
    assert (alphas(load_network(found, "auto")) - alphas(network)).abs().max() <= 1e-5


@pytest.mark.slow
def test_a_graph_of_half_precision_is_read(network: MattingNetwork, graph: Path, tmp_path: Path) -> None:
    model = onnx.load(graph)
    for each in model.graph.initializer:
        values = numpy_helper.to_array(each)
        if values.dtype == np.float32:
            each.CopyFrom(numpy_helper.from_array(values.astype(np.float16), each.name))
    onnx.save(model, tmp_path / "half.onnx")

    loaded = load_network(inspect(tmp_path / "half.onnx"), "deep")
    name = "decoder.decode1.gru.ih.0.weight"
    assert torch.equal(loaded.get_parameter(name), network.get_parameter(name).half().float())
    assert (alphas(loaded) - alphas(network)).abs().max() <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "width"), [("mobilenetv3", SMALL), ("resnet50", 1.0)])
def test_a_graph_for_ratio_1_holds_no_refiner(tmp_path: Path, variant: str, width: float) -> None:
    path = onnx_of(filled(Architecture(variant, width=width)), tmp_path / "whole.onnx", ratio=1.0)

    assert inspect(path).architecture == Architecture(variant, "fast_guided_filter", width)


def test_names_that_a_graph_gives_its_tensors_do_not_matter(
    network: MattingNetwork, graph: Path, tmp_path: Path
) -> None:
    model = onnx.load(graph)
    named = {each.name: f"w{number}" for number, each in enumerate(model.graph.initializer)}
    for each in model.graph.initializer:
        each.name = named[each.name]
    for node in model.graph.node:
        node.input[:] = [named.get(name, name) for name in node.input]
    onnx.save(model, tmp_path / "renamed.onnx")

    assert inspect(tmp_path / "renamed.onnx").tensors_sha256 == inspect(graph).tensors_sha256


@pytest.mark.slow
def test_reading_a_graph_needs_no_library_of_onnx(graph: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from matteline.matting.weights.find import inspect\n"
        "inspect(Path(sys.argv[1])); assert not {'onnx', 'onnxruntime', 'google.protobuf'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(graph)], check=True)


@pytest.mark.slow
def test_a_program_is_found_without_torch(program: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from matteline.matting.weights.find import inspect\n"
        "inspect(Path(sys.argv[1])); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(program)], check=True)


# Graphs that are not RVM's


Change = Callable[[onnx.GraphProto], None]


def _convolutions(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    return (node for node in graph.node if node.op_type == "Conv")


def _attribute(name: str, values: list[int]) -> Change:
    def change(graph: onnx.GraphProto) -> None:
        node = next(each for each in _convolutions(graph) if any(a.name == name for a in each.attribute))
        for attribute in node.attribute:
            if attribute.name == name:
                attribute.ints[:] = values

    return change


def _relu_becomes_sigmoid(graph: onnx.GraphProto) -> None:
    next(node for node in graph.node if node.op_type == "Relu").op_type = "Sigmoid"


def _a_shortcut_is_left_out(graph: onnx.GraphProto) -> None:
    shortcut = next(node for node in graph.node if node.op_type == "Add")
    for node in graph.node:
        node.input[:] = [shortcut.input[0] if name == shortcut.output[0] else name for name in node.input]


def _two_convolutions_change_places(graph: onnx.GraphProto) -> None:
    shapes = {each.name: tuple(each.dims) for each in graph.initializer}
    nodes = list(_convolutions(graph))
    for one, other in ((a, b) for n, a in enumerate(nodes) for b in nodes[n + 1 :]):
        if shapes[one.input[1]] != shapes[other.input[1]]:
            one.input[1], other.input[1] = other.input[1], one.input[1]
            return


def _a_convolution_more(graph: onnx.GraphProto) -> None:
    node = next(_convolutions(graph))
    graph.initializer.append(numpy_helper.from_array(np.ones((8, 8, 1, 1), np.float32), "extra"))
    graph.node.append(helper.make_node("Conv", [node.output[0], "extra"], ["more"]))


def _one_channel_less(graph: onnx.GraphProto) -> None:
    name = next(_convolutions(graph)).input[1]
    for each in graph.initializer:
        if each.name == name:
            each.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(each)[:-1], name))


def _one_bias_less(graph: onnx.GraphProto) -> None:
    del next(_convolutions(graph)).input[2]


def _an_output_more(graph: onnx.GraphProto) -> None:
    graph.output.append(helper.make_tensor_value_info(graph.node[5].output[0], 1, None))


def _alpha_inverted(graph: onnx.GraphProto) -> None:
    graph.initializer.append(numpy_helper.from_array(np.ones(1, np.float32), "one"))
    graph.node.append(helper.make_node("Sub", ["one", "pha"], ["inverted"]))
    graph.output[1].name = "inverted"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_attribute("strides", [1, 1]), "others lie between"),
        (_attribute("dilations", [2, 2]), "others lie between"),
        (_attribute("pads", [0, 0, 0, 0]), "others lie between"),
        (_relu_becomes_sigmoid, "others lie between"),
        (_a_shortcut_is_left_out, "others lie between"),
        (_an_output_more, "others lie between"),
        (_alpha_inverted, "others lie between"),
        (_two_convolutions_change_places, "belongs it has a convolution of"),
        (_one_channel_less, "instead of 8x3x3x3"),
        (_a_convolution_more, "83 convolutions, where RVM has 82, 78, 73 or 69"),
        (_one_bias_less, "neither a batch norm nor its bias"),
    ],
)
def test_a_changed_graph_is_refused(graph: Path, tmp_path: Path, change: Change, why: str) -> None:
    model = onnx.load(graph)
    change(model.graph)
    onnx.save(model, tmp_path / "changed.onnx")

    message = refused(tmp_path / "changed.onnx").message
    assert "is not RVM's graph" in message
    assert why in message


def test_a_graph_of_another_network_is_refused(tmp_path: Path) -> None:
    floats = onnx.TensorProto.FLOAT
    weights = [numpy_helper.from_array(np.ones((3, 3, 1, 1), np.float32), name) for name in "ab"]
    nodes = [helper.make_node("Conv", ["x", "a"], ["y"]), helper.make_node("Conv", ["y", "b"], ["z"])]
    ends = [[helper.make_tensor_value_info(name, floats, [1, 3, 8, 8])] for name in "xz"]
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", *ends, weights)), tmp_path / "other.onnx")

    assert "it has 2 convolutions" in refused(tmp_path / "other.onnx").message


def test_a_quantised_graph_is_refused(graph: Path, tmp_path: Path) -> None:
    model = onnx.load(graph)
    for each in model.graph.initializer:
        if each.dims[1:]:
            values = numpy_helper.to_array(each)
            each.CopyFrom(
                numpy_helper.from_array(np.clip(values * 127, -127, 127).astype(np.int8), each.name)
            )
    onnx.save(model, tmp_path / "int8.onnx")

    assert "may be quantised" in refused(tmp_path / "int8.onnx").message


def test_weights_that_a_graph_computes_are_refused(graph: Path, tmp_path: Path) -> None:
    model = onnx.load(graph)
    node = next(_convolutions(model.graph))
    model.graph.node.insert(0, helper.make_node("Neg", [node.input[1]], ["computed"]))
    node.input[1] = "computed"
    onnx.save(model, tmp_path / "computed.onnx")

    assert "computes the weights" in refused(tmp_path / "computed.onnx").message


def test_operators_of_other_makers_are_refused(graph: Path, tmp_path: Path) -> None:
    model = onnx.load(graph)
    model.graph.node[3].domain = "com.acme"
    onnx.save(model, tmp_path / "acme.onnx")

    assert "not of standard ONNX" in refused(tmp_path / "acme.onnx").message


# Hostile and damaged graphs


@pytest.mark.skipif(os.name == "nt", reason="Windows has no FIFOs")
def test_tensors_in_other_files_are_never_opened(graph: Path, tmp_path: Path) -> None:
    # Whoever opened it would wait for ever.
    os.mkfifo(tmp_path / "tensors.bin")
    model = onnx.load(graph)
    for each in model.graph.initializer:
        each.ClearField("raw_data")
        each.data_location = onnx.TensorProto.EXTERNAL
        each.external_data.add(key="location", value="tensors.bin")
    (tmp_path / "external.onnx").write_bytes(model.SerializeToString())

    assert "keeps its tensors in other files" in refused(tmp_path / "external.onnx").message


def test_a_tensor_cannot_claim_more_than_it_has(graph: Path, tmp_path: Path) -> None:
    model = onnx.load(graph)
    name = next(_convolutions(model.graph)).input[1]
    for each in model.graph.initializer:
        if each.name == name:
            each.dims[0] = 1 << 40
    (tmp_path / "large.onnx").write_bytes(model.SerializeToString())

    assert "another size than it says" in refused(tmp_path / "large.onnx").message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"\x3a\x00" * 300_000, "too many fields"),
        (b"\x3a\xff\xff\xff\xff\x0f", "cut short"),
        (b"\xff" * 40, "no protocol buffer"),
        (b"\x3a\x00\x3a\x00", "no graph"),
        (b"\x3a\x02\x08\x05", "a number where bytes belong"),
        (b"", "no graph"),
        # Groups within groups, which would be walked by recursion.
        (b"\x3b" * 100_000, "wire type 3"),
    ],
)
def test_bytes_that_are_no_graph_are_refused(tmp_path: Path, message: bytes, why: str) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(message)

    assert why in refused(path).message


def test_nodes_that_feed_themselves_are_refused(graph: Path, tmp_path: Path) -> None:
    model = onnx.load(graph)
    node = next(_convolutions(model.graph))
    node.input[0] = node.output[0]
    (tmp_path / "loop.onnx").write_bytes(model.SerializeToString())

    assert "out of order" in refused(tmp_path / "loop.onnx").message


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.99, 0.99999])
def test_a_truncated_graph_is_refused(graph: Path, tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(graph.read_bytes()[: int(graph.stat().st_size * share)])

    assert "cut short" in refused(path).message


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000_000), bytes_=st.binary(min_size=1, max_size=6), near=st.booleans())
def test_no_damage_to_a_graph_ends_in_a_traceback(
    graph: Path, tmp_path: Path, at: int, bytes_: bytes, near: bool
) -> None:
    data = graph.read_bytes()
    at %= 4000 if near else len(data)  # where the nodes are, or anywhere
    (tmp_path / "fuzzed.onnx").write_bytes(data[:at] + bytes_ + data[at + len(bytes_) :])

    try:
        load_network(inspect(tmp_path / "fuzzed.onnx"), "auto")
    except ModelError as error:
        assert error.hint


# Hostile and damaged programs


def _with_pickle(program: Path, path: Path, pickled: bytes) -> Path:
    """A copy of a program that holds another list of tensors."""
    with zipfile.ZipFile(program) as old, zipfile.ZipFile(path, "w") as new:
        for each in old.infolist():
            data = pickled if each.filename.endswith("/data.pkl") else old.read(each)
            new.writestr(each.filename, data, each.compress_type)
    return path


@pytest.mark.slow
def test_a_program_is_never_run(program: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(program) as archive:
        held = archive.read("hero/data.pkl")
    marker = tmp_path / "marker"
    evil = (
        b"cos\nsystem\n(X"
        + len(f"touch {marker}").to_bytes(4, "little")
        + f"touch {marker}".encode()
        + b"tR0"
    )
    path = _with_pickle(program, tmp_path / "evil.torchscript", held[:2] + evil + held[2:])

    assert "refused: it asks to use os.system" in refused(path).message
    assert not marker.exists()


@pytest.mark.slow
def test_code_of_a_program_is_not_even_looked_at(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.torchscript"
    with zipfile.ZipFile(program) as old, zipfile.ZipFile(path, "w") as new:
        for each in old.infolist():
            if "/code/" not in each.filename:
                new.writestr(each.filename, old.read(each))
        new.writestr("hero/code/bomb.py", bytes(1 << 26), zipfile.ZIP_DEFLATED)

    assert load_state(path).keys() == load_state(program).keys()


@pytest.mark.slow
def test_modules_within_themselves_are_refused(program: Path, tmp_path: Path) -> None:
    # A module whose attribute is the module itself.
    held = b"\x80\x02c__torch__\nM\n)\x81q\x00}X\x01\x00\x00\x00ah\x00sb."

    message = refused(_with_pickle(program, tmp_path / "loop.torchscript", held)).message
    assert "damaged" in message


@pytest.mark.parametrize("held", [b"\x80\x02}.", b"\x80\x02N.", pickle.dumps([1, 2], 2)])
def test_a_program_without_modules_is_refused(program: Path, tmp_path: Path, held: bytes) -> None:
    assert "TorchScript" in refused(_with_pickle(program, tmp_path / "none.torchscript", held)).message


@pytest.mark.slow
def test_a_frozen_program_has_lost_its_names(network: MattingNetwork, tmp_path: Path) -> None:
    path = torchscript_of(network, tmp_path / "frozen.torchscript", frozen=True)

    assert "frozen" in refused(path).message


def test_a_tensor_of_a_program_cannot_reach_beyond_its_storage(program: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(program) as archive:
        held = archive.read("hero/data.pkl")
    # The first shape, (8, 3, 3, 3), with a thousand rows.
    longer = held.replace(b"(K\x08K\x03K\x03K\x03t", b"(M\xe8\x03K\x03K\x03K\x03t", 1)
    assert longer != held

    assert "damaged" in refused(_with_pickle(program, tmp_path / "far.torchscript", longer)).message


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 200_000), bytes_=st.binary(min_size=1, max_size=6))
def test_no_damage_to_a_program_ends_in_a_traceback(
    program: Path, tmp_path: Path, at: int, bytes_: bytes
) -> None:
    with zipfile.ZipFile(program) as archive:
        held = archive.read("hero/data.pkl")
    at %= len(held)
    path = tmp_path / "fuzzed.torchscript"
    _with_pickle(program, path, held[:at] + bytes_ + held[at + len(bytes_) :])

    try:
        load_network(inspect(path), "auto")
    except ModelError as error:
        assert error.hint


# Why weights are not read by torch itself


def test_torch_itself_reads_no_program_without_running_it(program: Path) -> None:
    with (
        pytest.warns(UserWarning, match="dispatching to 'torch.jit.load'"),
        pytest.raises(RuntimeError, match="Cannot use ``weights_only=True`` with TorchScript"),
    ):
        torch.load(program, weights_only=True)
