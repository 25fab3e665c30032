package postgres_test

import (
	"errors"
	"testing"

	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
)

// A statement that is refused is not done, its transaction is over, and what comes behind the refusals is done again.
func TestWhatIsRefusedIsNotDoneInPart(t *testing.T) {
	for why, x := range map[postgres.Trouble]struct {
		state string
		class error
	}{
		postgres.Serialization: {"40001", port.ErrConflict},
		postgres.LockTimeout:   {"55P03", port.ErrConflict},
		postgres.DiskFull:      {"53100", port.ErrUnavailable},
	} {
		_, pg, a, b := scripted(t)
		tx := a.Begin()
		must(t, tx.Do(ctx, lockLanes("A"), writeLane("A", 7)))
		pg.Refuse(1, why)
		err := tx.Commit(ctx, writeLane("B", 7))
		if postgres.SQLState(err) != x.state || !errors.Is(err, x.class) || errors.Is(err, port.ErrUnknown) {
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
	pg.Refuse(1, postgres.DiskFull)
	onHand(t, a, "A")
	if err := a.Do(ctx, writeLane("A", 1)); postgres.SQLState(err) != "53100" {
		t.Errorf("a write: %v", err)
	}
	pg.Refuse(1, postgres.DiskFull)
	pg.Refuse(0, "")
	must(t, a.Do(ctx, writeLane("A", 1)))
}
