import { WindowCounter } from '../../src/limits/window-counter.ts'

/**
 * When something was drawn in this process, oldest first, by the clock that it reads: that is the
 * admission, however long the process then is busy.
 */
export function watchDraws(): number[] {
  const drawnMs: number[] = []
  const draw = WindowCounter.prototype.draw
  WindowCounter.prototype.draw = function (amount, nowMs) {
    if (this.metric === 'requests') drawnMs.push(nowMs) // one for each admitted request
    return draw.call(this, amount, nowMs)
  }
  return drawnMs
}
