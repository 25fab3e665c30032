package main

import (
	"path/filepath"
	"testing"

	"stockproof/checks"
	"stockproof/checks/jsonl"
)

// A history says what the run said: judged again, on any tier, it gives the same verdicts.
func TestAHistoryIsJudgedAsItsRunWas(t *testing.T) {
	for _, c := range []struct {
		name string
		code int
		args []string
	}{
		{"wire", 0, []string{"run", "--orders", "60", "--clients", "4", "--seed", "3"}},
		{"core", 0, []string{"run", "--on", "core", "--scenario", "small", "--seed", "3"}},
		{"core, broken", 1, []string{"run", "--on", "core", "--design", "article", "--scenario", "token-expiry", "--seed", "3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "h.jsonl")
			o := invoke(t, append(c.args, "--history", file)...)
			if o.code != c.code {
				t.Fatalf("exit %d, want %d: %s", o.code, c.code, o.errors)
			}
			h, err := jsonl.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(h.Events) == 0 || len(h.Audit.Commands) == 0 {
				t.Fatalf("%d events, %d commands", len(h.Events), len(h.Audit.Commands))
			}
			if got := checks.Judge(checks.Check(h), checks.Conditions{Decisions: 1}).ExitCode(); got != c.code {
				t.Errorf("judged again: %d, the run said %d", got, c.code)
			}
		})
	}
}

func TestAHistoryThatCannotBeWrittenIsRefused(t *testing.T) {
	refused(t, "--history", "run", "--orders", "5", "--history", filepath.Join(t.TempDir(), "no", "h.jsonl"))
}
