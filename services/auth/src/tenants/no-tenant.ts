/** Stands in for the tenant of what is unknown: it has no rows, and being asked for costs the same. */
export const NO_TENANT = 'ten_00000000000000000000000000';
