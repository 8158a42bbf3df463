"""A plot that follows the signal."""
import io
import time
import warnings
from typing import TYPE_CHECKING, Any, Dict, Optional

from . import _errors, _request
from .traces import Traces

if TYPE_CHECKING:
    from .instrument import Channels, Instrument


def _notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, 'kernel')


class LivePlot:
    """What Instrument.live draws: `show(traces)` puts new traces into the picture, for programs with a loop of their
    own, such as `for block in scope.stream(…): plot.show(block)`.

    traces: the last ones. frames: how many there were. axes: of matplotlib. png: the last picture of a notebook.
    """

    def __init__(self, axes: Any = None):
        self.traces: Optional[Traces] = None
        self.frames = 0
        self.axes = axes
        self.png = b''
        self._notebook = _notebook()
        self._display: Any = None

    def __repr__(self) -> str:
        return '<LivePlot: %d pictures, the last of %r>' % (self.frames, self.traces)

    def _prepare(self) -> None:
        if self.axes is not None:
            return
        if self._notebook:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
            figure = Figure(figsize=(8, 4))
            FigureCanvasAgg(figure)
            self.axes = figure.subplots()
        else:
            import matplotlib.pyplot
            matplotlib.pyplot.ion()
            self.axes = matplotlib.pyplot.subplots()[1]

    def show(self, traces: Traces) -> None:
        """Draws these in the place of the last ones."""
        self._prepare()
        self.traces = traces
        self.frames += 1
        self.axes.clear()
        traces.plot(self.axes)
        low = [t.low for t in traces.values() if not t.logic]
        if low:
            high = [t.high for t in traces.values() if not t.logic]
            if min(low) < max(high):
                self.axes.set_ylim(min(low), max(high))
        self.axes.grid(True, alpha=0.3)
        if self._notebook:
            self._show_picture()
        else:
            canvas = self.axes.figure.canvas
            canvas.draw_idle()
            canvas.flush_events()

    def _show_picture(self) -> None:
        from IPython.display import Image, display
        out = io.BytesIO()
        self.axes.figure.savefig(out, format='png')
        self.png = out.getvalue()
        if self._display is None:
            self._display = display(Image(self.png), display_id=True)
        else:
            self._display.update(Image(self.png))

    def _follow(self, instrument: 'Instrument', channels: 'Optional[Channels]', seconds: Optional[float],
               frames: Optional[int], rate: float, more: Dict[str, Any]) -> None:
        """What Instrument.live does."""
        if not rate > 0:
            raise _errors.BadArgument('EINVAL', 'rate: %r: it must be above 0' % (rate,))
        q = _request.make({'channels': channels, **{key: more[key] for key in more if key != 'timeout'}})
        began = time.monotonic()
        try:
            while (seconds is None or time.monotonic() - began < seconds) and (frames is None or self.frames < frames):
                next_at = time.monotonic() + 1 / rate
                got, interrupted = instrument._begin(q, more.get('timeout'), None, settings=False)
                self.show(got[-1])
                if interrupted:
                    raise KeyboardInterrupt
                time.sleep(max(0.0, next_at - time.monotonic()))
        except KeyboardInterrupt:
            if not self.frames:
                raise
            from .instrument import Interrupted
            warnings.warn('%s: interrupted after %d pictures' % (instrument.resource, self.frames), Interrupted,
                          stacklevel=3)
