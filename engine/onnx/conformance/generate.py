"""Writes the node cases of the `onnx` package as files: model.onnx, input_N.pb, output_N.pb.

    python generate.py FOLDER

`scripts/conformance` installs what it needs and runs it.
"""

import pathlib
import sys

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    for case in collect_testcases(None):
        here = folder / case.name
        here.mkdir(parents=True, exist_ok=True)
        (here / "model.onnx").write_bytes(case.model.SerializeToString())
        (here / "tolerance").write_text(f"{case.rtol} {case.atol}\n")
        inputs, outputs = case.data_sets[0]
        for kind, values, ports in (
            ("input", inputs, case.model.graph.input),
            ("output", outputs, case.model.graph.output),
        ):
            for number, (value, port) in enumerate(zip(values, ports)):
                if isinstance(value, onnx.TensorProto):
                    proto = value
                elif isinstance(value, (numpy.ndarray, numpy.generic)):
                    proto = numpy_helper.from_array(numpy.asarray(value), port.name)
                else:
                    continue
                (here / f"{kind}_{number}.pb").write_bytes(proto.SerializeToString())


if __name__ == "__main__":
    main()
