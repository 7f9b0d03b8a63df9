/** Injection tokens of values that have no class of their own. */
export const EGRESS_POLICY = Symbol('EgressPolicy');
