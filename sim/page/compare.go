package page

import (
	"slices"
	"strings"

	"stockproof/sim/scenario"
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
func compare(original, small *scenario.Schedule) (all []entry) {
	before := lines(original)
	var fresh []entry // behind what they stand for
	for _, line := range lines(small) {
		i := slices.Index(before, line)
		if i < 0 {
			fresh = append(fresh, entry{put, line})
			continue
		}
		all = append(all, away(before[:i])...)
		all = append(append(all, fresh...), entry{kept, line})
		before, fresh = before[i+1:], nil
	}
	return append(append(all, away(before)...), fresh...)
}

func away(lines []string) (all []entry) {
	for _, line := range lines {
		all = append(all, entry{taken, line})
	}
	return all
}

// lines are the workload, the faults and the choices of a schedule, as its file has them.
func lines(s *scenario.Schedule) (all []string) {
	for _, line := range strings.Split(s.String(), "\n") {
		directive, _, _ := strings.Cut(line, " ")
		if slices.Contains([]string{"workload", "fault", "run"}, directive) {
			all = append(all, line)
		}
	}
	return all
}
