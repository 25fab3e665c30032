// Package page writes a simulated run as one HTML page that needs nothing else: no server, no network, no
// second file. It opens from disk, works from the keyboard and without a mouse, in light and dark, on a
// telephone, and prints what it says without JavaScript too, if with fewer moving parts.
//
// # The mental model
//
//	Page    a schedule and what came of it: the verdict, the command that runs it again, and one or two runs.
//	Run     a [timeline.Timeline] (the same model as the text picture: rows, cells, accused steps) with what its
//	        lanes held in truth and speed at the end of every row, and the run's outcome.
//	entry   a line of the schedule: what shrinking kept, took away, or put in another's place.
//	answers what porcupine says of the answers that clients were given, and of nothing else.
//	panel   porcupine's own page about one lane, in a frame of the page (srcdoc): a document of its own, whose styles
//	        and scripts stay its own, and which the page's policy keeps off the network as well. [Dress] makes it one
//	        that can be read in dark and that the keyboard reaches; sim check --html writes the same.
//
// Everything that has a fixed text is written by the template (page.gohtml). What moves is drawn in the
// browser from one JSON value in the page: grid.js lays rows out and keeps only those in the document that can
// be seen, which is what lets a run of 10 000 steps open at once; plot.js draws stock over steps; player.js
// holds the one step that all of them show.
//
// # Rows of known height
//
// Every cell is broken into lines by the script, at words, for a width in characters of a fixed pitch: the
// height of each row is then known before it is drawn, and the place of row 9 000 is a sum. Where the page is
// narrower than a table can be, a row becomes a list: one line for each column that has something.
//
// # What it does not do
//
// It runs nothing and judges nothing: verdicts are those of the run. It sends nothing and loads nothing, and a
// Content-Security-Policy in the page says so to the browser.
package page
