// Package timeline draws a run as people do: one column per process and server, one row per step that matters,
// and what truth and speed hold of each lane at the end of every row.
//
// A [Timeline] follows a simulation while it runs (sim.Drawing). It learns what happened from the observer's events,
// from what became visible in the servers, and from the engine's points; it changes nothing, so that a drawn run is
// the same run. [Timeline.Text] is the picture for a terminal; package page makes one for a browser.
package timeline
