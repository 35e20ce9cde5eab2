"""Random numbers by address: any block of any stream, without those before it.

Philox is a counter-based generator, so a seed, a stream and a block number name their numbers for
good: a market needs no history in memory, and a restart continues it.
"""

import zlib

import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]


def generator(seed: int, stream: str, block: int) -> np.random.Generator:
    """The generator at the start of a stream's block; `block` may be negative (before 1970)."""
    key = np.array([seed % 2**64, zlib.crc32(stream.encode())], np.uint64)
    counter = np.array([0, 0, block % 2**64, 0], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def normals(seed: int, stream: str, block: int, count: int) -> Float32s:
    """Independent standard normal numbers."""
    return generator(seed, stream, block).standard_normal(count, dtype=np.float32)
