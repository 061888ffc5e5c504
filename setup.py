"""The compiled kernel, which setup.cfg cannot name. Where it cannot be built, it is left out."""

from setuptools import Extension, setup

SOURCES = ["vehicle/replay/scan/_compiled.c"]
KERNEL = Extension("vehicle.replay.scan._compiled", SOURCES, optional=True, py_limited_api=True)
setup(ext_modules=[KERNEL], options={"bdist_wheel": {"py_limited_api": "cp311"}})
