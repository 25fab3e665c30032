package memory_test

import (
	"errors"
	"testing"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// A statement that is refused is not done, its transaction is over, and what comes behind the refusals is done again.
func TestPostgresRefusesStatementsAndDoesNoneOfThem(t *testing.T) {
	for why, x := range map[memory.PostgresTrouble]struct {
		state string
		class error
	}{
		memory.PostgresSerialization: {"40001", port.ErrConflict},
		memory.PostgresLockTimeout:   {"55P03", port.ErrConflict},
		memory.PostgresDiskFull:      {"53100", port.ErrUnavailable},
	} {
		_, pg, a, b := scripted(t)
		tx := a.Begin()
		must(t, tx.Do(ctx, lockLanes("A"), writeLane("A", 7)))
		pg.Refuse(1, why)
		err := tx.Commit(ctx, writeLane("B", 7))
		if memory.SQLState(err) != x.state || !errors.Is(err, x.class) || errors.Is(err, port.ErrUnknown) {
			t.Errorf("%s: %v", why, err)
		}
		if n := onHand(t, b, "A"); n != 0 || pg.Refusing() != 0 {
			t.Errorf("%s: stock %d, %d more to refuse", why, n, pg.Refusing())
		}
		must(t, b.Do(ctx, lockLanes("A"), writeLane("A", 3))) // nobody holds the lane
	}
}

// A full disk spares what writes nothing.
func TestAFullDiskServesReads(t *testing.T) {
	_, pg, a, _ := scripted(t)
	pg.Refuse(1, memory.PostgresDiskFull)
	onHand(t, a, "A")
	if err := a.Do(ctx, writeLane("A", 1)); memory.SQLState(err) != "53100" {
		t.Errorf("a write: %v", err)
	}
	pg.Refuse(1, memory.PostgresDiskFull)
	pg.Refuse(0, "")
	must(t, a.Do(ctx, writeLane("A", 1)))
}
