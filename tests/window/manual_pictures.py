"""Makes the manual's pictures of those of the screen, in few colours: the package stays small."""

from pathlib import Path

from PIL import Image

COLOURS = 256


def write_pictures(seen, folder):
    """Write each picture that the manual shows into a folder as PNG of few colours."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(Path(seen).glob("manual_*.png")):
        picture = Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        picture.save(folder / path.name.removeprefix("manual_"), optimize=True)
