"""Runs one model through ONNX Runtime and canonical execution, in turns, and compares."""

import dataclasses
import pathlib
import shutil
import subprocess
import tempfile
import time

import numpy
import onnxruntime

# Each engine runs so often without a pause, and so many turns are taken: the best run counts.
RUNS = 10
TURNS = 4
# The most that a float may differ, as a part of the largest of its output.
TOLERANCE = 1e-4


@dataclasses.dataclass
class Found:
    title: str
    # The largest difference of any output.
    worst: float
    right: bool
    # Seconds of the best run: ours, and ONNX Runtime's.
    ours: float
    theirs: float
    outputs: dict[str, numpy.ndarray]

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    def __str__(self) -> str:
        return (
            f"{self.title:24} differs by {self.worst:.1e}  canonical {self.ours * 1e3:8.3f} ms  "
            f"runtime {self.theirs * 1e3:8.3f} ms  ratio {self.ratio:.2f}"
            + ("" if self.right else "  WRONG")
        )


def compare(
    example: str,
    title: str,
    model: pathlib.Path,
    feeds: dict[str, numpy.ndarray],
    bound: dict[str, int],
    packages: pathlib.Path | None,
    threads: int = 1,
) -> Found:
    """Compares every output. `bound` inputs are fixed while importing."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(model), settings)
    everything = feeds | {k: numpy.array(v, numpy.int64) for k, v in bound.items()}
    expected = session.run(None, everything)
    ours = theirs = float("inf")
    with tempfile.TemporaryDirectory() as name:
        here = pathlib.Path(name)
        command = [example, str(model), "-o", name, "-e", name, "-n", str(RUNS)]
        if threads > 1:
            command += ["-t", str(threads)]
        for key, value in bound.items():
            command += ["-b", f"{key}={value}"]
        for key, value in feeds.items():
            value.tofile(here / key)
            command += ["-s", f"{key}={','.join(map(str, value.shape))}", "-i", str(here / key)]
        for _ in range(TURNS):
            for _ in range(RUNS):
                start = time.perf_counter()
                session.run(None, everything)
                theirs = min(theirs, time.perf_counter() - start)
            lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            run = next(line for line in lines.splitlines() if line.startswith("run in"))
            ours = min(ours, float(run.split()[2]) / 1e3)
        if packages is not None:
            for kind in ("package", "inputs"):
                shutil.copy(here / kind, packages / f"{title}.{kind}")
        found = Found(title, 0.0, True, ours, theirs, {})
        for port, value in zip(session.get_outputs(), expected):
            path = here / port.name.replace("/", "_").replace(":", "_")
            output = numpy.fromfile(path, value.dtype).reshape(value.shape)
            difference = float(abs(output.astype(numpy.float64) - value).max())
            largest = max(1.0, float(abs(value).max()))
            limit = TOLERANCE * largest if value.dtype.kind == "f" else 0
            # What is no number is not below any limit.
            found.right &= difference <= limit
            found.worst = max(found.worst, difference)
            found.outputs[port.name] = output
    return found
