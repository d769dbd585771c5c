/** Fixed settings of analysis.md 2. */

/** τ: seconds in which an engine can be expected to react, and a weight to have taken effect. */
export const REACTION_SECONDS = 45

/** β: the level at which steps are sized. */
export const SIZING_LEVEL = 0.05

/** β₁ and β₂: the chance that a release that is too bad is promoted, by comparison and on its objective. Together 0.05. */
export const promotionLevels = (hasObjective: boolean): { compared: number; objective: number } =>
  hasObjective ? { compared: 0.04, objective: 0.01 } : { compared: 0.05, objective: 0 }
