/**
 * What a release tries until it succeeds, in plain words. What is not here tells its trouble itself: it is tried for a
 * while only, or says as a hold that it cannot do its work.
 */
const DEEDS: Record<string, string> = {
  observe: 'Looking at what is there',
  openRelease: 'Opening the release',
  report: 'Writing the status',
  replacePod: 'Replacing a pod',
  lookWhenOpen: 'Looking when its window opens',
  lookBack: 'Looking at what was before the first weight',
  awaitReady: 'Waiting for pods that are ready',
  awaitAddresses: 'Waiting until clients have the addresses of pods',
  awaitQuiet: 'Looking whether requests still reach pods that are to leave',
  job: 'Running a Job',
  pointApex: 'Pointing the Service at what serves',
  restoreRoute: 'Bringing the route to rest',
  beginAdoption: 'Beginning to take over the Deployment',
  freeApex: 'Giving the Service back',
  beginReturn: 'Beginning to hand the Deployment back',
  awaitDeclared: 'Waiting for the pods of the declared Deployment',
  finishReturn: 'Handing the Service back',
  sayReturning: 'Saying how the hand-back goes',
  unselectLeaving: 'Taking pods that are to leave out of the Service',
  letGo: 'Letting go of the Rollout',
  readDecision: 'Reading a Decision',
  recordDecision: 'Writing what became of a Decision',
}

/** Undefined where this activity tells its trouble itself. */
export const deedOf = (activity: string): string | undefined => DEEDS[activity]
