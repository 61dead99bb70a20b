"""Make the certificates of a cluster, so that its machines trust each other and nobody else.

    python examples/cluster_certificates.py FOLDER [DAYS]

writes an authority, one certificate with its key that it has signed, and `dask.yaml`, which tells
Dask to use them, to talk to nobody without, and not to keep the last thousand messages to each
worker (5 MB of the scheduler's memory for each). Copy the folder to the same place on every machine
(with scp, and not over a folder that others can read), and say there:

    export DASK_CONFIG=FOLDER/dask.yaml

Who has the key belongs to the cluster, and can run programs on it. The authority's own key is not
kept: to begin anew, or when the DAYS are over (365), make a new folder.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAYS = 365

CONFIG = """\
distributed:
  admin:
    low-level-log-length: 20
  comm:
    require-encryption: true
    tls:
      ca-file: {folder}/ca.pem
      scheduler: {{cert: {folder}/cert.pem, key: {folder}/key.pem}}
      worker: {{cert: {folder}/cert.pem, key: {folder}/key.pem}}
      client: {{cert: {folder}/cert.pem, key: {folder}/key.pem}}
"""


def make_certificates(folder: Path, days: int = DAYS) -> None:
    """Write all that a cluster needs into `folder`, which must be new."""
    folder.mkdir(mode=0o700, parents=True)
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, subject = _name("videmo cluster authority"), _name("videmo cluster")
    root = _certificate(issuer, issuer, authority, authority, days, is_authority=True)
    leaf = _certificate(subject, issuer, key, authority, days, is_authority=False)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(folder / "ca.pem", root.public_bytes(Encoding.PEM))
    _write(folder / "cert.pem", leaf.public_bytes(Encoding.PEM))
    _write(folder / "key.pem", secret)
    _write(folder / "dask.yaml", CONFIG.format(folder=folder.absolute()).encode())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    days: int,
    *,
    is_authority: bool,
) -> x509.Certificate:
    """A certificate of `subject`'s `key`, signed by `issuer`'s."""
    now = datetime.now(timezone.utc)
    length = 0 if is_authority else None
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(is_authority, length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )


def _write(path: Path, content: bytes) -> None:
    """A file that only its owner can read, from its first moment on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    if folder.exists():
        sys.exit(f"{folder}: is there already; name a new folder")
    make_certificates(folder, int(sys.argv[2]) if len(sys.argv) == 3 else DAYS)
    print(f"written; on every machine: export DASK_CONFIG={folder.absolute()}/dask.yaml")


if __name__ == "__main__":
    main()
