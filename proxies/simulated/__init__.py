"""Proxies of our own: a TCP relay and a load balancer that can spoil whatever real ones spoil.

They live in the harness's event loop, on a free port of 127.0.0.1, and account for all that they do.
"""

from .account import Account, Entry
from .balancer import Balancer
from .conduct import BEHAVES, Coalesce, Conduct, Cut, Drop, HalfClose, Pieces, Rewrite, Side
from .driver import DRIVERS
from .front import Front
from .nodes import Node, nodes_at, nodes_of
from .policies import (
    Cookie,
    Forgetful,
    HeaderHash,
    LeastConnections,
    NoneSticky,
    Policy,
    Random,
    RoundRobin,
    SourceHash,
)
from .relay import Relay
from .switches import SWITCHES, conduct_of

__all__ = [
    "BEHAVES",
    "DRIVERS",
    "SWITCHES",
    "Account",
    "Balancer",
    "Coalesce",
    "Conduct",
    "Cookie",
    "Cut",
    "Drop",
    "Entry",
    "Forgetful",
    "Front",
    "HalfClose",
    "HeaderHash",
    "LeastConnections",
    "Node",
    "NoneSticky",
    "Pieces",
    "Policy",
    "Random",
    "Relay",
    "Rewrite",
    "RoundRobin",
    "Side",
    "SourceHash",
    "conduct_of",
    "nodes_at",
    "nodes_of",
]
