"""What a network is before any framework knows of it: a list of steps with names and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

BATCH_NORM_EPSILON = 1e-3
GREY_EPSILON = 1.0
"""Added to a picture's variance (in squared grey levels), so that a blank one stays finite."""

PICTURE = "picture"
"""What the first step takes: the picture with mean 0 and variance 1."""


class Step(NamedTuple):
    """One operation on maps of features; all maps are squares."""

    name: str
    """Also the name of its weights, where it has some: ``NAME.weight``, ``NAME.bias`` ..."""
    kind: str
    """conv, depthwise, norm, relu, relu6, prelu, elu, sigmoid, maximum, average, mean, resize,
    add, multiply, concat or dropout."""
    inputs: tuple[str, ...]
    taken: int
    """Channels of the first input."""
    channels: int
    """Channels of what comes out."""
    side: int
    """Width and height of what comes out."""
    kernel: int = 1
    stride: int = 1
    pad: tuple[int, int] = (0, 0)
    """Rows (and columns) of nothing before and after, as TensorFlow's "same" puts them."""
    bias: bool = False
    groups: int = 1
    """Of a convolution: so many parts of the channels are convolved each by itself; all, if it is
    depthwise."""
    silent: bool = False
    """A norm that begins at 0: a new block then changes nothing."""
    share: float | None = None
    """What a dropout drops; None: what the recipe says."""

    @property
    def weighed_mean(self) -> bool:
        """Whether it is a mean of each channel over all places, each with a weight of its own."""
        return self.kind == "depthwise" and self.side == 1 and not any(self.pad)


@dataclass(frozen=True)
class Network:
    """A drawn network: steps in the order in which they are computed.

    The last map, of one channel for each class, is averaged over its places and gives the logits.
    """

    name: str
    side: int
    classes: int
    steps: tuple[Step, ...]
    result: str


class Drawing:
    """Collects the steps of a network; each method adds one and returns its name."""

    def __init__(self, side: int) -> None:
        self.steps: list[Step] = []
        self.picture = PICTURE
        self.prefix = ""
        """What the names of further steps begin with."""
        self._sizes = {PICTURE: (1, side)}

    def channels(self, x: str) -> int:
        return self._sizes[x][0]

    def side(self, x: str) -> int:
        return self._sizes[x][1]

    def conv(
        self,
        x: str,
        channels: int,
        name: str,
        *,
        kernel: int = 3,
        stride: int = 1,
        same: bool = True,
        bias: bool = False,
        groups: int = 1,
    ) -> str:
        """A convolution; `same` keeps the size (but for the stride), else borders are lost."""
        size = self._window(x, kernel, stride, same)
        return self._add(x, name, "conv", channels, **size, bias=bias, groups=groups)

    def depthwise(
        self, x: str, name: str, *, kernel: int = 3, stride: int = 1, same: bool = True
    ) -> str:
        """Each channel convolved by itself, without bias."""
        size = self._window(x, kernel, stride, same)
        channels = self.channels(x)
        return self._add(x, name, "depthwise", channels, **size, groups=channels)

    def weighed_mean(self, x: str, name: str) -> str:
        """A mean over all places, in which each place of each channel learns its weight."""
        return self.depthwise(x, name, kernel=self.side(x), same=False)

    def norm(self, x: str, name: str, *, silent: bool = False) -> str:
        return self._add(x, name, "norm", self.channels(x), side=self.side(x), silent=silent)

    def relu(self, x: str) -> str:
        return self._alike(x, "relu")

    def relu6(self, x: str) -> str:
        """A relu that goes no higher than 6."""
        return self._alike(x, "relu6")

    def prelu(self, x: str, name: str) -> str:
        """A relu whose slope below 0 is learnt for each channel."""
        return self._add(x, name, "prelu", self.channels(x), side=self.side(x))

    def elu(self, x: str) -> str:
        return self._alike(x, "elu")

    def sigmoid(self, x: str) -> str:
        return self._alike(x, "sigmoid")

    def dropout(self, x: str, share: float | None = None) -> str:
        return self._add(
            x, self._unnamed("dropout"), "dropout", self.channels(x), side=self.side(x), share=share
        )

    def maximum(self, x: str, *, kernel: int = 2, same: bool = False) -> str:
        """The highest value of each window; windows are 2 apart."""
        size = self._window(x, kernel, 2, same)
        return self._add(x, self._unnamed("maximum"), "maximum", self.channels(x), **size)

    def average(self, x: str) -> str:
        """The mean of each 2 x 2 places."""
        size = self._window(x, 2, 2, False)
        return self._add(x, self._unnamed("average"), "average", self.channels(x), **size)

    def mean(self, x: str) -> str:
        """The mean over all places: a map of one place."""
        return self._add(x, self._unnamed("mean"), "mean", self.channels(x), side=1)

    def resize(self, x: str, side: int) -> str:
        """`x` enlarged to `side` places, between which it goes straight (bilinear)."""
        return self._add(x, self._unnamed("resize"), "resize", self.channels(x), side=side)

    def add(self, x: str, other: str) -> str:
        return self._alike(x, "add", other)

    def concat(self, *several: str) -> str:
        """Maps of the same size side by side, as more channels."""
        first = several[0]
        channels = sum(self.channels(x) for x in several)
        name = self.prefix + self._unnamed("concat")
        side = self.side(first)
        self.steps.append(Step(name, "concat", several, self.channels(first), channels, side))
        self._sizes[name] = (channels, side)
        return name

    def multiply(self, x: str, other: str) -> str:
        """`x` times a map of one place."""
        return self._alike(x, "multiply", other)

    def conv_norm(
        self, x: str, channels: int, name: str, *, silent: bool = False, **how: int | bool
    ) -> str:
        """A convolution ``NAME.conv`` and its batch normalisation ``NAME.norm``."""
        x = self.conv(x, channels, f"{name}.conv", **how)  # type: ignore[arg-type]
        return self.norm(x, f"{name}.norm", silent=silent)

    def _alike(self, x: str, kind: str, *others: str) -> str:
        name, size = self.prefix + self._unnamed(kind), self._sizes[x]
        self.steps.append(Step(name, kind, (x, *others), size[0], *size))
        self._sizes[name] = size
        return name

    def _add(self, x: str, name: str, kind: str, channels: int, **more: object) -> str:
        name = self.prefix + name
        step = Step(name, kind, (x,), self.channels(x), channels, **more)  # type: ignore[arg-type]
        self.steps.append(step)
        self._sizes[name] = (channels, step.side)
        return name

    def _unnamed(self, kind: str) -> str:
        return f"{kind}{len(self.steps)}"

    def _window(self, x: str, kernel: int, stride: int, same: bool) -> dict:
        side = self.side(x)
        if not same:
            return {"kernel": kernel, "stride": stride, "side": (side - kernel) // stride + 1}
        after = -(-side // stride)
        total = max((after - 1) * stride + kernel - side, 0)
        pad = (total // 2, total - total // 2)
        return {"kernel": kernel, "stride": stride, "side": after, "pad": pad}
