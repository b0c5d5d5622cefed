"""A loopback Hub for tests: enough of the Hub's API for the real `huggingface_hub`, `datasets` and `hf`.

State lies in a folder, so that a Hub can be stopped and started again. What can go wrong on the way to the
real one goes wrong on demand (`faults`).
"""

from .faults import Fault, Faults
from .requests import Account
from .server import OWNER, READER, STRANGER, LoopbackHub

__all__ = ["OWNER", "READER", "STRANGER", "Account", "Fault", "Faults", "LoopbackHub"]
