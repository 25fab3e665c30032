// Package scenario is the files that people write, read and compare.
//
// # The mental model
//
//	Scenario   what to try: a design with its options, a workload, faults in their order, what is expected of it.
//	           Some are embedded in the program and known by name ([List], [Load]).
//	Schedule   one run of the simulator, written down: a scenario whose faults are exact, and every choice of the
//	           scheduler that was not the usual one ([ParseSchedule]).
//	Entry      a line of either. A file that is read and written again says the same, line by line.
//
// Whatever is wrong with a file is a [checks.InputError] with the line and the reason. What only a tier can tell,
// which faults it can express and whether a process exists, is for package sim to say.
//
// # What a scenario expects
//
// "expect GUARANTEE" says that this guarantee breaks in the run, "expect holds" that nothing does.
// Several lines expect all that they name; what breaks beside them changes nothing. An expectation never
// changes a result: the exit code says what happened. The verdict says whether the expectation was met,
// "as the scenario expects" or "not as expected: expected X, got Y" ([Scenario.Met]); in JSON that is
// as_expected, null where nothing is expected. A guarantee that is not yet judged, or that the design does
// not claim, cannot be seen to break.
//
// # Options of a design
//
// A design declares which options it has (inventory.Design.Options). What a scenario's design line, or
// the command line, asks for and the design does not have is refused and not ignored.
package scenario
