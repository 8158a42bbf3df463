"""Simulated instruments on real wires, served by a thread of this process."""
import threading
from ctypes import byref, c_void_p
from typing import Any, List, Optional, Sequence

from ._call import FOREVER_MS, Caller, owned
from ._lib import grat_op, grat_sim_instrument, lib

# Those that need no port below 1024, each on a port that is free. A BitScope speaks in bytes: a pseudo terminal.
WIRES = {'bitscope': 'serial'}
OTHER_WIRES = 'vxi11'


class Sim:
    """A bench of simulated instruments; `with graticule.sim("ds1104z") as bench: graticule.open(bench.resource)`.

    resources: where they can be reached, in the order of the models. resource: the first of them.
    """

    def __init__(self, models: Sequence[str], wires: Optional[str], options: Optional[str], faults: Optional[str],
                 address: Optional[str], seed: int):
        self._sim: Any = c_void_p()
        caller = Caller()
        encoded = [None if text is None else text.encode() for text in (address, options, faults)]
        wanted = (grat_sim_instrument * len(models))()
        for item, model in zip(wanted, models):
            item.model = model.encode()
            item.wires = (wires if wires is not None else WIRES.get(model, OTHER_WIRES)).encode()
            item.address, item.options, item.faults = encoded
            item.no_portmapper = wires is None
        caller.call(10.0, lib.grat_sim_new, wanted, len(models), seed, byref(caller.op), byref(self._sim))
        self._stop = lib.grat_cancel_new()
        self.resources: List[str] = []
        while True:
            resource = lib.grat_sim_resource(self._sim, len(self.resources))
            if resource is None:
                break
            self.resources.append(resource.decode())
        self._thread = threading.Thread(target=self._serve, name='graticule-sim', daemon=True)
        self._thread.start()
        owned.add(self)

    def _abandon(self) -> None:
        self._sim = c_void_p()

    def _serve(self) -> None:
        op = grat_op()
        lib.grat_op_init(byref(op), FOREVER_MS, None)
        lib.grat_sim_run(self._sim, self._stop, byref(op))

    @property
    def resource(self) -> str:
        """The first of the resources."""
        return self.resources[0]

    def __repr__(self) -> str:
        return '<Sim %s>' % (', '.join(self.resources) if self._sim else 'closed')

    def __enter__(self) -> 'Sim':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes every connection and port. Twice does no harm."""
        if not self._sim:
            return
        lib.grat_cancel_fire(self._stop)
        self._thread.join()
        lib.grat_sim_free(self._sim)
        lib.grat_cancel_free(self._stop)
        self._sim = c_void_p()


def sim(*models: str, wires: Optional[str] = None, options: Optional[str] = None, faults: Optional[str] = None,
        address: Optional[str] = '127.0.0.1', seed: int = 1) -> Sim:
    """Starts simulated instruments, such as sim("ds1104z", options="ch1=sine:1kHz:2V").

    models, wires, options, faults: as `grat sim --help` names them. Without `wires` each is on VXI-11 at a free port (a
    BitScope on a pseudo terminal), which needs no privilege; the resources say where. The options and faults go to
    every model. address: of the first instrument and all others; None = 127.0.0.1 and, for each further one, the next.
    BadArgument names what is not known, Locked (EBUSY) a port that is taken.
    """
    return Sim(models or ('ds1104z',), wires, options, faults, address, seed)
