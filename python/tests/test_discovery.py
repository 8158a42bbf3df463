"""Which instruments there are: the configuration file and the table."""
import pytest

import graticule as gr


@pytest.fixture
def configured(graticule_sim, tmp_path, monkeypatch):
    resource = graticule_sim('ds1104z').resource
    path = tmp_path / 'config.yaml'
    path.write_text('default: mine\naliases: {mine: "%s"}\n' % resource)
    monkeypatch.setenv('GRATICULE_CONFIG', str(path))
    return resource


def test_list(configured):
    found = gr.list()
    mine = [f for f in found if f.name == 'mine']
    assert len(mine) == 1 and mine[0].resource == configured and mine[0].identity.model == 'DS1104Z'
    assert found[0] is mine[0]    # what has a name comes first
    assert mine[0] in found.by_bus()['TCPIP']
    assert 'DS1104Z' in repr(found) and 'mine' in repr(found)


def test_get_instruments(configured):
    instruments = gr.get_instruments()
    assert instruments['mine'] == configured
    assert all(isinstance(label, str) and isinstance(r, str) for label, r in instruments.items())


def test_default(configured, monkeypatch):
    with gr.open() as scope:
        assert scope.identify().model == 'DS1104Z'
    monkeypatch.setenv('GRATICULE_RESOURCE', 'SIM::plain')
    with gr.open() as other:
        assert other.resource.startswith('SIM')
