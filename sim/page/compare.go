package page

import (
	"slices"
	"strings"

	"stockproof/sim"
)

// fate is what became of a line of a schedule when it was shrunk.
type fate string

const (
	kept  fate = "kept"
	taken fate = "taken away"
	put   fate = "put in"
)

// entry is a line of a schedule and its fate.
type entry struct {
	Fate fate
	Text string
}

// compare says what became of the lines of an original schedule in a smaller one. Shrinking keeps their order:
// it takes lines out, and puts weaker ones in the place of others.
func compare(original, small *sim.Schedule) (all []entry) {
	before := lines(original)
	for _, line := range lines(small) {
		i := slices.Index(before, line)
		if i < 0 {
			all = append(all, entry{put, line})
			continue
		}
		for _, gone := range before[:i] {
			all = append(all, entry{taken, gone})
		}
		all = append(all, entry{kept, line})
		before = before[i+1:]
	}
	for _, gone := range before {
		all = append(all, entry{taken, gone})
	}
	return all
}

// lines are the workload, the faults and the choices of a schedule, as its file has them.
func lines(s *sim.Schedule) (all []string) {
	for _, line := range strings.Split(s.String(), "\n") {
		directive, _, _ := strings.Cut(line, " ")
		if slices.Contains([]string{"workload", "fault", "run"}, directive) {
			all = append(all, line)
		}
	}
	return all
}
