package sim_test

import (
	"context"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/observe"
)

// At the end of a run somebody else's value stands where a SKU's stock was. That is a finding for the
// checkers, and no reason to have none: the audit says that the key shows nothing.
func TestAnAuditReadsPastForeignValues(t *testing.T) {
	for _, d := range []inventory.Design{ledger.Design(), article.Design()} {
		for _, foreign := range [][]string{{"SET", "", "abc"}, {"SET", "", "10.0"}, {"HSET", "", "somebody", "else's"},
			{"HSET", "", "a", "abc", "s", "1", "e", "1"}} {
			t.Run(d.Name+" "+strings.Join(foreign, " "), func(t *testing.T) {
				c := simulated(t, d, "tiny")
				s, out := serversOf(t, c)
				before := audited(t, s, c)
				if !observe.Quiet(before) || len(before.Speed) != 1 || !before.Speed[0].Found {
					t.Fatalf("%s, %+v", out.Result, before)
				}
				for _, key := range s.Redis.Keys() {
					if strings.Contains(key, "{") && !strings.HasPrefix(key, "idempotent:") {
						s.Redis.Command("DEL", key)
						foreign[1] = key
						s.Redis.Command(foreign...)
					}
				}
				after := audited(t, s, c)
				if row := after.Speed[0]; row.Found || observe.Quiet(after) {
					t.Errorf("it shows %+v, quiet %t", row, observe.Quiet(after))
				}
			})
		}
	}
}

// What does not answer is another matter: an audit that took it for an empty speed layer would accuse a design
// of what nobody has seen.
func TestAnAuditOfASpeedLayerThatRefusesIsAnError(t *testing.T) {
	for _, d := range []inventory.Design{ledger.Design(), article.Design()} {
		c := simulated(t, d, "tiny")
		s, _ := serversOf(t, c)
		s.Redis.Refuse(0, 100, "LOADING Redis is loading the dataset in memory")
		if a, err := audit(s, c); err == nil || !strings.Contains(err.Error(), "audit: read ") {
			t.Errorf("%s: %v, speed %+v", d.Name, err, a.Speed)
		}
	}
}

func audited(t *testing.T, s *sim.Simulation, c sim.SimulationConfig) checks.Audit {
	t.Helper()
	a, err := audit(s, c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func audit(s *sim.Simulation, c sim.SimulationConfig) (checks.Audit, error) {
	rt := s.Engine.NewProcess("auditor", "auditor").Runtime()
	return observe.Audit(context.Background(), inventory.Ports{Truth: s.Postgres.Client(), Speed: s.Redis.Client(),
		Broker: s.Kafka.Client("auditor"), Runtime: rt}, c.Design, c.Options.Options)
}

// A letter says that a command breaks the contract, and the command is the accepted one to the last byte: nothing was wrong
// with it, and the letter does not answer for it. One whose body was garbled on its way does, and one that came under a foreign key.
func TestALetterForNothingIsNoAnswer(t *testing.T) {
	for _, how := range []string{"sound", "garbled", "wrong key"} {
		c := simulated(t, ledger.Design(), "tiny")
		s, _ := serversOf(t, c)
		a := audited(t, s, c)
		was := a.Commands[0].Command
		raw, key := model.EncodeCommand(was), []byte(was.SKU)
		switch how {
		case "garbled":
			raw = raw[:len(raw)/2]
		case "wrong key":
			key = []byte("B")
		}
		s.Engine.Alone(func() {
			letter := port.DeadRow{Command: was.ID, Chain: was.ID, Class: port.DeadContract, Raw: raw, Key: key, State: port.DeadOpen, Err: "made up"}
			if err := s.Postgres.Client().Do(context.Background(), &port.InsertDead{Rows: []port.DeadRow{letter}}); err != nil {
				t.Fatal(err)
			}
		})
		a = audited(t, s, c)
		if len(a.Dead) != 1 || a.Dead[0].Command.IsZero() != (how == "sound") || a.Dead[0].Parks.IsZero() != (how == "sound") {
			t.Errorf("%s: %+v", how, a.Dead)
		}
	}
}
