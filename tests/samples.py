"""A small file of every format and variant, and the frames it holds, written down by hand."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from blf_maker import (
    EXTENDED,
    STAMP_10_US,
    blf_object,
    can_body,
    can_error_body,
    can_fd_64_body,
    can_fd_body,
    container,
    header,
)

from vehicle.wire.frame import Frame

EPOCH_US = 1_700_000_000_000_000
"""2023-11-14 22:13:20 UTC."""


@dataclass(frozen=True)
class Sample:
    file_name: str
    format: str
    content: bytes
    frames: tuple[tuple[int, Frame], ...]
    epoch_us: int | None = None

    @property
    def is_text(self) -> bool:
        return self.format not in ("Vector BLF", "MF4")


def sample(
    file_name: str,
    format_name: str,
    text: str | bytes,
    *frames: tuple[int, Frame],
    epoch_us: int | None = None,
) -> Sample:
    content = text.encode("latin-1") if isinstance(text, str) else text
    return Sample(file_name, format_name, content, frames, epoch_us)


def data(
    can_id: int, payload: str, channel: str = "", extended: bool = False, fd: bool = False
) -> Frame:
    return Frame(can_id, bytes.fromhex(payload), channel, extended, fd)


LATCH = "24 08 04 D0 00 05 0B 80"

TEXT_SAMPLES = (
    sample(
        "l.log",
        "candump",
        "(1700000000.000000) can0 25D#240804D000050B80\n"
        "(1700000000.0994559) vcan1 18FEF100#ff\n"
        "\n"
        "(1700000000.1) can0 1F0##1001122334455667788990011\n"
        "(1700000000.2) my-bus 1F0#R\n"
        "(1700000000.3) can0 18FEF100#R8\n"
        "(1700000000.4) can0 20000004#0001000000000000\n"
        "(1700000000.5) can0 98FEF100#0102\n"
        "(1700000000.6) can0 400001F0#\n"
        "(1700000001) can0 1f0# R\n",
        (0, data(0x25D, LATCH, "can0")),
        (99_455, data(0x18FEF100, "FF", "vcan1", extended=True)),
        (100_000, data(0x1F0, "001122334455667788990011", "can0", fd=True)),
        (200_000, Frame(0x1F0, b"", "my-bus", remote=True)),
        (300_000, Frame(0x18FEF100, b"", "can0", extended=True, remote=True)),
        (400_000, Frame(4, bytes.fromhex("0001000000000000"), "can0", error=True)),
        (500_000, data(0x18FEF100, "01 02", "can0", extended=True)),
        (600_000, Frame(0x1F0, b"", "can0", extended=True, remote=True)),
        (1_000_000, data(0x1F0, "", "can0")),
        epoch_us=EPOCH_US,
    ),
    sample(
        "directions.log",
        "candump",
        "(0.5) can0 25D#2408 R\r\n(1.000000001) can0 25D#2409 T\r\n"
        "(2.0) can0 123#1122334455667788_E\r\n",
        (0, data(0x25D, "24 08", "can0")),
        (500_000, data(0x25D, "24 09", "can0")),
        (1_500_000, data(0x123, "11 22 33 44 55 66 77 88", "can0")),
    ),
    sample(
        "hex.asc",
        "Vector ASC",
        "date Tue Nov 14 22:13:20.000 2023\n"
        "base hex  timestamps absolute\n"
        "no internal events logged\n"
        "// version 8.2.1\n"
        " 0.000000 Start of measurement\n"
        " 0.010000 1  25D             Rx   d 8 24 08 04 D0 00 05 0B 80  Length = 0 BitCount = 64\n"
        " 0.015000 1  Statistic: D 0 R 0 XD 0 XR 0 E 0 O 0 B 0.00%\n"
        " 0.020000 2  18FEF100x       Tx   d 2 FF 0A\n"
        " 0.030000 1  1F0             Rx   r\n"
        " 0.040000 1  1F0             Rx   r 8\n"
        " 0.050000 1  ErrorFrame\n"
        " 0.060000 CANFD   1 Rx        1F0                                   1 0 9 12"
        " 00 01 02 03 04 05 06 07 08 09 0A 0B 0 0 3000 0 0 0 0 0\n"
        " 0.070000 CANFD   2 Rx   18FEF100x  Engine_1  0 0 2  2 0A 0B 0 0 1000 0 0 0 0 0\n"
        " 0.080000 CANFD   2 Rx        1F0  0 0 2  2 0A 0B 0 0 0 0 0 0 0 0\n"
        " 0.090000 CANFD   2 Rx        1F0  0 0 8  0 0 0 10 0 0 0 0 0\n"
        " 0.100000 CANFD   2 Rx        1F0  0 0 1  1 AA\n"
        " 0.110000 CANFD   2 Rx ErrorFrame Active Error flags\n"
        " 0.120000 1  1F0             Rx   d f 01 02 03 04 05 06 07 08\n"
        " 0.130000 1  1F0             Rx   d 0\n"
        "End TriggerBlock\n",
        (0, data(0x25D, LATCH, "1")),
        (10_000, data(0x18FEF100, "FF 0A", "2", extended=True)),
        (20_000, Frame(0x1F0, b"", "1", remote=True)),
        (30_000, Frame(0x1F0, b"", "1", remote=True)),
        (40_000, Frame(0, b"", "1", error=True)),
        (50_000, data(0x1F0, "00 01 02 03 04 05 06 07 08 09 0A 0B", "1", fd=True)),
        (60_000, data(0x18FEF100, "0A 0B", "2", extended=True, fd=True)),
        (70_000, data(0x1F0, "0A 0B", "2")),
        (80_000, Frame(0x1F0, b"", "2", remote=True)),
        (90_000, data(0x1F0, "AA", "2", fd=True)),
        (100_000, Frame(0, b"", "2", error=True)),
        (110_000, data(0x1F0, "01 02 03 04 05 06 07 08", "1")),
        (120_000, data(0x1F0, "", "1")),
        epoch_us=EPOCH_US + 10_000,
    ),
    sample(
        "dec-relative.asc",
        "Vector ASC",
        "date Die M\xe4r 14 10:13:20.5 pm 2023\n"
        "base dec  timestamps relative\n"
        "internal events logged\n"
        "   0.500000 1  605             Rx   d 2 36 255\n"
        "   0.100000 1  Statistic: D 0 R 0\n"
        "   0.100000 1  605x            Rx   d 1 7\n",
        (0, data(605, "24 FF", "1")),
        (200_000, data(605, "07", "1", extended=True)),
        epoch_us=1_678_832_000_505_000,
    ),
    sample(
        "blocks.asc",
        "Vector ASC",
        "date Wed Nov 15 01:00:00 2023\n"
        "base hex  timestamps absolute\n"
        "Begin Triggerblock Tue Nov 14 22:13:20.0 2023\n"
        " 1.000000 1  1F0             Rx   d 1 01\n"
        "End TriggerBlock\n"
        "Begin Triggerblock Tue Nov 14 22:13:25.0 2023\n"
        " 6.000000 1  1F0             Rx   d 1 02\n"
        "End TriggerBlock\n"
        "Begin Triggerblock Tue Nov 14 22:13:30.0 2023\n"
        " 2.000000 1  1F0             Rx   d 1 03\n"
        "End TriggerBlock\n",
        (0, data(0x1F0, "01", "1")),
        (5_000_000, data(0x1F0, "02", "1")),
        (11_000_000, data(0x1F0, "03", "1")),
        epoch_us=EPOCH_US + 1_000_000,
    ),
    sample(
        "v10.trc",
        "PEAK TRC",
        ";##########################################################################\r\n"
        ";   Start time: 14.11.2023 22:13:20.500.7\r\n"
        ";   PCAN-Net: PCI1\r\n"
        "     1)      1841      0001  8  24 08 04 D0 00 05 0B 80\r\n"
        "     2)      1842      0008  4  ERROR 00 19 08 08\r\n"
        "     3)      1843  FFFFFFFF  4  00 00 00 04 -- BUSLIGHT\r\n"
        "     4)      1844  00000100  3  RTR\r\n",
        (0, data(1, LATCH)),
        (1_000, Frame(0, error=True)),
        (3_000, Frame(0x100, b"", "", extended=True, remote=True)),
        epoch_us=EPOCH_US + 2_341_700,
    ),
    sample(
        "v11.trc",
        "PEAK TRC",
        ";$FILEVERSION=1.1\n;$STARTTIME=45244.5\n;\n"
        "     1)      1059.9  Rx         0300  2  00 04\n"
        "     2)      1283.2  Warng  FFFFFFFF  4  00 00 00 08  BUSHEAVY\n"
        "     3)      1298.9  Error      0008  4  00 19 08 08\n"
        "     4)      1399.94 Tx     00000100  0  \n"
        "     5)      1400.0  Rx         0300  9  01 02 03 04 05 06 07 08\n",
        (0, data(0x300, "00 04")),
        (239_000, Frame(0, error=True)),
        (340_040, data(0x100, "", extended=True)),
        (340_100, data(0x300, "01 02 03 04 05 06 07 08")),
        epoch_us=1_699_963_201_059_900,
    ),
    sample(
        "v12.trc",
        "PEAK TRC",
        ";$FILEVERSION=1.2\n;$STARTTIME=45244\n;\n"
        "     1)      1059.900 1  Rx        0300 2  00 04\n"
        "     2)      1060.123 2  Rx        0301 2  RTR\n",
        (0, data(0x300, "00 04", "1")),
        (223, Frame(0x301, b"", "2", remote=True)),
        epoch_us=1_699_920_001_059_900,
    ),
    sample(
        "v13.trc",
        "PEAK TRC",
        ";$FILEVERSION=1.3\n;$STARTTIME=45244\n;\n"
        "     1)      1059.900 1  Rx        0300 -  2    00 04\n"
        "     2)      1060.123 2  Rx    1C3F0301 -  1    01\n",
        (0, data(0x300, "00 04", "1")),
        (223, data(0x1C3F0301, "01", "2", extended=True)),
        epoch_us=1_699_920_001_059_900,
    ),
    sample(
        "v20.trc",
        "PEAK TRC",
        ";$FILEVERSION=2.0\n;$STARTTIME=45244\n;$COLUMNS=N,O,T,I,d,l,D\n"
        "      1      1059.900 DT     0300 Rx 7  00 00 00 00 04 00 00\n"
        "      2      1060.900 FB     0300 Rx 12 00 01 02 03 04 05 06 07 08 09 0A 0B\n"
        "      3      1061.900 RR     0300 Rx 4\n"
        "      4      1062.900 ST            Rx    00 00 00 08\n"
        "      5      1063.900 EC            Rx    02 02\n"
        "      6      1064.900 ER            Rx    04 00 02 00 00\n"
        "      7      1065.900 EV     User-defined event\n",
        (0, data(0x300, "00 00 00 00 04 00 00")),
        (1_000, data(0x300, "00 01 02 03 04 05 06 07 08 09 0A 0B", fd=True)),
        (2_000, Frame(0x300, remote=True)),
        (5_000, Frame(0, error=True)),
        epoch_us=1_699_920_001_059_900,
    ),
    sample(
        "v21.trc",
        "PEAK TRC",
        ";$FILEVERSION=2.1\n;$STARTTIME=45244\n;$COLUMNS=N,O,T,B,I,d,R,L,D\n"
        "      1      1059.900 DT 1      0300 Rx -  7    00 00 00 00 04 00 00\n"
        "      2      1060.900 FD 2  18FEF100 Rx -  9    00 01 02 03 04 05 06 07 08 09 0A 0B\n",
        (0, data(0x300, "00 00 00 00 04 00 00", "1")),
        (1_000, data(0x18FEF100, "00 01 02 03 04 05 06 07 08 09 0A 0B", "2", True, True)),
        epoch_us=1_699_920_001_059_900,
    ),
    sample(
        "python-can.csv",
        "python-can CSV",
        "timestamp,arbitration_id,extended,remote,error,dlc,data\n"
        "5.7e-05,0x25d,0,0,0,8,JAgE0AAFC4A=\n"
        "0.0100019,0x18fef100,1,0,0,0,\n"
        "0.02,0x1f0,0,1,0,8,\n"
        "0.03,0x0,0,0,1,0,\n"
        "0.04,0x1f0,0,0,0,12,AAECAwQFBgcICQoL\n",
        (0, data(0x25D, LATCH)),
        (9_944, data(0x18FEF100, "", extended=True)),
        (19_943, Frame(0x1F0, remote=True)),
        (29_943, Frame(0, error=True)),
        (39_943, data(0x1F0, "00 01 02 03 04 05 06 07 08 09 0A 0B", fd=True)),
    ),
    sample(
        "no-dir.csv",
        "GVRET CSV",
        "Time Stamp,ID,Extended,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n"
        "166064000,0000021A,false,0,8,24,08,04,D0,00,05,0B,80,\n"
        "166065000,18FEF100,true,1,2,01,02,00,00,00,00,00,00,\n",
        (0, data(0x21A, LATCH, "0")),
        (1_000, data(0x18FEF100, "01 02", "1", extended=True)),
    ),
    sample(
        "dir-dlc-bom.csv",
        "GVRET CSV",
        "\xef\xbb\xbfTime Stamp,ID,Extended,Dir,Bus,DLC,D1,D2,D3,D4,D5,D6,D7,D8\r\n"
        "-100,25d,0,Rx,0,3,8,a,ff\r\n"
        "900,1ff,1,Tx,1,0\r\n"
        '"1900","800","0","Rx","0","1","5"\r\n',
        (0, data(0x25D, "08 0A FF", "0")),
        (1_000, data(0x1FF, "", "1", extended=True)),
        (2_000, data(0x800, "05", "0", extended=True)),
    ),
    sample(
        "milliseconds.csv",
        "GVRET CSV",
        "Time Stamp,ID,Extended,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n"
        "000000010,00000112,false,0,1,FA\n000000011,00000197,false,0,1,85\n",
        (0, data(0x112, "FA", "0")),
        (1_000, data(0x197, "85", "0")),
    ),
    sample(
        "panda.csv",
        "panda CSV",
        "Bus,MessageID,Message,MessageLength,Time\r\n"
        "130,0x444,0x9e50000000000000,8,0.02567887306213379\r\n"
        "0,0x18fef100,0x,0,0.026\r\n",
        (0, data(0x444, "9E 50 00 00 00 00 00 00", "130")),
        (322, data(0x18FEF100, "", "0", extended=True)),
    ),
    sample(
        "tab.log",
        "Microchip tab log",
        "ParserFlags\tCh\tCounter\tT/R\tTime\tFlags\tCAN ID\tLen\tData\tParser Name\tdefault\n"
        "1\t0\t1\tRX\t873489141\t\t0x000001da\t8\t0xbe 64 18 00 00 01 02 58 \tDefault Parser\t\n"
        "1\t1\t2\tTX\t873489145\t\t0x18fef100\t0\t\tDefault Parser\t\n"
        "1\t0\t3\tRX\t873489150\t\t0x000001da\t1\t0x46 \t\n",
        (0, data(0x1DA, "be 64 18 00 00 01 02 58", "0")),
        (4_000, data(0x18FEF100, "", "1", extended=True)),
        (9_000, data(0x1DA, "46", "0")),
    ),
    sample(
        "semicolon.log",
        "Microchip log",
        "//---------------------------------\n"
        "Microchip Technology Inc.\nCAN BUS Analyzer\nLogging Started: 23/9/2015 22:17:43\n"
        "//---------------------------------\n\n"
        "166064;RX;0x0000021A;8;0x24;0x08;0x04;0xD0;0x00;0x05;0x0B;0x80;\n"
        "166065;TX;0x18FEF100;0;\n",
        (0, data(0x21A, LATCH)),
        (1_000, data(0x18FEF100, "", extended=True)),
    ),
    sample(
        "busmaster.log",
        "BusMaster log",
        "***BUSMASTER Ver 2.4.0***\n***PROTOCOL CAN***\n"
        "***START DATE AND TIME 14:11:2023 22:13:20:000***\n***HEX***\n***SYSTEM MODE***\n"
        "***<Time><Tx/Rx><Channel><CAN ID><Type><DLC><DataBytes>***\n"
        "23:59:59:7610 Rx 1 0x25D s 8 24 08 04 D0 00 05 0B 80 \n"
        "23:59:59:992 Tx 2 18FEF100 x 0 \n"
        "00:00:00:2 Rx 1 0x25D sr 0 \n"
        "00:00:01:0000 Rx 1 ERR Form error\n"
        "***END DATE AND TIME 15:11:2023 00:00:05:000***\n",
        (0, data(0x25D, LATCH, "1")),
        (231_000, data(0x18FEF100, "", "2", extended=True)),
        (241_000, Frame(0x25D, b"", "1", remote=True)),
        (1_239_000, Frame(0, b"", "1", error=True)),
        epoch_us=EPOCH_US + 6_399_761_000,
    ),
    sample(
        "busmaster-dec.log",
        "BusMaster log",
        "***BUSMASTER Ver 3.2.2***\n***START DATE AND TIME 14:11:2023 22:13:20:000***\n"
        "***DEC***\n***RELATIVE MODE***\n"
        "00:00:01:0000 Rx 1 605 s 2 36 255 \n00:00:01:5000 Rx 1 605 s 1 7 \n",
        (0, data(605, "24 FF", "1")),
        (1_500_000, data(605, "07", "1")),
        epoch_us=EPOCH_US + 1_000_000,
    ),
    sample(
        "busmaster-absolute.log",
        "BusMaster log",
        "***BUSMASTER Ver 3.2.2***\n***START DATE AND TIME 14:11:2023 22:13:20:000***\n"
        "***HEX***\n***ABSOLUTE MODE***\n"
        "00:00:01:0000 Rx 1 0x605 s 1 36 \n00:00:01:5000 Rx 1 0x605 s 1 7 \n",
        (0, data(0x605, "36", "1")),
        (500_000, data(0x605, "07", "1")),
        epoch_us=EPOCH_US + 1_000_000,
    ),
    sample(
        "crtd.txt",
        "CRTD",
        "169.971289 CXX Info Type:crtd; Path:'/sd/can3.crtd'\n"
        "170.064 R11 25D 24 08 04 D0 00 05 0B 80 \n"
        "170.065000 2T29 18FEF100 01 02\n"
        "170.066000 CEV vehicle.alert this is an alert\n"
        "170.067000 1R11 1F0\n",
        (0, data(0x25D, LATCH, "1")),
        (1_000, data(0x18FEF100, "01 02", "2", extended=True)),
        (3_000, data(0x1F0, "", "1")),
    ),
    sample(
        "emulator.log",
        "Battery-Emulator log",
        "=~=~=~=~=~=~=~=~=~=~=~= PuTTY log 2026.04.03 12:26:05 =~=~=~=~=~=~=~=~=~=~=~=\n"
        "(504.27) RX0 7E [8] 24 08 04 D0 00 05 0B 80\n"
        "(504.28) TX1 1B00007B [0]\n"
        "(504.29) RX0 7F [12] 00 01 02 03 04 05 06 07 08 09 0A 0B\n",
        (0, data(0x7E, LATCH, "0")),
        (10_000, data(0x1B00007B, "", "1", extended=True)),
        (20_000, data(0x7F, "00 01 02 03 04 05 06 07 08 09 0A 0B", "0", fd=True)),
    ),
    sample(
        "rcan.log",
        "RCAN log",
        "CAN speed 1: 500k CAN speed 2: 500k Id format: HEX | Data format: HEX \n\t\n"
        ">\t0\t   23:59:59.999:4446.00\tSt\t0x197\t0\t4\t64\tE0\t9E\tC0\t \t \t \t \tp:1\n"
        ">\t1\t   00:00:00.001:2993.00\tEx\t0x112\t0\t0\t \t \t \t \t \t \t \t \tp:2\n",
        (0, data(0x197, "64 E0 9E C0", "1")),
        (2_000, data(0x112, "", "2", extended=True)),
    ),
    sample(
        "epoch.txt",
        "epoch table",
        "1700000000.850202 0350 000 8 24 08 04 d0 00 05 0b 80\n"
        "Timestamp: 1700000000.850502        ID: 18fef100    000    DLC: 0    \n",
        (0, data(0x350, LATCH)),
        (300, data(0x18FEF100, "", extended=True)),
        epoch_us=EPOCH_US + 850_202,
    ),
    sample(
        "carbus.trc",
        "CARBUS Analyzer trace",
        "@ TEXT @ 3 @ 64 @ 0 @ 3 @ 1500 @ 00:00:01.500 @\r# $LocalTime=10:51:34.569\r"
        "59,999\t1\t0004\t45A\t8\t24 08 04 D0 00 05 0B 80\t00000000\tZ       \t\r"
        "00,001500\t2\t80000004\t18FEF100\t1\t5A                     \t00000000\tZ       \t\r"
        "01,0\t1\t0004\t45A\t0\t                       \t00000000\t        \t\r",
        (0, data(0x45A, LATCH, "1")),
        (2_500, data(0x18FEF100, "5A", "2", extended=True)),
        (1_001_000, data(0x45A, "", "1")),
    ),
    sample(
        "canhacker.trc",
        "CANhacker trace",
        "Time   ID     DLC Data                    Comment\n"
        "59,999   280   8 24 08 04 D0 00 05 0B 80 \n"
        "00.001 00004000 1 36 a comment\n"
        "00.002   280   0 \n",
        (0, data(0x280, LATCH)),
        (2_000, data(0x4000, "36", extended=True)),
        (3_000, data(0x280, "")),
    ),
)
"""Hand-written files of every text format."""


def _blf_objects() -> list[bytes]:
    fd_payload = bytes(range(12))
    return [
        blf_object(1, can_body(0x25D, bytes.fromhex(LATCH)), 1_000, STAMP_10_US),
        blf_object(
            86, can_body(0x18FEF100 | EXTENDED, b"\xff", 2) + b"\0" * 8, 20_000_999, version=2
        ),
        blf_object(96, b"a global marker, which is no frame", 20_500_000),
        blf_object(1, can_body(0x1F0, b"", flags=0x80), 21_000_000),
        blf_object(100, can_fd_body(0x1F0, fd_payload), 22_000_000),
        blf_object(100, can_fd_body(0x1F0, b"\1", fd=0), 23_000_000),
        blf_object(100, can_fd_body(0x1F0, b"", flags=0x80), 24_000_000),
        blf_object(101, can_fd_64_body(0x1F0, b"\1\2\0\0", 0x1000, held=2), 25_000_000),
        blf_object(101, can_fd_64_body(0x1F0, b"\1\2\3", 0, 3, extra=75) + b"extra", 26_000_000),
        blf_object(101, can_fd_64_body(0x1F0, b"", 0x10, held=0), 27_000_000),
        blf_object(73, can_error_body(0, b"\1\2"), 28_000_000),
    ]


BLF_FRAMES = (
    (0, data(0x25D, LATCH, "1")),
    (10_000, data(0x18FEF100, "FF", "2", extended=True)),
    (11_000, Frame(0x1F0, b"", "1", remote=True)),
    (12_000, data(0x1F0, "00 01 02 03 04 05 06 07 08 09 0A 0B", "1", fd=True)),
    (13_000, data(0x1F0, "01", "1")),
    (14_000, Frame(0x1F0, b"", "1", remote=True)),
    (15_000, data(0x1F0, "01 02 00 00", "2", fd=True)),
    (16_000, data(0x1F0, "01 02 03", "2")),
    (17_000, Frame(0x1F0, b"", "2", remote=True)),
    (18_000, Frame(0, b"\1\2", "1", error=True)),
)


def blf_sample(name: str, body: bytes) -> Sample:
    content = header(len(_blf_objects())) + body
    return Sample(name, "Vector BLF", content, BLF_FRAMES, EPOCH_US + 10_000)


def _spanning() -> bytes:
    plain = b"".join(_blf_objects())
    return b"".join(container(plain[start : start + 100]) for start in range(0, len(plain), 100))


BLF_SAMPLES = (
    blf_sample("one-container.blf", container(b"".join(_blf_objects()))),
    blf_sample("plain-container.blf", container(b"".join(_blf_objects()), method=0)),
    blf_sample("one-each.blf", b"".join(container(item) for item in _blf_objects())),
    blf_sample("spanning.blf", _spanning()),
    blf_sample("no-container.blf", b"".join(_blf_objects())),
)
"""The same objects in every way a BLF file can hold them."""

SAMPLES = TEXT_SAMPLES + BLF_SAMPLES

assert struct.calcsize("<HBBL8s") == 16
