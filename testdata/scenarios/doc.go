// Package scenarios carries the scenario files of this folder inside the binary, so that `sim run --scenario NAME`
// works anywhere. It holds the files and nothing else: the format and its parser belong to package sim. The file
// NAME.scenario is the scenario NAME; its opening prose says what it shows.
package scenarios
