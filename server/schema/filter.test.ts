import { describe, expect, test } from 'vitest'
import { filterTerms, parseFilter } from './filter.ts'

describe('typed filter', () => {
  test('reads keys, comparisons, units, negation and bare words', () => {
    expect(filterTerms('state:running,paused site:"New York" mem>256 disk<=2GiB cpu>50% -tag:prod web')).toEqual([
      { kind: 'text', key: 'state', values: ['running', 'paused'], negated: false },
      { kind: 'text', key: 'site', values: ['New York'], negated: false },
      { kind: 'number', key: 'mem', comparison: '>', value: 256 * 2 ** 20, negated: false },
      { kind: 'number', key: 'disk', comparison: '<=', value: 2 * 2 ** 30, negated: false },
      { kind: 'number', key: 'cpu', comparison: '>', value: 0.5, negated: false },
      { kind: 'text', key: 'tag', values: ['prod'], negated: true },
      { kind: 'word', value: 'web', negated: false },
    ])
  })

  test('says what is wrong and where, and keeps the rest', () => {
    const tokens = parseFilter('colour:red mem>lots state: web')
    expect(tokens.map((token) => token.problem)).toEqual([
      'There is no key "colour", so this is left out. Known: state, site, host, tenant, tag, name, ip, is, mem, vcpu, disk, cpu',
      'mem needs a number, as in mem>256',
      'state: needs a value',
      null,
    ])
    expect(tokens[1]).toMatchObject({ start: 11, end: 19, text: 'mem>lots' })
  })

  test('a key is also called as its column is', () => {
    const called = (text: string) => filterTerms(text).map((term) => 'key' in term && term.key)
    expect(called('Memory>100 vcpus:2 tags:prod address:10.0 CPU>5')).toEqual(['mem', 'vcpu', 'tag', 'ip', 'cpu'])
  })

  test.each([
    ['hots:a', 'There is no key "hots", so this is left out. Did you mean host:…?'],
    ['memo>1', 'There is no key "memo", so this is left out. Did you mean mem>…?'],
    ['disks>1', 'There is no key "disks", so this is left out. Did you mean disk>…?'],
    ['foo:bar', expect.stringMatching(/^There is no key "foo", .* Known: state, site,/)],
    [
      'state:run',
      expect.stringMatching(/^There is no state "run", so this is left out. Known: creating, running, .* off,/),
    ],
    ['-state:off,halted', expect.stringMatching(/^There is no state "halted"/)],
    ['AND', 'Words are joined by "and" already: leave AND out, or look for it as "AND"'],
  ])('%s: the way out is said', (typed, problem) => {
    expect(parseFilter(`tag:prod ${typed}`)[1]?.problem).toEqual(problem)
    expect(filterTerms(`tag:prod ${typed}`)).toHaveLength(1)
  })

  test('a state is also called as others call it', () => {
    const states = (text: string) => filterTerms(text).map((term) => 'values' in term && term.values)
    expect(states('state:stopped state:shutoff,Shut-Off -state:RUNNING state:shutting-down')).toEqual([
      ['off'],
      ['off', 'off'],
      ['running'],
      ['shutting_down'],
    ])
  })

  test('a small or between terms with keys is no word to look for: a comma is meant', () => {
    const [, or, host] = parseFilter('host:a or host:b')
    expect(or).toMatchObject({ start: 7, end: 9, term: null, problem: expect.stringMatching(/with a comma/) })
    expect(host?.problem).toBeNull()
    expect(parseFilter('web and state:off')[1]?.problem).toMatch(/joined by "and" already/)
    for (const looked of ['or host:a', 'host:a or', 'this or that', 'host:a "or" host:b'])
      expect(parseFilter(looked).every(({ problem }) => problem === null)).toBe(true)
  })

  test('a word in quotes is looked for, whatever it is', () => {
    expect(filterTerms('"AND"')).toEqual([{ kind: 'word', value: 'AND', negated: false }])
  })

  test('an unfinished quote is a value, not a crash', () => {
    expect(filterTerms('site:"New Yo')).toEqual([{ kind: 'text', key: 'site', values: ['New Yo'], negated: false }])
  })

  test('only units are units, and only numbers that the database can hold are numbers', () => {
    const typed = `mem>1constructor disk<1valueOf mem>99999999999999999999 vcpu:1e9 cpu>${'9'.repeat(400)}`
    expect(parseFilter(typed).every((token) => token.term === null && token.problem !== null)).toBe(true)
  })
})
