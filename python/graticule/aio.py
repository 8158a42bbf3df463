"""Instruments for asyncio. The calls of each run in a thread of its own, so that any number wait at the same time."""
import asyncio
import concurrent.futures
import functools
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, Union

from ._call import Caller
from .instrument import Channels, Identity, Instrument, Number, Screenshot
from .stream import Stream, Totals
from .traces import Traces

if TYPE_CHECKING:
    from .generator import Generator

T = TypeVar('T')


class AsyncInstrument:
    """`async with graticule.open_async(resource) as scope: await scope.capture(…)`.

    Its methods are those of Instrument, as coroutines, with the same arguments, units and errors. A task that is
    cancelled, by asyncio.wait_for too, ends the call on the wire before CancelledError goes on; the instrument is
    usable then.
    """

    def __init__(self, opener: Callable[[Caller], Instrument]):
        self._opener, self._caller = opener, Caller()
        self._executor = concurrent.futures.ThreadPoolExecutor(1, 'graticule-async')
        self._instrument: Optional[Instrument] = None

    async def _call(self, function: Callable[..., T], *args: Any, **more: Any) -> T:
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

    def _open(self) -> None:
        self._instrument = self._opener(self._caller)

    @property
    def instrument(self) -> Instrument:
        """The Instrument behind it, for what needs no waiting."""
        if not self._instrument:
            raise RuntimeError('the instrument is not open; use `async with`')
        return self._instrument

    @property
    def resource(self) -> str:
        return self.instrument.resource

    async def __aenter__(self) -> 'AsyncInstrument':
        try:
            await self._call(self._open)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
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

    async def write(self, command: Union[str, bytes], timeout: Optional[float] = None) -> None:
        await self._call(self.instrument.write, command, timeout)

    async def read(self, size: int = 65536, timeout: Optional[float] = None) -> bytes:
        return await self._call(self.instrument.read, size, timeout)

    async def query(self, command: str, timeout: Optional[float] = None, limit: int = 65536) -> str:
        return await self._call(self.instrument.query, command, timeout, limit)

    async def query_values(self, command: str, timeout: Optional[float] = None, limit: int = 1 << 24) -> Any:
        return await self._call(self.instrument.query_values, command, timeout, limit)

    async def query_block(self, command: str, dtype: Any = None, timeout: Optional[float] = None) -> Any:
        return await self._call(self.instrument.query_block, command, dtype, timeout)

    async def read_stb(self, timeout: Optional[float] = None) -> int:
        return await self._call(self.instrument.read_stb, timeout)

    async def clear(self, timeout: Optional[float] = None) -> None:
        await self._call(self.instrument.clear, timeout)

    async def trigger(self, timeout: Optional[float] = None) -> None:
        await self._call(self.instrument.trigger, timeout)

    async def identify(self, timeout: Optional[float] = None) -> Identity:
        return await self._call(self.instrument.identify, timeout)

    async def check_errors(self, timeout: Optional[float] = None) -> None:
        await self._call(self.instrument.check_errors, timeout)

    async def screenshot(self, timeout: Optional[float] = 30.0) -> Screenshot:
        return await self._call(self.instrument.screenshot, timeout)

    async def capture(self, channels: Optional[Channels] = None, **more: Any) -> Any:
        return await self._call(self.instrument.capture, channels, **more)

    async def generator(self, wave: Optional[str] = None, **more: Any) -> 'Generator':
        return await self._call(self.instrument.generator, wave, **more)

    def stream(self, rate: Number, channels: Optional[Channels] = None, **more: Any) -> 'AsyncStream':
        """`async for block in scope.stream(rate=1e6): …`"""
        return AsyncStream(self, lambda: self.instrument.stream(rate, channels, **more))


class AsyncStream:
    """What AsyncInstrument.stream returns: leaving the loop ends the recording. totals: as of Stream."""

    def __init__(self, owner: AsyncInstrument, opener: Callable[[], Stream]):
        self._owner, self._opener = owner, opener
        self._stream: Optional[Stream] = None

    def __aiter__(self) -> 'AsyncStream':
        return self

    async def __anext__(self) -> Traces:
        if self._stream is None:
            self._stream = await self._owner._call(self._opener)
        block: Optional[Traces] = await self._owner._call(next, self._stream, None)
        if block is None:
            raise StopAsyncIteration
        return block

    @property
    def totals(self) -> Optional[Totals]:
        return self._stream.totals if self._stream else None

    async def aclose(self) -> None:
        if self._stream:
            await self._owner._call(self._stream.close)
