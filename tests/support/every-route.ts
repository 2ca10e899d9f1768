import { composeRoutes, openGatewayOf, type Running } from '../../src/compose-routes.ts'
import { createMetrics } from '../../src/metering/index.ts'
import type { Route } from '../../src/people/index.ts'

/** The market's own list of routes. Handlers are never reached, so nothing is behind them. */
export function everyRoute(): readonly Route[] {
  const running: Partial<Running> = {
    metrics: createMetrics(),
    providers: { discoverLocalServers: async () => [] } as never,
    catalog: {} as never,
    people: {} as never,
    pricing: {} as never,
    metering: {} as never,
    limits: {} as never,
    engine: {} as never,
    store: {} as never,
    routing: {} as never,
    retirements: {} as never,
    boards: {} as never,
  }
  const arena = {} as never
  return composeRoutes(running as Running, openGatewayOf(running as Running), arena)
}
