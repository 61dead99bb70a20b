"""Train, measure and export models: videmo's own, or your own (needs the extra `train`)."""

from importlib.util import find_spec
from pathlib import Path

from videmo.errors import RequestError, SetupError, to_install
from videmo.files import shown

NETWORKS = ("residual", "wide", "small", "tiny", "resnet18", "vgg16", "mini-xception", "elu6")
PACKAGES = ("torch", "torchvision", "sklearn", "safetensors", "matplotlib", "litert_torch", "onnx")
SIZE = (
    "8 GB with what GPUs need; 3 GB without, if you run before: pip install torch torchvision "
    "--index-url https://download.pytorch.org/whl/cpu"
)
"""How large the extra is, and how to get the small one."""


def needed(*packages: str) -> None:
    """Raise SetupError unless `packages`, of those that the extra brings, are installed."""
    missing = [name for name in packages or PACKAGES if find_spec(name) is None]
    if missing:
        raise SetupError(f"not installed: {', '.join(missing)}; {to_install('train')} ({SIZE})")


def wrong(path: Path | str, what: str) -> RequestError:
    """What the room raises of what it is given: one line that names the file, and the next step."""
    return RequestError(f"{shown(path)}: {what}")
