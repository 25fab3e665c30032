// Package explore looks for schedules and faults that break a design, makes what it finds small, and
// proves for small scopes that there is nothing to find.
//
// # The mental model
//
//	Campaign   many executions of one scenario under one design, each with faults and choices of its own,
//	           made from the campaign's seed and the execution's number alone.
//	Landmark   a point that an undisturbed execution passes: faults are placed at landmarks.
//	Swarm      each execution draws which kinds of fault it may use at all, so that rare kinds meet
//	           alone as well as together.
//	Finding    the first execution that violates a claimed guarantee, as a schedule that replays it.
//	Shrink     the smallest schedule that still violates the same guarantee, with a certificate: each
//	           entry that is left was taken out in turn, and the run was fine.
//
// Executions are independent, so engines run side by side, one per core; the finding is the one with the
// smallest number whatever the cores did, and so is the campaign's digest.
package explore
