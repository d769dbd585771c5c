import { GROUP, LABEL } from './names.ts'

/** Name of the admission policy that vouches for Decisions, and of its binding. */
export const DECISION_GUARD = 'sluice-decisions'

/** The engine as the API server knows it; `deploy/base` makes it. */
export const ENGINE_NAMESPACE = 'sluice-system'
export const ENGINE_USER = `system:serviceaccount:${ENGINE_NAMESPACE}:sluice`

/**
 * Key in the `extra` of a person's identity, as the API server has it, whose value may stand in `spec.claim`: the address
 * that the person's commits carry. The API server fills it from a token (`claimMappings.extra`).
 */
export const AUTHOR_CLAIM = 'sluice.dev/email'

/** Whom the API server lets remove objects on its own account: a namespace that goes takes its Decisions along. */
const CLEANERS = [
  'system:serviceaccount:kube-system:namespace-controller',
  'system:serviceaccount:kube-system:generic-garbage-collector',
  'system:kube-controller-manager',
]

/** How the policy refuses who says to be somebody else. */
export const NOT_YOU = 'spec.by must be you: '

const ME = 'request.userInfo.username'
const MY_GROUPS = 'request.userInfo.?groups.orValue([])'
const IS_STATUS = "request.?subResource.orValue('') == 'status'"

const onCreate = (rule: string): string => `request.operation != 'CREATE' || ${rule}`
const unlessDeleted = (rule: string): string => `request.operation == 'DELETE' || ${rule}`

/** Who may say what, one sentence per rule. Everything that the API server would fill in stands here: see `guard.ts`. */
export const guardPolicySpec = {
  failurePolicy: 'Fail',
  matchConstraints: {
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    resourceRules: [
      {
        apiGroups: [GROUP],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
        resources: ['decisions', 'decisions/status'],
        scope: '*',
      },
    ],
  },
  validations: [
    {
      expression: onCreate(`object.spec.by == ${ME}`),
      messageExpression: `'${NOT_YOU}' + ${ME}`,
      reason: 'Forbidden',
    },
    {
      // It may create some where it tries out this policy, and nowhere else.
      expression: onCreate(`${ME} != '${ENGINE_USER}'`),
      message: 'the engine decides nothing: people do',
      reason: 'Forbidden',
    },
    {
      expression: onCreate(`object.spec.?groups.orValue([]).all(group, group in ${MY_GROUPS})`),
      messageExpression: `'spec.groups must be groups of yours: ' + ${ME} + ' is in ' + ${MY_GROUPS}.join(', ')`,
      reason: 'Forbidden',
    },
    {
      expression: onCreate(
        // Who had several could choose the one that is not the author's.
        `!has(object.spec.claim) || request.userInfo.?extra['${AUTHOR_CLAIM}'].orValue([]) == [object.spec.claim]`,
      ),
      messageExpression: `'spec.claim must be the one thing that your identity says under ${AUTHOR_CLAIM}: ' + request.userInfo.?extra['${AUTHOR_CLAIM}'].orValue(['(nothing)']).join(', ')`,
      reason: 'Forbidden',
    },
    {
      expression: onCreate(
        `authorizer.group('${GROUP}').resource('rollouts').subresource(object.spec.action).namespace(request.namespace).name(object.spec.rollout).check('create').allowed()`,
      ),
      messageExpression: `${ME} + ' may not ' + object.spec.action + ' rollout ' + object.spec.rollout + ' in ' + request.namespace`,
      reason: 'Forbidden',
    },
    {
      expression: unlessDeleted(`object.metadata.?labels['${LABEL.rollout}'].orValue('') == object.spec.rollout`),
      message: `the label ${LABEL.rollout} must name spec.rollout`,
      reason: 'Invalid',
    },
    {
      // Whose owner goes is removed with it.
      expression: unlessDeleted('object.metadata.?ownerReferences.orValue([]).size() == 0'),
      message: 'a Decision has no owner: it stays for whoever asks later',
      reason: 'Invalid',
    },
    {
      // What nobody can delete keeps its namespace from going.
      expression: unlessDeleted('object.metadata.?finalizers.orValue([]).size() == 0'),
      message: 'a Decision has no finalizers: the engine removes it in its time',
      reason: 'Invalid',
    },
    {
      expression: `!(${IS_STATUS}) || ${ME} == '${ENGINE_USER}'`,
      message: 'the status of a Decision is written by the engine alone',
      reason: 'Forbidden',
    },
    {
      expression: `request.operation != 'DELETE' || ${ME} in [${[ENGINE_USER, ...CLEANERS].map((name) => `'${name}'`).join(', ')}]`,
      message: 'a Decision stays for whoever asks later; the engine removes it in its time',
      reason: 'Forbidden',
    },
  ],
}

export const guardBindingSpec = { policyName: DECISION_GUARD, validationActions: ['Deny'] }
