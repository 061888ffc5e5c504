"""The compiled parts, which setup.cfg cannot name. What cannot be built is left out."""

from setuptools import Extension, setup

FOLDER, SIEVE = "vehicle/replay/scan/", "vehicle/wire/_sieve.h"
KERNEL = Extension(
    "vehicle.replay.scan._compiled",
    [FOLDER + f"_compiled{part}.c" for part in ("", "_blf", "_lines", "_sieve", "_texts")],
    depends=[FOLDER + "_columns.h", FOLDER + "_lines.h", SIEVE],
    optional=True,
    py_limited_api=True,
)
SIFT = Extension(
    "vehicle.runtime._sift",
    ["vehicle/runtime/_sift.c"],
    depends=[SIEVE],
    optional=True,
    py_limited_api=True,
)
setup(ext_modules=[KERNEL, SIFT], options={"bdist_wheel": {"py_limited_api": "cp311"}})
