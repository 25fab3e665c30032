package memory_test

import (
	"testing"

	"stockproof/adapters/contract"
	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

func TestPostgresKeepsTheTruthContract(t *testing.T) {
	contract.Truth(t, func(*testing.T) contract.TruthBed {
		pg := memory.NewPostgres(plainGate(), memory.PostgresOptions{})
		return contract.TruthBed{Client: pg.Client, Kill: pg.Kill, Depose: pg.Promote, Waiting: pg.Waiting}
	})
}

func TestPostgresKeepsTheSlotContract(t *testing.T) {
	contract.Slot(t, func(*testing.T) contract.SlotBed {
		pg := memory.NewPostgres(plainGate(), memory.PostgresOptions{})
		pg.Slot("connector", contract.SlotTables()...)
		return contract.SlotBed{
			TruthBed: contract.TruthBed{Client: pg.Client, Kill: pg.Kill, Depose: pg.Promote, Waiting: pg.Waiting},
			Open:     func() port.Slot { return pg.Slot("connector") },
		}
	})
}
