// Package engine runs production code one actor at a time and owns every choice.
//
// # The mental model
//
//	Actor     a function of production code as a coroutine. It runs until it parks: at a call to a
//	          server, at a mailbox, in a sleep. While it runs nothing else does.
//	Process   actors that live and die together: one instance of a role, with a clock of its own.
//	Point     where an actor parks. Every call to a server has two: the request arrives, the
//	          response returns; a server adds points of its own between them (memory.Gate.Step).
//	Chooser   picks which of the actors that could run next does. That is the only place where
//	          interleavings come from.
//	Fate      what becomes of a request: delivered, lost, its response lost, or late (the caller has its
//	          error, the server still works).
//	Clock     virtual: it moves only when nothing else can, or when the chooser lets a sleeper go.
//
// The engine implements the two interfaces through which production code and the servers in
// adapters/memory meet the world: port.Runtime ([Process.Runtime]) and memory.Gate ([Engine] itself).
//
// # Crashes
//
// [Engine.Crash] ends all actors of a process at once, by Goexit: recover cannot swallow it, and what
// deferred code asks of a port on the way does nothing. A request that a server is working on goes on
// there, COMMIT included; its actor ends at the response. A long poll ends with its caller.
//
// # Guards
//
// Production code that blocks outside of its ports, and a goroutine of its own that calls a port, end the
// program with exit code 70 and the file and line: no run that they take part in could be repeated.
//
// # Determinism
//
// The same program and the same chooser give the same run: nothing here reads a clock, draws a number
// or ranges over a map. [Engine.Digest] sums up which steps a run took, so that two runs can be compared; what was
// written in them is the servers' to sum up.
package engine
