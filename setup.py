"""The compiled kernel, which setup.cfg cannot name. Where it cannot be built, it is left out."""

from setuptools import Extension, setup

FOLDER = "vehicle/replay/scan/"
KERNEL = Extension(
    "vehicle.replay.scan._compiled",
    [FOLDER + f"_compiled{part}.c" for part in ("", "_blf", "_lines", "_sieve", "_texts")],
    depends=[FOLDER + "_columns.h", FOLDER + "_lines.h"],
    optional=True,
    py_limited_api=True,
)
setup(ext_modules=[KERNEL], options={"bdist_wheel": {"py_limited_api": "cp311"}})
