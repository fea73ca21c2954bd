"""Writes the ONNX models that cpu benches measure against, and their weights as safetensors under llmc's names.

    onnx_models.py FOLDER product K N       x[M, K] times a stored matrix: product-K-N.{onnx,safetensors}
    onnx_models.py FOLDER encoder           6 layers of 384, batch 8 x 64 tokens: encoder.{onnx,safetensors}

Random weights, the same in every run. The graph says what `encoder.llm` beside this file says.
"""

import json
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

LAYERS, DIM, HEADS, FFN, VOCAB, POSITIONS, EPS = 6, 384, 6, 1536, 1024, 64, 1e-5
BATCH, TOKENS = 8, 64


def safetensors(path, tensors):
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in tensors.values():
            file.write(array.tobytes())


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.weights = [], [], {}
        self.random = np.random.default_rng(1)

    def weight(self, name, shape, scale=None, offset=0.0):
        scale = shape[-1] ** -0.5 if scale is None else scale
        self.weights[name] = (self.random.standard_normal(shape) * scale + offset).astype(np.float32)
        return self.weights[name]

    def constant(self, array, name=None):
        name = name or f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op, *inputs, **attributes):
        name = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def save(self, folder, name, inputs, output, shape):
        self.nodes.append(helper.make_node("Identity", [output], ["out"]))
        result = helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, name, inputs, [result], self.constants)
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), f"{folder}/{name}.onnx")
        safetensors(f"{folder}/{name}.safetensors", self.weights)


def product(folder, depth, columns):
    graph = Graph()
    right = graph.constant(np.ascontiguousarray(graph.weight("weight", [columns, depth]).T))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["M", depth])
    graph.save(folder, f"product-{depth}-{columns}", [x], graph.node("MatMul", "x", right), ["M", columns])


def encoder(folder):
    graph = Graph()

    def linear(name, x, rows, columns):
        right = graph.constant(np.ascontiguousarray(graph.weight(f"{name}.weight", [columns, rows]).T))
        bias = graph.constant(graph.weight(f"{name}.bias", [columns], 0.1))
        return graph.node("Add", graph.node("MatMul", x, right), bias)

    def norm(name, x):
        scale = graph.constant(graph.weight(f"{name}.weight", [DIM], 0.1, 1.0))
        bias = graph.constant(graph.weight(f"{name}.bias", [DIM], 0.1))
        return graph.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPS)

    def heads(x, perm):
        shape = graph.constant(np.array([BATCH, TOKENS, HEADS, DIM // HEADS], np.int64))
        return graph.node("Transpose", graph.node("Reshape", x, shape), perm=perm)

    word = graph.constant(graph.weight("embed.weight", [VOCAB, DIM], 1.0))
    place = graph.constant(graph.weight("positions.weight", [POSITIONS, DIM], 0.1)[:TOKENS])
    h = norm("norm", graph.node("Add", graph.node("Gather", word, "tokens"), place))
    flat = graph.constant(np.array([BATCH, TOKENS, DIM], np.int64))
    scale = graph.constant(np.array((DIM // HEADS) ** -0.5, np.float32))
    for layer in range(LAYERS):
        name = f"layers.{layer}"
        q = heads(linear(f"{name}.q", h, DIM, DIM), [0, 2, 1, 3])
        k = heads(linear(f"{name}.k", h, DIM, DIM), [0, 2, 3, 1])
        v = heads(linear(f"{name}.v", h, DIM, DIM), [0, 2, 1, 3])
        weights = graph.node("Softmax", graph.node("Mul", graph.node("MatMul", q, k), scale), axis=-1)
        mixed = graph.node("Transpose", graph.node("MatMul", weights, v), perm=[0, 2, 1, 3])
        h = norm(f"{name}.norm1", graph.node("Add", h, linear(f"{name}.o", graph.node("Reshape", mixed, flat), DIM, DIM)))
        inner = graph.node("Gelu", linear(f"{name}.up", h, DIM, FFN))
        h = norm(f"{name}.norm2", graph.node("Add", h, linear(f"{name}.down", inner, FFN, DIM)))
    tokens = helper.make_tensor_value_info("tokens", TensorProto.INT32, [BATCH, TOKENS])
    graph.save(folder, "encoder", [tokens], h, [BATCH, TOKENS, DIM])


if __name__ == "__main__":
    _, folder, kind, *sizes = sys.argv
    product(folder, *map(int, sizes)) if kind == "product" else encoder(folder)
