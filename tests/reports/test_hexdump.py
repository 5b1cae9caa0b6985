"""Frames taken apart, field by field."""

from __future__ import annotations

import pytest

from reports.hexdump import header_fields, take_apart
from reports.sequence import sequence_of
from tests.reports.made import HEAD, case, entry
from wireproof.wire.websocket import Frame, LengthForm, Masking, Opcode, Rsv

KEY = b"\x83\x77\xe3\xc6"


def fields(frame: Frame, *, from_client: bool = True) -> dict[str, tuple[str, str, str]]:
    data = frame.encode(KEY)
    header = data[: len(data) - len(frame.payload)]
    return {f.name: (f.bits, f.meaning, f.odd) for f in header_fields(header, from_client=from_client)}


class TestHeader:
    def test_every_bit_of_an_ordinary_frame_has_its_name(self) -> None:
        assert fields(Frame.text("hello")) == {
            "FIN": ("1", "last frame", ""),
            "RSV1": ("0", "", ""),
            "RSV2": ("0", "", ""),
            "RSV3": ("0", "", ""),
            "Opcode": ("0001", "0x1 text", ""),
            "MASK": ("1", "masked", ""),
            "Length": ("0000101", "5 bytes", ""),
            "Masking key": ("83 77 e3 c6", "", ""),
        }

    def test_a_length_of_16_bits(self) -> None:
        told = fields(Frame.binary(bytes(300)))
        assert told["Length"] == ("1111110", "126: the next 16 bits tell", "")
        assert told["Length, 16 bits"] == ("01 2c", "300 bytes", "")

    def test_a_length_of_64_bits(self) -> None:
        told = fields(Frame.binary(bytes(70_000)))
        assert told["Length"][0] == "1111111"
        assert told["Length, 64 bits"] == ("00 00 00 00 00 01 11 70", "70000 bytes", "")

    @pytest.mark.parametrize(
        ("frame", "name", "odd"),
        [
            (Frame.text("x", rsv=Rsv.RSV1), "RSV1", "a reserved bit"),
            (Frame.text("x", rsv=Rsv.RSV3), "RSV3", "a reserved bit"),
            (Frame(0x3, b""), "Opcode", "reserved for data frames"),
            (Frame(0xB, b""), "Opcode", "reserved for control frames"),
            (Frame(Opcode.PING, b"", fin=False), "FIN", "a fragmented control frame"),
            (Frame(Opcode.PING, bytes(126)), "Length, 16 bits", "too long for a control frame"),
            (Frame(Opcode.TEXT, b"x", mask=Masking.NONE), "MASK", "a client’s frame, unmasked"),
            (
                Frame(Opcode.TEXT, b"x", length_form=LengthForm.BITS_16),
                "Length, 16 bits",
                "not the shortest form",
            ),
            (
                Frame(Opcode.TEXT, b"x", length_form=LengthForm.BITS_64),
                "Length, 64 bits",
                "not the shortest form",
            ),
            (Frame(Opcode.TEXT, declared=1 << 63), "Length, 64 bits", "the most significant bit is set"),
        ],
    )
    def test_what_is_unusual_is_said(self, frame: Frame, name: str, odd: str) -> None:
        told = fields(frame)
        assert told[name][2] == odd
        assert [field for field in told if told[field][2]] == [name]

    def test_a_servers_frame_is_not_masked(self) -> None:
        assert fields(Frame.text("x"), from_client=False)["MASK"][2] == "a server’s, masked"
        plain = Frame(Opcode.TEXT, b"x", mask=Masking.NONE)
        assert fields(plain, from_client=False)["MASK"] == ("0", "not masked", "")


class TestDump:
    def test_the_bytes_are_marked_by_field_and_the_payload_is_unmasked(self) -> None:
        data = Frame.ping(b"wireproof-1").encode(KEY)
        (frame,) = take_apart(data, len(data), from_client=True).frames
        assert frame.rows[0].parts[:3] == (("flags", "89"), ("length", "8b"), ("key", "83 77 e3 c6"))
        shown = " ".join(hexed for row in frame.rows for _, hexed in row.parts)
        assert bytes.fromhex(shown) == data
        assert [row.text for row in frame.plain] == ["wireproof-1"]

    def test_two_frames_in_one_write_are_two(self) -> None:
        data = Frame.text("a").encode(KEY) + Frame.ping().encode(KEY)
        dump = take_apart(data, len(data), from_client=True)
        assert [frame.fields[4].meaning for frame in dump.frames] == ["0x1 text", "0x9 ping"]
        assert dump.rest == ()

    @pytest.mark.parametrize("data", [b"\x81", b"\x81\xfe\x00", b"\x82\x7f\x00\x00"])
    def test_half_a_header_is_shown_as_it_is(self, data: bytes) -> None:
        dump = take_apart(data, len(data), from_client=False)
        assert dump.frames == ()
        assert dump.rest[0].parts == (("raw", data.hex(" ")),)

    def test_a_payload_that_does_not_come_is_told(self) -> None:
        data = Frame(Opcode.TEXT, b"abc", declared=100).encode(KEY)
        (frame,) = take_apart(data, len(data), from_client=True).frames
        assert frame.fields[-1].odd == "only 3 of 100 bytes in this write"
        assert frame.left_out == 0

    def test_what_the_record_cut_is_counted(self) -> None:
        data = Frame.binary(bytes(10_000)).encode(KEY)
        (frame,) = take_apart(data[:4096], len(data), from_client=True).frames
        assert frame.left_out == 10_000 - 512

    @pytest.mark.parametrize(
        ("frame", "reading"),
        [
            (Frame.text("grüße"), "UTF-8: “grüße”"),
            (Frame.text("a\u202eb"), "UTF-8: “a‹U+202E›b”"),
            (Frame.text(b"ab\xff\xfe"), "no UTF-8 of its own from byte 2 on: ff fe"),
            (Frame.text("x", rsv=Rsv.RSV1), ""),
            (Frame.binary(b"x"), ""),
            (Frame.close(1002, "bad"), "status code 1002 (protocol error), reason “bad”"),
            (Frame.close(None), "no status code"),
            (Frame.close(None, b"x"), "one byte: too short for a status code"),
            (Frame.close(1005), "status code 1005 (no status, never sent in a frame)"),
            (Frame.close(3333), "status code 3333 (for applications)"),
            (Frame.close(2500), "status code 2500 (not assigned)"),
        ],
    )
    def test_the_payload_is_read(self, frame: Frame, reading: str) -> None:
        data = frame.encode(KEY)
        (told,) = take_apart(data, len(data), from_client=True).frames
        assert told.reading == reading


class TestSequence:
    def test_an_http_message_is_shown_by_lines(self) -> None:
        (step,) = sequence_of(case("a", transcript=[entry(0.1, "out", "http", "GET", HEAD)])).steps
        assert step.head[:2] == ("GET /chat HTTP/1.1", "Host: 127.0.0.1:9")
        assert step.head[-1] == ""

    def test_peers_keep_their_lifelines(self) -> None:
        lines = [entry(0.1, "note", "tcp", "connected", None, peer) for peer in (2, 5, 0, 2)]
        told = sequence_of(case("a", transcript=lines))
        assert [step.lane for step in told.steps] == [1, 2, 0, 1]
        assert told.peers == (2, 5)

    def test_what_is_accused_is_marked(self) -> None:
        lines = [entry(0.1, "in", "frame", f"text [{size}]") for size in (1, 2, 3)]
        told = sequence_of(case("a", "fail", transcript=lines, findings=[{"at": 1}, {"at": None}, {}]))
        assert [step.is_evidence for step in told.steps] == [False, True, False]
