"""Writes the programs and inputs of the models by which the docs say what disputes take.

    cargo build --release -p countersign-onnx --example import
    python figures.py TARGET/release/examples/import PACKAGES

`scripts/conformance --figures` installs what it needs, runs it, and then the tests that use them.

The detector takes 640 by 640 pixels, which as floats are 4.9 MB, more than a request brings. Here it
takes them as bytes of grey, 400 KB, and turns them into what it was trained on by itself: that is
`pixels`, and what to do with any model that takes pictures.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from models import folder


def pixels(model: pathlib.Path, path: pathlib.Path, height: int, width: int, pool: int) -> None:
    """Has a model that takes one picture, three planes of floats from -1 to 1, take bytes of grey
    instead, and give the largest of each `pool` by `pool` elements of its output."""
    proto = onnx.load(str(model))
    graph = proto.graph
    stored = {tensor.name for tensor in graph.initializer}
    (picture,) = [port for port in graph.input if port.name not in stored]
    (result,) = graph.output
    scale = numpy_helper.from_array(numpy.array(1 / 127.5, numpy.float32), "grey_scale")
    shift = numpy_helper.from_array(numpy.array(1, numpy.float32), "grey_shift")
    first = [
        helper.make_node("Cast", ["pixels"], ["grey_floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["grey_floats", "grey_scale"], ["grey_scaled"]),
        helper.make_node("Sub", ["grey_scaled", "grey_shift"], ["grey_plane"]),
        helper.make_node("Concat", ["grey_plane"] * 3, [picture.name], axis=1),
    ]
    last = helper.make_node(
        "MaxPool",
        [result.name],
        ["pooled"],
        kernel_shape=[pool, pool],
        strides=[pool, pool],
    )
    nodes = [*first, *graph.node, last]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend([scale, shift])
    graph.input.remove(picture)
    graph.input.append(
        helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, 1, height, width])
    )
    graph.output.remove(result)
    shape = [1, 1, height // pool, width // pool]
    graph.output.append(helper.make_tensor_value_info("pooled", TensorProto.FLOAT, shape))
    onnx.save(proto, str(path))


def cases(where: pathlib.Path):
    random = numpy.random.default_rng(1)

    def floats(*shape: int) -> numpy.ndarray:
        return (random.standard_normal(shape) / 2).astype(numpy.float32)

    def octets(*shape: int) -> numpy.ndarray:
        return random.integers(0, 256, shape, numpy.uint8)

    magika = folder("magika") / "models/standard_v3_3/model.onnx"
    yield "magika", magika, {"bytes": random.integers(0, 257, (1, 2048), numpy.int32)}, {}
    silero = folder("silero_vad") / "data/silero_vad_16k_op15.onnx"
    feeds = {"input": floats(1, 576), "state": floats(2, 1, 128)}
    yield "silero-vad", silero, feeds, {"sr": 16000}
    ocr = folder("rapidocr_onnxruntime") / "models"
    classifier = ocr / "ch_ppocr_mobile_v2.0_cls_infer.onnx"
    yield "ocr-classifier", classifier, {"x": floats(1, 3, 48, 192)}, {}
    recogniser = ocr / "ch_PP-OCRv4_rec_infer.onnx"
    yield "ocr-recogniser-48x160", recogniser, {"x": floats(1, 3, 48, 160)}, {}
    detector = where / "detector.onnx"
    pixels(ocr / "ch_PP-OCRv4_det_infer.onnx", detector, 640, 640, 8)
    yield "ocr-detector-640x640", detector, {"pixels": octets(1, 1, 640, 640)}, {}


def main() -> None:
    example, packages = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        here = pathlib.Path(name)
        for title, model, feeds, bound in cases(here):
            command = [example, str(model), "-e", name]
            for key, value in bound.items():
                command += ["-b", f"{key}={value}"]
            for key, value in feeds.items():
                value.tofile(here / key)
                shape = ",".join(map(str, value.shape))
                command += ["-s", f"{key}={shape}", "-i", str(here / key)]
            lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            said = [line for line in lines.splitlines() if line.startswith(("a proof", "run in"))]
            print(f"{title}: {'; '.join(said)}", flush=True)
            for kind in ("package", "inputs"):
                (here / kind).replace(packages / f"{title}.{kind}")


if __name__ == "__main__":
    main()
