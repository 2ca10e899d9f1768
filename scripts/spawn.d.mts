/** Options of Node for a market. */
export const marketOptions: readonly string[]
