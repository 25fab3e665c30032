// Package observe looks on at a running pipeline and reads its books when it has come to rest. It changes nothing.
//
// # The mental model
//
//	Recorder  what clients send and are told, as events in the order in which they were told.
//	Tap       stands between a process and its ports: what passes is seen, and of a dead process nothing passes.
//	Watch     collects what taps and servers tell: effects in the speed layer, records that workers hold, counters, alarms,
//	          processes that ended; and the points at which a [Strike] may kill one.
//	Audit     what truth, speed layer and feeds hold in the end. [Quiet] says that they have come to rest.
//
// All of it becomes events and an audit of package checks, whose checkers judge them; which design it is, matters only to which
// tables an audit reads. Every time is of one clock, in microseconds, so that events of clients and of servers compare.
//
// Read next: recorder.go, tap.go, watch.go, audit.go.
package observe
