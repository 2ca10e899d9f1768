import { defineErrors, refusalsOf } from '../kernel/index.ts'

export const hubErrors = defineErrors({
  hubs_source_invalid: {
    kind: 'invalid',
    title: 'A source of models is written hf:ORG/REPO, ms:ORG/REPO, or so with :QUANT.',
    isRetryable: false,
  },
  hubs_offline: {
    kind: 'unavailable',
    title: 'BAIMO_OFFLINE is set: nothing is downloaded. Add a file that is here instead.',
    isRetryable: false,
  },
  hubs_not_found: {
    kind: 'not_found',
    title: 'The hub has no such repository: check the spelling, or set a token that may see it.',
    isRetryable: false,
  },
  hubs_access_refused: {
    kind: 'forbidden',
    title: 'The hub wants a token, or its terms accepted on its page, before it gives the files.',
    isRetryable: false,
  },
  hubs_rate_limited: {
    kind: 'exhausted',
    title: 'The hub answers too many requests: wait as long as it says, or set a token.',
    isRetryable: true,
  },
  hubs_unreachable: {
    kind: 'upstream',
    title: 'The hub does not answer: check the network, or set the address of a mirror.',
    isRetryable: true,
  },
  hubs_answer_invalid: {
    kind: 'upstream',
    title: 'What answers at the address of the hub is none: check the address of the mirror.',
    isRetryable: false,
  },
  hubs_host_forbidden: {
    kind: 'upstream',
    title:
      'The hub sends elsewhere for a file: allow that host in BAIMO_HUB_HOSTS, or use a mirror.',
    isRetryable: false,
  },
  hubs_no_model_file: {
    kind: 'invalid',
    title: 'The repository has no GGUF file: look for one that has, often named -GGUF.',
    isRetryable: false,
  },
  hubs_choice_needed: {
    kind: 'invalid',
    title: 'The repository has several models: name one by its quantisation or its file.',
    isRetryable: false,
  },
  hubs_split_incomplete: {
    kind: 'invalid',
    title: 'Parts of a split model are missing in the repository: choose another quantisation.',
    isRetryable: false,
  },
  hubs_checksum_missing: {
    kind: 'upstream',
    title: 'The hub tells no SHA-256 of the file: download it yourself and add the file.',
    isRetryable: false,
  },
  hubs_checksum_wrong: {
    kind: 'upstream',
    title:
      'What came is not what the hub says it is: it was removed. Try again, or another mirror.',
    isRetryable: true,
  },
  hubs_length_wrong: {
    kind: 'upstream',
    title: 'The hub sends another number of bytes than it says: try again, or another mirror.',
    isRetryable: true,
  },
  hubs_cut_off: {
    kind: 'upstream',
    title:
      'The download broke off again and again: start it again, and it goes on where it stopped.',
    isRetryable: true,
  },
  hubs_file_refused: {
    kind: 'upstream',
    title: 'The file is what the hub says, and no model the engine reads: it was removed.',
    isRetryable: false,
  },
  hubs_disk_full: {
    kind: 'unavailable',
    title: 'The disk of the home has no room for the files: make room, or choose a smaller one.',
    isRetryable: true,
  },
  hubs_folder_unwritable: {
    kind: 'unavailable',
    title: 'The folder for models cannot be written: give this user write access to it.',
    isRetryable: false,
  },
  hubs_name_taken: {
    kind: 'conflict',
    title: 'Another model has that name: choose one with --name.',
    isRetryable: false,
  },
  hubs_download_unknown: {
    kind: 'not_found',
    title: 'There is no download with that id: list them first.',
    isRetryable: false,
  },
  hubs_download_ended: {
    kind: 'conflict',
    title: 'The download has ended: there is nothing to cancel.',
    isRetryable: false,
  },
  hubs_internal: {
    kind: 'internal',
    title: 'A bug in Baimo ended the download; the log of the market holds the details.',
    isRetryable: false,
  },
  hubs_interrupted: {
    kind: 'unavailable',
    title: 'The market stopped while it downloaded: the next start goes on.',
    isRetryable: true,
  },
})

export const refuse = refusalsOf(hubErrors)
