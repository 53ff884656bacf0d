"""Runs real models through ONNX Runtime and canonical execution, one thread each, and compares.

    cargo build --release -p countersign-onnx --example import
    python models.py TARGET/release/examples/import [PACKAGES]

`scripts/conformance` installs what it needs and runs it. Writes each program and its inputs to the
folder PACKAGES. Prints for each model the largest difference of any output, both times and their
ratio. Ends with an error where a difference is above 1e-4 of the largest output, or an integer
output differs.
"""

import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime


def folder(package: str) -> pathlib.Path:
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])


def quantised(model: pathlib.Path, shape: list[int], where: pathlib.Path) -> pathlib.Path:
    from onnxruntime import quantization

    class Samples(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            random = numpy.random.default_rng(0)
            self.left = [random.standard_normal(shape).astype(numpy.float32) / 2 for _ in range(4)]

        def get_next(self):
            return {"x": self.left.pop()} if self.left else None

    path = where / "int8.onnx"
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
    yield "ocr-detector", ocr / "ch_PP-OCRv4_det_infer.onnx", {"x": floats(1, 3, 320, 320)}, {}
    yield "ocr-recogniser", ocr / "ch_PP-OCRv4_rec_infer.onnx", {"x": floats(1, 3, 48, 320)}, {}
    int8 = quantised(classifier, [1, 3, 48, 192], where)
    yield "ocr-classifier-int8", int8, {"x": floats(1, 3, 48, 192)}, {}
    yield from classical(where)
    yield "gemm-384", gemm(floats(384, 384), where), {"x": floats(384, 384)}, {}


def main() -> None:
    failed = False
    packages = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        where = pathlib.Path(name)
        for title, model, feeds, bound in cases(where):
            settings = onnxruntime.SessionOptions()
            settings.intra_op_num_threads = 1
            settings.log_severity_level = 4
            session = onnxruntime.InferenceSession(str(model), settings)
            everything = feeds | {k: numpy.array(v, numpy.int64) for k, v in bound.items()}
            expected = session.run(None, everything)
            theirs = float("inf")
            for _ in range(20):
                start = time.perf_counter()
                session.run(None, everything)
                theirs = min(theirs, time.perf_counter() - start)
            command = [sys.argv[1], str(model), "-o", name, "-e", name, "-n", "20"]
            for key, value in bound.items():
                command += ["-b", f"{key}={value}"]
            for key, value in feeds.items():
                value.tofile(where / key)
                command += ["-s", f"{key}={','.join(map(str, value.shape))}", "-i", str(where / key)]
            lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            if packages is not None:
                for kind in ("package", "inputs"):
                    shutil.copy(where / kind, packages / f"{title}.{kind}")
            run = next(line for line in lines.splitlines() if line.startswith("run in"))
            ours = float(run.split()[2]) / 1e3
            worst = 0.0
            for port, value in zip(session.get_outputs(), expected):
                path = where / port.name.replace("/", "_").replace(":", "_")
                found = numpy.fromfile(path, value.dtype).reshape(value.shape)
                difference = float(abs(found.astype(numpy.float64) - value).max())
                limit = 1e-4 * max(1.0, float(abs(value).max())) if value.dtype.kind == "f" else 0
                failed |= not difference <= limit
                worst = max(worst, difference)
            ratios.append(ours / theirs)
            print(
                f"{title:24} differs by {worst:.1e}  canonical {ours * 1e3:8.3f} ms  "
                f"runtime {theirs * 1e3:8.3f} ms  ratio {ours / theirs:.2f}"
            )
    mean = float(numpy.exp(numpy.mean(numpy.log(ratios))))
    print(f"geometric mean of the ratios {mean:.2f}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
