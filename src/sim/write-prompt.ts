import type { Category } from '../boards/index.ts'

/** A question of each category, such as people ask; no two are the same. */
const QUESTIONS: Readonly<Record<Category, (number: number) => string>> = {
  code: (number) => `Write a Python function that returns every ${number}th line of a file.`,
  maths: (number) => `Solve for x: ${number} + 3x = 2x + 11.`,
  writing: (number) => `Write a short poem about a harbour in the year ${1000 + number}.`,
  reasoning: (number) => `A logic puzzle: ${number + 3} guests sit around a table. Who sits where?`,
  translation: (number) => `Translate this into French: room ${number} is free tonight.`,
  roleplay: (number) => `Pretend to be a museum guide and show me around hall ${number}.`,
  other: (number) => `Which museums are open on day ${number} of the year?`,
}

export function writePrompt(category: Category, number: number): string {
  return QUESTIONS[category](number)
}
