/**
 * What stands at the foot of all pages. No clock is asked: the same program
 * writes the same pages.
 *
 * @module
 */

/** When the manual's texts were last changed: year, month and day. */
export const MANUAL_DATE = "2026-11-23";
