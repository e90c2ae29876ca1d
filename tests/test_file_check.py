"""Damage that decoders pass over is found, and files in good order have none."""

import io
import re
import struct
import zlib

import numpy as np
import pytest
from image_files import png, smooth_jpeg
from PIL import Image

from zoo.file_check import check_file
from zoo.images import ImageError, check_picture, read_image


@pytest.fixture
def picture(rng):
    """Of large smooth shapes with noise, so that JPEG has something to store in every block."""
    y, x = np.mgrid[:90, :110]
    smooth = np.stack([x + y, 255 - x, 2 * y], -1)
    return np.clip(smooth + rng.integers(-20, 20, smooth.shape), 0, 255).astype(np.uint8)


def _saved(picture, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    return buffer.getvalue()


def _markers(data, code):
    return [i for i in range(len(data) - 1) if data[i] == 0xFF and data[i + 1] == code]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("PNG", {"bits": 8, "optimize": True}),
        ("JPEG", {"quality": 80}),
        ("JPEG", {"quality": 80, "progressive": True}),
        ("JPEG", {"quality": 95, "subsampling": 0, "restart_marker_rows": 1}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 70}),
        ("TIFF", {}),
        ("PPM", {}),
    ],
)
def test_files_in_good_order_have_no_damage(picture, kind, options):
    for pixels in (picture, picture[..., 0], picture[:1, :1], picture[:37, :53]):
        found = check_file(_saved(pixels, kind, **options))
        assert (found.damage, found.missing, found.frames) == ([], None, 1)


@pytest.mark.parametrize("mode", ["CMYK", "L", "YCbCr"])
def test_jpegs_of_other_colours_have_no_damage(picture, mode):
    buffer = io.BytesIO()
    Image.fromarray(picture).convert(mode).save(buffer, "JPEG")
    assert check_file(buffer.getvalue()).damage == []


@pytest.mark.parametrize("colour_type", [0, 2, 4, 6])
@pytest.mark.parametrize("depth", [8, 16])
def test_pngs_by_hand_have_no_damage(rng, colour_type, depth):
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    samples = rng.integers(0, 2**depth, (9, 7, channels))
    found = check_file(png(depth, colour_type, samples))
    assert (found.damage, found.missing) == ([], None)


def test_rows_of_an_interlaced_png_are_counted(picture):
    import cv2

    # Adam7's passes by brute force: pixel (y, x) belongs to one of seven.
    order = np.array(
        [
            [1, 6, 4, 6, 2, 6, 4, 6],
            [7] * 8,
            [5, 6, 5, 6, 5, 6, 5, 6],
            [7] * 8,
            [3, 6, 4, 6, 3, 6, 4, 6],
            [7] * 8,
            [5, 6, 5, 6, 5, 6, 5, 6],
            [7] * 8,
        ]
    )
    grey = picture[:37, :53, 0]
    rows = b""
    for number in range(1, 8):
        mask = np.tile(order == number, (5, 7))[:37, :53]
        for y in range(37):
            if mask[y].any():
                rows += b"\0" + grey[y, mask[y]].tobytes()
    data = bytearray(png(8, 0, grey[..., None]))
    header = struct.pack(">IIBBBBB", 53, 37, 8, 0, 0, 0, 1)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def whole(content):
        return bytes(data[:8]) + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")

    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(whole(rows), np.uint8), 0), grey)
    assert check_file(whole(rows)).missing is None
    assert check_file(whole(rows[:-1])).missing is not None


def _wrong_checksum(data):
    return data[:29] + bytes([data[29] ^ 1]) + data[30:]  # of IHDR


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (_wrong_checksum, "wrong checksum of 1 chunk(s), first 'IHDR'"),
        (lambda data: data + b"secret", "6 bytes after the end"),
        (lambda data: data[:-12], "no end marker (IEND)"),
        (lambda data: data[:-5], "no end marker (IEND)"),
    ],
)
def test_damage_of_a_png(rgb, harm, found):
    assert check_file(harm(png(8, 2, rgb))).damage == [found]


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_png_whose_data_end_early_is_refused(tmp_path, picture, kept):
    rows = b"".join(b"\0" + row.tobytes() for row in picture)
    data = png(8, 2, picture)
    whole, short = zlib.compress(rows), zlib.compress(rows[: int(kept * len(rows))])
    at = data.index(b"IDAT") - 4
    chunk = struct.pack(">I", len(short)) + b"IDAT" + short + struct.pack(">I", zlib.crc32(b"IDAT" + short))
    path = tmp_path / "a.png"
    path.write_bytes(data[:at] + chunk + data[at + 12 + len(whole) :])
    with pytest.raises(
        ImageError, match=r"(of the picture data|is truncated or damaged .*); a complete file is needed"
    ) as error:
        read_image(path)
    assert len(str(error.value).splitlines()) == 1


def test_damage_of_a_jpeg(picture):
    data = _saved(picture, "JPEG", quality=80)
    assert check_file(data + b"secret").damage == ["6 bytes after the end"]
    assert check_file(data + bytes(6)).damage == []  # padding
    table = _markers(data, 0xDB)[0]
    assert check_file(data[: table + 5] + bytes(64) + data[table + 69 :]).damage == ["zeros in 1 quantisation table(s)"]
    (found,) = check_file(data[:-2] + bytes(range(100)) + data[-2:]).damage
    assert re.fullmatch(r"decoder's warning: \d+ extraneous bytes before marker 0xd9", found)


def test_an_arithmetic_jpeg_is_named(picture):
    data = _saved(picture, "JPEG")
    frame = _markers(data, 0xC0)[0]
    found = check_file(data[: frame + 1] + b"\xc9" + data[frame + 2 :])
    assert "arithmetic coding, which is rarely used" in found.damage


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_whose_data_end_early_is_refused(tmp_path, picture, progressive):
    data = _saved(picture, "JPEG", quality=80, progressive=progressive)
    scans = _markers(data, 0xDA)
    for end in ((scans[0] + len(data)) // 2, scans[-1]) if progressive else ((scans[0] + len(data)) // 2,):
        path = tmp_path / "a.jpg"
        path.write_bytes(data[:end] + b"\xff\xd9")
        with pytest.raises(ImageError, match="lacks ") as error:
            read_image(path)
        assert len(str(error.value).splitlines()) == 1


def test_flipped_bits_in_a_jpeg_are_not_passed_over(tmp_path, rng, picture):
    """About half of them show: after the others Huffman's code falls into step again, and the count of blocks fits."""
    data = _saved(picture, "JPEG", quality=80)
    start, seen = _markers(data, 0xDA)[0] + 14, 0
    for _ in range(40):
        changed = bytearray(data)
        for position in rng.integers(start, len(data) - 2, 5):
            changed[position] ^= 1 << rng.integers(8)
        found = check_file(bytes(changed))
        seen += bool(found.damage or found.missing)
    assert seen >= 10


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_frames_are_counted(tmp_path, picture, kind):
    frames = [Image.fromarray(np.roll(picture, 9 * i, 1)) for i in range(3)]
    frames[0].save(tmp_path / "a", kind, save_all=True, append_images=frames[1:])
    found = check_picture(tmp_path / "a")
    assert (found.frames, found.damage) == (3, [])
    assert read_image(tmp_path / "a").shape == picture.shape


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP"])
def test_bytes_behind_the_end_are_counted(picture, kind):
    assert check_file(_saved(picture, kind) + b"secrets!").damage == ["8 bytes after the end"]


def test_a_gif_without_its_trailer(picture):
    assert check_file(_saved(picture, "GIF")[:-1]).damage == ["no end marker (trailer)"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_no_damage_is_an_exception(rng, picture, kind):
    data = _saved(picture[:40, :40], kind)
    for _ in range(150):
        changed = bytearray(data[: rng.integers(8, len(data) + 1)])
        for position in rng.integers(0, len(changed), 6):
            changed[position] = rng.integers(256)
        check_file(bytes(changed))
    assert check_file(b"").damage == []


def test_smooth_jpegs_of_the_other_tests_are_in_order():
    for progressive in (False, True):
        found = check_file(smooth_jpeg(progressive=progressive))
        assert (found.damage, found.missing) == ([], None)
