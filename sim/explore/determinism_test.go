package explore_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/sim"
	"stockproof/sim/explore"
)

// moody asks once more at every seventh question of the whole program: what it does depends on what ran before.
type moody struct {
	port.Speed
	asked *int
}

// Do implements [port.Speed].
func (m moody) Do(ctx context.Context, ops ...port.SpeedOp) error {
	if *m.asked++; *m.asked%7 == 0 {
		if err := m.Speed.Do(ctx, &port.GetStock{SKU: "moody"}); err != nil {
			return err
		}
	}
	return m.Speed.Do(ctx, ops...)
}

func twice(t *testing.T, d inventory.Design, executions int) (explore.Result, error) {
	t.Helper()
	return explore.Run(context.Background(), explore.Config{Design: d, Options: sim.CoreOptions(),
		Scenario: scenario(t, "tiny"), Seed: 1, Executions: executions, Twice: 1, MaxFaults: -1, Cores: 1})
}

func TestADesignThatRemembersOtherRunsIsReportedWithTheFirstStep(t *testing.T) {
	d, asked := article.Design(), 0
	d.Roles = []inventory.Role{{Name: "worker", Always: true, New: func(p inventory.Ports, o inventory.Options) port.Process {
		p.Speed = moody{p.Speed, &asked}
		return article.NewWorker(p, o)
	}}}
	_, err := twice(t, d, 20)
	var found *explore.NondeterminismError
	if !errors.As(err, &found) {
		t.Fatalf("it was not noticed: %v", err)
	}
	if !strings.Contains(found.Step, "redis") || !strings.HasPrefix(found.Step, "step ") {
		t.Errorf("the first step that differs: %q", found.Step)
	}
}

func TestEveryExecutionOfLedgerRunsTheSameTwice(t *testing.T) {
	r, err := twice(t, ledger.Design(), 300)
	if err != nil || r.Again != 300 || r.Finding != nil {
		t.Errorf("%d of 300 ran twice, finding %v: %v", r.Again, r.Finding, err)
	}
}
