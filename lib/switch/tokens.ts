/**
 * What a switch waits for, as numbers for `EpollSet`: a kind, and which one.
 *
 * @module
 */

const SHIFT = 24;
const NUMBER_MASK = 0xff_ffff;

/** Kinds of what is waited for. */
export const TokenKind = {
  /** Frames at a port. */
  data: 1,
  /** A port's connection. */
  control: 2,
  /** A connection without a port yet. */
  visitor: 3,
  /** New connections. */
  listener: 4,
  /** A time. */
  timer: 5,
} as const;

/** The one listener. */
export const LISTENER_TOKEN: number = TokenKind.listener << SHIFT;
/** The one timer. */
export const TIMER_TOKEN: number = TokenKind.timer << SHIFT;

/** The data socket of a port. */
export function dataToken(port: number): number {
  return (TokenKind.data << SHIFT) | port;
}

/** The connection of a port. */
export function controlToken(port: number): number {
  return (TokenKind.control << SHIFT) | port;
}

/** A connection that has not asked for a port yet. */
export function visitorToken(place: number): number {
  return (TokenKind.visitor << SHIFT) | place;
}

/** One of {@linkcode TokenKind}. */
export function tokenKind(token: number): number {
  return token >>> SHIFT;
}

/** Which one of its kind. */
export function tokenNumber(token: number): number {
  return token & NUMBER_MASK;
}
