"""Hours in which nobody is written to unasked, in the local time of whoever would be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from flows.slots import instant, local

MARGIN = 5 * 60
"""Seconds before quiet hours begin at which something is said that would fall into them."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one minute of the local day to another, mostly of the next one; half-open."""

    begins: int
    ends: int
    """The same as `begins`: there are none."""
    zone: ZoneInfo

    def before(self, moment: int) -> int:
        """This moment, or shortly before the quiet hours that it falls into. Seconds since the epoch."""
        stretch = self._around(moment)
        return moment if stretch is None else stretch[0] - MARGIN

    def after(self, moment: int) -> int:
        """This moment, or the end of the quiet hours that it falls into. Seconds since the epoch."""
        stretch = self._around(moment)
        return moment if stretch is None else stretch[1]

    def _around(self, moment: int) -> tuple[int, int] | None:
        """The quiet hours that it falls into: seconds since the epoch."""
        today = local(moment // 60, self.zone).date()
        night = int(self.ends < self.begins)
        for day in (today - timedelta(days=1), today):
            begins = instant(day, self.begins, self.zone) * 60
            ends = instant(day + timedelta(days=night), self.ends, self.zone) * 60
            if begins <= moment < ends:
                return begins, ends
        return None
