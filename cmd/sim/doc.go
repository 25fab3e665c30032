// Command sim is the workbench: it runs a design of the pipeline and judges what came of it.
//
// Line 1 of every run is the seed and the parameters, the last line of a failure is the command that
// reproduces it, and the exit code is the verdict (README.md lists them).
package main
