package postgres_test

import (
	"testing"

	"stockproof/adapters/contract"
	"stockproof/adapters/live"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
)

func TestTheTruthContractIsKept(t *testing.T) {
	contract.Truth(t, func(*testing.T) contract.TruthBed {
		pg := postgres.New(live.Gate(), postgres.Options{})
		return contract.TruthBed{Client: pg.Client, Kill: pg.Kill, Depose: pg.Promote, Waiting: pg.Waiting}
	})
}

func TestTheSlotContractIsKept(t *testing.T) {
	contract.Slot(t, func(*testing.T) contract.SlotBed {
		pg := postgres.New(live.Gate(), postgres.Options{})
		pg.Slot("connector", contract.SlotTables()...)
		return contract.SlotBed{
			TruthBed: contract.TruthBed{Client: pg.Client, Kill: pg.Kill, Depose: pg.Promote, Waiting: pg.Waiting},
			Open:     func() port.Slot { return pg.Slot("connector") },
		}
	})
}
