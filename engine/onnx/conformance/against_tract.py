"""Times real models in canonical execution and in tract, one thread each, in turns.

    python against_tract.py TARGET/release/examples/import

`scripts/conformance --tract` installs what it needs and runs it. Names the models that tract does
not load, and why.
"""

import pathlib
import sys
import tempfile
import time

import numpy
import tract

from compare import RUNS, TURNS, compare
from models import cases

TYPES = {"float32": "f32", "int32": "i32", "int64": "i64"}


class Theirs:
    def __init__(self, path: pathlib.Path, feeds: dict[str, numpy.ndarray]) -> None:
        model = tract.onnx().load(str(path))
        names = [model.input_name(number) for number in range(model.input_count())]
        for number, name in enumerate(names):
            shape = ",".join(map(str, feeds[name].shape))
            fact = f"{shape},{TYPES[str(feeds[name].dtype)]}".removeprefix(",")
            model.set_input_fact(number, fact)
        self.runnable = model.into_model().into_runnable()
        self.inputs = [tract.Tensor.from_numpy(feeds[name]) for name in names]

    def seconds(self) -> float:
        best = float("inf")
        for _ in range(RUNS):
            start = time.perf_counter()
            self.runnable.run(self.inputs)
            best = min(best, time.perf_counter() - start)
        return best


def main() -> None:
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        for title, model, feeds, bound in cases(pathlib.Path(name)):
            everything = feeds | {k: numpy.array(v, numpy.int64) for k, v in bound.items()}
            try:
                theirs = Theirs(model, everything)
            except tract.TractError as error:
                print(f"{title:24} tract: {str(error).splitlines()[0]}", flush=True)
                continue
            ours, best = float("inf"), float("inf")
            for _ in range(TURNS):
                best = min(best, theirs.seconds())
                found = compare(sys.argv[1], title, model, feeds, bound, None)
                ours = min(ours, found.ours)
            ratios.append(ours / best)
            print(
                f"{title:24} canonical {ours * 1e3:8.3f} ms  tract {best * 1e3:8.3f} ms  "
                f"ratio {ours / best:.2f}",
                flush=True,
            )
    mean = float(numpy.exp(numpy.mean(numpy.log(ratios))))
    print(f"geometric mean of the ratios {mean:.2f}")


if __name__ == "__main__":
    main()
