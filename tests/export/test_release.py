import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from paragonsr.artifacts import card as cards
from paragonsr.errors import AssetError, ExportError, OutputError, OutputExistsError
from paragonsr.export import checkpoint as checkpoints
from paragonsr.export import eight, half, openmodeldb, parity, release, subject
from paragonsr.export import onnx as graphs
from paragonsr.model.fuse import Convolution, Fused, fuse
from paragonsr.runtime.session import Session

NAME = "2xTest_Nano"
SIZE = (40, 300)  # wider than a tile
PUBLICATION = release.Publication("somebody", "https://example.org/models", machine="a slow one")
Tiles = list[np.ndarray]
Export = Callable[..., list[Path]]

# What the published generator's state-dict names begin with: a tool that knows its architecture looks for these.
PUBLISHED = re.compile(
    r"(conv_in|body\.\d+\.blocks|conv_fuse|magic_upsampler|upsampler|conv_out)\b"
    r"|.*\b(dwconv_(hw|w|h)|ls[12]|project_(in|out)|kernel_generator|tracked_(kernel|initialized)|identity_kernel)\b"
)


@pytest.fixture
def export(checkpoint: Path, tiles: Tiles, tmp_path: Path) -> Export:
    def run(name: str = NAME, **changes: object) -> list[Path]:
        given = {"name": name, "version": "1.2", "tiles": tiles, "sizes": [SIZE], "publication": PUBLICATION} | changes
        return release.export(checkpoint, tmp_path / "out", **given)

    return run


@pytest.fixture(scope="module")
def files(checkpoint: Path, tiles: Tiles, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("out")
    given = {"name": NAME, "version": "1.2", "tiles": tiles, "sizes": [SIZE], "publication": PUBLICATION}
    return release.export(checkpoint, out, **given)


def test_a_folder_to_publish_and_nothing_else(files: list[Path]) -> None:
    ends = (
        ".onnx",
        ".safetensors",
        ".json",
        ".md",
        ".openmodeldb.json",
        ".sha256",
        "_fp16_dynamic.onnx",
        "_40x300.onnx",
    )
    assert [path.name for path in files] == [f"{NAME}{end}" for end in ends]
    assert sorted(files[0].parent.iterdir()) == sorted(files)
    (files[0].parent / "plain").touch()
    plain = (files[0].parent / "plain").stat().st_mode
    assert {path.stat().st_mode for path in files} == {plain}, "readable by whom other files are"
    (files[0].parent / "plain").unlink()


def test_the_file_computes_what_was_trained(files: list[Path], checkpoint: Path, tiles: Tiles) -> None:
    nano = checkpoints.load(checkpoint).nano
    crop = np.ascontiguousarray(tiles[1][None, 5:84, 7:60].transpose(0, 3, 1, 2), dtype=np.float32) / 255
    with torch.no_grad():
        expected = nano.double()(torch.from_numpy(crop).double()).numpy()
    assert np.abs(Session(files[0], provider="cpu").run(crop) - expected).max() < 1e-5


def test_the_card_is_the_same_everywhere_and_true(files: list[Path], checkpoint: Path) -> None:
    sidecar = files[2].read_bytes().decode()
    for path in files:
        if path.suffix == ".onnx":
            properties = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
            assert properties == {cards.METADATA_KEY: sidecar}
    with safe_open(files[1], "pt") as opened:
        assert opened.metadata() == {cards.METADATA_KEY: sidecar}
    card = cards.loads(files[2].read_bytes(), "card")
    assert (card.name, card.version, card.scale, card.channels) == (NAME, "1.2", 2, 3)
    assert card.radius == 4 <= 12
    assert card.parameters == sum(tensor.numel() for tensor in load_file(files[1]).values())
    assert card.parameters == (3 * 9 + 1) * 8 + 2 * (8 * 9 + 1) * 8 + (8 * 9 + 1) * 4
    assert card.training == checkpoints.load(checkpoint).training
    assert card.checkpoint_sha256 == checkpoints.load(checkpoint).sha256
    assert card.parity["shapes"] >= 8
    assert {(1, 1, 1)} < set(parity.SHAPES)
    assert any(height % 2 and width % 2 for _, height, width in parity.SHAPES[1:])
    assert 0 <= max(card.parity[f"{a}_to_{b}"] for a, b in (("trained", "fused"), ("fused", "onnx"))) <= 1e-5


def test_measured_figures_reach_the_card(export: Export, files: list[Path]) -> None:
    assert cards.loads(files[2].read_bytes(), "card").measured == {}
    assert cards.loads(export(measured={"psnr_y": 31.5})[2].read_bytes(), "card").measured == {"psnr_y": 31.5}


def test_the_weights_beside_it_are_the_graph_s(files: list[Path], checkpoint: Path) -> None:
    fused = fuse(checkpoints.load(checkpoint).nano)
    weights = load_file(files[1])
    inside = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(files[0]).graph.initializer}
    assert weights.keys() == {
        f"{layer}.{part}" for layer in ("body.0", "body.1", "body.2", "tail") for part in ("weight", "bias")
    }
    for name, tensor in weights.items():
        assert np.array_equal(tensor.numpy(), inside[name])
    rebuilt = Fused(
        [Convolution(weights[f"body.{k}.weight"], weights[f"body.{k}.bias"]) for k in range(3)],
        Convolution(weights["tail.weight"], weights["tail.bias"]),
    )
    x = torch.rand(1, 3, 9, 11)
    torch.testing.assert_close(rebuilt(x), fused(x).detach(), rtol=0, atol=1e-5)


def test_exported_again_it_is_the_same_to_the_byte(export: Export, files: list[Path]) -> None:
    first = [path.read_bytes() for path in export()]
    assert first == [path.read_bytes() for path in files]
    with pytest.raises(OutputExistsError, match=r"\.onnx is there already"):
        export()
    assert [path.read_bytes() for path in export(overwrite=True)] == first


def test_the_checksums_are_those_of_all_other_files(files: list[Path]) -> None:
    sums = dict(reversed(line.split("  ")) for line in files[5].read_text().splitlines())
    assert sums == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path != files[5]}


def test_the_entry_for_openmodeldb_has_all_that_its_schema_requires(files: list[Path], checkpoint: Path) -> None:
    entry = json.loads(files[4].read_bytes())
    required = (
        "name author license tags description date architecture size scale inputChannels outputChannels resources"
    )
    assert entry.keys() == {*required.split(), "images"}
    assert (entry["author"], entry["scale"], entry["inputChannels"]) == ("somebody", 2, 3)
    assert entry["date"] == f"{datetime.fromtimestamp(checkpoint.stat().st_mtime, UTC):%Y-%m-%d}"
    models = [path for path in files if path.suffix in (".onnx", ".safetensors")]
    assert {tuple(resource["urls"]) for resource in entry["resources"]} == {
        (f"https://example.org/models/{path.name}",) for path in models
    }
    for resource in entry["resources"]:
        assert resource.keys() == {"platform", "type", "size", "sha256", "urls"}
        path = files[0].parent / resource["urls"][0].rpartition("/")[2]
        assert resource["size"] == path.stat().st_size
        assert resource["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert resource["platform"] == {".onnx": "onnx", ".safetensors": "pytorch"}[path.suffix]


@pytest.mark.parametrize("key", ["name", "size", "images", "date", "resources"])
def test_an_entry_that_lacks_a_key_is_no_entry(files: list[Path], key: str) -> None:
    entry = json.loads(files[4].read_bytes())
    assert openmodeldb.check(json.dumps(entry).encode())
    for wrong in ({name: value for name, value in entry.items() if name != key}, entry | {key: 20}):
        with pytest.raises(ExportError, match="no entry for OpenModelDB"):
            openmodeldb.check(json.dumps(wrong).encode())


def test_the_page_lists_the_files_and_the_figures(files: list[Path]) -> None:
    page = files[3].read_text()
    card = cards.loads(files[2].read_bytes(), "card")
    for path in files:
        if path.suffix in (".onnx", ".safetensors"):
            assert f"| `{path.name}` | {path.stat().st_size:,} |" in page
    assert all(f"| {name} | {value:g} |" in page for name, value in card.parity.items())
    assert "input of 40x300 alone" in page
    assert card.checkpoint_sha256 in page


def test_the_file_in_half_precision_holds(files: list[Path], tiles: Tiles) -> None:
    card = cards.loads(files[2].read_bytes(), "card")
    assert card.parity["fp16_passed"] == 1
    assert card.parity["fp16_psnr"] >= 65
    assert card.parity["fp16_largest_intermediate"] < 65504 / 8
    x = np.ascontiguousarray(tiles[0][None, :50, :70].transpose(0, 3, 1, 2), dtype=np.float32) / 255
    single, double = (Session(path, provider="cpu").run(x) for path in (files[0], files[6]))
    assert 1e-5 < np.abs(single - double).max() < 1 / 255


def test_a_network_too_loud_for_half_precision_gets_no_such_file_and_the_card_says_so(
    export: Export, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert f"{NAME}_fp16_dynamic.onnx" in {path.name for path in export()}
    monkeypatch.setattr(half, "LARGEST", 0.5)
    files = export(overwrite=True)
    assert f"{NAME}_fp16_dynamic.onnx" not in {path.name for path in files[0].parent.iterdir()}
    assert "no file in half precision: an intermediate reaches" in caplog.text
    assert cards.loads(files[2].read_bytes(), "card").parity["fp16_passed"] == 0
    assert "There is no file in half precision" in files[3].read_text()
    assert "fp16" not in files[5].read_text()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """8 bits hold whatever they cost, and are timed for a moment."""
    for name, limit in {"PSNR": 10, "WORST": 10, "LOSS": 9, "LPIPS": 9, "BANDING": 99, "ROUNDS": 1}.items():
        monkeypatch.setattr(eight, name, limit)
    monkeypatch.setattr(eight, "RACE", (20, 30))
    monkeypatch.setattr(eight, "_slow", lambda faster: [])


def test_8_bits_that_hold_are_part_of_it(
    export: Export, material: eight.Material, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {path.name.removeprefix(NAME): path for path in export(material=lambda: material)}
    assert {"_int8_dynamic.onnx", ".timing.json"} <= files.keys()
    card = cards.loads(files[".json"].read_bytes(), "card")
    assert card.parity["int8_passed"] == 1
    assert card.parity["int8_psnr"] > 40
    assert card.notes.keys() == {"int8, whole body"}
    assert f"int8, whole body: {card.notes['int8, whole body']}." in files[".md"].read_text()
    assert "2xTest_Nano_int8_dynamic.onnx` |" in files[".md"].read_text()
    with Session(files["_int8_dynamic.onnx"], provider="cpu", threads=1) as session:
        assert session.card == card
    sums = files[".sha256"].read_text()
    assert "_int8_dynamic.onnx" in sums
    assert "timing" not in sums, "it differs from one export to the next"
    timing = json.loads(files[".timing.json"].read_text())
    assert timing["machine"] == PUBLICATION.machine
    assert timing["int8_faster"].keys() == {"whole body"}

    first = {path: path.read_bytes() for path in files.values() if "timing" not in path.name}
    export(material=lambda: material, overwrite=True)
    assert {path: path.read_bytes() for path in first} == first, "the same to the byte"

    monkeypatch.setattr(eight, "PSNR", 200)
    files = {path.name.removeprefix(NAME): path for path in export(material=lambda: material, overwrite=True)}
    assert not (tmp_path / "out" / f"{NAME}_int8_dynamic.onnx").exists()
    card = cards.loads(files[".json"].read_bytes(), "card")
    assert card.parity["int8_passed"] == 0
    assert [about for about, note in card.notes.items() if "refused" in note] == [
        "int8, whole body",
        "int8, body without its last layer",
    ]
    assert "int8" not in files[".sha256"].read_text()


def test_8_bits_without_material_are_not_tried_and_that_is_said(
    export: Export, files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> eight.Material:
        raise AssetError("data/train is not there")

    made = export(material=missing)
    assert [path.name for path in made] == [path.name for path in files]
    assert "no file in 8 bits is tried: data/train is not there" in caplog.text
    for path in (made[2], files[2]):
        assert "not tried" in cards.loads(path.read_bytes(), "card").notes["int8"]


def test_a_file_for_one_size_computes_the_same(files: list[Path], tiles: Tiles) -> None:
    session = onnxruntime.InferenceSession(files[7])
    assert session.get_inputs()[0].shape == [1, 3, *SIZE]
    assert session.get_outputs()[0].shape == [1, 3, 2 * SIZE[0], 2 * SIZE[1]]
    x = np.random.default_rng(0).random((1, 3, *SIZE), dtype=np.float32)
    assert np.abs(session.run(None, {"input": x})[0] - Session(files[0], provider="cpu").run(x)).max() < 1e-5
    assert cards.loads(files[2].read_bytes(), "card").parity["any_size_to_40x300"] <= 1e-5


def test_our_names_are_not_the_published_ones(files: list[Path], checkpoint: Path) -> None:
    ours = [*load_file(files[1]), *checkpoints.load(checkpoint).nano.state_dict()]
    assert [name for name in ours if PUBLISHED.match(name)] == []
    assert PUBLISHED.match("body.0.blocks.1.ls1.gamma")
    assert PUBLISHED.match("conv_in.weight")


def test_our_names_are_not_those_of_the_published_files(files: list[Path], checkpoint: Path, assets: Path) -> None:
    published = sorted((assets / "reference").glob("*.safetensors"))
    if not published:
        pytest.skip("no published checkpoints in the assets")
    theirs = {name for path in published for name in load_file(path)}
    assert all(PUBLISHED.match(name) for name in theirs)
    assert theirs.isdisjoint([*load_file(files[1]), *checkpoints.load(checkpoint).nano.state_dict()])


def tampered_alpha(model: onnx.ModelProto) -> None:
    node = next(node for node in model.graph.node if node.op_type == "LeakyRelu")
    node.attribute[0].f = 0.2


def tampered_weight(model: onnx.ModelProto) -> None:
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "body.1.weight")
    values = onnx.numpy_helper.to_array(tensor).copy()
    values.flat[7] += 0.01
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))


def tampered_pad(model: onnx.ModelProto) -> None:
    node = next(node for node in model.graph.node if node.name == "body.pad")
    node.attribute[0].s = b"constant"


def tampered_phases(model: onnx.ModelProto) -> None:
    node = next(node for node in model.graph.node if node.op_type == "DepthToSpace")
    next(attribute for attribute in node.attribute if attribute.name == "mode").s = b"DCR"


def tampered_nan(model: onnx.ModelProto) -> None:
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "tail.bias")
    tensor.CopyFrom(onnx.numpy_helper.from_array(np.full(4, np.nan, np.float32), tensor.name))


@pytest.mark.parametrize(
    "tamper", [tampered_alpha, tampered_weight, tampered_pad, tampered_phases, tampered_nan], ids=lambda f: f.__name__
)
def test_a_graph_that_computes_something_else_gets_no_name(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tamper: Callable[[onnx.ModelProto], None]
) -> None:
    def spoilt(fused: Fused, metadata: dict[str, str]) -> onnx.ModelProto:
        model = graphs.graph(fused, metadata)
        tamper(model)
        return model

    monkeypatch.setattr(subject, "graph", spoilt)
    with pytest.raises(ExportError, match=r"does not compute what was trained.*allowed 1e-05"):
        export()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_fusion_that_computes_something_else_gets_no_name(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(nano: torch.nn.Module) -> Fused:
        fused = fuse(nano)
        return fused._replace(tail=fused.tail._replace(bias=fused.tail.bias + 1e-3))

    monkeypatch.setattr(subject, "fuse", spoilt)
    monkeypatch.setattr(parity, "fuse", spoilt)
    with pytest.raises(ExportError, match="trained_to_fused"):
        export()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failure_while_the_files_are_written_leaves_none(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(release, "serialise", full)
    with pytest.raises(OutputError, match="out: cannot be written: No space left on device"):
        export()
    assert list((tmp_path / "out").iterdir()) == []


def test_the_checkpoint_itself_is_never_written_over(export: Export, checkpoint: Path, tmp_path: Path) -> None:
    own = tmp_path / "out" / f"{NAME}.safetensors"
    own.parent.mkdir()
    own.write_bytes(checkpoint.read_bytes())
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="is the checkpoint itself"):
            release.export(own, own.parent, name=NAME, version="1", tiles=[], overwrite=overwrite)
    assert own.read_bytes() == checkpoint.read_bytes()
    assert list(own.parent.iterdir()) == [own]


def test_a_place_that_cannot_be_written_is_named(export: Export, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match=r"out.*cannot be written: (Not a directory|File exists)"):
        export()
    (tmp_path / "out").unlink()
    (tmp_path / "out" / f"{NAME}.json").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"Nano\.json cannot be written: it is a folder"):
        export(overwrite=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{NAME}.json"]


def test_files_of_one_size_that_are_not_made_again_go(export: Export, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export()
    others = ("2xTest_Nano_Other_40x300.onnx", f"{NAME}_64x64.onnx", f"{NAME}_64x64.sha256")
    for other in others:
        (out / other).touch()
    for path in out.glob(f"{NAME}.*"):
        path.unlink()
    with pytest.raises(OutputExistsError, match=r"_fp16_dynamic\.onnx is there already"):
        export(sizes=[])
    assert (out / f"{NAME}_40x300.onnx").exists()
    export(sizes=[], overwrite=True)
    assert not (out / f"{NAME}_40x300.onnx").exists()
    assert all((out / other).exists() for other in others), "other models'"


@pytest.mark.parametrize("name", ["Nano", "4xNano", "12xNano", "1.2xNano", "2 xNano", "", "sub/2xNano", "../2xNano"])
def test_a_name_that_hides_the_scale_or_leaves_the_folder_is_refused(export: Export, tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match="must be a plain name and contain 2x"):
        export(name)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["2x|Nano", "2xNano\n", "2x:"])
def test_a_name_that_breaks_a_line_or_a_table_is_refused(export: Export, tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match="no line breaks and none of"):
        export(name)
    assert not (tmp_path / "out").exists()


def test_without_a_name_the_files_are_called_after_the_recipe(checkpoint: Path) -> None:
    assert release.default_name(checkpoint) == "2xTest"


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is a folder; name a checkpoint in it"):
        release.default_name(tmp_path)


def test_parity_needs_pictures_as_large_as_its_shapes(export: Export, tiles: Tiles, tmp_path: Path) -> None:
    for few in ([], [tiles[0], tiles[1][:255]]):
        with pytest.raises(ExportError, match="at least 256x256"):
            export(tiles=few)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_is_no_checkpoint_is_refused_by_name(tiles: Tiles, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ExportError, match=r"notes\.txt cannot be read as a checkpoint"):
        release.export(tmp_path / "notes.txt", tmp_path / "out", name=NAME, version="1", tiles=tiles)
    assert not (tmp_path / "out").exists()
