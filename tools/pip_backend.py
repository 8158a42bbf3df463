"""The build backend of `pip install .` (PEP 517): setuptools on a copy of python/ with the library beside the package.

GRATICULE_BUILD names a build directory whose library is taken; else it is built here, by meson and ninja.
"""
import os
import shutil
import subprocess
import sysconfig
import tempfile

from setuptools import build_meta

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = 'libgraticule.so.0'


def get_requires_for_build_wheel(config_settings=None):
    return build_meta.get_requires_for_build_wheel(config_settings)


def library(folder):
    build = os.environ.get('GRATICULE_BUILD')
    if not build:
        build = os.path.join(folder, 'build')
        subprocess.run(['meson', 'setup', build, TREE, '--buildtype=release'], check=True)
        subprocess.run(['ninja', '-C', build, 'libgraticule.so.0.1.0'], check=True)
    return os.path.join(os.path.abspath(build), LIBRARY)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    target = os.path.abspath(wheel_directory)
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, 'python')
        shutil.copytree(os.path.join(TREE, 'python'), source, ignore=shutil.ignore_patterns('__pycache__', 'tests'))
        shutil.copy(library(folder), os.path.join(source, 'graticule', LIBRARY))
        os.chdir(source)
        platform = sysconfig.get_platform().replace('-', '_').replace('.', '_')
        settings = dict(config_settings or {})
        settings['--build-option'] = ['--plat-name', platform]
        try:
            return build_meta.build_wheel(target, settings)
        finally:
            os.chdir(TREE)
