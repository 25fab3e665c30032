// Package workload is what a shop's clients do: orders, cancels, restocks, returns, reads. Plain data, and no run.
//
// # The mental model
//
// A [Workload] is stock that comes in first and a list of steps, each with the steps that it waits for ([Sequence]). Clients take
// steps side by side as far as those allow. It comes from one of three places, always down to the last id:
//
//	Generate   from [Params] and a seed: many orders, one hot SKU, the others by Zipf.
//	Import     from a file of real orders, in CSV: an invoice is an order, its lines are decided one by one.
//	entries    of a scenario, one by one (package sim).
//
// Nothing here knows a design, a world or a client: package sim drives a workload against a design and judges what came of it.
//
// Read next: workload.go, sequence.go, generate.go, importer.go.
package workload
