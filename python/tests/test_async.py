"""asyncio: many at once, cancelled ones, and a loop that goes on meanwhile."""
import asyncio
import time

import pytest

import graticule as gr


def test_32_at_once(graticule_sim):
    bench = graticule_sim(*['plain'] * 32, address=None)
    assert len(bench.resources) == 32

    async def one(resource):
        async with gr.open_async(resource) as plain:
            first = await plain.query('*IDN?')
            for _ in range(10):
                assert await plain.query('*IDN?') == first
            return first

    async def everything():
        return await asyncio.gather(*map(one, bench.resources))

    assert all(asyncio.run(everything()))


def test_waits_at_the_same_time(graticule_sim):
    bench = graticule_sim(*['plain'] * 16, address=None)

    async def one(resource):
        async with gr.open_async(resource) as plain:
            with pytest.raises(gr.Timeout):
                await plain.read(timeout=0.5)

    async def everything():
        await asyncio.gather(*map(one, bench.resources))

    began = time.monotonic()
    asyncio.run(everything())
    assert time.monotonic() - began < 6    # one after another: 8 s


def test_cancelled(graticule_sim):
    resource = graticule_sim('ds1104z').resource

    async def main():
        async with gr.open_async(resource) as scope:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(scope.read(timeout=60), 0.3)
            assert (await scope.identify()).model == 'DS1104Z'
            t = await scope.capture('1', period=2e-3, trigger='none')
            assert t.samples
        with pytest.raises(RuntimeError):
            await scope.query('*IDN?')
        with pytest.raises(gr.Refused):
            async with gr.open_async('TCPIP::127.0.0.1::1::SOCKET'):
                pass

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < 20


def test_stream(graticule_sim):
    resource = graticule_sim('bitscope', options='a=sine:1kHz:2V:1.6V').resource

    async def main():
        async with gr.open_async(resource) as scope:
            blocks = [b async for b in scope.stream(1e5, 'A', duration=1.5, block=0.01, low=0, high=5)]
            async for block in scope.stream(1e5, 'A', low=0, high=5):
                break
            assert block.samples and (await scope.capture('A', period=1e-3, trigger='none')).samples
        return blocks

    blocks = asyncio.run(main())
    assert len(blocks) > 1 and blocks[0].first == 0
