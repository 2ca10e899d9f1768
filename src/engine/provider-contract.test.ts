import { openTestEngine, SMALL } from '../../tests/support/engine.ts'
import { describeProviderContract } from '../../tests/upstream/provider-contract.ts'
import { newId } from '../kernel/index.ts'

describeProviderContract('the engine’s socket, with a house model', async () => {
  const { engine, close } = await openTestEngine()
  return {
    endpoint: {
      providerId: newId<'provider'>(),
      dialect: 'openai',
      baseUrl: 'http://engine.localhost/v1',
      socketPath: engine.socketPath,
      authHeader: null,
      quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
    },
    model: SMALL,
    completionModel: SMALL,
    embeddingModel: SMALL,
    unknownModel: 'baimo/no-such-model',
    close,
  }
})
