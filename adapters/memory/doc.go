// Package memory holds what the servers behind the ports have in common when they run in memory: how calls reach
// them ([Gate]), and how they sum up what state they are in ([Hash], [Shapes]). The servers are in packages of their
// own: postgres, redis (with luahost, which runs the shipped Lua) and kafka. They know nothing of each other.
//
// Each has the behaviour that production code can observe, and none of the rest. They are deterministic: given the
// order in which a gate lets calls in, they do the same thing every time, and no goroutine ever blocks inside one. A
// wait (for a row lock, for a record) is a value with a condition that the gate holds, so that a simulator can
// schedule it.
//
// The same servers serve ordinary goroutines through [Plain], and the real clients through the wire fakes in
// adapters/fakes. They are believed only as far as the contract suites run against them and against the real servers
// alike.
package memory
