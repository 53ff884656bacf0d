"""Runs real models through ONNX Runtime and canonical execution, and compares.

    cargo build --release -p countersign-onnx --example import
    python models.py TARGET/release/examples/import [PACKAGES [THREADS]]

`scripts/conformance` installs what it needs and runs it. Writes each program and its inputs to the
folder PACKAGES. Prints for each model the largest difference of any output, both times and their
ratio, and how an int8 model compares with the one that it was made from. Both engines use one
thread, or THREADS. Ends with an error where a difference is above 1e-4 of the largest output, or an
integer output differs.
"""

import importlib.util
import pathlib
import sys
import tempfile
from collections.abc import Callable

import numpy
from onnxruntime.quantization import shape_inference

from compare import compare


def folder(package: str) -> pathlib.Path:
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])


def quantised(
    model: pathlib.Path, name: str, draw: Callable[[], numpy.ndarray], where: pathlib.Path
) -> pathlib.Path:
    from onnxruntime import quantization

    class Samples(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.left = [draw() for _ in range(4)]

        def get_next(self):
            return {name: self.left.pop()} if self.left else None

    path = where / f"{model.stem}-int8.onnx"
    quantization.quantize_static(
        model,
        path,
        Samples(),
        quant_format=quantization.QuantFormat.QOperator,
        op_types_to_quantize=["Conv", "MatMul"],
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QUInt8,
    )
    return path


def classical(where: pathlib.Path):
    from skl2onnx import to_onnx
    from sklearn.datasets import load_breast_cancer, load_diabetes
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    models = [
        ("boosted-classifier", GradientBoostingClassifier(n_estimators=30), load_breast_cancer),
        ("boosted-regressor", GradientBoostingRegressor(n_estimators=50), load_diabetes),
        ("logistic", make_pipeline(StandardScaler(), LogisticRegression()), load_breast_cancer),
    ]
    for name, model, data in models:
        x, y = data(return_X_y=True)
        model.fit(x, y)
        x = x[:32].astype(numpy.float32)
        options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
        proto = to_onnx(model, x[:1], options=options, target_opset={"": 17, "ai.onnx.ml": 3})
        path = where / f"{name}.onnx"
        path.write_bytes(proto.SerializeToString())
        yield name, path, {"X": x}, {}


def gemm(weights: numpy.ndarray, where: pathlib.Path) -> pathlib.Path:
    from onnx import TensorProto, helper, numpy_helper

    shape = list(weights.shape)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "gemm",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(weights, "w")],
    )
    path = where / "gemm.onnx"
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def cases(where: pathlib.Path):
    random = numpy.random.default_rng(1)

    def floats(*shape: int) -> numpy.ndarray:
        return (random.standard_normal(shape) / 2).astype(numpy.float32)

    magika = folder("magika") / "models/standard_v3_3/model.onnx"
    yield "magika", magika, {"bytes": random.integers(0, 257, (1, 2048), numpy.int32)}, {}
    silero = folder("silero_vad") / "data"
    for name in ("silero_vad", "silero_vad_16k_op15", "silero_vad_op18_ifless"):
        feeds = {"input": floats(1, 576), "state": floats(2, 1, 128)}
        yield name, silero / f"{name}.onnx", feeds, {"sr": 16000}
    ocr = folder("rapidocr_onnxruntime") / "models"
    classifier = ocr / "ch_ppocr_mobile_v2.0_cls_infer.onnx"
    yield "ocr-classifier", classifier, {"x": floats(1, 3, 48, 192)}, {}
    detector = ocr / "ch_PP-OCRv4_det_infer.onnx"
    yield "ocr-detector", detector, {"x": floats(1, 3, 320, 320)}, {}
    recogniser = ocr / "ch_PP-OCRv4_rec_infer.onnx"
    yield "ocr-recogniser", recogniser, {"x": floats(1, 3, 48, 320)}, {}
    # The detector's biases come out of folding; what the recogniser's many layers round apart after
    # quantising is no measure of anything.
    folded = where / "detector.onnx"
    shape_inference.quant_pre_process(str(detector), str(folded), skip_symbolic_shape=True)
    for title, model, shape in (
        ("ocr-classifier", classifier, (1, 3, 48, 192)),
        ("ocr-detector", folded, (1, 3, 320, 320)),
    ):
        int8 = quantised(model, "x", lambda: floats(*shape), where)
        yield f"{title}-int8", int8, {"x": floats(*shape)}, {}
    yield from classical(where)
    yield "gemm-384", gemm(floats(384, 384), where), {"x": floats(384, 384)}, {}


def main() -> None:
    example = sys.argv[1]
    packages = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    all_found = {}
    with tempfile.TemporaryDirectory() as name:
        for title, model, feeds, bound in cases(pathlib.Path(name)):
            found = compare(example, title, model, feeds, bound, packages, threads)
            all_found[title] = found
            print(found, flush=True)
    for title, found in all_found.items():
        if plain := all_found.get(title.removesuffix("-int8")):
            if plain is not found:
                print(f"{title:24} takes {found.ours / plain.ours:.2f} times what {plain.title} takes")
    mean = float(numpy.exp(numpy.mean([numpy.log(found.ratio) for found in all_found.values()])))
    print(f"geometric mean of the ratios {mean:.2f}")
    sys.exit(not all(found.right for found in all_found.values()))


if __name__ == "__main__":
    main()
