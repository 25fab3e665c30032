package postgres_test

import (
	"testing"

	"stockproof/adapters/contract"
	"stockproof/adapters/postgres"
	"stockproof/adapters/servers"
	"stockproof/inventory/port"
)

func TestRealPostgresKeepsTheContractOfTheSlot(t *testing.T) {
	dsn := servers.SharedPostgres(t).NewDatabase(t)
	if err := postgres.Migrate(background(t), open(t, postgres.Options{DSN: dsn}).Pool()); err != nil {
		t.Fatal(err)
	}
	contract.Slot(t, func(t *testing.T) contract.SlotBed {
		admin := raw(t, dsn)
		empty(t, admin)
		slot := newSlot(t, dsn, "contract", contract.SlotTables()...)
		return contract.SlotBed{
			TruthBed: contract.TruthBed{
				Client:  func() port.Truth { return open(t, postgres.Options{DSN: dsn}) },
				Waiting: func() int { return waiting(t, admin) },
			},
			Open: func() port.Slot {
				slot.Close()
				var err error
				slot, err = postgres.OpenSlot(postgres.SlotOptions{DSN: dsn, Name: value[string](t, admin,
					`SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database()`)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(slot.Close)
				return slot
			},
		}
	})
}
