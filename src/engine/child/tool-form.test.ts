import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ask,
  openTestEngine,
  type TestEngine,
  withTemplate,
} from '../../../tests/support/engine.ts'
import { triggerOf } from './tool-form.ts'

/** A template that writes calls as `BEGIN {"name": …, "arguments": …}`, as many do. */
const templateWith = (begin: string) => `
{%- if tools %}<|im_start|>system
Tools: {% for tool in tools %}{{ tool | tojson }}{% endfor %}<|im_end|>
{% endif %}
{%- for message in messages %}
{%- if message.role == 'tool' %}<|im_start|>user
{{ message.content }}<|im_end|>
{% elif message.role == 'assistant' and message.tool_calls %}<|im_start|>assistant
{{ message.content }}{% for call in message.tool_calls %}{{ '${begin} {"name": "' + call.function.name + '", "arguments": ' }}{{ call.function.arguments | tojson }}{{ '}' }}{% endfor %}<|im_end|>
{% else %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`

const sum = {
  type: 'function',
  function: {
    name: 'sum',
    parameters: { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
  },
}
const other = { ...sum, function: { ...sum.function, name: 'other' } }

let t: TestEngine
beforeAll(async () => {
  t = await openTestEngine({ threads: 1 })
})
afterAll(() => t?.close())
function register(name: string, template: string) {
  const path = join(t.folder, `${name.replace('/', '-')}.gguf`)
  writeFileSync(path, withTemplate(template))
  t.engine.register({ name, path })
}
const chat = async (body: unknown) => (await t.post('/v1/chat/completions', body)).json()

describe('a template with a form for tools', () => {
  it('turns what the model begins as a call into a tool call, when it may choose', async () => {
    register('local/talker', templateWith('<never>'))
    const body = ask('What is 17 + 25?', { model: 'local/talker', tools: [sum, other] })
    const said: string = (await chat(body)).choices[0].message.content
    expect(said).not.toBe('')
    // What the model says to these tools is this template's beginning of a call.
    register('local/caller', templateWith(said.slice(0, 2)))
    const answer = await t.post('/v1/chat/completions', { ...body, model: 'local/caller' })
    expect(answer.headers['x-baimo-tools']).toBeUndefined()
    const [choice] = answer.json().choices
    expect(choice.finish_reason).toBe('tool_calls')
    expect(['sum', 'other']).toContain(choice.message.tool_calls[0].function.name)
    expect(JSON.parse(choice.message.tool_calls[0].function.arguments)).toHaveProperty('a')
  })

  it('shows its tools to the model, and forces a call by grammar', async () => {
    register('local/tools', templateWith('<tool_call>'))
    const body = { model: 'local/tools', tools: [sum, other], tool_choice: 'required' }
    const forced = await chat(ask('17 + 25', body))
    const bare = await chat(ask('17 + 25', { model: 'local/tools' }))
    expect(forced.usage.prompt_tokens).toBeGreaterThan(bare.usage.prompt_tokens + 20)
    expect(forced.choices[0].finish_reason).toBe('tool_calls')
    expect(JSON.parse(forced.choices[0].message.tool_calls[0].function.arguments)).toHaveProperty(
      'a',
    )
  })

  it('is known by what begins it', () => {
    expect(triggerOf('\n<tool_call>\n{"name": "')).toBe('<tool_call>')
    expect(triggerOf('[TOOL_CALLS][{"name": "')).toBe('[TOOL_CALLS][')
    expect(triggerOf('{"name": "')).toBe('{"name": "')
    expect(triggerOf('')).toBe('')
  })
})

describe('a template with thoughts', () => {
  it('has them apart from the answer', async () => {
    const template = `
{%- for m in messages %}
{%- if m.role == 'assistant' %}<|im_start|>assistant
<think>
{{ m.reasoning_content or '' }}
</think>

{{ m.content }}<|im_end|>
{% else %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}`
    register('local/thinker', template)
    const question = ask('What is 17 + 25?', { model: 'local/thinker', max_tokens: 8 })
    const { message } = (await chat(question)).choices[0]
    expect(message.content).toBe('')
    expect(message.reasoning_content.length).toBeGreaterThan(0)
    const format = { response_format: { type: 'json_object' } }
    const json = (await chat({ ...question, ...format })).choices[0].message
    expect(json.reasoning_content).toBeUndefined()
    expect(json.content.startsWith('{')).toBe(true)
  })
})
