/** Where deploy/engine puts the engine. */
export const ENGINE_NAMESPACE = 'sluice-system'
