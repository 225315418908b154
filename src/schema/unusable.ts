/** Why a schema cannot be used; thrown and caught inside this folder. Holds nothing of the schema. */
export class Unusable extends Error {}
