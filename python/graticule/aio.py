"""Instruments for asyncio. The calls of each run in a thread of its own, so that any number wait at the same time."""
import asyncio
import concurrent.futures
import functools
from typing import Callable, Optional

from ._call import Caller
from .instrument import Instrument

METHODS = ('write', 'read', 'query', 'query_values', 'query_block', 'read_stb', 'clear', 'trigger', 'identify',
           'check_errors', 'screenshot', 'capture')


class AsyncInstrument:
    """`async with graticule.open_async(resource) as scope: await scope.capture(…)`.

    Its methods are those of Instrument, as coroutines: write, read, query, query_values, query_block, read_stb, clear,
    trigger, identify, check_errors, screenshot, capture. A task that is cancelled, by asyncio.wait_for too, ends the
    call on the wire before CancelledError goes on; the instrument is usable then.
    """

    def __init__(self, opener: Callable[[Caller], Instrument]):
        self._opener, self._caller = opener, Caller()
        self._executor = concurrent.futures.ThreadPoolExecutor(1, 'graticule-async')
        self._instrument: Optional[Instrument] = None

    async def _call(self, function, *args, **more):
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._executor, functools.partial(function, *args, **more))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # The thread may not have begun the call yet: a cancel before it has no effect.
            while not future.done():
                self._caller.cancel()
                await asyncio.wait([future], timeout=0.02)
            future.exception()
            raise

    def _open(self):
        self._instrument = self._opener(self._caller)

    async def __aenter__(self) -> 'AsyncInstrument':
        try:
            await self._call(self._open)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the call in progress and closes the session. Twice does no harm."""
        instrument, self._instrument = self._instrument, None
        if instrument:
            instrument.cancel()
            await self._call(instrument.close)
        self._executor.shutdown(wait=False)

    def __repr__(self) -> str:
        return '<Async%r>' % self._instrument if self._instrument else '<AsyncInstrument, closed>'


def _coroutine(name):
    method = getattr(Instrument, name)

    @functools.wraps(method)
    async def call(self, *args, **more):
        if not self._instrument:
            raise RuntimeError('%s: the instrument is not open; use `async with`' % name)
        return await self._call(method, self._instrument, *args, **more)
    return call


for _name in METHODS:
    setattr(AsyncInstrument, _name, _coroutine(_name))
