/** Chance that can be repeated: seeded streams, and exact samples of counts. */
export { binomial, hypergeometric, poisson } from './counts.ts'
export { seeded, type Random } from './generator.ts'
export { normal } from './normal.ts'
export { multinomial, multivariateHypergeometric } from './vectors.ts'
