"""Certificates for proxies that end TLS, made anew at each start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
"""Where every proxy listens."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files for TLS: the chain, its key, both in one, and the authority that clients have to trust."""

    chain: Path
    key: Path
    both: Path
    authority: Path


def make_certificate(folder: Path) -> Certificate:
    """A new authority and a certificate for localhost, 127.0.0.1 and ::1, as files in *folder*."""
    import trustme  # noqa: PLC0415  # in the extra `proxies` only

    authority = trustme.CA()
    issued = authority.issue_cert("localhost", HOST, "::1")
    made = Certificate(*(folder / name for name in ("chain.pem", "key.pem", "both.pem", "authority.pem")))
    for blob in issued.cert_chain_pems:
        blob.write_to_path(made.chain, append=blob is not issued.cert_chain_pems[0])
    issued.private_key_pem.write_to_path(made.key)
    issued.private_key_and_cert_chain_pem.write_to_path(made.both)
    authority.cert_pem.write_to_path(made.authority)
    return made
