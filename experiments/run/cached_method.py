"""A method whose results live as long as its object; ``functools.cache`` would keep the object alive."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class _CachedMethod(Generic[Arguments, Result]):
    def __init__(self, function: Callable[Concatenate[Any, Arguments], Result], maxsize: int | None) -> None:
        self.function, self.maxsize = function, maxsize
        self.__doc__, self.__name__ = function.__doc__, function.__name__

    def __get__(self, instance: Any, owner: type | None = None) -> Callable[Arguments, Result]:
        if instance is None:
            return partial(self.function)
        bound = cast(Callable[Arguments, Result], lru_cache(self.maxsize)(partial(self.function, instance)))
        instance.__dict__[self.__name__] = bound  # from now on this is found before the descriptor
        return bound


def cached_method(
    maxsize: int | None = None,
) -> Callable[[Callable[Concatenate[Any, Arguments], Result]], _CachedMethod[Arguments, Result]]:
    """Decorate a method: computed once for the same arguments, which must be hashable.

    ``maxsize`` is how many results an object keeps, the latest; None for all.
    """
    return lambda function: _CachedMethod(function, maxsize)


def forget(instance: Any, *names: str) -> None:
    """Drop the results of an object's cached methods and properties; the next call computes them again."""
    for name in names:
        instance.__dict__.pop(name, None)
