import { type Arena, openArena } from './arena/index.ts'
import { readPairVotes } from './boards/index.ts'
import type { Running } from './compose-routes.ts'
import type { Gateway } from './gateway/index.ts'
import { systemClock as clock } from './kernel/index.ts'
import { revealUsage } from './metering/index.ts'

/** The arena over the gateway, the catalog and the boards. */
export function openArenaOf(running: Running, gateway: Gateway): Arena {
  const { store, catalog, pricing, boards, routing, log } = running
  return openArena({
    ...{ store, clock, log, catalog, revealUsage },
    ask: gateway.ask,
    isResting: (id) => gateway.health.health(id)?.state === 'open',
    mayBeDrawn: (listing, caller) => routing.mayBeDrawn(listing, caller),
    pairVotes: (name) => readPairVotes(store.db, name),
    votesMoved: () => boards.votesMoved(),
    convert: ({ currency, amountPico }) => {
      const amount = { currency, amountPico }
      return pricing.convert(amount, pricing.currency, clock.nowMs())?.amountPico ?? null
    },
    random: Math.random,
  })
}
