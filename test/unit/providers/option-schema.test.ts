import { readOptionSchema } from '../../../src/providers/option-schema.js';

describe('an option, as vendors describe it', () => {
  it('the documented sample, as it stands', () => {
    const color = { type: 'string', enum: ['colored', 'gray', '1980'], default: 'colored', description: 'Color to apply the image' };
    expect(readOptionSchema(color)).toEqual(color);
  });

  it.each<[string, unknown, object]>([
    ['a boolean `required`, and what else is no keyword', { type: 'boolean', required: true, label: 'x' }, { type: 'boolean' }],
    ['figures as text', { type: 'integer', minimum: '1', maximum: '100', default: '80', enum: ['1', '80'] }, { type: 'integer', minimum: 1, maximum: 100, default: 80, enum: [1, 80] }],
    ['an example', { type: 'string', example: 'red' }, { type: 'string', examples: ['red'] }],
    ['an empty enum, which would allow nothing', { type: 'string', enum: [] }, { type: 'string' }],
    ['an enum as an object', { enum: { 0: 'a', 1: 'b', 2: 'a' } }, { enum: ['a', 'b'] }],
    ['a type in other words', { type: 'Float' }, { type: 'number' }],
    ['a type that nobody knows', { type: 'file' }, {}],
    ['a maximum below the minimum', { minimum: 5, maximum: 1 }, { minimum: 5 }],
    ['a pattern', { pattern: '^[a-z]+$' }, { pattern: '^[a-z]+$' }],
    ['a pattern in delimiters', { pattern: '/^\\d{2}$/' }, { pattern: '^\\d{2}$' }],
    ['a pattern whose flags have no word here', { pattern: '/^a$/i' }, {}],
    ['a pattern that is none', { pattern: '([' }, {}],
    ['nothing at all', [], {}],
    ['a word', 'string', {}],
    ['null', null, {}],
    ['a text that no database takes', { description: 'a\0b\ud800' }, { description: 'ab\ufffd' }],
  ])('%s', (_name, told, read) => {
    expect(readOptionSchema(told)).toEqual(read);
  });
});
