"""Golongan: the grades of PNS and of PPPK. Source: the reference list of SIASN; PPPK's have no letter."""

from __future__ import annotations

PNS = (
    *("I/a", "I/b", "I/c", "I/d", "II/a", "II/b", "II/c", "II/d", "III/a", "III/b", "III/c", "III/d"),
    *("IV/a", "IV/b", "IV/c", "IV/d", "IV/e"),
)
PPPK = (
    *("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII"),
)
ALL = (*PNS, *PPPK)
