"""Train, measure and export models: videmo's own, or one of your own pictures (the extra `train`)."""

from importlib.util import find_spec

from videmo.errors import SetupError, to_install

PACKAGES = ("torch", "torchvision", "sklearn", "safetensors", "matplotlib", "litert_torch", "onnx")


def needed(*packages: str) -> None:
    """Raise SetupError unless `packages`, of those that the extra brings, are installed."""
    missing = [name for name in packages or PACKAGES if find_spec(name) is None]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise SetupError(f"{', '.join(missing)} {are} not installed; {to_install('train')}")
