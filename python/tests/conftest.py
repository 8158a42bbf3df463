pytest_plugins = ['graticule.pytest_plugin']
