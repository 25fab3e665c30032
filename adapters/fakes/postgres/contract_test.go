package fakepg_test

import (
	"fmt"
	"testing"

	"stockproof/adapters/contract"
	fakepg "stockproof/adapters/fakes/postgres"
	"stockproof/adapters/live"
	mempg "stockproof/adapters/memory/postgres"
	"stockproof/adapters/postgres"
	"stockproof/inventory/port"
)

// TestTruthContract puts pgx, the wire and the store together through the suite that a real
// PostgreSQL passes.
func TestTruthContract(t *testing.T) {
	contract.Truth(t, func(t *testing.T) contract.TruthBed {
		store := mempg.New(live.Gate(), mempg.Options{})
		server := fakepg.NewServer(fakepg.Memory(store))
		t.Cleanup(server.Close)
		names := map[port.Truth]string{}
		return contract.TruthBed{
			Client: func() port.Truth {
				name := fmt.Sprintf("client %d", len(names)+1)
				truth, err := postgres.Open(postgres.Options{ApplicationName: name, Dial: server.Dial,
					DSN: "host=fake user=stockproof dbname=stockproof sslmode=disable"})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(truth.Close)
				names[truth] = name
				return truth
			},
			Kill: func(truth port.Truth) {
				for _, b := range server.Activity() {
					if b.Application == names[truth] {
						server.Kill(b.PID)
					}
				}
			},
			Depose:  store.Promote,
			Waiting: store.Waiting,
		}
	})
}
