import type { HubKind, HubPreset, Hubs } from './types.ts'

// Where hubs answer and hand files out, checked 2026-11-25.
// Hugging Face: https://huggingface.co/docs/hub/api and
// https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables; large files
// are answered by a redirect to cdn-lfs*.huggingface.co, cdn-lfs*.hf.co, cas-bridge.xethub.hf.co or
// *.cdn.hf.co.
// ModelScope: https://www.modelscope.cn/docs/models/download and the public client
// https://github.com/modelscope/modelscope (modelscope/hub/api.py, file_download.py); large files
// come from *.modelscope.cn or from its buckets in Alibaba Cloud's object store.
export const KNOWN_HUBS: Readonly<Record<HubKind, HubPreset>> = {
  hf: {
    kind: 'hf',
    title: 'Hugging Face',
    endpoint: 'https://huggingface.co',
    endpointSetting: 'HF_ENDPOINT',
    tokenSetting: 'HF_TOKEN',
    fileHosts: ['huggingface.co', '*.huggingface.co', 'hf.co', '*.hf.co'],
  },
  ms: {
    kind: 'ms',
    title: 'ModelScope',
    endpoint: 'https://www.modelscope.cn',
    endpointSetting: 'MODELSCOPE_ENDPOINT',
    tokenSetting: 'MODELSCOPE_API_TOKEN',
    fileHosts: [
      'modelscope.cn',
      '*.modelscope.cn',
      'modelscope.ai',
      '*.modelscope.ai',
      'modelscope*.oss-*.aliyuncs.com',
      'modelscope*.oss-accelerate.aliyuncs.com',
    ],
  },
}

export interface HubSettings {
  /** Null: the usual one. */
  readonly endpoint: string | null
  readonly token: string | null
}

/** The hubs as the settings have them. */
export function hubsOf(
  settings: Readonly<Record<HubKind, HubSettings>>,
  allowedHosts: readonly string[],
): Hubs {
  const hub = (kind: HubKind) => ({
    ...KNOWN_HUBS[kind],
    endpoint: settings[kind].endpoint ?? KNOWN_HUBS[kind].endpoint,
    isEndpointSet: settings[kind].endpoint !== null,
    token: settings[kind].token,
    allowedHosts,
  })
  return { hf: hub('hf'), ms: hub('ms') }
}
