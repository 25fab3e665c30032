// Package sim runs a design: clients, processes, servers and faults, and hands what was seen to package
// checks. It names no design; cmd/sim hands it one.
//
// # The mental model
//
//	Workload    what clients want: orders, cancels, restocks, returns, reads. Plain data, made from
//	            parameters and a seed, from a scenario's entries, or from a file of real orders.
//	Scenario    a text file: a design, a workload, faults in order, what is expected to break.
//	World       the servers that everything runs on: in memory, or behind the real clients.
//	Deployment  a design's processes on a world. Each can die and be started again.
//	Drive       lets clients carry out a workload on the deployment's fronts.
//	Watch       what is seen beside the clients: effects in the speed layer, counters, alarms.
//	Audit       what truth, speed and feeds hold when everything went quiet.
//
// # Clients
//
// A client behaves as a client of the API should, and no better. It sends a request; when no answer
// comes it sends the same request with the same ids to the next front; when it is told "accepted" it asks
// until there is a decision, or until its patience ends. It concludes an order only once it knows its
// decisions. Everything that it sends and is told is an event: no checker has to trust what a design
// says of itself.
//
// # Chance
//
// All chance comes from Stream(seed, name): one stream for each kind of decision, so that a change
// of one leaves the others alone. Probabilities are exact ratios. The same parameters and seed give
// the same workload, down to every id, with every release of Go; whether the run is the same too, the
// world says (World.About).
//
// Read next: workload.go, scenario.go, driver.go, deploy.go.
package sim
