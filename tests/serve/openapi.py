#!/usr/bin/env python3
"""The description of the HTTP API against the server: openapi.py --grat GRAT --source src/serve/api.c

The document is sound, names each path and method of the server's table and no other, and every answer holds what it
says and nothing that it does not."""
import argparse
import json
import os
import re
import sys
import tempfile

import jsonschema

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serve_kit import Server, WebSocket  # noqa: E402

METHODS = ('get', 'post', 'delete')
NOT_IN_THE_TABLE = {('GET', '/api/openapi.json'), ('GET', '/api/instruments/*/stream')}


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError('%s: %r, wanted %r' % (what, got, wanted))


def resolve(doc, node):
    while isinstance(node, dict) and '$ref' in node:
        at = doc
        for part in node['$ref'].lstrip('#/').split('/'):
            at = at[part]
        node = at
    return node


def every(node):
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from every(child)


def document_is_sound(doc):
    expect('version', doc['openapi'][:4], '3.1.')
    for node in every(doc):
        if isinstance(node, dict) and isinstance(node.get('$ref'), str):
            resolve(doc, node)
        if isinstance(node, dict) and 'schema' in node:
            jsonschema.Draft202012Validator.check_schema(node['schema'])
    for schema in doc['components']['schemas'].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for path, item in doc['paths'].items():
        for method in METHODS:
            operation = item.get(method)
            if not operation:
                continue
            where = '%s %s' % (method, path)
            declared = [resolve(doc, p) for p in operation.get('parameters', []) + item.get('parameters', [])]
            in_path = sorted(p['name'] for p in declared if p['in'] == 'path' and p['required'])
            expect(where + ': its path', in_path, sorted(re.findall(r'\{(\w+)\}', path)))
            if not operation['summary'] or not any(code < '400' for code in operation['responses']):
                raise AssertionError(where + ': no summary, or no answer that is none of an error')
            for response in operation['responses'].values():
                expect(where + ': described', bool(resolve(doc, response)['description']), True)


def names_what_the_server_has(doc, source):
    with open(source, encoding='ascii') as f:
        table = set(re.findall(r'\{LWSHUMETH_(\w+), "([^"]+)"', f.read()))
    described = {(method.upper(), re.sub(r'\{\w+\}', '*', path))
                 for path, item in doc['paths'].items() for method in METHODS if method in item}
    if len(table) < 10:
        raise AssertionError('the table was not found in ' + source)
    expect('described and not there', described - table - NOT_IN_THE_TABLE, set())
    expect('there and not described', table - described, set())


def undocumented(doc, schema, value, where):
    """Names of the answer that the schema does not know."""
    schema = resolve(doc, schema)
    if isinstance(value, list):
        for i, child in enumerate(value):
            yield from undocumented(doc, schema.get('items', {}), child, '%s[%d]' % (where, i))
    if not isinstance(value, dict):
        return
    known, others = {}, None
    todo = [schema]
    while todo:
        part = resolve(doc, todo.pop())
        known.update(part.get('properties', {}))
        others = part.get('additionalProperties', others)
        todo += part.get('allOf', []) + part.get('oneOf', [])
    for key, child in value.items():
        if key in known or others is not None:
            yield from undocumented(doc, known.get(key, others), child, '%s.%s' % (where, key))
        else:
            yield '%s.%s' % (where, key)


def promised(doc, schema, value, where):
    """Names of the schema that the answer lacks."""
    schema = resolve(doc, schema)
    if isinstance(value, dict) and 'properties' in schema:
        for key, child in schema['properties'].items():
            if key in value:
                yield from promised(doc, child, value[key], '%s.%s' % (where, key))
            elif schema is not resolve(doc, {'$ref': '#/components/schemas/Instrument'}):
                yield '%s.%s' % (where, key)


def check_answer(doc, asked, method, status, value):
    operation = resolve(doc, doc['paths'][asked][method])
    where = '%s %s %d' % (method, asked, status)
    if str(status) not in operation['responses']:
        raise AssertionError(where + ': not described')
    content = resolve(doc, operation['responses'][str(status)])['content']
    schema = content['application/json']['schema']
    whole = dict(schema, components=doc['components'])
    jsonschema.Draft202012Validator(whole).validate(value)
    expect(where + ': not described', list(undocumented(doc, schema, value, '')), [])
    if status < 300:
        expect(where + ': described and not there', list(promised(doc, schema, value, '')), [])


def answers_are_as_described(doc, s):
    expect('the same is served', s.json('GET', '/api/openapi.json')[1] == doc, True)
    number = {'{id}': '1', '{name}': 'nothing.csv'}
    for asked, method, body, wanted in (
            ('/api/session', 'get', None, 200), ('/api/session', 'post', {'token': 'x'}, 200),
            ('/api/instruments/{id}', 'get', None, 200), ('/api/instruments', 'get', None, 200),
            ('/api/instruments/{id}/settings', 'post', {'timebase': 1e-3}, 200),
            ('/api/instruments/{id}/settings', 'post', {'timebase': 'x'}, 422),
            ('/api/instruments/{id}/run', 'post', {'action': 'run'}, 200),
            ('/api/instruments/{id}/run', 'post', {'action': 'memory'}, 409),
            ('/api/instruments/{id}/run', 'post', {'action': 'together'}, 200),
            ('/api/instruments/{id}/run', 'post', {'action': 'in-turn'}, 200),
            ('/api/instruments/{id}/scpi', 'post', {'command': '*IDN?'}, 200),
            ('/api/instruments/{id}/recording', 'post', {'action': 'start', 'format': 'csv', 'duration': 0.2}, 200),
            ('/api/instruments/{id}/recording', 'post', {'action': 'pause'}, (409, 422)),
            ('/api/instruments/{id}/control', 'post', {'action': 'take'}, 409),
            ('/api/instruments/{id}/measurements', 'get', None, 200),
            ('/api/instruments/{id}/screenshot', 'get', None, 200),
            ('/api/instruments/{id}/waveform', 'get', None, 200),
            ('/api/files', 'get', None, 200), ('/api/files/{name}', 'get', None, 404),
            ('/api/files/{name}', 'delete', None, 404), ('/api/discover', 'post', {}, 202)):
        path = asked
        for name, value in number.items():
            path = path.replace(name, value)
        for _ in range(40):
            status, got, rest = s.request(method.upper(), path, body)
            if status != 409 or wanted == 409 or isinstance(wanted, tuple):
                break       # a recording that still runs
            w = WebSocket(s)
            w.event('status', 1000)
            w.close()
        if status != wanted and status not in (wanted if isinstance(wanted, tuple) else ()):
            raise AssertionError('%s %s %r: %d %r' % (method, path, body, status, rest[:200]))
        if got['content-type'].startswith('application/json'):
            check_answer(doc, asked, method, status, json.loads(rest))
        else:
            described = doc['paths'][asked][method]['responses']['200']['content']
            kind = got['content-type'].split(';')[0]
            if kind not in described and '*/*' not in described:
                raise AssertionError('%s: %s is not described' % (asked, kind))


def events_are_as_described(doc, s):
    """The status of the stream is that of the instrument."""
    w = WebSocket(s)
    status = w.event('status', 1000)
    w.close()
    schema = {'$ref': '#/components/schemas/Status'}
    jsonschema.Draft202012Validator(dict(schema, components=doc['components'])).validate(status)
    expect('status', list(undocumented(doc, schema, status, '')), [])


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--grat', required=True)
    p.add_argument('--source', required=True)
    a = p.parse_args()
    results = []
    with open(os.path.join(os.path.dirname(a.source), 'page', 'openapi.json'), encoding='utf-8') as f:
        doc = json.load(f)

    def run(function, *args):
        try:
            function(doc, *args)
            print('ok   ' + function.__name__, flush=True)
            results.append({'name': function.__name__, 'result': 'passed'})
        except Exception as error:  # whatever it is, the others still run
            print('FAIL %s: %s: %.600s' % (function.__name__, type(error).__name__, error), flush=True)
            results.append({'name': function.__name__, 'result': 'failed', 'reason': str(error)[:300]})

    run(document_is_sound)
    run(names_what_the_server_has, a.source)
    with tempfile.TemporaryDirectory() as folder:
        with Server(a.grat, 'SIM::ds1104z', '--listen', '127.0.0.1:0', '--folder', folder) as s:
            run(answers_are_as_described, s)
            run(events_are_as_described, s)
    if os.environ.get('GRAT_RESULTS'):
        with open(os.path.join(os.environ['GRAT_RESULTS'], 'serve_openapi.json'), 'w', encoding='ascii') as f:
            json.dump(results, f)
    return 1 if any(r['result'] == 'failed' for r in results) else 0


sys.exit(main())
