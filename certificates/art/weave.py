"""Weave the ornaments of the certificate: `python certificates/art/weave.py` writes the PNG files beside it.

A stitch is two pixels wide, enough for viewers that smooth small pictures. Colours: indigo #, cream o, ochre *, red ground.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent
COLOURS = {".": 0x9C3B2E, "#": 0x17303F, "o": 0xF4E7CF, "*": 0xD39A3A}
MOTIF = (
    "########################################",
    "oo##oo##oo##oo##oo##oo##oo##oo##oo##oo##",
    "########################################",
    "#######............ooo............######",
    "#####............ooo#ooo............####",
    "###*...........oo#######oo...........*##",
    "#*.....oo....oo####ooo####oo....oo.....*",
    "*.....oo...oo####oo...oo####oo...oo.....",
    "*....o...oo####oo...*...oo####oo...o....",
    "**...o..oo####oo...***...oo####oo..o...*",
    "***..oooo####oo...*****...oo####oooo..**",
    "**...o..oo####oo...***...oo####oo..o...*",
    "*....o...oo####oo...*...oo####oo...o....",
    "*.....oo...oo####oo...oo####oo...oo.....",
    "#*.....oo....oo####ooo####oo....oo.....*",
    "###*...........oo#######oo...........*##",
    "#####............ooo#ooo............####",
    "#######............ooo............######",
    "########################################",
    "oo##oo##oo##oo##oo##oo##oo##oo##oo##oo##",
    "########################################",
)
CORNER = (
    "#####################",
    "#oo##oo##oo##oo##oo##",
    "#####################",
    "#o#######.o.#######o#",
    "#o######.o#o.######o#",
    "########o###o########",
    "#######o##.##o#######",
    "#o####o##...##o####o#",
    "#o###o##..o..##o###o#",
    "###.o##..o#o..##o.###",
    "##.o##..o#*#o..##o.##",
    "###.o##..o#o..##o.###",
    "#o###o##..o..##o###o#",
    "#o####o##...##o####o#",
    "#######o##.##o#######",
    "########o###o########",
    "#o######.o#o.######o#",
    "#o#######.o.#######o#",
    "#####################",
    "##oo##oo##oo##oo##oo#",
    "#####################",
)
TILES_ACROSS, TILES_DOWN = 15, 10
STITCH = 2  # pixels


def weave() -> None:
    band = [row * TILES_ACROSS for row in MOTIF]
    _save("band", band)
    _save("edge", [corner + row + corner for corner, row in zip(CORNER, band, strict=True)])
    column = [row * TILES_DOWN for row in MOTIF]
    _save("side", ["".join(stitches) for stitches in zip(*column, strict=True)])


def _save(name: str, rows: list[str]) -> None:
    image = Image.new("RGB", (len(rows[0]), len(rows)))
    for y, row in enumerate(rows):
        for x, stitch in enumerate(row):
            image.putpixel((x, y), tuple(COLOURS[stitch].to_bytes(3, "big")))
    image = image.quantize(len(COLOURS)).resize((image.width * STITCH, image.height * STITCH))
    image.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    weave()
