// Package jepsen reads histories that Jepsen wrote, so that package linear can judge them: operations on
// registers and counters, as EDN (history.edn) or as the lines of its log (jepsen.util - 3 :invoke :write 4).
//
// # The mental model
//
// A history is a list of events of processes. A process invokes an operation and completes it once:
//
//	:ok    it happened, and this is what it saw
//	:fail  it did not happen; where [Mapping.FailIsRefusal] says so, it was refused for what it saw
//	:info  nobody knows: it may have happened, may still, or never will
//
// which are the answers of [linear.Op]. A process that was answered :info invokes nothing more; other
// processes (:nemesis) are not clients and are passed over. Times are :time where it is there, else the
// place in the file, which is Jepsen's own order.
//
// Foreign names of fields and functions are mapped by [Mapping]; its zero value is Jepsen's own names.
// Values of registers may be anything that EDN can say: they are interned ([linear.Values]).
//
// # What is refused
//
// A truncated or malformed form, an answer without a call, time that runs backwards and an unknown function
// are each a [checks.InputError] with file, line and reason; nothing is guessed.
//
// EDN is read by edn.go: the one Go library for it has had no change since 2020 and no release, and what is
// needed of the format (https://github.com/edn-format/edn) is small.
//
// Read next: history.go.
package jepsen
