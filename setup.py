"""The compiled kernel, which setup.cfg cannot name. Where it cannot be built, it is left out."""

from setuptools import Extension, setup

FOLDER = "vehicle/replay/scan/"
KERNEL = Extension(
    "vehicle.replay.scan._compiled",
    [FOLDER + "_compiled.c", FOLDER + "_compiled_blf.c"],
    depends=[FOLDER + "_columns.h"],
    optional=True,
    py_limited_api=True,
)
setup(ext_modules=[KERNEL], options={"bdist_wheel": {"py_limited_api": "cp311"}})
