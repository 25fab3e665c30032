// Package sim runs a design: clients, processes, servers and faults, and hands what was seen to package
// checks. It names no design; cmd/sim hands it one.
//
// # The mental model
//
//	Workload    what clients want: orders, cancels, restocks, returns, reads. Plain data (package workload).
//	Scenario    a text file: a design, a workload, faults in order, what is expected to break (package scenario).
//	World       the servers that everything runs on: in memory, or behind the real clients.
//	Deployment  a design's processes on a world. Each can die and be started again.
//	Drive       lets clients carry out a workload on the deployment's fronts (package clients).
//	Watch       what is seen of clients, processes and servers, and Audit what their books hold when everything went
//	            quiet (package observe).
//
// # Two ways to run
//
// Run drives a Deployment of goroutines against a World, in real time. Simulate drives the same processes,
// clients and checkers as coroutines of package engine, on simulated servers, in virtual time: the tier
// "core". There every interleaving is a choice and every fault a value:
//
//	Simulation  one run: deploy, bring in the stock, let clients and faults loose, heal, come to rest, judge.
//	Fault       what happens, and when: a kind, whom it strikes, and a trigger (the nth time that a role
//	            passes a point). FaultKinds lists them; each leaves a receipt.
//	Replay      a run that a schedule file has written down ([ScheduleConfig]).
//	Drawing     follows a run and takes it down: package timeline makes a picture of one, package page a page.
//
// Package explore looks for runs that break a design, makes them small, and visits every state of small
// scopes.
//
// # Ends of a run
//
// Every wait of a run is bounded. Clients wait at the end for as long as anything moves, and Settle
// longer. A process that was killed or told to end and has not ended after RunConfig.End is stuck: the run
// ends without a verdict, with a [StuckError] that names it. A server that does not answer in time
// (WorldOptions.Timeout) is a fault like any other: an alarm and another attempt, never a verdict.
//
// # Chance
//
// All chance comes from random.Stream(seed, name): one stream for each kind of decision, so that a change
// of one leaves the others alone. Probabilities are exact ratios. The same parameters and seed give
// the same workload, down to every id, with every release of Go; whether the run is the same too, the
// world says (World.About).
//
// Read next: deploy.go, run.go, simulation.go.
package sim
