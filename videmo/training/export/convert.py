"""A trained network as a file: TFLite by litert-torch and its quantiser, ONNX by PyTorch.

The network is made one that answers as it is used: the heads as one, its temperature in the
last layer, scores instead of logits.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import flatbuffers
import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema
from torch import Tensor, nn

from videmo.emotions import unheard
from videmo.training.networks import ConvNorm
from videmo.training.weights import Trained

KNOWN_OPERATORS = {
    **{"ADD": 2, "AVERAGE_POOL_2D": 2, "CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "DEQUANTIZE": 3},
    **{"EXP": 1, "GREATER_EQUAL": 2, "LOGISTIC": 2, "MAX_POOL_2D": 2, "MEAN": 2, "MUL": 2},
    **{"PAD": 2, "PADV2": 2, "QUANTIZE": 2, "RELU": 2, "RSQRT": 2, "SELECT": 1, "SOFTMAX": 2},
    **{"SUB": 3, "TRANSPOSE": 2},
}
"""What runs on old runtimes too, and the newest version of each: no flex, no dense, no reshape."""
DEPTHWISE = ((".*", "DEPTHWISE_CONV_2D"),)  # of 8 bits there is no fast code for it
GATES = ".*(narrow|widen).*"
FLOATS = (
    *((".*Standardised.*", "*"), (".*", "INPUT"), (".*", "OUTPUT"), (".*", "SOFTMAX")),
    *((GATES, "CONV_2D"), (GATES, "LOGISTIC"), (".*Conv2d_head.*", "*")),
    *((".*ConvNorm_stem.*", "*"), (".*shortcut.*", "*"), (".*AvgPool.*", "*")),
    *((".*", "ADD"), (".*", "MUL")),
)
"""What stays float32 in a file of 8 bits (scope, operator): light and contrast are evened out
exactly, in the dark too, and what comes next with them; gates, of which some are shut; the sums of
blocks and their shortcuts, which would be rounded again in each; and it is used as the others are.
"""
VERSIONS = {name: version(name) for name in ("torch", "litert-torch", "ai-edge-quantizer")}
INPUT, OUTPUT, OPSET = "input_0", "output_0", 11
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean and deviation
GREY_OF_RGB = (0.299, 0.587, 0.114)  # as in OpenCV and in a decoder's luma plane


class Scores(nn.Module):
    """What a trained network is used as: pictures (n, channels, side, side) in, scores out."""

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        self.network = trained.network().to(memory_format=torch.contiguous_format)
        old, shape = self.network.head, self.network.shape
        self.network.head = nn.Conv2d(old.in_channels, shape[1], 1)
        for new, value in zip(self.network.head.parameters(), old.parameters(), strict=True):
            shares = self.network.shares.view(-1, *[1] * value.ndim) / trained.temperature
            new.data = (value.data.unflatten(0, shape) * shares).sum(0)
        for module in self.modules():
            if isinstance(module, ConvNorm):
                module.even_out()
        self.eval()

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.softmax(self.network.in_a_row(pictures), 1)


class ForJetson(nn.Module):
    """As jetson-inference gives pictures: RGB, normalised with ImageNet's mean and deviation."""

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        self.scores, channels = Scores(trained), trained.recipe.look.shape[2]
        self.undo = nn.Conv2d(3, channels, 1).eval()
        mix = 255 * (torch.tensor([GREY_OF_RGB]) if channels == 1 else torch.eye(3))
        mean, deviation = torch.tensor(IMAGENET)
        self.undo.weight.data = (mix * deviation)[:, :, None, None]
        self.undo.bias.data = mix @ mean

    def forward(self, pictures: Tensor) -> Tensor:
        scores: Tensor = self.scores(self.undo(pictures))
        return scores


def to_tflite(trained: Trained) -> bytes:
    """float32 (n, side, side, channels) 0..255 in, scores (n, classes) out; n may be resized."""
    with _quiet(), tempfile.TemporaryDirectory() as folder:
        import litert_torch

        network = litert_torch.to_channel_last_io(Scores(trained), args=[0]).eval()
        pictures = torch.zeros(1, *trained.recipe.look.shape)
        litert_torch.convert(network, (pictures,)).export(f"{folder}/model.tflite")
        return _packed(Path(folder, "model.tflite").read_bytes())


def quantised(content: bytes, typical: np.ndarray | None = None) -> bytes:
    """A float32 file with weights in 8 bits; all of it in 8 bits if `typical` pictures are given.

    What a convolution takes in is rounded by its own range, picture by picture, or by what the
    typical pictures (n, side, side, channels) make of it.
    """
    with _quiet():
        from ai_edge_quantizer import quantizer, recipe

        made, dynamic = quantizer.Quantizer(content), typical is None
        made.load_quantization_recipe(
            recipe.dynamic_wi8_afp32() if dynamic else recipe.static_wi8_ai8()
        )
        for scope, operator in DEPTHWISE if dynamic else FLOATS:
            made.update_quantization_recipe(scope, operator, algorithm_key="no_quantize")
        ranges = None
        if typical is not None:
            signature = schema.ModelT.InitFromPackedBuf(content, 0).signatureDefs[0]
            name = signature.inputs[0].name.decode()
            seen = [{name: picture[None].astype(np.float32)} for picture in typical]
            ranges = made.calibrate({"serving_default": seen})
        return _packed(bytes(made.quantize(ranges).quantized_model))


def to_onnx(trained: Trained) -> bytes:
    """A file that jetson-inference and old TensorRTs take as it is: 1x3xSxS, opset 11."""
    import onnx

    buffer, side = io.BytesIO(), trained.recipe.side
    how = {"input_names": [INPUT], "output_names": [OUTPUT], "opset_version": OPSET}
    with _quiet():
        pictures = torch.zeros(1, 3, side, side)
        torch.onnx.export(ForJetson(trained), (pictures,), buffer, dynamo=False, **how)
    onnx.checker.check_model(buffer.getvalue(), full_check=True)
    return buffer.getvalue()


def scores_of_onnx(content: bytes, images: np.ndarray) -> np.ndarray:
    """The scores of (n, side, side, channels) uint8, by onnxruntime, as a Jetson sees them."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    rgb = np.repeat(images, 3 // images.shape[3], axis=3).astype(np.float32) / 255
    normal = ((rgb - IMAGENET[0]) / IMAGENET[1]).astype(np.float32).transpose(0, 3, 1, 2)
    return np.concatenate([session.run([OUTPUT], {INPUT: one[None]})[0] for one in normal])


def operators(content: bytes) -> dict[str, int]:
    """The kinds of operators in a TFLite file, each with its newest version."""
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    found: dict[str, int] = {}
    for code in schema.ModelT.InitFromPackedBuf(content, 0).operatorCodes:
        name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        found[name] = max(code.version, found.get(name, 0))
    return found


def _packed(content: bytes) -> bytes:
    """A TFLite file with its weights inside: runtimes before 2.14 find none that lie behind it."""
    model, builder = schema.ModelT.InitFromPackedBuf(content, 0), flatbuffers.Builder(1 << 20)
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the converters say of their work from the user."""
    with unheard(), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
