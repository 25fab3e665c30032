// Package stockproof is the root of a real-time inventory pipeline and of the workbench that proves it. There is no
// code in it: its tests hold the rules of the house, which package may import which and what production code may
// not use.
//
// Start with package model, the domain and its sequential specification; then inventory, the production code over
// ports; adapters, what stands behind the ports; checks, the guarantees; and cmd/sim, which runs it all.
package stockproof
