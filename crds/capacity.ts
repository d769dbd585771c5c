/** The smallest number of pods that carries `weight` percent of a workload of `replicas` pods; at least one. */
export const podsFor = (weight: number, replicas: number): number => Math.max(1, Math.ceil((weight / 100) * replicas))
