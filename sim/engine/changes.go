package engine

// Before every step everybody who waits is asked whether the wait is over. What a server waits for changes only
// when that server does something, so that nobody need be asked again before. A change that is missed would leave
// an actor asleep that a plain look wakes: TestNobodyWhoseWaitIsOverIsForgotten looks.

// part is what a wait may be about.
type part uint8

// The parts.
const (
	elsewhere part = iota // anything that is no server in memory: it may change with every step
	inPostgres
	inKafka
	parts
)

// partOf is the part that a server's name stands for.
func partOf(server string) part {
	switch server {
	case "postgres":
		return inPostgres
	case "kafka":
		return inKafka
	}
	return elsewhere
}

// changes counts for each part the steps that may have changed it.
type changes [parts]uint64

func (c *changes) to(p part) { c[p]++ }

// everywhere is a change by somebody who may change anything.
func (c *changes) everywhere() {
	for i := range c {
		c[i]++
	}
}
