// Package live is the runtime of real processes: goroutines, channels, the wall clock.
//
// It is the only place where production code gets concurrency and time from the language; everything
// behind the ports asks [Runtime] for them, so that the simulator can put its own in the place.
package live
