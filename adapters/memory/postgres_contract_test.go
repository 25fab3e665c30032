package memory_test

import (
	"testing"

	"stockproof/adapters/contract"
	"stockproof/adapters/memory"
)

func TestPostgresKeepsTheTruthContract(t *testing.T) {
	contract.Truth(t, func(*testing.T) contract.TruthBed {
		pg := memory.NewPostgres(plainGate(), memory.PostgresOptions{})
		return contract.TruthBed{Client: pg.Client, Kill: pg.Kill, Depose: pg.Promote, Waiting: pg.Waiting}
	})
}
