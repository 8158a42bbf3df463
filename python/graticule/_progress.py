"""How far something is: a function of the program, or tqdm's bar."""
import contextlib
from typing import Any, Callable, Iterator, Optional, Union

Report = Callable[[int], None]
Progress = Union[None, bool, Callable[[int, Optional[int]], None]]


def _nothing(done: int) -> None:
    pass


def _bar(total: Optional[int], unit: str) -> Any:
    try:
        from tqdm import tqdm    # that of notebooks needs more than nbconvert has
    except ImportError:
        return None
    return tqdm(total=total, unit=unit, unit_scale=unit == 'S')


@contextlib.contextmanager
def shown(progress: Progress, total: Optional[int], unit: str) -> Iterator[Report]:
    """The function that is to be told how much is done."""
    if callable(progress):
        function = progress
        yield lambda done: function(done, total)
        return
    bar = _bar(total, unit) if progress else None
    if bar is None:
        yield _nothing
        return

    def update(done: int) -> None:
        bar.update(done - bar.n)

    try:
        yield update
    finally:
        bar.close()
