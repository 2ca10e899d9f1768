import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const ratingsErrors = defineErrors({
  ratings_bad_row: {
    kind: 'invalid',
    title: 'A row of votes or counts cannot be counted. The message says which row, and why.',
    isRetryable: false,
  },
  ratings_bad_counts: {
    kind: 'invalid',
    title: 'Pair counts break a rule of their shape. Make them with `countVotes` or `countRows`.',
    isRetryable: false,
  },
  ratings_no_maximum: {
    kind: 'invalid',
    title:
      'The plain likelihood has no maximum: some models never lost a point to the others. Take the penalised method, or wait for more votes.',
    isRetryable: false,
  },
  ratings_file_empty: {
    kind: 'invalid',
    title: 'The file holds no vote: not a line below its head, or nothing but counts of 0.',
    isRetryable: false,
  },
  ratings_file_malformed: {
    kind: 'invalid',
    title: 'A line is neither CSV as RFC 4180 has it nor a JSON object. The message names it.',
    isRetryable: false,
  },
  ratings_columns_unknown: {
    kind: 'invalid',
    title: 'Columns that a file of votes or counts needs are missing, doubled or ambiguous.',
    isRetryable: false,
  },
  ratings_label_unknown: {
    kind: 'invalid',
    title:
      'A winner is not `model_a`, `model_b`, `tie` or `both_bad`. It is never taken for a tie.',
    isRetryable: false,
  },
  ratings_count_invalid: {
    kind: 'invalid',
    title: 'A count is not a whole number from 0 to 1,000,000,000,000.',
    isRetryable: false,
  },
  ratings_name_invalid: {
    kind: 'invalid',
    title: 'A name of a model, rater or prompt is empty, or has spaces around it.',
    isRetryable: false,
  },
  ratings_self_play: {
    kind: 'invalid',
    title: 'A line has a model against itself, which says nothing about its rating. Remove it.',
    isRetryable: false,
  },
  ratings_too_many_models: {
    kind: 'too_large',
    title: 'More models than one board takes (3,000). Rate them in several files.',
    isRetryable: false,
  },
  ratings_tie_parameter_missing: {
    kind: 'invalid',
    title: 'Without ties, or with nothing else, a model of ties has no parameter. Use the default.',
    isRetryable: false,
  },
})

export const refuse = refusalsOf(ratingsErrors)
