package main

import (
	"strings"
	"testing"
)

// A portfolio says on line 1 what it is made of, or why it does not search, and at the end what the search saw: "explored
// completely" is a word for every state of the scope.
func TestAPortfolioSaysWhatItSearched(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		args, mix, saw string
		searched       bool
	}{
		{"--scenario tiny --faults crash,garbled --seed 1 --executions 100 --check-determinism", "then exhaustive, 17 executions more)",
			"exhaustive, for safety: not complete; faults crash, at most 1 at once, anywhere; ", true},
		{"--design rowlock --scenario tiny --faults none --seed 1 --executions 400", "then exhaustive, 70 executions more)",
			"exhaustive, for safety: explored completely; faults none; ", true},
		{"--scenario tiny --faults garbled --seed 1 --executions 100", "not exhaustive: garbled: ", "holds", false},
		{"--scenario tiny --faults none --seed 1 --executions 100 --strategy pct", "strategy pct  ", "holds", false},
	} {
		code, text, a := explored(t, x.args+" --json", func(*campaign) {})
		if code != 0 || !strings.Contains(text, x.mix) || !strings.Contains(text, x.saw) {
			t.Errorf("%s: exit %d, want %q and %q in\n%s", x.args, code, x.mix, x.saw, text)
		}
		if x.searched != (a.Searched > 0) || x.searched != (a.Complete != nil) || x.searched != strings.Contains(text, "exhaustive, for safety") {
			t.Errorf("%s: %+v\n%s", x.args, a, text)
		}
	}
}
