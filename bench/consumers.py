"""What other programs' engines make of a released model: each really loads the file and computes real tiles with it.

    python bench/consumers.py [FOLDER] [--name 2xNAME] [--only ENGINE ...]

FOLDER holds what `paragonsr export` wrote (default: the models in the package). A row is an engine and a file: the
precision it really ran where it tells, the largest difference from ONNX Runtime in float32 and the PSNR against it,
over pieces of a photograph of 1x1 to 256x256. Engines that are not installed are told as such:
pip install openvino ncnn pnnx opencv-python-headless, and npm install onnxruntime-web in a folder named by ORT_WEB.
"""

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from skimage.data import astronaut

import heading
from paragonsr.runtime import catalogue, provider
from paragonsr.runtime.session import Session

Planes = NDArray[np.float32]
SHAPES = ((1, 1), (3, 5), (16, 16), (33, 64), (127, 96), (256, 256))
SIDES = (16, 64, 256, 512)  # chaiNNer infers the scale at these
FILES = (".onnx", "_fp16_dynamic.onnx", "_int8_dynamic.onnx")


class Missing(Exception):
    """An engine is not here; says how to have it."""


class Row(NamedTuple):
    engine: str
    file: str
    ran: str
    worst: str
    psnr: str


Engine = Callable[[Path, list[Planes]], tuple[str, list[Planes]]]
"""Takes a model and pictures; says what precision it ran in, and gives the enlargements."""


def installed(package: str, module: str) -> Any:
    try:
        return importlib.import_module(module), version(package)
    except (ImportError, PackageNotFoundError) as error:
        raise Missing(f"pip install {package}") from error


def here() -> Iterator[tuple[str, str]]:
    """The versions of the engines that are not ours."""
    for package in ("onnx", "openvino", "opencv-python-headless", "ncnn", "pnnx", "spandrel"):
        with suppress(PackageNotFoundError):
            yield package, version(package)
    about = Path(os.environ.get("ORT_WEB", ""), "node_modules", "onnxruntime-web", "package.json")
    if about.is_file():
        yield "onnxruntime-web", json.loads(about.read_text())["version"]


def onnx_runtime(model: Path, pictures: list[Planes]) -> tuple[str, list[Planes]]:
    with Session(model, provider="cpu") as session:
        return provider.precision(model, "cpu", pictures[-1]), [session.run(x) for x in pictures]


def openvino(precision: str | None) -> Engine:
    def run(model: Path, pictures: list[Planes]) -> tuple[str, list[Planes]]:
        module, _ = installed("openvino", "openvino")
        options = {"INFERENCE_PRECISION_HINT": precision} if precision else {}
        compiled = module.Core().compile_model(str(model), "CPU", options)
        ran = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        return ran, [np.array(compiled(x)[0]) for x in pictures]

    return run


def opencv(model: Path, pictures: list[Planes]) -> tuple[str, list[Planes]]:
    module, _ = installed("opencv-python-headless", "cv2")
    outputs = []
    for x in pictures:
        net = module.dnn.readNetFromONNX(str(model))
        net.setInput(x)
        outputs.append(np.array(net.forward()))
    return "does not tell", outputs


def ncnn(model: Path, pictures: list[Planes]) -> tuple[str, list[Planes]]:
    """Converted by pnnx, from the ONNX file."""
    module, _ = installed("ncnn", "ncnn")
    converter = shutil.which("pnnx", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    if converter is None:
        raise Missing("pip install pnnx")
    with TemporaryDirectory() as folder:
        shutil.copy(model, f"{folder}/nano.onnx")
        command = [converter, "nano.onnx", "fp16=0", "inputshape=[1,3,64,64]f32", "inputshape2=[1,3,96,80]f32"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        net = module.Net()
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
        if net.load_param(f"{folder}/nano.ncnn.param") or net.load_model(f"{folder}/nano.ncnn.bin"):
            raise RuntimeError(f"ncnn cannot read what pnnx made: {done.stdout[-300:]}{done.stderr[-300:]}")
        outputs = []
        for x in pictures:
            extractor = net.create_extractor()
            extractor.input("in0", module.Mat(np.ascontiguousarray(x[0])))
            outputs.append(np.array(extractor.extract("out0")[1])[None])
    return "float32, as asked for", outputs


WEB = """
const ort = require(process.argv[2]); const fs = require('fs');
(async () => {
  ort.env.wasm.numThreads = 1; ort.env.wasm.proxy = false;
  const session = await ort.InferenceSession.create(new Uint8Array(fs.readFileSync(process.argv[3])),
    {executionProviders: ['wasm']});
  for (const [name, shape] of Object.entries(JSON.parse(fs.readFileSync('shapes.json')))) {
    const bytes = fs.readFileSync(name);
    const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const {output} = await session.run({input: new ort.Tensor('float32', data, shape)});
    fs.writeFileSync(name + '.out', Buffer.from(output.data.buffer, output.data.byteOffset, output.data.byteLength));
  }
})().catch(error => { console.error(String(error)); process.exit(1); });
"""


def web(model: Path, pictures: list[Planes]) -> tuple[str, list[Planes]]:
    """onnxruntime-web's WebAssembly in Node."""
    node, package = shutil.which("node"), Path(os.environ.get("ORT_WEB", ""), "node_modules", "onnxruntime-web")
    if node is None or not package.is_dir():
        raise Missing("Node, and npm install onnxruntime-web in the folder that ORT_WEB names")
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "run.cjs").write_text(WEB)
        shapes = {f"{index}.bin": x.shape for index, x in enumerate(pictures)}
        (folder / "shapes.json").write_text(json.dumps(shapes))
        for file, x in zip(shapes, pictures, strict=True):
            (folder / file).write_bytes(x.tobytes())
        command = [node, "run.cjs", str(package.resolve()), str(model.resolve())]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            raise RuntimeError((done.stderr or done.stdout).strip()[:300])
        outputs = [np.frombuffer((folder / f"{file}.out").read_bytes(), np.float32) for file in shapes]
    large = [(1, 3, 2 * x.shape[2], 2 * x.shape[3]) for x in pictures]
    return "wasm", [output.reshape(shape) for output, shape in zip(outputs, large, strict=True)]


ENGINES: dict[str, Engine] = {
    "ONNX Runtime": onnx_runtime,
    "OpenVINO, f32 asked for": openvino("f32"),
    "OpenVINO as it comes": openvino(None),
    "onnxruntime-web": web,
    "OpenCV DNN": opencv,
    "ncnn, by pnnx": ncnn,
}


def inferred(model: Path) -> Row:
    """Strict shape inference at the sizes at which chaiNNer asks for the scale."""
    for side in SIDES:
        proto = onnx.load(model)
        for dim, size in zip(proto.graph.input[0].type.tensor_type.shape.dim, (1, 3, side, side), strict=True):
            dim.dim_value = size
        proto.graph.output[0].type.tensor_type.ClearField("shape")
        found = onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=True)
        dims = [dim.dim_value for dim in found.graph.output[0].type.tensor_type.shape.dim]
        if dims != [1, 3, 2 * side, 2 * side]:
            return Row("ONNX shape inference", model.name, f"wrong at {side}: {dims}", "-", "-")
    return Row("ONNX shape inference", model.name, f"strict, at {', '.join(map(str, SIDES))}", "-", "-")


def pieces() -> Iterator[Planes]:
    photograph = np.ascontiguousarray(astronaut().transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    for height, width in SHAPES:
        yield np.ascontiguousarray(photograph[:, :, 40 : 40 + height, 180 : 180 + width])


def row(name: str, engine: Engine, model: Path, pictures: list[Planes], wanted: list[Planes]) -> Row:
    try:
        ran, outputs = engine(model, pictures)
    except Missing as error:
        return Row(name, model.name, f"not here: {error}", "-", "-")
    except Exception as error:  # whatever an engine says is what its users will see
        return Row(name, model.name, f"cannot: {' '.join(str(error).split())[:120]}", "-", "-")
    for given, expected in zip(outputs, wanted, strict=True):
        if given.shape != expected.shape:
            return Row(name, model.name, f"wrong: {given.shape} instead of {expected.shape}", "-", "-")
    worst = np.max([np.abs(given - expected).max() for given, expected in zip(outputs, wanted, strict=True)])
    squares = np.concatenate([((a - b).astype(np.float64) ** 2).ravel() for a, b in zip(outputs, wanted, strict=True)])
    psnr = "equal" if squares.max() == 0 else f"{-10 * np.log10(squares.mean()):.1f}"
    return Row(name, model.name, ran, f"{worst:.2g}", psnr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shipped = catalogue.find(catalogue.DEFAULT)
    parser.add_argument("folder", type=Path, nargs="?", default=shipped.parent)
    parser.add_argument("--name", default=shipped.stem, help=f"the model's name (default {shipped.stem})")
    parser.add_argument("--only", choices=ENGINES, nargs="*", default=list(ENGINES), help="engines (default: all)")
    options = parser.parse_args()
    heading.show()
    print(f"engines   {', '.join(f'{package} {number}' for package, number in here())}\n")
    models = [path for end in FILES if (path := options.folder / f"{options.name}{end}").is_file()]
    if not models:
        parser.error(f"there is no {options.name}.onnx in {options.folder}")
    pictures = list(pieces())
    _, wanted = onnx_runtime(models[0], pictures)
    table = Table(*("engine", "file", "ran in", "largest difference", "PSNR dB"))
    for model in models:
        table.add_row(*inferred(model))
    for name in options.only:
        for model in models:
            table.add_row(*row(name, ENGINES[name], model, pictures, wanted))
    Console(width=max(150, Console().width)).print(table)


if __name__ == "__main__":
    main()
