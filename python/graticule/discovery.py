"""Which instruments there are."""
import ctypes
import re
from ctypes import byref, c_void_p
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ._call import Caller, failure
from ._lib import found_fn, grat_discover_options, lib
from .instrument import Identity, identity_of


class Found(NamedTuple):
    """An instrument that discovery found.

    resource: what open takes. identity: empty fields when it did not answer. name: its alias in the configuration.
    via: what found it, such as "vxi11 mdns". addresses: every resource of it, the best first. note: why it did not
    answer.
    """
    resource: str
    identity: Identity
    name: Optional[str]
    via: str
    addresses: List[str]
    note: Optional[str]


class FoundList(List[Found]):
    """A list of Found that prints as a table."""

    def by_bus(self) -> Dict[str, List[Found]]:
        """By what stands before the number in the resource: "TCPIP", "USB", "ASRL", "GPIB", "BITSCOPE", …"""
        buses: Dict[str, List[Found]] = {}
        for found in self:
            buses.setdefault(re.split(r'[^A-Za-z-]', found.resource, 1)[0].upper(), []).append(found)
        return buses

    def _rows(self) -> List[Tuple[str, ...]]:
        return [(f.resource, ' '.join(f.identity[:2]).strip(), f.identity.serial, f.name or '', f.note or '')
                for f in self]

    def _repr_html_(self) -> str:
        import html
        rows = [('resource', 'instrument', 'serial number', 'alias', '')] + self._rows()
        return '<table>%s</table>' % ''.join('<tr>%s</tr>' % ''.join(
            '<td>%s</td>' % html.escape(cell) for cell in row) for row in rows)

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows)]
        return '\n'.join('  '.join(map(str.ljust, row, widths)).rstrip() for row in rows) or 'no instruments'


def _text(value: Optional[bytes]) -> Optional[str]:
    return value.decode(errors='replace') if value is not None else None


def _found_of(c: Any) -> Found:
    addresses: List[str] = []
    while c.addresses and c.addresses[len(addresses)] is not None:
        addresses.append(c.addresses[len(addresses)].decode(errors='replace'))
    return Found(_text(c.resource) or '', identity_of(c.identity), _text(c.name), _text(c.via) or '', addresses,
                 _text(c.note))


def discover(timeout: float, silent: bool) -> FoundList:
    found = FoundList()
    broken: List[BaseException] = []

    def take(_: Any, item: Any) -> None:
        try:
            new = _found_of(item.contents)
            mine = set(new.addresses) | {new.resource}
            found[:] = [f for f in found if not mine & (set(f.addresses) | {f.resource})] + [new]
        except BaseException as e:
            broken.append(e)

    caller, callback = Caller(), found_fn(take)
    options = grat_discover_options(size=ctypes.sizeof(grat_discover_options), silent=silent)
    err, interrupts = caller.run(timeout, lib.grat_discover, byref(options), callback, None, byref(caller.op))
    interrupts.deliver()
    if broken:
        raise broken[0]
    if err:
        raise failure(caller.op, found)
    # Bare serial ports come last: that they exist does not mean that there is an instrument.
    found.sort(key=lambda f: (f.name is None, f.via == 'serial', f.resource))
    return found


def default_resource() -> Optional[str]:
    """The default of the configuration file, or None."""
    caller, config = Caller(), c_void_p()
    caller.call(1.0, lib.grat_config_load, byref(caller.op), byref(config))
    name = _text(lib.grat_config_default(config))
    lib.grat_config_free(config)
    return name
