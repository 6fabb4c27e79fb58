"""How loops are compiled: numba, the result kept on disk, and other threads running meanwhile.

numba counts the references to every array that a function touches, each time by an atomic operation. With
structures of thirty arrays that took about half of the time of annealing. ``@compiled`` leaves it out:
what it decorates works on the arrays that it is given and makes none. ``@allocating`` is for what makes some.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba
from numba.core.caching import FunctionCache

#: Untyped, as numba's annotations leave out ``_nrt``, the option that its own loops set.
_njit: Any = numba.njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that makes no arrays."""
    return _kept_on_disk(function, _nrt=False)


def allocating(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that makes arrays."""
    return _kept_on_disk(function, _nrt=True)  # else it inherits what its caller has


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a part of one compiled loop, which makes no arrays: passing a structure on takes long."""
    part: Callable[..., Any] = _njit(forceinline=True, _nrt=False)(function)
    return part


def _kept_on_disk(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Compile a function; without a place to keep the result, every process does so."""
    loop = _njit(nogil=True, **options)(function)
    with suppress(RuntimeError):
        loop._cache = _Kept(function)  # type: ignore[no-untyped-call]  # what ``cache=True`` does
    kept: Callable[..., Any] = loop
    return kept


class _Kept(FunctionCache):
    """The results on disk; one that cannot be read is given up.

    They name classes by module, so results of an older version may name what is elsewhere now. numba looks
    whether a result is out of date only once it is read.
    """

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Return the loop for these types; None if it has to be compiled."""
        try:
            return super().load_overload(signature, context)  # type: ignore[no-untyped-call]
        except Exception:  # whatever unpickling raises
            self.flush()  # type: ignore[no-untyped-call]
            return None


@inlined
def copy_into(target, source):  # type: ignore[no-untyped-def]
    """Copy one array into another, which numba does by way of a third."""
    for place in range(len(source)):
        target[place] = source[place]
