/**
 * The time as of which the parts of a balancer work, on the clock's `nowMs`. They share this object, since a
 * number that is handed on from call to call goes to the heap each time, and in place here.
 */
export class Moment {
  nowMs = 0.5;
}
