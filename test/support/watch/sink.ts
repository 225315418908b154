/** The folder in which what was found comes together; the check of the whole run sets it. */
export const SINK = "IMPEDANCE_TEST_SINK";
