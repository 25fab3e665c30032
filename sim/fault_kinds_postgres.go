package sim

import (
	"context"
	"fmt"

	"stockproof/adapters/memory/postgres"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/sim/engine"
)

func keepsCommits(w *worldNeeds) { w.commits = 64 }

func postgresFaults() []FaultKind {
	return []FaultKind{
		{Name: "kill-backends", About: "PostgreSQL ends the connections of a process", Keys: []string{"role"},
			strike: on(func(s *Simulation, in *Instance, _ *Fault) string {
				s.Postgres.Kill(in.truth)
				return "connections of " + in.name + " ended"
			})},
		{Name: "pg-crash", About: "PostgreSQL stops at once and starts again; slots go back to the last checkpoint",
			strike: func(s *Simulation, _ *Fault, _ engine.Point) string {
				s.Postgres.CrashRestart()
				return "PostgreSQL crashed and restarted"
			}},
		{Name: "pg-checkpoint", Hidden: "where the last checkpoint was",
			About: "a checkpoint makes the positions of slots last", applies: hasConnector,
			strike: func(s *Simulation, _ *Fault, _ engine.Point) string {
				s.Postgres.Checkpoint()
				return "checkpoint"
			}},
		{Name: "pg-failover",
			About: "a synchronous standby is promoted: nothing that anybody was told is lost, of the rest at most lose commits",
			Keys:  []string{"lose"}, prepare: keepsCommits,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				return s.failover(min(f.Lose, s.Postgres.InDoubt()))
			}},
		{Name: "pg-failover-async", Hidden: "in which order transactions committed",
			About: "a standby is promoted that never got the last lose commits; ids and positions in the log are given again",
			Keys:  []string{"lose"}, prepare: keepsCommits,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string { return s.failover(max(f.Lose, 1)) }},
		{Name: "pg-refuse", Hidden: "how many statements are still to be refused",
			About: "PostgreSQL answers the next n statements with an error and does none of them", Keys: []string{"form", "n"},
			Forms: []string{string(postgres.Serialization), string(postgres.LockTimeout), string(postgres.DiskFull)},
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				n := max(f.N, 1)
				s.Postgres.Refuse(n, postgres.Trouble(f.Form))
				s.lasts(0, "", func() { s.Postgres.Refuse(0, "") })
				return s.await(func() string {
					return receipt(s.Postgres.Refusing() < n, "PostgreSQL refuses up to %d statements: %s", n, f.Form)
				})
			}},
		{Name: "pg-clock", NeedsBy: true, About: "PostgreSQL's clock is ahead from now on", Keys: []string{"by"},
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				s.Postgres.AdvanceClock(f.By)
				s.Watch.Observe(checks.Skew{AheadMS: f.By.Milliseconds()})
				return fmt.Sprintf("the clock of PostgreSQL went %s ahead", ShortDuration(f.By))
			}},
		{Name: "drop-slot", About: "the connector's slot is gone; an operator creates it anew a while later, with a gap before it",
			Keys: []string{"by"}, applies: hasConnector,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				if !s.Postgres.DropSlot(connectorName) {
					return ""
				}
				s.lasts(f.By, "an operator creates the slot", func() { s.newSlot() })
				return "the slot was dropped"
			}},
		{Name: "invalidate-slot", About: "the connector's slot needs log that is gone; an operator replaces it a while later",
			Keys: []string{"by"}, applies: hasConnector,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				if !s.Postgres.InvalidateSlot(connectorName) {
					return ""
				}
				s.lasts(f.By, "an operator replaces the slot", func() {
					s.Postgres.DropSlot(connectorName)
					s.newSlot()
				})
				return "the slot was invalidated"
			}},
	}
}

// newSlot creates the connector's slot, if it has none.
func (s *Simulation) newSlot() {
	if c := s.c.Design.Connector; c != nil && !s.c.Options.Relay {
		_ = s.Postgres.CreateSlot(connectorName, c.Tables...) // there is one already: nothing to do
	}
}

// failover promotes a standby as an operator does: the old primary is fenced, which is the end of its
// connections; the connector has a slot on the new one; and then the gate is opened.
func (s *Simulation) failover(lose int) string {
	out, err := s.Postgres.Failover(lose)
	if err != nil {
		return "" // fewer commits than that: at a later moment
	}
	s.newSlot()
	build := s.c.Design.Promote
	if build == nil {
		build = openGate
	}
	s.launch(s.freeName("operator"), "operator", build)
	return fmt.Sprintf("a standby was promoted without the last %d commits, timeline %d", lose, out.Timeline)
}

// openGate is the promotion of a design that has none of its own.
func openGate(p inventory.Ports, o inventory.Options) port.Process {
	return inventory.Once{Runtime: p.Runtime, Backoff: o.Backoff,
		Do: func(ctx context.Context) error { return p.Truth.Do(ctx, &port.SetEpoch{}) }}
}
