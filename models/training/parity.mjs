// Asks llama.cpp what parity_questions.py asked PyTorch, and compares the greedy answers.
//
//   node parity.mjs ENGINE_FOLDER model.gguf questions.json [result.json]
//
// ENGINE_FOLDER is a folder in which node-llama-cpp is installed.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'

const [engineFolder, modelFile, questionsFile, resultFile] = process.argv.slice(2)
const entry = createRequire(`${engineFolder}/package.json`).resolve('node-llama-cpp')
const { getLlama, LlamaChatSession } = await import(pathToFileURL(entry).href)

const quiet = { progressLogs: false, logLevel: 'error' }
const llama = await getLlama({ build: 'never', gpu: false, maxThreads: 1, ...quiet })
const model = await llama.loadModel({ modelPath: modelFile })
const context = await model.createContext({ contextSize: 512, threads: 1, batchSize: 512 })
const sequence = context.getSequence()
const questions = JSON.parse(readFileSync(questionsFile, 'utf8'))
const differences = []

/** The greedy answer to exactly the token ids that PyTorch saw. */
async function answerTokens(prompt) {
  await sequence.clearHistory()
  const tokens = []
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    if (token === model.tokens.eos || tokens.length >= 64) break
    tokens.push(token)
  }
  return model.detokenize(tokens)
}

let wrapperName
/** The greedy answer through the chat template, and whether its prompt tokens are the same. */
async function answerChat(question, prompt) {
  await sequence.clearHistory()
  const session = new LlamaChatSession({ contextSequence: sequence, autoDisposeSequence: false })
  session.setChatHistory([])
  wrapperName = session.chatWrapper.wrapperName
  const answer = await session.prompt(question, { temperature: 0, maxTokens: 64 })
  const samePrompt = sequence.contextTokens.slice(0, prompt.length).join() === prompt.join()
  session.dispose({ disposeSequence: false })
  return { answer, samePrompt }
}

let sameTokens = 0
let sameChat = 0
let samePrompts = 0
let right = 0
const started = performance.now()
for (const { question, answer, right: expected, prompt, lead } of questions) {
  const raw = await answerTokens(prompt)
  const chat = await answerChat(question, prompt)
  if (raw === answer) sameTokens++
  if (chat.answer === answer) sameChat++
  if (chat.samePrompt) samePrompts++
  if (raw === expected) right++
  if (raw !== answer || chat.answer !== answer) {
    differences.push({ question, answer, raw, chat: chat.answer, lead })
  }
}
const result = {
  file: basename(modelFile),
  bytes: statSync(modelFile).size,
  engine: 'node-llama-cpp 3.21.1',
  questions: questions.length,
  same_answer_from_tokens: sameTokens,
  same_answer_from_chat_template: sameChat,
  same_prompt_tokens: samePrompts,
  right,
  chat_wrapper: wrapperName,
  text_round_trip:
    model.detokenize(model.tokenize('你好，世界 héllo 🙂 Add 12')) === '你好，世界 héllo 🙂 Add 12',
  milliseconds_per_question: Math.round((performance.now() - started) / questions.length / 2),
}
console.log(JSON.stringify({ ...result, differences }, null, 1))
if (resultFile)
  writeFileSync(resultFile, `${JSON.stringify({ ...result, differences }, null, 1)}\n`)
await llama.dispose()
