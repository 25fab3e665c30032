package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stockproof/checks"
)

// ErrNotRecorded says that no execution outside of a search broke the guarantee that the search saw broken.
var ErrNotRecorded = errors.New("it was not met outside of the search, whose time stands still")

// Limits of [Record]: what a search of a few thousand states finds, random executions of the same scope meet within
// a few hundred.
const (
	recordExecutions = 200_000
	recordBudget     = time.Minute
)

// Record writes down, as a schedule that replays it, how a guarantee breaks that an exhaustive search has seen broken.
//
// The path of a search is no schedule: there a response is one step with what follows it, a poll waits where it is, and
// time stands still. So the violation is met again where schedules are: in executions of the same scenario under as many
// faults of the same kinds, until one breaks the same guarantee.
func Record(ctx context.Context, c Scope, t *Trace) (Finding, error) {
	return record(ctx, c, t, recordExecutions, recordBudget)
}

// record is [Record] with limits of its own; 0: none.
func record(ctx context.Context, c Scope, t *Trace, executions int, within time.Duration) (Finding, error) {
	kinds := slices.Clone(t.Struck)
	slices.Sort(kinds)
	r, err := Config{Design: c.Design, Options: c.Options, Scenario: c.Scenario, Seed: 1,
		Executions: executions, Kinds: slices.Compact(kinds), MaxFaults: mostFaults(len(t.Struck)),
		Want: []checks.Guarantee{t.Guarantee}, Cores: c.Cores}.withDefaults().draw(ctx, within)
	if err != nil {
		return Finding{}, fmt.Errorf("record %s: %w", t.Guarantee, err)
	}
	if r.Finding == nil {
		return Finding{}, fmt.Errorf("%s after %d executions: %w", t.Guarantee, r.Executions, ErrNotRecorded)
	}
	return *r.Finding, nil
}

// mostFaults is [Config].MaxFaults of n faults at most.
func mostFaults(n int) int {
	if n == 0 {
		return -1
	}
	return n
}
