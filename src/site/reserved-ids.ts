/** The device, and the bus, of the gateway itself. */
export const selfId = 'self';

/** The device of what is computed from several others. */
export const computedId = 'computed';
