import type { Log } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import { indexRules, type KeptRules, tellOnce } from './keep-rules.ts'
import { selectPolicies, selectRouteSettings } from './store.ts'
import { selectRetirementRules, selectRetirements } from './store-retirement.ts'

/** While no news can arrive, what owners said is read again this often. */
const LOOK_MS = 1_000

/** What owners said, loaded now and again when somebody changed it. */
export async function openRules(
  store: Pick<Store, 'db' | 'changes'>,
  log: Log,
): Promise<KeptRules> {
  const load = async () => {
    const [policies, settings, retirements, retirementRules] = await Promise.all([
      selectPolicies(store.db),
      selectRouteSettings(store.db),
      selectRetirements(store.db),
      selectRetirementRules(store.db),
    ])
    return indexRules({ policies, settings, retirements, retirementRules })
  }
  let rules = await load()
  let turn = 0
  let shown = 0
  const reload = async (): Promise<void> => {
    turn += 1
    const own = turn
    const loaded = await load()
    if (own < shown) return // two readings may overlap: the later one stays
    shown = own
    rules = loaded
  }
  const teller = tellOnce(log)
  const look = (): void => void reload().then(teller.worked, teller.failed)
  const stop = store.changes.listen('routing', { onChange: look, onGap: look })
  const looking = setInterval(() => {
    if (!store.changes.isHearing) look()
  }, LOOK_MS).unref()
  return {
    now: () => rules,
    reload,
    close() {
      stop()
      clearInterval(looking)
    },
  }
}
