"""Makes the models of the examples, and those that `infer` is measured with.

    pip install scikit-learn==1.7.2 skl2onnx==1.19.1 onnx==1.19.1 protobuf==5.29.5 numpy==2.2.6 packaging==25.0
    python make.py            # fraud.onnx, which is committed
    python make.py FOLDER     # linear.onnx, forest.onnx and mlp.onnx too, to measure with: those in
                              # precompiles/tests/models

All data is made up by this file, with a fixed seed: no licence but this project's (Apache-2.0) applies to
the models.
"""

import pathlib
import sys

import numpy
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor

HERE = pathlib.Path(__file__).parent
OPSET = {"": 18, "ai.onnx.ml": 3}

# What the fraud gate looks at, in this order.
FEATURES = ["amount", "hour", "account age in days", "transfers today", "new recipient", "distance in km"]


def payments(count: int, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Made-up payments, and which of them are fraud: large ones at night, from young accounts, far
    away, to somebody new."""
    random = numpy.random.default_rng(seed)
    x = numpy.stack(
        [
            random.lognormal(4, 1.2, count),
            random.integers(0, 24, count),
            random.integers(0, 2_000, count),
            random.poisson(2, count),
            random.integers(0, 2, count),
            random.exponential(80, count),
        ],
        axis=1,
    ).astype(numpy.float32)
    amount, hour, age, today, new, distance = x.T
    risk = (
        (amount > 150) * 2.0
        + (distance > 200) * 2.0
        + (age < 90) * 1.0
        + (today > 5) * 1.0
        + ((hour < 6) | (hour > 22)) * 0.5
        + new * 0.5
    )
    y = (risk + random.normal(0, 0.3, count) > 3.4).astype(numpy.int64)
    return x, y


def save(model, inputs: int, path: pathlib.Path, classifier: bool = False) -> None:
    options = {id(model): {"zipmap": False}} if classifier else None
    kind = [("x", FloatTensorType([1, inputs]))]
    onnx = to_onnx(model, initial_types=kind, options=options, target_opset=OPSET)
    path.write_bytes(onnx.SerializeToString())
    print(f"{path.name}: {path.stat().st_size} bytes")


def main() -> None:
    x, y = payments(4_000, 1)
    fraud = GradientBoostingClassifier(n_estimators=20, max_depth=3, learning_rate=0.3, random_state=0).fit(x, y)
    held_out, truth = payments(2_000, 2)
    print(f"fraud: {fraud.score(held_out, truth):.3f} of held-out payments right")
    save(fraud, len(FEATURES), HERE / "fraud.onnx", classifier=True)
    if len(sys.argv) < 2:
        return
    folder = pathlib.Path(sys.argv[1])
    random = numpy.random.default_rng(0)
    x = random.standard_normal((500, 16)).astype(numpy.float32)
    y = x @ random.standard_normal(16) + 0.5
    save(LinearRegression().fit(x, y), 16, folder / "linear.onnx")
    save(GradientBoostingRegressor(n_estimators=100, random_state=0).fit(x, y), 16, folder / "forest.onnx")
    x = random.standard_normal((500, 64)).astype(numpy.float32)
    y = numpy.tanh(x @ random.standard_normal((64, 10)) / 8)
    # 64 * 132 + 132 + 132 * 80 + 80 + 80 * 10 + 10 = 20,030 parameters.
    mlp = MLPRegressor(hidden_layer_sizes=(132, 80), max_iter=30, random_state=0).fit(x, y)
    save(mlp, 64, folder / "mlp.onnx")


if __name__ == "__main__":
    main()
