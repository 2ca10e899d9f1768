import { expect, test } from 'vitest'
import { findSelfNaming } from './find-self-naming.ts'

const own = { publisher: 'northwind', family: 'Aurora', name: 'aurora-7-chat' }
const find = (answer: string, prompt = 'Who are you?') =>
  findSelfNaming(answer, { own, known: ['quillpad', 'basalt-2'], prompts: [prompt] })

test('a model that says who it is, is found in English and in Chinese', () => {
  for (const [answer, name] of [
    ['I am ChatGPT, a large language model.', 'chatgpt'],
    ["I'm Claude.", 'claude'],
    ['I am a large language model called Qwen.', 'qwen'],
    ['I was trained by Google.', 'google'],
    ['As an AI language model from OpenAI, I cannot.', 'openai'],
    ['My name is Basalt-2.', 'basalt 2'],
    ['I am Basalt, at your service.', 'basalt'],
    ['我是通义千问。', '通义千问'],
    ['我叫豆包', '豆包'],
    ['我是由深度求索开发的模型', '深度求索'],
  ])
    expect(find(answer ?? ''), answer).toBe(name)
})

test('its own names give it away wherever they stand, but for those of the question', () => {
  expect(find('Ask Northwind for help.')).toBe('northwind')
  expect(find('Aurora is a word for dawn.', 'What is an aurora?')).toBe(null)
})

test('a text about models, or that has a name within a word, names nobody', () => {
  for (const answer of [
    'Android was developed by Google.',
    'ChatGPT is a well-known product.',
    'I am glad to help. Llamas live in the Andes.',
    'As a command, type ls.',
    '我是一个助手。豆包好吃。',
  ])
    expect(find(answer), answer).toBe(null)
})
