"""The encoder network as an ONNX graph with int8 weights, written node by node.

Writing the graph (instead of tracing PyTorch) keeps conversion free of PyTorch and lets every node be the fastest
one ONNX Runtime has on a CPU. The graph takes one text: activations are quantised per tensor, so that a text encoded
beside others would get a slightly different vector than alone.

Two products need care, or int8 loses a sixth of the ten nearest texts (measured in docs/models.md). After the GELU a
few tokens carry values far above all others, so each token gets its own scale. Before it a few channels do, always the
same ones and visible in the weights, so they are divided by a constant that the weights are multiplied by.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.encoders.source import Architecture, Pooling

if TYPE_CHECKING:
    import onnx

INPUT = "token_ids"
OUTPUT = "vector"

_MICROSOFT = "com.microsoft"
_ONNX_OPSET = 21
_IR_VERSION = 10
_INT8_MAX = 127
_SMOOTHING = 0.7
_REACH = 3.0
_TINY = 1e-4

_Array = NDArray[np.float32]
_Attribute = int | float


def build_graph(architecture: Architecture, weights: Mapping[str, NDArray[np.float32]]) -> "onnx.ModelProto":
    """Model from int64 token ids (1, n_tokens) to one float32 unit vector (1, hidden)."""
    graph = _Graph()
    hidden = _embeddings(graph, architecture, weights)
    for layer in range(architecture.n_layers):
        hidden = _layer(graph, architecture, weights, layer, hidden)
    _pooled(graph, architecture.pooling, hidden)
    return graph.model(architecture.hidden)


class _Graph:
    """Nodes and constants collected so far; every output gets a fresh name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, values: NDArray[np.generic]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", output: str = "", **attributes: _Attribute) -> str:
        return self.nodes(operator, *inputs, outputs=[output or f"n{len(self._nodes)}"], domain=domain, **attributes)[0]

    def nodes(
        self, operator: str, *inputs: str, outputs: list[str], domain: str = "", **attributes: _Attribute
    ) -> list[str]:
        from onnx import helper

        node = helper.make_node(operator, inputs, outputs, domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self._nodes.append(node)
        return outputs

    def model(self, dim: int) -> "onnx.ModelProto":
        from onnx import TensorProto, helper

        graph = helper.make_graph(
            self._nodes,
            "encoder",
            [helper.make_tensor_value_info(INPUT, TensorProto.INT64, [1, "n_tokens"])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, dim])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _ONNX_OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="models.encoders")


def _embeddings(graph: _Graph, architecture: Architecture, weights: Mapping[str, _Array]) -> str:
    """Word, position and type embeddings, normalised. Type and position tables are added up beforehand."""
    words = _word_vectors(graph, weights["embeddings.word_embeddings.weight"])
    table = weights["embeddings.position_embeddings.weight"][architecture.position_offset :]
    if "embeddings.token_type_embeddings.weight" in weights:
        table = table + weights["embeddings.token_type_embeddings.weight"][0]
    n_tokens = graph.node("Shape", INPUT, start=1, end=2)
    zero = graph.constant(np.array([0], np.int64))
    positions = graph.node("Slice", graph.constant(table), zero, n_tokens, zero)
    total = graph.node("Add", words, positions)
    return _layer_norm(graph, architecture, weights, "embeddings.LayerNorm", total)


def _word_vectors(graph: _Graph, table: _Array) -> str:
    """Rows of the word table, kept as int8 with one scale per word."""
    scales = _scales(table)
    rows = graph.node("Gather", graph.constant(_quantised(table, scales)), INPUT)
    row_scales = graph.node("Gather", graph.constant(scales), INPUT)
    return graph.node("Mul", graph.node("Cast", rows, to=1), row_scales)


def _layer(graph: _Graph, architecture: Architecture, weights: Mapping[str, _Array], layer: int, hidden: str) -> str:
    prefix = f"encoder.layer.{layer}"
    attended = _attention(graph, architecture, weights, f"{prefix}.attention.self", hidden)
    attended = _linear(graph, attended, *_weight_and_bias(weights, f"{prefix}.attention.output.dense"))
    hidden = _layer_norm(
        graph, architecture, weights, f"{prefix}.attention.output.LayerNorm", graph.node("Add", hidden, attended)
    )
    inner = graph.node("Gelu", _widened(graph, weights, prefix, hidden), domain=_MICROSOFT)
    inner = _linear_per_token(graph, inner, *_weight_and_bias(weights, f"{prefix}.output.dense"))
    return _layer_norm(graph, architecture, weights, f"{prefix}.output.LayerNorm", graph.node("Add", hidden, inner))


def _attention(
    graph: _Graph, architecture: Architecture, weights: Mapping[str, _Array], prefix: str, hidden: str
) -> str:
    """Self-attention with query, key and value computed by one product."""
    parts = [_weight_and_bias(weights, f"{prefix}.{part}") for part in ("query", "key", "value")]
    weight = np.concatenate([weight for weight, _ in parts])
    bias = np.concatenate([bias for _, bias in parts])
    together = _linear(graph, hidden, weight, bias)
    outputs = [f"{together}_{part}" for part in ("query", "key", "value")]
    graph.nodes("Split", together, outputs=outputs, axis=-1, num_outputs=3)
    return graph.node("MultiHeadAttention", *outputs, domain=_MICROSOFT, num_heads=architecture.n_heads)


def _linear(graph: _Graph, values: str, weight: _Array, bias: _Array) -> str:
    """`values @ weight.T + bias` in int8: one scale per output row of `weight`, one scale for all of `values`."""
    scales = _scales(weight)
    return graph.node(
        "DynamicQuantizeMatMul",
        values,
        graph.constant(_quantised(weight, scales).T),
        graph.constant(scales[:, 0]),
        graph.constant(np.zeros(len(weight), np.int8)),
        graph.constant(bias),
        domain=_MICROSOFT,
    )


def _linear_per_token(graph: _Graph, values: str, weight: _Array, bias: _Array) -> str:
    """`values @ weight.T + bias`, each token divided by its largest value before and multiplied by it after."""
    last_axis = graph.constant(np.array([-1], np.int64))
    largest = graph.node("ReduceMax", graph.node("Abs", values), last_axis, keepdims=1)
    largest = graph.node("Max", largest, graph.constant(np.array(_TINY, np.float32)))
    product = _linear(graph, graph.node("Div", values, largest), weight, np.zeros_like(bias))
    return graph.node("Add", graph.node("Mul", product, largest), graph.constant(bias))


def _widened(graph: _Graph, weights: Mapping[str, _Array], prefix: str, hidden: str) -> str:
    """The first feed-forward product, its outlying channels moved into the weights (SmoothQuant, Xiao et al. 2023).

    What a channel reaches is read off the normalisation before it, |bias| + 3 |scale|, instead of measured on texts.
    """
    weight, bias = _weight_and_bias(weights, f"{prefix}.intermediate.dense")
    norm_scale, norm_bias = _weight_and_bias(weights, f"{prefix}.attention.output.LayerNorm")
    reach = np.maximum(np.abs(norm_bias) + _REACH * np.abs(norm_scale), _TINY)
    largest_weight = np.maximum(np.abs(weight).max(axis=0), _TINY)
    divisor = reach**_SMOOTHING / largest_weight ** (1 - _SMOOTHING)
    smoothed = graph.node("Mul", hidden, graph.constant((1 / divisor).astype(np.float32)))
    return _linear(graph, smoothed, (weight * divisor).astype(np.float32), bias)


def _layer_norm(
    graph: _Graph, architecture: Architecture, weights: Mapping[str, _Array], prefix: str, values: str
) -> str:
    scale, bias = (graph.constant(array) for array in _weight_and_bias(weights, prefix))
    return graph.node("LayerNormalization", values, scale, bias, epsilon=architecture.layer_norm_eps)


def _pooled(graph: _Graph, pooling: Pooling, hidden: str) -> None:
    if pooling is Pooling.MEAN:
        one = graph.node("ReduceMean", hidden, graph.constant(np.array([1], np.int64)), keepdims=0)
    else:
        one = graph.node("Gather", hidden, graph.constant(np.array(0, np.int64)), axis=1)
    graph.node("LpNormalization", one, output=OUTPUT, axis=1, p=2)


def _weight_and_bias(weights: Mapping[str, _Array], prefix: str) -> tuple[_Array, _Array]:
    return weights[f"{prefix}.weight"], weights[f"{prefix}.bias"]


def _scales(matrix: _Array) -> _Array:
    """Per row, the float32 value of one int8 step: (n_rows, 1)."""
    largest = np.abs(matrix).max(axis=1, keepdims=True)
    return np.where(largest > 0, largest / _INT8_MAX, 1.0).astype(np.float32)


def _quantised(matrix: _Array, scales: _Array) -> NDArray[np.int8]:
    steps = np.empty(matrix.shape, np.int8)
    np.rint(matrix / scales, out=steps, casting="unsafe")
    return steps
